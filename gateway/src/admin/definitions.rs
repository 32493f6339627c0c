//! Deployed versions of processes, and their models.

use bytes::Bytes;
use engine::State;
use node::{Node, Query};
use proto::admin::{
    Definition, GetDefinitionXmlRequest, GetDefinitionXmlResponse, ListDefinitionsRequest,
    ListDefinitionsResponse,
};
use proto::record;
use tonic::Status;

use super::page::{self, Room};
use super::{document, failed, live, not_found};

pub(super) async fn list(
    node: &Node,
    request: ListDefinitionsRequest,
    message_bytes_max: usize,
) -> Result<ListDefinitionsResponse, Status> {
    let room = Room::new(request.page_size, message_bytes_max);
    let from = page::below(&request.page_token)?;
    let (definitions, next) = page::gather(room, from, |below, room| {
        let scan = ScanDefinitions {
            filter: Some(request.clone()),
            below,
            room: Some(room),
        };
        async {
            let (scanned, _) = node.first().ask(scan).await.map_err(failed)?;
            Ok((scanned.definitions, scanned.below))
        }
    })
    .await?;
    Ok(ListDefinitionsResponse {
        definitions,
        next_page_token: page::after(next),
    })
}

/// Asks for the definitions below a key.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ScanDefinitions {
    #[prost(message, optional, tag = "1")]
    filter: Option<ListDefinitionsRequest>,
    #[prost(uint64, tag = "2")]
    below: u64,
    #[prost(message, optional, tag = "3")]
    room: Option<Room>,
}

/// The newest first, and the key below which others may follow.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Scanned {
    #[prost(message, repeated, tag = "1")]
    definitions: Vec<Definition>,
    #[prost(uint64, optional, tag = "2")]
    below: Option<u64>,
}

impl Query for ScanDefinitions {
    type Answer = Scanned;
    const NAME: &'static str = "admin.ScanDefinitions";

    fn answer(self, state: &State) -> Scanned {
        let (filter, keys) = (self.filter.unwrap_or_default(), state.definition_keys());
        let room = self.room.unwrap_or_default();
        let (definitions, below) = page::newest(keys, self.below, room, |key| {
            let definition = state.definition(key)?;
            takes(state, &filter, definition).then(|| shown(state, definition))
        });
        Scanned { definitions, below }
    }
}

fn takes(state: &State, filter: &ListDefinitionsRequest, found: &record::Definition) -> bool {
    (filter.process_id.is_empty() || filter.process_id == found.process_id)
        && (!filter.latest_only || is_latest(state, found))
}

fn is_latest(state: &State, definition: &record::Definition) -> bool {
    state.definition_key(&definition.process_id, -1) == Some(definition.key)
}

fn shown(state: &State, definition: &record::Definition) -> Definition {
    let resource = state.resource(definition.resource_key);
    Definition {
        key: definition.key,
        process_id: document::cut(&definition.process_id),
        version: definition.version,
        name: live::process_name(state, definition.key),
        version_tag: document::cut(&definition.version_tag),
        resource_name: resource.map_or_else(String::new, |resource| document::cut(&resource.name)),
        deployment_key: resource.map_or(0, |resource| resource.deployment_key),
        deployed_ms: resource.map_or(0, |resource| resource.deployed_ms),
        is_latest: is_latest(state, definition),
    }
}

pub(super) async fn xml(
    node: &Node,
    request: GetDefinitionXmlRequest,
) -> Result<GetDefinitionXmlResponse, Status> {
    let wanted = match request.definition_key {
        0 => format!(
            "version {} of process `{}`",
            request.version, request.process_id
        ),
        key => format!("definition {key}"),
    };
    let question = FindDefinition {
        request: Some(request),
    };
    let (found, _) = node.first().ask(question).await.map_err(failed)?;
    if found.definition.is_none() {
        let message = format!("{wanted} is not deployed");
        return Err(not_found("DEFINITION_NOT_FOUND", message));
    }
    Ok(GetDefinitionXmlResponse {
        definition: found.definition,
        content: found.content.into(),
    })
}

/// Asks for a definition and its model.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct FindDefinition {
    #[prost(message, optional, tag = "1")]
    request: Option<GetDefinitionXmlRequest>,
}

/// Empty when there is none.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct FoundDefinition {
    #[prost(message, optional, tag = "1")]
    definition: Option<Definition>,
    /// Shared with the state; it is copied by the caller, not on the partition's thread.
    #[prost(bytes = "bytes", tag = "2")]
    content: Bytes,
}

impl Query for FindDefinition {
    type Answer = FoundDefinition;
    const NAME: &'static str = "admin.FindDefinition";

    fn answer(self, state: &State) -> FoundDefinition {
        let request = self.request.unwrap_or_default();
        let key = match request.definition_key {
            0 => state.definition_key(&request.process_id, request.version),
            key => Some(key),
        };
        let definition = key.and_then(|key| state.definition(key));
        let resource = definition.and_then(|found| state.resource(found.resource_key));
        match definition.zip(resource) {
            Some((definition, resource)) => FoundDefinition {
                definition: Some(shown(state, definition)),
                content: resource.content.clone(),
            },
            None => FoundDefinition::default(),
        }
    }
}
