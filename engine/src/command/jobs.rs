//! What workers say about their jobs.

use proto::record::{
    CompleteJob, FailJob, Job, JobCompleted, JobErrorThrown, JobFailed, JobRetriesUpdated,
    JobTimeoutUpdated, ThrowJobError, UpdateJobRetries, UpdateJobTimeout, event, incident, job,
    work,
};

use super::{Handled, check_variables, done, invalid, no_room, not_found, wrong_state};
use crate::element::job_task;
use crate::flow::error;
use crate::rejection::Rejection;
use crate::scope;
use crate::step::{self, At, Step, Stuck};

/// Longer error messages are cut (Zeebe's limit, in characters).
const ERROR_MESSAGE_MAX: usize = 10_000;

/// A job that may be worked on, and its element. Activatable ones count: the lease may have ended.
fn workable(step: &Step<'_>, key: u64) -> Result<(Job, At), Rejection> {
    let (job, at) = known(step, key)?;
    match job.state() {
        job::State::Activatable | job::State::Leased => Ok((job, at)),
        job::State::BackingOff | job::State::Failed | job::State::ErrorThrown => Err(wrong_state(
            "JOB_NOT_ACTIVE",
            format!("job {key} is {}", job.state().as_str_name()),
        )
        .with("job_key", key)
        .with("state", job.state().as_str_name())),
    }
}

fn known(step: &Step<'_>, key: u64) -> Result<(Job, At), Rejection> {
    let job = step.state.job(key);
    let found = job.and_then(|job| Some((job.clone(), step.at(job.instance, job.element)?)));
    found.ok_or_else(|| {
        not_found(
            "JOB_NOT_FOUND",
            format!("no job has the key {key}: it was completed or canceled, or never was"),
        )
        .with("job_key", key)
    })
}

pub(super) fn complete(step: &mut Step<'_>, complete: &CompleteJob) -> Handled {
    let (job, at) = workable(step, complete.job_key)?;
    let variables = check_variables(step, &complete.variables)?;
    scope::check_delivery(step, &at, &variables).map_err(no_room)?;
    step.emit(event::Kind::JobCompleted(JobCompleted {
        job: job.key,
        instance: job.instance,
    }));
    scope::deliver(step, &at, &variables);
    step.queue(step::complete(at.instance, at.element));
    done()
}

pub(super) fn fail(step: &mut Step<'_>, fail: &FailJob) -> Handled {
    let (job, at) = workable(step, fail.job_key)?;
    let variables = check_variables(step, &fail.variables)?;
    scope::check_local(step, at.element, &variables).map_err(no_room)?;
    let now_ms = step.now_ms();
    let until_ms = match fail.retry_back_off_ms {
        ..=0 => 0,
        back_off_ms => now_ms.saturating_add(back_off_ms),
    };
    let error_message = truncated(&fail.error_message);
    step.emit(event::Kind::JobFailed(JobFailed {
        job: job.key,
        retries: fail.retries,
        error_message: error_message.clone(),
        until_ms,
        instance: job.instance,
    }));
    scope::write(step, at.instance, at.element, variables);
    if fail.retries > 0 {
        job_task::offer(step, job.key);
        return done();
    }
    let message = match error_message.as_str() {
        "" => "the job has no retries left".to_owned(),
        said => said.to_owned(),
    };
    let stuck = Stuck::new(incident::Type::JobNoRetries, message);
    step.raise(&at, stuck, step::activate(at.instance, at.element), job.key);
    done()
}

pub(super) fn throw_error(step: &mut Step<'_>, throw: &ThrowJobError) -> Handled {
    let (job, at) = workable(step, throw.job_key)?;
    let variables = check_variables(step, &throw.variables)?;
    let error_message = truncated(&throw.error_message);
    let catcher = error::catcher(step.state, at.instance, at.element, &throw.error_code);
    step.emit(event::Kind::JobErrorThrown(JobErrorThrown {
        job: job.key,
        error_code: throw.error_code.clone(),
        error_message: error_message.clone(),
        caught: catcher.is_some(),
        instance: job.instance,
    }));
    let thrown = step::throw(&at, throw.error_code.clone(), error_message, variables);
    step.queue(work::Kind::ThrowError(thrown));
    done()
}

pub(super) fn update_retries(step: &mut Step<'_>, update: &UpdateJobRetries) -> Handled {
    if update.retries < 1 {
        return Err(invalid(
            "RETRIES_INVALID",
            format!("a job needs at least 1 retry, not {}", update.retries),
        ));
    }
    let (job, _) = known(step, update.job_key)?;
    step.emit(event::Kind::JobRetriesUpdated(JobRetriesUpdated {
        job: job.key,
        retries: update.retries,
        instance: job.instance,
    }));
    done()
}

pub(super) fn update_timeout(step: &mut Step<'_>, update: &UpdateJobTimeout) -> Handled {
    let (job, _) = known(step, update.job_key)?;
    if job.state() != job::State::Leased {
        return Err(wrong_state(
            "JOB_NOT_LEASED",
            format!("nobody holds job {}", job.key),
        ));
    }
    let until_ms = step.now_ms().saturating_add(update.timeout_ms.max(0));
    step.emit(event::Kind::JobTimeoutUpdated(JobTimeoutUpdated {
        job: job.key,
        until_ms,
        instance: job.instance,
    }));
    done()
}

fn truncated(message: &str) -> String {
    message.chars().take(ERROR_MESSAGE_MAX).collect()
}
