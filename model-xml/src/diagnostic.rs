//! What reading says about a file: located, coded diagnostics as a compiler gives them.
//!
//! Owns the shape of a diagnostic; must not know how one is printed (`render.rs`) or why one is raised.

use serde::Serialize;

/// A place in the decoded text of a file.
///
/// `line` and `column` count from 1, columns in characters; `offset` counts bytes from 0 in the
/// text as UTF-8 without its byte-order mark (what [`crate::decode`] returns).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Location {
    pub line: u32,
    pub column: u32,
    pub offset: u32,
}

impl Location {
    /// The first character of a file.
    pub const START: Location = Location {
        line: 1,
        column: 1,
        offset: 0,
    };
}

impl Default for Location {
    fn default() -> Self {
        Self::START
    }
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// How grave a diagnostic is. `Error` and `Refusal` keep a file from being deployed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file is not valid XML, not a valid model, or cannot mean anything when executed.
    Error,
    /// A valid model that Weir does not execute yet although it is meant to be executed.
    Refusal,
    /// Harmless; something was ignored, or kept without being used.
    Warning,
}

impl Severity {
    /// The word that people and machines read: `error`, `refusal` or `warning`.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Refusal => "refusal",
            Severity::Warning => "warning",
        }
    }
}

/// One finding about one place of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    pub severity: Severity,
    /// A stable, documented code such as `dangling-reference`; see [`crate::code`].
    pub code: &'static str,
    /// The name given to [`crate::Sink::new`].
    pub file: String,
    /// The start tag of the element concerned, or the place where the XML broke.
    pub location: Location,
    /// The `id` of the element concerned, where it has one.
    pub element_id: Option<String>,
    /// The local tag name of the element concerned, such as `serviceTask`.
    pub element: Option<String>,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do about it, in one sentence.
    pub help: String,
    /// The id of the executable process concerned, where there is one.
    pub process: Option<String>,
}

impl Diagnostic {
    /// Whether this keeps the file from being deployed.
    pub fn blocks_deployment(&self) -> bool {
        match self.severity {
            Severity::Error | Severity::Refusal => true,
            Severity::Warning => false,
        }
    }
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}:{}: {}[{}]: {}",
            self.file,
            self.location,
            self.severity.word(),
            self.code,
            self.message
        )
    }
}
