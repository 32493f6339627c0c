//! Which files are checked, and their bytes.
//!
//! Owns walking folders, within bounds and in a fixed order; must not look into files.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::decision_files::is_decision_file;

/// Folders within folders that are looked into.
const DEPTH_MAX: usize = 64;
/// Files that one run finds in folders.
const FILES_MAX: usize = 100_000;

/// One file, or a path that leads to none.
pub(super) struct Source {
    pub path: PathBuf,
    /// Why it cannot be read, in words.
    pub content: Result<Vec<u8>, String>,
}

/// The files named, and the models below the folders named, each read when its turn comes.
pub(super) fn sources(paths: &[PathBuf]) -> impl Iterator<Item = Source> + '_ {
    paths
        .iter()
        .flat_map(|path| found(path))
        .map(|(path, found)| {
            let content = found.and_then(|()| read(&path));
            Source { path, content }
        })
}

/// The paths of the same files, as far as they are there.
pub(super) fn paths(paths: &[PathBuf]) -> impl Iterator<Item = PathBuf> + '_ {
    let found = paths.iter().flat_map(|path| found(path));
    found.filter_map(|(path, found)| found.ok().map(|()| path))
}

type Found = (PathBuf, Result<(), String>);

fn found(path: &Path) -> Vec<Found> {
    if path.is_dir() {
        walk(path)
    } else {
        vec![(path.to_owned(), Ok(()))]
    }
}

/// All `.bpmn` and `.dmn` files below a folder in the order of their names; symbolic links to folders are not
/// followed, since they may lead back.
fn walk(folder: &Path) -> Vec<Found> {
    let mut found = Vec::new();
    let mut open = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = open.pop() {
        if depth > DEPTH_MAX || found.len() >= FILES_MAX {
            let reason = format!("more than {DEPTH_MAX} folders deep or {FILES_MAX} files");
            found.push((folder, Err(reason)));
            break;
        }
        let entries = std::fs::read_dir(&folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => {
                found.push((folder, Err(error.to_string())));
                continue;
            }
        };
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                open.push((path, depth + 1));
            } else if is_model(&path) {
                found.push((path, Ok(())));
            }
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

fn is_model(path: &Path) -> bool {
    is_decision_file(path)
        || path
            .extension()
            .is_some_and(|extension| extension == "bpmn")
}

/// At most one byte more than the parsers take, so that devices and huge files end too.
///
/// # Errors
/// Why it cannot be read, in words.
pub fn read(path: &Path) -> Result<Vec<u8>, String> {
    let limit = bpmn_parser::Limits::default().bytes as u64;
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(limit.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(|error| error.to_string())?;
    Ok(bytes)
}
