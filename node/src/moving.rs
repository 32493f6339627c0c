//! Moving an installation: out of a journal into a file, and out of a file into an empty journal.
//!
//! What is in the file is the state as of the end of the log, with all history: a partition is led, restored, caught up
//! and checkpointed before it is written, as if a server had been started and stopped at once. So nothing needs the log
//! itself, and offsets begin anew in the new one. Nobody may serve meanwhile.

mod export;
mod import;

pub use export::{Exported, export};
pub use import::{Checked, check, import};

use crate::archive::ArchiveError;
use crate::error::StartError;

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub step: Step,
    /// From 1.
    pub partition: u32,
    pub partitions: u32,
    /// Of all partitions so far.
    pub entries: u64,
    pub stories: u64,
    /// Of the file.
    pub bytes: u64,
}

/// What is done at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The state is read, and the rest of the log applied.
    Restore,
    /// The file is written.
    Export,
    /// The file is read and checked; nothing is changed.
    Check,
    /// The file is read and the journal filled.
    Import,
}

/// Why an installation was not moved.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// The journal cannot be read or filled.
    #[error("{0}")]
    Journal(#[from] StartError),
    /// A node serves it, at this address.
    #[error("a server at {0} serves it")]
    Served(String),
    /// The file cannot be written or is not good.
    #[error("{0}")]
    File(#[from] ArchiveError),
    /// The file is good, but its state is not for this build.
    #[error("the state of partition {partition}: {reason}")]
    State { partition: u32, reason: String },
}

impl From<journal::Error> for MoveError {
    fn from(error: journal::Error) -> MoveError {
        MoveError::Journal(error.into())
    }
}
