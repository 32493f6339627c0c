//! Pictures of models and instances: fetches what is to be drawn and hands it to the renderer.

use bpmn_parser::Model;
use proto::admin as api;

use crate::client::Client;
use crate::failure::Failure;
use crate::render::{self, Overlay};

/// The model of an instance with its tokens and the path that it took, as SVG.
pub async fn of_instance(
    client: &Client,
    found: &api::GetInstanceResponse,
) -> Result<String, Failure> {
    let instance = found.instance.clone().unwrap_or_default();
    let request = api::GetDefinitionXmlRequest {
        definition_key: instance.definition_key,
        process_id: String::new(),
        version: 0,
    };
    let reply = client.admin().get_definition_xml(request).await;
    let xml = reply.map_err(client.failure())?.into_inner().content;
    let model = parse(&xml, &instance.process_id)?;
    draw(&model, Some(&instance.process_id), &overlay(found))
}

/// A model as it was drawn, without any state.
pub fn of_model(xml: &[u8], name: &str, process_id: Option<&str>) -> Result<String, Failure> {
    draw(&parse(xml, name)?, process_id, &Overlay::default())
}

fn draw(model: &Model, process_id: Option<&str>, overlay: &Overlay) -> Result<String, Failure> {
    render::svg(model, process_id, overlay).map_err(|error| Failure::failed(error.to_string()))
}

fn parse(xml: &[u8], name: &str) -> Result<Model, Failure> {
    let parsed = bpmn_parser::parse(name, xml);
    parsed.model.ok_or_else(|| {
        Failure::failed(format!("{name} is not a BPMN model that can be read"))
            .hint("`weir check` tells where and why")
    })
}

fn overlay(found: &api::GetInstanceResponse) -> Overlay {
    let mut overlay = Overlay::default();
    let scopes: std::collections::HashSet<u64> =
        found.elements.iter().map(|run| run.scope_key).collect();
    for run in found.elements.iter().filter(|run| run.tag != "process") {
        let id = run.element_id.clone();
        match run.state() {
            // A token is where no further one is inside.
            api::ElementState::Active if !scopes.contains(&run.key) => {
                *overlay.tokens.entry(id.clone()).or_default() += 1;
            }
            api::ElementState::Completed => *overlay.completed.entry(id.clone()).or_default() += 1,
            api::ElementState::Terminated => {
                *overlay.terminated.entry(id.clone()).or_default() += 1;
            }
            api::ElementState::Active | api::ElementState::Unspecified => {}
        }
        if run.open_incidents > 0 {
            *overlay.incidents.entry(id).or_default() += run.open_incidents;
        }
    }
    for flow in &found.flows {
        overlay.flows.insert(flow.flow_id.clone(), flow.count);
    }
    overlay
}
