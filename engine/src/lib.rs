//! The machine: a pure, deterministic function from commands to state.
//!
//! [`apply`] decides and changes; nothing here waits, reads a clock, logs or knows a journal.
//! Everything that changes is an [`Event`] that went through the one mutator, so that folding the
//! events gives the state and replaying the commands gives the same events. Architecture, section 4.

mod command;
mod effect;
mod element;
mod executable;
mod flow;
mod rejection;
mod scope;
mod state;
mod step;

pub use command::{apply, check_deployment};
pub use effect::{Effect, Outcome};
pub use executable::{
    CompileError, Executable, Flow, FlowIndex, Node, NodeIndex, PROCESS_NODE, compile,
};
pub use proto::record::{Answer, Command, Event};
pub use rejection::{Code, JOB_WITHOUT_RETRIES, Rejection};
pub use state::{
    Change, Digest, EntryKey, JobCounts, Kind, RestoreError, State, executable_of, first_key_of,
    partition_for, partition_of,
};
pub use step::Limits;

/// The behaviour of this build; a log that needs a higher one is not followed.
pub const SEMANTICS: u32 = 1;

/// Where a command stands in the log: all that the machine knows of the outside.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Position {
    pub offset: u64,
    /// Milliseconds since the epoch, given by the log.
    pub timestamp_ms: i64,
}
