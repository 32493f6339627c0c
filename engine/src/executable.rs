//! An executable process: what the machine runs, made once from the parsed model at deployment.
//!
//! Dense arrays, compiled expressions, precomputed reachability; no look-up by name while running.
//! Node 0 is the process itself; the nodes of the model follow in document order, so that a stored
//! node index means the same in every build of one semantics number.

mod compile;
mod reach;
mod template;

use std::sync::Arc;

use bpmn_parser::model::Binding;
use bytes::Bytes;
use feel::Expression;
use rustc_hash::FxHashMap;

pub use compile::{CompileError, compile};
pub(crate) use reach::NodeSet;
pub(crate) use template::{Evaluated, Template};

/// Index of a node in [`Executable::nodes`].
pub type NodeIndex = u32;
/// Index of a flow in [`Executable::flows`].
pub type FlowIndex = u32;

/// Steps of FEEL for the name of a message or signal that starts a process.
const START_NAME_STEPS: u32 = 1_000;

/// The node that stands for the process.
pub const PROCESS_NODE: NodeIndex = 0;

/// One version of a process, ready to run.
#[derive(Debug)]
pub struct Executable {
    pub key: u64,
    pub process_id: Arc<str>,
    pub name: Option<Box<str>>,
    pub version: i32,
    pub nodes: Vec<Node>,
    pub flows: Vec<Flow>,
    pub(crate) message_starts: Vec<NodeIndex>,
    pub(crate) signal_starts: Vec<NodeIndex>,
    pub(crate) timer_starts: Vec<NodeIndex>,
    /// All inclusive gateways that join.
    pub(crate) inclusive_joins: Vec<NodeIndex>,
    by_id: FxHashMap<Box<str>, NodeIndex>,
    /// Embedded forms: id → JSON text.
    pub(crate) forms: FxHashMap<Box<str>, Box<str>>,
}

impl Executable {
    /// The node with a BPMN id.
    pub fn node_by_id(&self, id: &str) -> Option<NodeIndex> {
        self.by_id.get(id).copied()
    }

    pub(crate) fn node(&self, index: NodeIndex) -> &Node {
        &self.nodes[index as usize]
    }

    pub(crate) fn flow(&self, index: FlowIndex) -> &Flow {
        &self.flows[index as usize]
    }

    /// Whether an element calls what was deployed together with the process.
    pub(crate) fn is_bound_by_deployment(&self) -> bool {
        let mut kinds = self.nodes.iter().map(|node| &node.kind);
        kinds.any(|kind| {
            matches!(kind, Kind::BusinessRuleTask(spec) if spec.binding == Binding::Deployment)
        })
    }

    /// The JSON of an embedded form.
    pub fn form(&self, id: &str) -> Option<&str> {
        self.forms.get(id).map(|form| &**form)
    }
}

/// One element of the process.
#[derive(Debug)]
pub struct Node {
    /// The BPMN id.
    pub id: Box<str>,
    pub name: Option<Box<str>>,
    /// The BPMN tag, such as `serviceTask`.
    pub tag: &'static str,
    /// The scope it stands in: a sub-process, or [`PROCESS_NODE`].
    pub parent: NodeIndex,
    pub(crate) kind: Kind,
    pub incoming: Vec<FlowIndex>,
    pub outgoing: Vec<FlowIndex>,
    pub(crate) default_flow: Option<FlowIndex>,
    /// The boundary events attached to it.
    pub boundary_events: Vec<NodeIndex>,
    pub(crate) inputs: Vec<Mapping>,
    pub(crate) outputs: Vec<Mapping>,
    /// Task headers, a JSON object.
    pub(crate) headers: Bytes,
}

/// A sequence flow.
#[derive(Debug)]
pub struct Flow {
    /// The BPMN id.
    pub id: Box<str>,
    pub source: NodeIndex,
    pub target: NodeIndex,
    pub(crate) condition: Option<Expression>,
}

/// A value written to a variable path.
#[derive(Debug)]
pub(crate) struct Mapping {
    pub source: Template,
    /// `a.b.c`, split.
    pub target: Vec<Box<str>>,
}

