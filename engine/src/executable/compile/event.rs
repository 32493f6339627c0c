//! Events.

use bpmn_parser::model::{
    Event, EventDefinition, EventPosition, FlowNode, TimerDefinition, TimerKind as ModelTimerKind,
};

use super::Compiler;
use crate::executable::{Kind, MessageSpec, SignalSpec, Template, TimerKind, TimerSpec};

impl Compiler<'_> {
    pub(super) fn event(&mut self, node: &FlowNode, event: &Event) -> Kind {
        let definition = match event.definitions.as_slice() {
            [] => None,
            [definition] => Some(definition),
            _ => return self.not_executed(node),
        };
        match event.position {
            EventPosition::Start { .. } => self.start(node, definition),
            EventPosition::IntermediateCatch => self.catch(node, definition),
            EventPosition::IntermediateThrow => match definition {
                None => Kind::PassThrough,
                Some(EventDefinition::Message { .. }) => self.publication_or_job(node),
                Some(EventDefinition::Signal { signal }) => {
                    Kind::SignalThrow(self.signal(node, *signal))
                }
                Some(
                    EventDefinition::Timer(_)
                    | EventDefinition::Error { .. }
                    | EventDefinition::Escalation { .. }
                    | EventDefinition::Compensate { .. }
                    | EventDefinition::Cancel
                    | EventDefinition::Conditional { .. }
                    | EventDefinition::Link { .. }
                    | EventDefinition::Terminate,
                ) => self.not_executed(node),
            },
            EventPosition::Boundary {
                cancel_activity, ..
            } => self.boundary(node, definition, cancel_activity),
            EventPosition::End => self.end(node, definition),
        }
    }

    fn start(&mut self, node: &FlowNode, definition: Option<&EventDefinition>) -> Kind {
        match definition {
            None => Kind::PassThrough,
            Some(EventDefinition::Message { message, .. }) => {
                Kind::MessageStart(self.start_message(node, *message))
            }
            Some(EventDefinition::Signal { signal }) => {
                Kind::SignalStart(self.start_signal(node, *signal))
            }
            Some(EventDefinition::Timer(timer)) => Kind::TimerStart(self.timer(node, timer)),
            Some(
                EventDefinition::Error { .. }
                | EventDefinition::Escalation { .. }
                | EventDefinition::Compensate { .. }
                | EventDefinition::Cancel
                | EventDefinition::Conditional { .. }
                | EventDefinition::Link { .. }
                | EventDefinition::Terminate,
            ) => self.not_executed(node),
        }
    }

    fn start_message(&mut self, node: &FlowNode, message: Option<usize>) -> MessageSpec {
        let errors = self.diagnostics.len();
        let message = self.message(node, message, false);
        if self.diagnostics.len() == errors && message.constant_name().is_none() {
            self.not_constant(node, "message", &message.name);
        }
        message
    }

    fn start_signal(&mut self, node: &FlowNode, signal: Option<usize>) -> SignalSpec {
        let errors = self.diagnostics.len();
        let signal = self.signal(node, signal);
        if self.diagnostics.len() == errors && signal.constant_name().is_none() {
            self.not_constant(node, "signal", &signal.name);
        }
        signal
    }

    /// What starts a process has no variables that its name could come from.
    fn not_constant(&mut self, node: &FlowNode, noun: &str, name: &Template) {
        let source = name.source();
        let wanted = format!("the {noun} name `{source}` of a start event must be a constant text");
        self.error(&node.id, node.location, wanted);
    }

    fn catch(&mut self, node: &FlowNode, definition: Option<&EventDefinition>) -> Kind {
        match definition {
            Some(EventDefinition::Message { message, .. }) => {
                Kind::MessageCatch(self.message(node, *message, true))
            }
            Some(EventDefinition::Signal { signal }) => {
                Kind::SignalCatch(self.signal(node, *signal))
            }
            Some(EventDefinition::Timer(timer)) => Kind::TimerCatch(self.timer(node, timer)),
            Some(
                EventDefinition::Error { .. }
                | EventDefinition::Escalation { .. }
                | EventDefinition::Compensate { .. }
                | EventDefinition::Cancel
                | EventDefinition::Conditional { .. }
                | EventDefinition::Link { .. }
                | EventDefinition::Terminate,
            )
            | None => self.not_executed(node),
        }
    }

    fn boundary(
        &mut self,
        node: &FlowNode,
        definition: Option<&EventDefinition>,
        interrupting: bool,
    ) -> Kind {
        match definition {
            Some(EventDefinition::Message { message, .. }) => Kind::BoundaryMessage {
                message: self.message(node, *message, true),
                interrupting,
            },
            Some(EventDefinition::Signal { signal }) => Kind::BoundarySignal {
                signal: self.signal(node, *signal),
                interrupting,
            },
            Some(EventDefinition::Timer(timer)) => Kind::BoundaryTimer {
                timer: self.timer(node, timer),
                interrupting,
            },
            Some(EventDefinition::Error { error }) => Kind::BoundaryError {
                code: self.caught_code(*error),
            },
            Some(
                EventDefinition::Escalation { .. }
                | EventDefinition::Compensate { .. }
                | EventDefinition::Cancel
                | EventDefinition::Conditional { .. }
                | EventDefinition::Link { .. }
                | EventDefinition::Terminate,
            )
            | None => self.not_executed(node),
        }
    }

    fn end(&mut self, node: &FlowNode, definition: Option<&EventDefinition>) -> Kind {
        match definition {
            None => Kind::NoneEnd,
            Some(EventDefinition::Terminate) => Kind::TerminateEnd,
            Some(EventDefinition::Message { .. }) => self.publication_or_job(node),
            Some(EventDefinition::Signal { signal }) => {
                Kind::SignalThrow(self.signal(node, *signal))
            }
            Some(EventDefinition::Error { error }) => {
                let code = error
                    .and_then(|index| self.model.errors.get(index))
                    .and_then(|error| error.error_code.clone());
                Kind::ErrorEnd {
                    code: self.required(&node.id, code.as_ref()),
                }
            }
            Some(
                EventDefinition::Timer(_)
                | EventDefinition::Escalation { .. }
                | EventDefinition::Compensate { .. }
                | EventDefinition::Cancel
                | EventDefinition::Conditional { .. }
                | EventDefinition::Link { .. },
            ) => self.not_executed(node),
        }
    }

    /// An error without a code catches everything, as an absent reference does.
    fn caught_code(&self, error: Option<usize>) -> Option<Box<str>> {
        let code = self.model.errors.get(error?)?.error_code.as_ref()?;
        (!code.value.is_empty()).then(|| Box::from(code.value.as_str()))
    }

    pub(super) fn message(
        &mut self,
        node: &FlowNode,
        message: Option<usize>,
        is_keyed: bool,
    ) -> MessageSpec {
        let found = message.and_then(|index| self.model.messages.get(index));
        let Some(message) = found else {
            self.error(&node.id, node.location, "no message is named".to_owned());
            return MessageSpec {
                name: Template::Static(Box::from("")),
                correlation_key: None,
            };
        };
        let key = message.zeebe_correlation_key.as_ref();
        if is_keyed && key.is_none() {
            let wanted = format!(
                "message `{}` needs a zeebe:subscription correlationKey",
                message.id
            );
            self.error(&node.id, node.location, wanted);
        }
        MessageSpec {
            name: self.required(&node.id, message.name.as_ref()),
            correlation_key: self.optional(&node.id, key.filter(|_| is_keyed)),
        }
    }

    fn signal(&mut self, node: &FlowNode, signal: Option<usize>) -> SignalSpec {
        let found = signal.and_then(|index| self.model.signals.get(index));
        if found.is_none() {
            self.error(&node.id, node.location, "no signal is named".to_owned());
        }
        let name = found.and_then(|signal| signal.name.as_ref());
        SignalSpec {
            name: self.required(&node.id, name),
        }
    }

    fn timer(&mut self, node: &FlowNode, timer: &TimerDefinition) -> TimerSpec {
        let kind = match timer.kind {
            ModelTimerKind::Date => TimerKind::Date,
            ModelTimerKind::Duration => TimerKind::Duration,
            ModelTimerKind::Cycle => TimerKind::Cycle,
            ModelTimerKind::Unspecified => {
                let wanted = "a timer needs a date, a duration or a cycle".to_owned();
                self.error(&node.id, timer.value.location, wanted);
                TimerKind::Duration
            }
        };
        TimerSpec {
            kind,
            value: self.required(&node.id, Some(&timer.value)),
        }
    }
}
