//! Who holds which job: polling, streams, giving back. A lease is in the log before anybody works.

use proto::record::{
    ActivateJobs, ActivatedJobs, CloseStream, CreditStream, JobReturned, Lease, OpenStream, Stream,
    StreamClosed, StreamCredited, StreamOpened, answer, event, job,
};

use super::{Handled, answered, done, invalid, not_found};
use crate::element::job_task::{activated, lease, offer};
use crate::rejection::Rejection;
use crate::step::Step;

/// Jobs that one activation or one credit leases at most.
const BATCH_MAX: usize = 1_000;
/// An answer holds at most so many bytes of variables; more jobs come with the next call.
const BATCH_BYTES_MAX: usize = 3 << 20;

fn check_worker(job_type: &str, timeout_ms: i64) -> Result<(), Rejection> {
    if job_type.trim().is_empty() {
        return Err(invalid("JOB_TYPE_MISSING", "the job type is blank"));
    }
    if timeout_ms < 1 {
        return Err(invalid(
            "TIMEOUT_INVALID",
            format!("the timeout must be at least 1 ms, not {timeout_ms}"),
        ));
    }
    Ok(())
}

pub(super) fn activate(step: &mut Step<'_>, activate: &ActivateJobs) -> Handled {
    check_worker(&activate.r#type, activate.timeout_ms)?;
    if activate.max_jobs < 1 {
        return Err(invalid(
            "MAX_JOBS_INVALID",
            "at least 1 job must be asked for",
        ));
    }
    let limit = BATCH_MAX.min(activate.max_jobs as usize);
    let until_ms = step.now_ms().saturating_add(activate.timeout_ms);
    let keys = step.state.activatable_jobs(&activate.r#type);
    let keys = keys.take(limit).collect::<Vec<_>>();
    let (mut jobs, mut bytes) = (Vec::new(), 0);
    for key in keys {
        if bytes > BATCH_BYTES_MAX {
            break;
        }
        lease(step, key, activate.worker.clone(), until_ms, 0);
        if let Some(job) = activated(step.state, key, &activate.fetch_variables) {
            bytes += job.variables.len();
            jobs.push(job);
        }
    }
    answered(answer::Kind::ActivatedJobs(ActivatedJobs { jobs }))
}

pub(super) fn open_stream(step: &mut Step<'_>, open: &OpenStream) -> Handled {
    check_worker(&open.r#type, open.timeout_ms)?;
    if step.state.stream(open.stream_id).is_some() {
        return Err(invalid(
            "STREAM_EXISTS",
            format!("stream {} is open already", open.stream_id),
        ));
    }
    step.emit(event::Kind::StreamOpened(Box::new(StreamOpened {
        stream: Some(Stream {
            id: open.stream_id,
            r#type: open.r#type.clone(),
            worker: open.worker.clone(),
            timeout_ms: open.timeout_ms,
            fetch_variables: open.fetch_variables.clone(),
            credit: open.credit,
        }),
    })));
    offer_backlog(step, &open.r#type, open.credit);
    done()
}

pub(super) fn credit_stream(step: &mut Step<'_>, credit: &CreditStream) -> Handled {
    let Some(stream) = step.state.stream(credit.stream_id) else {
        return Err(unknown_stream(credit.stream_id));
    };
    let job_type = stream.r#type.clone();
    step.emit(event::Kind::StreamCredited(StreamCredited {
        stream_id: credit.stream_id,
        credit: credit.credit,
    }));
    offer_backlog(step, &job_type, credit.credit);
    done()
}

pub(super) fn close_stream(step: &mut Step<'_>, close: &CloseStream) -> Handled {
    if step.state.stream(close.stream_id).is_none() {
        return Err(unknown_stream(close.stream_id));
    }
    // A lease that timed out may be another worker's by now.
    let is_held = |key: &u64| {
        let job = step.state.job(*key);
        job.is_some_and(|job| job.stream_id == close.stream_id)
    };
    let undelivered = close.undelivered_jobs.iter().copied();
    let undelivered = undelivered.filter(is_held).collect::<Vec<_>>();
    step.emit(event::Kind::StreamClosed(StreamClosed {
        stream_id: close.stream_id,
    }));
    for key in undelivered {
        give_back(step, key);
    }
    done()
}

fn unknown_stream(id: u64) -> Rejection {
    not_found("STREAM_NOT_FOUND", format!("no stream {id} is open"))
}

pub(super) fn return_jobs(step: &mut Step<'_>, leases: &[Lease]) -> Handled {
    for lease in leases {
        let job = step.state.job(lease.job_key);
        if job.is_some_and(|job| job.until_ms == lease.until_ms) {
            give_back(step, lease.job_key);
        }
    }
    done()
}

fn give_back(step: &mut Step<'_>, key: u64) {
    let job = step.state.job(key);
    let Some(held) = job.filter(|job| job.state() == job::State::Leased) else {
        return;
    };
    let instance = held.instance;
    step.emit(event::Kind::JobReturned(JobReturned { job: key, instance }));
    offer(step, key);
}

/// Jobs that waited for a stream.
fn offer_backlog(step: &mut Step<'_>, job_type: &str, credit: u32) {
    let waiting = step.state.activatable_jobs(job_type);
    let limit = BATCH_MAX.min(credit as usize);
    for key in waiting.take(limit).collect::<Vec<_>>() {
        offer(step, key);
    }
}
