//! The journal: where commands are made durable, in order, and where checkpoints of state and history are kept.
//!
//! Owns the contract ([`Journal`], [`Reader`], [`Observer`], [`Lead`]) and its implementations. It is opaque to what
//! it stores: commands, keys, values and histories are bytes. It must not know any other crate of Weir.
//! Architecture, section 5.
//!
//! Everything blocks. A node calls from threads of its own; a simulation calls with `wait` = 0.
//!
//! How a leader uses it: [`Journal::lead`] fences its predecessor, [`Journal::observe`] gives the state up to the
//! last committed checkpoint, [`Journal::read`] from [`Lead::next_offset`] gives the commands since. Any doubt about
//! an outcome ([`AppendError::Unknown`], [`CheckpointError::Failed`]) ends in the same three steps.

#[cfg(feature = "contract")]
pub mod broker;
#[cfg(feature = "contract")]
pub mod contract;
pub mod embedded;
mod error;
pub mod fail_point;
mod feed;
pub mod kafka;
mod latch;
pub mod memory;
pub mod moving;

pub use bytes::Bytes;
pub use error::{AppendError, CheckpointError, Error, Place, Refusal};

use std::sync::Arc;
use std::time::Duration;

/// One command as it stands in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Position in the partition's log. Offsets grow, but **not always by one**: a reader that stands at offset *n*
    /// may next be given any offset greater than *n*.
    pub offset: u64,
    /// Milliseconds since 1970 at which the log took the record. Never less than that of the record before it in the
    /// same partition: max(previous, clock).
    pub timestamp_ms: i64,
    /// What [`Journal::append`] was given.
    pub command: Bytes,
}

/// A partitioned command log with checkpoints of the state that results from it.
///
/// Implementations are cheap to share behind an `Arc`; every method may be called from any thread.
pub trait Journal: Send + Sync + 'static {
    /// How many partitions there are; they are numbered from 0. It never changes.
    fn partitions(&self) -> u32;

    /// Appends commands and blocks until they are durable. Order and offsets are learnt by reading the log, never
    /// from this call: other appends may stand before, between and after. The commands of one call keep their order.
    fn append(&self, partition: u32, commands: &[Bytes]) -> Result<(), AppendError>;

    /// Reads the log from the first record whose offset is `from` or greater, and goes on at the tail.
    ///
    /// `from` must lie within the log's bounds (its end included); any other is [`Error::OutOfBounds`]. The log keeps
    /// at least all records from the last committed checkpoint's `next_offset` on.
    fn read(&self, partition: u32, from: u64) -> Result<Box<dyn Reader>, Error>;

    /// Follows the checkpoints of a partition. Never fences and never disturbs the leader.
    fn observe(&self, partition: u32) -> Result<Box<dyn Observer>, Error>;

    /// Becomes the leader: fences the previous one, whose checkpoints from now on get [`CheckpointError::Fenced`].
    /// The term is the previous one + 1 and durable, with the leader's name, when this returns; observers see it as
    /// a checkpoint without changes. After an error the term may have been used up.
    fn lead(&self, partition: u32, leader: &str) -> Result<Box<dyn Lead>, Error>;

    /// The newest history payloads of an instance that take `bytes_max` bytes together, always at least the last one,
    /// in the order in which checkpoints wrote them; empty when there are none (any more: the history of an ended
    /// instance expires).
    fn history(
        &self,
        partition: u32,
        instance: u64,
        bytes_max: usize,
    ) -> Result<HistoryPart, Error>;

    /// Ended instances, newest first, ties by the greater instance first. `before` = (`at_ms`, `instance`) of the
    /// last one already seen gives the next page. `limit` is at most [`ENDED_LIMIT_MAX`], larger ones are lowered.
    fn ended(
        &self,
        partition: u32,
        before: Option<(i64, u64)>,
        limit: usize,
    ) -> Result<Vec<Ended>, Error>;

    /// Where several nodes that share the journal tell each other how they are; `None`: only one node can use it.
    fn cluster(&self) -> Option<Arc<dyn ClusterLog>> {
        None
    }
}

