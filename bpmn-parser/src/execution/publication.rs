//! What an element publishes to a topic: where that can be said, and what makes sense together.

use model_xml::{Severity, Subject, clip};

use super::Checker;
use crate::code;
use crate::model::{EventDefinition, EventPosition, FlowNode, FlowNodeKind, Publication, TaskKind};

/// The properties, for whoever has misspelt one.
const KNOWN: &str = "use weir:topic, weir:key, weir:value, weir:headers or weir:timestamp";

impl Checker<'_, '_> {
    pub(super) fn publication(&mut self, node: &FlowNode) {
        for name in &node.weir.unknown_properties {
            let message = format!("there is no property {:?}", clip(&name.value));
            self.error_in(node, name.location, code::UNKNOWN_PROPERTY, message, KNOWN);
        }
        let Some(publication) = &node.weir.publication else {
            return;
        };
        if !publishes(node) {
            let message = format!("this {} publishes nothing to a topic", node.kind.tag());
            let help = "publish from a message throw event, a message end event or a send task";
            self.error(node, code::BAD_PUBLICATION, message, help);
            return;
        }
        if let Some(definition) = &node.zeebe.task_definition {
            let message = "this has a topic and a job type".to_owned();
            let help = "remove weir:topic to let a worker do it, or zeebe:taskDefinition to publish the record";
            self.error_in(
                node,
                definition.location,
                code::BAD_PUBLICATION,
                message,
                help,
            );
        }
        self.topic(node, publication);
        self.published_values(node, publication);
    }

    fn topic(&mut self, node: &FlowNode, publication: &Publication) {
        let topic = publication.topic.as_ref();
        let Some(topic) = topic.filter(|topic| !topic.value.trim().is_empty()) else {
            let message = "this needs the topic that it publishes to".to_owned();
            let help = "add the property weir:topic";
            self.error(node, code::BAD_PUBLICATION, message, help);
            return;
        };
        if topic.expression().is_none()
            && !Self::is_other_language(topic)
            && !Publication::is_topic_name(&topic.value)
        {
            let message = format!("{:?} cannot be the name of a topic", clip(&topic.value));
            let help = "use 1 to 249 of the characters a-z A-Z 0-9 . _ -";
            self.error_in(node, topic.location, code::BAD_PUBLICATION, message, help);
        }
    }

    fn published_values(&mut self, node: &FlowNode, publication: &Publication) {
        if let Some(headers) = &publication.headers
            && headers.expression().is_none()
        {
            let message = "headers are FEEL and start with `=`".to_owned();
            let help = "write ={name: value}";
            self.error_in(
                node,
                headers.location,
                code::NOT_AN_EXPRESSION,
                message,
                help,
            );
        }
        let Publication {
            topic,
            key,
            value,
            headers: _,
            timestamp,
        } = publication;
        for text in [topic, key, value, timestamp].into_iter().flatten() {
            if Self::is_other_language(text) {
                let subject = Subject {
                    location: text.location,
                    ..self.node_subject(node)
                };
                let message = "what is published is not FEEL, which starts with `=`".to_owned();
                let help = "write it as FEEL";
                let (severity, code) = (Severity::Refusal, code::UNKNOWN_LANGUAGE);
                self.sink.report(severity, code, subject, message, help);
            }
        }
    }
}

/// Whether a topic may be named at this element.
pub(super) fn publishes(node: &FlowNode) -> bool {
    match &node.kind {
        FlowNodeKind::Event(event) => {
            let throws = matches!(
                event.position,
                EventPosition::IntermediateThrow | EventPosition::End
            );
            throws
                && matches!(
                    event.definitions.as_slice(),
                    [EventDefinition::Message { .. }]
                )
        }
        FlowNodeKind::Task(task) => matches!(task, TaskKind::Send { .. }),
        FlowNodeKind::SubProcess(_) | FlowNodeKind::CallActivity(_) | FlowNodeKind::Gateway(_) => {
            false
        }
    }
}