/// What a node does. One file under `element/` for each.
#[derive(Debug)]
pub(crate) enum Kind {
    /// The process or an embedded sub-process, with its none start event.
    Scope {
        start: Option<NodeIndex>,
    },
    /// None start, manual and abstract tasks, none intermediate throw.
    PassThrough,
    /// A start event that a message, signal or timer triggers.
    MessageStart(MessageSpec),
    SignalStart(SignalSpec),
    TimerStart(TimerSpec),
    NoneEnd,
    TerminateEnd,
    ErrorEnd {
        code: Template,
    },
    /// A worker's job: service, send, business rule and scripted tasks, message throw and end events.
    JobTask(JobSpec),
    /// A record for a topic of the user's: send tasks, message throw and end events that name one.
    Publication(Box<PublicationSpec>),
    UserTask(Box<UserTaskSpec>),
    /// A business rule task that calls a decision.
    BusinessRuleTask(Box<DecisionSpec>),
    ScriptTask {
        expression: Template,
        result: Box<str>,
    },
    MessageCatch(MessageSpec),
    SignalCatch(SignalSpec),
    TimerCatch(TimerSpec),
    /// An intermediate throw or end event.
    SignalThrow(SignalSpec),
    ExclusiveGateway,
    ParallelGateway,
    InclusiveGateway {
        reached_from: NodeSet,
    },
    EventBasedGateway,
    BoundaryMessage {
        message: MessageSpec,
        interrupting: bool,
    },
    BoundarySignal {
        signal: SignalSpec,
        interrupting: bool,
    },
    BoundaryTimer {
        timer: TimerSpec,
        interrupting: bool,
    },
    /// `None` catches every error.
    BoundaryError {
        code: Option<Box<str>>,
    },
}

impl Kind {
    /// For a boundary event, whether what it is attached to ends when it fires.
    pub fn boundary(&self) -> Option<bool> {
        match self {
            Kind::BoundaryMessage { interrupting, .. }
            | Kind::BoundarySignal { interrupting, .. }
            | Kind::BoundaryTimer { interrupting, .. } => Some(*interrupting),
            Kind::BoundaryError { .. } => Some(true),
            Kind::Scope { .. }
            | Kind::PassThrough
            | Kind::MessageStart(_)
            | Kind::SignalStart(_)
            | Kind::TimerStart(_)
            | Kind::NoneEnd
            | Kind::TerminateEnd
            | Kind::ErrorEnd { .. }
            | Kind::JobTask(_)
            | Kind::Publication(_)
            | Kind::UserTask(_)
            | Kind::BusinessRuleTask(_)
            | Kind::ScriptTask { .. }
            | Kind::MessageCatch(_)
            | Kind::SignalCatch(_)
            | Kind::TimerCatch(_)
            | Kind::SignalThrow(_)
            | Kind::ExclusiveGateway
            | Kind::ParallelGateway
            | Kind::InclusiveGateway { .. }
            | Kind::EventBasedGateway => None,
        }
    }

    /// Whether an event triggers it, so that nothing flows into it.
    pub fn is_triggered(&self) -> bool {
        let is_start = matches!(
            self,
            Kind::MessageStart(_) | Kind::SignalStart(_) | Kind::TimerStart(_)
        );
        is_start || self.boundary().is_some()
    }
}

#[derive(Debug)]
pub(crate) struct MessageSpec {
    pub name: Template,
    /// `None` only on a start event of the process.
    pub correlation_key: Option<Template>,
}

impl MessageSpec {
    /// The name where it needs no variables: of what starts a process there are none. The compiler refuses others.
    pub fn constant_name(&self) -> Option<String> {
        let name = constant_name(&self.name)?;
        (!name.contains(crate::state::MESSAGE_SEPARATOR)).then_some(name)
    }
}

#[derive(Debug)]
pub(crate) struct SignalSpec {
    pub name: Template,
}

impl SignalSpec {
    /// As that of a message.
    pub fn constant_name(&self) -> Option<String> {
        constant_name(&self.name)
    }
}

fn constant_name(name: &Template) -> Option<String> {
    let environment = feel::Environment::new(&(), 0);
    let mut steps = START_NAME_STEPS;
    let name = name.evaluate(&environment, &mut steps).ok()?;
    name.into_text().filter(|name| !name.is_empty())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimerKind {
    Date,
    Duration,
    Cycle,
}

#[derive(Debug)]
pub(crate) struct TimerSpec {
    pub kind: TimerKind,
    pub value: Template,
}

#[derive(Debug)]
pub(crate) struct JobSpec {
    pub job_type: Template,
    pub retries: Template,
}

#[derive(Debug)]
pub(crate) struct DecisionSpec {
    pub decision_id: Template,
    /// The variable that its result goes to.
    pub result: Box<str>,
    pub binding: Binding,
}

#[derive(Debug)]
pub(crate) struct PublicationSpec {
    pub topic: Template,
    pub key: Option<Template>,
    pub value: PublishedValue,
    pub headers: Option<Template>,
    pub timestamp: Option<Template>,
}

#[derive(Debug)]
pub(crate) enum PublishedValue {
    /// The model says nothing: all that is visible, as a worker would get it.
    Variables,
    /// The model says `=null`.
    Tombstone,
    Template(Template),
}

#[derive(Debug, Default)]
pub(crate) struct UserTaskSpec {
    pub assignee: Option<Template>,
    pub candidate_users: Option<Template>,
    pub candidate_groups: Option<Template>,
    pub excluded_users: Option<Template>,
    pub due: Option<Template>,
    pub follow_up: Option<Template>,
    pub priority: Option<Template>,
    pub form_key: Option<Template>,
    pub form_id: Option<Template>,
    pub external_form: Option<Template>,
}
