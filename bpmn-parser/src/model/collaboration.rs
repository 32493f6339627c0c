//! Collaborations: pools, message flows, conversations, correlation (BPMN 2.0 chapter 9 and 8.3.2).
//!
//! Owns what is between processes; all of it is drawn, none executed.

use model_xml::Location;

use super::data::Artifact;
use super::{Documentation, Expression};
use crate::extension::Extensions;

/// `collaboration`, `globalConversation` or, as far as it is one, `choreography`.
#[derive(Debug, Clone)]
pub struct Collaboration {
    pub id: Option<String>,
    pub name: Option<String>,
    pub is_closed: bool,
    pub participants: Vec<Participant>,
    pub message_flows: Vec<MessageFlow>,
    pub artifacts: Vec<Artifact>,
    pub conversation_nodes: Vec<ConversationNode>,
    pub conversation_links: Vec<ConversationLink>,
    /// `participantAssociation`s.
    pub participant_associations: Vec<Correspondence>,
    /// `messageFlowAssociation`s.
    pub message_flow_associations: Vec<Correspondence>,
    /// `conversationAssociation`s.
    pub conversation_associations: Vec<Correspondence>,
    pub correlation_keys: Vec<CorrelationKey>,
    /// `choreographyRef`s.
    pub choreographies: Vec<String>,
    pub documentation: Vec<Documentation>,
    pub extensions: Extensions,
    pub location: Location,
}

/// `participant`: a pool.
#[derive(Debug, Clone, Default)]
pub struct Participant {
    pub id: String,
    pub name: Option<String>,
    /// Index of `Model::processes`; `None` for a black box or a process of another file.
    pub process: Option<usize>,
    /// `processRef` as written.
    pub process_ref: Option<String>,
    pub interfaces: Vec<String>,
    pub end_points: Vec<String>,
    /// `participantMultiplicity`: minimum and maximum.
    pub multiplicity: Option<(u32, u32)>,
    pub documentation: Vec<Documentation>,
    pub extensions: Extensions,
    pub location: Location,
}

/// `messageFlow`.
#[derive(Debug, Clone, Default)]
pub struct MessageFlow {
    pub id: String,
    pub name: Option<String>,
    /// The id of a participant, flow node or conversation node.
    pub source: Option<String>,
    pub target: Option<String>,
    /// Index of `Model::messages`.
    pub message: Option<usize>,
    pub documentation: Vec<Documentation>,
    pub extensions: Extensions,
    pub location: Location,
}

/// `conversation`, `callConversation` or `subConversation`.
#[derive(Debug, Clone)]
pub struct ConversationNode {
    pub id: String,
    pub name: Option<String>,
    pub kind: ConversationNodeKind,
    /// Index of the enclosing sub-conversation in `Collaboration::conversation_nodes`.
    pub parent: Option<usize>,
    pub participants: Vec<String>,
    pub message_flows: Vec<String>,
    pub correlation_keys: Vec<CorrelationKey>,
    pub documentation: Vec<Documentation>,
    pub extensions: Extensions,
    pub location: Location,
}

/// What a [`ConversationNode`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConversationNodeKind {
    Conversation,
    SubConversation,
    CallConversation {
        called_collaboration: Option<String>,
    },
}

/// `conversationLink`.
#[derive(Debug, Clone, Default)]
pub struct ConversationLink {
    pub id: String,
    pub name: Option<String>,
    pub source: Option<String>,
    pub target: Option<String>,
    pub extensions: Extensions,
    pub location: Location,
}

/// `correlationKey`.
#[derive(Debug, Clone, Default)]
pub struct CorrelationKey {
    pub id: Option<String>,
    pub name: Option<String>,
    /// `correlationPropertyRef`s.
    pub properties: Vec<String>,
    pub extensions: Extensions,
    pub location: Location,
}

/// `correlationProperty`.
#[derive(Debug, Clone, Default)]
pub struct CorrelationProperty {
    pub id: Option<String>,
    pub name: Option<String>,
    pub item_type: Option<String>,
    /// `correlationPropertyRetrievalExpression`s: a message and its path.
    pub retrievals: Vec<PropertyBinding>,
    pub extensions: Extensions,
    pub location: Location,
}

/// `correlationSubscription` of a process.
#[derive(Debug, Clone, Default)]
pub struct CorrelationSubscription {
    pub id: Option<String>,
    pub correlation_key: Option<String>,
    /// `correlationPropertyBinding`s: a property and its path.
    pub bindings: Vec<PropertyBinding>,
    pub extensions: Extensions,
    pub location: Location,
}

/// An association of something in a called collaboration with something in the calling one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Correspondence {
    pub id: Option<String>,
    pub inner: Option<String>,
    pub outer: Option<String>,
    pub extensions: Extensions,
}

/// A message or correlation property, and the expression that finds the value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PropertyBinding {
    /// The id of the message or property.
    pub subject: Option<String>,
    pub path: Option<Expression>,
    pub extensions: Extensions,
}
