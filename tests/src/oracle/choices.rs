//! What outside can do at a moment, by the plan of a case and the present state.
//!
//! Owns the order in which things may happen without leaving the plan. It changes nothing.

use engine::State;
use proto::record::{ElementInstance, Instance};

use super::{PROCESS, Plan};

/// One thing that outside can do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// The job with this key, of this element.
    Job(String, u64),
    /// The user task with this key.
    Task(u64),
    /// The message or signal of this name.
    Send(String),
}

/// Everything that can be done now. Time may pass only when there is nothing.
pub fn choices(state: &State, plan: &Plan) -> Vec<Choice> {
    let elements = live(state);
    // Messages and signals for boundary events come first: their hosts must not be gone.
    let events = waiting(state, &elements);
    let boundary = events.iter().filter(|name| name.starts_with("boundary"));
    let boundary = boundary.filter(|name| plan.messages.get(*name).is_some_and(|n| *n > 0));
    let first = boundary
        .map(|name| Choice::Send(name.clone()))
        .collect::<Vec<_>>();
    if !first.is_empty() {
        return first;
    }
    let mut choices = Vec::new();
    for element in &elements {
        if element.job != 0 && !plan.parked.contains_key(&element.id) {
            choices.push(Choice::Job(element.id.clone(), element.job));
        }
        if element.task != 0 {
            choices.push(Choice::Task(element.task));
        }
    }
    for name in events {
        if plan.messages.get(&name).is_some_and(|left| *left > 0) {
            choices.push(Choice::Send(name));
        } else if let Some(host) = plan.interrupting.get(&name)
            && is_parked(state, plan, &elements, host)
        {
            choices.push(Choice::Send(name));
        }
    }
    choices
}

/// Where the tokens are, for who wonders why nothing goes on.
pub fn stuck(state: &State) -> String {
    let elements = live(state);
    let ids = elements.iter().map(|element| element.id.as_str());
    format!("stuck at {}", ids.collect::<Vec<_>>().join(" "))
}

/// Names of the messages and signals that something waits for; a name is the id of what waits.
fn waiting(state: &State, elements: &[Live]) -> Vec<String> {
    let keys = elements.iter().flat_map(|element| &element.subscriptions);
    let waiting = keys.filter_map(|key| state.subscription(*key));
    waiting
        .map(|subscription| subscription.name.clone())
        .collect()
}

/// Whether all that is left in a host is what its boundary event is to end.
fn is_parked(state: &State, plan: &Plan, elements: &[Live], host: &str) -> bool {
    if plan.timers.values().any(|waiting| waiting == host) && has_timer(state, plan, elements, host)
    {
        return false;
    }
    let Some(host_element) = elements.iter().find(|element| element.id == host) else {
        return false;
    };
    let mut inside = vec![host_element.key];
    for element in elements {
        if !inside.contains(&element.scope) {
            continue;
        }
        inside.push(element.key);
        if plan.parked.get(&element.id).map(String::as_str) != Some(host) {
            return false;
        }
    }
    inside.len() > 1
}

/// Whether a non-interrupting timer of a host has still to fire.
fn has_timer(state: &State, plan: &Plan, elements: &[Live], host: &str) -> bool {
    let timers = elements.iter().filter(|element| element.id == host);
    let mut timers = timers.flat_map(|element| &element.timers);
    timers.any(|timer| {
        state.timer(*timer).is_some_and(|timer| {
            let executable = state.executable(timer.definition_key);
            let node = executable.and_then(|found| found.nodes.get(timer.node as usize));
            node.is_some_and(|node| plan.timers.contains_key(&*node.id))
        })
    })
}

/// A live element with its id.
struct Live {
    id: String,
    key: u64,
    scope: u64,
    job: u64,
    task: u64,
    timers: Vec<u64>,
    subscriptions: Vec<u64>,
}

/// The live elements of the case's process.
fn live(state: &State) -> Vec<Live> {
    let instances = state
        .instance_keys()
        .iter()
        .filter_map(|key| state.instance(*key));
    let elements = instances.flat_map(|instance: &Instance| {
        let executable = state.executable(instance.definition_key);
        let executable = executable.filter(|executable| &*executable.process_id == PROCESS);
        instance
            .elements
            .iter()
            .filter_map(move |element: &ElementInstance| {
                let node = executable?.nodes.get(element.node as usize)?;
                let owned = element.owned.clone().unwrap_or_default();
                Some(Live {
                    id: node.id.to_string(),
                    key: element.key,
                    scope: element.scope,
                    job: element.job,
                    task: element.task,
                    timers: owned.timers,
                    subscriptions: owned.subscriptions,
                })
            })
    });
    elements.collect()
}
