//! Attributes of one start tag: names, values, namespace declarations, references in values.
//!
//! Owns XML 1.0 sections 3.3.3 and 4.1 as far as documents without a DOCTYPE need them.

use std::borrow::Cow;

use quick_xml::events::attributes::AttrError;
use quick_xml::events::{BytesRef, BytesStart};
use quick_xml::name::QName;

use super::{Broken, Builder, offset_of};
use crate::code;
use crate::diagnostic::Location;
use crate::dom::{Attribute, NamespaceId, Tag};

impl<'a, T: Tag> Builder<'a, '_, T> {
    /// Reads attributes in two steps, since a declaration holds for the attributes before it too.
    pub(super) fn attributes(
        &mut self,
        tag: &BytesStart<'_>,
        location: Location,
    ) -> Result<std::ops::Range<u32>, Broken> {
        let first = self.dom.attributes.len();
        for attribute in tag.attributes() {
            let attribute = match attribute {
                Ok(attribute) => attribute,
                Err(error) => {
                    let message = match error {
                        AttrError::Duplicated(_, _) => "an attribute is given twice".to_owned(),
                        error => error.to_string(),
                    };
                    return self.fatal(code::XML_SYNTAX, message, "make the file well-formed XML");
                }
            };
            if self.dom.attributes.len() - first >= self.limits.attributes {
                return self.fatal(
                    code::LIMIT_ATTRIBUTES,
                    format!(
                        "an element has more than {} attributes",
                        self.limits.attributes
                    ),
                    "move data into extension elements",
                );
            }
            self.check_name(attribute.key.0.len())?;
            let (prefix, name) = split(self.in_source(attribute.key.0));
            let raw = self.in_source(&attribute.value);
            let value = self.value(raw, location)?;
            let declared = match (prefix, name) {
                ("", "xmlns") => Some(""),
                ("xmlns", prefix) => Some(prefix),
                (_, _) => None,
            };
            let mut namespace = NamespaceId::NONE;
            if let Some(declared) = declared {
                namespace = NamespaceId::XMLNS;
                self.declare(declared, value.clone())?;
            }
            self.dom.attributes.push(Attribute {
                namespace,
                prefix,
                name,
                value,
                offset: offset_of(raw.as_ptr() as usize - self.source.as_ptr() as usize),
            });
        }
        for position in first..self.dom.attributes.len() {
            let Attribute {
                prefix,
                name,
                namespace,
                ..
            } = self.dom.attributes[position];
            if !prefix.is_empty() && namespace == NamespaceId::NONE {
                self.dom.attributes[position].namespace = self.resolve(prefix, name, location);
            }
        }
        if has_twins(self.dom.attributes.get(first..).unwrap_or_default()) {
            let message = "an attribute is given twice, with two prefixes".to_owned();
            return self.fatal(code::XML_SYNTAX, message, "make the file well-formed XML");
        }
        Ok(offset_of(first)..offset_of(self.dom.attributes.len()))
    }

    fn declare(&mut self, prefix: &'a str, name: Cow<'a, str>) -> Result<(), Broken> {
        if self.namespaces.depth() >= self.limits.namespaces {
            return self.fatal(
                code::LIMIT_NAMESPACES,
                format!(
                    "more than {} namespace declarations are in scope",
                    self.limits.namespaces
                ),
                "declare namespaces once, on the root element",
            );
        }
        self.namespaces.declare(prefix, name);
        Ok(())
    }

    /// XML 1.0 section 3.3.3: references are replaced, line breaks and tabs become spaces.
    fn value(&mut self, raw: &'a str, location: Location) -> Result<Cow<'a, str>, Broken> {
        self.check_text(raw.len())?;
        if !raw
            .bytes()
            .any(|byte| matches!(byte, b'&' | b'\t' | b'\n' | b'\r' | b'<'))
        {
            return Ok(Cow::Borrowed(raw));
        }
        let mut value = String::with_capacity(raw.len());
        let mut rest = raw;
        while let Some(at) = rest.find(['&', '\t', '\n', '\r', '<']) {
            let (before, special) = rest.split_at(at);
            value.push_str(before);
            rest = special.get(1..).unwrap_or_default();
            if special.starts_with('<') {
                return self.fatal(
                    code::XML_SYNTAX,
                    "`<` in an attribute value".to_owned(),
                    "write it as &lt;",
                );
            }
            if !special.starts_with('&') {
                if special.starts_with('\r') {
                    rest = rest.strip_prefix('\n').unwrap_or(rest);
                }
                value.push(' ');
                continue;
            }
            let Some((name, after)) = rest.split_once(';') else {
                return self.fatal(
                    code::XML_SYNTAX,
                    "`&` without `;` in an attribute value".to_owned(),
                    "write it as &amp;",
                );
            };
            rest = after;
            if let Some(character) = self.entity(name, location)? {
                value.push(character);
            }
        }
        value.push_str(rest);
        Ok(Cow::Owned(value))
    }

    /// The character that `&name;` stands for; `None` after reporting an undefined one.
    pub(super) fn entity(
        &mut self,
        name: &str,
        location: Location,
    ) -> Result<Option<char>, Broken> {
        let reference = BytesRef::new(name);
        if reference.is_char_ref() {
            return match reference.resolve_char_ref() {
                Ok(Some(character)) if is_character(character) => Ok(Some(character)),
                Ok(_) | Err(_) => {
                    self.error(
                        code::XML_CHARACTER,
                        location,
                        format!("&{name}; is not a character that XML allows"),
                        "remove it",
                    );
                    Ok(None)
                }
            };
        }
        Ok(match name {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            "apos" => Some('\''),
            "quot" => Some('"'),
            _ => {
                self.error(
                    code::UNDEFINED_ENTITY,
                    location,
                    format!("the entity &{name}; is not defined"),
                    "write the character itself, or &amp; for an ampersand",
                );
                None
            }
        })
    }
}

/// Namespaces in XML 1.0 section 6.3: two prefixes may stand for one namespace.
fn has_twins(attributes: &[Attribute<'_>]) -> bool {
    let mut prefixed = attributes
        .iter()
        .enumerate()
        .filter(|(_, it)| !it.prefix.is_empty() && it.namespace != NamespaceId::NONE);
    prefixed.any(|(position, it)| {
        let before = attributes.iter().take(position);
        let mut same_name = before.filter(|other| other.name == it.name);
        same_name.any(|other| other.namespace == it.namespace && !other.prefix.is_empty())
    })
}

/// XML 1.0 section 2.2, production Char.
fn is_character(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

pub(super) fn split(name: &str) -> (&str, &str) {
    QName(name).prefix().map_or(("", name), |prefix| {
        let length = prefix.as_ref().len();
        (
            name.get(..length).unwrap_or_default(),
            name.get(length + 1..).unwrap_or_default(),
        )
    })
}
