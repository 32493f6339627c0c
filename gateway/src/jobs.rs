//! How jobs reach workers: polling and streams.
//!
//! A job that was leased and cannot be handed over is given back, unless no message can ever hold it: then it fails
//! without retries, so that a person sees an incident instead of a job that nobody gets.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use node::{Caller, JobStream, JobStreamRequest, Node};
use prost::Message;
use proto::gateway::{
    ActivateJobsRequest, ActivateJobsResponse, ActivatedJob, StreamActivatedJobsRequest,
};
use proto::record::{self, ActivateJobs, FailJob, Lease, ReturnJobs, command};
use tokio_stream::Stream;
use tonic::Status;

use crate::call::{check_tenant, check_worker};
use crate::config::Config;
use crate::encode;
use crate::status::{invalid, submit_failed, unavailable};

/// Of a message, for what is not jobs (Zeebe's margin).
const MARGIN_BYTES: usize = 8 << 10;

type Polled = Pin<Box<dyn Future<Output = Result<VecDeque<ActivateJobsResponse>, Status>> + Send>>;

/// The answer to a poll: the messages of the first batch, or nothing.
pub(crate) struct PolledJobs {
    node: Node,
    /// `None` once it has given its batch.
    polled: Option<Polled>,
    batch: VecDeque<ActivateJobsResponse>,
}

/// Starts a poll.
pub(crate) fn poll(
    node: &Node,
    config: &Config,
    caller: Caller,
    request: ActivateJobsRequest,
) -> Result<PolledJobs, Status> {
    check_worker(&request.r#type, request.timeout)?;
    let Some(max_jobs) = u32::try_from(request.max_jobs_to_activate)
        .ok()
        .filter(|max| *max > 0)
    else {
        let asked = request.max_jobs_to_activate;
        let message = format!("at least 1 job must be asked for, not {asked}");
        return Err(invalid("MAX_JOBS_INVALID", message));
    };
    for tenant in &request.tenant_ids {
        check_tenant(tenant)?;
    }
    let wait = match request.request_timeout {
        ..0 => Duration::ZERO,
        0 => config.poll_wait,
        wait_ms => Duration::from_millis(wait_ms.unsigned_abs()),
    };
    let activate = ActivateJobs {
        r#type: request.r#type,
        worker: request.worker,
        timeout_ms: request.timeout,
        max_jobs,
        fetch_variables: request.fetch_variable,
    };
    let (for_call, bytes_max) = (node.clone(), bytes_max(config));
    let polled = async move {
        let jobs = for_call.activate_jobs(&caller, activate, wait).await;
        let jobs = jobs.map_err(|error| submit_failed("ACTIVATE", error))?;
        Ok(pack(&for_call, jobs, bytes_max))
    };
    Ok(PolledJobs {
        node: node.clone(),
        polled: Some(Box::pin(polled)),
        batch: VecDeque::new(),
    })
}

fn bytes_max(config: &Config) -> usize {
    let max = config.message_bytes_max;
    max.saturating_sub(MARGIN_BYTES).max(max / 2)
}

/// Puts jobs into as few messages as hold them.
fn pack(
    node: &Node,
    jobs: Vec<record::ActivatedJob>,
    bytes_max: usize,
) -> VecDeque<ActivateJobsResponse> {
    let mut batch = VecDeque::new();
    let (mut message, mut bytes) = (ActivateJobsResponse::default(), 0);
    for job in jobs {
        let Some((job, size)) = fitting(node, job, bytes_max) else {
            continue;
        };
        if bytes + size > bytes_max && !message.jobs.is_empty() {
            batch.push_back(std::mem::take(&mut message));
            bytes = 0;
        }
        bytes += size;
        message.jobs.push(job);
    }
    if !message.jobs.is_empty() {
        batch.push_back(message);
    }
    batch
}

/// The job as it goes out, and its size; `None` when no message holds it: it has failed then.
fn fitting(
    node: &Node,
    job: record::ActivatedJob,
    bytes_max: usize,
) -> Option<(ActivatedJob, usize)> {
    let job = encode::job(job);
    // Its tag and length in the message that holds it.
    let size = job.encoded_len() + 8;
    if size <= bytes_max {
        return Some((job, size));
    }
    let error_message = format!(
        "the job takes {size} bytes with its variables, more than the {bytes_max} that one message holds: fetch fewer \
         variables, or make them smaller"
    );
    let fail = FailJob {
        job_key: job.key.cast_unsigned(),
        retries: 0,
        error_message,
        ..FailJob::default()
    };
    submit_behind(node, command::Kind::FailJob(fail));
    None
}

/// Submits a command for which nobody waits. When it is lost the lease ends by itself.
fn submit_behind(node: &Node, command: command::Kind) {
    let node = node.clone();
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        return;
    };
    runtime.spawn(async move {
        if let Err(error) = node.submit(&Caller::default(), command).await {
            tracing::debug!(%error, "a job was not given back; its lease ends later");
        }
    });
}

