//! The machine: a pure, deterministic function from commands to state.
//!
//! [`apply`] decides and changes; nothing here waits, reads a clock, logs or knows a journal.
//! Everything that changes is an [`Event`] that went through the one mutator, so that folding the
//! events gives the state and replaying the commands gives the same events. Architecture, section 4.

mod command;
mod decision;
mod effect;
mod element;
mod executable;
mod flow;
mod rejection;
mod scope;
mod seed;
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
    Change, Digest, EntryKey, JobCounts, Kind, Loading, RestoreError, State, executable_of,
    first_key_of, partition_for, partition_of,
};
pub use step::Limits;

/// The behaviour of this build. What a state or a log of a higher one says, it does not know, and does not follow. A
/// state keeps the behaviour that it was begun with until `RaiseSemantics` says otherwise: once all nodes know a newer.
pub const SEMANTICS: u32 = 1;

/// The lowest behaviour that can read a command. A kind or a field that comes with a new number is first written by a
/// state that was raised to it.
pub fn semantics_of(command: &proto::record::command::Kind) -> u32 {
    const FIRST: u32 = 1;
    match command {
        proto::record::command::Kind::RaiseSemantics(raise) => raise.semantics,
        _ => FIRST,
    }
}

/// Where a command stands in the log: all that the machine knows of the outside.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Position {
    pub offset: u64,
    /// Milliseconds since the epoch, given by the log.
    pub timestamp_ms: i64,
}
