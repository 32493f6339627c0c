//! What is counted and timed of each partition, for whoever looks: metrics, and who waits for a restore.
//!
//! Everything is a number that is stored without waiting for anybody; figures that are read together need not fit
//! together to the last command.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use crate::partition_id::PartitionId;
use crate::status::Phase;

/// The measures of all partitions of a node, from before it has started. Until the node knows how many there are,
/// there are none.
#[derive(Debug, Default)]
pub struct Measures(OnceLock<Box<[PartitionMeasures]>>);

impl Measures {
    /// All partitions, the first one first.
    pub fn partitions(&self) -> impl Iterator<Item = (PartitionId, &PartitionMeasures)> {
        let known = self.0.get().map_or(&[][..], |known| known);
        let ids = PartitionId::all(u32::try_from(known.len()).unwrap_or(u32::MAX));
        ids.zip(known)
    }

    /// What is known as soon as a journal is open.
    pub(crate) fn begin(&self, partitions: u32) {
        let new = || (0..partitions).map(|_| PartitionMeasures::default());
        self.0.get_or_init(|| new().collect());
    }

    pub(crate) fn of(&self, partition: PartitionId) -> &PartitionMeasures {
        static NOBODYS: PartitionMeasures = PartitionMeasures::new();
        let known = self.0.get();
        let place = partition.in_journal() as usize;
        known.and_then(|known| known.get(place)).unwrap_or(&NOBODYS)
    }
}

/// What a node is to a partition at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Neither of the others.
    None = 0,
    /// It reads the state, to lead or to follow.
    Restoring = 1,
    Follower = 2,
    Leader = 3,
}

/// The measures of one partition.
#[derive(Debug, Default)]
pub struct PartitionMeasures {
    role: AtomicU8,
    commands: AtomicU64,
    apply_ns: AtomicU64,
    pub(crate) append: Latency,
    pub(crate) checkpoint: Latency,
    pub(crate) restore: RestoreMeasures,
    /// A follower has applied everything below this.
    followed: AtomicU64,
    /// The leader's last checkpoint includes everything below this, as it has told the others.
    leader_checkpointed: AtomicU64,
}

impl PartitionMeasures {
    const fn new() -> PartitionMeasures {
        PartitionMeasures {
            role: AtomicU8::new(Role::None as u8),
            commands: AtomicU64::new(0),
            apply_ns: AtomicU64::new(0),
            append: Latency::new(),
            checkpoint: Latency::new(),
            restore: RestoreMeasures::new(),
            followed: AtomicU64::new(0),
            leader_checkpointed: AtomicU64::new(0),
        }
    }

    pub fn role(&self) -> Role {
        match self.role.load(Ordering::Relaxed) {
            1 => Role::Restoring,
            2 => Role::Follower,
            3 => Role::Leader,
            _ => Role::None,
        }
    }

    /// Commands that this node has applied as leader.
    pub fn commands(&self) -> u64 {
        self.commands.load(Ordering::Relaxed)
    }

    /// How long it took to apply these commands.
    pub fn apply_time(&self) -> Duration {
        Duration::from_nanos(self.apply_ns.load(Ordering::Relaxed))
    }

    /// From when commands are given to the journal until they are durable.
    pub fn append(&self) -> &Latency {
        &self.append
    }

    /// From when a checkpoint is given to the journal until it is durable.
    pub fn checkpoint(&self) -> &Latency {
        &self.checkpoint
    }

    /// The last restore, or the one that is under way.
    pub fn restore(&self) -> Restore {
        self.restore.read()
    }

    /// How many commands a follower is behind the leader's last checkpoint; `None`: this node does not follow.
    pub fn lag(&self) -> Option<u64> {
        let behind = || {
            let leader = self.leader_checkpointed.load(Ordering::Relaxed);
            leader.saturating_sub(self.followed.load(Ordering::Relaxed))
        };
        (self.role() == Role::Follower).then(behind)
    }

    pub(crate) fn take_role(&self, role: Role) {
        self.role.store(role as u8, Ordering::Relaxed);
    }

    /// As a leader that is in this phase.
    pub(crate) fn lead(&self, phase: &Phase) {
        self.take_role(match phase {
            Phase::Starting => Role::Restoring,
            Phase::Serving => Role::Leader,
            Phase::Failed(_) | Phase::Stopped => Role::None,
        });
    }

