//! Sequence flows, message flows, associations and conversation links.
//!
//! Owns lines, their ends and their names. BPMN 2.0 sections 8.4.13, 9.4 and 10.4.

use std::fmt::Write;

use bpmn_parser::Model;
use bpmn_parser::model::{ArtifactKind, AssociationDirection, Drawable, FlowNodeKind, Process};

use super::data;
use super::geometry::{distance, middle, toward};
use super::label;
use super::overlay::{self, Overlay};
use super::paint::{self, Canvas, INK, Num, PAPER, Style};
use super::scene::{self, Line};
use bpmn_parser::model::Point;

/// Bends are rounded this much.
const BEND: f64 = 6.0;

/// What a line ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Head {
    /// A filled triangle: sequence flows.
    Filled,
    /// A white triangle: message flows.
    White,
    /// Two strokes: associations.
    Open,
}

pub(super) fn draw(canvas: &mut Canvas, model: &Model, line: &Line<'_>, overlay: &Overlay) {
    let path = distinct(&line.points);
    if path.len() < 2 {
        return;
    }
    let what = line.what.as_ref();
    let name = what
        .and_then(|what| scene::name(model, what))
        .unwrap_or_default();
    let class = scene::class(what);
    canvas.open(class, line.id(), &overlay.title(name, line.id()));
    let ink = paint::stroke(&line.edge.colours).unwrap_or(INK);
    match what {
        Some(Drawable::SequenceFlow { process, index, .. }) => {
            sequence_flow(canvas, line, &path, overlay);
            let (ink, _) = overlay::flow_line(overlay.taken(line.id()), &line.edge.colours);
            starts_with(canvas, process, *index, &path, &ink);
        }
        Some(Drawable::MessageFlow(_)) => message_flow(canvas, line, &path, ink),
        Some(Drawable::DataAssociation(_)) => dotted(canvas, &path, ink, false, true),
        Some(Drawable::Artifact(artifact)) => {
            let direction = match &artifact.kind {
                ArtifactKind::Association { direction, .. } => *direction,
                ArtifactKind::TextAnnotation { .. } | ArtifactKind::Group { .. } => {
                    AssociationDirection::None
                }
            };
            let (at_start, at_end) = match direction {
                AssociationDirection::None => (false, false),
                AssociationDirection::One => (false, true),
                AssociationDirection::Both => (true, true),
            };
            dotted(canvas, &path, ink, at_start, at_end);
        }
        Some(Drawable::ConversationLink(_)) => {
            canvas.path(&rounded(&path), &Style::line(ink, 5.0));
            canvas.path(&rounded(&path), &Style::line(PAPER, 2.0));
        }
        // Shapes and planes, which a file may draw as an edge by mistake, and what has no type.
        Some(
            Drawable::FlowNode { .. }
            | Drawable::Lane(_)
            | Drawable::DataObject(_)
            | Drawable::DataReference(_)
            | Drawable::DataInput(_)
            | Drawable::DataOutput(_)
            | Drawable::Participant(_)
            | Drawable::ConversationNode(_)
            | Drawable::Message(_)
            | Drawable::Process(_)
            | Drawable::Collaboration(_),
        )
        | None => dotted(canvas, &path, ink, false, false),
    }
    canvas.close();
}

/// The name of an edge; drawn later than all lines.
pub(super) fn name(canvas: &mut Canvas, model: &Model, line: &Line<'_>, overlay: &Overlay) {
    let Some((text, above)) = text_beside(model, line) else {
        return;
    };
    let colour = match (&line.what, overlay.taken(line.id())) {
        (Some(Drawable::SequenceFlow { .. }), Some(0)) => "#6e7781",
        (_, _) => paint::label(&line.edge.colours).unwrap_or(INK),
    };
    label::beside(canvas, line.label.as_ref(), above, text, colour);
}

/// The text at an edge, and where it goes without bounds of its own.
pub(super) fn text_beside<'m>(model: &'m Model, line: &Line<'m>) -> Option<(&'m str, Point)> {
    let what = line.what.as_ref()?;
    let text = scene::name(model, what).filter(|text| !text.trim().is_empty())?;
    if let Drawable::Artifact(_) = what {
        return None; // An association has no name, and a misplaced annotation has its text elsewhere.
    }
    let middle = middle(&line.points)?;
    let above = Point {
        x: middle.x,
        y: middle.y - 16.0,
    };
    Some((text, above))
}

/// Points that follow each other in the same place have no direction.
fn distinct(points: &[Point]) -> Vec<Point> {
    let mut path = Vec::<Point>::with_capacity(points.len());
    for point in points {
        if path
            .last()
            .is_none_or(|last| distance(*last, *point) > 0.01)
        {
            path.push(*point);
        }
    }
    path
}

