//! Tasks, call activities and sub-processes (BPMN 2.0 section 10.3).

use bpmn_parser::model::{
    FlowNode, FlowNodeKind, LoopCharacteristics, Point, SubProcessKind, TaskKind,
};

use super::container::is_expanded;
use super::label;
use super::overlay::Look;
use super::paint::{Canvas, Style};
use super::scene::Figure;
use super::task_icon::{self, Marker};

/// Corners of activities.
const RADIUS: f64 = 10.0;
const LINE: f64 = 2.0;
/// The border of call activities.
const LINE_THICK: f64 = 4.5;
/// What the markers take at the bottom of an activity.
const MARKERS: f64 = 14.0;

pub(super) fn draw(canvas: &mut Canvas, figure: &Figure<'_>, node: &FlowNode, look: &Look) {
    let rect = &figure.rect;
    let style = Style::line(&look.stroke, LINE).filled(&look.fill);
    let mut markers = Vec::new();
    let mut is_open = false;
    match &node.kind {
        FlowNodeKind::Task(kind) => {
            canvas.rect(rect, RADIUS, &style);
            let corner = Point {
                x: rect.x + 7.0,
                y: rect.y + 6.0,
            };
            task_icon::task(canvas, corner, kind, &look.stroke);
        }
        FlowNodeKind::CallActivity(_) => {
            canvas.rect(rect, RADIUS, &style.wide(LINE_THICK));
            is_open = figure.shape.is_expanded == Some(true);
            if figure.shape.is_expanded == Some(false) {
                markers.push(Marker::Collapsed);
            }
        }
        FlowNodeKind::SubProcess(sub_process) => {
            is_open = is_expanded(figure);
            let is_event = sub_process.kind == SubProcessKind::Event;
            let border = if is_event {
                style.dashed("1 3").round()
            } else {
                style
            };
            canvas.rect(rect, RADIUS, &border);
            if let SubProcessKind::Transaction { .. } = sub_process.kind {
                canvas.rect(
                    &rect.inset(3.0),
                    RADIUS - 2.0,
                    &Style::line(&look.stroke, 1.5),
                );
            }
            if !is_open {
                markers.push(Marker::Collapsed);
            }
        }
        // Not activities: they have their own files.
        FlowNodeKind::Gateway(_) | FlowNodeKind::Event(_) => return,
    }
    markers.extend(other_markers(node));
    let bottom = Point {
        x: rect.centre().x,
        y: rect.bottom() - 2.0,
    };
    task_icon::markers(canvas, bottom, &markers, &look.stroke);
    let name = node.name.as_deref().unwrap_or_default();
    if is_open {
        label::on_top(canvas, rect, name, &look.label);
    } else {
        let mut room = *rect;
        if !markers.is_empty() {
            room.h = (room.h - MARKERS).max(0.0);
        }
        label::inside(canvas, &room, icon_height(node), name, &look.label);
    }
}

/// What the type of a task takes at the top of its shape.
fn icon_height(node: &FlowNode) -> f64 {
    const ICON: f64 = 22.0;
    match &node.kind {
        FlowNodeKind::Task(TaskKind::Abstract)
        | FlowNodeKind::SubProcess(_)
        | FlowNodeKind::CallActivity(_)
        | FlowNodeKind::Gateway(_)
        | FlowNodeKind::Event(_) => 0.0,
        FlowNodeKind::Task(_) => ICON,
    }
}

fn other_markers(node: &FlowNode) -> Vec<Marker> {
    let mut markers = Vec::new();
    match &node.loop_characteristics {
        Some(LoopCharacteristics::Standard(_)) => markers.push(Marker::Loop),
        Some(LoopCharacteristics::MultiInstance(multiple)) => {
            markers.push(if multiple.is_sequential {
                Marker::Sequential
            } else {
                Marker::Parallel
            })
        }
        None => {}
    }
    if node.is_for_compensation {
        markers.push(Marker::Compensation);
    }
    if let FlowNodeKind::SubProcess(sub_process) = &node.kind
        && let SubProcessKind::AdHoc { .. } = sub_process.kind
    {
        markers.push(Marker::AdHoc);
    }
    markers
}
