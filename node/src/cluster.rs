//! Several nodes that share the partitions of a journal.

pub(crate) mod membership;
