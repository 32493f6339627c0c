//! DMN files as the commands need them: read, with what they import, and compiled.
//!
//! Owns which file an import leads to; what is wrong with files is `dmn`'s to say.

use std::path::Path;

use dmn::{Definitions, Diagnostic, Parsed};

/// A file that was read.
pub struct DecisionFile {
    pub name: String,
    /// What the locations of its diagnostics count in.
    pub text: String,
    pub parsed: Parsed,
}

/// Whether the name is one of a DMN file.
pub fn is_decision_file(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("dmn"))
}

impl DecisionFile {
    pub fn of(name: String, bytes: &[u8]) -> DecisionFile {
        let parsed = dmn::parse(&name, bytes);
        let text = match dmn::decode(bytes) {
            Ok(text) => text.into_owned(),
            Err(error) => error.valid_prefix,
        };
        DecisionFile { name, text, parsed }
    }

    /// The namespaces of the DMN files that it imports.
    pub fn imports(&self) -> impl Iterator<Item = &str> {
        let model = self.parsed.model.iter();
        model.flat_map(Definitions::imported_namespaces)
    }

    pub fn namespace(&self) -> Option<&str> {
        let model = self.parsed.model.as_ref();
        model.map(|model| &*model.namespace)
    }

    /// Compiles it; `None` where it could not be read.
    pub fn compile(&self, others: &[DecisionFile]) -> Option<dmn::Compiled> {
        let others: Vec<_> = others.iter().filter_map(DecisionFile::readable).collect();
        Some(dmn::inspect(self.readable()?, &others))
    }

    fn readable(&self) -> Option<dmn::File<'_>> {
        let model: &Definitions = self.parsed.model.as_ref()?;
        Some(dmn::File {
            model,
            text: &self.text,
        })
    }

    /// All that is wrong with the file, in its order; `compiled` may be about other files, too.
    pub fn findings(&self, compiled: &[Diagnostic]) -> Vec<Diagnostic> {
        let compiled = compiled.iter().filter(|found| found.file == self.name);
        let mut all: Vec<_> = self
            .parsed
            .diagnostics
            .iter()
            .chain(compiled)
            .cloned()
            .collect();
        all.sort_by_key(|found| found.location.offset);
        all
    }

    /// Those of other files that it imports, and that they import, each once.
    pub fn needed<'f>(&'f self, others: &'f [DecisionFile]) -> Vec<&'f DecisionFile> {
        let Some(model) = &self.parsed.model else {
            return Vec::new();
        };
        let models: Vec<_> = others.iter().map(|it| it.parsed.model.as_ref()).collect();
        let needed = model.imported(&models).into_iter();
        needed.map(|number| &others[number]).collect()
    }
}
