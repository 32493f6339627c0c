//! Can this be executed? Refusals and the errors that only execution minds.
//!
//! Owns the judgement of executable processes (`isExecutable="true"`); the others are only drawn
//! and nothing is said about them. Must not change the model. What is executed at all is decided
//! by the element table and the table of events.

mod activity;
mod event;
pub(crate) mod event_table;
mod gateway;
mod publication;
mod scope;

use model_xml::{Location, Severity, Sink, Subject};
use petgraph::graph::NodeIndex;

use crate::code::{self, Code};
use crate::element_table::{Support, Tag};
use crate::model::{FlowNode, FlowNodeKind, Model, Process, ProcessGraph, SequenceFlow, Text};

/// Judges every executable process.
pub(crate) fn check(model: &Model, sink: &mut Sink) {
    for process in model.processes.iter().filter(|it| it.is_executable) {
        let mut checker = Checker {
            model,
            process,
            sink,
        };
        checker.process();
    }
}

/// One executable process under judgement.
struct Checker<'m, 's> {
    model: &'m Model,
    process: &'m Process,
    sink: &'s mut Sink,
}

impl<'m> Checker<'m, '_> {
    fn process(&mut self) {
        let process = self.process;
        if process.id.is_empty() {
            let message = "an executable process needs an id".to_owned();
            self.error_at(
                self.process_subject(),
                code::MISSING_ID,
                message,
                "add id=\"…\"",
            );
        }
        if !process.zeebe.execution_listeners.is_empty() {
            self.refuse_element_at(self.process_subject(), Tag::ZeebeExecutionListeners);
        }
        if process.zeebe.job_priority.is_some() {
            self.refuse_element_at(self.process_subject(), Tag::ZeebeJobPriorityDefinition);
        }
        self.scope(None);
        for (index, node) in self.graph().nodes() {
            self.node(index, node);
        }
        for (_, flow) in self.graph().flows() {
            if flow.id.is_empty() {
                let message = "a sequence flow of an executable process needs an id".to_owned();
                self.error_at(
                    self.flow_subject(flow),
                    code::MISSING_ID,
                    message,
                    "add id=\"…\"",
                );
            }
        }
    }

    fn node(&mut self, index: NodeIndex, node: &'m FlowNode) {
        if node.id.is_empty() {
            let message = format!("a {} of an executable process needs an id", node.kind.tag());
            self.error(node, code::MISSING_ID, message, "add id=\"…\"");
        }
        self.extensions(node);
        self.publication(node);
        match &node.kind {
            FlowNodeKind::Task(task) => {
                self.activity(index, node);
                self.task(node, task);
            }
            FlowNodeKind::SubProcess(sub_process) => {
                self.activity(index, node);
                self.sub_process(index, node, sub_process);
            }
            FlowNodeKind::CallActivity(_) => {
                self.activity(index, node);
                self.refuse_element(node, Tag::CallActivity);
            }
            FlowNodeKind::Gateway(gateway) => self.gateway(index, node, gateway),
            FlowNodeKind::Event(event) => self.event(index, node, event),
        }
    }

    /// What any element may carry.
    fn extensions(&mut self, node: &FlowNode) {
        let zeebe = &node.zeebe;
        if !zeebe.execution_listeners.is_empty() {
            self.refuse_element(node, Tag::ZeebeExecutionListeners);
        }
        if !zeebe.task_listeners.is_empty() {
            self.refuse_element(node, Tag::ZeebeTaskListeners);
        }
        if !zeebe.linked_resources.is_empty() {
            self.refuse_element(node, Tag::ZeebeLinkedResources);
        }
        if zeebe.job_priority.is_some() {
            self.refuse_element(node, Tag::ZeebeJobPriorityDefinition);
        }
        if zeebe.publish_message.is_some() {
            self.refuse_element(node, Tag::ZeebePublishMessage);
        }
        for mapping in zeebe.inputs.iter().chain(&zeebe.outputs) {
            if mapping.source.value.trim().is_empty() || mapping.target.value.trim().is_empty() {
                let message = "an input or output mapping needs source and target".to_owned();
                self.error(node, code::BAD_MAPPING, message, "fill in both");
            }
        }
    }

    fn graph(&self) -> &'m ProcessGraph {
        &self.process.graph
    }

    /// An expression in another language would be taken for a static value.
    fn is_other_language(text: &Text) -> bool {
        let value = text.value.trim_start();
        value.starts_with("${") || value.starts_with("#{")
    }

    fn process_subject(&self) -> Subject<'m> {
        Subject {
            location: self.process.location,
            element_id: known(&self.process.id),
            element: Some("process"),
            process: known(&self.process.id),
        }
    }

    fn node_subject<'n>(&self, node: &'n FlowNode) -> Subject<'n>
    where
        'm: 'n,
    {
        Subject {
            location: node.location,
            element_id: known(&node.id),
            element: Some(node.kind.tag()),
            process: known(&self.process.id),
        }
    }

    fn flow_subject<'n>(&self, flow: &'n SequenceFlow) -> Subject<'n>
    where
        'm: 'n,
    {
        Subject {
            location: flow.location,
            element_id: known(&flow.id),
            element: Some("sequenceFlow"),
            process: known(&self.process.id),
        }
    }

    /// Refuses an element if the element table says so, in the table's words.
    fn refuse_element(&mut self, node: &FlowNode, tag: Tag) {
        self.refuse_element_at(self.node_subject(node), tag);
    }

    fn refuse_element_at(&mut self, subject: Subject<'_>, tag: Tag) {
        if let Some(row) = tag.row().filter(|row| row.support == Support::Refused) {
            self.refuse_at(subject, row.note);
        }
    }

    /// Refuses a feature, named in the plural and without ids, so that refusals can be counted.
    fn refuse(&mut self, node: &FlowNode, feature: &str) {
        self.refuse_at(self.node_subject(node), feature);
    }

    fn refuse_at(&mut self, subject: Subject<'_>, feature: &str) {
        let message = format!("{feature} are not executed yet");
        let help = "model it with elements that are executed (docs/bpmn-support.md), or set isExecutable to false";
        self.sink.report(
            Severity::Refusal,
            code::NOT_EXECUTED,
            subject,
            message,
            help,
        );
    }

    fn error(&mut self, node: &FlowNode, code: Code, message: String, help: &str) {
        self.error_at(self.node_subject(node), code, message, help);
    }

    fn error_in(
        &mut self,
        node: &FlowNode,
        location: Location,
        code: Code,
        message: String,
        help: &str,
    ) {
        let subject = Subject {
            location,
            ..self.node_subject(node)
        };
        self.error_at(subject, code, message, help);
    }

    fn error_at(&mut self, subject: Subject<'_>, code: Code, message: String, help: &str) {
        self.sink
            .report(Severity::Error, code, subject, message, help);
    }

    fn warn(&mut self, node: &FlowNode, code: Code, message: String, help: &str) {
        let subject = self.node_subject(node);
        self.sink
            .report(Severity::Warning, code, subject, message, help);
    }
}

/// An id, where the file gives one.
fn known(id: &str) -> Option<&str> {
    (!id.is_empty()).then_some(id)
}
