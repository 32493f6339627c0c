//! Deploying models: everything is read, checked and compiled before the first change.

mod check;
mod decision;

use proto::record::{
    Answer, Command, Definition, DefinitionAdded, DeployResources, Deployed, DeployedProcess,
    DeployedRequirements, Resource, ResourceAdded, SentResources, Timer, TimerCanceled,
    TimerCreated, answer, deploy_resources, event,
};
use xxhash_rust::xxh3::xxh3_64;

use super::{Handled, distribute, use_key, wrong_state};
use crate::executable::{Executable, Kind};
use crate::flow::catch;
use crate::rejection::Rejection;
use crate::seed;
use crate::step::{Limits, Step};
use check::CheckedProcesses;

/// The partition that takes deployments and sends them to the others.
const DEPLOYMENT_PARTITION: u32 = 1;

/// What a deployment gives: the answer, and what the other partitions are sent.
struct Deploying {
    key: u64,
    processes: Vec<DeployedProcess>,
    requirements: Vec<DeployedRequirements>,
    sent: SentResources,
}

pub(super) fn deploy(step: &mut Step<'_>, command: &Command, deploy: &DeployResources) -> Handled {
    if step.state.partition() != DEPLOYMENT_PARTITION {
        let message = format!(
            "partition {DEPLOYMENT_PARTITION} takes deployments, not {}",
            step.state.partition()
        );
        return Err(wrong_state("DEPLOYMENT_PARTITION", message));
    }
    if distribute::join(step, command) {
        return Ok(None);
    }
    let checked = check::all(&deploy.resources, step.now_ms(), &step.limits)?;
    check::bound(&checked)?;

    let key = step.next_key();
    use_key(step, key);
    let mut deploying = Deploying {
        key,
        processes: Vec::new(),
        requirements: Vec::new(),
        sent: SentResources {
            deployment_key: key,
            ..SentResources::default()
        },
    };
    let mut decisions = decision::add(step, &checked.decisions, &mut deploying);
    decisions.sort_unstable();
    for resource in &checked.processes {
        add_processes(step, resource, &decisions, &mut deploying);
    }
    let Deploying {
        processes,
        requirements,
        sent,
        ..
    } = deploying;
    let deployed = Answer {
        kind: Some(answer::Kind::Deployed(Deployed {
            key,
            processes,
            requirements,
        })),
    };
    distribute::send(step, &sent);
    Ok(distribute::pend(step, command, key, deployed))
}

/// Whether each of the resources may be deployed, as a deployment at this time would find, in milliseconds since the
/// epoch. What a process calls by deployment may be missing: it may come with others.
///
/// # Errors
/// The rejection that the deployment would get.
pub fn check_deployment(
    resources: &[deploy_resources::Resource],
    now_ms: i64,
) -> Result<(), Rejection> {
    check::all(resources, now_ms, &Limits::default()).map(|_| ())
}

/// Gives the key of the resource.
fn add_resource(
    step: &mut Step<'_>,
    resource: &deploy_resources::Resource,
    deploying: &mut Deploying,
) -> u64 {
    let resource = Resource {
        key: step.next_key(),
        name: resource.name.clone(),
        content: resource.content.clone(),
        deployment_key: deploying.key,
        deployed_ms: step.now_ms(),
    };
    let key = resource.key;
    deploying.sent.resources.push(resource.clone());
    step.emit(event::Kind::ResourceAdded(Box::new(ResourceAdded {
        resource: Some(resource),
    })));
    key
}

fn add_processes(
    step: &mut Step<'_>,
    checked: &CheckedProcesses<'_>,
    decisions: &[u64],
    deploying: &mut Deploying,
) {
    let checksum = xxh3_64(&checked.resource.content);
    if let Some(same) = unchanged(step, checked, decisions, checksum) {
        deploying.processes.extend(same);
        return;
    }
    let resource_key = add_resource(step, checked.resource, deploying);
    for (executable, version_tag) in &checked.processes {
        let process_id = executable.process_id.to_string();
        let definition = Definition {
            key: step.next_key(),
            version: step.state.latest_version(&process_id) + 1,
            process_id: process_id.clone(),
            resource_key,
            checksum,
            version_tag: version_tag.clone(),
            deployed_with: deployed_with(executable, decisions).to_vec(),
        };
        deploying.processes.push(DeployedProcess {
            process_id,
            version: definition.version,
            definition_key: definition.key,
            resource_name: checked.resource.name.clone(),
        });
        deploying.sent.definitions.push(definition.clone());
        add_definition(step, definition);
        arm_start_timers(step, &executable.process_id);
    }
}

