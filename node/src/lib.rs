//! The node: drives a partition of the machine over a journal, and answers for it.
//!
//! [`driver`] holds all the logic and no thread, clock or I/O; [`Node`] is the thin shell of threads around it: one
//! appends, one reads, one applies, one writes checkpoints. Floor 4 knows this crate as "submit this command, run this
//! query, watch from this position". Architecture, sections 1 and 6.

mod appender;
mod applier;
mod checkpoints;
mod clock;
mod config;
mod core;
mod desk;
pub mod driver;
mod error;
mod fault;
pub mod leadership;
mod node;
#[cfg(test)]
mod planted;
mod polls;
mod queue;
mod reads;
mod request_id;
mod status;
mod stream;
mod waiters;
mod watch;

pub use config::{Caller, Config};
pub use error::{StartError, SubmitError};
pub use fault::{Code, Fault};
pub use node::{Applied, Node};
pub use reads::Story;
pub use request_id::{RequestIdError, parse_request_id};
pub use status::{Counts, Phase, Status};
pub use stream::{JobStream, JobStreamRequest};
pub use watch::{TaskEvent, TaskWatch, WatchError};

/// The partition that this slice of Weir drives, as the machine numbers it: from 1.
pub const PARTITION: u32 = 1;
/// The same partition, as the journal numbers it: from 0.
pub const JOURNAL_PARTITION: u32 = 0;
/// How many partitions there are in this slice.
pub const PARTITIONS: u32 = 1;
