//! The public views: what a checkpoint changed, as JSON that any Kafka consumer reads. `docs/topics.md` is their
//! documentation; a field is added without notice and never changes its meaning.
//!
//! Made by the thread that writes checkpoints, of the entries as they are stored.

use std::sync::Arc;

use bytes::Bytes;
use engine::{Change, Executable, Kind, PROCESS_NODE};
use journal::{View, ViewRecord};
use prost::Message;
use proto::record::{Incident, Instance, UserTask};
use rustc_hash::FxHashMap;
use serde::Serialize;

/// The definitions that names are looked up in, by key.
pub type Definitions = FxHashMap<u64, Arc<Executable>>;

/// The new versions of what changed. `next_offset` is the first offset that they do not include.
pub(crate) fn of(
    changes: &[Change],
    definitions: &Definitions,
    next_offset: u64,
) -> Vec<ViewRecord> {
    let views = changes.iter().filter_map(|change| {
        let view = match change.key.kind {
            Kind::Instance => View::Instances,
            Kind::UserTask => View::UserTasks,
            Kind::Incident => View::Incidents,
            Kind::Meta
            | Kind::Resource
            | Kind::Definition
            | Kind::Variables
            | Kind::Job
            | Kind::Timer
            | Kind::Message
            | Kind::Subscription
            | Kind::Continuation
            | Kind::Stream
            | Kind::Requests
            | Kind::Outbox
            | Kind::PendingDeployment
            | Kind::RemoteSubscription
            | Kind::DecisionRequirements
            | Kind::Decision => return None,
        };
        let shown = change.value.as_ref().map(|value| {
            let names = Names {
                definitions,
                next_offset,
            };
            match view {
                View::Instances => names.instance(value),
                View::UserTasks => names.task(value),
                View::Incidents => names.incident(value),
            }
        });
        let (instance, value) = shown.unzip();
        Some(ViewRecord {
            view,
            key: Bytes::from(change.key.number.to_string()),
            value,
            instance,
        })
    });
    views.collect()
}

/// Keys are text: as numbers they would be rounded by many a reader of JSON.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Of {
    key: String,
    definition_key: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    process_id: String,
    version: i32,
    /// Of two records with the same key the one with the greater offset is newer.
    offset: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct InstanceView {
    #[serde(flatten)]
    of: Of,
    state: &'static str,
    created_ms: i64,
    #[serde(skip_serializing_if = "String::is_empty")]
    created_by: String,
    tags: Vec<String>,
    active_elements: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TaskView {
    #[serde(flatten)]
    of: Of,
    instance_key: String,
    element_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    state: &'static str,
    assignee: String,
    candidate_users: Vec<String>,
    candidate_groups: Vec<String>,
    excluded_users: Vec<String>,
    priority: i32,
    #[serde(skip_serializing_if = "is_zero")]
    due_ms: i64,
    #[serde(skip_serializing_if = "is_zero")]
    follow_up_ms: i64,
    created_ms: i64,
    #[serde(skip_serializing_if = "is_zero")]
    ended_ms: i64,
    #[serde(skip_serializing_if = "String::is_empty")]
    completed_by: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    action: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct IncidentView {
    #[serde(flatten)]
    of: Of,
    instance_key: String,
    element_id: String,
    r#type: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    job_key: Option<String>,
    created_ms: i64,
}

fn is_zero(number: &i64) -> bool {
    *number == 0
}

struct Names<'a> {
    definitions: &'a Definitions,
    next_offset: u64,
}

impl Names<'_> {
    fn of(&self, key: u64, definition: u64) -> Of {
        let known = self.definitions.get(&definition);
        Of {
            key: key.to_string(),
            definition_key: definition.to_string(),
            process_id: known.map_or_else(String::new, |known| known.process_id.to_string()),
            version: known.map_or(0, |known| known.version),
            offset: self.next_offset,
        }
    }

    fn element(&self, definition: u64, node: u32) -> (String, Option<String>) {
        let node = self
            .definitions
            .get(&definition)
            .and_then(|known| known.nodes.get(node as usize));
        let id = node.map_or_else(String::new, |node| node.id.to_string());
        (
            id,
            node.and_then(|node| node.name.as_deref().map(str::to_owned)),
        )
    }

    fn instance(&self, value: &[u8]) -> (u64, Bytes) {
        let instance = Instance::decode(value).unwrap_or_default();
        let mut owned = instance
            .elements
            .iter()
            .filter_map(|element| element.owned.as_ref());
        let has_incident = owned.any(|owned| !owned.incidents.is_empty());
        let origin = instance.origin.unwrap_or_default();
        let active = instance
            .elements
            .iter()
            .filter(|element| element.node != PROCESS_NODE);
        let active = active.map(|element| self.element(instance.definition_key, element.node).0);
        let view = InstanceView {
            of: self.of(instance.key, instance.definition_key),
            state: if has_incident { "INCIDENT" } else { "ACTIVE" },
            created_ms: instance.created_ms,
            active_elements: active.collect(),
            created_by: origin.created_by,
            tags: origin.tags,
        };
        (instance.key, json(&view))
    }

    fn task(&self, value: &[u8]) -> (u64, Bytes) {
        let task = UserTask::decode(value).unwrap_or_default();
        let (element_id, name) = self.element(task.definition_key, task.node);
        let view = TaskView {
            of: self.of(task.key, task.definition_key),
            instance_key: task.instance.to_string(),
            element_id,
            name,
            state: task.state().as_str_name(),
            assignee: task.assignee,
            candidate_users: task.candidate_users,
            candidate_groups: task.candidate_groups,
            excluded_users: task.excluded_users,
            priority: task.priority,
            due_ms: task.due_ms,
            follow_up_ms: task.follow_up_ms,
            created_ms: task.created_ms,
            ended_ms: task.ended_ms,
            completed_by: task.completed_by,
            action: task.action,
        };
        (task.instance, json(&view))
    }

    fn incident(&self, value: &[u8]) -> (u64, Bytes) {
        let incident = Incident::decode(value).unwrap_or_default();
        let view = IncidentView {
            of: self.of(incident.key, incident.definition_key),
            instance_key: incident.instance.to_string(),
            element_id: self.element(incident.definition_key, incident.node).0,
            r#type: incident.r#type().as_str_name(),
            message: incident.message,
            job_key: (incident.job != 0).then(|| incident.job.to_string()),
            created_ms: incident.created_ms,
        };
        (incident.instance, json(&view))
    }
}

/// Plain structures always have a JSON text.
fn json(view: &impl Serialize) -> Bytes {
    Bytes::from(serde_json::to_vec(view).unwrap_or_default())
}
