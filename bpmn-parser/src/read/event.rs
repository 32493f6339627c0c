//! Event definitions (BPMN 2.0 section 10.5.5).
//!
//! Owns what each `…EventDefinition` means; which of them is executed where is `execution.rs`.

use model_xml::ElementIndex;

use super::{
    A_MESSAGE, A_SIGNAL, AN_ACTIVITY, AN_ERROR, AN_ESCALATION, AN_EVENT_DEFINITION, Reader,
};
use crate::code;
use crate::element_table::{Category, Tag};
use crate::extension::Extensions;
use crate::model::{EventDefinition, EventDefinitionSource, Text, TimerDefinition, TimerKind};

impl Reader<'_, '_> {
    /// Reads one definition; `None` for an element that is none.
    pub(super) fn event_definition(
        &mut self,
        element: ElementIndex,
    ) -> Option<(EventDefinition, EventDefinitionSource)> {
        let mut basics = self.basics(element);
        let kept = &mut basics.extensions;
        let tag = self.tag(element);
        if tag.category() == Category::EventDefinition && !has_parts(tag) {
            self.keep_children(element, kept);
        }
        let definition = match tag {
            Tag::MessageEventDefinition => self.message_definition(element, kept),
            Tag::TimerEventDefinition => EventDefinition::Timer(self.timer(element, kept)),
            Tag::ErrorEventDefinition => EventDefinition::Error {
                error: self.position(element, "errorRef", AN_ERROR),
            },
            Tag::EscalationEventDefinition => EventDefinition::Escalation {
                escalation: self.position(element, "escalationRef", AN_ESCALATION),
            },
            Tag::SignalEventDefinition => EventDefinition::Signal {
                signal: self.position(element, "signalRef", A_SIGNAL),
            },
            Tag::CompensateEventDefinition => self.compensate_definition(element),
            Tag::CancelEventDefinition => EventDefinition::Cancel,
            Tag::ConditionalEventDefinition => self.conditional_definition(element, kept),
            Tag::LinkEventDefinition => self.link_definition(element, kept),
            Tag::TerminateEventDefinition => EventDefinition::Terminate,
            _ => return None,
        };
        let source = EventDefinitionSource {
            id: self.string(element, "id"),
            documentation: basics.documentation,
            extensions: basics.extensions,
            location: self.dom.element(element).location,
        };
        Some((definition, source))
    }

    /// Reads the definition that an `eventDefinitionRef` names.
    pub(super) fn referenced_definition(
        &mut self,
        element: ElementIndex,
    ) -> Option<(EventDefinition, EventDefinitionSource)> {
        let reference = self.trimmed(element);
        let target = self.follow(
            element,
            "eventDefinitionRef",
            &reference,
            AN_EVENT_DEFINITION,
        )?;
        // Each reference copies, so that references to one large definition would multiply it.
        let Some(weight) = self.dom.weight(target, self.copies_left) else {
            let message = "the event definitions referred to are too large together".to_owned();
            let help = "write the definition into the event";
            self.error(code::LIMIT_COPIES, element, message, help);
            self.copies_left = 0;
            return None;
        };
        self.copies_left -= weight;
        self.event_definition(target)
    }

    fn message_definition(
        &mut self,
        element: ElementIndex,
        kept: &mut Extensions,
    ) -> EventDefinition {
        let dom = self.dom;
        let mut operation = None;
        for child in dom.children(element) {
            match self.tag(child) {
                Tag::OperationRef if operation.is_some() => self.repeated(child),
                Tag::OperationRef => operation = self.noted_child(child),
                _ => self.unexpected(child, kept),
            }
        }
        EventDefinition::Message {
            message: self.position(element, "messageRef", A_MESSAGE),
            operation,
        }
    }

    fn compensate_definition(&mut self, element: ElementIndex) -> EventDefinition {
        let reference = self.raw(element, "activityRef");
        let reference = reference.filter(|reference| !reference.trim().is_empty());
        let activity =
            reference.and_then(|it| self.follow(element, "activityRef", it, AN_ACTIVITY));
        EventDefinition::Compensate {
            activity: activity.and_then(|activity| self.node_index(activity)),
            wait_for_completion: self.boolean(element, "waitForCompletion", true),
        }
    }

    fn link_definition(&mut self, element: ElementIndex, kept: &mut Extensions) -> EventDefinition {
        let dom = self.dom;
        let (mut sources, mut target) = (Vec::new(), None);
        for child in dom.children(element) {
            match self.tag(child) {
                Tag::Source => sources.push(self.trimmed(child)),
                Tag::Target => self.once(&mut target, child, |reader, child| reader.trimmed(child)),
                _ => self.unexpected(child, kept),
            }
        }
        EventDefinition::Link {
            name: self.string(element, "name").unwrap_or_default(),
            sources,
            target,
        }
    }

    fn conditional_definition(
        &mut self,
        element: ElementIndex,
        kept: &mut Extensions,
    ) -> EventDefinition {
        let dom = self.dom;
        let mut condition = None;
        for child in dom.children(element) {
            match self.tag(child) {
                Tag::Condition => self.once(&mut condition, child, Self::expression),
                _ => self.unexpected(child, kept),
            }
        }
        EventDefinition::Conditional {
            condition,
            filter: self.zeebe(element).zeebe.conditional_filter,
        }
    }

    fn timer(&mut self, element: ElementIndex, kept: &mut Extensions) -> TimerDefinition {
        let dom = self.dom;
        let mut timer = TimerDefinition {
            kind: TimerKind::Unspecified,
            value: Text {
                value: String::new(),
                location: dom.element(element).location,
            },
            language: None,
            evaluates_to: None,
        };
        for child in dom.children(element) {
            let kind = match self.tag(child) {
                Tag::TimeDate => TimerKind::Date,
                Tag::TimeDuration => TimerKind::Duration,
                Tag::TimeCycle => TimerKind::Cycle,
                _ => {
                    self.unexpected(child, kept);
                    continue;
                }
            };
            if timer.kind != TimerKind::Unspecified {
                let message = "a timer has one of timeDate, timeDuration and timeCycle".to_owned();
                self.error(code::BAD_VALUE, child, message, "remove all but one");
                continue;
            }
            timer.kind = kind;
            let mut expression = self.expression(child);
            kept.attributes
                .append(&mut expression.extensions.attributes);
            kept.elements.append(&mut expression.extensions.elements);
            timer.value = expression.text;
            timer.language = expression.language;
            timer.evaluates_to = expression.evaluates_to;
        }
        timer
    }
}

/// Whether a definition has children of its own, which its reader takes.
fn has_parts(tag: Tag) -> bool {
    matches!(
        tag,
        Tag::MessageEventDefinition
            | Tag::TimerEventDefinition
            | Tag::ConditionalEventDefinition
            | Tag::LinkEventDefinition
    )
}
