//! Lists of instances: the running ones from the state, the ended ones from the journal.

use engine::State;
use node::Node;
use proto::admin::{InstanceState, InstanceSummary, ListInstancesRequest, ListInstancesResponse};
use proto::record::EndedInstance;
use tonic::Status;

use super::page::{self, Cursor};
use super::{QUERIES_MAX, QUERY_ENTRIES_MAX, failed, live};

/// What a list shows.
#[derive(Clone)]
struct Filter {
    process_id: String,
    states: Vec<i32>,
}

impl Filter {
    fn takes_state(&self, state: InstanceState) -> bool {
        self.states.is_empty() || self.states.contains(&state.into())
    }

    fn takes(&self, instance: &InstanceSummary) -> bool {
        self.takes_state(instance.state())
            && (self.process_id.is_empty() || self.process_id == instance.process_id)
    }

    fn takes_running(&self) -> bool {
        self.takes_state(InstanceState::Active) || self.takes_state(InstanceState::Incident)
    }

    fn takes_ended(&self) -> bool {
        self.takes_state(InstanceState::Completed) || self.takes_state(InstanceState::Canceled)
    }
}

pub(super) async fn list(
    node: &Node,
    request: ListInstancesRequest,
) -> Result<ListInstancesResponse, Status> {
    let size = page::size(request.page_size);
    let mut cursor = Some(Cursor::parse(&request.page_token)?);
    let mut states = request.states;
    states.retain(|state| *state != i32::from(InstanceState::Unspecified));
    let filter = Filter {
        process_id: request.process_id,
        states,
    };
    let mut instances = Vec::new();
    for _ in 0..QUERIES_MAX {
        let Some(from) = cursor else {
            break;
        };
        if instances.len() >= size {
            break;
        }
        let left = size - instances.len();
        let (found, next) = match from {
            Cursor::Running { below } => running(node, &filter, below, left).await?,
            Cursor::Ended { before } => ended(node, &filter, before, left).await?,
        };
        instances.extend(found);
        cursor = next;
    }
    Ok(ListInstancesResponse {
        instances,
        next_page_token: cursor.map_or_else(String::new, Cursor::token),
    })
}

type Found = (Vec<InstanceSummary>, Option<Cursor>);

async fn running(node: &Node, filter: &Filter, below: u64, left: usize) -> Result<Found, Status> {
    let after = Some(Cursor::Ended { before: None }).filter(|_| filter.takes_ended());
    if !filter.takes_running() {
        return Ok((Vec::new(), after));
    }
    let filter = filter.clone();
    let scanned = node.first().query(move |state| scan(state, &filter, below, left));
    let (found, next) = scanned.await.map_err(failed)?;
    let next = next.map(|below| Cursor::Running { below });
    Ok((found, next.or(after)))
}

/// Those below a key, the newest first, and the key below which others may follow.
fn scan(
    state: &State,
    filter: &Filter,
    below: u64,
    left: usize,
) -> (Vec<InstanceSummary>, Option<u64>) {
    let mut found = Vec::new();
    let mut keys = state.instance_keys().range(..below).rev();
    for key in keys.by_ref().take(QUERY_ENTRIES_MAX) {
        let instance = state.instance(*key);
        let summary = instance.map(|instance| live::summary(state, instance));
        found.extend(summary.filter(|summary| filter.takes(summary)));
        if found.len() >= left {
            return (found, Some(*key));
        }
    }
    // Where the scan has stopped without having seen all.
    let next = keys.next().map(|next| next.saturating_add(1));
    (found, next)
}

async fn ended(
    node: &Node,
    filter: &Filter,
    before: Option<(i64, u64)>,
    left: usize,
) -> Result<Found, Status> {
    if !filter.takes_ended() {
        return Ok((Vec::new(), None));
    }
    let limit = match filter.process_id.is_empty() && filter.states.is_empty() {
        true => left,
        false => QUERY_ENTRIES_MAX,
    };
    let ended = node.ended(before, limit).await.map_err(failed)?;
    let is_last = ended.len() < limit;
    let (mut found, mut next) = (Vec::new(), before);
    for instance in ended {
        if found.len() >= left {
            let cursor = Cursor::Ended { before: next };
            return Ok((named(node, found).await?, Some(cursor)));
        }
        next = Some((instance.ended_ms, instance.key));
        found.extend(Some(summary(instance)).filter(|summary| filter.takes(summary)));
    }
    let cursor = Some(Cursor::Ended { before: next }).filter(|_| !is_last);
    Ok((named(node, found).await?, cursor))
}

fn summary(ended: EndedInstance) -> InstanceSummary {
    let state = match ended.canceled {
        true => InstanceState::Canceled,
        false => InstanceState::Completed,
    };
    InstanceSummary {
        key: ended.key,
        definition_key: ended.definition_key,
        process_id: ended.process_id,
        version: ended.version,
        state: state.into(),
        created_ms: ended.created_ms,
        ended_ms: ended.ended_ms,
        ..InstanceSummary::default()
    }
}

/// Ended instances do not carry the names of their processes.
async fn named(
    node: &Node,
    mut instances: Vec<InstanceSummary>,
) -> Result<Vec<InstanceSummary>, Status> {
    if instances.is_empty() {
        return Ok(instances);
    }
    let named = node.first().query(move |state| {
        for instance in &mut instances {
            instance.process_name = live::process_name(state, instance.definition_key);
        }
        instances
    });
    named.await.map_err(failed)
}
