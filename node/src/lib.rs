//! The node: drives a partition of the machine over a journal, and answers for it.
//!
//! [`driver`] holds all the logic and no thread, clock or I/O; a [`Partition`] is the thin shell of threads around it:
//! one appends, one reads, one applies, one writes checkpoints. A [`Node`] knows which partition of the journal a call
//! concerns, and reaches its leader: itself, or another node of the [`cluster`]. Floor 5 knows this crate as "submit
//! this command, run this query, watch from this position". Architecture, sections 1 and 6.

mod appender;
mod applier;
mod archive;
mod checkpoints;
mod clock;
mod cluster;
mod config;
mod core;
mod courier;
mod desk;
pub mod driver;
mod error;
mod fault;
mod follower;
mod health;
mod jobs;
mod keys;
pub mod leadership;
mod measures;
mod models;
pub mod moving;
mod node;
mod partition;
mod partition_client;
mod partition_id;
mod patience;
mod peer;
mod place;
#[cfg(test)]
mod planted;
mod polls;
mod query;
mod queue;
mod reading;
mod reads;
mod request_id;
mod restoring;
mod route;
mod status;
mod stream;
mod views;
mod waiters;
mod watch;

pub use archive::ArchiveError;
pub use config::{Caller, Config};
pub use error::{StartError, SubmitError};
pub use fault::{Code, Fault};
pub use jobs::JobStream;
pub use keys::first_key;
pub use measures::{Latency, Measures, PartitionMeasures, Restore, Role};
pub use node::Node;
pub use partition::Applied;
pub use partition_client::PartitionClient;
pub use partition_id::PartitionId;
pub use patience::{Patience, wait_for};
pub use peer::server::Peers;
pub use query::{Queries, Query};
pub use reads::Story;
pub use request_id::{RequestIdError, parse_request_id};
pub use status::{Counts, Phase, Status};
pub use stream::JobStreamRequest;
pub use watch::{TaskEvent, TaskWatch, WatchError};
