//! Names of elements: inside shapes, beside events and edges, rotated in pools.
//!
//! Owns where a text goes; must not know which element it belongs to.

use std::fmt::Write;

use bpmn_parser::model::Point;

use super::font::{self, FAMILY, LEADING};
use super::geometry::Rect;
use super::paint::{Canvas, Escaped, Num};

/// Text inside shapes.
const SIZE: f64 = 12.0;
/// Text inside shapes that are too small for it.
const SIZE_SMALL: f64 = 10.0;
/// Text beside events, gateways, data and edges.
const SIZE_BESIDE: f64 = 11.0;
/// External labels are wrapped at this width where the file gives them less.
const WIDTH_BESIDE: f64 = 90.0;
/// The tool that measured a label may have had a narrower font.
const SLACK: f64 = 8.0;
/// Lines of one external label.
const LINES_MAX: usize = 12;

/// Lines of text that are centred on or start at a point.
struct Block<'a> {
    lines: &'a [String],
    size: f64,
    /// The middle of the first line, or its left end.
    at: Point,
    is_centred: bool,
    colour: &'a str,
    /// White around the letters, so that lines behind them do not hurt.
    has_halo: bool,
    /// Turned to the left around this point.
    turned_around: Option<Point>,
}

/// In the middle of a shape, or lower where it would reach into the `kept_clear` pixels at the top.
pub(super) fn inside(canvas: &mut Canvas, rect: &Rect, kept_clear: f64, text: &str, colour: &str) {
    const PADDING: f64 = 5.0;
    let room = rect.inset(PADDING);
    let clear = (kept_clear - PADDING).clamp(0.0, room.h / 2.0);
    let (lines, size) = fitted(text, room.w, room.h - clear);
    let height = lines.len() as f64 * size * LEADING;
    let centre = rect.centre();
    let top = Point {
        x: centre.x,
        y: (centre.y - height / 2.0).max(room.y + clear),
    };
    block(
        canvas,
        &Block {
            lines: &lines,
            size,
            at: top,
            is_centred: true,
            colour,
            has_halo: false,
            turned_around: None,
        },
    );
}

/// Text in the largest size that fits, cut off where none does.
fn fitted(text: &str, width: f64, height: f64) -> (Vec<String>, f64) {
    let rows = |size: f64| ((height / (size * LEADING)) as usize).max(1);
    let lines = font::wrap(text, SIZE, width, rows(SIZE) + 1);
    if lines.len() <= rows(SIZE) {
        return (lines, SIZE);
    }
    (
        font::wrap(text, SIZE_SMALL, width, rows(SIZE_SMALL)),
        SIZE_SMALL,
    )
}

/// At the top of an expanded sub-process.
pub(super) fn on_top(canvas: &mut Canvas, rect: &Rect, text: &str, colour: &str) {
    let lines = font::wrap(text, SIZE, (rect.w - 20.0).max(SIZE), 1);
    let at = Point {
        x: rect.centre().x,
        y: rect.y + 7.0,
    };
    block(
        canvas,
        &Block {
            lines: &lines,
            size: SIZE,
            at,
            is_centred: true,
            colour,
            has_halo: false,
            turned_around: None,
        },
    );
}

/// From bottom to top in the middle of the band of a pool or lane.
pub(super) fn turned(canvas: &mut Canvas, band: &Rect, text: &str, colour: &str) {
    let rows = ((band.w / (SIZE * LEADING)) as usize).max(1);
    let lines = font::wrap(text, SIZE, (band.h - 10.0).max(SIZE), rows);
    let height = lines.len() as f64 * SIZE * LEADING;
    let centre = band.centre();
    block(
        canvas,
        &Block {
            lines: &lines,
            size: SIZE,
            at: Point {
                x: centre.x,
                y: centre.y - height / 2.0,
            },
            is_centred: true,
            colour,
            has_halo: false,
            turned_around: Some(centre),
        },
    );
}

