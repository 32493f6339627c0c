//! Diagnostics for people: the line of the file, what is wrong in it, what to do.
//!
//! Owns the layout; `weir check --format json` serializes [`Diagnostic`]s instead.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, Severity};

/// Bytes of a line that are shown around a place; files on one line are common.
const CONTEXT_BYTES: usize = 120;

/// Renders diagnostics of one file, with excerpts of `source` (what [`crate::decode`] returns) and
/// with ANSI colours if wanted.
pub fn render(diagnostics: &[Diagnostic], source: &str, coloured: bool) -> String {
    let renderer = if coloured {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let mut output = String::new();
    for diagnostic in diagnostics {
        output.push_str(&render_one(&renderer, diagnostic, source));
        output.push_str("\n\n");
    }
    output
}

fn render_one(renderer: &Renderer, diagnostic: &Diagnostic, source: &str) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Refusal => Level::ERROR.with_name("refusal"),
        Severity::Warning => Level::WARNING,
    };
    let excerpt = Excerpt::around(source, diagnostic.location.offset as usize);
    let mut snippet = Snippet::source(excerpt.text)
        .line_start(diagnostic.location.line as usize)
        .annotation(AnnotationKind::Primary.span(excerpt.start..excerpt.end));
    let title = level
        .primary_title(diagnostic.message.as_str())
        .id(diagnostic.code);
    let mut group = Group::with_title(title);
    if excerpt.is_cut {
        // Columns counted in the excerpt would be wrong.
        let origin = Origin::path(diagnostic.file.as_str())
            .line(diagnostic.location.line as usize)
            .char_column(diagnostic.location.column as usize);
        group = group.element(origin);
    } else {
        snippet = snippet.path(diagnostic.file.as_str());
    }
    let report = [group
        .element(snippet)
        .element(Level::HELP.message(diagnostic.help.as_str()))];
    renderer.render(&report)
}

/// A part of one line, and in it the part that is meant.
struct Excerpt<'a> {
    text: &'a str,
    /// Whether the line starts before the excerpt.
    is_cut: bool,
    start: usize,
    end: usize,
}

impl<'a> Excerpt<'a> {
    fn around(source: &'a str, offset: usize) -> Excerpt<'a> {
        let offset = floor(source, offset.min(source.len()));
        let before = source.get(..offset).unwrap_or_default();
        let after = source.get(offset..).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line_end = after
            .find(['\n', '\r'])
            .map_or(source.len(), |at| offset + at);
        let from = floor(source, line_start.max(offset.saturating_sub(CONTEXT_BYTES)));
        let tag_end = after
            .find(['>', '\n', '\r'])
            .map_or(source.len(), |at| offset + at + 1);
        let meant_end = floor(source, tag_end.min(line_end).min(offset + CONTEXT_BYTES));
        let to = floor(source, line_end.min(meant_end + CONTEXT_BYTES));
        Excerpt {
            is_cut: from > line_start,
            text: source.get(from..to).unwrap_or_default(),
            start: offset - from,
            end: meant_end.max(offset) - from,
        }
    }
}

/// The character boundary at or before an offset.
fn floor(source: &str, offset: usize) -> usize {
    source.floor_char_boundary(offset)
}
