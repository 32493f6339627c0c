//! The typed model of one BPMN file: definitions, what they share, and the processes.
//!
//! Owns the shapes of root elements (BPMN 2.0 chapter 8) and the look-up from an id to what is
//! drawn; must not parse. References are resolved to indices where the engine follows them, and
//! stay ids elsewhere.

mod collaboration;
mod data;
mod di;
mod drawable;
mod flow;
mod zeebe;

use model_xml::Location;
use rustc_hash::FxHashMap;

pub use collaboration::{
    Collaboration, ConversationLink, ConversationNode, ConversationNodeKind, CorrelationKey,
    CorrelationProperty, CorrelationSubscription, Correspondence, MessageFlow, Participant,
    PropertyBinding,
};
pub use data::{
    Artifact, ArtifactKind, AssociationDirection, DataAssignment, DataAssociation, DataInput,
    DataObject, DataOutput, DataReference, DataReferenceKind, DataSet, IoSpecification, Lane,
    LaneSet, ParameterBinding, Property, ResourceRole, ResourceRoleKind,
};
pub use di::{Bounds, Colours, Diagram, Edge, Label, LabelStyle, Plane, Point, Shape};
pub use drawable::Drawable;
pub(crate) use drawable::DrawableAddress;
pub(crate) use flow::NodeLinks;
pub use flow::{
    CallActivity, ComplexBehavior, Event, EventBasedGatewayKind, EventDefinition,
    EventDefinitionSource, EventPosition, FlowNode, FlowNodeKind, Gateway, LoopCharacteristics,
    MultiInstanceLoop, ProcessGraph, SequenceFlow, StandardLoop, SubProcess, SubProcessKind,
    TaskKind, TimerDefinition, TimerKind,
};
pub use zeebe::{
    Assignment, Binding, CalledDecision, CalledElement, ConditionalFilter, FormDefinition,
    LinkedResource, Listener, Mapping, Publication, PublishMessage, TaskDefinition, TaskSchedule,
    WEIR_NAMESPACE, WeirExtensions, ZEEBE_NAMESPACE, ZeebeAdHoc, ZeebeExtensions, ZeebeLoop,
    ZeebeScript,
};

use crate::extension::{Extensions, XmlElement};

/// A value that may hold an expression, with the place where it starts in the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    /// Unescaped; whitespace as written.
    pub value: String,
    pub location: Location,
}

impl Text {
    /// The FEEL source after the leading `=`, or `None` for a static value.
    pub fn expression(&self) -> Option<&str> {
        self.value.trim_start().strip_prefix('=')
    }
}

/// An `expression` or `formalExpression`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Expression {
    /// Without the space around it; empty where the file gives none.
    pub text: Text,
    /// `xsi:type="tFormalExpression"`, or an element that is nothing else.
    pub is_formal: bool,
    /// The `language` attribute of this expression.
    pub language: Option<String>,
    pub evaluates_to: Option<String>,
    pub extensions: Extensions,
}

/// `documentation`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Documentation {
    pub text: String,
    /// A MIME type; `text/plain` where it is not given.
    pub text_format: Option<String>,
}

/// All of one file.
#[derive(Debug, Clone, Default)]
pub struct Model {
    /// The name given to [`crate::parse`].
    pub source_name: String,
    pub id: Option<String>,
    pub name: Option<String>,
    pub target_namespace: Option<String>,
    pub expression_language: Option<String>,
    pub type_language: Option<String>,
    pub exporter: Option<String>,
    pub exporter_version: Option<String>,
    pub imports: Vec<Import>,
    pub item_definitions: Vec<ItemDefinition>,
    pub messages: Vec<Message>,
    pub signals: Vec<Signal>,
    pub errors: Vec<BpmnError>,
    pub escalations: Vec<Escalation>,
    pub interfaces: Vec<Interface>,
    pub resources: Vec<Resource>,
    pub data_stores: Vec<DataStore>,
    pub categories: Vec<Category>,
    pub correlation_properties: Vec<CorrelationProperty>,
    pub collaborations: Vec<Collaboration>,
    pub global_tasks: Vec<GlobalTask>,
    /// `partnerEntity` and `partnerRole`.
    pub partners: Vec<Partner>,
    pub end_points: Vec<EndPoint>,
    pub relationships: Vec<Relationship>,
    pub processes: Vec<Process>,
    pub diagrams: Vec<Diagram>,
    /// Root elements that have no type here (choreographies, unknown ones), kept as written.
    pub other_roots: Vec<XmlElement>,
    pub documentation: Vec<Documentation>,
    pub extensions: Extensions,
    pub location: Location,
    pub(crate) drawables: FxHashMap<String, DrawableAddress>,
}

