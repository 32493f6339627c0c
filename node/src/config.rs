//! What can be set at a node, and who calls it.

use std::sync::Arc;
use std::time::Duration;

use crate::measures::Measures;

/// Settings of a node. Every queue that the node has is bounded by one of these.
#[derive(Debug, Clone)]
pub struct Config {
    /// The node's name; the log tells by it who led.
    pub name: String,
    /// A checkpoint is begun so long after the one before, when something has changed.
    pub checkpoint_interval: Duration,
    /// Commands that were accepted and are not applied yet; beyond it [`crate::SubmitError::Overloaded`].
    pub commands_in_flight_max: usize,
    /// Commands that wait to be appended take so many bytes at most, for each partition.
    pub queued_bytes_max: usize,
    /// The longest encoded command. The journal must take at least so much.
    pub command_bytes_max: usize,
    /// The most bytes of commands that are appended at once, unless one command alone is longer. The journal must
    /// take at least so much.
    pub append_bytes_max: usize,
    /// Whether checkpoints bring the public views up to date: for a journal that has them.
    pub publishes_views: bool,
    /// Commands applied and not yet in a committed checkpoint. Beyond it nothing more is applied until there is one.
    pub uncheckpointed_commands_max: u64,
    /// The same in bytes.
    pub uncheckpointed_bytes_max: u64,
    /// Callers that wait for the end of an instance.
    pub awaiting_max: usize,
    /// Calls of [`crate::Node::activate_jobs`] at a time.
    pub polls_max: usize,
    /// Job streams at a time.
    pub streams_max: usize,
    /// Jobs that a stream holds for its client at most: leased, and not taken by the client yet.
    pub stream_credit: u32,
    /// Queries that wait for their turn.
    pub queries_max: usize,
    /// Changes of user tasks that are kept for those who watch.
    pub task_events_max: usize,
    /// What one command may cost.
    pub limits: engine::Limits,
    /// Where other nodes of a cluster reach this one, `host:port`.
    pub peer_address: String,
    /// Nodes that keep the state of each partition up to date beside its leader.
    pub standby: usize,
    /// How often a node tells the others of its cluster that it is there.
    pub heartbeat_interval: Duration,
    /// A node that is silent for longer is taken for dead.
    pub silence_max: Duration,
    /// How long a call waits for a partition of a cluster to have a leader, unless its caller says; see
    /// [`crate::Patience`].
    pub leader_patience: Duration,
    /// Where it is counted what the node does.
    pub measures: Arc<Measures>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            name: "weir".to_owned(),
            checkpoint_interval: Duration::from_millis(100),
            commands_in_flight_max: 10_000,
            queued_bytes_max: 64 << 20,
            command_bytes_max: 4 << 20,
            append_bytes_max: 4 << 20,
            publishes_views: false,
            uncheckpointed_commands_max: 500_000,
            uncheckpointed_bytes_max: 256 << 20,
            awaiting_max: 10_000,
            polls_max: 10_000,
            streams_max: 1_000,
            stream_credit: 128,
            queries_max: 1_000,
            task_events_max: 10_000,
            limits: engine::Limits::default(),
            peer_address: String::new(),
            standby: 1,
            heartbeat_interval: Duration::from_millis(200),
            silence_max: Duration::from_millis(800),
            leader_patience: Duration::from_secs(10),
            measures: Arc::default(),
        }
    }
}

/// On whose behalf a command is submitted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caller {
    pub principal: String,
    pub tenant: String,
    /// Chosen by a caller that may repeat the command: the same id gets the first answer again for a minute. See
    /// [`crate::parse_request_id`] for how callers write it.
    pub request_id: Option<[u8; 16]>,
    /// W3C trace context; may be empty.
    pub traceparent: String,
}
