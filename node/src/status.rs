//! How a node is.

use engine::{JobCounts, State};

/// What a node does at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// It leads and restores, at first or again. Commands are taken and wait.
    Starting,
    Serving,
    /// It has given up, for this reason; a person must look.
    Failed(String),
    Stopped,
}

/// A node's state of health.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    pub phase: Phase,
    /// The last offset applied; `None` when there was no command yet.
    pub offset: Option<u64>,
    /// The number of this leadership.
    pub term: u64,
    /// The first offset that the last committed checkpoint does not include.
    pub checkpointed: u64,
    /// Whether commands have had effects that no committed checkpoint has. Without any, the next checkpoint waits,
    /// however many commands were applied since the last one.
    pub is_ahead: bool,
    pub counts: Counts,
}

/// How much is alive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub instances: usize,
    pub jobs: JobCounts,
    /// Open user tasks, and ended ones of live instances.
    pub tasks: usize,
    pub incidents: usize,
    pub streams: usize,
}

impl Counts {
    pub(crate) fn of(state: &State, streams: usize) -> Counts {
        Counts {
            instances: state.instance_keys().len(),
            jobs: state.job_counts(),
            tasks: state.task_keys().len(),
            incidents: state.incident_keys().len(),
            streams,
        }
    }
}
