//! Plays outside: does what the plan says in a random order, and compares.

use std::collections::BTreeMap;

use bytes::Bytes;
use engine::{Limits, Outcome};
use fastrand::Rng;
use proto::record::command::Kind;
use proto::record::deploy_resources::Resource;
use proto::record::event::Kind as Fact;
use proto::record::{
    ClaimTask, CompleteJob, CompleteTask, CreateInstance, DeployResources, ThrowJobError,
};

use super::choices::{Choice, choices, stuck};
use super::{Case, Counts, PROCESS, Plan};
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
            process_id: PROCESS.to_owned(),
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
            let definition = self.machine.state.definition_key(PROCESS, -1);
            let executable = definition.and_then(|key| self.machine.state.executable(key));
            let node = executable.and_then(|found| found.nodes.get(node as usize));
            let id = node.ok_or("an event names no node")?.id.to_string();
            *list.entry(id).or_default() += 1;
        }
        Ok(())
    }

    /// One thing that outside can do now, chosen at random; time passes only when there is none.
    fn act(&mut self) -> Result<(), String> {
        let mut choices = choices(&self.machine.state, &self.plan);
        if choices.is_empty() {
            let state = &self.machine.state;
            let due_ms = state.next_due_ms().ok_or_else(|| stuck(state))?;
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
            Choice::Send(name) => {
                let send = self.plan.send(name);
                self.command(send)
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
