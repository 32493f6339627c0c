//! Lists of incidents that wait for a decision.

use engine::State;
use node::{Node, Query};
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
        let scan = ScanIncidents {
            filter: Some(filter.clone()),
            before,
            room: Some(room),
        };
        let parts = |scanned: Scanned| (scanned.incidents, scanned.stopped);
        let place = |incident: &Incident| Place::new(incident.created_ms, incident.key);
        let (found, next) = page::newest_of_all(node, room, scan, parts, place).await?;
        Ok((found, next.map(Some)))
    })
    .await?;
    Ok(ListIncidentsResponse {
        incidents,
        next_page_token: page::after_place(next.flatten()),
    })
}

/// Asks a partition for its incidents before a place.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ScanIncidents {
    #[prost(message, optional, tag = "1")]
    filter: Option<ListIncidentsRequest>,
    #[prost(message, optional, tag = "2")]
    before: Option<Place>,
    #[prost(message, optional, tag = "3")]
    room: Option<Room>,
}

/// What there is, the newest first, and where it stopped when others may follow.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Scanned {
    #[prost(message, repeated, tag = "1")]
    incidents: Vec<Incident>,
    #[prost(message, optional, tag = "2")]
    stopped: Option<Place>,
}

impl Query for ScanIncidents {
    type Answer = Scanned;
    const NAME: &'static str = "admin.ScanIncidents";

    fn answer(self, state: &State) -> Scanned {
        let filter = self.filter.unwrap_or_default();
        let created_ms = |key| state.incident(key).map_or(0, |found| found.created_ms);
        let shown = |key| {
            let incident = shown(state, state.incident(key)?);
            takes(&filter, &incident).then_some(incident)
        };
        let keys = state.incident_keys();
        let (incidents, stopped) = page::scan(keys, self.before, self.room, created_ms, shown);
        Scanned { incidents, stopped }
    }
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
