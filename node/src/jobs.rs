//! Jobs of all partitions for one worker: polled in turn, or streamed together.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use proto::record::{ActivateJobs, ActivatedJob};
use tokio_stream::Stream;

use crate::config::Caller;
use crate::error::SubmitError;
use crate::partition::Partition;
use crate::stream::{JobStreamRequest, PartitionStream};

/// Asks one partition after the other; when none has a job, waits for whichever has one first.
pub(crate) async fn activate(
    partitions: Vec<&Partition>,
    caller: &Caller,
    activate: ActivateJobs,
    wait: Duration,
) -> Result<Vec<ActivatedJob>, SubmitError> {
    if let [partition] = partitions.as_slice() {
        return partition.activate_jobs(caller, activate, wait).await;
    }
    for partition in &partitions {
        let found = partition.activate_jobs(caller, activate.clone(), Duration::ZERO);
        let found = found.await?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    if wait.is_zero() {
        return Ok(Vec::new());
    }
    let ask = |partition: &&Partition| {
        let (partition, activate) = (Partition::clone(partition), activate.clone());
        async move { partition.activate_jobs(caller, activate, wait).await }
    };
    // Those that come second are dropped, and give back what they were given.
    let mut asked: FuturesUnordered<_> = partitions.iter().map(ask).collect();
    while let Some(found) = asked.next().await {
        let found = found?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

/// Jobs of all partitions as they are leased to the stream. It ends when one of them stops or is restored.
///
/// Dropping it closes the stream and gives back the jobs that were not taken.
#[derive(Debug)]
pub struct JobStream {
    partitions: Vec<PartitionStream>,
    /// Which is looked at first, so that a busy partition does not hide another one.
    turn: usize,
}

impl JobStream {
    pub(crate) async fn open(
        partitions: &[Partition],
        caller: &Caller,
        open: JobStreamRequest,
    ) -> Result<JobStream, SubmitError> {
        let mut streams = Vec::with_capacity(partitions.len());
        for partition in partitions {
            streams.push(partition.open_job_stream(caller, open.clone()).await?);
        }
        Ok(JobStream {
            partitions: streams,
            turn: 0,
        })
    }
}

impl Stream for JobStream {
    type Item = ActivatedJob;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<ActivatedJob>> {
        let count = self.partitions.len();
        for step in 0..count {
            let place = (self.turn + step) % count;
            match Pin::new(&mut self.partitions[place]).poll_next(context) {
                Poll::Ready(job) => {
                    self.turn = place + 1;
                    return Poll::Ready(job);
                }
                Poll::Pending => {}
            }
        }
        Poll::Pending
    }
}
