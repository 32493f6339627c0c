//! BPMN 2.0 XML → typed model, one petgraph per process, located diagnostics, BPMN DI.
//!
//! Floor 0: owns reading; must not execute, evaluate expressions or do input and output.
//! `parse` reads a file in one pass and reports everything it finds; `refusals` says what an
//! executable process asks for that Weir does not execute yet.

mod diagnostic;
mod extension;
mod limits;
pub mod model;

pub use diagnostic::{Diagnostic, Location, Severity};
pub use extension::{Extensions, XmlAttribute, XmlElement, XmlNode};
pub use limits::Limits;
pub use model::{Model, Process, ProcessGraph};

/// What reading a file gave.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// `None` when the file is not XML, crosses a limit or has no BPMN `definitions`. Otherwise the
    /// model, without what the errors speak of.
    pub model: Option<Model>,
    /// All errors, warnings and refusals, in document order.
    pub diagnostics: Vec<Diagnostic>,
}

impl Parsed {
    /// Whether nothing keeps the file from being deployed.
    pub fn is_deployable(&self) -> bool {
        self.model.is_some() && !self.diagnostics.iter().any(Diagnostic::blocks_deployment)
    }
}
