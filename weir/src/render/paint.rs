//! The SVG text: elements, numbers, escaping, colours.
//!
//! Owns how a figure becomes text; must not know BPMN.

use std::fmt::Write;

use bpmn_parser::model::{Colours, Point};

use super::geometry::Rect;

/// Lines and text of a drawing without colours of its own.
pub(super) const INK: &str = "#23272f";
/// The area inside shapes.
pub(super) const PAPER: &str = "#ffffff";

/// SVG text that is being written.
#[derive(Debug, Default)]
pub(super) struct Canvas {
    pub text: String,
}

/// How a figure is drawn. `None` of `fill` and `stroke` is `none`.
#[derive(Debug, Clone, Default)]
pub(super) struct Style {
    pub stroke: Option<String>,
    pub fill: Option<String>,
    pub width: f64,
    pub dash: Option<&'static str>,
    /// Rounds ends and joins.
    pub is_round: bool,
}

impl Style {
    pub fn line(stroke: &str, width: f64) -> Style {
        Style {
            stroke: Some(stroke.to_owned()),
            width,
            ..Style::default()
        }
    }

    pub fn area(fill: &str) -> Style {
        Style {
            fill: Some(fill.to_owned()),
            ..Style::default()
        }
    }

    pub fn filled(mut self, fill: &str) -> Style {
        self.fill = Some(fill.to_owned());
        self
    }

    pub fn dashed(mut self, dash: &'static str) -> Style {
        self.dash = Some(dash);
        self
    }

    pub fn round(mut self) -> Style {
        self.is_round = true;
        self
    }

    pub fn wide(mut self, width: f64) -> Style {
        self.width = width;
        self
    }
}

impl Canvas {
    pub fn rect(&mut self, rect: &Rect, radius: f64, style: &Style) {
        let Rect { x, y, w, h } = *rect;
        let _ = write!(
            self.text,
            r#"<rect x="{}" y="{}" width="{}" height="{}""#,
            Num(x),
            Num(y),
            Num(w),
            Num(h)
        );
        if radius > 0.0 {
            let _ = write!(self.text, r#" rx="{}""#, Num(radius));
        }
        self.style(style);
    }

    pub fn ellipse(&mut self, centre: Point, rx: f64, ry: f64, style: &Style) {
        let _ = write!(
            self.text,
            r#"<ellipse cx="{}" cy="{}" rx="{}" ry="{}""#,
            Num(centre.x),
            Num(centre.y),
            Num(rx.max(0.0)),
            Num(ry.max(0.0))
        );
        self.style(style);
    }

    pub fn polygon(&mut self, points: &[Point], style: &Style) {
        let _ = write!(self.text, r#"<path d="{}Z""#, straight(points));
        self.style(style);
    }

    /// A path in SVG's own notation.
    pub fn path(&mut self, data: &str, style: &Style) {
        let _ = write!(self.text, r#"<path d="{data}""#);
        self.style(style);
    }

    /// A path in SVG's own notation, scaled, with its origin at `at`.
    pub fn icon(&mut self, at: Point, scale: f64, data: &str, style: &Style) {
        let _ = write!(
            self.text,
            r#"<path transform="translate({} {})"#,
            Num(at.x),
            Num(at.y)
        );
        if (scale - 1.0).abs() > 0.001 {
            let _ = write!(self.text, " scale({})", Num(scale));
        }
        let _ = write!(self.text, r#"" d="{data}""#);
        self.style(style);
    }

    /// Opens a group that tells tools and readers which element it shows.
    pub fn open(&mut self, class: &str, element: &str, title: &str) {
        let _ = write!(self.text, r#"<g class="{class}""#);
        if !element.is_empty() {
            let _ = write!(self.text, r#" data-element-id="{}""#, Escaped(element));
        }
        self.text.push('>');
        if !title.is_empty() {
            let _ = write!(self.text, "<title>{}</title>", Escaped(title));
        }
        self.text.push('\n');
    }

    pub fn close(&mut self) {
        self.text.push_str("</g>\n");
    }

    fn style(&mut self, style: &Style) {
        let fill = style.fill.as_deref().unwrap_or("none");
        let _ = write!(self.text, r#" fill="{}""#, Escaped(fill));
        if let Some(stroke) = &style.stroke {
            let _ = write!(
                self.text,
                r#" stroke="{}" stroke-width="{}""#,
                Escaped(stroke),
                Num(style.width)
            );
            if let Some(dash) = style.dash {
                let _ = write!(self.text, r#" stroke-dasharray="{dash}""#);
            }
            if style.is_round {
                self.text
                    .push_str(r#" stroke-linecap="round" stroke-linejoin="round""#);
            }
        }
        self.text.push_str("/>\n");
    }
}

/// A number with at most two decimals, without trailing zeros.
pub(super) struct Num(pub f64);

impl std::fmt::Display for Num {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rounded = (self.0 * 100.0).round() / 100.0;
        // Negative zero would be written with its sign.
        write!(f, "{}", if rounded == 0.0 { 0.0 } else { rounded })
    }
}

/// Text and attribute values; what XML 1.0 cannot hold becomes U+FFFD.
pub(super) struct Escaped<'a>(pub &'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\t' | '\n' | '\r' => f.write_char(' ')?,
                '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => f.write_char('\u{fffd}')?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

/// Straight lines from point to point.
pub(super) fn straight(points: &[Point]) -> String {
    let mut data = String::new();
    for (index, point) in points.iter().enumerate() {
        let step = if index == 0 { 'M' } else { 'L' };
        let _ = write!(data, "{step}{} {}", Num(point.x), Num(point.y));
    }
    data
}

/// The colour, if it is one that may stand in an attribute: a name, `#` and digits, or `rgb(…)`.
fn colour(text: &str) -> Option<&str> {
    const LENGTH_MAX: usize = 40;
    let text = text.trim();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "#(),.% ".contains(c);
    let is_reference = text.to_ascii_lowercase().contains("url");
    (!text.is_empty() && text.len() <= LENGTH_MAX && text.chars().all(is_plain) && !is_reference)
        .then_some(text)
}

/// The stroke that the file asks for.
pub(super) fn stroke(colours: &Colours) -> Option<&str> {
    colours.stroke.as_deref().and_then(colour)
}

/// The fill that the file asks for.
pub(super) fn fill(colours: &Colours) -> Option<&str> {
    colours.fill.as_deref().and_then(colour)
}

/// The colour of the label: its own, else that of the stroke.
pub(super) fn label(colours: &Colours) -> Option<&str> {
    colours
        .label
        .as_deref()
        .and_then(colour)
        .or_else(|| stroke(colours))
}
