//! Moving an installation from one journal to another: all of the history, and a journal that is filled from elsewhere.
//!
//! The state is read by [`Journal::observe`], as by everybody. Offsets are not moved: they are of the log that they
//! were given by.

use crate::{Change, Error, HistoryRecord, Journal, ViewRecord};

/// A piece of history with when it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// As a checkpoint wrote it.
    pub record: HistoryRecord,
    /// Milliseconds since 1970, from where retention counts; `None`: it is of an instance that has not ended.
    pub written_ms: Option<i64>,
}

/// A journal whose history can be read as a whole.
pub trait Source: Journal {
    /// Gives the whole history of a partition to `each`, those pieces of one instance in order, for as long as that
    /// says to go on. `live` are the instances that have not ended, for a journal that does not know it by itself.
    fn all_history(
        &self,
        partition: u32,
        live: &mut dyn Iterator<Item = u64>,
        each: &mut dyn FnMut(Past) -> bool,
    ) -> Result<(), Error>;
}

/// A journal that is being filled with another one's content. Until [`Target::finish`] has returned there is nothing
/// in it that anybody could use; dropped before, it can be filled anew.
pub trait Target: Send {
    /// How many partitions it has.
    fn partitions(&self) -> u32;

    /// Adds a part of a partition's content.
    fn put(&mut self, partition: u32, part: &Part) -> Result<(), Error>;

    /// Makes everything final, all partitions at once. `terms` has for each the last term that it was led in.
    fn finish(self: Box<Self>, terms: &[u64]) -> Result<(), Error>;
}

/// Some content of a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Entries of the state, each key once in all parts.
    pub entries: Vec<Change>,
    /// The public views of these entries, for a journal that has views.
    pub views: Vec<ViewRecord>,
    /// Pieces of history, those of one instance in order.
    pub history: Vec<Past>,
}
