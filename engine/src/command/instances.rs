//! Starting, cancelling and continuing process instances.

use bytes::Bytes;
use proto::record::{
    Awaiting, CancelInstance, Command, Continue, CreateInstance, ElementInstance, Instance,
    InstanceCreated, InstanceStarted, Origin, ResultAwaited, answer, event,
};

use super::{Handled, answered, check_variables, done, invalid, not_found, wrong_state};
use crate::executable::{Executable, Kind, NodeIndex, PROCESS_NODE};
use crate::flow::{self, end};
use crate::rejection::Rejection;
use crate::scope;
use crate::step::{self, Step};

/// Elements that one command may start an instance at.
const START_ELEMENTS_MAX: usize = 100;

pub(super) fn create(step: &mut Step<'_>, command: &Command, create: &CreateInstance) -> Handled {
    if let Some(instance) = step.state.awaited(&command.request_id) {
        step.emit(event::Kind::ResultAwaited(ResultAwaited {
            instance,
            correlation: command.correlation,
        }));
        return Ok(None);
    }
    let definition = find_definition(step, create)?;
    let Some(executable) = step.state.executable(definition).cloned() else {
        return Err(not_found(
            "PROCESS_NOT_FOUND",
            format!("no process has the key {definition}"),
        ));
    };
    let starts = start_nodes(&executable, &create.start_elements)?;
    let variables = check_variables(step, &create.variables)?;
    let origin = Origin {
        created_by: command.principal.clone(),
        tags: create.tags.clone(),
        correlation_key: String::new(),
    };
    let awaiting = create.await_result.then(|| Awaiting {
        request_id: command.request_id.clone(),
        correlation: command.correlation,
        fetch_variables: create.fetch_variables.clone(),
    });
    let instance = Instance {
        definition_key: definition,
        origin: (origin != Origin::default()).then(|| Box::new(origin)),
        awaiting: awaiting.map(Box::new),
        ..Instance::default()
    };
    let key = begin(step, instance, variables);
    match starts {
        None => step.queue(step::activate(key, key)),
        Some(nodes) => {
            for node in nodes {
                let element = flow::start(step, key, key, node, None);
                step.queue(step::activate(key, element));
            }
        }
    }
    if create.await_result {
        return Ok(None);
    }
    answered(answer::Kind::InstanceStarted(InstanceStarted {
        instance_key: key,
        definition_key: definition,
        process_id: executable.process_id.to_string(),
        version: executable.version,
    }))
}

fn find_definition(step: &Step<'_>, create: &CreateInstance) -> Result<u64, Rejection> {
    if create.definition_key != 0 {
        return Ok(create.definition_key);
    }
    if create.process_id.is_empty() {
        return Err(invalid(
            "PROCESS_NOT_NAMED",
            "neither a process id nor a definition key is given",
        ));
    }
    let found = step
        .state
        .definition_key(&create.process_id, create.version);
    found.ok_or_else(|| {
        let id = &create.process_id;
        let message = match create.version {
            1.. => format!("process `{id}` has no version {}", create.version),
            _ => format!("no process with the id `{id}` is deployed"),
        };
        not_found("PROCESS_NOT_FOUND", message).with("process_id", id)
    })
}

/// The elements to start at; `None` for the none start event.
fn start_nodes(
    executable: &Executable,
    ids: &[String],
) -> Result<Option<Vec<NodeIndex>>, Rejection> {
    if ids.is_empty() {
        let process = &executable.node(PROCESS_NODE).kind;
        if matches!(process, Kind::Scope { start: Some(_) }) {
            return Ok(None);
        }
        let id = &executable.process_id;
        let message = format!("process `{id}` has no none start event");
        return Err(wrong_state("NO_NONE_START_EVENT", message));
    }
    if ids.len() > START_ELEMENTS_MAX {
        let message = format!("an instance starts at {START_ELEMENTS_MAX} elements at most");
        return Err(invalid("TOO_MANY_START_ELEMENTS", message));
    }
    let node = |id: &String| {
        let Some(index) = executable.node_by_id(id) else {
            return Err(invalid(
                "ELEMENT_NOT_FOUND",
                format!("there is no element `{id}`"),
            ));
        };
        let node = executable.node(index);
        let can_start = index != PROCESS_NODE && !node.kind.is_triggered();
        match can_start && node.parent == PROCESS_NODE {
            true => Ok(index),
            false => Err(invalid(
                "ELEMENT_CANNOT_START",
                format!(
                    "an instance cannot start at `{id}`: only at elements of the process level that a flow leads to"
                ),
            )),
        }
    };
    ids.iter()
        .map(node)
        .collect::<Result<Vec<_>, _>>()
        .map(Some)
}

/// Makes an instance with its variables; nothing in it is active yet.
pub(super) fn begin(step: &mut Step<'_>, mut instance: Instance, variables: Bytes) -> u64 {
    let key = step.next_key();
    instance.key = key;
    instance.created_ms = step.now_ms();
    instance.elements = vec![ElementInstance {
        key,
        node: PROCESS_NODE,
        since_ms: instance.created_ms,
        ..ElementInstance::default()
    }];
    step.emit(event::Kind::InstanceCreated(Box::new(InstanceCreated {
        instance: Some(instance),
    })));
    scope::write(step, key, key, variables);
    key
}

pub(super) fn cancel(step: &mut Step<'_>, command: &Command, cancel: &CancelInstance) -> Handled {
    let key = cancel.instance_key;
    let Some(at) = step.at(key, key) else {
        return Err(not_found(
            "INSTANCE_NOT_FOUND",
            format!("no instance with the key {key} is running"),
        )
        .with("instance_key", key));
    };
    end::cancel_instance(step, &at, &command.principal);
    done()
}

pub(super) fn go_on(step: &mut Step<'_>, work: &Continue) -> Handled {
    if !step.resume(work.instance_key, work.number) {
        return Err(not_found(
            "CONTINUATION_STALE",
            "these steps were taken already",
        ));
    }
    done()
}
