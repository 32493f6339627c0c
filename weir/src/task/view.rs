//! A task as JSON, and the words for its parts.

use prost_types::Timestamp;
use proto::usertask as api;
use serde_json::{Value, json};

use crate::moment;
use crate::output::Tone;
use crate::variables::shorten;

/// Keys are strings: they do not fit into the numbers of every script's language.
pub fn json(task: &api::Task) -> Value {
    json!({
        "key": task.key.to_string(),
        "state": state(task),
        "name": task.name,
        "elementId": task.element_id,
        "elementInstanceKey": task.element_instance_key.to_string(),
        "processId": task.process_id,
        "processName": task.process_name,
        "processVersion": task.process_version,
        "processDefinitionKey": task.process_definition_key.to_string(),
        "processInstanceKey": task.process_instance_key.to_string(),
        "assignee": some(&task.assignee),
        "candidateUsers": task.candidate_users,
        "candidateGroups": task.candidate_groups,
        "excludedUsers": task.excluded_users,
        "priority": task.priority,
        "created": instant(task.created.as_ref()),
        "due": instant(task.due.as_ref()),
        "followUp": instant(task.follow_up.as_ref()),
        "ended": instant(task.ended.as_ref()),
        "completedBy": some(&task.completed_by),
        "action": some(&task.action),
        "hasForm": task.has_form,
        "comments": task.comment_count,
    })
}

pub fn name(task: &api::Task) -> String {
    shorten(&task.name, 60)
}

pub fn state(task: &api::Task) -> &'static str {
    match task.state() {
        api::TaskState::Unspecified => "UNKNOWN",
        api::TaskState::Created => "CREATED",
        api::TaskState::Completed => "COMPLETED",
        api::TaskState::Canceled => "CANCELED",
    }
}

pub fn state_tone(task: &api::Task) -> Tone {
    match task.state() {
        api::TaskState::Created => Tone::Warn,
        api::TaskState::Completed => Tone::Good,
        api::TaskState::Unspecified | api::TaskState::Canceled => Tone::Faint,
    }
}

pub fn ms(at: &Timestamp) -> i64 {
    at.seconds
        .saturating_mul(1000)
        .saturating_add(i64::from(at.nanos / 1_000_000))
}

pub fn timestamp(ms: i64) -> Timestamp {
    let nanos = i32::try_from(ms.rem_euclid(1000) * 1_000_000).unwrap_or_default();
    Timestamp {
        seconds: ms.div_euclid(1000),
        nanos,
    }
}

pub fn instant(at: Option<&Timestamp>) -> Value {
    at.map_or(Value::Null, |at| Value::from(moment::rfc3339(ms(at))))
}

pub fn some(text: &str) -> Value {
    if text.is_empty() {
        Value::Null
    } else {
        Value::from(text)
    }
}

/// Who may take it: users, then groups.
pub fn candidates(task: &api::Task) -> String {
    let names: Vec<&str> = task
        .candidate_users
        .iter()
        .chain(&task.candidate_groups)
        .map(String::as_str)
        .collect();
    shorten(&names.join(", "), 40)
}
