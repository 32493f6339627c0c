//! DMN 1.1 to 1.6 XML → typed model, located diagnostics, decisions that can be made.
//!
//! Floor 1: owns reading (`parse` reads a file in one pass and reports everything it finds, what Weir
//! does not evaluate included) and what a model means (`compile` makes a `feel` program of it); must
//! not evaluate expressions itself or do input and output.

mod check;
pub mod code;
mod compile;
mod decisions;
pub mod model;
mod namespace;
mod read;
mod tag;

pub use compile::{Compiled, File, compile, inspect};
pub use decisions::{Decision, Decisions, Evaluation, Failure, Function, Kind, Made, TableShape};
pub use model::Definitions;
pub use model_xml::{
    DecodeError, Diagnostic, Limits, Location, Severity, decode, place_in, render,
};

use model_xml::{Dom, Sink};
use tag::Tag;

/// The example of the README is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// What reading a file gave.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// `None` when the file is not XML, crosses a limit or has no DMN `definitions`. Otherwise the
    /// model, without what the errors speak of.
    pub model: Option<Definitions>,
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
        check::check(model, &mut sink);
    }
    Parsed {
        model,
        diagnostics: sink.finish(),
    }
}

fn read_model(
    source_name: &str,
    bytes: &[u8],
    limits: &Limits,
    sink: &mut Sink,
) -> Option<Definitions> {
    let source = model_xml::source(bytes, limits, sink)?;
    let dom: Dom<'_, Tag> = Dom::build(&source, limits, sink).ok()?;
    read::read(&dom, source_name, sink)
}
