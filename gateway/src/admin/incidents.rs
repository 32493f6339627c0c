//! Lists of incidents that wait for a decision.

use engine::State;
use node::Node;
use proto::admin::{Incident, ListIncidentsRequest, ListIncidentsResponse};
use proto::record;
use tonic::Status;

use super::page::{self, Room};
use super::{QUERIES_MAX, QUERY_ENTRIES_MAX, failed, live};

pub(super) async fn list(
    node: &Node,
    request: ListIncidentsRequest,
    message_bytes_max: usize,
) -> Result<ListIncidentsResponse, Status> {
    let mut room = Room::new(request.page_size, message_bytes_max);
    let mut next = Some(page::below(&request.page_token)?);
    let mut incidents = Vec::new();
    for _ in 0..QUERIES_MAX {
        let Some(below) = next else {
            break;
        };
        if room.is_full() {
            break;
        }
        let filter = request.clone();
        let partition = page::partition_below(node, below);
        let scanned = partition.query(move |state| scan(state, &filter, below, room));
        let (found, more) = scanned.await.map_err(failed)?;
        room.take_some(&found);
        incidents.extend(found);
        next = page::or_next_partition(partition, more);
    }
    Ok(ListIncidentsResponse {
        incidents,
        next_page_token: page::after(next),
    })
}

fn scan(
    state: &State,
    filter: &ListIncidentsRequest,
    below: u64,
    mut room: Room,
) -> (Vec<Incident>, Option<u64>) {
    let mut found = Vec::new();
    let mut keys = state.incident_keys().range(..below).rev();
    for key in keys.by_ref().take(QUERY_ENTRIES_MAX) {
        let incident = state.incident(*key);
        let shown = incident.map(|incident| shown(state, incident));
        let taken = shown.filter(|shown| takes(filter, shown));
        found.extend(taken.inspect(|incident| room.take(incident)));
        if room.is_full() {
            return (found, Some(*key));
        }
    }
    let next = keys.next().map(|next| next.saturating_add(1));
    (found, next)
}

fn takes(filter: &ListIncidentsRequest, incident: &Incident) -> bool {
    (filter.instance_key == 0 || filter.instance_key == incident.instance_key)
        && (filter.process_id.is_empty() || filter.process_id == incident.process_id)
        && (filter.r#type.is_empty() || filter.r#type == incident.r#type)
}

pub(super) fn shown(state: &State, incident: &record::Incident) -> Incident {
    let executable = state.executable(incident.definition_key);
    let executable = executable.map(|executable| &**executable);
    Incident {
        process_id: live::process_id(executable),
        element_id: live::element_id(executable, incident.node),
        ..of_record(incident)
    }
}

/// What the record itself says.
pub(super) fn of_record(incident: &record::Incident) -> Incident {
    Incident {
        key: incident.key,
        instance_key: incident.instance,
        definition_key: incident.definition_key,
        element_key: incident.element,
        job_key: incident.job,
        r#type: incident.r#type().as_str_name().to_owned(),
        message: super::document::cut(&incident.message),
        created_ms: incident.created_ms,
        ..Incident::default()
    }
}
