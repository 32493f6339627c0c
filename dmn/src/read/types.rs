//! Names of types and languages.
//!
//! Owns the prefixes of DMN 1.1 and the types that FEEL has itself.

use model_xml::{ElementIndex, Location};

use super::{Reader, spaced};
use crate::code;
use crate::model::TypeRef;
use crate::namespace;

/// The types that no item definition needs to have: DMN's, their old names, and Camunda 7's.
const BUILT_IN: &[&str] = &[
    "Any",
    "boolean",
    "context",
    "date",
    "date and time",
    "dateTime",
    "dayTimeDuration",
    "days and time duration",
    "double",
    "duration",
    "function",
    "integer",
    "list",
    "long",
    "Null",
    "number",
    "range",
    "string",
    "time",
    "yearMonthDuration",
    "years and months duration",
];

impl Reader<'_, '_> {
    /// The type that an attribute names.
    pub(super) fn type_ref(&mut self, element: ElementIndex, name: &str) -> Option<TypeRef> {
        let attribute = self.dom.attribute(element, name)?;
        let location = self.dom.value_location(element, attribute);
        self.type_named(element, &attribute.value, location)
    }

    /// The type that the text of an element names.
    pub(super) fn type_text(&mut self, element: ElementIndex) -> Option<TypeRef> {
        let (text, location) = self.dom.trimmed_text(element)?;
        self.type_named(element, &text, location)
    }

    fn type_named(
        &mut self,
        element: ElementIndex,
        written: &str,
        location: Location,
    ) -> Option<TypeRef> {
        let name = self.unprefixed(element, &spaced(written));
        // Tools write an empty name for "none chosen".
        if name.is_empty() {
            return None;
        }
        // With angle brackets it is an expression of a type, which is FEEL's to judge.
        let is_known = BUILT_IN.contains(&&*name)
            || self.types.contains(&name)
            || name.contains('<')
            || self.is_imported(&name);
        if !is_known {
            let message = format!("there is no type {:?}", model_xml::clip(&name));
            let help = "add an itemDefinition with this name; values are not checked";
            self.warning(code::UNKNOWN_TYPE, element, message, help);
        }
        Some(TypeRef { name, location })
    }

    /// Whether a name begins with that of an import, whose types cannot be seen from here.
    fn is_imported(&self, name: &str) -> bool {
        /// An import's name may have dots itself, but hardly more.
        const DOTS_MAX: usize = 16;
        let mut ends = name.match_indices('.').take(DOTS_MAX);
        self.import_names.contains("")
            || ends.any(|(at, _)| {
                let import = name.get(..at).unwrap_or_default();
                self.import_names.contains(import)
            })
    }

    /// DMN 1.1 wrote types as qualified names of XML: `feel:string`, `ns1:tPerson`.
    fn unprefixed(&self, element: ElementIndex, name: &str) -> String {
        let Some((prefix, local)) = name.split_once(':') else {
            return name.to_owned();
        };
        let local = local.trim_start();
        match self.dom.declared(element, prefix) {
            None if prefix == "feel" => local.to_owned(),
            None => name.to_owned(),
            Some(of) if namespace::is_feel(of) || of == self.namespace => local.to_owned(),
            Some(of) => {
                let import = self
                    .import_places
                    .get(of)
                    .and_then(|at| self.imports.get(*at));
                match import {
                    Some(import) if !import.name.is_empty() => format!("{}.{local}", import.name),
                    Some(_) | None => local.to_owned(),
                }
            }
        }
    }

    /// What `expressionLanguage` says, after refusing any other than FEEL.
    pub(super) fn language(&mut self, element: ElementIndex) -> Option<String> {
        let written = self.raw(element, "expressionLanguage")?.trim();
        if written.is_empty() {
            return None;
        }
        if !namespace::is_feel(written) {
            let message = format!(
                "expressions in {:?} are not evaluated",
                model_xml::clip(written)
            );
            let help = "write the expression in FEEL, and remove expressionLanguage";
            self.refuse(code::UNKNOWN_LANGUAGE, element, message, help);
        }
        Some(written.to_owned())
    }
}
