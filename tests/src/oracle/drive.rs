//! Plays outside: does what the plan says in a random order, and compares.

use std::collections::BTreeMap;

use bytes::Bytes;
use engine::{Limits, Outcome, State};
use fastrand::Rng;
use proto::record::command::Kind;
use proto::record::deploy_resources::Resource;
use proto::record::event::Kind as Fact;
use proto::record::{
    ClaimTask, CompleteJob, CompleteTask, CreateInstance, DeployResources, ElementInstance,
    Instance, PublishMessage, ThrowJobError,
};

use super::{Case, Counts, Plan};
use crate::machine::Machine;

/// Commands after which a process that should have ended is called stuck.
const COMMANDS_MAX: usize = 20_000;

/// Runs the case. Gives the number of commands.
///
/// # Errors
/// What differs from the expectation.
pub fn run(case: &Case, seed: u64) -> Result<usize, String> {
    let mut random = Rng::with_seed(seed);
    let mut limits = Limits::default();
    if random.bool() {
        // So few that continuations are made all the time.
        limits.steps = random.u32(1..20);
        limits.continuations = u32::MAX;
    }
    let mut outside = Outside {
        machine: Machine::new(limits),
        plan: case.plan.clone(),
        counts: Counts::default(),
        random,
    };
    outside.start(case)?;
    while outside.machine.len() < COMMANDS_MAX {
        if outside.machine.state.instance_keys().is_empty() {
            return outside.compare(case);
        }
        outside.act()?;
    }
    Err(format!("still running after {COMMANDS_MAX} commands"))
}

struct Outside {
    machine: Machine,
    plan: Plan,
    counts: Counts,
    random: Rng,
}

impl Outside {
    fn start(&mut self, case: &Case) -> Result<(), String> {
        let resource = Resource {
            name: "oracle.bpmn".to_owned(),
            content: Bytes::from(case.xml.clone().into_bytes()),
        };
        self.command(Kind::DeployResources(DeployResources {
            resources: vec![resource],
        }))?;
        let limits = feel::json::Limits::default();
        let variables = feel::json::normalize_object(case.variables.as_bytes(), &limits);
        self.command(Kind::CreateInstance(CreateInstance {
            process_id: "oracle".to_owned(),
            version: -1,
            variables: variables.map_err(|error| error.to_string())?,
            ..CreateInstance::default()
        }))
    }

    fn command(&mut self, kind: Kind) -> Result<(), String> {
        let outcome = self
            .machine
            .apply(kind)
            .map_err(|error| error.to_string())?;
        self.count(&outcome)?;
        for outcome in self.machine.settle() {
            self.count(&outcome)?;
        }
        Ok(())
    }

    fn count(&mut self, outcome: &Outcome) -> Result<(), String> {
        for event in &outcome.events {
            let (list, node) = match &event.kind {
                Some(Fact::ElementCompleted(fact)) => (&mut self.counts.completed, fact.node),
                Some(Fact::ElementTerminated(fact)) => (&mut self.counts.terminated, fact.node),
                Some(Fact::IncidentRaised(fact)) => return Err(format!("an incident: {fact:?}")),
                _ => continue,
            };
            let definition = self.machine.state.definition_key("oracle", -1);
            let executable = definition.and_then(|key| self.machine.state.executable(key));
            let node = executable.and_then(|found| found.nodes.get(node as usize));
            let id = node.ok_or("an event names no node")?.id.to_string();
            *list.entry(id).or_default() += 1;
        }
        Ok(())
    }

    /// One thing that outside can do now, chosen at random; time passes only when there is none.
    fn act(&mut self) -> Result<(), String> {
        let mut choices = self.choices();
        if choices.is_empty() {
            let state = &self.machine.state;
            let due_ms = state.next_due_ms().ok_or_else(|| self.stuck())?;
            self.machine.now_ms = self.machine.now_ms.max(due_ms);
            for outcome in self.machine.settle() {
                self.count(&outcome)?;
            }
            return Ok(());
        }
        if self.random.u32(0..5) == 0 {
            self.disturb();
        }
        let chosen = self.random.usize(0..choices.len());
        self.perform(choices.swap_remove(chosen))
    }

    fn stuck(&self) -> String {
        let elements = live(&self.machine.state);
        let ids = elements.iter().map(|element| element.id.as_str());
        format!("stuck at {}", ids.collect::<Vec<_>>().join(" "))
    }

    fn choices(&self) -> Vec<Choice> {
        let elements = live(&self.machine.state);
        // Messages for boundary events come first: their hosts must not be gone.
        let events = self.waiting(&elements);
        let boundary = events.iter().filter(|name| name.starts_with("boundary"));
        let boundary =
            boundary.filter(|name| self.plan.messages.get(*name).is_some_and(|n| *n > 0));
        let first = boundary
            .map(|name| Choice::Publish(name.clone()))
            .collect::<Vec<_>>();
        if !first.is_empty() {
            return first;
        }
        let mut choices = Vec::new();
        for element in &elements {
            let id = element.id.clone();
            if element.job != 0 && !self.plan.parked.contains_key(&id) {
                choices.push(Choice::Job(id.clone(), element.job));
            }
            if element.task != 0 {
                choices.push(Choice::Task(element.task));
            }
        }
        for name in events {
            if self.plan.messages.get(&name).is_some_and(|left| *left > 0) {
                choices.push(Choice::Publish(name));
            } else if let Some(host) = self.plan.interrupting.get(&name)
                && self.is_parked(&elements, host)
            {
                choices.push(Choice::Publish(name));
            }
        }
        choices
    }

