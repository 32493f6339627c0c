//! Tasks and events that a worker does: service, send, business rule and scripted tasks, message
//! throw and end events.

use proto::record::{ActivatedJob, Job, JobCreated, JobLeased, event, incident, job};

use crate::effect::Effect;
use crate::executable::JobSpec;
use crate::flow::catch;
use crate::scope;
use crate::state::State;
use crate::step::{At, Step, Stuck};

pub(super) fn activate(step: &mut Step<'_>, at: &At, spec: &JobSpec) -> Result<(), Stuck> {
    let kind = incident::Type::ExtractValueError;
    let job_type = scope::evaluate(step, at, at.element, &spec.job_type, kind)?;
    let shown = job_type.shown();
    let job_type = job_type
        .into_text()
        .filter(|name| !name.is_empty())
        .ok_or_else(|| Stuck::new(kind, format!("the job type is {shown}, not text")))?;
    let retries = scope::evaluate(step, at, at.element, &spec.retries, kind)?;
    let shown = retries.shown();
    let retries = retries
        .into_text()
        .and_then(|text| text.trim().parse().ok())
        .ok_or_else(|| Stuck::new(kind, format!("the retries are {shown}, not a whole number")))?;
    let boundary = catch::prepare_boundary(step, at)?;

    let job = Job {
        key: step.next_key(),
        instance: at.instance,
        element: at.element,
        definition_key: at.executable.key,
        node: at.index,
        r#type: job_type,
        retries,
        created_ms: step.now_ms(),
        ..Job::default()
    };
    let key = job.key;
    step.emit(event::Kind::JobCreated(Box::new(JobCreated {
        job: Some(job),
    })));
    if catch::open(step, at, boundary) {
        offer(step, key);
    }
    Ok(())
}

/// Leases an activatable job to the stream with the most credit, or wakes those who poll.
pub(crate) fn offer(step: &mut Step<'_>, key: u64) {
    let Some(job) = step.state.job(key) else {
        return;
    };
    if job.state() != job::State::Activatable {
        return;
    }
    let Some(stream) = step.state.stream_with_credit(&job.r#type) else {
        let job_type = job.r#type.clone();
        step.effects.push(Effect::JobsAvailable { job_type });
        return;
    };
    let (stream_id, worker) = (stream.id, stream.worker.clone());
    let until_ms = step.now_ms().saturating_add(stream.timeout_ms);
    let names = stream.fetch_variables.clone();
    lease(step, key, worker, until_ms, stream_id);
    if let Some(job) = activated(step.state, key, &names) {
        step.effects.push(Effect::PushJob {
            stream_id,
            job: Box::new(job),
        });
    }
}

pub(crate) fn lease(step: &mut Step<'_>, key: u64, worker: String, until_ms: i64, stream_id: u64) {
    let instance = step.state.job(key).map_or(0, |job| job.instance);
    step.emit(event::Kind::JobLeased(JobLeased {
        job: key,
        worker,
        until_ms,
        stream_id,
        instance,
    }));
}

/// A job as its worker gets it.
pub(crate) fn activated(state: &State, key: u64, names: &[String]) -> Option<ActivatedJob> {
    let job = state.job(key)?;
    let executable = state.executable(job.definition_key)?;
    let node = executable.node(job.node);
    Some(ActivatedJob {
        key,
        r#type: job.r#type.clone(),
        instance_key: job.instance,
        process_id: executable.process_id.to_string(),
        version: executable.version,
        definition_key: job.definition_key,
        element_id: node.id.to_string(),
        element_key: job.element,
        headers: node.headers.clone(),
        variables: scope::visible(state, job.instance, job.element, names),
        worker: job.worker.clone(),
        retries: job.retries,
        deadline_ms: job.until_ms,
    })
}
