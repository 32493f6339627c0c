//! Collaborations: pools, message flows, conversations (BPMN 2.0 chapter 9).
//!
//! Owns what is drawn between processes; nothing here is executed.

use model_xml::ElementIndex;

use super::{A_MESSAGE, A_PROCESS, Reader};
use crate::element_table::Tag;
use crate::model::{
    Collaboration, ConversationLink, ConversationNode, ConversationNodeKind, CorrelationKey,
    Correspondence, MessageFlow, Participant,
};

impl Reader<'_, '_> {
    pub(super) fn collaboration(&mut self, element: ElementIndex) -> Collaboration {
        let dom = self.dom;
        let basics = self.basics(element);
        let mut collaboration = Collaboration {
            id: self.string(element, "id"),
            name: self.string(element, "name"),
            is_closed: self.boolean(element, "isClosed", false),
            participants: Vec::new(),
            message_flows: Vec::new(),
            artifacts: Vec::new(),
            conversation_nodes: Vec::new(),
            conversation_links: Vec::new(),
            participant_associations: Vec::new(),
            message_flow_associations: Vec::new(),
            conversation_associations: Vec::new(),
            correlation_keys: Vec::new(),
            choreographies: Vec::new(),
            documentation: basics.documentation,
            extensions: basics.extensions,
            location: dom.element(element).location,
        };
        for child in dom.children(element) {
            self.collaboration_part(child, &mut collaboration);
        }
        collaboration
    }

    fn collaboration_part(&mut self, child: ElementIndex, collaboration: &mut Collaboration) {
        match self.tag(child) {
            Tag::Participant => {
                let participant = self.participant(child);
                collaboration.participants.push(participant);
            }
            Tag::MessageFlow => {
                let flow = self.message_flow(child);
                collaboration.message_flows.push(flow);
            }
            Tag::TextAnnotation | Tag::Group | Tag::Association => {
                let artifact = self.artifact(child, None);
                collaboration.artifacts.push(artifact);
            }
            Tag::Conversation | Tag::SubConversation | Tag::CallConversation => {
                self.conversation(child, None, collaboration);
            }
            Tag::ConversationLink => {
                let link = self.conversation_link(child);
                collaboration.conversation_links.push(link);
            }
            Tag::ParticipantAssociation => {
                let pair = self.participant_association(child);
                collaboration.participant_associations.push(pair);
            }
            Tag::MessageFlowAssociation => {
                let pair = self.pair(child, "innerMessageFlowRef", "outerMessageFlowRef");
                collaboration.message_flow_associations.push(pair);
            }
            Tag::ConversationAssociation => {
                let pair = self.pair(
                    child,
                    "innerConversationNodeRef",
                    "outerConversationNodeRef",
                );
                collaboration.conversation_associations.push(pair);
            }
            Tag::CorrelationKey => {
                let key = self.correlation_key(child);
                collaboration.correlation_keys.push(key);
            }
            Tag::ChoreographyRef => {
                let reference = self.noted_child(child);
                collaboration.choreographies.extend(reference);
            }
            _ => self.unexpected(child, &mut collaboration.extensions),
        }
    }

    fn participant(&mut self, element: ElementIndex) -> Participant {
        let dom = self.dom;
        let basics = self.basics(element);
        let mut participant = Participant {
            id: self.id(element),
            name: self.string(element, "name"),
            process: self.position(element, "processRef", A_PROCESS),
            process_ref: self.string(element, "processRef"),
            documentation: basics.documentation,
            extensions: basics.extensions,
            location: dom.element(element).location,
            ..Participant::default()
        };
        for child in dom.children(element) {
            match self.tag(child) {
                Tag::InterfaceRef => participant.interfaces.extend(self.noted_child(child)),
                Tag::EndPointRef => participant.end_points.extend(self.noted_child(child)),
                Tag::ParticipantMultiplicity => {
                    let kept = self.basics(child).extensions;
                    participant.extensions.elements.extend(kept.elements);
                    let minimum = self.small_integer(child, "minimum", 0);
                    let maximum = self.small_integer(child, "maximum", 1);
                    participant.multiplicity = Some((minimum, maximum));
                }
                _ => self.unexpected(child, &mut participant.extensions),
            }
        }
        participant
    }