/// A log of its own, beside the partitions: what nodes tell each other. Nothing in it is needed for longer than they
/// live, so it is small and old records go.
pub trait ClusterLog: Send + Sync + 'static {
    /// Appends a notice of a node and blocks until it is durable.
    fn tell(&self, node: &str, notice: &Bytes) -> Result<(), AppendError>;

    /// Reads all notices in order, from some that were told lately on, and goes on at the tail.
    fn listen(&self) -> Result<Box<dyn Reader>, Error>;
}

/// The longest page that [`Journal::ended`] returns.
pub const ENDED_LIMIT_MAX: usize = 1000;

/// A position in the log that moves on.
pub trait Reader: Send {
    /// The next records, in offset order, none left out and none twice; a bounded batch. Waits up to `wait` at the
    /// tail; empty when nothing came. Records are seen only when they are durable.
    ///
    /// After an error the reader gives nothing but errors; read again from the last offset + 1.
    fn next(&mut self, wait: Duration) -> Result<Vec<Record>, Error>;
}

/// A view on the checkpoints of a partition.
///
/// First every entry of the state (each key once, in no promised order), closed by one [`Observed::Checkpoint`]; then
/// for each later checkpoint its changes, closed likewise. What stands between two of them is half a checkpoint and
/// means nothing before its end has been seen. An implementation may repeat older versions of an entry before that
/// first checkpoint, so the last one given counts.
pub trait Observer: Send {
    /// The next step; waits up to `wait` for one. After an error: observe again.
    fn next(&mut self, wait: Duration) -> Result<Observed, Error>;

    /// How far it is with the entries before the first checkpoint.
    fn extent(&self) -> Extent;
}

/// How much of something has been given, and how much there is about, in steps that mean nothing else. When nobody
/// knows both are 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Given so far.
    pub done: u64,
    /// All of it.
    pub of: u64,
}

/// One step of an [`Observer`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observed {
    /// An entry of the state, or a change to it.
    Change(Change),
    /// Everything up to here is complete: this is the state after all commands below `next_offset`.
    Checkpoint {
        /// The first offset that the checkpoint does not include; 0 when nothing was ever checkpointed.
        next_offset: u64,
        /// The term of the leader that wrote it; 0 when nobody has led yet.
        term: u64,
    },
    /// Nothing came within the wait.
    Idle,
}

/// One leadership of one partition.
pub trait Lead: Send {
    /// The number of this leadership; greater than that of every earlier one.
    fn term(&self) -> u64;

    /// The first offset that the last committed checkpoint does not include; 0 when there is none.
    fn next_offset(&self) -> u64;

    /// Commits all of the checkpoint or nothing of it, and blocks until it is durable. Log records below its
    /// `next_offset` may be deleted afterwards.
    fn checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), CheckpointError>;
}

/// The net change of one entry of the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The entry's key, at most [`KEY_BYTES_MAX`] bytes.
    pub key: Bytes,
    /// The new value; `None` removes the entry.
    pub value: Option<Bytes>,
}

/// The longest key of a [`Change`], in bytes.
pub const KEY_BYTES_MAX: usize = 4096;

/// The longest command, and the longest record of a checkpoint with its key, in bytes. It is far more than a node takes
/// from a caller, so that whatever a command becomes fits as well: an entry, an event, a send inside another command.
pub const RECORD_BYTES_MAX: usize = 8 << 20;

/// Everything that one checkpoint writes, atomically.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// The first offset that is not included. Never less than that of the checkpoint before.
    pub next_offset: u64,
    /// Net changes; when a key comes more than once the last one counts.
    pub changes: Vec<Change>,
    /// What happened, for people and auditors.
    pub history: Vec<HistoryRecord>,
    /// Changes of the public views. Only `kafka` has views; `embedded` and `memory` take no notice of them, since
    /// whoever asks them has the entries.
    pub views: Vec<ViewRecord>,
    /// What the processes themselves publish. Only `kafka` publishes; `memory` keeps it for tests.
    pub outbound: Vec<OutboundRecord>,
    /// Records that could not be applied. Only `kafka` keeps them; the others take no notice.
    pub dead_letters: Vec<DeadLetter>,
}

