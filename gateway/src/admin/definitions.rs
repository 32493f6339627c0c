//! Deployed versions of processes, and their models.

use engine::State;
use node::Node;
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
        let filter = request.clone();
        let scanned = node
            .first()
            .query(move |state| scan(state, &filter, below, room));
        async { scanned.await.map_err(failed) }
    })
    .await?;
    Ok(ListDefinitionsResponse {
        definitions,
        next_page_token: page::after(next),
    })
}

/// Those below a key, the newest first, and the key below which others may follow.
fn scan(
    state: &State,
    filter: &ListDefinitionsRequest,
    below: u64,
    room: Room,
) -> (Vec<Definition>, Option<u64>) {
    let keys = state.definition_keys();
    page::newest(keys, below, room, |key| {
        let definition = state.definition(key)?;
        takes(state, filter, definition).then(|| shown(state, definition))
    })
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
    let (key, process_id, version) = (request.definition_key, request.process_id, request.version);
    let wanted = match key {
        0 => format!("version {version} of process `{process_id}`"),
        key => format!("definition {key}"),
    };
    let found = node.first().query(move |state| {
        let key = match key {
            0 => state.definition_key(&process_id, version)?,
            key => key,
        };
        let definition = state.definition(key)?;
        let resource = state.resource(definition.resource_key)?;
        // The content is shared; it is copied by the caller, not on the partition's thread.
        Some((shown(state, definition), resource.content.clone()))
    });
    let Some((definition, content)) = found.await.map_err(failed)? else {
        let message = format!("{wanted} is not deployed");
        return Err(not_found("DEFINITION_NOT_FOUND", message));
    };
    Ok(GetDefinitionXmlResponse {
        definition: Some(definition),
        content: content.into(),
    })
}