    pub(crate) fn applied(&self, commands: usize, took: Duration) {
        self.commands.fetch_add(commands as u64, Ordering::Relaxed);
        self.apply_ns.fetch_add(nanos(took), Ordering::Relaxed);
    }

    pub(crate) fn followed(&self, next_offset: u64) {
        self.followed.store(next_offset, Ordering::Relaxed);
    }

    pub(crate) fn leader_checkpointed(&self, next_offset: u64) {
        self.leader_checkpointed
            .store(next_offset, Ordering::Relaxed);
    }
}

/// How far a restore is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Restore {
    /// Entries of the state that were read, and their bytes.
    pub entries: u64,
    pub bytes: u64,
    /// About how many entries there are; 0: nobody knows.
    pub of_entries: u64,
    /// Commands behind the checkpoint that were applied again.
    pub commands: u64,
}

#[derive(Debug, Default)]
pub(crate) struct RestoreMeasures {
    entries: AtomicU64,
    bytes: AtomicU64,
    of_entries: AtomicU64,
    commands: AtomicU64,
}

impl RestoreMeasures {
    const fn new() -> RestoreMeasures {
        RestoreMeasures {
            entries: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            of_entries: AtomicU64::new(0),
            commands: AtomicU64::new(0),
        }
    }

    pub fn tell(&self, restore: Restore) {
        self.entries.store(restore.entries, Ordering::Relaxed);
        self.bytes.store(restore.bytes, Ordering::Relaxed);
        self.of_entries.store(restore.of_entries, Ordering::Relaxed);
        self.commands.store(restore.commands, Ordering::Relaxed);
    }

    pub fn replayed(&self, commands: u64) {
        self.commands.store(commands, Ordering::Relaxed);
    }

    fn read(&self) -> Restore {
        Restore {
            entries: self.entries.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            of_entries: self.of_entries.load(Ordering::Relaxed),
            commands: self.commands.load(Ordering::Relaxed),
        }
    }
}

/// The upper bounds of a [`Latency`], in milliseconds; what took longer is in none of them.
const BOUNDS_MS: [u64; 13] = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000,
];

/// How long something took each time.
#[derive(Debug, Default)]
pub struct Latency {
    within: [AtomicU64; BOUNDS_MS.len()],
    count: AtomicU64,
    sum_ns: AtomicU64,
}

impl Latency {
    const fn new() -> Latency {
        Latency {
            within: [const { AtomicU64::new(0) }; BOUNDS_MS.len()],
            count: AtomicU64::new(0),
            sum_ns: AtomicU64::new(0),
        }
    }

    pub(crate) fn took(&self, time: Duration) {
        let place = BOUNDS_MS
            .iter()
            .position(|bound| time <= Duration::from_millis(*bound));
        if let Some(within) = place.and_then(|place| self.within.get(place)) {
            within.fetch_add(1, Ordering::Relaxed);
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        self.sum_ns.fetch_add(nanos(time), Ordering::Relaxed);
    }

    /// Upper bounds in seconds, and how many took no longer and longer than the bound before.
    pub fn buckets(&self) -> impl Iterator<Item = (f64, u64)> {
        let seconds = |bound: &u64| Duration::from_millis(*bound).as_secs_f64();
        let within = self.within.iter();
        let within = within.map(|count| count.load(Ordering::Relaxed));
        BOUNDS_MS.iter().map(seconds).zip(within)
    }

    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    pub fn sum(&self) -> Duration {
        Duration::from_nanos(self.sum_ns.load(Ordering::Relaxed))
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_is_counted_where_it_belongs() {
        let latency = Latency::default();
        for ms in [0, 1, 3, 10_000, 60_000] {
            latency.took(Duration::from_millis(ms));
        }
        let buckets: Vec<(f64, u64)> = latency.buckets().filter(|(_, n)| *n > 0).collect();
        assert_eq!(buckets, [(0.001, 2), (0.005, 1), (10.0, 1)]);
        assert_eq!((latency.count(), latency.sum().as_secs()), (5, 70));
    }

    #[test]
    fn only_a_follower_lags() {
        let measures = PartitionMeasures::default();
        measures.leader_checkpointed(10);
        measures.followed(7);
        assert_eq!(measures.lag(), None);
        measures.take_role(Role::Follower);
        assert_eq!(measures.lag(), Some(3));
        measures.followed(12);
        assert_eq!(measures.lag(), Some(0));
    }
}