impl Stream for PolledJobs {
    type Item = Result<ActivateJobsResponse, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(polled) = &mut self.polled {
            let batch = ready!(polled.as_mut().poll(context));
            self.polled = None;
            match batch {
                Ok(batch) => self.batch = batch,
                Err(status) => return Poll::Ready(Some(Err(status))),
            }
        }
        Poll::Ready(self.batch.pop_front().map(Ok))
    }
}

impl Drop for PolledJobs {
    /// The client went before it had all messages.
    fn drop(&mut self) {
        let messages = std::mem::take(&mut self.batch);
        let jobs = messages.iter().flat_map(|message| &message.jobs);
        let lease = |job: &ActivatedJob| Lease {
            job_key: job.key.cast_unsigned(),
            until_ms: job.deadline,
        };
        let leases = jobs.map(lease).collect::<Vec<_>>();
        if !leases.is_empty() {
            submit_behind(&self.node, command::Kind::ReturnJobs(ReturnJobs { leases }));
        }
    }
}

/// Jobs as they come, until the client goes or the node stops.
pub(crate) struct PushedJobs {
    node: Node,
    bytes_max: usize,
    /// `None` once it has ended.
    jobs: Option<JobStream>,
}

/// Opens a stream.
pub(crate) async fn stream(
    node: &Node,
    config: &Config,
    caller: &Caller,
    request: StreamActivatedJobsRequest,
) -> Result<PushedJobs, Status> {
    check_worker(&request.r#type, request.timeout)?;
    for tenant in &request.tenant_ids {
        check_tenant(tenant)?;
    }
    let open = JobStreamRequest {
        r#type: request.r#type,
        worker: request.worker,
        timeout: Duration::from_millis(request.timeout.unsigned_abs()),
        fetch_variables: request.fetch_variable,
    };
    let jobs = node.open_job_stream(caller, open).await;
    Ok(PushedJobs {
        node: node.clone(),
        bytes_max: bytes_max(config),
        jobs: Some(jobs.map_err(|error| submit_failed("ACTIVATE", error))?),
    })
}

impl Stream for PushedJobs {
    type Item = Result<ActivatedJob, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // Ends: each turn takes a job out of the stream's bounded buffer.
        loop {
            let Some(jobs) = &mut self.jobs else {
                return Poll::Ready(None);
            };
            let Some(job) = ready!(Pin::new(jobs).poll_next(context)) else {
                self.jobs = None;
                let message =
                    "the node has closed the job stream: it stops or restores; open it again";
                return Poll::Ready(Some(Err(unavailable("UNAVAILABLE", message))));
            };
            if let Some((job, _)) = fitting(&self.node, job, self.bytes_max) {
                return Poll::Ready(Some(Ok(job)));
            }
        }
    }
}
