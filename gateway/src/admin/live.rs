//! What the state says about a running instance. Runs on the partition's thread: looks up, copies, nothing else.

use engine::{Executable, PROCESS_NODE, State};
use node::Query;
use proto::admin::{
    Incident, InstanceState, InstanceSummary, Job, ScopeVariables, Subscription, Timer, UserTask,
    WaitingToken,
};
use proto::record::{self, ElementInstance, Instance, Owned};
use rustc_hash::FxHashSet;

use super::{document, incidents};
use crate::call::TAGS_MAX;

/// Elements of an instance that a summary looks at.
const SUMMARY_ELEMENTS_MAX: usize = 1_000;
/// Of a summary.
const ACTIVE_ELEMENTS_MAX: usize = 20;
/// All variables of an answer together, in bytes; scopes beyond it are given by their sizes.
const VARIABLES_BYTES_MAX: usize = 1 << 20;
/// Entries of each list in an answer.
pub(super) const LIST_MAX: usize = 1_000;

/// Asks for a running instance.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct FindInstance {
    #[prost(uint64, tag = "1")]
    pub key: u64,
}

/// A running instance as the state has it.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Live {
    /// Absent: it does not run.
    #[prost(message, optional, tag = "1")]
    pub summary: Option<InstanceSummary>,
    /// Those that are there now.
    #[prost(message, repeated, tag = "2")]
    pub elements: Vec<ElementInstance>,
    #[prost(message, repeated, tag = "3")]
    pub waiting_tokens: Vec<WaitingToken>,
    #[prost(message, repeated, tag = "4")]
    pub variables: Vec<ScopeVariables>,
    #[prost(message, repeated, tag = "5")]
    pub jobs: Vec<Job>,
    #[prost(message, repeated, tag = "6")]
    pub timers: Vec<Timer>,
    #[prost(message, repeated, tag = "7")]
    pub subscriptions: Vec<Subscription>,
    #[prost(message, repeated, tag = "8")]
    pub user_tasks: Vec<UserTask>,
    #[prost(message, repeated, tag = "9")]
    pub incidents: Vec<Incident>,
    /// A list was too long.
    #[prost(bool, tag = "10")]
    pub is_cut: bool,
}

impl Query for FindInstance {
    type Answer = Live;
    const NAME: &'static str = "admin.FindInstance";

    fn answer(self, state: &State) -> Live {
        instance(state, self.key).unwrap_or_default()
    }
}

/// The name that the model gives a process.
pub(super) fn process_name(state: &State, definition: u64) -> String {
    let executable = state.executable(definition);
    executable.map_or_else(String::new, |executable| name_of(executable))
}

pub(super) fn name_of(executable: &Executable) -> String {
    document::cut(executable.name.as_deref().unwrap_or_default())
}

/// The BPMN id of a process; empty where the definition is not known.
pub(super) fn process_id(executable: Option<&Executable>) -> String {
    executable.map_or_else(String::new, |found| document::cut(&found.process_id))
}

/// The BPMN id of a node; empty for one that is not there.
pub(super) fn element_id(executable: Option<&Executable>, node: u32) -> String {
    let node = executable.and_then(|executable| executable.nodes.get(node as usize));
    node.map_or_else(String::new, |node| document::cut(&node.id))
}

pub(super) fn flow_id(executable: Option<&Executable>, flow: u32) -> String {
    let flow = executable.and_then(|executable| executable.flows.get(flow as usize));
    flow.map_or_else(String::new, |flow| document::cut(&flow.id))
}

pub(super) fn summary(state: &State, instance: &Instance) -> InstanceSummary {
    let executable = state.executable(instance.definition_key);
    let executable = executable.map(|executable| &**executable);
    let elements = || instance.elements.iter().take(SUMMARY_ELEMENTS_MAX);
    let open_incidents: usize = elements()
        .filter_map(|element| element.owned.as_ref())
        .map(|owned| owned.incidents.len())
        .sum();
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
    let (created_by, tags) = origin(instance);
    InstanceSummary {
        key: instance.key,
        definition_key: instance.definition_key,
        process_id: process_id(executable),
        version: executable.map_or(0, |found| found.version),
        process_name: executable.map_or_else(String::new, name_of),
        state: state_now.into(),
        created_ms: instance.created_ms,
        ended_ms: 0,
        created_by,
        tags,
        open_incidents,
        active_elements: tokens
            .map(|element| element_id(executable, element.node))
            .collect(),
    }
}

/// Who has begun an instance, and its tags: those that it may have; there were no bounds once.
pub(super) fn origin(instance: &Instance) -> (String, Vec<String>) {
    let Some(origin) = &instance.origin else {
        return (String::new(), Vec::new());
    };
    let tags = origin.tags.iter().take(TAGS_MAX);
    let tags = tags.map(|tag| document::cut(tag)).collect();
    (document::cut(&origin.created_by), tags)
}

