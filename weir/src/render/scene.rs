//! One picture: what is drawn in which order, and how large it is.
//!
//! Owns the order (containers, edges, nodes, labels, badges) and the dispatch from element to figure.

use std::collections::HashMap;
use std::fmt::Write;

use bpmn_parser::Model;
use bpmn_parser::model::{
    ArtifactKind, Bounds, Diagram, Drawable, Edge, Event, FlowNodeKind, Gateway, Label, Point,
    Shape, SubProcess,
};
use petgraph::graph::NodeIndex;

use super::geometry::{self, Rect};
use super::overlay::{self, Look, Overlay, Progress};
use super::paint::{Canvas, Num, PAPER, Style};
use super::{COORDINATE_MAX, Error, MARGIN};
use super::{activity, container, data, edge, event, font, gateway, label};

/// A shape with its place and what it shows.
pub(super) struct Figure<'m> {
    pub model: &'m Model,
    pub shape: &'m Shape,
    pub rect: Rect,
    pub label: Option<Rect>,
    /// `None` for elements that the parser does not type, such as those of choreographies.
    pub what: Option<Drawable<'m>>,
}

/// An edge with its path and what it shows.
pub(super) struct Line<'m> {
    pub edge: &'m Edge,
    pub points: Vec<Point>,
    pub label: Option<Rect>,
    pub what: Option<Drawable<'m>>,
}

impl<'m> Figure<'m> {
    fn of(model: &'m Model, shape: &'m Shape) -> Result<Figure<'m>, Error> {
        let out_of_range = || Error::OutOfRange {
            element: name_of(shape.bpmn_element.as_deref(), shape.id.as_deref()),
        };
        Ok(Figure {
            model,
            shape,
            rect: Rect::of(&shape.bounds, COORDINATE_MAX).ok_or_else(out_of_range)?,
            label: label_bounds(shape.label.as_ref()),
            what: shape
                .bpmn_element
                .as_deref()
                .and_then(|id| model.drawable(id)),
        })
    }

    pub fn id(&self) -> &'m str {
        super::local(self.shape.bpmn_element.as_deref()).unwrap_or_default()
    }

    /// Filled before the edges are drawn, since it may hold them.
    fn is_container(&self) -> bool {
        if let Some(Drawable::FlowNode { node, .. }) = self.what {
            return match &node.kind {
                FlowNodeKind::SubProcess(_) => container::is_expanded(self),
                FlowNodeKind::CallActivity(_) => self.shape.is_expanded == Some(true),
                FlowNodeKind::Task(_) | FlowNodeKind::Gateway(_) | FlowNodeKind::Event(_) => false,
            };
        }
        if let Some(Drawable::Artifact(artifact)) = self.what {
            return matches!(artifact.kind, ArtifactKind::Group { .. });
        }
        matches!(
            self.what,
            Some(Drawable::Participant(_) | Drawable::Lane(_))
        )
    }
}

impl<'m> Line<'m> {
    fn of(model: &'m Model, edge: &'m Edge) -> Result<Line<'m>, Error> {
        let points = edge
            .waypoints
            .iter()
            .map(|point| geometry::point(point, COORDINATE_MAX));
        let points = points
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| Error::OutOfRange {
                element: name_of(edge.bpmn_element.as_deref(), edge.id.as_deref()),
            })?;
        Ok(Line {
            edge,
            points,
            label: label_bounds(edge.label.as_ref()),
            what: edge
                .bpmn_element
                .as_deref()
                .and_then(|id| model.drawable(id)),
        })
    }

    pub fn id(&self) -> &'m str {
        super::local(self.edge.bpmn_element.as_deref()).unwrap_or_default()
    }

    fn joins_pools(&self) -> bool {
        matches!(self.what, Some(Drawable::MessageFlow(_)))
    }
}

fn name_of(element: Option<&str>, id: Option<&str>) -> String {
    element.or(id).unwrap_or("a shape without an id").to_owned()
}

/// Labels without a size, which some tools write, have no place of their own.
fn label_bounds(label: Option<&Label>) -> Option<Rect> {
    let bounds: &Bounds = label?.bounds.as_ref()?;
    Rect::of(bounds, COORDINATE_MAX).filter(|rect| rect.w > 0.0 || rect.h > 0.0)
}

