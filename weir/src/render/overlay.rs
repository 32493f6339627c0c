//! What has happened in an instance, drawn over its model: path, tokens, incidents.
//!
//! Owns the colours and badges of progress; must not know where the numbers come from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use bpmn_parser::model::{Colours, Point};

use super::font;
use super::geometry::{Rect, distance, middle};
use super::label;
use super::paint::{self, Canvas, INK, PAPER, Style};

/// Counts by BPMN id. Empty: the model alone is drawn.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overlay {
    /// Element instances that are active.
    pub tokens: BTreeMap<String, u32>,
    /// Element instances that completed.
    pub completed: BTreeMap<String, u32>,
    /// How often each sequence flow was taken.
    pub flows: BTreeMap<String, u32>,
    /// Open incidents.
    pub incidents: BTreeMap<String, u32>,
    /// Element instances that were interrupted or withdrawn.
    pub terminated: BTreeMap<String, u32>,
    /// Sub-processes in which something is active; found while drawing.
    busy: BTreeSet<String>,
}

/// How an element stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// There is no instance.
    Unknown,
    NotReached,
    Completed,
    Terminated,
    Active,
    Stuck,
}

/// The colours of one element.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Look {
    pub stroke: String,
    pub fill: String,
    pub label: String,
    pub progress: Progress,
}

const GREEN: &str = "#1a7f37";
const BLUE: &str = "#0969da";
const RED: &str = "#cf222e";
const GREY: &str = "#6e7781";
const FAINT: &str = "#9aa2ad";

impl Overlay {
    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        let all = [
            &self.tokens,
            &self.completed,
            &self.flows,
            &self.incidents,
            &self.terminated,
        ];
        all.into_iter().all(BTreeMap::is_empty)
    }

    pub(super) fn progress(&self, id: &str) -> Progress {
        if self.is_empty() {
            Progress::Unknown
        } else if count(&self.incidents, id) > 0 {
            Progress::Stuck
        } else if self.is_active(id) {
            Progress::Active
        } else if count(&self.completed, id) > 0 {
            Progress::Completed
        } else if count(&self.terminated, id) > 0 {
            Progress::Terminated
        } else {
            Progress::NotReached
        }
    }

    /// How often a sequence flow was taken; `None` when there is no instance.
    pub(super) fn taken(&self, id: &str) -> Option<u32> {
        (!self.is_empty()).then(|| count(&self.flows, id))
    }

    /// A sentence for the tooltip.
    pub(super) fn title(&self, name: &str, id: &str) -> String {
        let mut title = if name.trim().is_empty() {
            id.to_owned()
        } else {
            name.trim().to_owned()
        };
        let facts = [
            (count(&self.tokens, id), "active"),
            (count(&self.completed, id), "completed"),
            (count(&self.terminated, id), "terminated"),
            (count(&self.incidents, id), "incidents"),
            (count(&self.flows, id), "taken"),
        ];
        for (number, what) in facts.into_iter().filter(|(number, _)| *number > 0) {
            let _ = write!(title, ", {what}: {number}");
        }
        title
    }

    /// Something in this sub-process is active.
    pub(super) fn enter(&mut self, scope: &str) {
        self.busy.insert(scope.to_owned());
    }

    /// Whether a token stands at this element or in it.
    pub(super) fn is_active(&self, id: &str) -> bool {
        count(&self.tokens, id) > 0 || self.busy.contains(id)
    }

    /// Adds what stands at `hidden`, which is not drawn, to the drawn element around it.
    pub(super) fn lift(&mut self, hidden: &str, visible: &str) {
        for counts in [&mut self.tokens, &mut self.incidents] {
            if let Some(number) = counts.remove(hidden) {
                let sum = counts.entry(visible.to_owned()).or_default();
                *sum = sum.saturating_add(number);
            }
        }
    }
}

fn count(counts: &BTreeMap<String, u32>, id: &str) -> u32 {
    counts.get(id).copied().unwrap_or_default()
}

/// The colours of a shape: of its progress, else of the file.
pub(super) fn look(progress: Progress, colours: &Colours) -> Look {
    let (stroke, fill, label) = match progress {
        Progress::Unknown => {
            return Look {
                stroke: paint::stroke(colours).unwrap_or(INK).to_owned(),
                fill: paint::fill(colours).unwrap_or(PAPER).to_owned(),
                label: paint::label(colours).unwrap_or(INK).to_owned(),
                progress,
            };
        }
        Progress::NotReached => (FAINT, PAPER, GREY),
        Progress::Completed => (GREEN, "#e9f6ec", INK),
        Progress::Terminated => (GREY, "#eceef1", GREY),
        Progress::Active => (BLUE, "#ddeeff", INK),
        Progress::Stuck => (RED, "#ffebe9", INK),
    };
    Look {
        stroke: stroke.to_owned(),
        fill: fill.to_owned(),
        label: label.to_owned(),
        progress,
    }
}

