//! Data objects and stores, messages, conversations, annotations and groups: drawn, not executed.

use bpmn_parser::Model;
use bpmn_parser::model::{
    Artifact, ArtifactKind, ConversationNodeKind, DataReference, DataReferenceKind, Drawable, Point,
};

use super::event_icon::{ENVELOPE, FLAP, GRID};
use super::geometry::Rect;
use super::label;
use super::overlay::Look;
use super::paint::{Canvas, Num, PAPER, Style, straight};
use super::scene::Figure;
use super::task_icon::{self, Marker};

/// What an arrow in a page says: data that comes in or goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arrow {
    None,
    In,
    Out,
}

pub(super) fn draw(canvas: &mut Canvas, figure: &Figure<'_>, what: &Drawable<'_>, look: &Look) {
    let rect = &figure.rect;
    match what {
        Drawable::DataObject(object) => page(canvas, rect, object.is_collection, Arrow::None, look),
        Drawable::DataReference(reference) => match reference.kind {
            DataReferenceKind::Store => store(canvas, rect, look),
            DataReferenceKind::Object => {
                let is_collection = is_collection(figure.model, reference);
                page(canvas, rect, is_collection, Arrow::None, look);
            }
        },
        Drawable::DataInput(input) => page(canvas, rect, input.is_collection, Arrow::In, look),
        Drawable::DataOutput(output) => page(canvas, rect, output.is_collection, Arrow::Out, look),
        Drawable::Message(_) => {
            let is_reply = figure.shape.is_message_visible == Some(false);
            envelope(canvas, rect, is_reply, look);
        }
        Drawable::ConversationNode(node) => {
            hexagon(canvas, rect, &node.kind, look);
        }
        Drawable::Artifact(artifact) => artifact_shape(canvas, figure, artifact, look),
        // Edges and planes have no shape; the others are drawn elsewhere.
        Drawable::FlowNode { .. }
        | Drawable::SequenceFlow { .. }
        | Drawable::Lane(_)
        | Drawable::DataAssociation(_)
        | Drawable::Participant(_)
        | Drawable::MessageFlow(_)
        | Drawable::ConversationLink(_)
        | Drawable::Process(_)
        | Drawable::Collaboration(_) => {}
    }
}

/// A reference is a collection when its data object is one.
fn is_collection(model: &Model, reference: &DataReference) -> bool {
    let target = reference.target.as_deref();
    let target = target.and_then(|id| model.drawable(id));
    matches!(target, Some(Drawable::DataObject(object)) if object.is_collection)
}

/// The name of the category value that a group stands for.
pub(super) fn category<'m>(model: &'m Model, value: Option<&str>) -> Option<&'m str> {
    let value = super::local(value)?;
    let mut values = model
        .categories
        .iter()
        .flat_map(|category| &category.values);
    let found = values.find(|known| known.id.as_deref() == Some(value))?;
    found.value.as_deref()
}

fn page(canvas: &mut Canvas, rect: &Rect, is_collection: bool, arrow: Arrow, look: &Look) {
    let fold = (rect.w.min(rect.h) * 0.28).min(14.0);
    let (left, top, right, bottom) = (rect.x, rect.y, rect.right(), rect.bottom());
    let border = [
        (left, top),
        (right - fold, top),
        (right, top + fold),
        (right, bottom),
        (left, bottom),
    ];
    let line = Style::line(&look.stroke, 1.5).round();
    canvas.polygon(
        &border.map(|(x, y)| Point { x, y }),
        &line.clone().filled(&look.fill),
    );
    let corner = [
        (right - fold, top),
        (right - fold, top + fold),
        (right, top + fold),
    ];
    canvas.path(&straight(&corner.map(|(x, y)| Point { x, y })), &line);
    let at = Point {
        x: left + 4.0,
        y: top + 4.0,
    };
    const ARROW: &str = "M0 4H8V0.5L14 6.5L8 12.5V9H0Z";
    match arrow {
        Arrow::None => {}
        Arrow::In => canvas.icon(at, 1.0, ARROW, &line.filled(&look.fill)),
        Arrow::Out => canvas.icon(at, 1.0, ARROW, &line.filled(&look.stroke)),
    }
    if is_collection {
        let middle = Point {
            x: rect.centre().x,
            y: bottom,
        };
        task_icon::markers(canvas, middle, &[Marker::Parallel], &look.stroke);
    }
}

