//! Deployed versions of processes, and their models.

use engine::State;
use node::Node;
use proto::admin::{
    Definition, GetDefinitionXmlRequest, GetDefinitionXmlResponse, ListDefinitionsRequest,
    ListDefinitionsResponse,
};
use proto::record;
use tonic::Status;

use super::{failed, live, not_found, page};

pub(super) async fn list(
    node: &Node,
    request: ListDefinitionsRequest,
) -> Result<ListDefinitionsResponse, Status> {
    let below = page::below(&request.page_token)?;
    let size = page::size(request.page_size);
    let listed = node.first().query(move |state| {
        let definitions = state.definitions();
        let mut matching = definitions.iter().rev().filter(|definition| {
            definition.key < below
                && (request.process_id.is_empty() || request.process_id == definition.process_id)
                && (!request.latest_only || is_latest(state, definition))
        });
        let page = matching.by_ref().take(size);
        let definitions = page.map(|found| shown(state, found)).collect::<Vec<_>>();
        let last = definitions.last().map(|definition| definition.key);
        let next_page_token = page::after(last.filter(|_| matching.next().is_some()));
        ListDefinitionsResponse {
            definitions,
            next_page_token,
        }
    });
    listed.await.map_err(failed)
}

fn is_latest(state: &State, definition: &record::Definition) -> bool {
    state.definition_key(&definition.process_id, -1) == Some(definition.key)
}

fn shown(state: &State, definition: &record::Definition) -> Definition {
    let resource = state.resource(definition.resource_key);
    Definition {
        key: definition.key,
        process_id: definition.process_id.clone(),
        version: definition.version,
        name: live::process_name(state, definition.key),
        version_tag: definition.version_tag.clone(),
        resource_name: resource.map_or_else(String::new, |resource| resource.name.clone()),
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
