//! Lists of incidents that wait for a decision.

use engine::State;
use node::Node;
use proto::admin::{Incident, ListIncidentsRequest, ListIncidentsResponse};
use proto::record;
use tonic::Status;

use super::{QUERIES_MAX, QUERY_ENTRIES_MAX, failed, live, page};

pub(super) async fn list(
    node: &Node,
    request: ListIncidentsRequest,
) -> Result<ListIncidentsResponse, Status> {
    let size = page::size(request.page_size);
    let mut next = Some(page::below(&request.page_token)?);
    let mut incidents = Vec::new();
    for _ in 0..QUERIES_MAX {
        let Some(below) = next else {
            break;
        };
        if incidents.len() >= size {
            break;
        }
        let (filter, left) = (request.clone(), size - incidents.len());
        let scanned = node.first().query(move |state| scan(state, &filter, below, left));
        let (found, more) = scanned.await.map_err(failed)?;
        incidents.extend(found);
        next = more;
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
    left: usize,
) -> (Vec<Incident>, Option<u64>) {
    let mut found = Vec::new();
    let mut keys = state.incident_keys().range(..below).rev();
    for key in keys.by_ref().take(QUERY_ENTRIES_MAX) {
        let incident = state.incident(*key);
        let shown = incident.map(|incident| shown(state, incident));
        found.extend(shown.filter(|shown| takes(filter, shown)));
        if found.len() >= left {
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

fn shown(state: &State, incident: &record::Incident) -> Incident {
    let executable = state.executable(incident.definition_key);
    let executable = executable.map(|executable| &**executable);
    Incident {
        process_id: executable.map_or_else(String::new, |found| found.process_id.to_string()),
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
