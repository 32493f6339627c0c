//! An oracle that is not the engine: random block-structured processes, made together with what
//! must happen in them.
//!
//! A block knows the XML that it becomes, what outside does to it (the plan), and which elements
//! complete or are terminated then. It knows nothing of tokens, queues or scopes of the engine.

mod choices;
mod drive;
mod expect;
mod generate;
mod xml;

use std::collections::{BTreeMap, BTreeSet};

use proto::record::command::Kind;
use proto::record::{BroadcastSignal, PublishMessage};

pub use choices::{Choice, choices, stuck};
pub use drive::run;
pub use generate::generate;

/// The id of the generated process.
pub const PROCESS: &str = "oracle";
/// By which its messages are correlated.
pub const CORRELATION_KEY: &str = "key";

/// A piece of a process with one entry and one exit.
#[derive(Debug, Clone)]
pub enum Block {
    /// Goes on by itself: abstract and manual tasks, none throw events, scripts.
    Pass {
        id: String,
        tag: &'static str,
    },
    /// Waits for outside.
    Wait {
        id: String,
        kind: Wait,
        boundary: Vec<Boundary>,
    },
    Sequence(Vec<Block>),
    Exclusive {
        id: String,
        branches: Vec<Block>,
        chosen: usize,
    },
    Parallel {
        id: String,
        branches: Vec<Block>,
    },
    Inclusive {
        id: String,
        branches: Vec<Block>,
        taken: Vec<bool>,
    },
    EventBased {
        id: String,
        arms: Vec<(Arm, Block)>,
        chosen: usize,
    },
    SubProcess {
        id: String,
        body: Box<Block>,
        ending: Ending,
        boundary: Vec<Boundary>,
    },
}

/// What a waiting element waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    Service,
    Send,
    BusinessRule,
    MessageThrow,
    /// The worker throws the error that a boundary event of the task catches.
    FailingService,
    User,
    Receive,
    MessageCatch,
    SignalCatch,
    TimerCatch,
}

/// One event behind an event-based gateway.
#[derive(Debug, Clone)]
pub struct Arm {
    pub id: String,
    pub awaited: Awaited,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaited {
    Timer,
    Message,
    Signal,
}

/// How the body of a sub-process ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    Normal,
    /// The error end event `<id>_error`, which a boundary event catches.
    Error,
    /// The job `<id>_thrower` throws the error.
    Thrown,
    /// The terminate end event `<id>_terminate` ends the job `<id>_parked` too.
    Terminate,
    /// The job `<id>_parked` never ends; an interrupting boundary event does.
    Parked,
}

#[derive(Debug, Clone)]
pub struct Boundary {
    pub id: String,
    pub kind: BoundaryKind,
    /// How often outside fires it.
    pub fires: u32,
    pub handler: Block,
    /// For timers, from entering the host.
    pub minutes: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoundaryKind {
    Error,
    Timer,
    Message,
    Signal,
    NonInterruptingTimer,
    NonInterruptingMessage,
    NonInterruptingSignal,
}

impl BoundaryKind {
    pub fn is_interrupting(self) -> bool {
        match self {
            BoundaryKind::Error
            | BoundaryKind::Timer
            | BoundaryKind::Message
            | BoundaryKind::Signal => true,
            BoundaryKind::NonInterruptingTimer
            | BoundaryKind::NonInterruptingMessage
            | BoundaryKind::NonInterruptingSignal => false,
        }
    }
}

/// How often each element must complete, and must be terminated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    pub completed: BTreeMap<String, u32>,
    pub terminated: BTreeMap<String, u32>,
}

/// A random process and everything that is known of it.
#[derive(Debug, Clone)]
pub struct Case {
    pub xml: String,
    /// Steers the gateways.
    pub variables: String,
    pub expected: Counts,
    pub plan: Plan,
}

/// What outside does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Jobs that nobody completes → the host whose boundary event ends them.
    pub parked: BTreeMap<String, String>,
    /// Jobs whose worker throws this error.
    pub throwing: BTreeMap<String, String>,
    /// Boundary events and catching elements → how often their message or signal comes.
    pub messages: BTreeMap<String, u32>,
    /// Which of them wait for a signal.
    pub signals: BTreeSet<String>,
    /// Interrupting message and signal boundary events that fire → their host.
    pub interrupting: BTreeMap<String, String>,
    /// Non-interrupting timer boundary events that fire → their host.
    pub timers: BTreeMap<String, String>,
}

impl Plan {
    /// What somebody sends so that the event with this name gets its message or signal.
    pub fn send(&mut self, name: String) -> Kind {
        if let Some(left) = self.messages.get_mut(&name) {
            *left = left.saturating_sub(1);
        }
        if self.signals.contains(&name) {
            return Kind::BroadcastSignal(BroadcastSignal {
                name,
                ..BroadcastSignal::default()
            });
        }
        Kind::PublishMessage(PublishMessage {
            name,
            correlation_key: CORRELATION_KEY.to_owned(),
            ..PublishMessage::default()
        })
    }
}
