//! Lists of incidents that wait for a decision.

use engine::State;
use node::Node;
use proto::admin::{Incident, ListIncidentsRequest, ListIncidentsResponse};
use proto::record;
use tonic::Status;

use super::live;
use super::page::{self, Place, Room};

pub(super) async fn list(
    node: &Node,
    request: ListIncidentsRequest,
    message_bytes_max: usize,
) -> Result<ListIncidentsResponse, Status> {
    let room = Room::new(request.page_size, message_bytes_max);
    let from = page::before(&request.page_token)?;
    let filter = &request;
    let (incidents, next) = page::gather(room, from, |before, room| async move {
        let filter = filter.clone();
        let scan = move |state: &State| scan(state, &filter, before, room);
        let place = |incident: &Incident| (incident.created_ms, incident.key);
        let (found, next) = page::newest_of_all(node, room, scan, place).await?;
        Ok((found, next.map(Some)))
    })
    .await?;
    Ok(ListIncidentsResponse {
        incidents,
        next_page_token: page::after_place(next.flatten()),
    })
}

/// Those of a partition before a place, and where it stopped.
fn scan(
    state: &State,
    filter: &ListIncidentsRequest,
    before: Option<Place>,
    room: Room,
) -> (Vec<Incident>, Option<Place>) {
    let created_ms = |key| state.incident(key).map_or(0, |found| found.created_ms);
    let keys = state.incident_keys();
    let below = page::key_before(keys, before, created_ms);
    let (found, last) = page::newest(keys, below, room, |key| {
        let incident = shown(state, state.incident(key)?);
        takes(filter, &incident).then_some(incident)
    });
    (found, last.map(|key| (created_ms(key), key)))
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