    /// Names of the messages that something waits for; a name is the id of what waits.
    fn waiting(&self, elements: &[Live]) -> Vec<String> {
        let keys = elements.iter().flat_map(|element| &element.subscriptions);
        let waiting = keys.filter_map(|key| self.machine.state.subscription(*key));
        waiting
            .map(|subscription| subscription.name.clone())
            .collect()
    }

    /// Whether all that is left in a host is what its boundary event is to end.
    fn is_parked(&self, elements: &[Live], host: &str) -> bool {
        if self.plan.timers.values().any(|waiting| waiting == host)
            && self.has_timer(elements, host)
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
            if self.plan.parked.get(&element.id).map(String::as_str) != Some(host) {
                return false;
            }
        }
        inside.len() > 1
    }

    /// Whether a non-interrupting timer of a host has still to fire.
    fn has_timer(&self, elements: &[Live], host: &str) -> bool {
        let timers = elements.iter().filter(|element| element.id == host);
        let mut timers = timers.flat_map(|element| &element.timers);
        timers.any(|timer| {
            let state = &self.machine.state;
            state.timer(*timer).is_some_and(|timer| {
                let executable = state.executable(timer.definition_key);
                let node = executable.and_then(|found| found.nodes.get(timer.node as usize));
                node.is_some_and(|node| self.plan.timers.contains_key(&*node.id))
            })
        })
    }

    fn perform(&mut self, choice: Choice) -> Result<(), String> {
        match choice {
            Choice::Job(id, job_key) => match self.plan.throwing.get(&id).cloned() {
                Some(error_code) => self.command(Kind::ThrowJobError(ThrowJobError {
                    job_key,
                    error_code,
                    ..ThrowJobError::default()
                })),
                None => self.command(Kind::CompleteJob(CompleteJob {
                    job_key,
                    variables: Bytes::new(),
                })),
            },
            Choice::Task(task_key) => {
                self.command(Kind::ClaimTask(ClaimTask {
                    task_key,
                    user: "ann".to_owned(),
                    groups: Vec::new(),
                }))?;
                self.command(Kind::CompleteTask(CompleteTask {
                    task_key,
                    user: "ann".to_owned(),
                    ..CompleteTask::default()
                }))
            }
            Choice::Publish(name) => {
                if let Some(left) = self.plan.messages.get_mut(&name) {
                    *left -= 1;
                }
                self.command(Kind::PublishMessage(PublishMessage {
                    name,
                    correlation_key: "key".to_owned(),
                    ..PublishMessage::default()
                }))
            }
        }
    }

    /// Commands that must be refused; the machine checks that they change nothing.
    fn disturb(&mut self) {
        let key = 1 << 51 | self.random.u64(1_000_000..2_000_000);
        let kind = match self.random.u32(0..3) {
            0 => Kind::CompleteJob(CompleteJob {
                job_key: key,
                variables: Bytes::new(),
            }),
            1 => Kind::ClaimTask(ClaimTask {
                task_key: key,
                user: "eve".to_owned(),
                groups: Vec::new(),
            }),
            _ => Kind::CancelInstance(proto::record::CancelInstance { instance_key: key }),
        };
        assert!(
            self.machine.apply(kind).is_err(),
            "an unknown key was accepted"
        );
    }

    fn compare(mut self, case: &Case) -> Result<usize, String> {
        self.machine.check_replay_and_restore();
        if self.machine.state.job_count() != 0 || self.machine.state.next_due_ms().is_some() {
            return Err("jobs or timers are left of an ended instance".to_owned());
        }
        differences(
            "completed",
            &case.expected.completed,
            &self.counts.completed,
        )?;
        differences(
            "terminated",
            &case.expected.terminated,
            &self.counts.terminated,
        )?;
        Ok(self.machine.len())
    }
}

fn differences(
    what: &str,
    expected: &BTreeMap<String, u32>,
    found: &BTreeMap<String, u32>,
) -> Result<(), String> {
    let ids = expected.keys().chain(found.keys());
    for id in ids {
        let (wanted, got) = (expected.get(id).unwrap_or(&0), found.get(id).unwrap_or(&0));
        if wanted != got {
            return Err(format!("{id} {what} {got} times, not {wanted}"));
        }
    }
    Ok(())
}

enum Choice {
    Job(String, u64),
    Task(u64),
    Publish(String),
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

fn live(state: &State) -> Vec<Live> {
    let instances = state
        .instance_keys()
        .iter()
        .filter_map(|key| state.instance(*key));
    let elements = instances.flat_map(|instance: &Instance| {
        let executable = state.executable(instance.definition_key);
        instance
            .elements
            .iter()
            .filter_map(move |element: &ElementInstance| {
                let node = executable?.nodes.get(element.node as usize)?;
                Some(Live {
                    id: node.id.to_string(),
                    key: element.key,
                    scope: element.scope,
                    job: element.job,
                    task: element.task,
                    timers: element.timers.clone(),
                    subscriptions: element.subscriptions.clone(),
                })
            })
    });
    elements.collect()
}