/// All that the state has of an instance; `None` when it does not run.
fn instance(state: &State, key: u64) -> Option<Live> {
    let instance = state.instance(key)?;
    let executable = state.executable(instance.definition_key);
    let model = executable.map(|executable| &**executable);
    let mut is_cut = false;
    let waiting_tokens = instance.tokens.iter().map(|token| WaitingToken {
        flow_id: flow_id(model, token.flow),
        scope_key: token.scope,
    });
    Some(Live {
        summary: Some(summary(state, instance)),
        waiting_tokens: bounded(waiting_tokens, &mut is_cut),
        variables: bounded(variables(state, instance, model), &mut is_cut),
        jobs: bounded(jobs(state, instance, model), &mut is_cut),
        timers: bounded(timers(state, instance, model), &mut is_cut),
        subscriptions: bounded(subscriptions(state, instance, model), &mut is_cut),
        user_tasks: bounded(user_tasks(state, instance, model), &mut is_cut),
        incidents: bounded(incidents(state, instance), &mut is_cut),
        elements: instance.elements.clone(),
        is_cut,
    })
}

/// The first entries of a list.
fn bounded<T>(mut entries: impl Iterator<Item = T>, is_cut: &mut bool) -> Vec<T> {
    let first = entries.by_ref().take(LIST_MAX).collect();
    *is_cut |= entries.next().is_some();
    first
}

fn variables<'a>(
    state: &'a State,
    instance: &'a Instance,
    model: Option<&'a Executable>,
) -> impl Iterator<Item = ScopeVariables> + 'a {
    let mut left = VARIABLES_BYTES_MAX;
    instance.elements.iter().filter_map(move |element| {
        let variables = state.variables(element.key)?;
        let shown = document::within(variables, left);
        left -= shown.json.len();
        Some(ScopeVariables {
            scope_key: element.key,
            element_id: element_id(model, element.node),
            variables: Some(shown),
        })
    })
}

fn jobs<'a>(
    state: &'a State,
    instance: &'a Instance,
    model: Option<&'a Executable>,
) -> impl Iterator<Item = Job> + 'a {
    let elements = instance.elements.iter();
    let jobs = elements.filter_map(|element| state.job(element.job));
    jobs.map(move |job| Job {
        key: job.key,
        element_key: job.element,
        element_id: element_id(model, job.node),
        r#type: document::cut(&job.r#type),
        state: job.state().as_str_name().to_owned(),
        retries: job.retries,
        worker: document::cut(&job.worker),
        until_ms: job.until_ms,
        error_message: document::cut(&job.error_message),
        created_ms: job.created_ms,
    })
}

fn owned(instance: &Instance) -> impl Iterator<Item = &Owned> {
    let elements = instance.elements.iter();
    elements.filter_map(|element| element.owned.as_deref())
}

fn timers<'a>(
    state: &'a State,
    instance: &'a Instance,
    model: Option<&'a Executable>,
) -> impl Iterator<Item = Timer> + 'a {
    let timers = owned(instance).flat_map(|owned| &owned.timers);
    let timers = timers.filter_map(|key| state.timer(*key));
    timers.map(move |timer| Timer {
        key: timer.key,
        element_key: timer.element,
        element_id: element_id(model, timer.node),
        due_ms: timer.due_ms,
        repetitions: timer.repetitions,
    })
}

fn subscriptions<'a>(
    state: &'a State,
    instance: &'a Instance,
    model: Option<&'a Executable>,
) -> impl Iterator<Item = Subscription> + 'a {
    let open = owned(instance).flat_map(|owned| &owned.subscriptions);
    let open = open.filter_map(|key| state.subscription(*key));
    open.map(move |open| {
        let (name, none) = (document::cut(&open.name), String::new());
        let (message_name, signal_name) = match open.is_signal {
            true => (none, name),
            false => (name, none),
        };
        Subscription {
            key: open.key,
            element_key: open.element,
            element_id: element_id(model, open.node),
            message_name,
            correlation_key: document::cut(&open.correlation_key),
            signal_name,
        }
    })
}

fn user_tasks<'a>(
    state: &'a State,
    instance: &'a Instance,
    model: Option<&'a Executable>,
) -> impl Iterator<Item = UserTask> + 'a {
    let elements = instance.elements.iter();
    let tasks = elements.filter_map(|element| state.task(element.task));
    tasks.map(move |task| user_task(task, model))
}

pub(super) fn user_task(task: &record::UserTask, model: Option<&Executable>) -> UserTask {
    UserTask {
        key: task.key,
        element_key: task.element,
        element_id: element_id(model, task.node),
        state: task.state().as_str_name().to_owned(),
        assignee: task.assignee.clone(),
        candidate_users: task.candidate_users.clone(),
        candidate_groups: task.candidate_groups.clone(),
        due_ms: task.due_ms,
        priority: task.priority,
        created_ms: task.created_ms,
        ended_ms: task.ended_ms,
        completed_by: task.completed_by.clone(),
        action: task.action.clone(),
    }
}

fn incidents<'a>(state: &'a State, instance: &'a Instance) -> impl Iterator<Item = Incident> + 'a {
    let open = owned(instance).flat_map(|owned| &owned.incidents);
    let open = open.filter_map(|key| state.incident(*key));
    open.map(move |incident| incidents::shown(state, incident))
}
