//! What message throw events, message end events and send tasks publish to a topic.

use bpmn_parser::model::{FlowNode, Publication, Text};

use super::Compiler;
use crate::executable::{Kind, PublicationSpec, PublishedValue};

impl Compiler<'_> {
    /// A record, when the element names a topic, else a worker's job.
    pub(super) fn publication_or_job(&mut self, node: &FlowNode) -> Kind {
        match &node.weir.publication {
            Some(publication) => self.publication(&node.id, publication),
            None => self.job(node),
        }
    }

    fn publication(&mut self, id: &str, publication: &Publication) -> Kind {
        Kind::Publication(Box::new(PublicationSpec {
            topic: self.required(id, publication.topic.as_ref()),
            key: self.optional(id, publication.key.as_ref()),
            value: self.published_value(id, publication.value.as_ref()),
            headers: self.optional(id, publication.headers.as_ref()),
            timestamp: self.optional(id, publication.timestamp.as_ref()),
        }))
    }

    fn published_value(&mut self, id: &str, value: Option<&Text>) -> PublishedValue {
        match value {
            None => PublishedValue::Variables,
            Some(text)
                if text
                    .expression()
                    .is_some_and(|source| source.trim() == "null") =>
            {
                PublishedValue::Tombstone
            }
            Some(text) => PublishedValue::Template(self.required(id, Some(text))),
        }
    }
}
