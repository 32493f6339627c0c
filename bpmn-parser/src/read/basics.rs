//! What every element may carry: documentation, extensions, expressions, attributes.
//!
//! Owns the lossless copy of foreign XML and the checks that the element table makes possible.

use model_xml::{ElementIndex, NamespaceId};

use crate::code::{self, Code};
use crate::element_table::Tag;
use crate::extension::{Extensions, XmlAttribute, XmlElement, XmlNode};
use crate::model::{Documentation, Expression, Text};
use crate::namespace;

use super::Reader;

/// Documentation and extensions of one element.
#[derive(Debug, Default)]
pub(super) struct Basics {
    pub documentation: Vec<Documentation>,
    pub extensions: Extensions,
}

impl Reader<'_, '_> {
    /// Reads what any element may carry, and checks its attributes against the table.
    pub(super) fn basics(&mut self, element: ElementIndex) -> Basics {
        let dom = self.dom;
        let mut basics = Basics::default();
        self.check_attributes(element, &mut basics.extensions);
        for child in dom.children(element) {
            if self.tag(child) == Tag::Documentation {
                let text = dom.text(child).map(|(text, _)| text.into_owned());
                basics.documentation.push(Documentation {
                    text: text.unwrap_or_default(),
                    text_format: self.string(child, "textFormat"),
                });
            } else if self.tag(child) == Tag::ExtensionElements {
                for extension in dom.children(child) {
                    self.note_vendor(dom.element(extension).namespace, extension);
                    basics.extensions.elements.push(self.xml(extension));
                }
            }
        }
        basics
    }

    /// Whether a child has been read by [`Self::basics`].
    pub(super) fn is_basic(&self, child: ElementIndex) -> bool {
        let tag = self.tag(child);
        tag == Tag::Documentation || tag == Tag::ExtensionElements
    }

    /// Reports missing and unknown attributes, and keeps those that the table does not have.
    pub(super) fn check_attributes(&mut self, element: ElementIndex, kept: &mut Extensions) {
        let dom = self.dom;
        let Some(row) = self.tag(element).row() else {
            return;
        };
        for attribute in dom.attributes(element) {
            let namespace = attribute.namespace;
            if namespace == NamespaceId::NONE {
                if row.allows(attribute.name) {
                    continue;
                }
                let message = format!("{} has no attribute {:?}", row.name, attribute.name);
                let help = "it is kept but not used; remove it or give it a namespace";
                self.warning(code::UNKNOWN_ATTRIBUTE, element, message, help);
            } else if namespace == NamespaceId::XMLNS
                || namespace == NamespaceId::XSI
                || namespace == NamespaceId::XML
            {
                continue;
            } else {
                self.note_vendor(namespace, element);
            }
            kept.attributes.push(XmlAttribute {
                namespace: dom.shared_namespace(namespace),
                prefix: attribute.prefix.to_owned(),
                name: attribute.name.to_owned(),
                value: attribute.value.clone().into_owned(),
            });
        }
        for required in row.required() {
            if dom.attribute(element, required).is_none() {
                let message = format!("{} needs the attribute {required:?}", row.name);
                let help = format!("add {required}=\"…\"");
                self.error(code::MISSING_ATTRIBUTE, element, message, help);
            }
        }
    }

    /// Warns once of each foreign namespace; those that only tools use are passed over.
    fn note_vendor(&mut self, namespace: NamespaceId, element: ElementIndex) {
        let ours = namespace == namespace::ZEEBE
            || namespace == namespace::WEIR
            || namespace == namespace::BIOC
            || namespace == namespace::COLOR
            || namespace == namespace::MODELER
            || namespace::is_specified(namespace);
        if ours || !self.vendors.insert(namespace) {
            return;
        }
        let name = self.dom.namespace(namespace);
        let message = match name {
            "" => "extension elements without a namespace are kept but not used".to_owned(),
            name => format!("extensions of {name} are kept but not used"),
        };
        let help = "express what execution needs with zeebe: extension elements";
        self.warning(code::VENDOR_EXTENSION, element, message, help);
    }

    /// Keeps a child that its parent cannot have, and says so.
    pub(super) fn unexpected(&mut self, child: ElementIndex, kept: &mut Extensions) {
        if self.is_basic(child) {
            return;
        }
        let element = self.dom.element(child);
        if !namespace::is_specified(element.namespace) {
            self.note_vendor(element.namespace, child);
        } else if element.tag == Tag::Unknown {
            let message = format!("BPMN 2.0 has no element {:?}", element.name);
            let help = "it is kept but not used; check its spelling";
            self.unused(code::UNKNOWN_ELEMENT, child, message, help);
        } else {
            let parent = element
                .parent
                .map_or("", |parent| self.dom.element(parent).name);
            let message = format!("{} cannot stand in {parent}", element.name);
            let help = "it is kept but not used; move it to where BPMN 2.0 has it";
            self.unused(code::MISPLACED_ELEMENT, child, message, help);
        }
        kept.elements.push(self.xml(child));
    }