/// A path with rounded bends.
fn rounded(points: &[Point]) -> String {
    let mut data = String::new();
    for (index, point) in points.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|index| points.get(index));
        match (before, points.get(index + 1)) {
            (None, _) => {
                let _ = write!(data, "M{} {}", Num(point.x), Num(point.y));
            }
            (Some(_), None) => {
                let _ = write!(data, "L{} {}", Num(point.x), Num(point.y));
            }
            (Some(before), Some(after)) => {
                let room = distance(*before, *point).min(distance(*point, *after)) / 2.0;
                let start = toward(*point, *before, BEND.min(room));
                let end = toward(*point, *after, BEND.min(room));
                let _ = write!(
                    data,
                    "L{} {}Q{} {} {} {}",
                    Num(start.x),
                    Num(start.y),
                    Num(point.x),
                    Num(point.y),
                    Num(end.x),
                    Num(end.y)
                );
            }
        }
    }
    data
}

/// The last point and the one before it.
fn ending(path: &[Point]) -> Option<(Point, Point)> {
    match path {
        [.., before, last] => Some((*before, *last)),
        _ => None,
    }
}

/// The path, ending where the head of the line begins.
fn shortened(path: &[Point], by: f64) -> Vec<Point> {
    let mut path = path.to_vec();
    if let Some((before, last)) = ending(&path) {
        let by = by.min(distance(before, last) * 0.9);
        if let Some(end) = path.last_mut() {
            *end = toward(last, before, by);
        }
    }
    path
}

fn head(canvas: &mut Canvas, path: &[Point], kind: Head, ink: &str, scale: f64) {
    let Some((before, tip)) = ending(path) else {
        return;
    };
    let (length, half) = match kind {
        Head::Filled => (10.0 * scale, 4.0 * scale),
        Head::White => (10.0, 5.0),
        Head::Open => (8.0, 4.5),
    };
    let base = toward(tip, before, length);
    let whole = distance(before, tip);
    let (nx, ny) = ((tip.y - before.y) / whole, (before.x - tip.x) / whole);
    let wing = |side: f64| Point {
        x: base.x + nx * half * side,
        y: base.y + ny * half * side,
    };
    let points = [wing(1.0), tip, wing(-1.0)];
    match kind {
        Head::Filled => canvas.polygon(&points, &Style::line(ink, 1.0).filled(ink).round()),
        Head::White => canvas.polygon(&points, &Style::line(ink, 1.5).filled(PAPER).round()),
        Head::Open => canvas.path(&paint::straight(&points), &Style::line(ink, 1.5).round()),
    }
}

fn sequence_flow(canvas: &mut Canvas, line: &Line<'_>, path: &[Point], overlay: &Overlay) {
    let (ink, width) = overlay::flow_line(overlay.taken(line.id()), &line.edge.colours);
    let is_thick = width > 2.0;
    let data = rounded(&shortened(path, 6.0));
    canvas.path(&data, &Style::line(&ink, width));
    head(
        canvas,
        path,
        Head::Filled,
        &ink,
        if is_thick { 1.2 } else { 1.0 },
    );
}

/// The slash of a default flow and the diamond of a conditional one that leaves an activity.
fn starts_with(
    canvas: &mut Canvas,
    process: &Process,
    flow: petgraph::graph::EdgeIndex,
    path: &[Point],
    ink: &str,
) {
    let ([first, second, ..], Some((source, _))) = (path, process.graph.endpoints(flow)) else {
        return;
    };
    let source = &process.graph[source];
    let is_conditional = process.graph[flow].condition.is_some();
    let is_gateway = matches!(source.kind, FlowNodeKind::Gateway(_));
    let whole = distance(*first, *second);
    let (dx, dy) = ((second.x - first.x) / whole, (second.y - first.y) / whole);
    let at = |along: f64, aside: f64| Point {
        x: first.x + dx * along - dy * aside,
        y: first.y + dy * along + dx * aside,
    };
    if source.default_flow == Some(flow) {
        let slash = [at(7.0, 5.0), at(13.0, -5.0)];
        canvas.path(&paint::straight(&slash), &Style::line(ink, 1.8).round());
    } else if is_conditional && !is_gateway {
        let diamond = [at(0.0, 0.0), at(8.0, 5.0), at(16.0, 0.0), at(8.0, -5.0)];
        canvas.polygon(&diamond, &Style::line(ink, 1.5).filled(PAPER));
    }
}

fn message_flow(canvas: &mut Canvas, line: &Line<'_>, path: &[Point], ink: &str) {
    let data = rounded(&shortened(path, 9.0));
    canvas.path(&data, &Style::line(ink, 1.5).dashed("8 6").round());
    head(canvas, path, Head::White, ink, 1.0);
    if let Some(first) = path.first() {
        canvas.ellipse(*first, 3.5, 3.5, &Style::line(ink, 1.5).filled(PAPER));
    }
    let kind = line.edge.message_visible_kind.as_deref();
    if let (Some(kind), Some(middle)) = (kind, middle(path)) {
        data::message_at(canvas, middle, kind == "non_initiating", ink);
    }
}

fn dotted(canvas: &mut Canvas, path: &[Point], ink: &str, at_start: bool, at_end: bool) {
    let style = Style::line(ink, 1.6).dashed("0.1 4").round();
    canvas.path(&rounded(path), &style);
    if at_end {
        head(canvas, path, Head::Open, ink, 1.0);
    }
    if at_start {
        let mut back = path.to_vec();
        back.reverse();
        head(canvas, &back, Head::Open, ink, 1.0);
    }
}
