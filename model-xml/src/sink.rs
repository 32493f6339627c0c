//! Collects diagnostics. Owns the bound on their number; must not decide what is wrong.

use crate::code::{self, Code};
use crate::diagnostic::{Diagnostic, Location, Severity};

/// Where a diagnostic points.
#[derive(Debug, Clone, Copy, Default)]
pub struct Subject<'a> {
    pub location: Location,
    pub element_id: Option<&'a str>,
    pub element: Option<&'a str>,
    pub process: Option<&'a str>,
}

/// A bounded list of diagnostics of one file.
#[derive(Debug)]
pub struct Sink {
    file: String,
    diagnostics: Vec<Diagnostic>,
    /// Where in `diagnostics` there are warnings, which make room for what is graver.
    warnings: Vec<usize>,
    limit: usize,
    /// The gravest of those that there was no room for: an error beyond the limit must still keep
    /// the file from being deployed, a warning must not.
    dropped: Option<Severity>,
}

impl Sink {
    pub fn new(file: &str, limit: usize) -> Self {
        Sink {
            file: clip(file),
            diagnostics: Vec::new(),
            warnings: Vec::new(),
            limit,
            dropped: None,
        }
    }

    /// Adds one diagnostic, or remembers that there was no room for it.
    pub fn report(
        &mut self,
        severity: Severity,
        code: Code,
        subject: Subject<'_>,
        message: String,
        help: impl Into<String>,
    ) {
        let Some(position) = self.room(severity) else {
            return;
        };
        let diagnostic = Diagnostic {
            severity,
            code: code.name,
            file: self.file.clone(),
            location: subject.location,
            element_id: subject.element_id.map(clip),
            element: subject.element.map(clip),
            message: clip(&message),
            help: clip(&help.into()),
            process: subject.process.map(clip),
        };
        if severity == Severity::Warning {
            self.warnings.push(position);
        }
        match self.diagnostics.get_mut(position) {
            Some(place) => *place = diagnostic,
            None => self.diagnostics.push(diagnostic),
        }
    }

    /// The position for one more; what is graver than a warning takes the place of one.
    fn room(&mut self, severity: Severity) -> Option<usize> {
        if self.diagnostics.len() < self.limit {
            return Some(self.diagnostics.len());
        }
        let replaced = match severity {
            Severity::Error | Severity::Refusal => self.warnings.pop(),
            Severity::Warning => None,
        };
        let dropped = match replaced {
            Some(_) => Severity::Warning,
            None => severity,
        };
        // The gravest comes first.
        self.dropped = Some(self.dropped.map_or(dropped, |before| before.min(dropped)));
        replaced
    }

    /// The diagnostics in document order.
    pub fn finish(mut self) -> Vec<Diagnostic> {
        self.diagnostics
            .sort_by_key(|diagnostic| diagnostic.location);
        if let Some(severity) = self.dropped {
            let location = self.diagnostics.last().map(|last| last.location);
            self.diagnostics.push(Diagnostic {
                severity,
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

/// Names in a hostile file may have megabytes; a thousand diagnostics must not repeat them, nor may
/// very many elements that refer to one name.
pub fn clip(text: &str) -> String {
    const BYTES_MAX: usize = 1_000;
    if text.len() <= BYTES_MAX {
        return text.to_owned();
    }
    let start = text.get(..text.floor_char_boundary(BYTES_MAX));
    format!("{}…", start.unwrap_or_default())
}
