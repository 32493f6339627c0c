//! How elements, scopes and instances end.

use std::collections::BTreeMap;

use bytes::Bytes;
use proto::record::{
    Answer, Awaiting, ElementTerminated, IncidentResolved, InstanceCanceled, InstanceCompleted,
    InstanceResult, InstanceStarted, JobCanceled, TaskEnded, TaskRecord, TimerCanceled,
    TokensConsumed, answer, event, incident, user_task,
};
use rustc_hash::FxHashSet;

use crate::command::messages;
use crate::effect::Effect;
use crate::executable::FlowIndex;
use crate::flow::catch;
use crate::scope;
use crate::step::{self, At, Step};

/// Ends all that an element owns: job, task, timers, subscriptions, incidents.
pub(crate) fn release(step: &mut Step<'_>, at: &At) {
    let instance = at.instance;
    let Some(element) = step.element(at) else {
        return;
    };
    let (job, task) = (element.job, element.task);
    let owned = element.owned.clone();
    if job != 0 {
        step.emit(event::Kind::JobCanceled(JobCanceled { job, instance }));
    }
    if task != 0 {
        cancel_task(step, instance, task);
    }
    let Some(owned) = owned else {
        return;
    };
    for timer in owned.timers {
        step.emit(event::Kind::TimerCanceled(TimerCanceled {
            timer,
            instance,
        }));
    }
    for subscription in owned.subscriptions {
        catch::close(step, instance, subscription);
    }
    for incident in owned.incidents {
        step.emit(event::Kind::IncidentResolved(IncidentResolved {
            incident,
            instance,
            by: String::new(),
        }));
    }
}

fn cancel_task(step: &mut Step<'_>, instance: u64, task: u64) {
    let record = TaskRecord {
        at_ms: step.now_ms(),
        what: "CANCELED".to_owned(),
        ..TaskRecord::default()
    };
    step.emit(event::Kind::TaskEnded(TaskEnded {
        task,
        instance,
        state: user_task::State::Canceled.into(),
        action: String::new(),
        record: Some(record),
    }));
    step.effects.push(Effect::TaskChanged { task });
}

/// Completes a scope in which nothing is left.
pub(crate) fn check_scope(step: &mut Step<'_>, instance: u64, scope: u64) {
    let Some(found) = step.state.instance(instance) else {
        return;
    };
    let is_busy = found.elements.iter().any(|element| element.scope == scope)
        || found.tokens.iter().any(|token| token.scope == scope);
    if !is_busy {
        step.queue(step::complete(instance, scope));
    }
}

/// Ends an element and all that runs in it, inside out.
pub(crate) fn terminate(step: &mut Step<'_>, at: &At) {
    terminate_children(step, at.instance, at.element);
    terminate_one(step, at);
}

/// Ends all that runs in a scope, inside out.
pub(crate) fn terminate_children(step: &mut Step<'_>, instance: u64, scope: u64) {
    let Some(found) = step.state.instance(instance) else {
        return;
    };
    let mut scopes = FxHashSet::from_iter([scope]);
    let mut doomed = Vec::new();
    // A child is younger than its scope, so that one pass in order of keys finds all.
    for element in &found.elements {
        if scopes.contains(&element.scope) {
            scopes.insert(element.key);
            doomed.push(element.key);
        }
    }
    let tokens = found
        .tokens
        .iter()
        .filter(|token| scopes.contains(&token.scope));
    let mut flows = BTreeMap::<u64, Vec<FlowIndex>>::new();
    for token in tokens {
        flows.entry(token.scope).or_default().push(token.flow);
    }
    for (scope, flows) in flows {
        step.emit(event::Kind::TokensConsumed(TokensConsumed {
            instance,
            scope,
            flows,
        }));
    }
    for element in doomed.into_iter().rev() {
        if let Some(at) = step.at(instance, element) {
            terminate_one(step, &at);
        }
    }
}

fn terminate_one(step: &mut Step<'_>, at: &At) {
    release(step, at);
    step.emit(event::Kind::ElementTerminated(ElementTerminated {
        instance: at.instance,
        key: at.element,
        node: at.index,
    }));
}

