//! BPMN 2.0 XML → typed model, one petgraph per process, located diagnostics, BPMN DI.
//!
//! Floor 1: owns reading; must not execute, evaluate expressions or do input and output.
//! `parse` reads a file in one pass and reports everything it finds, what an executable process asks
//! for that Weir does not execute yet included.

pub mod code;
mod element_table;
mod execution;
mod extension;
mod limits;
pub mod model;
mod namespace;
mod read;
mod support_page;

pub use extension::{Extensions, XmlAttribute, XmlElement, XmlNode};
pub use limits::Limits;
pub use model::{Model, Process, ProcessGraph};
pub use model_xml::{DecodeError, Diagnostic, Location, Severity, decode, render};
pub use support_page::support_page;

use element_table::Tag;
use model_xml::{Dom, Sink};

/// What reading a file gave.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// `None` when the file is not XML, crosses a limit or has no BPMN `definitions`. Otherwise the
    /// model, without what the errors speak of.
    pub model: Option<Model>,
    /// All errors, refusals and warnings, in document order.
    pub diagnostics: Vec<Diagnostic>,
}

impl Parsed {
    /// Whether nothing keeps the file from being deployed.
    pub fn is_deployable(&self) -> bool {
        self.model.is_some() && !self.diagnostics.iter().any(Diagnostic::blocks_deployment)
    }
}

/// Reads a file within the default [`Limits`].
///
/// `source_name` is what diagnostics call the file. Never panics and never blocks; takes time and
/// memory in proportion to the file.
pub fn parse(source_name: &str, bytes: &[u8]) -> Parsed {
    parse_with(source_name, bytes, &Limits::default())
}

/// Reads a file within the given limits.
pub fn parse_with(source_name: &str, bytes: &[u8], limits: &Limits) -> Parsed {
    let mut sink = Sink::new(source_name, limits.diagnostics);
    let model = read_model(source_name, bytes, limits, &mut sink);
    if let Some(model) = &model {
        execution::check(model, &mut sink);
    }
    Parsed {
        model,
        diagnostics: sink.finish(),
    }
}

fn read_model(source_name: &str, bytes: &[u8], limits: &Limits, sink: &mut Sink) -> Option<Model> {
    let xml = limits.of_xml();
    let source = model_xml::source(bytes, &xml, sink)?;
    let dom: Dom<'_, Tag> = Dom::build(&source, &xml, sink).ok()?;
    read::read(&dom, source_name, limits, sink)
}
