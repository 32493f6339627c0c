//! BPMN DI: how a model is drawn (BPMN 2.0 chapter 12, OMG DD 1.0).
//!
//! Owns planes, shapes, edges, labels and colours; must not know what the drawn elements do.
//! `Model::drawable` leads from a `bpmn_element` to the element.

use model_xml::Location;

use crate::extension::Extensions;

/// One `bpmndi:BPMNDiagram`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Diagram {
    pub id: Option<String>,
    pub name: Option<String>,
    pub documentation: Option<String>,
    /// Dots per inch, where the tool wrote it.
    pub resolution: Option<f64>,
    pub plane: Plane,
    pub label_styles: Vec<LabelStyle>,
    pub location: Location,
    pub extensions: Extensions,
}

/// The `bpmndi:BPMNPlane` of a diagram; lengths are in the diagram's pixels, y grows downwards.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plane {
    pub id: Option<String>,
    /// The process, collaboration, choreography or sub-process that is drawn.
    pub bpmn_element: Option<String>,
    /// In document order, which is the drawing order.
    pub shapes: Vec<Shape>,
    pub edges: Vec<Edge>,
    pub extensions: Extensions,
}

/// A rectangle: left, top, width, height.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Bounds {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

/// A point of an edge.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Point {
    pub x: f64,
    pub y: f64,
}

/// `bioc:` and `color:` attributes, as CSS colours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Colours {
    /// `bioc:stroke` or `color:border-color`.
    pub stroke: Option<String>,
    /// `bioc:fill` or `color:background-color`.
    pub fill: Option<String>,
    /// `color:color` of the label, or of the shape or edge where the label has none.
    pub label: Option<String>,
}

/// One `bpmndi:BPMNShape`.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    pub id: Option<String>,
    pub bpmn_element: Option<String>,
    pub bounds: Bounds,
    pub is_expanded: Option<bool>,
    pub is_horizontal: Option<bool>,
    pub is_marker_visible: Option<bool>,
    pub is_message_visible: Option<bool>,
    /// As written, such as `top_initiating` (choreographies).
    pub participant_band_kind: Option<String>,
    pub choreography_activity_shape: Option<String>,
    pub label: Option<Label>,
    pub colours: Colours,
    pub location: Location,
    pub extensions: Extensions,
}

/// One `bpmndi:BPMNEdge`.
#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    pub id: Option<String>,
    pub bpmn_element: Option<String>,
    /// Two or more in a valid file; possibly fewer in a broken one.
    pub waypoints: Vec<Point>,
    pub source_element: Option<String>,
    pub target_element: Option<String>,
    /// As written: `initiating` or `non_initiating`.
    pub message_visible_kind: Option<String>,
    pub label: Option<Label>,
    pub colours: Colours,
    pub location: Location,
    pub extensions: Extensions,
}

/// One `bpmndi:BPMNLabel`; the text is the name of the element.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Label {
    pub id: Option<String>,
    pub label_style: Option<String>,
    pub bounds: Option<Bounds>,
    /// `color:color`, as a CSS colour.
    pub colour: Option<String>,
    pub extensions: Extensions,
}

/// One `bpmndi:BPMNLabelStyle` with its `dc:Font`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LabelStyle {
    pub id: Option<String>,
    pub font_name: Option<String>,
    pub font_size: Option<f64>,
    pub is_bold: bool,
    pub is_italic: bool,
    pub is_underline: bool,
    pub is_strike_through: bool,
}
