//! What the leader does after a command was applied. A follower drops effects.

use bytes::Bytes;
use proto::record::{ActivatedJob, Answer, Event};

/// What applying a command gave.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Outcome {
    /// What changed, in order.
    pub events: Vec<Event>,
    pub effects: Vec<Effect>,
    /// The reply to the command; `None` when it comes later, as an [`Effect::Answer`].
    pub answer: Option<Answer>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// The late reply to an earlier command.
    Answer {
        correlation: u64,
        request_id: Bytes,
        answer: Box<Answer>,
    },
    /// A job was leased to a stream.
    PushJob {
        stream_id: u64,
        job: Box<ActivatedJob>,
    },
    /// Somebody who polls for this type would find a job.
    JobsAvailable { job_type: String },
    /// A user task was made, changed or ended.
    TaskChanged { task: u64 },
    /// An outbox entry waits for this partition.
    SendQueued { target: u32 },
}
