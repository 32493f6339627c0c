//! Events that can be executed (BPMN 2.0 section 10.5), by the table of events.

use model_xml::{Severity, clip};
use petgraph::graph::NodeIndex;
use rustc_hash::FxHashSet;

use super::Checker;
use super::event_table::{Cell, Column, Row, cell};
use crate::code;
use crate::model::{
    Event, EventDefinition, EventPosition, FlowNode, FlowNodeKind, SubProcessKind, TaskKind, Text,
    TimerDefinition, TimerKind,
};

impl<'m> Checker<'m, '_> {
    pub(super) fn event(&mut self, index: NodeIndex, node: &'m FlowNode, event: &'m Event) {
        self.event_flows(index, node, event);
        self.conditions_without_gateway(index, node);
        // The event sub-process around it is refused as a whole, with how it starts.
        if self.starts_event_sub_process(node, event) {
            return;
        }
        let row = Row::of(event);
        let column = Column::of(event.position);
        match cell(row, column) {
            Cell::Executed => self.executed_event(node, event),
            Cell::Job => self.event_job(node, event),
            Cell::Refused => {
                let feature = format!("{} {}s", row.noun(), column.noun());
                self.refuse(node, &feature);
            }
            Cell::Absent => self.absent_event(node, row, column),
        }
    }

    fn absent_event(&mut self, node: &FlowNode, row: Row, column: Column) {
        if row == Row::None {
            let message = format!("this {} waits for nothing", column.noun());
            let help = "add an event definition";
            self.error(node, code::MISSING_DEFINITION, message, help);
        } else if row == Row::Error && column == Column::BoundaryNonInterrupting {
            let message = "an error always interrupts the activity it is caught at".to_owned();
            let help = "remove cancelActivity=\"false\"";
            self.error(node, code::NOT_INTERRUPTING, message, help);
        } else {
            let message = format!("BPMN has no {} {}", row.noun(), column.noun());
            self.error(
                node,
                code::WRONG_EVENT,
                message,
                "use another event definition",
            );
        }
    }

    fn executed_event(&mut self, node: &FlowNode, event: &Event) {
        let is_process_start = matches!(event.position, EventPosition::Start { .. });
        match event.definitions.first() {
            None | Some(EventDefinition::Terminate) => {}
            Some(EventDefinition::Message { message, .. }) if is_process_start => {
                self.named_message(node, *message);
            }
            Some(EventDefinition::Message { message, .. }) => {
                self.awaited_message(node, *message);
            }
            Some(EventDefinition::Signal { signal }) => self.named_signal(node, *signal),
            Some(EventDefinition::Timer(timer)) => self.timer(node, event.position, timer),
            Some(EventDefinition::Error { error }) => self.bpmn_error(node, event.position, *error),
            // The table has these as refused.
            Some(
                EventDefinition::Escalation { .. }
                | EventDefinition::Compensate { .. }
                | EventDefinition::Cancel
                | EventDefinition::Conditional { .. }
                | EventDefinition::Link { .. },
            ) => {}
        }
    }

    fn starts_event_sub_process(&self, node: &FlowNode, event: &Event) -> bool {
        let EventPosition::Start { .. } = event.position else {
            return false;
        };
        let Some(parent) = node.parent else {
            return false;
        };
        match &self.graph()[parent].kind {
            FlowNodeKind::SubProcess(sub_process) => sub_process.kind == SubProcessKind::Event,
            FlowNodeKind::Task(_)
            | FlowNodeKind::CallActivity(_)
            | FlowNodeKind::Gateway(_)
            | FlowNodeKind::Event(_) => false,
        }
    }

    /// Flows that BPMN forbids.
    fn event_flows(&mut self, index: NodeIndex, node: &FlowNode, event: &Event) {
        let (incoming, outgoing) = match event.position {
            EventPosition::Start { .. } | EventPosition::Boundary { .. } => (false, true),
            EventPosition::End => (true, false),
            EventPosition::IntermediateCatch | EventPosition::IntermediateThrow => (true, true),
        };
        let noun = Column::of(event.position).noun();
        if !incoming && !self.graph().incoming(index).is_empty() {
            let message = format!("no sequence flow can lead to a {noun}");
            let help = "lead the flow to what follows the event";
            self.error(node, code::FLOW_NOT_ALLOWED, message, help);
        }
        if !outgoing && !self.graph().outgoing(index).is_empty() {
            let message = format!("no sequence flow can leave an {noun}");
            let help = "use an intermediate event";
            self.error(node, code::FLOW_NOT_ALLOWED, message, help);
        }
    }

    /// A message with a name; reports one without.
    fn named_message(&mut self, node: &FlowNode, message: Option<usize>) -> bool {
        let message = message.and_then(|message| self.model.messages.get(message));
        let name = message.and_then(|message| message.name.as_ref());
        if name.is_some_and(|name| !name.value.trim().is_empty()) {
            return true;
        }
        let message = "this needs a message with a name".to_owned();
        let help = "let messageRef name a message element that has a name";
        self.error(node, code::MISSING_MESSAGE, message, help);
        false
    }

    fn named_signal(&mut self, node: &FlowNode, signal: Option<usize>) {
        let signal = signal.and_then(|signal| self.model.signals.get(signal));
        let name = signal.and_then(|signal| signal.name.as_ref());
        if name.is_none_or(|name| name.value.trim().is_empty()) {
            let message = "this needs a signal with a name".to_owned();
            let help = "let signalRef name a signal element that has a name";
            self.error(node, code::MISSING_SIGNAL, message, help);
        }
    }

    /// A message that is waited for by a running instance, which a correlation key identifies.
    pub(super) fn awaited_message(&mut self, node: &FlowNode, message: Option<usize>) {
        if !self.named_message(node, message) {
            return;
        }
        let message = message.and_then(|message| self.model.messages.get(message));
        let Some(message) = message else {
            return;
        };
        match &message.zeebe_correlation_key {
            Some(key) if key.expression().is_some() => {}
            Some(_) => {
                let message = "a correlation key is FEEL and starts with `=`".to_owned();
                let help = "write correlationKey=\"=orderId\"";
                self.error(node, code::NOT_AN_EXPRESSION, message, help);
            }
            None => {
                let message = format!(
                    "the message {:?} needs a correlation key",
                    clip(&message.id)
                );
                let help = "add <zeebe:subscription correlationKey=\"=…\"/> to the message";
                self.error(node, code::MISSING_CORRELATION_KEY, message, help);
            }
        }
    }

    fn bpmn_error(&mut self, node: &FlowNode, position: EventPosition, error: Option<usize>) {
        let error = error.and_then(|error| self.model.errors.get(error));
        let code = error.and_then(|error| error.error_code.as_ref());
        let code = code.filter(|code| !code.value.trim().is_empty());
        match (position, code) {
            (EventPosition::End, None) => {
                let message = "an error end event needs an error code to throw".to_owned();
                let help = "let errorRef name an error element that has an errorCode";
                self.error(node, code::MISSING_ERROR_CODE, message, help);
            }
            (EventPosition::Boundary { .. }, Some(code)) if code.expression().is_some() => {
                self.refuse(
                    node,
                    "error codes that are expressions, where they are caught,",
                );
            }
            (_, _) => {}
        }
    }

    fn timer(&mut self, node: &FlowNode, position: EventPosition, timer: &TimerDefinition) {
        if timer.kind == TimerKind::Unspecified || timer.value.value.trim().is_empty() {
            let message = "this timer has no date, duration or cycle".to_owned();
            let help = "add timeDate, timeDuration or timeCycle";
            self.error(node, code::MISSING_TIMER, message, help);
            return;
        }
        if Self::is_other_language(&timer.value) {
            let message = "the timer is not FEEL, which starts with `=`".to_owned();
            let help = "write ISO 8601 (PT15M), or FEEL (=duration(limit))";
            let subject = self.node_subject(node);
            self.sink.report(
                Severity::Refusal,
                code::UNKNOWN_LANGUAGE,
                subject,
                message,
                help,
            );
            return;
        }
        if let Some(feature) = refused_timer(position, timer.kind) {
            self.refuse(node, feature);
        }
        if timer.value.expression().is_none() {
            self.static_timer(node, timer);
        }
    }

    fn static_timer(&mut self, node: &FlowNode, timer: &TimerDefinition) {
        let value = timer.value.value.trim();
        if timer.kind == TimerKind::Cycle && !value.starts_with('R') {
            self.refuse(node, "cycles in cron notation");
            return;
        }
        if is_plausible(timer.kind, value) {
            return;
        }
        let (what, example) = match timer.kind {
            TimerKind::Date => ("date and time", "2026-01-31T12:00:00Z"),
            TimerKind::Duration => ("duration", "PT15M"),
            TimerKind::Cycle => ("repeating interval", "R3/PT10M"),
            TimerKind::Unspecified => ("timer", "PT15M"),
        };
        let message = format!("{value:?} is not an ISO 8601 {what}");
        let help = format!("write it like {example}, or as FEEL after `=`");
        self.error(node, code::BAD_TIMER, message, &help);
    }

    /// The static name of the message or signal that a catching event waits for, and which of both it is.
    pub(super) fn caught_name(&self, node: &FlowNode) -> Option<(&'static str, &'m str)> {
        let message = match &node.kind {
            FlowNodeKind::Event(event) => match event.definitions.as_slice() {
                [EventDefinition::Message { message, .. }] => *message,
                [EventDefinition::Signal { signal }] => {
                    let name = self.model.signals.get((*signal)?)?.name.as_ref()?;
                    return static_name("signal", name);
                }
                _ => None,
            },
            FlowNodeKind::Task(TaskKind::Receive { message, .. }) => *message,
            FlowNodeKind::Task(_)
            | FlowNodeKind::SubProcess(_)
            | FlowNodeKind::CallActivity(_)
            | FlowNodeKind::Gateway(_) => None,
        }?;
        let name = self.model.messages.get(message)?.name.as_ref()?;
        static_name("message", name)
    }

    /// Two boundary events of one activity must not wait for the same thing.
    pub(super) fn boundary_events_differ(&mut self, activity: NodeIndex) {
        let mut names = FxHashSet::default();
        let mut errors = FxHashSet::default();
        for event in self.graph().boundary_events(activity) {
            let node = &self.graph()[*event];
            if let Some((noun, name)) = self.caught_name(node)
                && !names.insert((noun, name))
            {
                let message = format!("two boundary events wait for the {noun} {:?}", clip(name));
                self.error(node, code::DUPLICATE_CATCH, message, "use one of them");
            }
            if let Some(code) = self.caught_error_code(node)
                && !errors.insert(code)
            {
                let message = if code.is_empty() {
                    "two boundary events catch every error".to_owned()
                } else {
                    format!("two boundary events catch the error {:?}", clip(code))
                };
                self.error(node, code::DUPLICATE_CATCH, message, "use one of them");
            }
        }
    }

    /// The error code that an event catches, empty for every error.
    fn caught_error_code(&self, node: &FlowNode) -> Option<&'m str> {
        let FlowNodeKind::Event(event) = &node.kind else {
            return None;
        };
        let [EventDefinition::Error { error }] = event.definitions.as_slice() else {
            return None;
        };
        let error = error.and_then(|error| self.model.errors.get(error));
        let code = error.and_then(|error| error.error_code.as_ref());
        Some(code.map_or("", |code| code.value.as_str()))
    }
}

