//! What can be set at an embedded journal.

use crate::RECORD_BYTES_MAX;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Tells the time: milliseconds since 1970. It may jump; the timestamps of records never go back.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Settings of an embedded journal. `partitions` is fixed when the directory is first used; everything else may be
/// changed from one start to the next.
#[derive(Clone)]
pub struct Options {
    /// The number of partitions; `None`: as many as there are, 1 where there is nothing yet.
    pub partitions: Option<u32>,
    /// A log segment that has reached this size is followed by a new one. The log is deleted by whole segments.
    pub segment_bytes: u64,
    /// The longest command.
    pub record_bytes_max: usize,
    /// The most bytes of commands that one append, and one write to the disk, may carry.
    pub batch_bytes_max: usize,
    /// So many bytes of the newest commands of each partition are kept in memory for readers.
    pub tail_bytes: usize,
    /// The most memory, per partition, for pages of the checkpoint store.
    pub cache_bytes: usize,
    /// For how long the history of ended instances is kept.
    pub retention: Duration,
    /// Appends are refused when less space than this is left, so that checkpoints, which free log segments, still
    /// find some; but never more than a 32nd of the file system.
    pub reserve_bytes: u64,
    /// Whether opening reads all of the checkpoint store and checks it. Without this, damage is still found in every
    /// value that is read, but not where the store's own structure is hit.
    pub verify_on_open: bool,
    /// Stamps records and decides what has expired.
    pub clock: Clock,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            partitions: None,
            segment_bytes: 64 << 20,
            record_bytes_max: RECORD_BYTES_MAX,
            batch_bytes_max: 8 << 20,
            tail_bytes: 16 << 20,
            cache_bytes: 64 << 20,
            retention: Duration::from_secs(7 * 24 * 60 * 60),
            reserve_bytes: 16 << 20,
            verify_on_open: true,
            clock: Arc::new(system_clock),
        }
    }
}

fn system_clock() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}
