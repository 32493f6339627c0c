//! Processes and embedded sub-processes as scopes: how they start (BPMN 2.0 section 10.5.2).

use model_xml::{Subject, clip};
use petgraph::graph::NodeIndex;
use rustc_hash::FxHashSet;

use super::Checker;
use super::event_table::Row;
use crate::code;
use crate::model::{Event, EventPosition, FlowNode, FlowNodeKind, SubProcessKind};

impl<'m> Checker<'m, '_> {
    /// Start events of the process (`None`) or of an embedded sub-process.
    pub(super) fn scope(&mut self, scope: Option<NodeIndex>) {
        let starts: Vec<(&'m FlowNode, &'m Event)> = self
            .graph()
            .children(scope)
            .iter()
            .filter_map(|index| start_event(&self.graph()[*index]))
            .collect();
        let subject = match scope {
            None => self.process_subject(),
            Some(index) => self.node_subject(&self.graph()[index]),
        };
        if starts.is_empty() {
            let message = "there is no start event".to_owned();
            self.error_at(subject, code::MISSING_START, message, "add a start event");
        } else if scope.is_none() {
            self.process_starts(&starts);
        } else {
            self.sub_process_starts(subject, &starts);
        }
        self.unreachable(scope);
    }

    fn process_starts(&mut self, starts: &[(&'m FlowNode, &'m Event)]) {
        let mut names = FxHashSet::default();
        let none = |(_, event): &&(&FlowNode, &Event)| Row::of(event) == Row::None;
        for (node, _) in starts.iter().filter(none).skip(1) {
            let message = "a process has at most one none start event".to_owned();
            let help = "join them, or start by message, signal or timer";
            self.error(node, code::TOO_MANY_STARTS, message, help);
        }
        for (node, _) in starts {
            if let Some((noun, name)) = self.caught_name(node)
                && !names.insert((noun, name))
            {
                let message = format!("two start events wait for the {noun} {:?}", clip(name));
                self.error(node, code::DUPLICATE_CATCH, message, "use one of them");
            }
        }
    }

    fn sub_process_starts(&mut self, subject: Subject<'_>, starts: &[(&FlowNode, &Event)]) {
        if starts.len() > 1 {
            let message = "a sub-process has exactly one start event".to_owned();
            self.error_at(subject, code::TOO_MANY_STARTS, message, "join them");
        }
        for (node, event) in starts {
            if Row::of(event) != Row::None {
                let message = "a sub-process starts with a none start event".to_owned();
                let help = "remove the event definition";
                self.error(node, code::WRONG_START, message, help);
            }
        }
    }

    /// Elements that nothing leads to; BPMN would start them with the scope, Weir never does.
    fn unreachable(&mut self, scope: Option<NodeIndex>) {
        for index in self.graph().children(scope) {
            let node = &self.graph()[*index];
            let starts_by_itself = match &node.kind {
                FlowNodeKind::Event(event) => match event.position {
                    EventPosition::Start { .. } | EventPosition::Boundary { .. } => true,
                    EventPosition::IntermediateCatch => Row::of(event) == Row::Link,
                    EventPosition::IntermediateThrow | EventPosition::End => false,
                },
                FlowNodeKind::SubProcess(sub_process) => match sub_process.kind {
                    SubProcessKind::Event => true,
                    SubProcessKind::Embedded
                    | SubProcessKind::Transaction { .. }
                    | SubProcessKind::AdHoc { .. } => false,
                },
                FlowNodeKind::Task(_)
                | FlowNodeKind::CallActivity(_)
                | FlowNodeKind::Gateway(_) => false,
            };
            let has_way_in = !self.graph().incoming(*index).is_empty();
            if !starts_by_itself && !has_way_in && !node.is_for_compensation {
                let message = "no sequence flow leads here, so it never runs".to_owned();
                self.warn(node, code::IGNORED, message, "connect or remove it");
            }
        }
    }
}

fn start_event(node: &FlowNode) -> Option<(&FlowNode, &Event)> {
    match &node.kind {
        FlowNodeKind::Event(event) => match event.position {
            EventPosition::Start { .. } => Some((node, event)),
            EventPosition::IntermediateCatch
            | EventPosition::IntermediateThrow
            | EventPosition::Boundary { .. }
            | EventPosition::End => None,
        },
        FlowNodeKind::Task(_)
        | FlowNodeKind::SubProcess(_)
        | FlowNodeKind::CallActivity(_)
        | FlowNodeKind::Gateway(_) => None,
    }
}
