//! BPMN DI: planes, shapes, edges, labels, colours (BPMN 2.0 chapter 12).
//!
//! Owns numbers and colours; a broken drawing is warned of, since it has no effect on execution.

use model_xml::{ElementIndex, NamespaceId};

use super::Reader;
use crate::code;
use crate::element_table::Tag;
use crate::extension::Extensions;
use crate::model::{Bounds, Colours, Diagram, Edge, Label, LabelStyle, Plane, Point, Shape};
use crate::namespace;

impl Reader<'_, '_> {
    pub(super) fn diagram(&mut self, element: ElementIndex) -> Diagram {
        let dom = self.dom;
        let mut diagram = Diagram {
            id: self.string(element, "id"),
            name: self.string(element, "name"),
            documentation: self.string(element, "documentation"),
            resolution: self.number_attribute(element, "resolution"),
            location: dom.element(element).location,
            extensions: self.basics(element).extensions,
            ..Diagram::default()
        };
        for child in dom.children(element) {
            match self.tag(child) {
                Tag::BpmnPlane => diagram.plane = self.plane(child),
                Tag::BpmnLabelStyle => diagram.label_styles.push(self.label_style(child)),
                _ => self.drawing_extension(child, &mut diagram.extensions),
            }
        }
        diagram
    }

    fn plane(&mut self, element: ElementIndex) -> Plane {
        let dom = self.dom;
        let mut plane = Plane {
            id: self.string(element, "id"),
            bpmn_element: self.string(element, "bpmnElement"),
            extensions: self.basics(element).extensions,
            ..Plane::default()
        };
        for child in dom.children(element) {
            match self.tag(child) {
                Tag::BpmnShape => plane.shapes.extend(self.shape(child)),
                Tag::BpmnEdge => plane.edges.push(self.edge(child)),
                _ => self.drawing_extension(child, &mut plane.extensions),
            }
        }
        plane
    }

    /// `None` for a shape without bounds, which cannot be drawn.
    fn shape(&mut self, element: ElementIndex) -> Option<Shape> {
        let dom = self.dom;
        self.check_drawn(element);
        let mut extensions = self.basics(element).extensions;
        let mut bounds = None;
        let mut label = None;
        for child in dom.children(element) {
            match self.tag(child) {
                Tag::Bounds => bounds = Some(self.bounds(child)),
                Tag::BpmnLabel => label = Some(self.label(child)),
                _ => self.drawing_extension(child, &mut extensions),
            }
        }
        let colours = self.colours(element, label.as_ref());
        let Some(bounds) = bounds else {
            let message = "a shape without bounds is not drawn".to_owned();
            self.warning(code::MISSING_ELEMENT, element, message, "add dc:Bounds");
            return None;
        };
        Some(Shape {
            id: self.string(element, "id"),
            bpmn_element: self.string(element, "bpmnElement"),
            bounds,
            is_expanded: self.optional_boolean(element, "isExpanded"),
            is_horizontal: self.optional_boolean(element, "isHorizontal"),
            is_marker_visible: self.optional_boolean(element, "isMarkerVisible"),
            is_message_visible: self.optional_boolean(element, "isMessageVisible"),
            participant_band_kind: self.string(element, "participantBandKind"),
            choreography_activity_shape: self.string(element, "choreographyActivityShape"),
            label,
            colours,
            location: dom.element(element).location,
            extensions,
        })
    }

    fn edge(&mut self, element: ElementIndex) -> Edge {
        let dom = self.dom;
        self.check_drawn(element);
        let mut extensions = self.basics(element).extensions;
        let mut waypoints = Vec::new();
        let mut label = None;
        for child in dom.children(element) {
            match self.tag(child) {
                Tag::Waypoint => waypoints.push(Point {
                    x: self.coordinate(child, "x"),
                    y: self.coordinate(child, "y"),
                }),
                Tag::BpmnLabel => label = Some(self.label(child)),
                _ => self.drawing_extension(child, &mut extensions),
            }
        }
        Edge {
            id: self.string(element, "id"),
            bpmn_element: self.string(element, "bpmnElement"),
            waypoints,
            source_element: self.string(element, "sourceElement"),
            target_element: self.string(element, "targetElement"),
            message_visible_kind: self.string(element, "messageVisibleKind"),
            colours: self.colours(element, label.as_ref()),
            label,
            location: dom.element(element).location,
            extensions,
        }
    }

