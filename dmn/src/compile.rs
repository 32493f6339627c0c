//! Model → program: names become definitions, boxed expressions parts of one tree.

use model_xml::Diagnostic;

use crate::decisions::Decisions;
use crate::model::Definitions;

/// A file that was read, with its text for the places of what is wrong.
#[derive(Debug, Clone, Copy)]
pub struct File<'m> {
    pub model: &'m Definitions,
    /// What [`crate::decode`] gives of it.
    pub text: &'m str,
}

/// What compiling gave.
#[derive(Debug)]
pub struct Compiled {
    /// `None` when an error keeps the file from being used.
    pub decisions: Option<Decisions>,
    /// What is wrong in the file or in those that it imports, in the order of the files.
    pub diagnostics: Vec<Diagnostic>,
}

/// Compiles a file; `others` are those that it may import, by their namespaces.
pub fn compile(_file: File<'_>, _others: &[File<'_>]) -> Compiled {
    Compiled {
        decisions: None,
        diagnostics: Vec::new(),
    }
}
