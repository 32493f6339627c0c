//! The elements of a file with their names resolved: what is between quick-xml and a model.
//!
//! Owns namespaces, text and places; borrows from the source wherever it can. Must not know any
//! vocabulary beyond [`Tag`]. `dom/build.rs` makes it and enforces the limits.

mod build;
mod namespace;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

pub use build::Broken;
pub use namespace::NamespaceId;

use crate::diagnostic::Location;
use crate::limits::Limits;
use crate::sink::Sink;

/// The names of a vocabulary's elements, resolved: usually one variant for each, one for elements
/// that the vocabulary does not have, and one for runs of text.
pub trait Tag: Copy + Eq + std::fmt::Debug {
    /// What the vocabulary is called in messages.
    const VOCABULARY: &'static str;
    /// The namespaces that the vocabulary asks for; see [`NamespaceId::known`].
    const NAMESPACES: &'static [&'static str];
    /// Not an element: a run of text.
    const CHARACTER_DATA: Self;

    /// The tag of an element with this local name in this namespace.
    fn find(namespace: NamespaceId, name: &str) -> Self;

    /// Whether elements of this namespace are the model's own rather than somebody's extension.
    fn is_specified(namespace: NamespaceId) -> bool;

    /// Whether what stands in an element with this tag is extensions.
    fn holds_extensions(self) -> bool;
}

/// Position of an element in [`Dom::elements`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ElementIndex(pub u32);

/// All of one file; elements and runs of text in document order.
#[derive(Debug)]
pub struct Dom<'a, T> {
    source: &'a str,
    elements: Vec<Element<'a, T>>,
    attributes: Vec<Attribute<'a>>,
    namespaces: Vec<Arc<str>>,
    root: Option<ElementIndex>,
}

/// One element or run of text.
#[derive(Debug)]
pub struct Element<'a, T> {
    pub tag: T,
    pub namespace: NamespaceId,
    pub prefix: &'a str,
    pub name: &'a str,
    attributes: Range<u32>,
    pub parent: Option<ElementIndex>,
    first_child: Option<ElementIndex>,
    last_child: Option<ElementIndex>,
    next_sibling: Option<ElementIndex>,
    pub location: Location,
    /// Of a run of text; empty for an element.
    text: Cow<'a, str>,
    /// Among extensions or below a foreign element: its ids are not the model's.
    pub in_extension: bool,
}

/// One attribute; declarations of namespaces are attributes too.
#[derive(Debug)]
pub struct Attribute<'a> {
    pub namespace: NamespaceId,
    pub prefix: &'a str,
    pub name: &'a str,
    pub value: Cow<'a, str>,
    /// Where the value starts in the source.
    offset: u32,
}

impl<'a, T: Tag> Dom<'a, T> {
    /// Reads a source of at most 4 GiB.
    ///
    /// # Errors
    /// When it is not well-formed XML or crosses a limit; the reason is in the sink.
    pub fn build(source: &'a str, limits: &Limits, sink: &mut Sink) -> Result<Self, Broken> {
        build::build(source, limits, sink)
    }

    pub fn source(&self) -> &str {
        self.source
    }

    pub fn root(&self) -> Option<ElementIndex> {
        self.root
    }

    /// Number of elements and runs of text.
    pub fn node_count(&self) -> usize {
        self.elements.len()
    }

    /// Every element, in document order.
    pub fn indices(&self) -> impl Iterator<Item = ElementIndex> + use<T> {
        (0..u32::try_from(self.elements.len()).unwrap_or(u32::MAX)).map(ElementIndex)
    }

