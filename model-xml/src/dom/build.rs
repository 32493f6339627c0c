//! quick-xml events → [`Dom`], within the limits.
//!
//! Owns well-formedness (what quick-xml leaves open included), entities and namespaces. A syntax
//! error ends the reading, since nothing after it can be trusted; everything else goes on.

mod attributes;

use std::borrow::Cow;
use std::sync::Arc;

use attributes::split;
use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::namespace::{NamespaceId, Namespaces};
use super::{Cursor, Dom, Element, ElementIndex, Tag};
use crate::code::{self, Code};
use crate::diagnostic::{Location, Severity};
use crate::limits::Limits;
use crate::sink::{Sink, Subject};

/// Reading cannot go on; the reason is in the sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken;

/// Reads the whole source, or reports why that is impossible.
pub(super) fn build<'a, T: Tag>(
    source: &'a str,
    limits: &Limits,
    sink: &mut Sink,
) -> Result<Dom<'a, T>, Broken> {
    let mut builder = Builder {
        source,
        limits,
        sink,
        cursor: Cursor::new(source),
        namespaces: Namespaces::new(T::NAMESPACES),
        dom: Dom {
            source,
            elements: Vec::with_capacity(source.len() / 64),
            attributes: Vec::with_capacity(source.len() / 32),
            namespaces: Vec::new(),
            root: None,
        },
        open: Vec::new(),
        element_count: 0,
    };
    builder.check_characters()?;
    builder.run()?;
    let mut dom = builder.dom;
    let names = builder.namespaces.names;
    dom.namespaces = names.iter().map(|name| Arc::from(&**name)).collect();
    Ok(dom)
}

/// Bytes of `<![CDATA[`.
const CDATA_START_LEN: usize = 9;

struct Builder<'a, 'b, T> {
    source: &'a str,
    limits: &'b Limits,
    sink: &'b mut Sink,
    cursor: Cursor<'a>,
    namespaces: Namespaces<'a>,
    dom: Dom<'a, T>,
    /// The elements around the cursor and how many namespace declarations were around each.
    open: Vec<(ElementIndex, usize)>,
    element_count: usize,
}

