//! SVG pictures of models, drawn from their BPMN DI, with the state of an instance on top.
//!
//! Owns which diagram is drawn and in which order; must not read files, know the node or lay
//! anything out: a model without DI is refused. The text is deterministic. BPMN 2.0 chapter 12.

mod activity;
mod container;
mod data;
mod edge;
mod event;
mod event_icon;
mod font;
mod gateway;
mod geometry;
mod label;
mod overlay;
mod paint;
mod scene;
mod task_icon;

use std::fmt;

use bpmn_parser::Model;
use bpmn_parser::model::Diagram;

pub use overlay::Overlay;

/// Coordinates further from the origin than this are refused.
const COORDINATE_MAX: f64 = 100_000.0;
/// White space around the drawing, in pixels.
const MARGIN: f64 = 20.0;

/// Why there is no picture.
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// The file has no process with this id.
    UnknownProcess { id: String, known: Vec<String> },
    /// The file has no `bpmndi:BPMNDiagram` with shapes.
    NoDiagram,
    /// No diagram of the file shows this process.
    NotDrawn { id: String },
    /// A shape or edge lies where no picture reaches, or has no place at all.
    OutOfRange { element: String },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::UnknownProcess { id, known } => {
                let known = known.join("`, `");
                write!(f, "the file has no process `{id}`, only `{known}`")
            }
            Error::NoDiagram => f.write_str(
                "the file has no diagram: it needs a bpmndi:BPMNDiagram with a bpmndi:BPMNShape for \
                 each element; open and save it in a modelling tool",
            ),
            Error::NotDrawn { id } => write!(
                f,
                "no diagram of the file shows the process `{id}`: there is no bpmndi:BPMNShape for \
                 any of its elements"
            ),
            Error::OutOfRange { element } => write!(
                f,
                "the diagram draws `{element}` at coordinates that are no numbers or beyond \
                 ±{COORDINATE_MAX}"
            ),
        }
    }
}

impl std::error::Error for Error {}

/// Draws the diagram that shows a process; of the first diagram where no process is named.
///
/// # Errors
/// The process or its drawing is not there, or lies beyond all bounds.
pub fn svg(model: &Model, process_id: Option<&str>, overlay: &Overlay) -> Result<String, Error> {
    let diagram = match process_id {
        Some(id) => diagram_of(model, id)?,
        None => drawn(model).next().ok_or(Error::NoDiagram)?,
    };
    scene::draw(model, diagram, overlay)
}

/// The diagrams that show anything.
fn drawn(model: &Model) -> impl Iterator<Item = &Diagram> {
    let diagrams = model.diagrams.iter();
    diagrams.filter(|diagram| !diagram.plane.shapes.is_empty())
}

fn diagram_of<'m>(model: &'m Model, id: &str) -> Result<&'m Diagram, Error> {
    let Some(process) = model.process(id) else {
        return Err(Error::UnknownProcess {
            id: id.to_owned(),
            known: model
                .processes
                .iter()
                .map(|process| process.id.clone())
                .collect(),
        });
    };
    if drawn(model).next().is_none() {
        return Err(Error::NoDiagram);
    }
    let pool = model
        .collaborations
        .iter()
        .flat_map(|collaboration| &collaboration.participants)
        .find(|participant| {
            let of = participant
                .process
                .and_then(|index| model.processes.get(index));
            of.is_some_and(|of| of.id == id)
        });
    let is_plane = |diagram: &&Diagram| local(diagram.plane.bpmn_element.as_deref()) == Some(id);
    let shows = |wanted: &str, diagram: &Diagram| {
        let mut shapes = diagram.plane.shapes.iter();
        shapes.any(|shape| local(shape.bpmn_element.as_deref()) == Some(wanted))
    };
    let first_node = process
        .graph
        .children(None)
        .first()
        .map(|node| &process.graph[*node].id);
    drawn(model)
        .find(is_plane)
        .or_else(|| drawn(model).find(|diagram| pool.is_some_and(|pool| shows(&pool.id, diagram))))
        .or_else(|| drawn(model).find(|diagram| first_node.is_some_and(|id| shows(id, diagram))))
        .ok_or_else(|| Error::NotDrawn { id: id.to_owned() })
}

/// A QName without its prefix.
fn local(name: Option<&str>) -> Option<&str> {
    let name = name?;
    Some(name.rsplit_once(':').map_or(name, |(_, local)| local))
}

#[cfg(test)]
mod tests;
