//! Item definitions: the types of a file.
//!
//! Owns DMN 1.5 chapter 7.3.3. The recursion is bounded by `Limits::depth`.

use model_xml::ElementIndex;

use super::Reader;
use crate::code;
use crate::model::{InformationItem, ItemDefinition, Shape, Text, TypeRef};
use crate::tag::Tag;

impl Reader<'_, '_> {
    /// An `itemDefinition` or `itemComponent`.
    pub(super) fn item_definition(&mut self, element: ElementIndex) -> ItemDefinition {
        self.open(element);
        let mut reference = None;
        let mut allowed_values = None;
        let mut type_constraint = None;
        let mut components = Vec::new();
        let mut function = None;
        for child in self.dom.children(element) {
            match self.tag(child) {
                Tag::TypeRef => self.once(&mut reference, child, |reader, child| {
                    reader.leaf(child);
                    reader.type_text(child)
                }),
                Tag::AllowedValues => self.once(&mut allowed_values, child, Self::unary_tests),
                Tag::TypeConstraint => self.once(&mut type_constraint, child, Self::unary_tests),
                Tag::ItemComponent => components.push(self.item_definition(child)),
                Tag::FunctionItem => self.once(&mut function, child, Self::function_item),
                _ => self.unexpected(child),
            }
        }
        let reference = reference.flatten();
        let said = usize::from(reference.is_some())
            + usize::from(!components.is_empty())
            + usize::from(function.is_some());
        if said > 1 {
            let message = "a type is either a reference, or components, or a function".to_owned();
            let help = "keep one of typeRef, itemComponent and functionItem";
            self.error(code::REPEATED_ELEMENT, element, message, help);
        }
        let shape = match (reference, function) {
            (Some(reference), _) => Shape::Reference(reference),
            (None, Some((parameters, output))) => Shape::Function { parameters, output },
            (None, None) if components.is_empty() => Shape::Any,
            (None, None) => Shape::Components(components),
        };
        ItemDefinition {
            id: self.id(element),
            name: self.name(element),
            is_collection: self.boolean(element, "isCollection"),
            shape,
            allowed_values: allowed_values.flatten(),
            type_constraint: type_constraint.flatten(),
            location: self.dom.element(element).location,
        }
    }

    fn function_item(&mut self, element: ElementIndex) -> (Vec<InformationItem>, Option<TypeRef>) {
        self.open(element);
        let mut parameters = Vec::new();
        for child in self.dom.children(element) {
            match self.tag(child) {
                Tag::Parameters => parameters.push(self.information_item(child)),
                _ => self.unexpected(child),
            }
        }
        (parameters, self.type_ref(element, "outputTypeRef"))
    }

    /// `None` where there is no text, which allows everything.
    pub(super) fn unary_tests(&mut self, element: ElementIndex) -> Option<Text> {
        let text = self.cell(element);
        (!text.value.is_empty()).then_some(text)
    }

    /// The `<text>` of unary tests.
    pub(super) fn cell(&mut self, element: ElementIndex) -> Text {
        self.open(element);
        self.language(element);
        let mut text = None;
        for child in self.dom.children(element) {
            match self.tag(child) {
                Tag::Text => self.once(&mut text, child, |reader, child| {
                    reader.leaf(child);
                    reader.text(child)
                }),
                _ => self.unexpected(child),
            }
        }
        text.unwrap_or_else(|| Text {
            value: String::new(),
            location: self.dom.element(element).location,
        })
    }
}
