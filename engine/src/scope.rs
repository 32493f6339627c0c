//! Variables: who sees what, where a result goes, input and output mappings.
//!
//! A name is looked up from the element's scope outward. A result updates the nearest scope that
//! has the name, and is created at the root otherwise.

mod write;

use bytes::Bytes;
use feel::{EvalError, EvalErrorKind, Expression, Variables, json};
use proto::record::{Instance, incident};

use crate::executable::{Evaluated, Mapping, Template};
use crate::state::State;
use crate::state::instance::Elements;
use crate::step::{At, Step, Stuck};

pub(crate) use write::{check_delivery, check_local, check_outward, deliver, propagate, write};

/// Levels of scopes that a look-up walks at most; the parser bounds nesting far below.
const DEPTH_MAX: usize = 1_000;

/// What is visible from a scope.
pub(crate) struct View<'a> {
    state: &'a State,
    instance: &'a Instance,
    scope: u64,
    /// Results of the mappings that were evaluated before.
    overlay: &'a [u8],
}

impl<'a> View<'a> {
    pub fn new(state: &'a State, instance: &'a Instance, scope: u64) -> View<'a> {
        View {
            state,
            instance,
            scope,
            overlay: b"{}",
        }
    }

    /// The scopes from here outward.
    fn scopes(&self) -> impl Iterator<Item = u64> + '_ {
        let outward = |scope: &u64| {
            let outer = self.instance.element(*scope)?.scope;
            (outer != 0).then_some(outer)
        };
        std::iter::successors(Some(self.scope), outward).take(DEPTH_MAX)
    }
}

impl Variables for View<'_> {
    fn bytes(&self) -> usize {
        let documents = self
            .scopes()
            .filter_map(|scope| self.state.variables(scope));
        self.overlay.len() + documents.map(<[u8]>::len).sum::<usize>()
    }

    fn get(&self, name: &str) -> Option<&[u8]> {
        if self.overlay.len() > 2
            && let Some(value) = json::get(self.overlay, name)
        {
            return Some(value);
        }
        self.scopes()
            .find_map(|scope| self.state.variable(scope, name))
    }
}

/// All that is visible from a scope as one object, or only the names asked for.
pub(crate) fn visible(state: &State, instance: u64, scope: u64, names: &[String]) -> Bytes {
    let Some(instance) = state.instance(instance) else {
        return Bytes::from_static(b"{}");
    };
    let view = View::new(state, instance, scope);
    let mut documents = view
        .scopes()
        .filter_map(|scope| state.variables_bytes(scope));
    let first = documents.next();
    let merged = match (first, documents.next()) {
        (None, _) => Bytes::from_static(b"{}"),
        (Some(only), None) => only.clone(),
        (Some(inner), Some(outer)) => {
            let merged = json::merge(outer, inner);
            // Inner scopes win: what is merged so far goes over each outer one.
            let merged = documents.fold(merged, |inner, outer| json::merge(outer, &inner));
            Bytes::from(merged)
        }
    };
    match names {
        [] => merged,
        names => Bytes::from(json::pick(&merged, names)),
    }
}

/// Evaluates in a scope.
pub(crate) fn evaluate(
    step: &Step<'_>,
    at: &At,
    scope: u64,
    template: &Template,
    kind: incident::Type,
) -> Result<Evaluated, Stuck> {
    let Some(instance) = step.instance(at) else {
        return Ok(Evaluated::Null);
    };
    let view = View::new(step.state, instance, scope);
    let environment = step.environment(&view);
    step.evaluating(|steps| template.evaluate(&environment, steps))
        .map_err(|error| failed(&template.source(), &error, kind))
}

