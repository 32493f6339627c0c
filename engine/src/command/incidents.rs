//! Resolving incidents: what was stuck is done again.

use proto::record::{Command, IncidentResolved, JobReturned, ResolveIncident, event, incident};

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
    let is_job = incident.r#type() == incident::Type::JobNoRetries;
    if let Some(job) = &job
        && is_job
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
        Some(job) if is_job => revive(step, job.key, job.instance),
        Some(_) | None => {
            if let Some(work) = incident.retry.and_then(|work| work.kind) {
                step.queue(work);
            }
        }
    }
    done()
}

/// A failed job with retries can be activated again.
fn revive(step: &mut Step<'_>, job: u64, instance: u64) {
    step.emit(event::Kind::JobReturned(JobReturned { job, instance }));
    job_task::offer(step, job);
}
