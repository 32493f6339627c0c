//! Deploying models: everything is read, checked and compiled before the first change.

use bpmn_parser::Diagnostic;
use proto::record::{
    Answer, Command, Definition, DefinitionAdded, DeployResources, Deployed, DeployedProcess,
    Resource, ResourceAdded, SentResources, Timer, TimerCanceled, TimerCreated, answer,
    deploy_resources, event,
};
use xxhash_rust::xxh3::xxh3_64;

use super::{Handled, distribute, invalid, use_key, wrong_state};
use crate::executable::{Executable, Kind, compile};
use crate::flow::catch;
use crate::rejection::Rejection;
use crate::step::{Limits, Step};

/// Diagnostics that a rejection quotes.
const QUOTED_MAX: usize = 50;
/// Resources in one deployment.
const RESOURCES_MAX: usize = 100;
/// Executable processes in one resource.
const PROCESSES_MAX: usize = 100;
/// The partition that takes deployments and sends them to the others.
const DEPLOYMENT_PARTITION: u32 = 1;

/// A process that may be deployed.
struct Checked<'a> {
    name: &'a str,
    content: &'a bytes::Bytes,
    processes: Vec<(Executable, String)>,
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
    let checked = check_all(&deploy.resources, step.now_ms(), &step.limits)?;

    let deployment_key = step.next_key();
    use_key(step, deployment_key);
    let (mut processes, mut sent) = (Vec::new(), SentResources::default());
    for resource in &checked {
        add_resource(step, resource, deployment_key, &mut processes, &mut sent);
    }
    sent.deployment_key = deployment_key;
    let deployed = Answer {
        kind: Some(answer::Kind::Deployed(Deployed {
            key: deployment_key,
            processes,
        })),
    };
    distribute::send(step, &sent);
    Ok(distribute::pend(step, command, deployment_key, deployed))
}

/// Whether the resources may be deployed together, as a deployment at this time would find, in milliseconds since the
/// epoch.
///
/// # Errors
/// The rejection that the deployment would get.
pub fn check_deployment(
    resources: &[deploy_resources::Resource],
    now_ms: i64,
) -> Result<(), Rejection> {
    check_all(resources, now_ms, &Limits::default()).map(|_| ())
}

fn check_all<'a>(
    resources: &'a [deploy_resources::Resource],
    now_ms: i64,
    limits: &Limits,
) -> Result<Vec<Checked<'a>>, Rejection> {
    if resources.is_empty() || resources.len() > RESOURCES_MAX {
        let count = resources.len();
        let message = format!("a deployment has 1 to {RESOURCES_MAX} resources, not {count}");
        return Err(invalid("RESOURCES_INVALID", message));
    }
    let checked = resources.iter().map(check);
    let checked = checked.collect::<Result<Vec<_>, _>>()?;
    check_ids(&checked)?;
    check_start_timers(&checked, now_ms, limits)?;
    Ok(checked)
}

fn check(resource: &deploy_resources::Resource) -> Result<Checked<'_>, Rejection> {
    let parsed = bpmn_parser::parse(&resource.name, &resource.content);
    let blocking = parsed
        .diagnostics
        .iter()
        .filter(|found| found.blocks_deployment());
    let mut blocking = blocking.cloned().collect::<Vec<_>>();
    let mut processes = Vec::new();
    if let (Some(model), true) = (&parsed.model, blocking.is_empty()) {
        let executable = || model.processes.iter().filter(|found| found.is_executable);
        check_number(&resource.name, executable().count())?;
        for process in executable() {
            let tag = process.version_tag.clone().unwrap_or_default();
            match compile(model, process) {
                Ok(executable) => processes.push((executable, tag)),
                Err(found) => blocking.extend(found),
            }
        }
    }
    if !blocking.is_empty() {
        return Err(refused(&resource.name, &blocking));
    }
    if processes.is_empty() {
        let message = format!(
            "{}: no process is executable (isExecutable=\"true\")",
            resource.name
        );
        return Err(invalid("NO_EXECUTABLE_PROCESS", message));
    }
    Ok(Checked {
        name: &resource.name,
        content: &resource.content,
        processes,
    })
}

