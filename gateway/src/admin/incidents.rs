//! Lists of incidents that wait for a decision.

use engine::State;
use node::Node;
use proto::admin::{Incident, ListIncidentsRequest, ListIncidentsResponse};
use proto::record;
use tonic::Status;

use super::page::{self, Room};
use super::{failed, live};

pub(super) async fn list(
    node: &Node,
    request: ListIncidentsRequest,
    message_bytes_max: usize,
) -> Result<ListIncidentsResponse, Status> {
    let room = Room::new(request.page_size, message_bytes_max);
    let from = page::below(&request.page_token)?;
    let (incidents, next) = page::gather(room, from, |below, room| {
        let filter = request.clone();
        let partition = page::partition_below(node, below);
        let scanned = partition.query(move |state| {
            page::newest(state.incident_keys(), below, room, |key| {
                let incident = shown(state, state.incident(key)?);
                takes(&filter, &incident).then_some(incident)
            })
        });
        async move {
            let (found, more) = scanned.await.map_err(failed)?;
            Ok((found, page::or_next_partition(partition, more)))
        }
    })
    .await?;
    Ok(ListIncidentsResponse {
        incidents,
        next_page_token: page::after(next),
    })
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