/// The same for a sub-process that shows what is in it: a fill would drown that.
pub(super) fn pale(look: Look) -> Look {
    let fill = match look.progress {
        Progress::Unknown => return look,
        Progress::NotReached => PAPER,
        Progress::Completed => "#f8fcf9",
        Progress::Terminated => "#fafbfc",
        Progress::Active => "#f6faff",
        Progress::Stuck => "#fff8f8",
    };
    Look {
        fill: fill.to_owned(),
        ..look
    }
}

/// The colour and width of a sequence flow: thick where it lies on the path.
pub(super) fn flow_line(taken: Option<u32>, colours: &Colours) -> (String, f64) {
    match taken {
        None => (paint::stroke(colours).unwrap_or(INK).to_owned(), 1.5),
        Some(0) => (FAINT.to_owned(), 1.5),
        Some(_) => (GREEN.to_owned(), 3.0),
    }
}

/// Tokens, incidents and repetitions at the corners of a shape.
pub(super) fn badges(
    canvas: &mut Canvas,
    overlay: &Overlay,
    id: &str,
    rect: &Rect,
    is_activity: bool,
) {
    let mut corner = Point {
        x: rect.right(),
        y: rect.y,
    };
    let incidents = count(&overlay.incidents, id);
    if incidents > 0 {
        let text = if incidents == 1 {
            "!".to_owned()
        } else {
            format!("! {incidents}")
        };
        corner.x -= badge(canvas, corner, RED, Mark::Text(&text));
    }
    let tokens = count(&overlay.tokens, id);
    if tokens > 0 {
        corner.x -= badge(canvas, corner, BLUE, Mark::Text(&tokens.to_string()));
    }
    let completed = count(&overlay.completed, id);
    if completed > 1 {
        let at = if is_activity {
            corner
        } else {
            Point {
                x: corner.x,
                y: rect.y,
            }
        };
        corner.x -= badge(canvas, at, GREEN, Mark::Text(&format!("{completed}×")));
    } else if completed == 1 && is_activity {
        corner.x -= badge(
            canvas,
            corner,
            GREEN,
            Mark::Path("M-4.5 0.5L-1.5 3.5L4.5 -3"),
        );
    }
    if count(&overlay.terminated, id) > 0 {
        badge(canvas, corner, GREY, Mark::Path("M-3 -3L3 3M3 -3L-3 3"));
    }
}

/// How often a flow was taken, where that is more than once and there is room to say it.
pub(super) fn repetition(canvas: &mut Canvas, taken: Option<u32>, path: &[Point]) {
    const ROOM: f64 = 70.0;
    let length = path
        .windows(2)
        .map(|pair| distance(pair[0], pair[1]))
        .sum::<f64>();
    if let (Some(taken @ 2..), Some(at), true) = (taken, middle(path), length >= ROOM) {
        badge(canvas, at, GREEN, Mark::Text(&format!("{taken}×")));
    }
}

enum Mark<'a> {
    Text(&'a str),
    Path(&'a str),
}

/// Draws a badge around a point; gives the width that it takes.
fn badge(canvas: &mut Canvas, centre: Point, colour: &str, mark: Mark<'_>) -> f64 {
    const RADIUS: f64 = 9.0;
    const TEXT_SIZE: f64 = 11.0;
    let text_width = match mark {
        Mark::Text(text) => font::width(text, TEXT_SIZE) + 10.0,
        Mark::Path(_) => 0.0,
    };
    let width = text_width.max(2.0 * RADIUS);
    let pill = Rect {
        x: centre.x - width / 2.0,
        y: centre.y - RADIUS,
        w: width,
        h: 2.0 * RADIUS,
    };
    canvas.rect(&pill, RADIUS, &Style::line(PAPER, 1.5).filled(colour));
    match mark {
        Mark::Text(text) => label::number(canvas, centre, text),
        Mark::Path(data) => canvas.icon(centre, 1.0, data, &Style::line(PAPER, 2.0).round()),
    }
    width + 2.0
}
