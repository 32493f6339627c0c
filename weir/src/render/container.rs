//! Pools, lanes, and whether a sub-process shows what is in it (BPMN 2.0 sections 9.3 and 10.8).

use bpmn_parser::model::{Drawable, Lane, Participant, Point};

use super::geometry::Rect;
use super::label;
use super::overlay::Look;
use super::paint::{self, Canvas, Style, straight};
use super::scene::Figure;
use super::task_icon::{self, Marker};

/// The band with the name of a pool or lane.
const BAND: f64 = 30.0;
const LINE: f64 = 1.5;

/// What the file says, else whether the shape is larger than a collapsed one.
pub(super) fn is_expanded(figure: &Figure<'_>) -> bool {
    const COLLAPSED_WIDTH: f64 = 140.0;
    const COLLAPSED_HEIGHT: f64 = 110.0;
    let is_large = figure.rect.w > COLLAPSED_WIDTH && figure.rect.h > COLLAPSED_HEIGHT;
    let has_children = if let Some(Drawable::FlowNode { process, index, .. }) = figure.what {
        !process.graph.children(Some(index)).is_empty()
    } else {
        false
    };
    figure.shape.is_expanded.unwrap_or(is_large && has_children)
}

fn is_horizontal(figure: &Figure<'_>) -> bool {
    figure
        .shape
        .is_horizontal
        .unwrap_or(figure.rect.w >= figure.rect.h)
}

pub(super) fn pool(
    canvas: &mut Canvas,
    figure: &Figure<'_>,
    participant: &Participant,
    look: &Look,
) {
    let rect = &figure.rect;
    let line = Style::line(&look.stroke, LINE);
    canvas.rect(rect, 0.0, &line.clone().filled(&look.fill));
    let name = participant.name.as_deref().unwrap_or_default();
    // A black box shows its name in the middle; a band is for what has something beside it.
    if participant.process.is_none() {
        label::inside(canvas, rect, 0.0, name, &look.label);
    } else {
        named_band(canvas, figure, name, look, true);
    }
    if participant.multiplicity.is_some() {
        let bottom = Point {
            x: rect.centre().x,
            y: rect.bottom(),
        };
        task_icon::markers(canvas, bottom, &[Marker::Parallel], &look.stroke);
    }
}

pub(super) fn lane(canvas: &mut Canvas, figure: &Figure<'_>, lane: &Lane, look: &Look) {
    // Without a fill of its own it must not cover what the pool shows.
    let line = Style::line(&look.stroke, LINE);
    let style = match paint::fill(&figure.shape.colours) {
        Some(fill) => line.filled(fill),
        None => line,
    };
    canvas.rect(&figure.rect, 0.0, &style);
    let name = lane.name.as_deref().unwrap_or_default();
    named_band(canvas, figure, name, look, false);
}

fn named_band(canvas: &mut Canvas, figure: &Figure<'_>, name: &str, look: &Look, has_line: bool) {
    let rect = &figure.rect;
    let line = Style::line(&look.stroke, LINE);
    if is_horizontal(figure) {
        let band = Rect {
            w: BAND.min(rect.w),
            ..*rect
        };
        if has_line {
            let ends = [(band.right(), band.y), (band.right(), band.bottom())];
            canvas.path(&straight(&ends.map(|(x, y)| Point { x, y })), &line);
        }
        label::turned(canvas, &band, name, &look.label);
    } else {
        let band = Rect {
            h: BAND.min(rect.h),
            ..*rect
        };
        if has_line {
            let ends = [(band.x, band.bottom()), (band.right(), band.bottom())];
            canvas.path(&straight(&ends.map(|(x, y)| Point { x, y })), &line);
        }
        label::inside(canvas, &band, 0.0, name, &look.label);
    }
}
