//! A driver from the entries of a checkpoint, which come one by one: the last of each counts.

use std::collections::BTreeSet;

use bytes::Bytes;
use engine::{Limits, RestoreError};
use rustc_hash::{FxHashMap, FxHashSet};

use super::Driver;
use super::history::History;
use super::outbound::{self, Refused};
use super::outbox::Outbox;
use crate::partition_id::PartitionId;

/// A driver that is being restored.
#[derive(Debug)]
pub struct Loading {
    state: engine::Loading,
    /// Entries of refused records.
    refused: FxHashMap<Bytes, Bytes>,
}

impl Loading {
    pub fn new(partition: PartitionId, partitions: u32) -> Loading {
        Loading {
            state: engine::Loading::new(partition.number(), partitions),
            refused: FxHashMap::default(),
        }
    }

    /// Takes an entry, or that it is gone.
    pub fn put(&mut self, key: Bytes, value: Option<Bytes>) {
        match (outbound::is_own(&key), value) {
            (false, value) => self.state.put(&key, value.as_ref()),
            (true, Some(value)) => drop(self.refused.insert(key, value)),
            (true, None) => drop(self.refused.remove(&key)),
        }
    }

    /// The driver. `next_offset` is the first one that the checkpoint does not include. Commands at `skipped` are
    /// passed over: the machine has failed on them.
    ///
    /// # Errors
    /// The entries do not make a state, see [`RestoreError`].
    pub fn finish(
        self,
        next_offset: u64,
        limits: Limits,
        skipped: BTreeSet<u64>,
    ) -> Result<Driver, RestoreError> {
        let mut refused = Refused::restore(self.refused)?;
        let state = self.state.finish(limits.semantics)?;
        refused.follow(state.last_parked());
        Ok(Driver {
            state,
            limits,
            next_offset,
            skipped,
            history: History::default(),
            applied: 0,
            applied_bytes: 0,
            changed: false,
            ticking: false,
            agreed: 0,
            raising: false,
            tick_not_before_ms: i64::MIN,
            continuing: FxHashSet::default(),
            outbox: Outbox::default(),
            published: Vec::new(),
            refused,
            dead_letters: Vec::new(),
            definitions: None,
        })
    }
}

impl Driver {
    /// The driver for what a checkpoint holds, see [`Loading`].
    ///
    /// # Errors
    /// See [`Loading::finish`].
    pub fn restore(
        partition: PartitionId,
        partitions: u32,
        entries: impl IntoIterator<Item = (Bytes, Bytes)>,
        next_offset: u64,
        limits: Limits,
        skipped: BTreeSet<u64>,
    ) -> Result<Driver, RestoreError> {
        let mut loading = Loading::new(partition, partitions);
        for (key, value) in entries {
            loading.put(key, Some(value));
        }
        loading.finish(next_offset, limits, skipped)
    }
}