/// A condition: anything but true and false is an error (Zeebe's rule).
pub(crate) fn is_true(step: &Step<'_>, at: &At, condition: &Expression) -> Result<bool, Stuck> {
    let Some(instance) = step.instance(at) else {
        return Ok(false);
    };
    let view = View::new(step.state, instance, at.element);
    let environment = step.environment(&view);
    let source = condition.text();
    let kind = incident::Type::ConditionError;
    match step.evaluating(|steps| condition.evaluate_within(&environment, steps)) {
        Ok(feel::Value::Boolean(value)) => Ok(value),
        Ok(other) => Err(Stuck::new(
            kind,
            format!("the condition `{source}` gave {other}, not true or false"),
        )),
        Err(error) => Err(failed(source, &error, kind)),
    }
}

pub(crate) fn failed(source: &str, error: &EvalError, kind: incident::Type) -> Stuck {
    let kind = match error.kind {
        EvalErrorKind::Steps | EvalErrorKind::Depth | EvalErrorKind::Size => {
            incident::Type::ExpressionError
        }
        EvalErrorKind::Assertion | EvalErrorKind::HitPolicy => kind,
    };
    Stuck::new(kind, format!("`{source}`: {error}"))
}

/// Writes the input mappings' results into the element's own scope. They see what is outside of it:
/// tried again after an incident they give the same.
pub(crate) fn apply_inputs(step: &mut Step<'_>, at: &At) -> Result<(), Stuck> {
    if at.node().inputs.is_empty() {
        return Ok(());
    }
    let document = map(step, at, at.scope, &at.node().inputs)?;
    check_local(step, at.element, &document)?;
    write(step, at.instance, at.element, document);
    Ok(())
}

/// Sends the output mappings' results outward from the element's parent.
pub(crate) fn apply_outputs(step: &mut Step<'_>, at: &At) -> Result<(), Stuck> {
    if at.node().outputs.is_empty() {
        return Ok(());
    }
    let document = map(step, at, at.element, &at.node().outputs)?;
    check_outward(step, at.instance, at.scope, &document)?;
    propagate(step, at.instance, at.scope, document);
    Ok(())
}

fn map(step: &Step<'_>, at: &At, scope: u64, mappings: &[Mapping]) -> Result<Bytes, Stuck> {
    let kind = incident::Type::IoMappingError;
    let Some(instance) = step.instance(at) else {
        return Ok(Bytes::from_static(b"{}"));
    };
    let mut document = b"{}".to_vec();
    for mapping in mappings {
        let mut view = View::new(step.state, instance, scope);
        view.overlay = &document;
        let environment = step.environment(&view);
        let mut value = Vec::new();
        step.evaluating(|steps| mapping.source.write_json(&environment, steps, &mut value))
            .map_err(|error| failed(&mapping.source.source(), &error, kind))?;
        let Some((name, path)) = mapping.target.split_first() else {
            continue;
        };
        let value = nest(view.get(name), path, &value);
        document = json::merge(&document, &object(name, &value));
        if document.len() > step.limits.variables_bytes {
            let message = format!(
                "the mappings' results take more than {} bytes",
                step.limits.variables_bytes
            );
            return Err(Stuck::new(incident::Type::ValueTooLarge, message));
        }
    }
    Ok(Bytes::from(document))
}

/// `value` at `path` inside `present`, which keeps its other fields.
fn nest(present: Option<&[u8]>, path: &[Box<str>], value: &[u8]) -> Vec<u8> {
    let present = present.filter(|present| present.first() == Some(&b'{'));
    // From the inside out, so that each level is written once.
    let mut levels = Vec::with_capacity(path.len());
    let mut level = present;
    for name in path {
        levels.push(level);
        level = level
            .and_then(|level| json::get(level, name))
            .filter(|level| level.first() == Some(&b'{'));
    }
    let nested = path.iter().zip(levels).rev();
    nested.fold(value.to_vec(), |value, (name, level)| {
        json::merge(level.unwrap_or(b"{}"), &object(name, &value))
    })
}

/// An object of one field.
pub(crate) fn object(name: &str, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len() + value.len() + 8);
    let mut writer = json::ObjectWriter::new(&mut out);
    writer.field(name, value);
    writer.end();
    out
}