/// Draws a diagram.
pub(super) fn draw(model: &Model, diagram: &Diagram, overlay: &Overlay) -> Result<String, Error> {
    let plane = &diagram.plane;
    let figures = plane.shapes.iter().map(|shape| Figure::of(model, shape));
    let mut figures = figures.collect::<Result<Vec<_>, _>>()?;
    let lines = plane.edges.iter().map(|edge| Line::of(model, edge));
    let mut lines = lines.collect::<Result<Vec<_>, _>>()?;
    crop(&mut lines, &figures);
    let overlay = lifted(model, &figures, overlay);
    // The largest first, so that none hides what it contains.
    figures.sort_by(|a, b| (b.rect.w * b.rect.h).total_cmp(&(a.rect.w * a.rect.h)));
    // The path that was taken comes last and lies on top.
    lines.sort_by_key(|line| overlay.taken(line.id()).unwrap_or_default() > 0);
    let mut canvas = Canvas::default();
    for figure in figures.iter().filter(|figure| figure.is_container()) {
        shape(&mut canvas, figure, &overlay);
    }
    let (between, within) = lines
        .iter()
        .partition::<Vec<_>, _>(|line| line.joins_pools());
    for line in within {
        edge::draw(&mut canvas, model, line, &overlay);
    }
    for figure in figures.iter().filter(|figure| !figure.is_container()) {
        shape(&mut canvas, figure, &overlay);
    }
    // The circle that a message flow begins with lies over the border of a shape.
    for line in between {
        edge::draw(&mut canvas, model, line, &overlay);
    }
    for line in &lines {
        edge::name(&mut canvas, model, line, &overlay);
    }
    for figure in &figures {
        name_beside(&mut canvas, figure, &overlay);
    }
    badges(&mut canvas, &figures, &lines, &overlay);
    Ok(framed(
        &canvas.text,
        &extent(model, &figures, &lines),
        title(model, diagram),
    ))
}

fn crop(lines: &mut [Line<'_>], figures: &[Figure<'_>]) {
    let places = figures
        .iter()
        .map(|figure| (figure.id(), figure.rect))
        .collect::<HashMap<_, _>>();
    for line in lines {
        let Some(Drawable::SequenceFlow { process, index, .. }) = line.what else {
            continue;
        };
        let Some((source, target)) = process.graph.endpoints(index) else {
            continue;
        };
        let place = |node: NodeIndex| places.get(process.graph[node].id.as_str());
        line.points = geometry::cropped(&line.points, place(source), place(target));
    }
}

