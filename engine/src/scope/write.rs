//! Writing variables: where each goes, and whether there is room.
//!
//! A scope holds no more than the limit. What writes checks first and is stuck, or refused, before
//! anything has changed.

use bytes::Bytes;
use feel::json;
use proto::record::{VariablesWritten, event, incident};
use rustc_hash::FxHashSet;

use super::View;
use crate::step::{At, Step, Stuck};

/// Variables that a job, task or message brings: local with output mappings, else outward.
pub(crate) fn deliver(step: &mut Step<'_>, at: &At, variables: &Bytes) {
    if variables.len() <= 2 {
        return;
    }
    if at.node().outputs.is_empty() {
        propagate(step, at.instance, at.element, variables.clone());
    } else {
        write(step, at.instance, at.element, variables.clone());
    }
}

/// Whether there is room for what [`deliver`] would write.
pub(crate) fn check_delivery(step: &Step<'_>, at: &At, variables: &Bytes) -> Result<(), Stuck> {
    match at.node().outputs.is_empty() {
        true => check_outward(step, at.instance, at.element, variables),
        false => check_local(step, at.element, variables),
    }
}

/// Whether a scope has room for these variables.
pub(crate) fn check_local(step: &Step<'_>, scope: u64, document: &[u8]) -> Result<(), Stuck> {
    let limit = step.limits.variables_bytes;
    let present = step.state.variables(scope).unwrap_or(b"{}");
    // What is replaced does not count twice; merging tells, and is needed near the limit only.
    if present.len() + document.len() <= limit || json::merge(present, document).len() <= limit {
        return Ok(());
    }
    let message = format!(
        "a scope holds {limit} bytes of variables at most: it has {} and {} more are set",
        present.len(),
        document.len()
    );
    Err(Stuck::new(incident::Type::ValueTooLarge, message))
}

/// Whether there is room for what [`propagate`] would write.
pub(crate) fn check_outward(
    step: &Step<'_>,
    instance: u64,
    scope: u64,
    document: &Bytes,
) -> Result<(), Stuck> {
    if document.len() <= 2 {
        return Ok(());
    }
    for (scope, document) in spread(step, instance, scope, document.clone()) {
        check_local(step, scope, &document)?;
    }
    Ok(())
}

/// Sets variables in one scope.
pub(crate) fn write(step: &mut Step<'_>, instance: u64, scope: u64, document: Bytes) {
    if document.len() > 2 {
        step.emit(event::Kind::VariablesWritten(VariablesWritten {
            instance,
            scope,
            document,
        }));
    }
}

/// Each variable goes to the nearest scope, from `scope` outward, that has it; else to the root.
pub(crate) fn propagate(step: &mut Step<'_>, instance: u64, scope: u64, document: Bytes) {
    for (scope, document) in spread(step, instance, scope, document) {
        write(step, instance, scope, document);
    }
}

/// What goes to which scope.
fn spread(step: &Step<'_>, instance: u64, scope: u64, document: Bytes) -> Vec<(u64, Bytes)> {
    let Some(found) = step.state.instance(instance) else {
        return Vec::new();
    };
    let view = View::new(step.state, found, scope);
    let (mut parts, mut rest) = (Vec::new(), document);
    for scope in view.scopes().filter(|scope| *scope != instance) {
        if let Some(present) = step.state.variables(scope) {
            let (taken, left) = split(&rest, present);
            parts.push((scope, taken));
            rest = left;
        }
    }
    parts.push((instance, rest));
    parts
}

/// The fields of `document` that `present` has, and the others.
fn split(document: &Bytes, present: &[u8]) -> (Bytes, Bytes) {
    let names = json::fields(present)
        .map(|(name, _)| name)
        .collect::<FxHashSet<_>>();
    let (mut taken, mut left) = (Vec::new(), Vec::new());
    let mut taken_writer = json::ObjectWriter::new(&mut taken);
    let mut left_writer = json::ObjectWriter::new(&mut left);
    for (name, value) in json::fields(document) {
        match names.contains(&name) {
            true => taken_writer.field(&name, value),
            false => left_writer.field(&name, value),
        }
    }
    taken_writer.end();
    left_writer.end();
    (Bytes::from(taken), Bytes::from(left))
}