/// Whether a record of the instance was refused and nobody has resolved its incident yet: it would end with the
/// instance, and what the process has published would never be seen.
pub(crate) fn waits_for_topics(step: &Step<'_>, process: &At) -> bool {
    let mut incidents = step
        .element(process)
        .and_then(|element| element.owned.as_ref())
        .into_iter()
        .flat_map(|owned| &owned.incidents);
    incidents.any(|key| {
        let incident = step.state.incident(*key);
        incident.is_some_and(|it| it.r#type() == incident::Type::RecordRefused)
    })
}

/// The process itself is done.
pub(crate) fn complete_instance(step: &mut Step<'_>, at: &At) {
    release(step, at);
    answer_result(step, at);
    let start_key = start_key(step, at);
    let (definition_key, created_ms) = begun(step, at);
    step.emit(event::Kind::InstanceCompleted(InstanceCompleted {
        instance: at.instance,
        definition_key,
        created_ms,
    }));
    messages::start_next(step, at, &start_key);
}

/// Ends an instance from outside.
pub(crate) fn cancel_instance(step: &mut Step<'_>, at: &At, by: &str) {
    terminate_children(step, at.instance, at.instance);
    release(step, at);
    answer_canceled(step, at);
    let start_key = start_key(step, at);
    let (definition_key, created_ms) = begun(step, at);
    step.emit(event::Kind::InstanceCanceled(InstanceCanceled {
        instance: at.instance,
        by: by.to_owned(),
        definition_key,
        created_ms,
    }));
    messages::start_next(step, at, &start_key);
}

/// As what, and when: of an instance that has ended only the event of its end is left.
fn begun(step: &Step<'_>, at: &At) -> (u64, i64) {
    let instance = step.instance(at);
    instance.map_or((0, 0), |it| (it.definition_key, it.created_ms))
}

fn start_key(step: &Step<'_>, at: &At) -> String {
    let origin = step
        .instance(at)
        .and_then(|instance| instance.origin.as_ref());
    origin.map_or_else(String::new, |origin| origin.correlation_key.clone())
}

fn answer_result(step: &mut Step<'_>, at: &At) {
    let Some(awaiting) = awaiting(step, at) else {
        return;
    };
    let names = &awaiting.fetch_variables;
    let variables = scope::visible(step.state, at.instance, at.instance, names);
    let (correlation, request_id) = (awaiting.correlation, awaiting.request_id.clone());
    let result = answer::Kind::InstanceResult(InstanceResult {
        instance: Some(started(at)),
        variables,
    });
    answer_late(step, correlation, request_id, result);
}

/// Who waits for the result of a canceled instance learns that it was started, and no more.
fn answer_canceled(step: &mut Step<'_>, at: &At) {
    if let Some(awaiting) = awaiting(step, at) {
        let (correlation, request_id) = (awaiting.correlation, awaiting.request_id.clone());
        let started = answer::Kind::InstanceStarted(started(at));
        answer_late(step, correlation, request_id, started);
    }
}

/// Who waits for the result.
fn awaiting<'s>(step: &'s Step<'_>, at: &At) -> Option<&'s Awaiting> {
    step.instance(at)?.awaiting.as_deref()
}

fn answer_late(step: &mut Step<'_>, correlation: u64, request_id: Bytes, kind: answer::Kind) {
    let answer = Answer { kind: Some(kind) };
    crate::command::remember(step, &request_id, &answer);
    step.effects.push(Effect::Answer {
        correlation,
        request_id,
        answer: Box::new(answer),
    });
}

/// What a caller learns about an instance that it started.
pub(crate) fn started(at: &At) -> InstanceStarted {
    InstanceStarted {
        instance_key: at.instance,
        definition_key: at.executable.key,
        process_id: at.executable.process_id.to_string(),
        version: at.executable.version,
    }
}

/// No variables.
pub(crate) fn no_variables() -> Bytes {
    Bytes::from_static(b"{}")
}
