//! What the state says about a running instance. Runs on the partition's thread: looks up, copies, nothing else.

use std::sync::Arc;

use engine::{Executable, PROCESS_NODE, State};
use proto::admin::{
    InstanceState, InstanceSummary, Job, ScopeVariables, Subscription, Timer, WaitingToken,
};
use proto::record::{self, ElementInstance, Instance};
use rustc_hash::FxHashSet;

use super::document;

/// Elements of an instance that a summary looks at.
const SUMMARY_ELEMENTS_MAX: usize = 1_000;
/// Of a summary.
const ACTIVE_ELEMENTS_MAX: usize = 20;
/// All variables of an answer together, in bytes; scopes beyond it are given by their sizes.
const VARIABLES_BYTES_MAX: usize = 1 << 20;
/// Entries of each list in an answer.
pub(super) const LIST_MAX: usize = 1_000;

/// A running instance as the state has it.
pub(super) struct Live {
    pub summary: InstanceSummary,
    pub executable: Option<Arc<Executable>>,
    /// Those that are there now.
    pub elements: Vec<ElementInstance>,
    pub waiting_tokens: Vec<WaitingToken>,
    pub variables: Vec<ScopeVariables>,
    pub jobs: Vec<Job>,
    pub timers: Vec<Timer>,
    pub subscriptions: Vec<Subscription>,
}

/// The name that the model gives a process.
pub(super) fn process_name(state: &State, definition: u64) -> String {
    let executable = state.executable(definition);
    executable.map_or_else(String::new, |executable| name_of(executable))
}

pub(super) fn name_of(executable: &Executable) -> String {
    executable.name.as_deref().unwrap_or_default().to_owned()
}

/// The BPMN id of a node; empty for one that is not there.
pub(super) fn element_id(executable: Option<&Executable>, node: u32) -> String {
    let node = executable.and_then(|executable| executable.nodes.get(node as usize));
    node.map_or_else(String::new, |node| node.id.to_string())
}

pub(super) fn flow_id(executable: Option<&Executable>, flow: u32) -> String {
    let flow = executable.and_then(|executable| executable.flows.get(flow as usize));
    flow.map_or_else(String::new, |flow| flow.id.to_string())
}

pub(super) fn summary(state: &State, instance: &Instance) -> InstanceSummary {
    let executable = state.executable(instance.definition_key);
    let executable = executable.map(|executable| &**executable);
    let elements = || instance.elements.iter().take(SUMMARY_ELEMENTS_MAX);
    let open_incidents: usize = elements().map(|element| element.incidents.len()).sum();
    let open_incidents = u32::try_from(open_incidents).unwrap_or(u32::MAX);
    let scopes = elements().map(|element| element.scope);
    let scopes = scopes.collect::<FxHashSet<_>>();
    let is_token =
        |element: &&ElementInstance| element.node != PROCESS_NODE && !scopes.contains(&element.key);
    let tokens = elements().filter(is_token);
    let tokens = tokens.take(ACTIVE_ELEMENTS_MAX);
    let state_now = match open_incidents {
        0 => InstanceState::Active,
        _ => InstanceState::Incident,
    };
    InstanceSummary {
        key: instance.key,
        definition_key: instance.definition_key,
        process_id: executable.map_or_else(String::new, |found| found.process_id.to_string()),
        version: executable.map_or(0, |found| found.version),
        process_name: executable.map_or_else(String::new, name_of),
        state: state_now.into(),
        created_ms: instance.created_ms,
        ended_ms: 0,
        created_by: instance.created_by.clone(),
        tags: instance.tags.clone(),
        open_incidents,
        active_elements: tokens
            .map(|element| element_id(executable, element.node))
            .collect(),
    }
}

/// All that the state has of an instance; `None` when it does not run.
pub(super) fn instance(state: &State, key: u64) -> Option<Live> {
    let instance = state.instance(key)?;
    let executable = state.executable(instance.definition_key).cloned();
    let model = executable.as_deref();
    let tokens = instance.tokens.iter().take(LIST_MAX);
    let tokens = tokens.map(|token| WaitingToken {
        flow_id: flow_id(model, token.flow),
        scope_key: token.scope,
    });
    Some(Live {
        summary: summary(state, instance),
        waiting_tokens: tokens.collect(),
        variables: variables(state, instance, model),
        jobs: jobs(state, instance, model),
        timers: timers(state, instance, model),
        subscriptions: subscriptions(state, instance, model),
        elements: instance.elements.clone(),
        executable,
    })
}

fn variables(
    state: &State,
    instance: &Instance,
    model: Option<&Executable>,
) -> Vec<ScopeVariables> {
    let mut left = VARIABLES_BYTES_MAX;
    let scopes = instance.elements.iter().filter_map(|element| {
        let variables = state.variables(element.key)?;
        let shown = document::within(variables, left);
        left -= shown.json.len();
        Some(ScopeVariables {
            scope_key: element.key,
            element_id: element_id(model, element.node),
            variables: Some(shown),
        })
    });
    scopes.take(LIST_MAX).collect()
}

fn jobs(state: &State, instance: &Instance, model: Option<&Executable>) -> Vec<Job> {
    let elements = instance.elements.iter();
    let jobs = elements.filter_map(|element| state.job(element.job));
    let shown = |job: &record::Job| Job {
        key: job.key,
        element_key: job.element,
        element_id: element_id(model, job.node),
        r#type: job.r#type.clone(),
        state: job.state().as_str_name().to_owned(),
        retries: job.retries,
        worker: job.worker.clone(),
        until_ms: job.until_ms,
        error_message: document::cut(&job.error_message),
        created_ms: job.created_ms,
    };
    jobs.take(LIST_MAX).map(shown).collect()
}

fn timers(state: &State, instance: &Instance, model: Option<&Executable>) -> Vec<Timer> {
    let timers = instance.elements.iter().flat_map(|element| &element.timers);
    let timers = timers.filter_map(|key| state.timer(*key));
    let shown = |timer: &record::Timer| Timer {
        key: timer.key,
        element_key: timer.element,
        element_id: element_id(model, timer.node),
        due_ms: timer.due_ms,
        repetitions: timer.repetitions,
    };
    timers.take(LIST_MAX).map(shown).collect()
}

fn subscriptions(
    state: &State,
    instance: &Instance,
    model: Option<&Executable>,
) -> Vec<Subscription> {
    let elements = instance.elements.iter();
    let open = elements.flat_map(|element| &element.subscriptions);
    let open = open.filter_map(|key| state.subscription(*key));
    let shown = |open: &record::Subscription| Subscription {
        key: open.key,
        element_key: open.element,
        element_id: element_id(model, open.node),
        message_name: open.name.clone(),
        correlation_key: open.correlation_key.clone(),
    };
    open.take(LIST_MAX).map(shown).collect()
}
