//! Several nodes that share the partitions of a journal.

mod clocks;
pub(crate) mod lease;
pub(crate) mod membership;
mod role;
pub(crate) mod supervisor;