fn check_number(name: &str, processes: usize) -> Result<(), Rejection> {
    if processes <= PROCESSES_MAX {
        return Ok(());
    }
    let message =
        format!("{name} has {processes} executable processes, {PROCESSES_MAX} are allowed");
    Err(invalid("TOO_MANY_PROCESSES", message).with("resource", name))
}

fn refused(name: &str, blocking: &[Diagnostic]) -> Rejection {
    let quoted = blocking
        .iter()
        .take(QUOTED_MAX)
        .map(|found| found.to_string());
    let mut lines = quoted.collect::<Vec<_>>();
    if blocking.len() > QUOTED_MAX {
        lines.push(format!("… and {} more", blocking.len() - QUOTED_MAX));
    }
    invalid(
        "MODEL_REFUSED",
        format!("{name} cannot be deployed:\n{}", lines.join("\n")),
    )
    .with("resource", name)
}

fn check_ids(checked: &[Checked<'_>]) -> Result<(), Rejection> {
    let ids = checked.iter().flat_map(|resource| &resource.processes);
    let mut ids = ids
        .map(|(executable, _)| &executable.process_id)
        .collect::<Vec<_>>();
    ids.sort_unstable();
    match ids.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(invalid(
            "DUPLICATE_PROCESS_ID",
            format!("the deployment has two processes with the id `{}`", pair[0]),
        )),
        None => Ok(()),
    }
}

/// Arming the timers evaluates them once more, so half of the steps are left for that.
fn check_start_timers(
    checked: &[Checked<'_>],
    now_ms: i64,
    limits: &Limits,
) -> Result<(), Rejection> {
    let mut steps = limits.feel_steps / 2;
    for (executable, _) in checked.iter().flat_map(|resource| &resource.processes) {
        start_timers(executable, now_ms, &mut steps)
            .map_err(|message| invalid("TIMER_INVALID", message))?;
    }
    Ok(())
}

fn add_resource(
    step: &mut Step<'_>,
    checked: &Checked<'_>,
    deployment_key: u64,
    processes: &mut Vec<DeployedProcess>,
    sent: &mut SentResources,
) {
    let checksum = xxh3_64(checked.content);
    if let Some(same) = unchanged(step, checked, checksum) {
        processes.extend(same);
        return;
    }
    let resource = Resource {
        key: step.next_key(),
        name: checked.name.to_owned(),
        content: checked.content.clone(),
        deployment_key,
        deployed_ms: step.now_ms(),
    };
    let resource_key = resource.key;
    sent.resources.push(resource.clone());
    step.emit(event::Kind::ResourceAdded(Box::new(ResourceAdded {
        resource: Some(resource),
    })));
    for (executable, version_tag) in &checked.processes {
        let process_id = executable.process_id.to_string();
        let definition = Definition {
            key: step.next_key(),
            version: step.state.latest_version(&process_id) + 1,
            process_id: process_id.clone(),
            resource_key,
            checksum,
            version_tag: version_tag.clone(),
        };
        processes.push(DeployedProcess {
            process_id,
            version: definition.version,
            definition_key: definition.key,
            resource_name: checked.name.to_owned(),
        });
        sent.definitions.push(definition.clone());
        add_definition(step, definition);
        arm_start_timers(step, &executable.process_id);
    }
}

/// The same bytes under the same name are the version that is there.
fn unchanged(
    step: &Step<'_>,
    checked: &Checked<'_>,
    checksum: u64,
) -> Option<Vec<DeployedProcess>> {
    let same = checked.processes.iter().map(|(executable, _)| {
        let key = step.state.definition_key(&executable.process_id, -1)?;
        let latest = step.state.definition(key)?;
        let resource = step.state.resource(latest.resource_key)?;
        let is_same = latest.checksum == checksum
            && resource.name == checked.name
            && resource.content == checked.content;
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
        let environment = feel::Environment::new(&(), now_ms);
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
    for definition in &sent.definitions {
        add_definition(step, definition.clone());
    }
}
