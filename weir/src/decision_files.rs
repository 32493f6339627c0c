//! DMN files as the commands need them: read, with what they import, and compiled.
//!
//! Owns which file an import leads to; what is wrong with files is `dmn`'s to say.

use std::path::Path;

use dmn::model::ImportKind;
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
        let model = self.parsed.model.as_ref();
        let imports = model.into_iter().flat_map(|model| &model.imports);
        imports
            .filter(|import| import.kind == ImportKind::Dmn)
            .map(|import| &*import.namespace)
    }

    pub fn namespace(&self) -> Option<&str> {
        let model = self.parsed.model.as_ref();
        model.map(|model| &*model.namespace)
    }

    /// Compiles it; `None` where it could not be read.
    pub fn compile(&self, others: &[DecisionFile]) -> Option<dmn::Compiled> {
        let others: Vec<_> = others.iter().filter_map(DecisionFile::readable).collect();
        Some(dmn::compile(self.readable()?, &others))
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
        let mut needed: Vec<&DecisionFile> = Vec::new();
        let mut at = 0;
        let mut importing = self;
        loop {
            for namespace in importing.imports() {
                let is_it = |file: &&DecisionFile| file.namespace() == Some(namespace);
                let known = std::iter::once(self).chain(needed.iter().copied());
                if !known.into_iter().any(|file| is_it(&file)) {
                    needed.extend(others.iter().find(is_it));
                }
            }
            match needed.get(at) {
                Some(next) => importing = next,
                None => return needed,
            }
            at += 1;
        }
    }
}
