//! Extension attributes and elements of any vendor, kept as they were written.
//!
//! Owns the lossless form (names, namespaces, order, text); must not interpret anything:
//! `model/zeebe.rs` holds what is typed. Comments and processing instructions carry no model
//! information and are dropped. BPMN 2.0 section 8.2.3.

use std::sync::Arc;

use model_xml::Location;

/// What a BPMN element carries beyond the specification, in document order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extensions {
    /// Attributes in a foreign namespace, and attributes without one that BPMN does not know.
    pub attributes: Vec<XmlAttribute>,
    /// The children of `extensionElements`, and children that BPMN does not know.
    pub elements: Vec<XmlElement>,
}

impl Extensions {
    /// Whether nothing was kept.
    pub fn is_empty(&self) -> bool {
        self.attributes.is_empty() && self.elements.is_empty()
    }
}

/// One attribute. `namespace` is empty for an attribute without a prefix; a namespace declaration
/// is an attribute in `http://www.w3.org/2000/xmlns/`.
#[derive(Debug, Clone, PartialEq)]
pub struct XmlAttribute {
    pub namespace: Arc<str>,
    /// The prefix as written, empty without one.
    pub prefix: String,
    pub name: String,
    pub value: String,
}

/// One element with all that is in it.
#[derive(Debug, Clone, PartialEq)]
pub struct XmlElement {
    /// The namespace name, empty for none.
    pub namespace: Arc<str>,
    /// The prefix as written, empty without one.
    pub prefix: String,
    pub name: String,
    pub attributes: Vec<XmlAttribute>,
    pub children: Vec<XmlNode>,
    pub location: Location,
}

impl XmlElement {
    /// The value of an attribute without a namespace.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        attribute(&self.attributes, "", name)
    }

    /// The element's own text, its children's left out.
    pub fn text(&self) -> String {
        self.children
            .iter()
            .filter_map(|child| match child {
                XmlNode::Text(text) => Some(text.as_str()),
                XmlNode::Element(_) => None,
            })
            .collect()
    }

    /// The child elements.
    pub fn elements(&self) -> impl Iterator<Item = &XmlElement> {
        self.children.iter().filter_map(|child| match child {
            XmlNode::Element(element) => Some(element),
            XmlNode::Text(_) => None,
        })
    }
}

/// A child of an [`XmlElement`]. CDATA sections are text.
#[derive(Debug, Clone, PartialEq)]
pub enum XmlNode {
    Element(XmlElement),
    Text(String),
}

fn attribute<'a>(attributes: &'a [XmlAttribute], namespace: &str, name: &str) -> Option<&'a str> {
    attributes
        .iter()
        .find(|attribute| &*attribute.namespace == namespace && attribute.name == name)
        .map(|attribute| attribute.value.as_str())
}
