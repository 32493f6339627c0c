//! Jobs of all partitions for one worker: polled in turn, or streamed together.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use proto::record::command::Kind;
use proto::record::{ActivateJobs, ActivatedJob, ReturnJobs};
use tokio_stream::Stream;

use crate::config::Caller;
use crate::error::SubmitError;
use crate::node::Node;
use crate::partition_id::PartitionId;
use crate::peer::client::Peer;
use crate::place::{Place, nowhere};
use crate::queue::lease;
use crate::stream::JobStreamRequest;

/// Asks one partition after the other; when none has a job, waits for whichever has one first.
pub(crate) async fn activate(
    node: &Node,
    partitions: Vec<PartitionId>,
    caller: &Caller,
    activate: ActivateJobs,
    wait: Duration,
) -> Result<Vec<ActivatedJob>, SubmitError> {
    if let [partition] = *partitions.as_slice() {
        return node.activate_at(partition, caller, activate, wait).await;
    }
    for partition in &partitions {
        let found = node.activate_at(*partition, caller, activate.clone(), Duration::ZERO);
        let found = found.await?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    if wait.is_zero() {
        return Ok(Vec::new());
    }
    let ask = |partition: &PartitionId| {
        let (partition, activate) = (*partition, activate.clone());
        async move { node.activate_at(partition, caller, activate, wait).await }
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

/// Leases jobs of a partition that another node leads. It is asked by a task of its own, which gives back what comes
/// when the caller has gone.
pub(crate) async fn activate_there(
    peer: Peer,
    caller: Caller,
    activate: ActivateJobs,
    wait: Duration,
) -> Result<Vec<ActivatedJob>, SubmitError> {
    let (reply, answered) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let mut reply = reply;
        let asked = peer.activate_jobs(&caller, activate, wait);
        let found = tokio::select! {
            found = asked => found,
            // The other node sees the call dropped, and gives back what it has not sent.
            () = reply.closed() => return,
        };
        if let Err(Ok(untaken)) = reply.send(found)
            && !untaken.is_empty()
        {
            let leases = untaken.iter().map(lease).collect();
            let give_back = Kind::ReturnJobs(ReturnJobs { leases });
            // Else they come back when their time is over.
            let _ = peer.submit(&Caller::default(), give_back).await;
        }
    });
    let gone = |_| Err(SubmitError::Unavailable("the call was dropped".to_owned()));
    answered.await.unwrap_or_else(gone)
}

/// Jobs of all partitions as they are leased to the stream. It ends when one of them stops or is restored.
///
/// Dropping it closes the stream and gives back the jobs that were not taken.
pub struct JobStream {
    partitions: Vec<Jobs>,
    /// Which is looked at first, so that a busy partition does not hide another one.
    turn: usize,
}

/// Jobs of one partition.
pub(crate) type Jobs = Pin<Box<dyn Stream<Item = ActivatedJob> + Send>>;

/// Opens the stream of one partition.
pub(crate) async fn open_at(
    place: Place,
    caller: &Caller,
    open: JobStreamRequest,
) -> Result<Jobs, SubmitError> {
    match place {
        Place::Here(partition) => {
            let jobs = partition.open_job_stream(caller, open).await?;
            Ok(Box::pin(jobs))
        }
        Place::There(peer) => {
            let jobs = peer.stream_jobs(caller, open).await?;
            // It ends with the first message that holds none.
            let jobs = jobs.map(|message| message.ok()?.job);
            let jobs = jobs.take_while(|job| std::future::ready(job.is_some()));
            Ok(Box::pin(jobs.filter_map(std::future::ready)))
        }
        Place::Nowhere => Err(nowhere()),
    }
}

impl JobStream {
    pub(crate) fn new(partitions: Vec<Jobs>) -> JobStream {
        JobStream {
            partitions,
            turn: 0,
        }
    }
}

impl fmt::Debug for JobStream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("JobStream")
            .field("partitions", &self.partitions.len())
            .finish_non_exhaustive()
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
            match self.partitions[place].as_mut().poll_next(context) {
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
