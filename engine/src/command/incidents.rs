//! Resolving incidents: what was stuck is done again.

use proto::record::{Command, IncidentResolved, JobReturned, ResolveIncident, event, job};

use super::{Handled, done, not_found, wrong_state};
use crate::element::job_task;
use crate::rejection::JOB_WITHOUT_RETRIES;
use crate::step::Step;

pub(super) fn resolve(
    step: &mut Step<'_>,
    command: &Command,
    resolve: &ResolveIncident,
) -> Handled {
    let key = resolve.incident_key;
    let Some(incident) = step.state.incident(key).cloned() else {
        return Err(not_found(
            "INCIDENT_NOT_FOUND",
            format!("no incident has the key {key}"),
        )
        .with("incident_key", key));
    };
    let job = step.state.job(incident.job).cloned();
    if let Some(job) = &job
        && job.state() == job::State::Failed
        && job.retries <= 0
    {
        return Err(wrong_state(
            JOB_WITHOUT_RETRIES,
            format!("job {} has no retries left: update them first", job.key),
        )
        .with("job_key", job.key));
    }
    step.emit(event::Kind::IncidentResolved(IncidentResolved {
        incident: key,
        instance: incident.instance,
        by: command.principal.clone(),
    }));
    match job {
        Some(job) if is_stopped(job.state()) => revive(step, job.key, job.instance),
        Some(_) | None => {
            if let Some(work) = incident.retry.and_then(|work| work.kind) {
                step.queue(work);
            }
        }
    }
    done()
}

/// Whether an incident stands for the job.
fn is_stopped(state: job::State) -> bool {
    match state {
        job::State::Failed | job::State::ErrorThrown => true,
        job::State::Activatable | job::State::Leased | job::State::BackingOff => false,
    }
}

/// A job that failed for the last time, or threw an error that nobody caught, is offered again.
fn revive(step: &mut Step<'_>, job: u64, instance: u64) {
    step.emit(event::Kind::JobReturned(JobReturned { job, instance }));
    job_task::offer(step, job);
}
