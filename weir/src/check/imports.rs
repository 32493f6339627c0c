//! The DMN files that a DMN file imports, among those that are checked.
//!
//! Owns which file has which namespace, looked up when the first import asks; files themselves are read again when they
//! are needed, since all of them may be more than fits into memory.

use std::path::{Path, PathBuf};

use super::files;
use crate::decision_files::{DecisionFile, is_decision_file};

/// How many files one file gets at most, with those that they import.
const IMPORTED_MAX: usize = 1000;

pub(super) struct Imports<'p> {
    paths: &'p [PathBuf],
    /// Each DMN file's namespace; `None` until somebody asks.
    known: Option<Vec<(String, PathBuf)>>,
}

impl<'p> Imports<'p> {
    pub fn new(paths: &'p [PathBuf]) -> Imports<'p> {
        Imports { paths, known: None }
    }

    /// What the file imports, and what that imports, as far as it is there.
    pub fn of(&mut self, file: &DecisionFile) -> Vec<DecisionFile> {
        let mut others: Vec<DecisionFile> = Vec::new();
        let mut open: Vec<String> = file.imports().map(str::to_owned).collect();
        while let Some(namespace) = open.pop() {
            let is_it = |file: &DecisionFile| file.namespace() == Some(&*namespace);
            if is_it(file) || others.iter().any(is_it) || others.len() >= IMPORTED_MAX {
                continue;
            }
            if let Some(found) = self.find(&namespace) {
                open.extend(found.imports().map(str::to_owned));
                others.push(found);
            }
        }
        others
    }

    fn find(&mut self, namespace: &str) -> Option<DecisionFile> {
        let paths = self.paths;
        let known = self.known.get_or_insert_with(|| namespaces(paths));
        let (_, path) = known.iter().find(|(known, _)| known == namespace)?;
        load(path)
    }
}

fn namespaces(paths: &[PathBuf]) -> Vec<(String, PathBuf)> {
    let files = files::paths(paths).filter(|path| is_decision_file(path));
    files
        .filter_map(|path| {
            let namespace = load(&path)?.namespace()?.to_owned();
            Some((namespace, path))
        })
        .collect()
}

fn load(path: &Path) -> Option<DecisionFile> {
    let bytes = files::read(path).ok()?;
    Some(DecisionFile::of(path.display().to_string(), &bytes))
}
