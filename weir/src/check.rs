//! `weir check`: what keeps models from being deployed, for people and for machines.
//!
//! Owns finding files, joining the parsers' diagnostics with those of what they compile to, and the exit
//! status; must not judge models itself.

mod files;
mod imports;
mod report;

use std::io::{self, Write};
use std::path::PathBuf;

use bpmn_parser::{Diagnostic, Model};

use engine::Rejection;
use proto::record::deploy_resources;

use crate::decision_files::{DecisionFile, is_decision_file};
use crate::moment;
use files::Source;
pub use files::read;
use imports::Imports;
use report::{Checked, Counts, People};

/// Nothing keeps the models from being deployed.
const STATUS_OK: u8 = 0;
/// There are errors or refusals.
const STATUS_BLOCKED: u8 = 1;
/// A file cannot be read, or there is none.
const STATUS_UNREADABLE: u8 = 2;

/// Checks files, and the `.bpmn` and `.dmn` files below folders, and prints what it finds to `out`.
///
/// Gives the exit status: 0 without errors and refusals, 1 with some, 2 when a file cannot be read
/// or no file is found. `colour` is for people only.
///
/// # Errors
/// When `out` cannot be written.
pub fn run(paths: &[PathBuf], json: bool, colour: bool, out: &mut dyn Write) -> io::Result<u8> {
    let mut counts = Counts::default();
    let mut machine = Vec::new();
    let people = People { colour };
    let mut imports = Imports::new(paths);
    for source in files::sources(paths) {
        let checked = match is_decision_file(&source.path) {
            true => check_decisions(source, &mut imports),
            false => check(source),
        };
        counts.add(&checked);
        if json {
            machine.push(report::json(&checked));
        } else {
            people.file(&checked, out)?;
        }
    }
    if json {
        report::json_document(machine, &counts, out)?;
    } else {
        people.summary(&counts, out)?;
    }
    Ok(status(&counts))
}

fn status(counts: &Counts) -> u8 {
    if counts.unreadable > 0 || counts.files == 0 {
        STATUS_UNREADABLE
    } else if counts.errors + counts.refusals > 0 {
        STATUS_BLOCKED
    } else {
        STATUS_OK
    }
}

fn check(source: Source) -> Checked {
    let name = source.path.display().to_string();
    let bytes = match source.content {
        Ok(bytes) => bytes,
        Err(reason) => return Checked::unreadable(name, reason),
    };
    let parsed = bpmn_parser::parse(&name, &bytes);
    let mut diagnostics = parsed.diagnostics;
    if let Some(model) = &parsed.model {
        let found = expressions(model, &diagnostics);
        diagnostics.extend(found);
        diagnostics.sort_by_key(|diagnostic| diagnostic.location.offset);
    }
    let is_blocked = diagnostics.iter().any(Diagnostic::blocks_deployment);
    let rejection = match is_blocked {
        true => None,
        false => rejection(&name, &bytes),
    };
    let text = match bpmn_parser::decode(&bytes) {
        Ok(text) => text.into_owned(),
        Err(error) => error.valid_prefix,
    };
    Checked {
        name,
        text,
        diagnostics,
        rejection,
        unreadable: None,
    }
}

/// A DMN file, which may import others of those that are checked.
fn check_decisions(source: Source, imports: &mut Imports<'_>) -> Checked {
    let name = source.path.display().to_string();
    let bytes = match source.content {
        Ok(bytes) => bytes,
        Err(reason) => return Checked::unreadable(name, reason),
    };
    let file = DecisionFile::of(name, &bytes);
    let others = imports.of(&file);
    let compiled = file.compile(&others).map(|compiled| compiled.diagnostics);
    Checked {
        diagnostics: file.findings(&compiled.unwrap_or_default()),
        name: file.name,
        text: file.text,
        rejection: None,
        unreadable: None,
    }
}

/// What a deployment of the file alone would say that is about no element: no process is executable, for example.
fn rejection(name: &str, content: &[u8]) -> Option<Rejection> {
    let resource = deploy_resources::Resource {
        name: name.to_owned(),
        content: content.to_vec().into(),
    };
    engine::check_deployment(&[resource], moment::now_ms()).err()
}

/// What compiling finds beyond the parser: expressions that are not FEEL.
///
/// Elements that the parser keeps from being deployed are left out, since compiling only repeats it.
fn expressions(model: &Model, known: &[Diagnostic]) -> Vec<Diagnostic> {
    let is_known = |found: &Diagnostic| {
        let mut blocking = known.iter().filter(|known| known.blocks_deployment());
        blocking.any(|known| known.element_id.is_some() && known.element_id == found.element_id)
    };
    let executable = model
        .processes
        .iter()
        .filter(|process| process.is_executable);
    let found = executable.filter_map(|process| engine::compile(model, process).err());
    found.flatten().filter(|found| !is_known(found)).collect()
}

#[cfg(test)]
mod tests;
