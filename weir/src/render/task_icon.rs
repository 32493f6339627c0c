//! The small pictures in the corner of tasks and the markers at the bottom of activities.
//!
//! Owns path data in a grid of 16 by 16; must not know where it is drawn. BPMN 2.0 section 10.3.3.

use bpmn_parser::model::{Point, TaskKind};

use super::paint::{Canvas, PAPER, Style};

const GEAR: &str = "M5.4 2.3L5.7 0.9L7.3 0.9L7.6 2.3L8.7 2.8L9.9 1.9L11.1 3.1L10.2 4.3L10.7 5.4L12.1 5.7L12.1 7.3L10.7 7.6L10.2 8.7L11.1 9.9L9.9 11.1L8.7 10.2L7.6 10.7L7.3 12.1L5.7 12.1L5.4 10.7L4.3 10.2L3.1 11.1L1.9 9.9L2.8 8.7L2.3 7.6L0.9 7.3L0.9 5.7L2.3 5.4L2.8 4.3L1.9 3.1L3.1 1.9L4.3 2.8ZM4.6 6.5a1.9 1.9 0 1 0 3.8 0a1.9 1.9 0 1 0 -3.8 0Z";
const GEAR_SMALL: &str = "M12.3 10.1L12.5 8.9L13.5 8.9L13.7 10.1L14.4 10.4L15.3 9.7L16.1 10.5L15.4 11.4L15.7 12.1L16.9 12.3L16.9 13.3L15.7 13.5L15.4 14.2L16.1 15.1L15.3 15.9L14.4 15.2L13.7 15.5L13.5 16.7L12.5 16.7L12.3 15.5L11.6 15.2L10.7 15.9L9.9 15.1L10.6 14.2L10.3 13.5L9.1 13.3L9.1 12.3L10.3 12.1L10.6 11.4L9.9 10.5L10.7 9.7L11.6 10.4ZM11.8 12.8a1.2 1.2 0 1 0 2.4 0a1.2 1.2 0 1 0 -2.4 0Z";
const PERSON: &str = "M1.5 15V13.2C1.5 10.4 4 8.8 8 8.8S14.5 10.4 14.5 13.2V15Z";
const HEAD: &str = "M8 1.2a3.3 3.6 0 1 1 0 7.2a3.3 3.6 0 1 1 0 -7.2Z";
const ARMS: &str = "M4.6 15V12.6M11.4 15V12.6";
const SCROLL: &str =
    "M4.5 1.5H14C11 4 11 6 12.5 8S14 12.5 11 14.5H1.5C4.5 12 4.5 10 3 8S1.5 3.5 4.5 1.5Z";
const SCROLL_LINES: &str = "M5 4.2H10M4.8 6.6H9.8M5.8 9H10.8M5.6 11.6H10.6";
const TABLE: &str = "M1 2.5H15V13.5H1Z";
const TABLE_HEAD: &str = "M1 2.5H15V5.8H1Z";
const TABLE_LINES: &str = "M1 5.8H15M1 9.6H15M5.2 5.8V13.5";
const ENVELOPE: &str = "M1 3H15V13H1Z";
const FLAP: &str = "M1 3L8 9L15 3";
const HAND: &str = "M1.2 7.2L5.4 3.4C6 2.9 7 3 7.3 3.6C7.6 4.2 7.3 4.6 6.8 5.1L5.8 6H14A.95 .95 0 0 1 14 7.9H14.4A.95 .95 0 0 1 14.4 9.8H13.8A.95 .95 0 0 1 13.8 11.7H12.6A.9 .9 0 0 1 12.6 13.5H5.2C2.8 13.5 1.2 12.3 1.2 10.2Z";
const FINGERS: &str = "M9.2 7.9H14M9.2 9.8H14M9.2 11.7H13";

/// Draws the type of a task with the left upper corner at `at`.
pub(super) fn task(canvas: &mut Canvas, at: Point, kind: &TaskKind, ink: &str) {
    let line = Style::line(ink, 1.1).round();
    let white = line.clone().filled(PAPER);
    let dark = line.clone().filled(ink);
    let mut icon = |data: &str, style: &Style| canvas.icon(at, 1.0, data, style);
    match kind {
        TaskKind::Abstract => {}
        TaskKind::Service { .. } => {
            icon(GEAR, &white);
            icon(GEAR_SMALL, &white);
        }
        TaskKind::User { .. } => {
            icon(PERSON, &white);
            icon(ARMS, &line);
            icon(HEAD, &dark);
        }
        TaskKind::Script { .. } => {
            icon(SCROLL, &white);
            icon(SCROLL_LINES, &line);
        }
        TaskKind::BusinessRule { .. } => {
            icon(TABLE, &white);
            icon(TABLE_HEAD, &Style::area(ink));
            icon(TABLE_LINES, &line);
        }
        TaskKind::Send { .. } => {
            icon(ENVELOPE, &dark);
            icon(FLAP, &Style::line(PAPER, 1.3).round());
        }
        TaskKind::Receive { instantiate, .. } => {
            if *instantiate {
                icon("M8 -1.5a9.5 9.5 0 1 0 .01 0Z", &white);
            }
            icon(ENVELOPE, &white);
            icon(FLAP, &line);
        }
        TaskKind::Manual => {
            icon(HAND, &white);
            icon(FINGERS, &line);
        }
    }
}

/// What stands at the bottom of an activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marker {
    Collapsed,
    Loop,
    Parallel,
    Sequential,
    Compensation,
    AdHoc,
}

/// The side of a marker's square.
const MARKER: f64 = 14.0;
const GAP: f64 = 4.0;

/// Draws markers side by side, centred above the bottom of an activity.
pub(super) fn markers(canvas: &mut Canvas, bottom: Point, markers: &[Marker], ink: &str) {
    let width = markers.len() as f64 * (MARKER + GAP) - GAP;
    let mut at = Point {
        x: bottom.x - width / 2.0,
        y: bottom.y - MARKER - 2.0,
    };
    for marker in markers {
        let line = Style::line(ink, 1.5);
        let (data, style) = match marker {
            Marker::Collapsed => ("M0 0H14V14H0ZM7 3V11M3 7H11", line),
            Marker::Loop => (
                "M5.2 12.3A5.5 5.5 0 1 1 9.3 12.2M5.6 8.6L5.3 12.5L1.5 12",
                line.round(),
            ),
            Marker::Parallel => ("M3 1.5V12.5M7 1.5V12.5M11 1.5V12.5", line.wide(2.2)),
            Marker::Sequential => ("M1.5 3H12.5M1.5 7H12.5M1.5 11H12.5", line.wide(2.2)),
            Marker::Compensation => (
                "M0.5 7L7 2.5V11.5ZM7 7L13.5 2.5V11.5Z",
                line.wide(1.2).filled(PAPER),
            ),
            Marker::AdHoc => (
                "M1 8.8C1.8 5.6 4.2 4.2 7 6.4C9.2 8.2 11 8 12.2 5.6L13 5.6V7.8C12 10.4 9.4 11 7 9.2C4.8 7.6 3 7.8 1.8 10.4L1 10.4Z",
                Style::area(ink),
            ),
        };
        canvas.icon(at, 1.0, data, &style);
        at.x += MARKER + GAP;
    }
}
