//! Boxed expressions: literals, contexts, invocations, functions, relations, lists.
//!
//! Owns DMN 1.5 chapter 7.3 but for decision tables (`table.rs`) and what DMN 1.4 added
//! (`iteration.rs`). The recursion is bounded by `Limits::depth`.

use model_xml::ElementIndex;

use super::Reader;
use crate::code;
use crate::model::{
    Binding, Boxed, Context, ContextEntry, Expression, FunctionDefinition, FunctionKind,
    InformationItem, Invocation, Literal, Relation, Text, Typed,
};
use crate::tag::Tag;

impl Reader<'_, '_> {
    /// The element of an expression; `None` after reporting that it misses something.
    pub(super) fn boxed(&mut self, element: ElementIndex) -> Option<Boxed> {
        let content = match self.tag(element) {
            Tag::LiteralExpression => {
                let literal = self.literal_content(element);
                // Values that are imported have been refused.
                let mut children = self.dom.children(element);
                if !children.any(|child| self.tag(child) == Tag::ImportedValues) {
                    self.require_text(element, &literal.text);
                }
                Expression::Literal(literal)
            }
            Tag::DecisionTable => Expression::DecisionTable(self.decision_table(element)),
            Tag::Context => Expression::Context(self.context(element)),
            Tag::Invocation => Expression::Invocation(Box::new(self.invocation(element)?)),
            Tag::FunctionDefinition => Expression::FunctionDefinition(self.function(element)),
            Tag::Relation => Expression::Relation(self.relation(element)),
            Tag::List => Expression::List(self.list(element)),
            Tag::Conditional => Expression::Conditional(Box::new(self.conditional(element)?)),
            Tag::Filter => Expression::Filter(Box::new(self.filter(element)?)),
            Tag::For => Expression::For(Box::new(self.iteration(element)?)),
            Tag::Every | Tag::Some => Expression::Quantified(Box::new(self.quantified(element)?)),
            _ => {
                self.unexpected(element);
                return None;
            }
        };
        Some(self.typed(element, content))
    }

    /// What any expression has beside its content.
    fn typed<T>(&mut self, element: ElementIndex, content: T) -> Typed<T> {
        Typed {
            id: self.id(element),
            label: self.string(element, "label"),
            type_ref: self.type_ref(element, "typeRef"),
            location: self.dom.element(element).location,
            content,
        }
    }

    /// Any element that is a literal expression: `inputExpression` and `outputEntry` are too.
    pub(super) fn literal(&mut self, element: ElementIndex) -> Typed<Literal> {
        let content = self.literal_content(element);
        self.typed(element, content)
    }

    fn literal_content(&mut self, element: ElementIndex) -> Literal {
        self.open(element);
        let mut text = None;
        for child in self.dom.children(element) {
            match self.tag(child) {
                Tag::Text => self.once(&mut text, child, |reader, child| {
                    reader.leaf(child);
                    reader.text(child)
                }),
                Tag::ImportedValues => {
                    let message = "imported values are not read".to_owned();
                    let help = "write the values into the expression";
                    self.refuse(code::NOT_EXECUTED, child, message, help);
                }
                _ => self.unexpected(child),
            }
        }
        Literal {
            text: text.unwrap_or_else(|| Text {
                value: String::new(),
                location: self.dom.element(element).location,
            }),
            language: self.language(element),
        }
    }

    /// Reports an expression without text.
    pub(super) fn require_text(&mut self, element: ElementIndex, text: &Text) {
        if text.value.is_empty() {
            let message = format!("the {} has no text", self.dom.element(element).name);
            let help = "write a FEEL expression, such as null";
            self.error(code::MISSING_EXPRESSION, element, message, help);
        }
    }

    fn context(&mut self, element: ElementIndex) -> Context {
        self.open(element);
        let mut entries = Vec::new();
        let mut result = None;
        for child in self.dom.children(element) {
            match self.tag(child) {
                Tag::ContextEntry => match self.context_entry(child) {
                    (Some(variable), Some(value)) => entries.push(ContextEntry { variable, value }),
                    (None, Some(value)) if result.is_none() => result = Some(Box::new(value)),
                    (None, Some(_)) => {
                        let message = "only one entry of a context may go without a variable";
                        let help = "add <variable name=\"…\"/> to the others";
                        let message = message.to_owned();
                        self.error(code::MISSING_ELEMENT, child, message, help);
                    }
                    (_, None) => {}
                },
                _ => self.unexpected(child),
            }
        }
        Context { entries, result }
    }