    /// Reports a child that may be there only once; the first one is used.
    pub(super) fn repeated(&mut self, child: ElementIndex) {
        let name = self.dom.element(child).name;
        let message = format!("{name} is one too many: an element before it says this already");
        let help = "remove all but one; the first is used";
        self.deviation(code::REPEATED_ELEMENT, child, message, help);
    }

    /// Reads a child that may be there only once.
    pub(super) fn once<T>(
        &mut self,
        slot: &mut Option<T>,
        child: ElementIndex,
        read: impl FnOnce(&mut Self, ElementIndex) -> T,
    ) {
        match slot {
            None => *slot = Some(read(self, child)),
            Some(_) => self.repeated(child),
        }
    }

    /// Reports an element that is not used: of BPMN itself it would have meant something.
    fn unused(&mut self, code: Code, child: ElementIndex, message: String, help: &str) {
        if self.dom.element(child).namespace == namespace::BPMN {
            self.deviation(code, child, message, help);
        } else {
            self.warning(code, child, message, help);
        }
    }

    /// Reports what would make a process do something else than its author meant: an error where it
    /// is executed, a warning where it is only drawn.
    fn deviation(&mut self, code: Code, child: ElementIndex, message: String, help: &str) {
        match self.process {
            Some(_) => self.error(code, child, message, help),
            None => self.warning(code, child, message, help),
        }
    }

    /// A copy of an element with all that is in it. The recursion is bounded by `Limits::depth`.
    pub(super) fn xml(&self, index: ElementIndex) -> XmlElement {
        let dom = self.dom;
        let element = dom.element(index);
        let attributes = dom.attributes(index).iter();
        XmlElement {
            namespace: dom.shared_namespace(element.namespace),
            prefix: element.prefix.to_owned(),
            name: element.name.to_owned(),
            attributes: attributes
                .map(|attribute| XmlAttribute {
                    namespace: dom.shared_namespace(attribute.namespace),
                    prefix: attribute.prefix.to_owned(),
                    name: attribute.name.to_owned(),
                    value: attribute.value.clone().into_owned(),
                })
                .collect(),
            children: dom
                .nodes(index)
                .map(|child| match dom.tag(child) {
                    Tag::CharacterData => XmlNode::Text(dom.run(child).to_owned()),
                    _ => XmlNode::Element(self.xml(child)),
                })
                .collect(),
            location: element.location,
        }
    }

    /// The text of an element without the space around it; `None` when there is none.
    pub(super) fn text(&self, element: ElementIndex) -> Option<Text> {
        let (value, location) = self.dom.trimmed_text(element)?;
        Some(Text { value, location })
    }

    /// An `expression` or `formalExpression`, whichever its tag and `xsi:type`.
    pub(super) fn expression(&mut self, element: ElementIndex) -> Expression {
        let kept = self.basics(element).extensions;
        let dom = self.dom;
        let schema_type = dom.attribute_in(element, NamespaceId::XSI, "type");
        let schema_type = schema_type.map(|attribute| {
            let value: &str = &attribute.value;
            value.rsplit_once(':').map_or(value, |(_, local)| local)
        });
        let is_formal = match schema_type {
            None => self.tag(element) != Tag::Expression,
            Some("tFormalExpression") => true,
            Some("tExpression") => false,
            Some(other) => {
                let message = format!("xsi:type {other:?} is not a type of expression");
                let help = "use tFormalExpression";
                self.warning(code::BAD_VALUE, element, message, help);
                true
            }
        };
        let location = dom.element(element).location;
        Expression {
            text: self.text(element).unwrap_or(Text {
                value: String::new(),
                location,
            }),
            is_formal,
            language: self.string(element, "language"),
            evaluates_to: self.string(element, "evaluatesToTypeRef"),
            extensions: kept,
        }
    }

    /// The first child expression, for elements that only wrap one.
    pub(super) fn wrapped_expression(&mut self, element: ElementIndex) -> Option<Expression> {
        let dom = self.dom;
        let child = dom.children(element).find(|child| {
            let tag = dom.tag(*child);
            tag == Tag::Expression || tag == Tag::FormalExpression
        })?;
        Some(self.expression(child))
    }
}