impl Checkpoint {
    /// Refuses what no correct caller makes: a checkpoint that goes back, is ahead of the log, or has a key or a record
    /// that is too long. `committed` is the last checkpoint's position, `next` the end of the log.
    fn check(&self, committed: u64, next: u64) -> Result<(), CheckpointError> {
        if !(committed..=next).contains(&self.next_offset) {
            return Err(CheckpointError::Failed(format!(
                "its position {} is not between the last checkpoint's {committed} and the end of the log {next}",
                self.next_offset
            )));
        }
        let keys = self.changes.iter().map(|change| change.key.len());
        at_most("a key", keys, KEY_BYTES_MAX)?;
        let entries = self.changes.iter();
        let entries = entries.map(|it| it.key.len() + it.value.as_ref().map_or(0, Bytes::len));
        let payloads = self.history.iter().map(|it| it.payload.len());
        at_most("a record", entries.chain(payloads), RECORD_BYTES_MAX)
    }
}

fn at_most(
    what: &str,
    lengths: impl Iterator<Item = usize>,
    limit: usize,
) -> Result<(), CheckpointError> {
    match lengths.max() {
        Some(length) if length > limit => Err(CheckpointError::Failed(format!(
            "{what} has {length} bytes, the limit is {limit}"
        ))),
        Some(_) | None => Ok(()),
    }
}

/// A piece of an instance's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRecord {
    /// The process instance.
    pub instance: u64,
    /// Events, encoded by the caller.
    pub payload: Bytes,
    /// Set by the record with which the instance ends: milliseconds since 1970, and what [`Journal::ended`] is to
    /// tell about it. Retention counts from here.
    pub ended: Option<(i64, Bytes)>,
}

/// A public view: JSON for any consumer, the last version of each key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// One record per process instance.
    Instances,
    /// One record per user task.
    UserTasks,
    /// One record per incident.
    Incidents,
}

/// The new version of one key of a view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewRecord {
    /// Which view.
    pub view: View,
    /// What it is about, unique within the view over all partitions, at most [`KEY_BYTES_MAX`] bytes.
    pub key: Bytes,
    /// JSON; `None` removes the key.
    pub value: Option<Bytes>,
    /// The process instance that it belongs to, while it is there.
    pub instance: Option<u64>,
}

/// A record for a topic of the user's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboundRecord {
    /// The topic's name.
    pub topic: String,
    /// Decides the partition, as with Java producers; without one it is any.
    pub key: Option<Bytes>,
    /// `None` is a tombstone.
    pub value: Option<Bytes>,
    /// In this order; a name may come more than once.
    pub headers: Vec<(String, Bytes)>,
    /// Milliseconds since 1970; `None` is the time of sending.
    pub timestamp_ms: Option<i64>,
}

/// A record that could not be applied, with where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// The topic it was read from; `None`: the log of commands.
    pub topic: Option<String>,
    /// The partition it was read from.
    pub partition: u32,
    /// Its offset there.
    pub offset: u64,
    /// The record's value as it was.
    pub record: Bytes,
    /// Why it could not be applied, for people.
    pub reason: String,
}

/// What [`Journal::history`] gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryPart {
    /// As given in [`HistoryRecord::payload`], the oldest first.
    pub payloads: Vec<Bytes>,
    /// Older ones were left out.
    pub is_cut: bool,
}

impl HistoryPart {
    /// Gathers payloads that come the newest first; asks for no more of them than it keeps, and one.
    fn gather<E>(
        newest_first: impl Iterator<Item = Result<Bytes, E>>,
        bytes_max: usize,
    ) -> Result<HistoryPart, E> {
        let mut part = HistoryPart::default();
        let mut left = bytes_max;
        for payload in newest_first {
            let payload = payload?;
            if payload.len() > left && !part.payloads.is_empty() {
                part.is_cut = true;
                break;
            }
            left = left.saturating_sub(payload.len());
            part.payloads.push(payload);
        }
        part.payloads.reverse();
        Ok(part)
    }
}

/// An instance that has ended and whose history has not expired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The process instance.
    pub instance: u64,
    /// When it ended, in milliseconds since 1970.
    pub at_ms: i64,
    /// As given in [`HistoryRecord::ended`].
    pub summary: Bytes,
}
