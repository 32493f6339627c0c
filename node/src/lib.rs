//! The node: drives a partition of the machine over a journal, and answers for it.
//!
//! [`Driver`] holds all the logic and no thread, clock or I/O; [`Node`] is the thin shell of threads around it. Floor 4
//! knows this crate as "submit this command, run this query, watch from this position". Architecture, sections 1 and 6.

mod config;
mod error;
mod node;
mod status;
mod stream;
mod watch;

pub use config::{Caller, Config};
pub use error::{StartError, SubmitError};
pub use node::{Applied, Node};
pub use status::{Counts, Phase, Status};
pub use stream::{JobStream, JobStreamRequest};
pub use watch::{TaskEvent, TaskSnapshot, TaskWatch, WatchError};

/// The partition that this slice of Weir drives, as the machine numbers it.
pub const PARTITION: u32 = 1;
/// How many partitions there are in this slice.
pub const PARTITIONS: u32 = 1;