/// The overlay with the tokens of what is not drawn at the sub-process that hides it.
fn lifted(model: &Model, figures: &[Figure<'_>], overlay: &Overlay) -> Overlay {
    let mut overlay = overlay.clone();
    if overlay.is_empty() {
        return overlay;
    }
    let drawn = figures
        .iter()
        .map(Figure::id)
        .collect::<std::collections::HashSet<_>>();
    for process in &model.processes {
        let graph = &process.graph;
        // Inner nodes come later: from the last one on, what is hidden rises step by step.
        let mut nodes = graph.nodes().collect::<Vec<_>>();
        nodes.reverse();
        for (_, node) in nodes {
            let Some(parent) = node.parent else {
                continue;
            };
            if overlay.is_active(&node.id) {
                overlay.enter(&graph[parent].id);
            }
            if !drawn.contains(node.id.as_str()) {
                overlay.lift(&node.id, &graph[parent].id);
            }
        }
    }
    overlay
}

fn look(figure: &Figure<'_>, overlay: &Overlay) -> Look {
    // Pools, lanes and data do not run.
    let progress = if let Some(Drawable::FlowNode { .. }) = figure.what {
        overlay.progress(figure.id())
    } else {
        Progress::Unknown
    };
    let look = overlay::look(progress, &figure.shape.colours);
    if figure.is_container() {
        overlay::pale(look)
    } else {
        look
    }
}

fn shape(canvas: &mut Canvas, figure: &Figure<'_>, overlay: &Overlay) {
    let look = look(figure, overlay);
    let name = figure
        .what
        .as_ref()
        .and_then(|what| name(figure.model, what))
        .unwrap_or_default();
    canvas.open(
        class(figure.what.as_ref()),
        figure.id(),
        &overlay.title(name, figure.id()),
    );
    match figure.what {
        Some(Drawable::FlowNode { node, .. }) => match &node.kind {
            FlowNodeKind::Task(_) | FlowNodeKind::CallActivity(_) | FlowNodeKind::SubProcess(_) => {
                activity::draw(canvas, figure, node, &look);
            }
            FlowNodeKind::Event(kind) => event::draw(canvas, &figure.rect, kind, &look),
            FlowNodeKind::Gateway(kind) => {
                let has_marker = figure.shape.is_marker_visible == Some(true);
                gateway::draw(canvas, &figure.rect, kind, has_marker, &look);
            }
        },
        Some(Drawable::Participant(participant)) => {
            container::pool(canvas, figure, participant, &look);
        }
        Some(Drawable::Lane(lane)) => container::lane(canvas, figure, lane, &look),
        Some(what) => data::draw(canvas, figure, &what, &look),
        None => {
            let style = Style::line(&look.stroke, 1.5)
                .filled(&look.fill)
                .dashed("2 4");
            canvas.rect(&figure.rect, 8.0, &style);
        }
    }
    canvas.close();
}

pub(super) fn class(what: Option<&Drawable<'_>>) -> &'static str {
    match what {
        Some(Drawable::FlowNode { node, .. }) => node.kind.tag(),
        Some(Drawable::SequenceFlow { .. }) => "sequenceFlow",
        Some(Drawable::Lane(_)) => "lane",
        Some(Drawable::DataObject(_) | Drawable::DataReference(_)) => "data",
        Some(Drawable::DataInput(_)) => "dataInput",
        Some(Drawable::DataOutput(_)) => "dataOutput",
        Some(Drawable::DataAssociation(_)) => "dataAssociation",
        Some(Drawable::Artifact(artifact)) => match artifact.kind {
            ArtifactKind::TextAnnotation { .. } => "textAnnotation",
            ArtifactKind::Group { .. } => "group",
            ArtifactKind::Association { .. } => "association",
        },
        Some(Drawable::Participant(_)) => "participant",
        Some(Drawable::MessageFlow(_)) => "messageFlow",
        Some(Drawable::ConversationNode(_)) => "conversation",
        Some(Drawable::ConversationLink(_)) => "conversationLink",
        Some(Drawable::Message(_)) => "message",
        Some(Drawable::Process(_)) => "process",
        Some(Drawable::Collaboration(_)) => "collaboration",
        None => "unknown",
    }
}

/// How much of a name is written, and said in titles.
const NAME_CHARS_MAX: usize = 1_000;

/// The name that is written at an element.
pub(super) fn name<'m>(model: &'m Model, what: &Drawable<'m>) -> Option<&'m str> {
    whole_name(model, what).map(|name| font::clipped(name, NAME_CHARS_MAX))
}

fn whole_name<'m>(model: &'m Model, what: &Drawable<'m>) -> Option<&'m str> {
    match what {
        Drawable::FlowNode { node, .. } => node.name.as_deref(),
        Drawable::SequenceFlow { flow, .. } => flow.name.as_deref(),
        Drawable::Lane(lane) => lane.name.as_deref(),
        Drawable::DataObject(object) => object.name.as_deref(),
        Drawable::DataReference(reference) => reference.name.as_deref(),
        Drawable::DataInput(input) => input.name.as_deref(),
        Drawable::DataOutput(output) => output.name.as_deref(),
        Drawable::Artifact(artifact) => match &artifact.kind {
            ArtifactKind::TextAnnotation { text, .. } => {
                text.as_ref().map(|text| text.value.as_str())
            }
            ArtifactKind::Group { category_value } => {
                data::category(model, category_value.as_deref())
            }
            ArtifactKind::Association { .. } => None,
        },
        Drawable::Participant(participant) => participant.name.as_deref(),
        Drawable::MessageFlow(flow) => flow.name.as_deref(),
        Drawable::ConversationNode(node) => node.name.as_deref(),
        Drawable::ConversationLink(link) => link.name.as_deref(),
        Drawable::Message(message) => message.name.as_ref().map(|name| name.value.as_str()),
        Drawable::Process(process) => process.name.as_deref(),
        Drawable::Collaboration(collaboration) => collaboration.name.as_deref(),
        Drawable::DataAssociation(_) => None,
    }
}

/// The text beside a shape, and where it goes without bounds of its own.
fn text_beside<'m>(figure: &Figure<'m>) -> Option<(&'m str, Point)> {
    let what = figure.what.as_ref()?;
    let below = Point {
        x: figure.rect.centre().x,
        y: figure.rect.bottom() + 5.0,
    };
    let inside = Point {
        y: figure.rect.y + 6.0,
        ..below
    };
    let is_beside = match what {
        Drawable::FlowNode { node, .. } => match &node.kind {
            FlowNodeKind::Event(Event { .. })
            | FlowNodeKind::Gateway(
                Gateway::Exclusive
                | Gateway::Inclusive
                | Gateway::Parallel
                | Gateway::EventBased { .. }
                | Gateway::Complex { .. },
            ) => true,
            FlowNodeKind::Task(_)
            | FlowNodeKind::SubProcess(SubProcess { .. })
            | FlowNodeKind::CallActivity(_) => false,
        },
        Drawable::DataObject(_)
        | Drawable::DataReference(_)
        | Drawable::DataInput(_)
        | Drawable::DataOutput(_)
        | Drawable::ConversationNode(_)
        | Drawable::Message(_) => true,
        Drawable::Artifact(artifact) => matches!(artifact.kind, ArtifactKind::Group { .. }),
        Drawable::SequenceFlow { .. }
        | Drawable::Lane(_)
        | Drawable::DataAssociation(_)
        | Drawable::Participant(_)
        | Drawable::MessageFlow(_)
        | Drawable::ConversationLink(_)
        | Drawable::Process(_)
        | Drawable::Collaboration(_) => false,
    };
    let text = name(figure.model, what).filter(|text| is_beside && !text.trim().is_empty())?;
    // A group has its name inside.
    let is_group = matches!(what, Drawable::Artifact(_));
    let at = if is_group { inside } else { below };
    Some((text, at))
}

fn name_beside(canvas: &mut Canvas, figure: &Figure<'_>, overlay: &Overlay) {
    if let Some((text, default)) = text_beside(figure) {
        let look = look(figure, overlay);
        label::beside(canvas, figure.label.as_ref(), default, text, &look.label);
    }
}

fn badges(canvas: &mut Canvas, figures: &[Figure<'_>], lines: &[Line<'_>], overlay: &Overlay) {
    if overlay.is_empty() {
        return;
    }
    for line in lines {
        overlay::repetition(canvas, overlay.taken(line.id()), &line.points);
    }
    for figure in figures {
        if let Some(Drawable::FlowNode { node, .. }) = figure.what {
            let is_activity = node.kind.is_activity();
            overlay::badges(canvas, overlay, figure.id(), &figure.rect, is_activity);
        }
    }
}

fn extent(model: &Model, figures: &[Figure<'_>], lines: &[Line<'_>]) -> Rect {
    let shapes = figures.iter().map(|figure| figure.rect);
    let names = figures.iter().filter_map(|figure| {
        let (text, default) = text_beside(figure)?;
        Some(label::extent(figure.label.as_ref(), default, text))
    });
    let points = lines
        .iter()
        .flat_map(|line| &line.points)
        .map(|point| Rect {
            x: point.x,
            y: point.y,
            w: 0.0,
            h: 0.0,
        });
    let labels = lines.iter().filter_map(|line| line.label);
    let line_names = lines.iter().filter_map(|line| {
        let (text, default) = edge::text_beside(model, line)?;
        Some(label::extent(line.label.as_ref(), default, text))
    });
    let all = shapes.chain(names).chain(points).chain(labels);
    let all = all.chain(line_names);
    all.reduce(|all, one| all.union(&one)).unwrap_or(Rect {
        x: 0.0,
        y: 0.0,
        w: 0.0,
        h: 0.0,
    })
}

fn title<'m>(model: &'m Model, diagram: &'m Diagram) -> &'m str {
    let plane = diagram.plane.bpmn_element.as_deref();
    let drawn = plane.and_then(|id| model.drawable(id));
    let own = drawn.as_ref().and_then(|what| name(model, what));
    let first = || {
        model
            .processes
            .iter()
            .find_map(|process| process.name.as_deref())
    };
    own.or_else(first)
        .or(diagram.name.as_deref())
        .unwrap_or_default()
}

fn framed(figures: &str, extent: &Rect, title: &str) -> String {
    let frame = extent.inset(-MARGIN);
    let frame = Rect {
        x: frame.x.floor(),
        y: frame.y.floor(),
        w: frame.w.ceil() + 1.0,
        h: frame.h.ceil() + 1.0,
    };
    let (w, h) = (Num(frame.w), Num(frame.h));
    let mut out = String::with_capacity(figures.len() + 512);
    let _ = writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#);
    let _ = writeln!(
        out,
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" viewBox="{} {} {w} {h}" {}>"#,
        Num(frame.x),
        Num(frame.y),
        label::font_family()
    );
    if !title.is_empty() {
        let _ = writeln!(out, "<title>{}</title>", super::paint::Escaped(title));
    }
    let mut paper = Canvas::default();
    // Without it the picture cannot be read on a dark page.
    paper.rect(&frame, 0.0, &Style::area(PAPER));
    out.push_str(&paper.text);
    out.push_str(figures);
    out.push_str("</svg>\n");
    out
}