impl<'a, T: Tag> Builder<'a, '_, T> {
    /// XML 1.0 section 2.2: of the control characters only tab, line feed and carriage return.
    fn check_characters(&mut self) -> Result<(), Broken> {
        let forbidden = |byte: &u8| *byte < 0x20 && !matches!(*byte, b'\t' | b'\n' | b'\r');
        let Some(at) = self.source.as_bytes().iter().position(forbidden) else {
            return Ok(());
        };
        self.cursor.advance(offset_of(at));
        self.fatal(
            code::XML_CHARACTER,
            "a control character that XML does not allow".to_owned(),
            "remove it; the file may have been saved in another encoding",
        )
    }

    fn run(&mut self) -> Result<(), Broken> {
        let mut reader = Reader::from_str(self.source);
        loop {
            let start = reader.buffer_position();
            let event = match reader.read_event() {
                Ok(event) => event,
                Err(error) => {
                    let at = reader.error_position().min(self.source.len() as u64);
                    self.cursor.advance(u32::try_from(at).unwrap_or(u32::MAX));
                    return self.fatal(
                        code::XML_SYNTAX,
                        error.to_string(),
                        "make the file well-formed XML",
                    );
                }
            };
            let end = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
            let start = usize::try_from(start).unwrap_or(usize::MAX);
            match event {
                Event::Start(tag) => {
                    let opened = self.start(&tag, start)?;
                    self.open.push(opened);
                }
                Event::Empty(tag) => {
                    let (_, depth) = self.start(&tag, start)?;
                    self.namespaces.leave(depth);
                }
                Event::End(_) => {
                    if let Some((_, depth)) = self.open.pop() {
                        self.namespaces.leave(depth);
                    }
                }
                Event::Text(text) => self.text(text.xml10_content(), start)?,
                Event::CData(data) => self.cdata(data.xml10_content(), start + CDATA_START_LEN)?,
                Event::GeneralRef(reference) => self.reference(&reference, start)?,
                Event::DocType(_) => {
                    self.cursor.advance(offset_of(start));
                    return self.fatal(
                        code::DOCTYPE,
                        "a DOCTYPE is refused, because it can define entities".to_owned(),
                        &format!("remove it; {} files need none", T::VOCABULARY),
                    );
                }
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
                Event::Eof => return self.end_of_file(end),
            }
        }
    }

    fn end_of_file(&mut self, end: usize) -> Result<(), Broken> {
        let message = match self.open.last() {
            Some((element, _)) => {
                let name = self.dom.element(*element).name;
                format!("the file ends before <{name}> is closed")
            }
            None if self.dom.root.is_none() => "the file has no element".to_owned(),
            None => return Ok(()),
        };
        self.cursor.advance(offset_of(end));
        self.fatal(code::XML_SYNTAX, message, "make the file well-formed XML")
    }

    /// Adds an element; gives it and the number of namespace declarations around it.
    fn start(
        &mut self,
        tag: &BytesStart<'_>,
        start: usize,
    ) -> Result<(ElementIndex, usize), Broken> {
        self.cursor.advance(offset_of(start));
        let location = self.cursor.location;
        self.check_limits()?;
        if self.open.is_empty() && self.dom.root.is_some() {
            return self.fatal(
                code::XML_SYNTAX,
                "a second root element".to_owned(),
                "an XML file has one root element; remove what follows it",
            );
        }
        self.check_name(tag.name().0.len())?;
        let depth = self.namespaces.depth();
        let attributes = self.attributes(tag, location)?;
        let (prefix, name) = split(self.in_source(tag.name().0));
        let namespace = self.resolve(prefix, name, location);
        let index = ElementIndex(offset_of(self.dom.elements.len()));
        let parent = self.open.last().map(|(parent, _)| *parent);
        let in_extension = parent.is_some_and(|parent| {
            let parent = self.dom.element(parent);
            parent.in_extension
                || parent.tag.holds_extensions()
                || !T::is_specified(parent.namespace)
        });
        self.append(Element {
            tag: T::find(namespace, name),
            namespace,
            prefix,
            name,
            attributes,
            parent,
            first_child: None,
            last_child: None,
            next_sibling: None,
            location,
            text: Cow::Borrowed(""),
            in_extension,
        });
        if parent.is_none() {
            self.dom.root = Some(index);
        }
        Ok((index, depth))
    }

    fn check_limits(&mut self) -> Result<(), Broken> {
        self.element_count += 1;
        if self.element_count > self.limits.elements {
            return self.fatal(
                code::LIMIT_ELEMENTS,
                format!("there are more than {} elements", self.limits.elements),
                "split the file",
            );
        }
        if self.open.len() >= self.limits.depth {
            return self.fatal(
                code::LIMIT_DEPTH,
                format!("elements are nested more than {} deep", self.limits.depth),
                "nest elements less deeply",
            );
        }
        Ok(())
    }

    fn append(&mut self, element: Element<'a, T>) {
        let index = ElementIndex(offset_of(self.dom.elements.len()));
        if let Some(parent) = element.parent {
            let previous = self.dom.elements[parent.0 as usize].last_child;
            self.dom.elements[parent.0 as usize].last_child = Some(index);
            match previous {
                Some(sibling) => {
                    self.dom.elements[sibling.0 as usize].next_sibling = Some(index);
                }
                None => self.dom.elements[parent.0 as usize].first_child = Some(index),
            }
        }
        self.dom.elements.push(element);
    }

    fn reference(&mut self, reference: &BytesRef<'_>, start: usize) -> Result<(), Broken> {
        self.cursor.advance(offset_of(start));
        let location = self.cursor.location;
        let mut buffer = [0; 4];
        match self.entity(reference, location)? {
            Some(character) => {
                let text: &str = character.encode_utf8(&mut buffer);
                self.add_text(Cow::Owned(text.to_owned()), start)
            }
            None => Ok(()),
        }
    }

    fn text(&mut self, text: Cow<'_, str>, start: usize) -> Result<(), Broken> {
        let text = match text {
            Cow::Borrowed(text) => Cow::Borrowed(self.in_source(text)),
            Cow::Owned(text) => Cow::Owned(text),
        };
        let blank = text.bytes().all(|byte| byte.is_ascii_whitespace());
        // Space between the model's own elements is layout; elsewhere it may mean something.
        if blank {
            let kept = self.open.last().is_some_and(|(parent, _)| {
                let parent = self.dom.element(*parent);
                !T::is_specified(parent.namespace)
                    || parent
                        .last_child
                        .is_some_and(|last| self.dom.tag(last) == T::CHARACTER_DATA)
            });
            if !kept {
                return Ok(());
            }
        }
        self.add_text(text, start)
    }

    fn cdata(&mut self, text: Cow<'_, str>, start: usize) -> Result<(), Broken> {
        let text = match text {
            Cow::Borrowed(text) => Cow::Borrowed(self.in_source(text)),
            Cow::Owned(text) => Cow::Owned(text),
        };
        self.add_text(text, start)
    }

    fn add_text(&mut self, text: Cow<'a, str>, start: usize) -> Result<(), Broken> {
        self.cursor.advance(offset_of(start));
        let Some((parent, _)) = self.open.last().copied() else {
            return self.fatal(
                code::XML_SYNTAX,
                "text outside the root element".to_owned(),
                "make the file well-formed XML",
            );
        };
        let last = self.dom.element(parent).last_child;
        if let Some(last) = last.filter(|last| self.dom.tag(*last) == T::CHARACTER_DATA) {
            let length = self.dom.element(last).text.len() + text.len();
            self.check_text(length)?;
            self.dom.elements[last.0 as usize]
                .text
                .to_mut()
                .push_str(&text);
            return Ok(());
        }
        self.check_text(text.len())?;
        self.append(Element {
            tag: T::CHARACTER_DATA,
            namespace: NamespaceId::NONE,
            prefix: "",
            name: "",
            attributes: 0..0,
            parent: Some(parent),
            first_child: None,
            last_child: None,
            next_sibling: None,
            location: self.cursor.location,
            text,
            in_extension: true,
        });
        Ok(())
    }

    fn check_name(&mut self, length: usize) -> Result<(), Broken> {
        if length <= self.limits.name_bytes {
            return Ok(());
        }
        self.fatal(
            code::LIMIT_NAME,
            format!("a name is longer than {} bytes", self.limits.name_bytes),
            "give elements and attributes shorter names",
        )
    }

    fn check_text(&mut self, length: usize) -> Result<(), Broken> {
        if length <= self.limits.text_bytes {
            return Ok(());
        }
        self.fatal(
            code::LIMIT_TEXT,
            format!("a text is longer than {} bytes", self.limits.text_bytes),
            "keep large content outside of the model",
        )
    }

    fn resolve(&mut self, prefix: &str, name: &str, location: Location) -> NamespaceId {
        if let Some(id) = self.namespaces.resolve(prefix) {
            return id;
        }
        self.error(
            code::UNDECLARED_PREFIX,
            location,
            format!("the prefix of {prefix}:{name} is not declared"),
            format!("declare it: xmlns:{prefix}=\"…\""),
        );
        NamespaceId::NONE
    }

    /// quick-xml borrows from the event; the same bytes in the source live longer.
    fn in_source(&self, part: &str) -> &'a str {
        let at = (part.as_ptr() as usize).wrapping_sub(self.source.as_ptr() as usize);
        let end = at.wrapping_add(part.len());
        self.source.get(at..end).unwrap_or_default()
    }

    fn error(&mut self, code: Code, location: Location, message: String, help: impl Into<String>) {
        let subject = Subject {
            location,
            ..Subject::default()
        };
        self.sink
            .report(Severity::Error, code, subject, message, help);
    }

    fn fatal<R>(&mut self, code: Code, message: String, help: &str) -> Result<R, Broken> {
        let location = self.cursor.location;
        self.error(code, location, message, help);
        Err(Broken)
    }
}

/// Offsets are at most `Limits::bytes`, which `parse` holds below `u32::MAX`.
fn offset_of(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}
