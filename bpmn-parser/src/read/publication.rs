//! The properties of Weir's own: `zeebe:property`s whose names begin with `weir:`, as any modeling tool writes them.

use model_xml::ElementIndex;

use super::Reader;
use crate::element_table::Tag;
use crate::model::{Publication, Text, WeirExtensions};

/// What the names of these properties begin with.
const PREFIX: &str = "weir:";

impl Reader<'_, '_> {
    /// `element` is a `zeebe:properties`.
    pub(super) fn weir_properties(&mut self, element: ElementIndex, weir: &mut WeirExtensions) {
        let dom = self.dom;
        let properties = dom.children(element);
        for property in properties.filter(|child| dom.tag(*child) == Tag::ZeebeProperty) {
            let Some(name) = self.text_attribute(property, "name") else {
                continue; // Reported as a missing attribute.
            };
            let Some(known) = name.value.strip_prefix(PREFIX) else {
                continue; // Another tool's.
            };
            let mut publication = weir.publication.take().unwrap_or_default();
            match field(&mut publication, known) {
                None => weir.unknown_properties.push(name),
                Some(Some(_)) => self.repeated(property),
                Some(slot @ None) => {
                    let value = self.text_attribute(property, "value");
                    *slot = Some(value.unwrap_or_else(|| Text {
                        value: String::new(),
                        location: name.location,
                    }));
                }
            }
            if *publication != Publication::default() {
                weir.publication = Some(publication);
            }
        }
    }
}

fn field<'p>(publication: &'p mut Publication, name: &str) -> Option<&'p mut Option<Text>> {
    match name {
        "topic" => Some(&mut publication.topic),
        "key" => Some(&mut publication.key),
        "value" => Some(&mut publication.value),
        "headers" => Some(&mut publication.headers),
        "timestamp" => Some(&mut publication.timestamp),
        _ => None,
    }
}
