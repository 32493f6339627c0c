//! Which partition.

use std::fmt;
use std::num::NonZeroU32;

/// A partition, numbered from 1 as in keys and by clients. The journal counts them from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartitionId(NonZeroU32);

impl PartitionId {
    /// The one that takes deployments.
    pub const FIRST: PartitionId = PartitionId(NonZeroU32::MIN);

    /// `None` for 0.
    pub fn new(number: u32) -> Option<PartitionId> {
        NonZeroU32::new(number).map(PartitionId)
    }

    /// Partitions 1 to `count`.
    pub fn all(count: u32) -> impl Iterator<Item = PartitionId> {
        (1..=count).filter_map(PartitionId::new)
    }

    /// From 1.
    pub fn number(self) -> u32 {
        self.0.get()
    }

    /// As [`journal::Journal`] numbers it: from 0.
    pub fn in_journal(self) -> u32 {
        self.0.get() - 1
    }
}

impl fmt::Display for PartitionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