    /// `di:extension` and what tools add beside it.
    fn drawing_extension(&mut self, child: ElementIndex, kept: &mut Extensions) {
        if self.tag(child) == Tag::DiExtension {
            kept.elements.push(self.xml(child));
        } else {
            self.unexpected(child, kept);
        }
    }

    fn label(&mut self, label: ElementIndex) -> Label {
        let dom = self.dom;
        let mut extensions = self.basics(label).extensions;
        let mut bounds = None;
        for child in dom.children(label) {
            match self.tag(child) {
                Tag::Bounds => self.once(&mut bounds, child, Self::bounds),
                _ => self.drawing_extension(child, &mut extensions),
            }
        }
        Label {
            id: self.string(label, "id"),
            label_style: self.string(label, "labelStyle"),
            bounds,
            colour: self.colour(label, namespace::COLOR, "color"),
            extensions,
        }
    }

    fn label_style(&mut self, element: ElementIndex) -> LabelStyle {
        let dom = self.dom;
        let mut style = LabelStyle {
            id: self.string(element, "id"),
            ..LabelStyle::default()
        };
        let font = dom
            .children(element)
            .find(|child| dom.tag(*child) == Tag::Font);
        if let Some(font) = font {
            style.font_name = self.string(font, "name");
            style.font_size = self.number_attribute(font, "size");
            style.is_bold = self.boolean(font, "isBold", false);
            style.is_italic = self.boolean(font, "isItalic", false);
            style.is_underline = self.boolean(font, "isUnderline", false);
            style.is_strike_through = self.boolean(font, "isStrikeThrough", false);
        }
        style
    }

    fn bounds(&mut self, element: ElementIndex) -> Bounds {
        Bounds {
            x: self.coordinate(element, "x"),
            y: self.coordinate(element, "y"),
            width: self.coordinate(element, "width"),
            height: self.coordinate(element, "height"),
        }
    }

    /// A number that must be there; 0 with a warning where it is not.
    fn coordinate(&mut self, element: ElementIndex, name: &str) -> f64 {
        if self.raw(element, name).is_none() {
            let message = format!("{name} is missing, 0 is taken for it");
            let help = format!("add {name}=\"…\"");
            self.warning(code::BAD_VALUE, element, message, help);
        }
        self.number_attribute(element, name).unwrap_or_default()
    }

    /// A finite number; anything else is warned of and left out.
    fn number_attribute(&mut self, element: ElementIndex, name: &str) -> Option<f64> {
        let value = self.raw(element, name)?.trim();
        let number = value.parse().ok().filter(|number: &f64| number.is_finite());
        if number.is_none() {
            let message = format!("{name}={value:?} is not a number");
            self.warning(code::BAD_VALUE, element, message, "write a decimal number");
        }
        number
    }

    fn colour(&self, element: ElementIndex, namespace: NamespaceId, name: &str) -> Option<String> {
        let attribute = self.dom.attribute_in(element, namespace, name)?;
        Some(attribute.value.clone().into_owned())
    }

    /// Two vocabularies exist for colours; tools write one or both. The colour of a label belongs to
    /// the label, and some tools write it at the shape.
    fn colours(&self, element: ElementIndex, label: Option<&Label>) -> Colours {
        let either = |bioc: &str, color: &str| {
            self.colour(element, namespace::COLOR, color)
                .or_else(|| self.colour(element, namespace::BIOC, bioc))
        };
        let of_label = label.and_then(|label| label.colour.clone());
        Colours {
            stroke: either("stroke", "border-color"),
            fill: either("fill", "background-color"),
            label: of_label.or_else(|| self.colour(element, namespace::COLOR, "color")),
        }
    }

    fn check_drawn(&mut self, element: ElementIndex) {
        let Some(drawn) = self.raw(element, "bpmnElement") else {
            return;
        };
        if drawn.trim().is_empty() || self.lookup(element, drawn.trim()).is_some() {
            return;
        }
        let message = format!("bpmnElement {drawn:?} names nothing in this file");
        let help = "remove the shape or edge, or draw the element again";
        self.warning(code::DANGLING_DIAGRAM, element, message, help);
    }
}
