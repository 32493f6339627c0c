//! The namespaces that the parser knows.
//!
//! Owns their names and which of them the element table has; must not know elements.

use model_xml::NamespaceId;

use crate::element_table::Vocabulary;
use crate::model::{WEIR_NAMESPACE, ZEEBE_NAMESPACE};

/// The names, at the positions of the constants below.
pub(crate) const NAMES: &[&str] = &[
    "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "http://www.omg.org/spec/BPMN/20100524/DI",
    "http://www.omg.org/spec/DD/20100524/DC",
    "http://www.omg.org/spec/DD/20100524/DI",
    ZEEBE_NAMESPACE,
    WEIR_NAMESPACE,
    "http://bpmn.io/schema/bpmn/biocolor/1.0",
    "http://www.omg.org/spec/BPMN/non-normative/color/1.0",
    "http://camunda.org/schema/modeler/1.0",
];

pub(crate) const BPMN: NamespaceId = NamespaceId::known(0);
pub(crate) const BPMNDI: NamespaceId = NamespaceId::known(1);
pub(crate) const DC: NamespaceId = NamespaceId::known(2);
pub(crate) const DI: NamespaceId = NamespaceId::known(3);
pub(crate) const ZEEBE: NamespaceId = NamespaceId::known(4);
pub(crate) const WEIR: NamespaceId = NamespaceId::known(5);
pub(crate) const BIOC: NamespaceId = NamespaceId::known(6);
pub(crate) const COLOR: NamespaceId = NamespaceId::known(7);
pub(crate) const MODELER: NamespaceId = NamespaceId::known(8);

/// The part of the element table that a namespace has.
pub(crate) fn vocabulary(namespace: NamespaceId) -> Option<Vocabulary> {
    match namespace {
        BPMN => Some(Vocabulary::Bpmn),
        BPMNDI => Some(Vocabulary::Bpmndi),
        DC => Some(Vocabulary::Dc),
        DI => Some(Vocabulary::Di),
        ZEEBE => Some(Vocabulary::Zeebe),
        WEIR => Some(Vocabulary::Weir),
        _ => None,
    }
}

/// Whether elements of a namespace are the model's own rather than somebody's extension.
pub(crate) fn is_specified(namespace: NamespaceId) -> bool {
    namespace == BPMN || namespace == BPMNDI || namespace == DC || namespace == DI
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constants_are_where_the_names_are() {
        for (id, end) in [
            (BPMN, "MODEL"),
            (BPMNDI, "BPMN/20100524/DI"),
            (DC, "DC"),
            (DI, "DD/20100524/DI"),
            (ZEEBE, "zeebe/1.0"),
            (WEIR, "weir.dev/schema/1.0"),
            (BIOC, "biocolor/1.0"),
            (COLOR, "color/1.0"),
            (MODELER, "modeler/1.0"),
        ] {
            let position = id.position().expect("is no namespace of XML");
            assert!(NAMES[position].ends_with(end), "{end}");
        }
    }
}
