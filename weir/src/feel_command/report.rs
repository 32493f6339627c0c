//! What came of an expression: its value, what became null on the way, what is wrong with it.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use feel::{EvalError, EvalErrorKind, Position, SyntaxError, Warning};
use serde_json::{Value, json};

use crate::failure::{Exit, Failure};
use crate::output::Paint;

/// Bytes of a line that are shown around a place.
const CONTEXT_BYTES: usize = 120;

/// A text and what it is called.
#[derive(Clone, Copy)]
pub(super) struct Place<'t> {
    name: &'static str,
    text: &'t str,
}

impl<'t> Place<'t> {
    pub fn new(name: &'static str, text: &'t str) -> Place<'t> {
        Place { name, text }
    }
}

/// A value, and how it came about where that was asked for.
pub(super) struct Evaluated {
    /// In FEEL's notation.
    pub value: String,
    pub json: Value,
    pub is_function: bool,
    warnings: Option<Vec<Warning>>,
}

impl Evaluated {
    /// # Errors
    /// When the value is nested too deep for JSON.
    pub fn new(
        value: &feel::Value<'_>,
        warnings: Option<Vec<Warning>>,
    ) -> Result<Evaluated, Failure> {
        Ok(Evaluated {
            value: value.to_string(),
            json: as_json(value)?,
            is_function: matches!(value, feel::Value::Function(_)),
            warnings,
        })
    }

    pub fn to_json(&self) -> Value {
        let mut document = json!({ "value": self.json });
        if let Some(warnings) = &self.warnings {
            document["warnings"] = warnings_json(warnings);
        }
        document
    }

    /// The value on a line, then what became null in `text`.
    pub fn to_text(&self, text: &str, paint: Paint) -> String {
        let explained = self.explained(text, paint);
        format!("{}\n{explained}", self.value)
    }

    /// What became null in `text`; nothing where nobody asked.
    pub fn explained(&self, text: &str, paint: Paint) -> String {
        match &self.warnings {
            None => String::new(),
            Some(warnings) if warnings.is_empty() => paint.faint("nothing became null") + "\n",
            Some(warnings) => {
                let place = Place::new("expression", text);
                format!("\n{}", warnings_text(place, warnings, paint.colour))
            }
        }
    }
}

/// # Errors
/// When the value is nested too deep for JSON.
pub fn as_json(value: &feel::Value<'_>) -> Result<Value, Failure> {
    let mut text = Vec::new();
    value.write_json(&mut text);
    serde_json::from_slice(&text)
        .map_err(|error| Failure::failed(format!("the value cannot be written as JSON: {error}")))
}

/// A text that is no FEEL.
pub(super) fn syntax(place: Place<'_>, error: &SyntaxError, colour: bool) -> Failure {
    let position = Position::of(place.text, error.offset);
    let excerpt = located(
        place,
        Level::ERROR.primary_title(&error.message),
        position,
        colour,
    );
    let detail = json!({
        "line": error.line,
        "column": error.column,
        "offset": error.offset,
        "found": error.found,
        "expected": error.expected,
    });
    Failure::new(Exit::Failed, "NOT_FEEL", error.to_string()).shown(excerpt, detail)
}

/// An evaluation that was ended, and what became null before.
pub(super) fn stopped(
    place: Place<'_>,
    error: &EvalError,
    warnings: &[Warning],
    colour: bool,
) -> Failure {
    let told = warnings_text(place, warnings, colour);
    let title = Level::ERROR.primary_title(&error.message);
    let excerpt = located(place, title, error.position, colour);
    let Position {
        offset,
        line,
        column,
    } = error.position;
    let detail = json!({
        "line": line,
        "column": column,
        "offset": offset,
        "warnings": warnings_json(warnings),
    });
    let failure = Failure::new(Exit::Failed, reason(error.kind), error.to_string());
    failure.shown(told + &excerpt, detail)
}

/// The class of an error for scripts.
pub fn reason(kind: EvalErrorKind) -> &'static str {
    match kind {
        EvalErrorKind::Steps => "TOO_MANY_STEPS",
        EvalErrorKind::Depth => "TOO_DEEP",
        EvalErrorKind::Size => "TOO_LARGE",
        EvalErrorKind::Assertion => "ASSERTION_FAILED",
        EvalErrorKind::HitPolicy => "HIT_POLICY_VIOLATED",
    }
}

fn warnings_json(warnings: &[Warning]) -> Value {
    let warning = |warning: &Warning| {
        json!({
            "kind": warning.kind.name(),
            "message": warning.message,
            "line": warning.position.line,
            "column": warning.position.column,
            "offset": warning.position.offset,
        })
    };
    warnings.iter().map(warning).collect()
}

fn warnings_text(place: Place<'_>, warnings: &[Warning], colour: bool) -> String {
    let mut text = String::new();
    for warning in warnings {
        let title = Level::WARNING.primary_title(&warning.message);
        let title = title.id(warning.kind.name());
        text += &located(place, title, warning.position, colour);
        text += "\n";
    }
    text
}

/// A title above the line that it is about.
fn located(
    place: Place<'_>,
    title: annotate_snippets::Title<'_>,
    position: Position,
    colour: bool,
) -> String {
    let text = place.text;
    let offset = text.floor_char_boundary(position.offset as usize);
    let line_start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[offset..]
        .find('\n')
        .map_or(text.len(), |at| offset + at);
    let meant_end = offset + meant(&text[offset..line_end]);
    let from = text.floor_char_boundary(line_start.max(offset.saturating_sub(CONTEXT_BYTES)));
    let to = text.floor_char_boundary(line_end.min(meant_end + CONTEXT_BYTES));
    let mut snippet = Snippet::source(&text[from..to])
        .line_start(position.line as usize)
        .annotation(AnnotationKind::Primary.span(offset - from..meant_end - from));
    let mut group = Group::with_title(title);
    if from > line_start {
        // Columns counted in the excerpt would be wrong.
        let origin = Origin::path(place.name)
            .line(position.line as usize)
            .char_column(position.column as usize);
        group = group.element(origin);
    } else {
        snippet = snippet.path(place.name);
    }
    let renderer = match colour {
        true => Renderer::styled(),
        false => Renderer::plain(),
    };
    renderer.render(&[group.element(snippet)]) + "\n"
}

/// How many bytes the token at the beginning has, about.
fn meant(text: &str) -> usize {
    let word = text.find(|c: char| !c.is_alphanumeric() && c != '_');
    match word {
        None => text.len().min(text.floor_char_boundary(CONTEXT_BYTES)),
        Some(0) => text.chars().next().map_or(0, char::len_utf8),
        Some(end) => text.floor_char_boundary(end.min(CONTEXT_BYTES)),
    }
}