    /// The element at an index that this Dom gave.
    pub fn element(&self, index: ElementIndex) -> &Element<'a, T> {
        &self.elements[index.0 as usize]
    }

    pub fn tag(&self, index: ElementIndex) -> T {
        self.element(index).tag
    }

    pub fn namespace(&self, id: NamespaceId) -> &str {
        self.namespaces.get(id.index()).map_or("", |name| name)
    }

    /// The same, shared rather than borrowed.
    pub fn shared_namespace(&self, id: NamespaceId) -> Arc<str> {
        match self.namespaces.get(id.index()) {
            Some(name) => Arc::clone(name),
            None => Arc::from(""),
        }
    }

    pub fn attributes(&self, index: ElementIndex) -> &[Attribute<'a>] {
        let range = &self.element(index).attributes;
        self.attributes
            .get(range.start as usize..range.end as usize)
            .unwrap_or_default()
    }

    /// The attribute without a namespace and with this name.
    pub fn attribute(&self, index: ElementIndex, name: &str) -> Option<&Attribute<'a>> {
        self.attribute_in(index, NamespaceId::NONE, name)
    }

    pub fn attribute_in(
        &self,
        index: ElementIndex,
        namespace: NamespaceId,
        name: &str,
    ) -> Option<&Attribute<'a>> {
        self.attributes(index)
            .iter()
            .find(|attribute| attribute.name == name && attribute.namespace == namespace)
    }

    /// Children, runs of text included.
    pub fn nodes(&self, index: ElementIndex) -> Children<'_, 'a, T> {
        Children {
            dom: self,
            next: self.element(index).first_child,
        }
    }

    /// Child elements.
    pub fn children(&self, index: ElementIndex) -> impl Iterator<Item = ElementIndex> + '_ {
        self.nodes(index)
            .filter(|child| self.tag(*child) != T::CHARACTER_DATA)
    }

    /// The text of a run of text.
    pub fn run(&self, index: ElementIndex) -> &str {
        &self.element(index).text
    }

    /// The element's own text with the place where it starts; `None` without any.
    pub fn text(&self, index: ElementIndex) -> Option<(Cow<'_, str>, Location)> {
        let mut text: Option<(Cow<'_, str>, Location)> = None;
        for child in self.nodes(index) {
            if self.tag(child) != T::CHARACTER_DATA {
                continue;
            }
            match &mut text {
                None => text = Some((Cow::Borrowed(self.run(child)), self.element(child).location)),
                Some((before, _)) => before.to_mut().push_str(self.run(child)),
            }
        }
        text
    }

    /// [`Self::text`] without the space around it; `None` when nothing is left.
    pub fn trimmed_text(&self, index: ElementIndex) -> Option<(String, Location)> {
        let (text, location) = self.text(index)?;
        let value = text.trim();
        if value.is_empty() {
            return None;
        }
        // In the source, where a line may end with two characters.
        let rest = self.source.get(location.offset as usize..);
        let rest = rest.unwrap_or_default();
        let blank = rest.len() - rest.trim_start().len();
        let mut cursor = Cursor::at(self.source, location);
        cursor.advance(location.offset + u32::try_from(blank).unwrap_or(0));
        Some((value.to_owned(), cursor.location))
    }

    /// About how many bytes an element takes up with all that is in it; `None` beyond a limit.
    pub fn weight(&self, index: ElementIndex, limit: usize) -> Option<usize> {
        /// What an element costs beside its strings.
        const ELEMENT_BYTES: usize = 64;
        /// What an attribute costs beside its strings.
        const ATTRIBUTE_BYTES: usize = 96;
        let following = self.indices().skip(index.0 as usize);
        let mut inside =
            following.take_while(|it| *it == index || self.element(*it).parent >= Some(index));
        inside.try_fold(0_usize, |sum, it| {
            let attributes = self.attributes(it).iter();
            let attributes = attributes
                .map(|it| ATTRIBUTE_BYTES + it.prefix.len() + it.name.len() + it.value.len());
            let element = self.element(it);
            let names = element.prefix.len() + element.name.len();
            let own = ELEMENT_BYTES + names + element.text.len() + attributes.sum::<usize>();
            Some(sum + own).filter(|sum| *sum <= limit)
        })
    }

    /// The namespace name that a prefix stands for at an element; `None` when nothing declares it.
    pub fn declared(&self, at: ElementIndex, prefix: &str) -> Option<&str> {
        let mut around = Some(at);
        while let Some(index) = around {
            let declared = self.attributes(index).iter().find(|it| {
                it.namespace == NamespaceId::XMLNS && it.prefix == "xmlns" && it.name == prefix
            });
            if let Some(declared) = declared {
                return Some(&declared.value);
            }
            around = self.element(index).parent;
        }
        None
    }

    /// Where the value of an attribute starts.
    pub fn value_location(&self, index: ElementIndex, attribute: &Attribute<'_>) -> Location {
        let mut cursor = Cursor::at(self.source, self.element(index).location);
        cursor.advance(attribute.offset);
        cursor.location
    }
}

/// Iterator over the children of an element.
pub struct Children<'d, 'a, T> {
    dom: &'d Dom<'a, T>,
    next: Option<ElementIndex>,
}

impl<T: Tag> Iterator for Children<'_, '_, T> {
    type Item = ElementIndex;

    fn next(&mut self) -> Option<ElementIndex> {
        let current = self.next?;
        self.next = self.dom.element(current).next_sibling;
        Some(current)
    }
}

/// Follows offsets through the source, counting lines and columns; every byte is counted once.
pub(crate) struct Cursor<'a> {
    source: &'a str,
    pub location: Location,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(source: &'a str) -> Self {
        Cursor {
            source,
            location: Location::START,
        }
    }

    pub(crate) fn at(source: &'a str, location: Location) -> Self {
        Cursor { source, location }
    }

    /// Moves forward to a byte offset; one that lies behind is ignored.
    pub(crate) fn advance(&mut self, offset: u32) {
        let passed = self
            .source
            .as_bytes()
            .get(self.location.offset as usize..offset as usize)
            .unwrap_or_default();
        let lines = passed.iter().filter(|byte| **byte == b'\n').count();
        let mut tail = passed;
        if lines > 0 {
            self.location.line += u32::try_from(lines).unwrap_or(u32::MAX);
            self.location.column = 1;
            let last = passed.iter().rposition(|byte| *byte == b'\n');
            tail = passed
                .get(last.map_or(0, |at| at + 1)..)
                .unwrap_or_default();
        }
        // Bytes 10xxxxxx continue a character and are none of their own.
        let characters = tail.iter().filter(|byte| **byte & 0xC0 != 0x80).count();
        self.location.column += u32::try_from(characters).unwrap_or(u32::MAX);
        self.location.offset = self.location.offset.max(offset);
    }
}
