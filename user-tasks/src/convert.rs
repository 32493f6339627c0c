//! The machine's user task as the protocol shows it.

use engine::Executable;
use prost_types::Timestamp;
use proto::record::{UserTask, user_task};
use proto::usertask::{Form, Task, TaskState};

/// A task with what the model says of it; without the model's names where the definition is not known.
pub(crate) fn task(task: &UserTask, executable: Option<&Executable>) -> Task {
    let node = executable.and_then(|executable| executable.nodes.get(task.node as usize));
    let process_id = executable.map_or("", |executable| &*executable.process_id);
    let process_name = executable.and_then(|executable| executable.name.as_deref());
    Task {
        key: task.key,
        state: state(task.state()).into(),
        name: name(task, executable).to_owned(),
        element_id: node.map_or_else(String::new, |node| node.id.to_string()),
        element_instance_key: task.element,
        process_id: process_id.to_owned(),
        process_name: process_name.unwrap_or(process_id).to_owned(),
        process_version: executable.map_or(0, |executable| executable.version),
        process_definition_key: task.definition_key,
        process_instance_key: task.instance,
        assignee: task.assignee.clone(),
        candidate_users: task.candidate_users.clone(),
        candidate_groups: task.candidate_groups.clone(),
        excluded_users: task.excluded_users.clone(),
        priority: task.priority,
        created: Some(timestamp(task.created_ms)),
        due: date(task.due_ms),
        follow_up: date(task.follow_up_ms),
        ended: date(task.ended_ms),
        completed_by: task.completed_by.clone(),
        action: task.action.clone(),
        has_form: has_form(task),
        comment_count: task.comments,
    }
}

/// The element's name in the model, or its id.
pub(crate) fn name<'a>(task: &UserTask, executable: Option<&'a Executable>) -> &'a str {
    let node = executable.and_then(|executable| executable.nodes.get(task.node as usize));
    node.map_or("", |node| node.name.as_deref().unwrap_or(&node.id))
}

pub(crate) fn state(state: user_task::State) -> TaskState {
    match state {
        user_task::State::Created => TaskState::Created,
        user_task::State::Completed => TaskState::Completed,
        user_task::State::Canceled => TaskState::Canceled,
    }
}

/// What the model says about the form; a form key of the model's own forms brings the form along.
pub(crate) fn form(task: &UserTask, executable: Option<&Executable>) -> Option<Form> {
    const EMBEDDED: &str = "camunda-forms:bpmn:";
    let id = task
        .form_key
        .strip_prefix(EMBEDDED)
        .unwrap_or(&task.form_key);
    let embedded = executable.and_then(|executable| executable.form(id));
    has_form(task).then(|| Form {
        form_key: task.form_key.clone(),
        embedded_json: embedded.unwrap_or_default().to_owned(),
        form_id: task.form_id.clone(),
        external_reference: task.external_form.clone(),
    })
}

pub(crate) fn timestamp(at_ms: i64) -> Timestamp {
    let nanos = at_ms.rem_euclid(1_000) * 1_000_000;
    Timestamp {
        seconds: at_ms.div_euclid(1_000),
        nanos: i32::try_from(nanos).unwrap_or_default(),
    }
}

/// Milliseconds since 1970; of a time that no Timestamp may name, some other.
pub(crate) fn milliseconds(at: &Timestamp) -> i64 {
    let seconds_ms = at.seconds.saturating_mul(1_000);
    seconds_ms.saturating_add(i64::from(at.nanos / 1_000_000))
}

fn has_form(task: &UserTask) -> bool {
    !(task.form_key.is_empty() && task.form_id.is_empty() && task.external_form.is_empty())
}

/// The machine's 0 is no date.
fn date(date_ms: i64) -> Option<Timestamp> {
    (date_ms != 0).then(|| timestamp(date_ms))
}
