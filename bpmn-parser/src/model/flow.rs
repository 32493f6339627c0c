//! The flow of one process: its nodes, sequence flows and the graph that holds them.
//!
//! Owns the shapes of flow elements (BPMN 2.0 chapters 10.2 to 10.6); must not decide what is
//! executed. Sub-processes are nested scopes of the same graph: a node's `parent` is its scope.

use model_xml::Location;
use petgraph::graph::{DiGraph, EdgeIndex, NodeIndex};
use rustc_hash::FxHashMap;

use super::data::{
    DataAssociation, DataInput, DataOutput, IoSpecification, Property, ResourceRole,
};
use super::zeebe::{WeirExtensions, ZeebeExtensions, ZeebeLoop};
use super::{Documentation, Expression, Text};
use crate::extension::Extensions;

/// All flow nodes and sequence flows of a process and of the sub-processes in it.
///
/// Node and edge indices are in document order, a sub-process before what is in it.
#[derive(Debug, Clone, Default)]
pub struct ProcessGraph {
    pub graph: DiGraph<FlowNode, SequenceFlow>,
    pub(crate) nodes_by_id: FxHashMap<String, NodeIndex>,
    pub(crate) flows_by_id: FxHashMap<String, EdgeIndex>,
    /// Per node, in document order; petgraph's own adjacency lists run backwards.
    pub(crate) links: Vec<NodeLinks>,
    /// The nodes of the process level.
    pub(crate) roots: Vec<NodeIndex>,
    /// Host and boundary event, while the graph is being built.
    pub(crate) attached: Vec<(NodeIndex, NodeIndex)>,
}

/// What belongs to one node, each list in document order.
#[derive(Debug, Clone, Default)]
pub(crate) struct NodeLinks {
    pub outgoing: Vec<EdgeIndex>,
    pub incoming: Vec<EdgeIndex>,
    pub children: Vec<NodeIndex>,
    pub boundary_events: Vec<NodeIndex>,
}

impl ProcessGraph {
    /// The flow node with this id.
    pub fn node(&self, id: &str) -> Option<NodeIndex> {
        self.nodes_by_id.get(id).copied()
    }

    /// The sequence flow with this id.
    pub fn flow(&self, id: &str) -> Option<EdgeIndex> {
        self.flows_by_id.get(id).copied()
    }

    /// The sequence flows that leave a node, in document order.
    pub fn outgoing(&self, node: NodeIndex) -> &[EdgeIndex] {
        self.links.get(node.index()).map_or(&[], |l| &l.outgoing)
    }

    /// The sequence flows that enter a node, in document order.
    pub fn incoming(&self, node: NodeIndex) -> &[EdgeIndex] {
        self.links.get(node.index()).map_or(&[], |l| &l.incoming)
    }

    /// The nodes directly in a scope: of the process (`None`) or of a sub-process, in document order.
    pub fn children(&self, scope: Option<NodeIndex>) -> &[NodeIndex] {
        match scope {
            None => &self.roots,
            Some(node) => self.links.get(node.index()).map_or(&[], |l| &l.children),
        }
    }

    /// The boundary events attached to an activity, in document order.
    pub fn boundary_events(&self, activity: NodeIndex) -> &[NodeIndex] {
        self.links
            .get(activity.index())
            .map_or(&[], |l| &l.boundary_events)
    }

    /// All nodes with their indices, in document order.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeIndex, &FlowNode)> {
        self.graph
            .node_indices()
            .filter_map(|index| Some((index, self.graph.node_weight(index)?)))
    }

    /// All sequence flows with their indices, in document order.
    pub fn flows(&self) -> impl Iterator<Item = (EdgeIndex, &SequenceFlow)> {
        self.graph
            .edge_indices()
            .filter_map(|index| Some((index, self.graph.edge_weight(index)?)))
    }

    /// Source and target of a sequence flow.
    pub fn endpoints(&self, flow: EdgeIndex) -> Option<(NodeIndex, NodeIndex)> {
        self.graph.edge_endpoints(flow)
    }
}

