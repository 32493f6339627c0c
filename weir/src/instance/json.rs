//! An instance and all its parts as JSON. Keys are strings; times are RFC 3339, null where there is none.

use proto::admin as api;
use serde_json::{Value, json};

use super::words::{element_state, instance_state};
use crate::moment;
use crate::variables::value;

pub fn summary_json(found: &api::InstanceSummary) -> Value {
    json!({
        "key": found.key.to_string(),
        "processId": found.process_id,
        "processName": some(&found.process_name),
        "version": found.version,
        "definitionKey": found.definition_key.to_string(),
        "state": instance_state(found.state()).0,
        "started": instant(found.created_ms),
        "ended": instant(found.ended_ms),
        "startedBy": some(&found.created_by),
        "tags": found.tags,
        "openIncidents": found.open_incidents,
        "activeElements": found.active_elements,
    })
}

pub fn instance_json(found: &api::GetInstanceResponse) -> Value {
    let mut json = found
        .instance
        .as_ref()
        .map(summary_json)
        .unwrap_or_default();
    if let Some(object) = json.as_object_mut() {
        let mut put = |name: &str, values: Vec<Value>| {
            object.insert(name.to_owned(), Value::Array(values));
        };
        put(
            "elements",
            found.elements.iter().map(element_json).collect(),
        );
        put("flows", found.flows.iter().map(flow_json).collect());
        put(
            "variables",
            found.variables.iter().map(scope_json).collect(),
        );
        put("jobs", found.jobs.iter().map(job_json).collect());
        put(
            "incidents",
            found.incidents.iter().map(incident_json).collect(),
        );
        put(
            "userTasks",
            found.user_tasks.iter().map(task_json).collect(),
        );
        put("timers", found.timers.iter().map(timer_json).collect());
        put(
            "subscriptions",
            found.subscriptions.iter().map(subscription_json).collect(),
        );
        put("story", found.story.iter().map(event_json).collect());
        object.insert("truncated".to_owned(), Value::from(found.is_truncated));
    }
    json
}

fn element_json(run: &api::ElementRun) -> Value {
    json!({
        "key": run.key.to_string(),
        "elementId": run.element_id,
        "name": some(&run.name),
        "type": run.tag,
        "scopeKey": run.scope_key.to_string(),
        "state": element_state(run.state()),
        "started": instant(run.started_ms),
        "ended": instant(run.ended_ms),
        "actor": some(&run.actor),
        "action": some(&run.action),
        "result": document(run.result.as_ref()),
        "error": some(&run.error_message),
        "openIncidents": run.open_incidents,
    })
}

fn flow_json(flow: &api::TakenFlow) -> Value {
    json!({ "flowId": flow.flow_id, "count": flow.count })
}

fn scope_json(scope: &api::ScopeVariables) -> Value {
    json!({
        "scopeKey": scope.scope_key.to_string(),
        "elementId": scope.element_id,
        "variables": document(scope.variables.as_ref()),
    })
}

fn job_json(job: &api::Job) -> Value {
    json!({
        "key": job.key.to_string(),
        "elementId": job.element_id,
        "elementKey": job.element_key.to_string(),
        "type": job.r#type,
        "state": job.state,
        "retries": job.retries,
        "worker": some(&job.worker),
        "until": instant(job.until_ms),
        "error": some(&job.error_message),
        "created": instant(job.created_ms),
    })
}

pub fn incident_json(incident: &api::Incident) -> Value {
    json!({
        "key": incident.key.to_string(),
        "instanceKey": incident.instance_key.to_string(),
        "processId": incident.process_id,
        "definitionKey": incident.definition_key.to_string(),
        "elementId": incident.element_id,
        "elementKey": incident.element_key.to_string(),
        "jobKey": (incident.job_key != 0).then(|| incident.job_key.to_string()),
        "type": incident.r#type,
        "message": incident.message,
        "created": instant(incident.created_ms),
        "resolved": instant(incident.resolved_ms),
        "resolvedBy": some(&incident.resolved_by),
    })
}

fn task_json(task: &api::UserTask) -> Value {
    json!({
        "key": task.key.to_string(),
        "elementId": task.element_id,
        "elementKey": task.element_key.to_string(),
        "state": task.state,
        "assignee": some(&task.assignee),
        "candidateUsers": task.candidate_users,
        "candidateGroups": task.candidate_groups,
        "due": instant(task.due_ms),
        "priority": task.priority,
        "created": instant(task.created_ms),
        "ended": instant(task.ended_ms),
        "completedBy": some(&task.completed_by),
        "action": some(&task.action),
    })
}

fn timer_json(timer: &api::Timer) -> Value {
    json!({
        "key": timer.key.to_string(),
        "elementId": timer.element_id,
        "elementKey": timer.element_key.to_string(),
        "due": instant(timer.due_ms),
        "repetitions": timer.repetitions,
    })
}

fn subscription_json(found: &api::Subscription) -> Value {
    let mut json = json!({
        "key": found.key.to_string(),
        "elementId": found.element_id,
        "elementKey": found.element_key.to_string(),
    });
    if found.signal_name.is_empty() {
        json["message"] = found.message_name.clone().into();
        json["correlationKey"] = found.correlation_key.clone().into();
    } else {
        json["signal"] = found.signal_name.clone().into();
    }
    json
}

fn event_json(event: &api::StoryEvent) -> Value {
    let mut json = json!({
        "type": event.r#type().as_str_name(),
        "at": instant(event.at_ms),
        "offset": event.offset,
    });
    let Some(object) = json.as_object_mut() else {
        return json;
    };
    let texts = [
        ("principal", &event.principal),
        ("elementId", &event.element_id),
        ("elementName", &event.element_name),
        ("flowId", &event.flow_id),
        ("actor", &event.actor),
        ("code", &event.code),
        ("detail", &event.detail),
    ];
    for (name, text) in texts {
        if !text.is_empty() {
            object.insert(name.to_owned(), Value::from(text.as_str()));
        }
    }
    for (name, key) in [("elementKey", event.element_key), ("key", event.key)] {
        if key != 0 {
            object.insert(name.to_owned(), Value::from(key.to_string()));
        }
    }
    if event.until_ms != 0 {
        object.insert("until".to_owned(), instant(event.until_ms));
    }
    if event.document.is_some() {
        object.insert("document".to_owned(), document(event.document.as_ref()));
    }
    json
}

/// The document, or how large it would have been.
fn document(document: Option<&api::Document>) -> Value {
    match document {
        None => Value::Null,
        Some(document) if document.omitted_bytes > 0 => {
            json!({ "omittedBytes": document.omitted_bytes })
        }
        Some(document) => value(&document.json),
    }
}

fn some(text: &str) -> Value {
    if text.is_empty() {
        Value::Null
    } else {
        Value::from(text)
    }
}

fn instant(ms: i64) -> Value {
    if ms == 0 {
        Value::Null
    } else {
        Value::from(moment::rfc3339(ms))
    }
}