    fn context_entry(&mut self, element: ElementIndex) -> (Option<InformationItem>, Option<Boxed>) {
        self.open(element);
        let mut variable = None;
        let mut value = None;
        for child in self.dom.children(element) {
            match self.tag(child) {
                Tag::Variable => self.once(&mut variable, child, Self::named_item),
                tag if tag.is_expression() => self.once(&mut value, child, Self::boxed),
                _ => self.unexpected(child),
            }
        }
        if value.is_none() {
            self.missing(element, "literalExpression");
        }
        (variable, value.flatten())
    }

    /// A variable whose name is all that it is known by.
    fn named_item(&mut self, element: ElementIndex) -> InformationItem {
        let item = self.information_item(element);
        if item.name.is_empty() {
            let message = format!(
                "{} needs the attribute \"name\"",
                self.dom.element(element).name
            );
            self.error(code::MISSING_ATTRIBUTE, element, message, "add name=\"…\"");
        }
        item
    }

    fn invocation(&mut self, element: ElementIndex) -> Option<Invocation> {
        self.open(element);
        let mut function = None;
        let mut bindings = Vec::new();
        for child in self.dom.children(element) {
            match self.tag(child) {
                Tag::Binding => bindings.extend(self.binding(child)),
                tag if tag.is_expression() => self.once(&mut function, child, Self::boxed),
                _ => self.unexpected(child),
            }
        }
        if function.is_none() {
            self.missing(element, "literalExpression");
        }
        Some(Invocation {
            function: function.flatten()?,
            bindings,
        })
    }

    fn binding(&mut self, element: ElementIndex) -> Option<Binding> {
        self.open(element);
        let mut parameter = None;
        let mut value = None;
        for child in self.dom.children(element) {
            match self.tag(child) {
                Tag::Parameter => self.once(&mut parameter, child, Self::information_item),
                tag if tag.is_expression() => self.once(&mut value, child, Self::boxed),
                _ => self.unexpected(child),
            }
        }
        if parameter.is_none() {
            self.missing(element, "parameter");
        }
        Some(Binding {
            parameter: parameter?,
            value: value.flatten(),
        })
    }

    /// The logic of a business knowledge model.
    pub(super) fn encapsulated_logic(
        &mut self,
        element: ElementIndex,
    ) -> Typed<FunctionDefinition> {
        let content = self.function(element);
        self.typed(element, content)
    }

    fn function(&mut self, element: ElementIndex) -> FunctionDefinition {
        self.open(element);
        let mut parameters = Vec::new();
        let mut body = None;
        for child in self.dom.children(element) {
            match self.tag(child) {
                Tag::FormalParameter => parameters.push(self.information_item(child)),
                tag if tag.is_expression() => self.once(&mut body, child, Self::boxed),
                _ => self.unexpected(child),
            }
        }
        if body.is_none() {
            let message = "a function without a body gives null".to_owned();
            let help = "add a literalExpression";
            self.warning(code::MISSING_LOGIC, element, message, help);
        }
        self.distinct(
            parameters.iter().map(|it| (&*it.name, it.location)),
            element,
        );
        FunctionDefinition {
            kind: self.function_kind(element),
            parameters,
            body: body.flatten().map(Box::new),
        }
    }

    fn function_kind(&mut self, element: ElementIndex) -> FunctionKind {
        let written = self.raw(element, "kind").unwrap_or_default().trim();
        let kind = match written {
            "" | "FEEL" => return FunctionKind::Feel,
            "Java" => FunctionKind::Java,
            "PMML" => FunctionKind::Pmml,
            other => {
                let message = format!("kind={:?} is unknown", model_xml::clip(other));
                self.error(code::BAD_VALUE, element, message, "write FEEL");
                return FunctionKind::Feel;
            }
        };
        let message = format!("functions of kind {written} are not called");
        let help = "write the function in FEEL, or let a worker do it";
        self.refuse(code::NOT_EXECUTED, element, message, help);
        kind
    }

    fn relation(&mut self, element: ElementIndex) -> Relation {
        self.open(element);
        let mut columns = Vec::new();
        let mut rows = Vec::new();
        for child in self.dom.children(element) {
            match self.tag(child) {
                Tag::Column => columns.push(self.information_item(child)),
                Tag::Row | Tag::List => {
                    rows.push((child, self.list(child)));
                }
                _ => self.unexpected(child),
            }
        }
        self.distinct(columns.iter().map(|it| (&*it.name, it.location)), element);
        for (at, row) in &rows {
            self.same_length(*at, "cells", row.len(), columns.len());
        }
        Relation {
            columns,
            rows: rows.into_iter().map(|(_, row)| row).collect(),
        }
    }

    fn list(&mut self, element: ElementIndex) -> Vec<Boxed> {
        self.open(element);
        let mut items = Vec::new();
        for child in self.dom.children(element) {
            match self.tag(child) {
                tag if tag.is_expression() => items.extend(self.boxed(child)),
                _ => self.unexpected(child),
            }
        }
        items
    }
}
