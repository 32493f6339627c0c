//! What every element may carry: attributes, documentation, extensions.
//!
//! Owns the checks that the table of tags makes possible, and which foreign XML is understood.

use model_xml::{ElementIndex, NamespaceId};

use super::Reader;
use crate::code;
use crate::namespace;
use crate::tag::Tag;

impl Reader<'_, '_> {
    /// Checks the attributes of an element against the table, and notes what of it is foreign.
    pub(super) fn open(&mut self, element: ElementIndex) {
        let dom = self.dom;
        let Some(row) = self.tag(element).row() else {
            return;
        };
        for attribute in dom.attributes(element) {
            let of = attribute.namespace;
            if of == NamespaceId::XMLNS || of == NamespaceId::XSI || of == NamespaceId::XML {
                continue;
            }
            if of == NamespaceId::NONE {
                if !row.allows(attribute.name) {
                    let message = format!("{} has no attribute {:?}", row.name, attribute.name);
                    let help = "it is not used; remove it or give it a namespace";
                    self.warning(code::UNKNOWN_ATTRIBUTE, element, message, help);
                }
            } else if !is_understood(of, attribute.name) {
                self.note_vendor(of, element);
            }
        }
        for required in row.required() {
            let value = self.raw(element, required).map(str::trim);
            if value.is_none_or(str::is_empty) {
                let message = format!("{} needs the attribute {required:?}", row.name);
                let help = format!("add {required}=\"…\"");
                self.error(code::MISSING_ATTRIBUTE, element, message, help);
            }
        }
        for container in dom.children(element) {
            if self.tag(container) != Tag::ExtensionElements {
                continue;
            }
            for extension in dom.children(container) {
                let extension_element = dom.element(extension);
                if !is_understood(extension_element.namespace, extension_element.name) {
                    self.note_vendor(extension_element.namespace, extension);
                }
            }
        }
    }

    /// [`Self::open`] for an element in which nothing else can stand.
    pub(super) fn leaf(&mut self, element: ElementIndex) {
        self.open(element);
        for child in self.dom.children(element) {
            self.unexpected(child);
        }
    }

    /// Warns once of each foreign namespace; those that only tools use are passed over.
    fn note_vendor(&mut self, vendor: NamespaceId, element: ElementIndex) {
        if namespace::is_tool(vendor)
            || namespace::is_specified(vendor)
            || !self.vendors.insert(vendor)
        {
            return;
        }
        let message = match self.dom.namespace(vendor) {
            "" => "extension elements without a namespace are not used".to_owned(),
            name if vendor == namespace::CAMUNDA || vendor == namespace::ZEEBE => {
                format!("some extensions of {name} are not used, as the first of them here")
            }
            name => format!("extensions of {name} are not used"),
        };
        let help = "express what evaluation needs with DMN itself";
        self.warning(code::VENDOR_EXTENSION, element, message, help);
    }

    /// Reports a child that its parent cannot have.
    pub(super) fn unexpected(&mut self, child: ElementIndex) {
        if self.is_basic(child) {
            return;
        }
        let element = self.dom.element(child);
        if !namespace::is_model(element.namespace) {
            self.note_vendor(element.namespace, child);
        } else if element.tag == Tag::Unknown {
            let message = format!("DMN has no element {:?}", element.name);
            let help = "check its spelling, or remove it";
            self.error(code::UNKNOWN_ELEMENT, child, message, help);
        } else {
            let parent = element.parent.map_or("", |it| self.dom.element(it).name);
            let message = format!("{} cannot stand in {parent}", element.name);
            let help = "move it to where DMN has it, or remove it";
            self.error(code::MISPLACED_ELEMENT, child, message, help);
        }
    }

    /// Whether a child is one that every element may have.
    fn is_basic(&self, child: ElementIndex) -> bool {
        let tag = self.tag(child);
        tag == Tag::Description || tag == Tag::ExtensionElements
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

    /// Reports a child that may be there only once; the first one is used.
    pub(super) fn repeated(&mut self, child: ElementIndex) {
        let name = self.dom.element(child).name;
        let message = format!("{name} is one too many: an element before it says this already");
        let help = "remove all but one; the first is used";
        self.error(code::REPEATED_ELEMENT, child, message, help);
    }

    /// Reports a child that must be there.
    pub(super) fn missing(&mut self, element: ElementIndex, child: &str) {
        let message = format!("{} needs <{child}>", self.dom.element(element).name);
        let help = format!("add <{child}>");
        self.error(code::MISSING_ELEMENT, element, message, help);
    }

    /// The text of `<description>`.
    pub(super) fn description(&self, element: ElementIndex) -> Option<String> {
        let mut children = self.dom.children(element);
        let child = children.find(|child| self.tag(*child) == Tag::Description)?;
        Some(self.text(child).value)
    }

    /// `zeebe:versionTag`, or the attribute that Camunda 7 has for it.
    pub(super) fn version_tag(&self, element: ElementIndex) -> Option<String> {
        let dom = self.dom;
        let containers = dom.children(element);
        let mut extensions = containers
            .filter(|it| self.tag(*it) == Tag::ExtensionElements)
            .flat_map(|it| dom.children(it));
        let tag = extensions.find(|extension| {
            let extension = dom.element(*extension);
            extension.namespace == namespace::ZEEBE && extension.name == "versionTag"
        });
        let value = match tag {
            Some(tag) => self.string(tag, "value"),
            None => self.camunda(element, "versionTag"),
        };
        value.filter(|value| !value.is_empty())
    }

    /// An attribute of Camunda 7.
    pub(super) fn camunda(&self, element: ElementIndex, name: &str) -> Option<String> {
        let attribute = self.dom.attribute_in(element, namespace::CAMUNDA, name)?;
        Some(attribute.value.clone().into_owned())
    }
}

/// Whether an extension has an effect, or has none that evaluation could miss.
fn is_understood(vendor: NamespaceId, name: &str) -> bool {
    if vendor == namespace::ZEEBE {
        return name == "versionTag";
    }
    // How long history is kept and where a diagram belongs change no decision.
    vendor == namespace::CAMUNDA
        && [
            "inputVariable",
            "versionTag",
            "historyTimeToLive",
            "diagramRelationId",
        ]
        .contains(&name)
}