impl Model {
    /// The process with this id.
    pub fn process(&self, id: &str) -> Option<&Process> {
        self.processes.iter().find(|process| process.id == id)
    }
}

/// `import` of another file; never followed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Import {
    pub import_type: String,
    pub location_uri: Option<String>,
    pub namespace: String,
    pub extensions: Extensions,
    pub location: Location,
}

/// `itemDefinition`.
#[derive(Debug, Clone, Default)]
pub struct ItemDefinition {
    pub id: Option<String>,
    /// A QName of some type system, as written.
    pub structure: Option<String>,
    pub is_collection: bool,
    /// `Information` or `Physical`, as written.
    pub item_kind: Option<String>,
    pub documentation: Vec<Documentation>,
    pub extensions: Extensions,
    pub location: Location,
}

/// `message`.
#[derive(Debug, Clone, Default)]
pub struct Message {
    pub id: String,
    /// What publishers name; may be FEEL after `=`.
    pub name: Option<Text>,
    pub item: Option<String>,
    /// `zeebe:subscription correlationKey`.
    pub zeebe_correlation_key: Option<Text>,
    pub documentation: Vec<Documentation>,
    pub extensions: Extensions,
    pub location: Location,
}

/// `signal`.
#[derive(Debug, Clone, Default)]
pub struct Signal {
    pub id: String,
    pub name: Option<Text>,
    pub structure: Option<String>,
    pub documentation: Vec<Documentation>,
    pub extensions: Extensions,
    pub location: Location,
}

/// `error`.
#[derive(Debug, Clone, Default)]
pub struct BpmnError {
    pub id: String,
    pub name: Option<String>,
    /// What is thrown and caught; may be FEEL after `=`.
    pub error_code: Option<Text>,
    pub structure: Option<String>,
    pub documentation: Vec<Documentation>,
    pub extensions: Extensions,
    pub location: Location,
}

/// `escalation`.
#[derive(Debug, Clone, Default)]
pub struct Escalation {
    pub id: String,
    pub name: Option<String>,
    pub escalation_code: Option<Text>,
    pub structure: Option<String>,
    pub documentation: Vec<Documentation>,
    pub extensions: Extensions,
    pub location: Location,
}

/// `interface`.
#[derive(Debug, Clone, Default)]
pub struct Interface {
    pub id: Option<String>,
    pub name: Option<String>,
    pub implementation: Option<String>,
    pub operations: Vec<Operation>,
    pub documentation: Vec<Documentation>,
    pub extensions: Extensions,
    pub location: Location,
}

/// `operation` of an interface.
#[derive(Debug, Clone, Default)]
pub struct Operation {
    pub id: Option<String>,
    pub name: Option<String>,
    pub implementation: Option<String>,
    /// Index of `Model::messages`.
    pub in_message: Option<usize>,
    /// Index of `Model::messages`.
    pub out_message: Option<usize>,
    /// Indices of `Model::errors`.
    pub errors: Vec<usize>,
    pub extensions: Extensions,
    pub location: Location,
}

/// `resource`.
#[derive(Debug, Clone, Default)]
pub struct Resource {
    pub id: Option<String>,
    pub name: Option<String>,
    pub parameters: Vec<ResourceParameter>,
    pub documentation: Vec<Documentation>,
    pub extensions: Extensions,
    pub location: Location,
}

