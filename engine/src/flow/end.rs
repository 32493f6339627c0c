//! How elements, scopes and instances end.

use std::collections::BTreeMap;

use bytes::Bytes;
use proto::record::{
    Answer, ElementTerminated, IncidentResolved, InstanceCanceled, InstanceCompleted,
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
    if job == 0
        && task == 0
        && element.timers.is_empty()
        && element.subscriptions.is_empty()
        && element.incidents.is_empty()
    {
        return;
    }
    let (timers, subscriptions, incidents) = (
        element.timers.clone(),
        element.subscriptions.clone(),
        element.incidents.clone(),
    );
    if job != 0 {
        step.emit(event::Kind::JobCanceled(JobCanceled { job, instance }));
    }
    if task != 0 {
        cancel_task(step, instance, task);
    }
    for timer in timers {
        step.emit(event::Kind::TimerCanceled(TimerCanceled {
            timer,
            instance,
        }));
    }
    for subscription in subscriptions {
        catch::close(step, instance, subscription);
    }
    for incident in incidents {
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
        .into_iter()
        .flat_map(|element| &element.incidents);
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
    step.emit(event::Kind::InstanceCompleted(InstanceCompleted {
        instance: at.instance,
    }));
    messages::start_next(step, at, &start_key);
}

/// Ends an instance from outside.
pub(crate) fn cancel_instance(step: &mut Step<'_>, at: &At, by: &str) {
    terminate_children(step, at.instance, at.instance);
    release(step, at);
    answer_canceled(step, at);
    let start_key = start_key(step, at);
    step.emit(event::Kind::InstanceCanceled(InstanceCanceled {
        instance: at.instance,
        by: by.to_owned(),
    }));
    messages::start_next(step, at, &start_key);
}

fn start_key(step: &Step<'_>, at: &At) -> String {
    let instance = step.instance(at);
    instance.map_or_else(String::new, |instance| {
        instance.start_correlation_key.clone()
    })
}

fn answer_result(step: &mut Step<'_>, at: &At) {
    let Some(instance) = step.instance(at) else {
        return;
    };
    if instance.await_correlation == 0 {
        return;
    }
    let variables = scope::visible(
        step.state,
        at.instance,
        at.instance,
        &instance.fetch_variables,
    );
    let (correlation, request_id) = (
        instance.await_correlation,
        instance.await_request_id.clone(),
    );
    let result = answer::Kind::InstanceResult(InstanceResult {
        instance: Some(started(at)),
        variables,
    });
    answer_late(step, correlation, request_id, result);
}

/// Who waits for the result of a canceled instance learns that it was started, and no more.
fn answer_canceled(step: &mut Step<'_>, at: &At) {
    let waiting = step.instance(at).map(|instance| {
        let request_id = instance.await_request_id.clone();
        (instance.await_correlation, request_id)
    });
    if let Some((correlation @ 1.., request_id)) = waiting {
        let started = answer::Kind::InstanceStarted(started(at));
        answer_late(step, correlation, request_id, started);
    }
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