/// What the version is bound to: a process that calls nothing by deployment does not change with what it comes with.
fn deployed_with<'d>(executable: &Executable, decisions: &'d [u64]) -> &'d [u64] {
    match executable.is_bound_by_deployment() {
        true => decisions,
        false => &[],
    }
}

/// The same bytes under the same name, bound to the same decisions, are the version that is there.
fn unchanged(
    step: &Step<'_>,
    checked: &CheckedProcesses<'_>,
    decisions: &[u64],
    checksum: u64,
) -> Option<Vec<DeployedProcess>> {
    let same = checked.processes.iter().map(|(executable, _)| {
        let key = step.state.definition_key(&executable.process_id, -1)?;
        let latest = step.state.definition(key)?;
        let resource = step.state.resource(latest.resource_key)?;
        let is_same = latest.checksum == checksum
            && latest.deployed_with == deployed_with(executable, decisions)
            && resource.name == checked.resource.name
            && resource.content == checked.resource.content;
        is_same.then(|| DeployedProcess {
            process_id: latest.process_id.clone(),
            version: latest.version,
            definition_key: key,
            resource_name: resource.name.clone(),
        })
    });
    same.collect()
}

fn add_definition(step: &mut Step<'_>, definition: Definition) {
    step.emit(event::Kind::DefinitionAdded(Box::new(DefinitionAdded {
        definition: Some(definition),
    })));
}

/// Only the latest version starts by timer, on the partition that deploys.
fn arm_start_timers(step: &mut Step<'_>, process_id: &str) {
    for timer in step.state.start_timers_of(process_id) {
        step.emit(event::Kind::TimerCanceled(TimerCanceled {
            timer,
            instance: 0,
        }));
    }
    let latest = step.state.definition_key(process_id, -1);
    let Some(executable) = latest.and_then(|key| step.state.executable(key)).cloned() else {
        return;
    };
    let armed = step.evaluating(|steps| start_timers(&executable, step.now_ms(), steps));
    let armed = armed.unwrap_or_default();
    for (node, when) in armed {
        let timer = Timer {
            key: step.next_key(),
            definition_key: executable.key,
            node,
            due_ms: when.due_ms,
            repetitions: when.repetitions,
            cycle: when.cycle,
            ..Timer::default()
        };
        step.emit(event::Kind::TimerCreated(Box::new(TimerCreated {
            timer: Some(timer),
        })));
    }
}

fn start_timers(
    executable: &Executable,
    now_ms: i64,
    steps: &mut u32,
) -> Result<Vec<(u32, catch::When)>, String> {
    let mut armed = Vec::new();
    for &node in &executable.timer_starts {
        let Kind::TimerStart(timer) = &executable.node(node).kind else {
            continue;
        };
        let environment = feel::Environment {
            seed: seed::of_start(&executable.process_id, node, now_ms),
            ..feel::Environment::new(&(), now_ms)
        };
        let value = timer
            .value
            .evaluate(&environment, steps)
            .map_err(|error| error.to_string())?;
        let shown = value.shown();
        let id = &executable.node(node).id;
        let text = value
            .into_text()
            .ok_or_else(|| format!("the timer of `{id}` gave {shown}"))?;
        let when = catch::first_due(timer.kind, &text, now_ms)
            .map_err(|message| format!("the timer of `{id}`: {message}"))?;
        armed.push((node, when));
    }
    Ok(armed)
}

/// A deployment that another partition accepted.
pub(super) fn receive(step: &mut Step<'_>, sent: &SentResources) {
    for resource in &sent.resources {
        step.emit(event::Kind::ResourceAdded(Box::new(ResourceAdded {
            resource: Some(resource.clone()),
        })));
    }
    decision::receive(step, sent);
    for definition in &sent.definitions {
        add_definition(step, definition.clone());
    }
}