/// Where the file puts a label, else with the middle of its first line at `default`.
pub(super) fn beside(
    canvas: &mut Canvas,
    bounds: Option<&Rect>,
    default: Point,
    text: &str,
    colour: &str,
) {
    let width = width_beside(bounds);
    let lines = font::wrap(text, SIZE_BESIDE, width, LINES_MAX);
    let at = bounds.map_or(default, |bounds| Point {
        x: bounds.centre().x,
        y: bounds.y,
    });
    block(
        canvas,
        &Block {
            lines: &lines,
            size: SIZE_BESIDE,
            at,
            is_centred: true,
            colour,
            has_halo: true,
            turned_around: None,
        },
    );
}

/// Left-aligned in a text annotation.
pub(super) fn annotation(canvas: &mut Canvas, rect: &Rect, text: &str, colour: &str) {
    let rows = (((rect.h - 4.0) / (SIZE * LEADING)) as usize).clamp(1, 100);
    let lines = font::wrap(text, SIZE, (rect.w - 12.0).max(SIZE), rows);
    let at = Point {
        x: rect.x + 8.0,
        y: rect.y + 5.0,
    };
    block(
        canvas,
        &Block {
            lines: &lines,
            size: SIZE,
            at,
            is_centred: false,
            colour,
            has_halo: false,
            turned_around: None,
        },
    );
}

/// A number in a badge, centred on a point.
pub(super) fn number(canvas: &mut Canvas, centre: Point, text: &str) {
    const SIZE: f64 = 11.0;
    let _ = writeln!(
        canvas.text,
        r##"<text x="{}" y="{}" font-size="{SIZE}" font-weight="bold" text-anchor="middle" fill="#ffffff">{}</text>"##,
        Num(centre.x),
        Num(centre.y + SIZE * 0.36),
        Escaped(text)
    );
}

fn block(canvas: &mut Canvas, block: &Block<'_>) {
    if block.lines.is_empty() {
        return;
    }
    let out = &mut canvas.text;
    let _ = write!(
        out,
        r#"<text font-size="{}" fill="{}""#,
        Num(block.size),
        Escaped(block.colour)
    );
    if block.is_centred {
        out.push_str(r#" text-anchor="middle""#);
    }
    if block.has_halo {
        out.push_str(
            r##" stroke="#ffffff" stroke-width="3" stroke-linejoin="round" paint-order="stroke""##,
        );
    }
    if let Some(centre) = block.turned_around {
        let _ = write!(
            out,
            r#" transform="rotate(-90 {} {})""#,
            Num(centre.x),
            Num(centre.y)
        );
    }
    out.push('>');
    // The base line is this far below the top of a line.
    const ASCENT: f64 = 0.95;
    for (index, line) in block.lines.iter().enumerate() {
        let y = block.at.y + block.size * (ASCENT + index as f64 * LEADING);
        let _ = write!(
            out,
            r#"<tspan x="{}" y="{}">{}</tspan>"#,
            Num(block.at.x),
            Num(y),
            Escaped(line)
        );
    }
    out.push_str("</text>\n");
}

fn width_beside(bounds: Option<&Rect>) -> f64 {
    bounds.map_or(WIDTH_BESIDE, |bounds| (bounds.w + SLACK).max(WIDTH_BESIDE))
}

/// What an external label covers, about.
pub(super) fn extent(bounds: Option<&Rect>, default: Point, text: &str) -> Rect {
    let width = width_beside(bounds);
    let lines = font::wrap(text, SIZE_BESIDE, width, LINES_MAX);
    let widest = lines
        .iter()
        .map(|line| font::width(line, SIZE_BESIDE))
        .fold(0.0, f64::max);
    let top = bounds.map_or(default, |bounds| Point {
        x: bounds.centre().x,
        y: bounds.y,
    });
    Rect {
        x: top.x - widest / 2.0,
        y: top.y,
        w: widest,
        h: lines.len() as f64 * SIZE_BESIDE * LEADING,
    }
}

/// The attribute that names the fonts, for the whole picture.
pub(super) fn font_family() -> String {
    format!(r#"font-family="{}""#, Escaped(FAMILY))
}
