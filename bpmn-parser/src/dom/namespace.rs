//! Namespace names and the prefixes that stand for them (Namespaces in XML 1.0).
//!
//! Owns interning and scoping; bounded by `Limits::namespaces`.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use crate::element_table::Vocabulary;

/// An interned namespace name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct NamespaceId(u32);

/// The namespaces that the parser knows, at fixed positions.
const KNOWN: &[&str] = &[
    "",
    "http://www.w3.org/XML/1998/namespace",
    "http://www.w3.org/2000/xmlns/",
    "http://www.w3.org/2001/XMLSchema-instance",
    "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "http://www.omg.org/spec/BPMN/20100524/DI",
    "http://www.omg.org/spec/DD/20100524/DC",
    "http://www.omg.org/spec/DD/20100524/DI",
    crate::model::ZEEBE_NAMESPACE,
    crate::model::WEIR_NAMESPACE,
    "http://bpmn.io/schema/bpmn/biocolor/1.0",
    "http://www.omg.org/spec/BPMN/non-normative/color/1.0",
    "http://camunda.org/schema/1.0/bpmn",
    "http://activiti.org/bpmn",
    "http://camunda.org/schema/modeler/1.0",
];

impl NamespaceId {
    pub(crate) const NONE: NamespaceId = NamespaceId(0);
    pub(crate) const XML: NamespaceId = NamespaceId(1);
    pub(crate) const XMLNS: NamespaceId = NamespaceId(2);
    pub(crate) const XSI: NamespaceId = NamespaceId(3);
    pub(crate) const BPMN: NamespaceId = NamespaceId(4);
    pub(crate) const BPMNDI: NamespaceId = NamespaceId(5);
    pub(crate) const DC: NamespaceId = NamespaceId(6);
    pub(crate) const DI: NamespaceId = NamespaceId(7);
    pub(crate) const ZEEBE: NamespaceId = NamespaceId(8);
    pub(crate) const WEIR: NamespaceId = NamespaceId(9);
    pub(crate) const BIOC: NamespaceId = NamespaceId(10);
    pub(crate) const COLOR: NamespaceId = NamespaceId(11);
    pub(crate) const MODELER: NamespaceId = NamespaceId(14);

    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }

    /// The part of the element table that this namespace has.
    pub(crate) fn vocabulary(self) -> Option<Vocabulary> {
        match self {
            NamespaceId::BPMN => Some(Vocabulary::Bpmn),
            NamespaceId::BPMNDI => Some(Vocabulary::Bpmndi),
            NamespaceId::DC => Some(Vocabulary::Dc),
            NamespaceId::DI => Some(Vocabulary::Di),
            NamespaceId::ZEEBE => Some(Vocabulary::Zeebe),
            NamespaceId::WEIR => Some(Vocabulary::Weir),
            _ => None,
        }
    }

    /// Whether elements of this namespace are the model's own rather than somebody's extension.
    pub(crate) fn is_specified(self) -> bool {
        self == NamespaceId::BPMN
            || self == NamespaceId::BPMNDI
            || self == NamespaceId::DC
            || self == NamespaceId::DI
    }
}

/// The namespace names of a file and the declarations in scope.
pub(crate) struct Namespaces<'a> {
    pub names: Vec<Cow<'a, str>>,
    by_name: FxHashMap<Cow<'a, str>, NamespaceId>,
    /// Prefix (empty for the default) and what it stands for, innermost last.
    bindings: Vec<(&'a str, NamespaceId)>,
}

impl<'a> Namespaces<'a> {
    pub(crate) fn new() -> Self {
        let names: Vec<Cow<'a, str>> = KNOWN.iter().map(|name| Cow::Borrowed(*name)).collect();
        let by_name = (0..).map(NamespaceId);
        Namespaces {
            by_name: names.iter().cloned().zip(by_name).collect(),
            names,
            bindings: vec![("xml", NamespaceId::XML), ("xmlns", NamespaceId::XMLNS)],
        }
    }

    /// How many declarations are in scope; give it to [`Self::leave`].
    pub(crate) fn depth(&self) -> usize {
        self.bindings.len()
    }

    pub(crate) fn leave(&mut self, depth: usize) {
        self.bindings.truncate(depth);
    }

    pub(crate) fn declare(&mut self, prefix: &'a str, name: Cow<'a, str>) {
        let next = NamespaceId(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        let id = *self.by_name.entry(name).or_insert_with_key(|name| {
            self.names.push(name.clone());
            next
        });
        self.bindings.push((prefix, id));
    }

    /// What a prefix stands for; the default namespace is none until declared.
    pub(crate) fn resolve(&self, prefix: &str) -> Option<NamespaceId> {
        self.bindings
            .iter()
            .rev()
            .find(|(declared, _)| *declared == prefix)
            .map(|(_, id)| *id)
            .or(prefix.is_empty().then_some(NamespaceId::NONE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constants_are_where_the_names_are() {
        for (id, end) in [
            (NamespaceId::XML, "namespace"),
            (NamespaceId::XMLNS, "xmlns/"),
            (NamespaceId::XSI, "XMLSchema-instance"),
            (NamespaceId::BPMN, "MODEL"),
            (NamespaceId::BPMNDI, "BPMN/20100524/DI"),
            (NamespaceId::DC, "DC"),
            (NamespaceId::DI, "DD/20100524/DI"),
            (NamespaceId::ZEEBE, "zeebe/1.0"),
            (NamespaceId::WEIR, "weir.dev/schema/1.0"),
            (NamespaceId::BIOC, "biocolor/1.0"),
            (NamespaceId::COLOR, "color/1.0"),
            (NamespaceId::MODELER, "modeler/1.0"),
        ] {
            assert!(KNOWN[id.index()].ends_with(end), "{end}");
        }
    }

    #[test]
    fn the_innermost_declaration_wins_until_its_element_ends() {
        let mut namespaces = Namespaces::new();
        namespaces.declare("a", Cow::Borrowed("urn:outer"));
        let depth = namespaces.depth();
        namespaces.declare("a", Cow::Borrowed("urn:inner"));
        let inner = namespaces.resolve("a").expect("declared");
        assert_eq!(namespaces.names[inner.index()], "urn:inner");
        namespaces.leave(depth);
        let outer = namespaces.resolve("a").expect("declared");
        assert_eq!(namespaces.names[outer.index()], "urn:outer");
        assert_eq!(namespaces.resolve("b"), None);
        assert_eq!(namespaces.resolve(""), Some(NamespaceId::NONE));
    }
}
