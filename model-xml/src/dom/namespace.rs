//! Namespace names and the prefixes that stand for them (Namespaces in XML 1.0).
//!
//! Owns interning and scoping; bounded by `Limits::namespaces`.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

/// An interned namespace name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NamespaceId(u32);

/// The namespaces that XML itself has; those of the vocabulary follow them.
const OF_XML: &[&str] = &[
    "",
    "http://www.w3.org/XML/1998/namespace",
    "http://www.w3.org/2000/xmlns/",
    "http://www.w3.org/2001/XMLSchema-instance",
];

impl NamespaceId {
    pub const NONE: NamespaceId = NamespaceId(0);
    pub const XML: NamespaceId = NamespaceId(1);
    pub const XMLNS: NamespaceId = NamespaceId(2);
    pub const XSI: NamespaceId = NamespaceId(3);

    /// The namespace at a position of [`super::Tag::NAMESPACES`].
    pub const fn known(position: u32) -> NamespaceId {
        NamespaceId(OF_XML.len() as u32 + position)
    }

    /// The position in [`super::Tag::NAMESPACES`]; beyond its end for a namespace that is not
    /// there, and `None` for those of XML itself.
    pub fn position(self) -> Option<usize> {
        self.index().checked_sub(OF_XML.len())
    }

    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// The namespace names of a file and the declarations in scope.
pub(super) struct Namespaces<'a> {
    pub names: Vec<Cow<'a, str>>,
    by_name: FxHashMap<Cow<'a, str>, NamespaceId>,
    /// Prefix (empty for the default) and what it stands for, innermost last.
    bindings: Vec<(&'a str, NamespaceId)>,
}

impl<'a> Namespaces<'a> {
    pub(super) fn new(known: &[&'static str]) -> Self {
        let names = OF_XML.iter().chain(known);
        let names: Vec<Cow<'a, str>> = names.map(|name| Cow::Borrowed(*name)).collect();
        let by_name = (0..).map(NamespaceId);
        Namespaces {
            by_name: names.iter().cloned().zip(by_name).collect(),
            names,
            bindings: vec![("xml", NamespaceId::XML), ("xmlns", NamespaceId::XMLNS)],
        }
    }

    /// How many declarations are in scope; give it to [`Self::leave`].
    pub(super) fn depth(&self) -> usize {
        self.bindings.len()
    }

    pub(super) fn leave(&mut self, depth: usize) {
        self.bindings.truncate(depth);
    }

    pub(super) fn declare(&mut self, prefix: &'a str, name: Cow<'a, str>) {
        let next = NamespaceId(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        let id = *self.by_name.entry(name).or_insert_with_key(|name| {
            self.names.push(name.clone());
            next
        });
        self.bindings.push((prefix, id));
    }

    /// What a prefix stands for; the default namespace is none until declared.
    pub(super) fn resolve(&self, prefix: &str) -> Option<NamespaceId> {
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
        let mut namespaces = Namespaces::new(&["urn:a", "urn:b"]);
        for (id, name) in [
            (NamespaceId::NONE, ""),
            (NamespaceId::XML, "http://www.w3.org/XML/1998/namespace"),
            (NamespaceId::XMLNS, "http://www.w3.org/2000/xmlns/"),
            (NamespaceId::known(0), "urn:a"),
            (NamespaceId::known(1), "urn:b"),
        ] {
            assert_eq!(namespaces.names[id.index()], name);
        }
        namespaces.declare("b", Cow::Borrowed("urn:b"));
        assert_eq!(namespaces.resolve("b"), Some(NamespaceId::known(1)));
        assert_eq!(NamespaceId::known(1).position(), Some(1));
        assert_eq!(NamespaceId::XSI.position(), None);
    }

    #[test]
    fn the_innermost_declaration_wins_until_its_element_ends() {
        let mut namespaces = Namespaces::new(&[]);
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
