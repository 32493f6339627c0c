//! Tells how far a restore is, now and then: it may take a while, and somebody waits for it.
//!
//! It costs a comparison for each entry, and a look at the clock for every thousandth.

use std::time::{Duration, Instant};

use journal::{Change, Extent};

use crate::measures::{PartitionMeasures, Restore};
use crate::partition_id::PartitionId;

/// A line of the log so often.
const PAUSE: Duration = Duration::from_secs(5);
/// The clock is looked at after so many entries.
const STRIDE: u64 = 1024;

/// One restore of a partition.
pub(crate) struct Restoring<'m> {
    partition: PartitionId,
    measures: &'m PartitionMeasures,
    restore: Restore,
    told: Instant,
}

impl<'m> Restoring<'m> {
    pub fn begin(partition: PartitionId, measures: &'m PartitionMeasures) -> Restoring<'m> {
        measures.restore.tell(Restore::default());
        Restoring {
            partition,
            measures,
            restore: Restore::default(),
            told: Instant::now(),
        }
    }

    /// An entry was read.
    pub fn read(&mut self, change: &Change, extent: impl FnOnce() -> Extent) {
        let value = change.value.as_ref().map_or(0, |value| value.len());
        self.restore.bytes += (change.key.len() + value) as u64;
        self.restore.entries += 1;
        if self.restore.entries.is_multiple_of(STRIDE) {
            self.look(extent());
        }
    }

    fn look(&mut self, extent: Extent) {
        let Restore { entries, bytes, .. } = self.restore;
        // What it counts in may be more than entries: tombstones, older versions, holes.
        let about = u128::from(entries) * u128::from(extent.of) / u128::from(extent.done.max(1));
        self.restore.of_entries = u64::try_from(about).unwrap_or(u64::MAX).max(entries);
        self.measures.restore.tell(self.restore);
        if self.told.elapsed() >= PAUSE {
            self.told = Instant::now();
            let of_about = self.restore.of_entries;
            tracing::info!(partition = %self.partition, entries, of_about, bytes, "restoring the partition");
        }
    }

    /// All entries were read.
    pub fn end(mut self) -> Restore {
        self.restore.of_entries = self.restore.entries;
        self.measures.restore.tell(self.restore);
        self.restore
    }
}

/// The commands behind the checkpoint, which are applied again.
pub(crate) struct Replaying<'m> {
    partition: PartitionId,
    measures: &'m PartitionMeasures,
    told: Instant,
}

impl<'m> Replaying<'m> {
    pub fn begin(partition: PartitionId, measures: &'m PartitionMeasures) -> Replaying<'m> {
        Replaying {
            partition,
            measures,
            told: Instant::now(),
        }
    }

    /// So many of them so far.
    pub fn applied(&mut self, commands: u64) {
        self.measures.restore.replayed(commands);
        if self.told.elapsed() >= PAUSE {
            self.told = Instant::now();
            tracing::info!(partition = %self.partition, commands, "applying the log behind the checkpoint");
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn what_is_expected_follows_from_what_was_read() {
        let measures = PartitionMeasures::default();
        let mut restoring = Restoring::begin(PartitionId::FIRST, &measures);
        let entry = Change {
            key: Bytes::from_static(b"key"),
            value: Some(Bytes::from_static(b"value")),
        };
        // Every second record of the topic is of no use any more.
        let extent = Extent {
            done: 2 * STRIDE,
            of: 8 * STRIDE,
        };
        for _ in 0..STRIDE {
            restoring.read(&entry, || extent);
        }
        let restore = measures.restore();
        assert_eq!((restore.entries, restore.of_entries), (STRIDE, 4 * STRIDE));
        assert_eq!(restore.bytes, 8 * STRIDE);
        restoring.read(&entry, || extent);
        assert_eq!(restoring.end().entries, STRIDE + 1);
        let restore = measures.restore();
        assert_eq!(restore.of_entries, STRIDE + 1);
        Replaying::begin(PartitionId::FIRST, &measures).applied(7);
        assert_eq!(measures.restore().commands, 7);
    }
}
