//! Events: one thin, two thin, or one thick circle, and what the event is about (section 10.5).

use bpmn_parser::model::{Event, EventPosition};

use super::event_icon;
use super::geometry::Rect;
use super::overlay::Look;
use super::paint::{Canvas, Style};

const LINE: f64 = 1.5;
const LINE_END: f64 = 3.5;
/// Between the two circles of an intermediate event.
const RING: f64 = 3.0;
const DASH: &str = "4 3";

pub(super) fn draw(canvas: &mut Canvas, rect: &Rect, event: &Event, look: &Look) {
    let centre = rect.centre();
    let (rx, ry) = (rect.w / 2.0, rect.h / 2.0);
    let line = Style::line(&look.stroke, LINE);
    let filled = line.clone().filled(&look.fill);
    let (is_double, is_dashed, is_throwing) = match event.position {
        EventPosition::Start { interrupting } => (false, !interrupting, false),
        EventPosition::IntermediateCatch => (true, false, false),
        EventPosition::IntermediateThrow => (true, false, true),
        EventPosition::Boundary {
            cancel_activity, ..
        } => (true, !cancel_activity, false),
        EventPosition::End => (false, false, true),
    };
    let dashed = |style: Style| if is_dashed { style.dashed(DASH) } else { style };
    match event.position {
        EventPosition::End => canvas.ellipse(centre, rx - 1.0, ry - 1.0, &filled.wide(LINE_END)),
        EventPosition::Start { .. } => canvas.ellipse(centre, rx, ry, &dashed(filled.wide(2.0))),
        EventPosition::IntermediateCatch
        | EventPosition::IntermediateThrow
        | EventPosition::Boundary { .. } => canvas.ellipse(centre, rx, ry, &dashed(filled)),
    }
    if is_double {
        canvas.ellipse(centre, rx - RING, ry - RING, &dashed(line));
    }
    event_icon::draw(canvas, rect, event, is_throwing, look);
}
