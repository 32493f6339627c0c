//! The pictures inside events: outlined where the event catches, filled where it throws.
//!
//! Owns path data in a grid of 36 by 36 (BPMN 2.0 table 10.93).

use bpmn_parser::model::{Event, EventDefinition, Point};

use super::geometry::Rect;
use super::overlay::Look;
use super::paint::{Canvas, Style};

/// The side of the grid.
pub(super) const GRID: f64 = 36.0;
pub(super) const ENVELOPE: &str = "M9 12H27V24H9Z";
pub(super) const FLAP: &str = "M9 12L18 19L27 12";
/// Also of event-based gateways.
pub(super) const PENTAGON: &str = "M18 9L26.6 15.2L23.3 25.3H12.7L9.4 15.2Z";
/// Also of event-based gateways.
pub(super) const PLUS: &str = "M15.8 9.5H20.2V15.8H26.5V20.2H20.2V26.5H15.8V20.2H9.5V15.8H15.8Z";
const CLOCK: &str = "M18 7.5a10.5 10.5 0 1 0 .01 0Z";
const CLOCK_MARKS: &str = "M18 8.5V10.5M18 25.5V27.5M8.5 18H10.5M25.5 18H27.5M11.3 11.3L12.7 12.7M23.3 23.3L24.7 24.7M11.3 24.7L12.7 23.3M23.3 12.7L24.7 11.3";
const CLOCK_HANDS: &str = "M18.6 11.5L18 18.2H22.5";
const LIGHTNING: &str = "M9.8 26.2L14.8 10.5L20.6 18.4L26 9.6L21.2 25.6L15.2 18Z";
const ESCALATION: &str = "M18 8.5L25.2 26L18 19.2L10.8 26Z";
const SIGNAL: &str = "M18 9L27 24.8H9Z";
const REWIND: &str = "M8.5 18L17 11.8V24.2ZM17 18L25.5 11.8V24.2Z";
const CROSS: &str =
    "M12 9.5L18 15.5L24 9.5L26.5 12L20.5 18L26.5 24L24 26.5L18 20.5L12 26.5L9.5 24L15.5 18L9.5 12Z";
const PAGE: &str = "M11 9H25V27H11Z";
const PAGE_LINES: &str = "M13.5 12.5H22.5M13.5 16.2H22.5M13.5 19.8H22.5M13.5 23.5H22.5";
const ARROW: &str = "M9 15H19.5V10.8L27.5 18L19.5 25.2V21H9Z";
const DISC: &str = "M18 9a9 9 0 1 0 .01 0Z";

pub(super) fn draw(
    canvas: &mut Canvas,
    rect: &Rect,
    event: &Event,
    is_throwing: bool,
    look: &Look,
) {
    let line = Style::line(&look.stroke, 1.2).round();
    let figure = if is_throwing {
        line.clone().filled(&look.stroke)
    } else {
        line.clone().filled(&look.fill)
    };
    let over = if is_throwing {
        Style::line(&look.fill, 1.4).round()
    } else {
        line.clone()
    };
    // The place of the grid in the shape, smaller or larger than usual.
    let scale = rect.w.min(rect.h) / GRID;
    let centre = rect.centre();
    let at = Point {
        x: centre.x - scale * GRID / 2.0,
        y: centre.y - scale * GRID / 2.0,
    };
    let mut icon = |data: &str, style: &Style| canvas.icon(at, scale, data, style);
    let definition = match event.definitions.as_slice() {
        [] => return,
        [definition] => definition,
        _ => {
            let data = if event.parallel_multiple {
                PLUS
            } else {
                PENTAGON
            };
            icon(data, &figure);
            return;
        }
    };
    match definition {
        EventDefinition::Message { .. } => {
            icon(ENVELOPE, &figure);
            icon(FLAP, &over);
        }
        EventDefinition::Timer(_) => {
            icon(CLOCK, &line.clone().filled(&look.fill));
            icon(CLOCK_MARKS, &line);
            icon(CLOCK_HANDS, &line);
        }
        EventDefinition::Error { .. } => icon(LIGHTNING, &figure),
        EventDefinition::Escalation { .. } => icon(ESCALATION, &figure),
        EventDefinition::Signal { .. } => icon(SIGNAL, &figure),
        EventDefinition::Compensate { .. } => icon(REWIND, &figure),
        EventDefinition::Cancel => icon(CROSS, &figure),
        EventDefinition::Conditional { .. } => {
            icon(PAGE, &line.clone().filled(&look.fill));
            icon(PAGE_LINES, &line);
        }
        EventDefinition::Link { .. } => icon(ARROW, &figure),
        EventDefinition::Terminate => icon(DISC, &Style::area(&look.stroke)),
    }
}
