//! Lists of instances: the running ones from the state, the ended ones from the journal.

use engine::State;
use node::{Node, Query};
use proto::admin::{InstanceState, InstanceSummary, ListInstancesRequest, ListInstancesResponse};
use proto::record::EndedInstance;
use tonic::Status;

use super::page::{self, Cursor, Place, Room};
use super::{QUERY_ENTRIES_MAX, document, failed, live};

/// What a list shows.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Filter {
    #[prost(string, tag = "1")]
    process_id: String,
    #[prost(int32, repeated, tag = "2")]
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
    message_bytes_max: usize,
) -> Result<ListInstancesResponse, Status> {
    let room = Room::new(request.page_size, message_bytes_max);
    let from = Cursor::parse(&request.page_token)?;
    let mut states = request.states;
    states.retain(|state| *state != i32::from(InstanceState::Unspecified));
    let filter = Filter {
        process_id: request.process_id,
        states,
    };
    let filter = &filter;
    let (instances, next) = page::gather(room, from, |from, room| async move {
        match from {
            Cursor::Running { before } => running(node, filter, before, room).await,
            Cursor::Ended { before } => ended(node, filter, before, room).await,
        }
    })
    .await?;
    Ok(ListInstancesResponse {
        instances,
        next_page_token: next.map_or_else(String::new, Cursor::token),
    })
}

type Found = (Vec<InstanceSummary>, Option<Cursor>);

async fn running(
    node: &Node,
    filter: &Filter,
    before: Option<Place>,
    room: Room,
) -> Result<Found, Status> {
    let after = Some(Cursor::Ended { before: None }).filter(|_| filter.takes_ended());
    if !filter.takes_running() {
        return Ok((Vec::new(), after));
    }
    let scan = ScanInstances {
        filter: Some(filter.clone()),
        before,
        room: Some(room),
    };
    let parts = |scanned: Scanned| (scanned.instances, scanned.stopped);
    let place = |instance: &InstanceSummary| Place::new(instance.created_ms, instance.key);
    let (found, next) = page::newest_of_all(node, room, scan, parts, place).await?;
    let next = next.map(|before| Cursor::Running {
        before: Some(before),
    });
    Ok((found, next.or(after)))
}

/// Asks a partition for its running instances before a place.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ScanInstances {
    #[prost(message, optional, tag = "1")]
    filter: Option<Filter>,
    #[prost(message, optional, tag = "2")]
    before: Option<Place>,
    #[prost(message, optional, tag = "3")]
    room: Option<Room>,
}

/// What there is, the newest first, and where it stopped when others may follow.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Scanned {
    #[prost(message, repeated, tag = "1")]
    instances: Vec<InstanceSummary>,
    #[prost(message, optional, tag = "2")]
    stopped: Option<Place>,
}

impl Query for ScanInstances {
    type Answer = Scanned;
    const NAME: &'static str = "admin.ScanInstances";

    fn answer(self, state: &State) -> Scanned {
        let filter = self.filter.unwrap_or_default();
        let created_ms = |key| state.instance(key).map_or(0, |found| found.created_ms);
        let shown = |key| {
            let summary = live::summary(state, state.instance(key)?);
            filter.takes(&summary).then_some(summary)
        };
        let keys = state.instance_keys();
        let (instances, stopped) = page::scan(keys, self.before, self.room, created_ms, shown);
        Scanned { instances, stopped }
    }
}

async fn ended(
    node: &Node,
    filter: &Filter,
    before: Option<Place>,
    mut room: Room,
) -> Result<Found, Status> {
    if !filter.takes_ended() {
        return Ok((Vec::new(), None));
    }
    let limit = match filter.process_id.is_empty() && filter.states.is_empty() {
        true => room.entries(),
        false => QUERY_ENTRIES_MAX,
    };
    let after = before.map(|before| (before.at_ms, before.key));
    let ended = node.ended(after, limit).await.map_err(failed)?;
    let place = |instance: &InstanceSummary| Some(Place::new(instance.ended_ms, instance.key));
    let is_last = ended.len() < limit;
    let seen = ended.last().map(|last| Place::new(last.ended_ms, last.key));
    let summaries = ended.into_iter().map(summary);
    let taken = summaries.filter(|instance| filter.takes(instance));
    let mut found = named(node, taken.collect()).await?;
    let fitting = room.take_some(&found);
    if fitting < found.len() {
        found.truncate(fitting);
        let before = found.last().map_or(before, place);
        return Ok((found, Some(Cursor::Ended { before })));
    }
    let cursor = Cursor::Ended { before: seen };
    Ok((found, Some(cursor).filter(|_| !is_last)))
}

/// What the list of ended instances knows of one.
pub(super) fn summary(ended: EndedInstance) -> InstanceSummary {
    let state = match ended.canceled {
        true => InstanceState::Canceled,
        false => InstanceState::Completed,
    };
    InstanceSummary {
        key: ended.key,
        definition_key: ended.definition_key,
        process_id: document::cut(&ended.process_id),
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
    for instance in &mut instances {
        let model = node.executable(instance.definition_key).await;
        let model = model.map_err(failed)?;
        instance.process_name = model.map_or_else(String::new, |model| live::name_of(&model));
    }
    Ok(instances)
}