fn static_name<'m>(noun: &'static str, name: &'m Text) -> Option<(&'static str, &'m str)> {
    let is_static = name.expression().is_none();
    is_static.then_some((noun, name.value.as_str()))
}

/// What the engine does not do with timers, by where they stand.
fn refused_timer(position: EventPosition, kind: TimerKind) -> Option<&'static str> {
    match (position, kind) {
        (EventPosition::Start { .. }, TimerKind::Duration) => {
            Some("durations at timer start events")
        }
        (EventPosition::IntermediateCatch, TimerKind::Cycle) => {
            Some("cycles at intermediate catch events")
        }
        (
            EventPosition::Boundary {
                cancel_activity: true,
                ..
            },
            TimerKind::Cycle,
        ) => Some("cycles at interrupting boundary events"),
        (_, _) => None,
    }
}

/// Whether a value has the form of ISO 8601; the engine reads it in full.
fn is_plausible(kind: TimerKind, value: &str) -> bool {
    let is_duration = |value: &str| {
        let value = value.strip_prefix('-').unwrap_or(value);
        value.strip_prefix('P').is_some_and(|rest| {
            rest.contains(|c: char| c.is_ascii_digit())
                && rest
                    .chars()
                    .all(|c| c.is_ascii_digit() || "YMWDTHS.,-".contains(c))
        })
    };
    let is_date = |value: &str| {
        let digits = value.bytes().take_while(u8::is_ascii_digit).count();
        digits == 4 && value.as_bytes().get(4) == Some(&b'-') && value.contains('T')
    };
    match kind {
        TimerKind::Date => is_date(value),
        TimerKind::Duration => is_duration(value),
        TimerKind::Cycle => value.split('/').skip(1).any(is_duration),
        TimerKind::Unspecified => false,
    }
}
