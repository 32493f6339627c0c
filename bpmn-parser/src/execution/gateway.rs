//! Gateways and the conditions of sequence flows (BPMN 2.0 sections 8.3.13 and 10.6).

use model_xml::{Severity, clip};
use petgraph::graph::{EdgeIndex, NodeIndex};
use rustc_hash::FxHashSet;

use super::Checker;
use super::event_table::Row;
use crate::code;
use crate::element_table::Tag;
use crate::model::{
    EventBasedGatewayKind, EventPosition, Expression, FlowNode, FlowNodeKind, Gateway, SequenceFlow,
};

impl<'m> Checker<'m, '_> {
    pub(super) fn gateway(&mut self, index: NodeIndex, node: &'m FlowNode, gateway: &Gateway) {
        match gateway {
            Gateway::Exclusive | Gateway::Inclusive => self.deciding_gateway(index, node),
            Gateway::Parallel => self.ignored_conditions(index),
            Gateway::EventBased { instantiate, kind } => {
                self.ignored_conditions(index);
                if *instantiate {
                    self.refuse(node, "event-based gateways that start a process");
                } else if *kind == EventBasedGatewayKind::Parallel {
                    self.refuse(node, "parallel event-based gateways");
                } else {
                    self.event_based_gateway(index, node);
                }
            }
            Gateway::Complex { .. } => self.refuse_element(node, Tag::ComplexGateway),
        }
    }

    /// With more than one way out each needs a condition, the default excepted.
    fn deciding_gateway(&mut self, index: NodeIndex, node: &FlowNode) {
        let outgoing = self.graph().outgoing(index);
        for edge in outgoing {
            let flow = &self.graph()[*edge];
            let is_default = node.default_flow == Some(*edge);
            match &flow.condition {
                Some(_) if is_default => {
                    let message = "the condition of a default flow is ignored".to_owned();
                    self.warn_flow(flow, message, "remove it, or choose another default flow");
                }
                Some(condition) => self.condition(flow, condition),
                None if is_default || outgoing.len() == 1 => {}
                None => {
                    let message = format!(
                        "this flow leaves the {} {:?} without a condition",
                        node.kind.tag(),
                        clip(&node.id)
                    );
                    let help = "add a conditionExpression, or make it the default flow";
                    let subject = self.flow_subject(flow);
                    self.error_at(subject, code::MISSING_CONDITION, message, help);
                }
            }
        }
    }

    fn condition(&mut self, flow: &SequenceFlow, condition: &Expression) {
        if condition.text.expression().is_some() {
            return;
        }
        let message = "the condition is not FEEL, which starts with `=`".to_owned();
        let help = "write it in FEEL: =amount > 100";
        let subject = self.flow_subject(flow);
        self.sink.report(
            Severity::Refusal,
            code::UNKNOWN_LANGUAGE,
            subject,
            message,
            help,
        );
    }

    /// Conditions where BPMN gives them no meaning.
    fn ignored_conditions(&mut self, index: NodeIndex) {
        for edge in self.graph().outgoing(index) {
            let flow = &self.graph()[*edge];
            if flow.condition.is_some() {
                let message = "the condition is ignored: this gateway does not decide".to_owned();
                self.warn_flow(flow, message, "remove it, or use an exclusive gateway");
            }
        }
    }

    /// BPMN lets activities decide by themselves; Weir wants a gateway.
    pub(super) fn conditions_without_gateway(&mut self, index: NodeIndex, node: &FlowNode) {
        for edge in self.graph().outgoing(index) {
            let flow = &self.graph()[*edge];
            if flow.condition.is_some() || node.default_flow == Some(*edge) {
                let subject = self.flow_subject(flow);
                self.refuse_at(subject, "conditional and default flows without a gateway");
            }
        }
    }

    fn event_based_gateway(&mut self, index: NodeIndex, node: &FlowNode) {
        let outgoing = self.graph().outgoing(index);
        if outgoing.len() < 2 {
            let message = "an event-based gateway needs two events or more to choose from";
            let help = "connect it to intermediate catch events";
            self.error(node, code::WRONG_GATEWAY_TARGET, message.to_owned(), help);
        }
        let mut names = FxHashSet::default();
        for edge in outgoing {
            self.gateway_target(*edge, &mut names);
        }
    }

    fn gateway_target(&mut self, edge: EdgeIndex, names: &mut FxHashSet<(&'static str, &'m str)>) {
        let Some((_, target)) = self.graph().endpoints(edge) else {
            return;
        };
        let node = &self.graph()[target];
        let row = match &node.kind {
            FlowNodeKind::Event(event) if event.position == EventPosition::IntermediateCatch => {
                Row::of(event)
            }
            FlowNodeKind::Task(crate::model::TaskKind::Receive { .. }) => {
                let subject = self.node_subject(node);
                self.refuse_at(subject, "receive tasks behind event-based gateways");
                return;
            }
            FlowNodeKind::Event(_)
            | FlowNodeKind::Task(_)
            | FlowNodeKind::SubProcess(_)
            | FlowNodeKind::CallActivity(_)
            | FlowNodeKind::Gateway(_) => Row::None,
        };
        // Link and none events can stand there in no reading; the others speak for themselves.
        if row == Row::None || row == Row::Link {
            let message = format!(
                "an event-based gateway cannot lead to the {} {:?}",
                node.kind.tag(),
                clip(&node.id)
            );
            let help = "lead it to message, signal or timer intermediate catch events";
            self.error(node, code::WRONG_GATEWAY_TARGET, message, help);
            return;
        }
        if self.graph().incoming(target).len() > 1 {
            let message = "an event behind an event-based gateway has no other way in".to_owned();
            let help = "give each gateway events of its own";
            self.error(node, code::WRONG_GATEWAY_TARGET, message, help);
        }
        if let Some((noun, name)) = self.caught_name(node)
            && !names.insert((noun, name))
        {
            let message = format!(
                "two events of one gateway wait for the {noun} {:?}",
                clip(name)
            );
            self.error(node, code::DUPLICATE_CATCH, message, "use one of them");
        }
    }

    fn warn_flow(&mut self, flow: &SequenceFlow, message: String, help: &str) {
        let subject = self.flow_subject(flow);
        self.sink
            .report(Severity::Warning, code::IGNORED, subject, message, help);
    }
}