/// `resourceParameter`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ResourceParameter {
    pub id: Option<String>,
    pub name: Option<String>,
    pub parameter_type: Option<String>,
    pub is_required: bool,
    pub extensions: Extensions,
}

/// `dataStore`.
#[derive(Debug, Clone, Default)]
pub struct DataStore {
    pub id: Option<String>,
    pub name: Option<String>,
    pub capacity: Option<u64>,
    pub is_unlimited: bool,
    pub item_subject: Option<String>,
    pub state: Option<String>,
    pub documentation: Vec<Documentation>,
    pub extensions: Extensions,
    pub location: Location,
}

/// `category`.
#[derive(Debug, Clone, Default)]
pub struct Category {
    pub id: Option<String>,
    pub name: Option<String>,
    pub values: Vec<CategoryValue>,
    pub documentation: Vec<Documentation>,
    pub extensions: Extensions,
    pub location: Location,
}

/// `categoryValue`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CategoryValue {
    pub id: Option<String>,
    pub value: Option<String>,
    pub extensions: Extensions,
}

/// `partnerEntity` or `partnerRole`.
#[derive(Debug, Clone, Default)]
pub struct Partner {
    pub id: Option<String>,
    pub name: Option<String>,
    /// `partnerRole` if true, `partnerEntity` otherwise.
    pub is_role: bool,
    pub participants: Vec<String>,
    pub extensions: Extensions,
    pub location: Location,
}

/// `endPoint`.
#[derive(Debug, Clone, Default)]
pub struct EndPoint {
    pub id: Option<String>,
    pub extensions: Extensions,
    pub location: Location,
}

/// `relationship`.
#[derive(Debug, Clone, Default)]
pub struct Relationship {
    pub id: Option<String>,
    pub relationship_type: Option<String>,
    pub direction: Option<String>,
    pub sources: Vec<String>,
    pub targets: Vec<String>,
    pub extensions: Extensions,
    pub location: Location,
}

/// `globalTask`, `globalUserTask`, `globalManualTask`, `globalScriptTask` or `globalBusinessRuleTask`.
#[derive(Debug, Clone)]
pub struct GlobalTask {
    pub id: String,
    pub name: Option<String>,
    /// One of `Abstract`, `User`, `Manual`, `Script`, `BusinessRule`.
    pub kind: TaskKind,
    pub supported_interfaces: Vec<String>,
    pub io_specification: Option<IoSpecification>,
    pub resource_roles: Vec<ResourceRole>,
    pub documentation: Vec<Documentation>,
    pub extensions: Extensions,
    pub location: Location,
}

/// One process.
#[derive(Debug, Clone, Default)]
pub struct Process {
    pub id: String,
    pub name: Option<String>,
    pub is_executable: bool,
    pub is_closed: bool,
    pub process_type: ProcessType,
    /// `zeebe:versionTag`.
    pub version_tag: Option<String>,
    /// `definitionalCollaborationRef`.
    pub definitional_collaboration: Option<String>,
    pub supports: Vec<String>,
    pub supported_interfaces: Vec<String>,
    pub graph: ProcessGraph,
    pub lane_sets: Vec<LaneSet>,
    pub lanes: Vec<Lane>,
    pub data_objects: Vec<DataObject>,
    pub data_references: Vec<DataReference>,
    pub io_specification: Option<IoSpecification>,
    pub properties: Vec<Property>,
    pub artifacts: Vec<Artifact>,
    pub resource_roles: Vec<ResourceRole>,
    pub correlation_subscriptions: Vec<CorrelationSubscription>,
    /// `auditing` and `monitoring` of the process and of its elements, as written.
    pub auditing: Vec<XmlElement>,
    /// `zeebe:userTaskForm`s: id, JSON text.
    pub user_task_forms: Vec<(String, Text)>,
    pub zeebe: ZeebeExtensions,
    pub documentation: Vec<Documentation>,
    pub extensions: Extensions,
    pub location: Location,
}

/// `processType`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ProcessType {
    #[default]
    None,
    Public,
    Private,
}
