//! Collects diagnostics. Owns the bound on their number; must not decide what is wrong.

use crate::code::{self, Code};
use crate::diagnostic::{Diagnostic, Location, Severity};

/// Where a diagnostic points.
#[derive(Debug, Clone, Default)]
pub(crate) struct Subject {
    pub location: Location,
    pub element_id: Option<String>,
    pub element: Option<String>,
    pub process: Option<String>,
}

/// A bounded list of diagnostics of one file.
#[derive(Debug)]
pub(crate) struct Sink {
    file: String,
    diagnostics: Vec<Diagnostic>,
    limit: usize,
    /// An error beyond the limit must still keep the file from being deployed.
    overflowed: bool,
}

impl Sink {
    pub(crate) fn new(file: &str, limit: usize) -> Self {
        Sink {
            file: file.to_owned(),
            diagnostics: Vec::new(),
            limit,
            overflowed: false,
        }
    }

    /// Adds one diagnostic, or remembers that there was no room for it.
    pub(crate) fn report(
        &mut self,
        severity: Severity,
        code: Code,
        subject: Subject,
        message: String,
        help: impl Into<String>,
    ) {
        if self.diagnostics.len() >= self.limit {
            self.overflowed = true;
            return;
        }
        self.diagnostics.push(Diagnostic {
            severity,
            code: code.name,
            file: self.file.clone(),
            location: subject.location,
            element_id: subject.element_id.map(clipped),
            element: subject.element.map(clipped),
            message: clipped(message),
            help: clipped(help.into()),
            process: subject.process.map(clipped),
        });
    }

    /// The diagnostics in document order.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        self.diagnostics
            .sort_by_key(|diagnostic| diagnostic.location);
        if self.overflowed {
            let location = self.diagnostics.last().map(|last| last.location);
            self.diagnostics.push(Diagnostic {
                severity: Severity::Error,
                code: code::LIMIT_DIAGNOSTICS.name,
                file: self.file,
                location: location.unwrap_or_default(),
                element_id: None,
                element: None,
                message: format!("there are more than {} diagnostics", self.limit),
                help: "mend these first".to_owned(),
                process: None,
            });
        }
        self.diagnostics
    }
}

/// Names in a hostile file may have megabytes; a thousand diagnostics must not repeat them.
fn clipped(mut text: String) -> String {
    const BYTES_MAX: usize = 1_000;
    if text.len() > BYTES_MAX {
        text.truncate(text.floor_char_boundary(BYTES_MAX));
        text.push('…');
    }
    text
}
