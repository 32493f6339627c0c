//! References: `#id`, `namespace#id`, `file#id`.
//!
//! Owns what an `href` may lead to; elements of other files are looked up by whoever has them.

use model_xml::{ElementIndex, Severity};

use super::Reader;
use crate::code;
use crate::model::{Reference, Target};
use crate::tag::Tag;

/// What a reference must lead to.
#[derive(Clone, Copy)]
pub(super) struct Expected {
    noun: &'static str,
    accepts: fn(&Target) -> bool,
    /// Of a reference that leads nowhere.
    severity: Severity,
}

pub(super) const A_DECISION: Expected = Expected {
    noun: "a decision",
    accepts: |target| matches!(target, Target::Decision(_)),
    severity: Severity::Error,
};
pub(super) const INPUT_DATA: Expected = Expected {
    noun: "input data",
    accepts: |target| matches!(target, Target::InputData(_)),
    severity: Severity::Error,
};
pub(super) const A_FUNCTION: Expected = Expected {
    noun: "a business knowledge model or decision service",
    accepts: |target| matches!(target, Target::KnowledgeModel(_) | Target::Service(_)),
    severity: Severity::Error,
};
/// Authorities have no effect on evaluation.
pub(super) const AN_AUTHORITY: Expected = Expected {
    noun: "a knowledge source",
    accepts: |target| matches!(target, Target::KnowledgeSource(_)),
    severity: Severity::Warning,
};
pub(super) const AN_ADVISING_DECISION: Expected = Expected {
    severity: Severity::Warning,
    ..A_DECISION
};
pub(super) const ADVISING_INPUT_DATA: Expected = Expected {
    severity: Severity::Warning,
    ..INPUT_DATA
};

impl Reader<'_, '_> {
    /// Gives each element of the requirement graph its position in the model.
    pub(super) fn number(&mut self, root: ElementIndex) {
        let mut counts = [0_usize; 5];
        let mut next = |kind: usize| {
            let position = counts[kind];
            counts[kind] += 1;
            position
        };
        for child in self.dom.children(root) {
            let target = match self.tag(child) {
                Tag::InputData => Target::InputData(next(0)),
                Tag::Decision => Target::Decision(next(1)),
                Tag::BusinessKnowledgeModel => Target::KnowledgeModel(next(2)),
                Tag::DecisionService => Target::Service(next(3)),
                Tag::KnowledgeSource => Target::KnowledgeSource(next(4)),
                Tag::ItemDefinition => {
                    self.types.insert(self.name(child));
                    continue;
                }
                _ => continue,
            };
            self.targets.insert(child, target);
        }
    }

    /// Follows the `href` of an element; reports one that leads nowhere or to the wrong kind.
    pub(super) fn reference(
        &mut self,
        element: ElementIndex,
        expected: Expected,
    ) -> Option<Reference> {
        self.leaf(element);
        let Some(attribute) = self.dom.attribute(element, "href") else {
            // As an element of the requirement graph it has none.
            if self.tag(element) == Tag::InputData {
                let message = "inputData needs the attribute \"href\" here".to_owned();
                self.error(code::MISSING_ATTRIBUTE, element, message, "add href=\"#…\"");
            }
            return None;
        };
        let href = attribute.value.trim();
        if href.is_empty() {
            return None;
        }
        let target = self.follow(element, href, expected)?;
        Some(Reference {
            href: href.to_owned(),
            target,
            location: self.dom.value_location(element, attribute),
        })
    }

    fn follow(&mut self, from: ElementIndex, href: &str, expected: Expected) -> Option<Target> {
        // Some tools leave the `#` out.
        let (file, id) = href.rsplit_once('#').unwrap_or(("", href));
        if !file.is_empty() && file != self.namespace {
            return self.imported(from, file, id, expected);
        }
        let Some(found) = self.ids.get(id).copied() else {
            let message = format!(
                "href {:?} names nothing in this file",
                model_xml::clip(href)
            );
            let help = format!("add {} with this id, or correct href", expected.noun);
            self.report(
                expected.severity,
                code::DANGLING_REFERENCE,
                from,
                message,
                help,
            );
            return None;
        };
        match self.targets.get(&found) {
            Some(target) if (expected.accepts)(target) => Some(target.clone()),
            Some(_) | None => {
                let name = self.dom.element(found).name;
                let href = model_xml::clip(href);
                let message = format!("href {href:?} names <{name}>, not {}", expected.noun);
                let help = format!("let href name {}", expected.noun);
                self.report(expected.severity, code::WRONG_TARGET, from, message, help);
                None
            }
        }
    }

    /// An element of another file, which cannot be seen from here.
    fn imported(
        &mut self,
        from: ElementIndex,
        file: &str,
        id: &str,
        expected: Expected,
    ) -> Option<Target> {
        let import = self.import_places.get(file).copied();
        match import {
            Some(import) => Some(Target::Imported {
                import,
                id: id.to_owned(),
            }),
            None => {
                let message = format!("no import brings {:?}", model_xml::clip(file));
                let help = "add an <import> with this namespace, or correct href";
                let severity = expected.severity;
                self.report(severity, code::DANGLING_REFERENCE, from, message, help);
                None
            }
        }
    }
}