impl std::ops::Index<NodeIndex> for ProcessGraph {
    type Output = FlowNode;
    /// Panics for an index of another graph, as petgraph does.
    fn index(&self, index: NodeIndex) -> &FlowNode {
        &self.graph[index]
    }
}

impl std::ops::Index<EdgeIndex> for ProcessGraph {
    type Output = SequenceFlow;
    /// Panics for an index of another graph, as petgraph does.
    fn index(&self, index: EdgeIndex) -> &SequenceFlow {
        &self.graph[index]
    }
}

/// One activity, gateway or event.
#[derive(Debug, Clone)]
pub struct FlowNode {
    /// Empty only in a process that is not executable and whose file gives none.
    pub id: String,
    pub name: Option<String>,
    /// The enclosing sub-process, `None` at the process level.
    pub parent: Option<NodeIndex>,
    pub kind: FlowNodeKind,
    /// The flow taken when no condition of the others holds (activities and gateways).
    pub default_flow: Option<EdgeIndex>,
    /// `gatewayDirection` of a gateway, as written; a hint for readers.
    pub gateway_direction: Option<String>,
    pub loop_characteristics: Option<LoopCharacteristics>,
    pub is_for_compensation: bool,
    pub start_quantity: u32,
    pub completion_quantity: u32,
    pub zeebe: ZeebeExtensions,
    pub weir: WeirExtensions,
    pub io_specification: Option<IoSpecification>,
    pub data_input_associations: Vec<DataAssociation>,
    pub data_output_associations: Vec<DataAssociation>,
    /// Data inputs of a throw event, which have no `ioSpecification` around them.
    pub data_inputs: Vec<DataInput>,
    /// Data outputs of a catch event.
    pub data_outputs: Vec<DataOutput>,
    pub properties: Vec<Property>,
    pub resource_roles: Vec<ResourceRole>,
    /// `categoryValueRef`s.
    pub category_values: Vec<String>,
    pub documentation: Vec<Documentation>,
    pub extensions: Extensions,
    pub location: Location,
}

/// What a flow node is.
#[derive(Debug, Clone, PartialEq)]
pub enum FlowNodeKind {
    Task(TaskKind),
    SubProcess(SubProcess),
    CallActivity(CallActivity),
    Gateway(Gateway),
    Event(Event),
}

impl FlowNodeKind {
    /// The BPMN tag that this came from, such as `serviceTask`.
    pub fn tag(&self) -> &'static str {
        match self {
            FlowNodeKind::Task(task) => task.tag(),
            FlowNodeKind::SubProcess(sub_process) => sub_process.tag(),
            FlowNodeKind::CallActivity(_) => "callActivity",
            FlowNodeKind::Gateway(gateway) => gateway.tag(),
            FlowNodeKind::Event(event) => event.tag(),
        }
    }

    /// Whether this is an activity (task, sub-process or call activity).
    pub fn is_activity(&self) -> bool {
        match self {
            FlowNodeKind::Task(_) | FlowNodeKind::SubProcess(_) | FlowNodeKind::CallActivity(_) => {
                true
            }
            FlowNodeKind::Gateway(_) | FlowNodeKind::Event(_) => false,
        }
    }
}

/// The task types of BPMN 2.0 section 10.3.3. Indices are of `Model::messages`.
#[derive(Debug, Clone, PartialEq)]
pub enum TaskKind {
    /// `task`: passed through.
    Abstract,
    Service {
        implementation: Option<String>,
        operation: Option<String>,
    },
    User {
        implementation: Option<String>,
        renderings: Vec<Extensions>,
    },
    Script {
        script_format: Option<String>,
        script: Option<Text>,
    },
    BusinessRule {
        implementation: Option<String>,
    },
    Send {
        message: Option<usize>,
        implementation: Option<String>,
        operation: Option<String>,
    },
    Receive {
        message: Option<usize>,
        instantiate: bool,
        implementation: Option<String>,
        operation: Option<String>,
    },
    Manual,
}

