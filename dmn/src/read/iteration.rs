//! Conditionals, filters and iterations, which DMN 1.4 added.
//!
//! Owns DMN 1.5 chapters 10.2.2.7 to 10.2.2.9; each part of them holds one expression.

use model_xml::ElementIndex;

use super::{Reader, spaced};
use crate::model::{Boxed, Conditional, Filter, Iteration, Quantified, Quantifier, TypeRef};
use crate::tag::Tag;

/// A part as it was found: its element and its expression.
type Part = Option<(ElementIndex, Option<Boxed>)>;

impl Reader<'_, '_> {
    pub(super) fn conditional(&mut self, element: ElementIndex) -> Option<Conditional> {
        let parts = [(Tag::If, "if"), (Tag::Then, "then"), (Tag::Else, "else")];
        let [condition, then, otherwise] = self.parts(element, parts);
        Some(Conditional {
            condition: condition?.1?,
            then: then?.1?,
            otherwise: otherwise?.1?,
        })
    }

    pub(super) fn filter(&mut self, element: ElementIndex) -> Option<Filter> {
        let parts = [(Tag::In, "in"), (Tag::Match, "match")];
        let [list, condition] = self.parts(element, parts);
        Some(Filter {
            list: list?.1?,
            condition: condition?.1?,
        })
    }

    pub(super) fn iteration(&mut self, element: ElementIndex) -> Option<Iteration> {
        let parts = [(Tag::In, "in"), (Tag::Return, "return")];
        let [list, result] = self.parts(element, parts);
        let (variable, variable_type) = self.iterator(element, &list);
        Some(Iteration {
            variable,
            variable_type,
            list: list?.1?,
            result: result?.1?,
        })
    }

    pub(super) fn quantified(&mut self, element: ElementIndex) -> Option<Quantified> {
        let parts = [(Tag::In, "in"), (Tag::Satisfies, "satisfies")];
        let [list, condition] = self.parts(element, parts);
        let (variable, variable_type) = self.iterator(element, &list);
        Some(Quantified {
            quantifier: match self.tag(element) == Tag::Every {
                true => Quantifier::Every,
                false => Quantifier::Some,
            },
            variable,
            variable_type,
            list: list?.1?,
            condition: condition?.1?,
        })
    }

    /// The name of the variable, and its type, which stands at `in`.
    fn iterator(&mut self, element: ElementIndex, list: &Part) -> (String, Option<TypeRef>) {
        let name = self.raw(element, "iteratorVariable").map(spaced);
        let variable_type = list
            .as_ref()
            .and_then(|(at, _)| self.type_ref(*at, "typeRef"));
        (name.unwrap_or_default(), variable_type)
    }

    /// The parts of an element, after reporting those that are not there.
    fn parts<const N: usize>(
        &mut self,
        element: ElementIndex,
        names: [(Tag, &str); N],
    ) -> [Part; N] {
        self.open(element);
        let mut parts: [Part; N] = std::array::from_fn(|_| None);
        for child in self.dom.children(element) {
            let tag = self.tag(child);
            let position = names.iter().position(|(of, _)| *of == tag);
            match position.and_then(|at| parts.get_mut(at)) {
                Some(part) => {
                    self.once(part, child, |reader, child| (child, reader.part(child)));
                }
                None => self.unexpected(child),
            }
        }
        for (part, (_, name)) in parts.iter().zip(names) {
            if part.is_none() {
                self.missing(element, name);
            }
        }
        parts
    }

    /// The one expression in a part.
    fn part(&mut self, element: ElementIndex) -> Option<Boxed> {
        self.open(element);
        let mut value = None;
        for child in self.dom.children(element) {
            match self.tag(child) {
                tag if tag.is_expression() => self.once(&mut value, child, Self::boxed),
                _ => self.unexpected(child),
            }
        }
        if value.is_none() {
            self.missing(element, "literalExpression");
        }
        value.flatten()
    }
}
