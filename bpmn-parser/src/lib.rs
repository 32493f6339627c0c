//! BPMN 2.0 XML → typed model, one petgraph per process, located diagnostics, BPMN DI.
//!
//! Floor 0: owns reading; must not execute, evaluate expressions or do input and output.
//! `parse` reads a file in one pass and reports everything it finds, what an executable process asks
//! for that Weir does not execute yet included.

pub mod code;
mod decode;
mod diagnostic;
mod dom;
mod element_table;
mod execution;
mod extension;
mod limits;
pub mod model;
mod read;
mod render;
mod sink;
mod support_page;

pub use decode::{DecodeError, decode};
pub use diagnostic::{Diagnostic, Location, Severity};
pub use extension::{Extensions, XmlAttribute, XmlElement, XmlNode};
pub use limits::Limits;
pub use model::{Model, Process, ProcessGraph};
pub use render::render;
pub use support_page::support_page;

use dom::Cursor;
use sink::{Sink, Subject};

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
    /// Offsets are 32 bits wide, and UTF-16 grows when it becomes UTF-8.
    const BYTES_MAX: usize = 1 << 30;
    let bytes_max = limits.bytes.min(BYTES_MAX);
    if bytes.len() > bytes_max {
        let message = format!("the file has {} bytes, more than {bytes_max}", bytes.len());
        let help = "split the file, or move data out of it";
        refuse_file(sink, code::LIMIT_BYTES, Location::START, message, help);
        return None;
    }
    let source = match decode(bytes) {
        Ok(source) => source,
        Err(error) => {
            let mut cursor = Cursor::new(&error.valid_prefix);
            cursor.advance(u32::try_from(error.valid_prefix.len()).unwrap_or(u32::MAX));
            let help = "save the file as UTF-8";
            let location = cursor.location;
            refuse_file(sink, code::XML_ENCODING, location, error.message, help);
            return None;
        }
    };
    let dom = dom::build(&source, limits, sink).ok()?;
    read::read(&dom, source_name, limits, sink)
}

fn refuse_file(sink: &mut Sink, code: code::Code, location: Location, message: String, help: &str) {
    let subject = Subject {
        location,
        ..Subject::default()
    };
    sink.report(Severity::Error, code, subject, message, help);
}