impl TaskKind {
    /// The BPMN tag that this came from.
    pub fn tag(&self) -> &'static str {
        match self {
            TaskKind::Abstract => "task",
            TaskKind::Service { .. } => "serviceTask",
            TaskKind::User { .. } => "userTask",
            TaskKind::Script { .. } => "scriptTask",
            TaskKind::BusinessRule { .. } => "businessRuleTask",
            TaskKind::Send { .. } => "sendTask",
            TaskKind::Receive { .. } => "receiveTask",
            TaskKind::Manual => "manualTask",
        }
    }
}

/// A scope inside a process; its nodes are `ProcessGraph::children`.
#[derive(Debug, Clone, PartialEq)]
pub struct SubProcess {
    pub kind: SubProcessKind,
    /// As written; it makes a plain sub-process an event sub-process and means nothing elsewhere.
    pub triggered_by_event: bool,
}

impl SubProcess {
    /// The BPMN tag that this came from.
    pub fn tag(&self) -> &'static str {
        match self.kind {
            SubProcessKind::Embedded | SubProcessKind::Event => "subProcess",
            SubProcessKind::Transaction { .. } => "transaction",
            SubProcessKind::AdHoc { .. } => "adHocSubProcess",
        }
    }
}

/// The sub-process types of BPMN 2.0 section 10.3.5.
#[derive(Debug, Clone, PartialEq)]
pub enum SubProcessKind {
    Embedded,
    /// `triggeredByEvent="true"`.
    Event,
    Transaction {
        /// `##Compensate` where it is not given.
        method: Option<String>,
        protocol: Option<String>,
    },
    AdHoc {
        completion_condition: Option<Expression>,
        is_sequential: bool,
        cancel_remaining_instances: bool,
    },
}

/// `callActivity`; Zeebe's own reference is `FlowNode::zeebe.called_element`.
#[derive(Debug, Clone, PartialEq)]
pub struct CallActivity {
    /// The QName of a process or global task, as written.
    pub called_element: Option<String>,
}

/// The gateways of BPMN 2.0 section 10.6.
#[derive(Debug, Clone, PartialEq)]
pub enum Gateway {
    Exclusive,
    Inclusive,
    Parallel,
    EventBased {
        instantiate: bool,
        kind: EventBasedGatewayKind,
    },
    Complex {
        activation_condition: Option<Expression>,
    },
}

impl Gateway {
    /// The BPMN tag that this came from.
    pub fn tag(&self) -> &'static str {
        match self {
            Gateway::Exclusive => "exclusiveGateway",
            Gateway::Inclusive => "inclusiveGateway",
            Gateway::Parallel => "parallelGateway",
            Gateway::EventBased { .. } => "eventBasedGateway",
            Gateway::Complex { .. } => "complexGateway",
        }
    }
}

/// `eventGatewayType`: whether the first event decides or all are awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventBasedGatewayKind {
    Exclusive,
    Parallel,
}

/// One event; without definitions it is a none event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub position: EventPosition,
    pub definitions: Vec<EventDefinition>,
    /// Where each definition came from; as long as `definitions`.
    pub definition_sources: Vec<EventDefinitionSource>,
    /// All definitions must occur, not any.
    pub parallel_multiple: bool,
}

impl Event {
    /// The BPMN tag that this came from.
    pub fn tag(&self) -> &'static str {
        match self.position {
            EventPosition::Start { .. } => "startEvent",
            EventPosition::IntermediateCatch => "intermediateCatchEvent",
            EventPosition::IntermediateThrow => "intermediateThrowEvent",
            EventPosition::Boundary { .. } => "boundaryEvent",
            EventPosition::End => "endEvent",
        }
    }
}

/// Where in the flow an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventPosition {
    /// `interrupting` matters only in an event sub-process.
    Start {
        interrupting: bool,
    },
    IntermediateCatch,
    IntermediateThrow,
    Boundary {
        attached_to: NodeIndex,
        /// Whether the activity ends when the event occurs.
        cancel_activity: bool,
    },
    End,
}