    fn message_flow(&mut self, element: ElementIndex) -> MessageFlow {
        let mut basics = self.basics(element);
        self.keep_children(element, &mut basics.extensions);
        MessageFlow {
            id: self.id(element),
            name: self.string(element, "name"),
            source: self.noted_attribute(element, "sourceRef"),
            target: self.noted_attribute(element, "targetRef"),
            message: self.position(element, "messageRef", A_MESSAGE),
            documentation: basics.documentation,
            extensions: basics.extensions,
            location: self.dom.element(element).location,
        }
    }

    /// Adds a conversation and those in it. The recursion is bounded by `Limits::depth`.
    fn conversation(
        &mut self,
        element: ElementIndex,
        parent: Option<usize>,
        collaboration: &mut Collaboration,
    ) {
        let dom = self.dom;
        let basics = self.basics(element);
        let position = collaboration.conversation_nodes.len();
        let mut node = ConversationNode {
            id: self.id(element),
            name: self.string(element, "name"),
            kind: match self.tag(element) {
                Tag::CallConversation => ConversationNodeKind::CallConversation {
                    called_collaboration: self.string(element, "calledCollaborationRef"),
                },
                Tag::SubConversation => ConversationNodeKind::SubConversation,
                _ => ConversationNodeKind::Conversation,
            },
            parent,
            participants: Vec::new(),
            message_flows: Vec::new(),
            correlation_keys: Vec::new(),
            documentation: basics.documentation,
            extensions: basics.extensions,
            location: dom.element(element).location,
        };
        let mut nested = Vec::new();
        for child in dom.children(element) {
            match self.tag(child) {
                Tag::ParticipantRef => node.participants.extend(self.noted_child(child)),
                Tag::MessageFlowRef => node.message_flows.extend(self.noted_child(child)),
                Tag::CorrelationKey => node.correlation_keys.push(self.correlation_key(child)),
                Tag::Conversation | Tag::SubConversation | Tag::CallConversation => {
                    nested.push(child);
                }
                Tag::ParticipantAssociation => {
                    let pair = self.participant_association(child);
                    collaboration.participant_associations.push(pair);
                }
                _ => self.unexpected(child, &mut node.extensions),
            }
        }
        collaboration.conversation_nodes.push(node);
        for child in nested {
            self.conversation(child, Some(position), collaboration);
        }
    }

    fn conversation_link(&mut self, element: ElementIndex) -> ConversationLink {
        let basics = self.basics(element);
        ConversationLink {
            id: self.id(element),
            name: self.string(element, "name"),
            source: self.noted_attribute(element, "sourceRef"),
            target: self.noted_attribute(element, "targetRef"),
            extensions: basics.extensions,
            location: self.dom.element(element).location,
        }
    }

    fn correlation_key(&mut self, element: ElementIndex) -> CorrelationKey {
        let dom = self.dom;
        let basics = self.basics(element);
        let mut key = CorrelationKey {
            id: self.string(element, "id"),
            name: self.string(element, "name"),
            properties: Vec::new(),
            extensions: basics.extensions,
            location: dom.element(element).location,
        };
        for child in dom.children(element) {
            match self.tag(child) {
                Tag::CorrelationPropertyRef => key.properties.extend(self.noted_child(child)),
                _ => self.unexpected(child, &mut key.extensions),
            }
        }
        key
    }

    fn participant_association(&mut self, element: ElementIndex) -> Correspondence {
        let dom = self.dom;
        let mut pair = Correspondence {
            id: self.string(element, "id"),
            extensions: self.basics(element).extensions,
            ..Correspondence::default()
        };
        for child in dom.children(element) {
            match self.tag(child) {
                Tag::InnerParticipantRef => pair.inner = self.noted_child(child),
                Tag::OuterParticipantRef => pair.outer = self.noted_child(child),
                _ => self.unexpected(child, &mut pair.extensions),
            }
        }
        pair
    }

    fn pair(&mut self, element: ElementIndex, inner: &str, outer: &str) -> Correspondence {
        let mut extensions = self.basics(element).extensions;
        self.keep_children(element, &mut extensions);
        Correspondence {
            id: self.string(element, "id"),
            inner: self.noted_attribute(element, inner),
            outer: self.noted_attribute(element, outer),
            extensions,
        }
    }
}
