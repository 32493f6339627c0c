//! What may be deployed: everything is read, checked and compiled, and reported with its place.

use bpmn_parser::model::{Binding, FlowNode, FlowNodeKind, Model, TaskKind};
use bpmn_parser::{Diagnostic, Severity};
use proto::record::deploy_resources::Resource;

use super::super::invalid;
use super::decision::{self, CheckedDecisions};
use super::start_timers;
use crate::executable::{Executable, compile};
use crate::rejection::Rejection;
use crate::step::Limits;

/// Diagnostics that a rejection quotes.
const QUOTED_MAX: usize = 50;
/// Resources in one deployment.
const RESOURCES_MAX: usize = 100;
/// Executable processes in one resource.
const PROCESSES_MAX: usize = 100;
/// How the name of a file with decisions ends.
const DECISIONS_ENDING: &str = ".dmn";

/// What may be deployed together.
pub(super) struct Checked<'a> {
    pub processes: Vec<CheckedProcesses<'a>>,
    pub decisions: Vec<CheckedDecisions<'a>>,
}

/// A resource with processes.
pub(super) struct CheckedProcesses<'a> {
    pub resource: &'a Resource,
    model: Model,
    /// With their version tags.
    pub processes: Vec<(Executable, String)>,
}

/// Checks each resource, and all of them together.
pub(super) fn all<'a>(
    resources: &'a [Resource],
    now_ms: i64,
    limits: &Limits,
) -> Result<Checked<'a>, Rejection> {
    if resources.is_empty() || resources.len() > RESOURCES_MAX {
        let count = resources.len();
        let message = format!("a deployment has 1 to {RESOURCES_MAX} resources, not {count}");
        return Err(invalid("RESOURCES_INVALID", message));
    }
    let is_decisions = |resource: &&Resource| resource.name.ends_with(DECISIONS_ENDING);
    let (decisions, processes): (Vec<_>, Vec<_>) = resources.iter().partition(is_decisions);
    let decisions = decision::check(&decisions)?;
    let processes = processes.into_iter().map(check);
    let processes = processes.collect::<Result<Vec<_>, _>>()?;
    let executables = processes.iter().flat_map(|resource| &resource.processes);
    let ids = executables.map(|(executable, _)| &*executable.process_id);
    unique(ids, "DUPLICATE_PROCESS_ID", "processes")?;
    check_start_timers(&processes, now_ms, limits)?;
    Ok(Checked {
        processes,
        decisions,
    })
}

fn check(resource: &Resource) -> Result<CheckedProcesses<'_>, Rejection> {
    let parsed = bpmn_parser::parse(&resource.name, &resource.content);
    let blocking = parsed.diagnostics.into_iter();
    let mut blocking = blocking
        .filter(Diagnostic::blocks_deployment)
        .collect::<Vec<_>>();
    let (Some(model), true) = (parsed.model, blocking.is_empty()) else {
        return Err(refused(&resource.name, &blocking));
    };
    let executable = || model.processes.iter().filter(|found| found.is_executable);
    check_number(&resource.name, executable().count())?;
    let mut processes = Vec::new();
    for process in executable() {
        let tag = process.version_tag.clone().unwrap_or_default();
        match compile(&model, process) {
            Ok(executable) => processes.push((executable, tag)),
            Err(found) => blocking.extend(found),
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
    Ok(CheckedProcesses {
        resource,
        model,
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

pub(super) fn refused(name: &str, blocking: &[Diagnostic]) -> Rejection {
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

/// Whether no id is there twice.
pub(super) fn unique<'i>(
    ids: impl Iterator<Item = &'i str>,
    reason: &'static str,
    what: &str,
) -> Result<(), Rejection> {
    let mut ids = ids.collect::<Vec<_>>();
    ids.sort_unstable();
    match ids.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(invalid(
            reason,
            format!("the deployment has two {what} with the id `{}`", pair[0]),
        )),
        None => Ok(()),
    }
}

/// Arming the timers evaluates them once more, so half of the steps are left for that.
fn check_start_timers(
    processes: &[CheckedProcesses<'_>],
    now_ms: i64,
    limits: &Limits,
) -> Result<(), Rejection> {
    let mut steps = limits.feel_steps / 2;
    for (executable, _) in processes.iter().flat_map(|resource| &resource.processes) {
        start_timers(executable, now_ms, &mut steps)
            .map_err(|message| invalid("TIMER_INVALID", message))?;
    }
    Ok(())
}

/// Whether what elements call by deployment is deployed with them, where the model says what that is.
pub(super) fn bound(checked: &Checked<'_>) -> Result<(), Rejection> {
    for resource in &checked.processes {
        let model = &resource.model;
        let executable = model.processes.iter().filter(|found| found.is_executable);
        let missing = executable.flat_map(|process| {
            let nodes = process.graph.nodes();
            nodes.filter_map(|(_, node)| missing(checked, model, &process.id, node))
        });
        let missing = missing.collect::<Vec<_>>();
        if !missing.is_empty() {
            return Err(refused(&resource.resource.name, &missing));
        }
    }
    Ok(())
}

fn missing(
    checked: &Checked<'_>,
    model: &Model,
    process: &str,
    node: &FlowNode,
) -> Option<Diagnostic> {
    let FlowNodeKind::Task(TaskKind::BusinessRule { .. }) = &node.kind else {
        return None;
    };
    let called = node.zeebe.called_decision.as_ref()?;
    let id = &called.decision_id;
    let mut decisions = checked.decisions.iter().flat_map(|file| file.decisions());
    if called.binding != Binding::Deployment
        || id.expression().is_some()
        || decisions.any(|decision| decision.id == id.value)
    {
        return None;
    }
    Some(Diagnostic {
        severity: Severity::Error,
        code: "not-deployed-together",
        file: model.source_name.clone(),
        location: id.location,
        element_id: Some(node.id.clone()),
        element: Some(node.kind.tag().to_owned()),
        message: format!(
            "the decision `{}` is bound by deployment, and not in this one",
            id.value
        ),
        help: "deploy its DMN file together with the process, or choose another bindingType"
            .to_owned(),
        process: Some(process.to_owned()),
    })
}