/// What an event catches or throws (BPMN 2.0 section 10.5.5).
///
/// Indices are of the vectors of [`super::Model`]; `None` where the file refers to nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum EventDefinition {
    Message {
        message: Option<usize>,
        operation: Option<String>,
    },
    Timer(TimerDefinition),
    Error {
        /// `None` on a catching event catches every error.
        error: Option<usize>,
    },
    Escalation {
        escalation: Option<usize>,
    },
    Signal {
        signal: Option<usize>,
    },
    Compensate {
        activity: Option<NodeIndex>,
        wait_for_completion: bool,
    },
    Cancel,
    Conditional {
        condition: Option<Expression>,
        filter: Option<Box<super::zeebe::ConditionalFilter>>,
    },
    Link {
        name: String,
        /// The `source` and `target` children, as written; the names decide.
        sources: Vec<String>,
        target: Option<String>,
    },
    Terminate,
}

/// Id, place and extensions of one event definition.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EventDefinitionSource {
    pub id: Option<String>,
    pub documentation: Vec<Documentation>,
    pub extensions: Extensions,
    pub location: Location,
}

/// When a timer event occurs.
#[derive(Debug, Clone, PartialEq)]
pub struct TimerDefinition {
    pub kind: TimerKind,
    /// An ISO 8601 date-time, duration or repeating interval, a cron line, or FEEL after `=`.
    pub value: Text,
    /// The `language` attribute of the expression.
    pub language: Option<String>,
    pub evaluates_to: Option<String>,
}

/// Which of the three elements a timer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimerKind {
    Date,
    Duration,
    Cycle,
    /// None given, the value is empty; an error in an executable process.
    Unspecified,
}

/// The loop marker of an activity (BPMN 2.0 section 10.3.8).
#[derive(Debug, Clone, PartialEq)]
pub enum LoopCharacteristics {
    Standard(Box<StandardLoop>),
    MultiInstance(Box<MultiInstanceLoop>),
}

/// `standardLoopCharacteristics`.
#[derive(Debug, Clone, PartialEq)]
pub struct StandardLoop {
    pub test_before: bool,
    pub loop_maximum: Option<u64>,
    pub loop_condition: Option<Expression>,
    pub extensions: Extensions,
    pub location: Location,
}

/// `multiInstanceLoopCharacteristics`.
#[derive(Debug, Clone, PartialEq)]
pub struct MultiInstanceLoop {
    pub is_sequential: bool,
    pub loop_cardinality: Option<Expression>,
    pub completion_condition: Option<Expression>,
    pub loop_data_input: Option<String>,
    pub loop_data_output: Option<String>,
    pub input_data_item: Option<DataInput>,
    pub output_data_item: Option<DataOutput>,
    /// `None`, `One`, `All` or `Complex`, as written.
    pub behavior: Option<String>,
    pub none_behavior_event: Option<String>,
    pub one_behavior_event: Option<String>,
    pub complex_behaviors: Vec<ComplexBehavior>,
    pub zeebe: Option<Box<ZeebeLoop>>,
    pub extensions: Extensions,
    pub location: Location,
}

/// `complexBehaviorDefinition`: which event is thrown when a condition holds.
#[derive(Debug, Clone, PartialEq)]
pub struct ComplexBehavior {
    pub condition: Option<Expression>,
    /// The first definition of its `event`.
    pub event: Option<EventDefinition>,
    pub event_name: Option<String>,
    pub extensions: Extensions,
}

/// One sequence flow; its ends are `ProcessGraph::endpoints`.
#[derive(Debug, Clone)]
pub struct SequenceFlow {
    /// Empty only in a process that is not executable and whose file gives none.
    pub id: String,
    pub name: Option<String>,
    pub condition: Option<Expression>,
    /// Whether a token may wait here when the target is busy; read, not executed.
    pub is_immediate: Option<bool>,
    pub documentation: Vec<Documentation>,
    pub extensions: Extensions,
    pub location: Location,
}