fn store(canvas: &mut Canvas, rect: &Rect, look: &Look) {
    let ry = (rect.h * 0.15).min(12.0);
    let rx = rect.w / 2.0;
    let (x, right, top, bottom) = (
        Num(rect.x),
        Num(rect.right()),
        rect.y + ry,
        rect.bottom() - ry,
    );
    let line = Style::line(&look.stroke, 1.5);
    let arc = format!("{} {} 0 0", Num(rx), Num(ry));
    let barrel = format!(
        "M{x} {}A{arc} 1 {right} {}V{}A{arc} 1 {x} {}Z",
        Num(top),
        Num(top),
        Num(bottom),
        Num(bottom)
    );
    canvas.path(&barrel, &line.clone().filled(&look.fill));
    for ring in 0..3 {
        let y = Num(top + f64::from(ring) * ry * 0.6);
        canvas.path(&format!("M{x} {y}A{arc} 0 {right} {y}"), &line);
    }
}

/// An envelope; a reply is grey.
fn envelope(canvas: &mut Canvas, rect: &Rect, is_reply: bool, look: &Look) {
    let line = Style::line(&look.stroke, 1.5);
    let fill = if is_reply {
        "#d5d9de"
    } else {
        look.fill.as_str()
    };
    canvas.rect(rect, 0.0, &line.clone().filled(fill));
    let flap = [
        (rect.x, rect.y),
        (rect.centre().x, rect.y + rect.h * 0.6),
        (rect.right(), rect.y),
    ];
    canvas.path(&straight(&flap.map(|(x, y)| Point { x, y })), &line);
}

/// The message on a message flow, centred on a point.
pub(super) fn message_at(canvas: &mut Canvas, centre: Point, is_reply: bool, ink: &str) {
    const SCALE: f64 = 1.6;
    let at = Point {
        x: centre.x - SCALE * GRID / 2.0,
        y: centre.y - SCALE * GRID / 2.0,
    };
    let fill = if is_reply { "#d5d9de" } else { PAPER };
    let line = Style::line(ink, 1.0);
    canvas.icon(at, SCALE, ENVELOPE, &line.clone().filled(fill));
    canvas.icon(at, SCALE, FLAP, &line);
}

fn hexagon(canvas: &mut Canvas, rect: &Rect, kind: &ConversationNodeKind, look: &Look) {
    let centre = rect.centre();
    let corners = [
        (rect.x + rect.w / 4.0, rect.y),
        (rect.right() - rect.w / 4.0, rect.y),
        (rect.right(), centre.y),
        (rect.right() - rect.w / 4.0, rect.bottom()),
        (rect.x + rect.w / 4.0, rect.bottom()),
        (rect.x, centre.y),
    ];
    let (width, is_collapsed) = match kind {
        ConversationNodeKind::Conversation => (1.5, false),
        ConversationNodeKind::SubConversation => (1.5, true),
        ConversationNodeKind::CallConversation { .. } => (4.0, false),
    };
    let style = Style::line(&look.stroke, width).filled(&look.fill);
    canvas.polygon(&corners.map(|(x, y)| Point { x, y }), &style);
    if is_collapsed {
        let bottom = Point {
            x: centre.x,
            y: rect.bottom(),
        };
        task_icon::markers(canvas, bottom, &[Marker::Collapsed], &look.stroke);
    }
}

fn artifact_shape(canvas: &mut Canvas, figure: &Figure<'_>, artifact: &Artifact, look: &Look) {
    let rect = &figure.rect;
    match &artifact.kind {
        ArtifactKind::TextAnnotation { text, .. } => {
            const FOOT: f64 = 10.0;
            let bracket = [
                (rect.x + FOOT, rect.y),
                (rect.x, rect.y),
                (rect.x, rect.bottom()),
                (rect.x + FOOT, rect.bottom()),
            ];
            let style = Style::line(&look.stroke, 1.5);
            canvas.path(&straight(&bracket.map(|(x, y)| Point { x, y })), &style);
            let text = text.as_ref().map_or("", |text| text.value.as_str());
            label::annotation(canvas, rect, text, &look.label);
        }
        ArtifactKind::Group { .. } => {
            canvas.rect(
                rect,
                10.0,
                &Style::line(&look.stroke, 1.5).dashed("10 4 1 4").round(),
            );
        }
        ArtifactKind::Association { .. } => {}
    }
}
