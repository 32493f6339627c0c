//! The journal for tests and simulation: everything in memory, faults on demand, time by hand.
//!
//! Owns the log, state and history of all partitions behind one lock. A [`MemoryJournal`] is a cheap handle; whoever
//! "crashes" drops its readers and leads and goes on with a clone. It never reads a clock and never sleeps except
//! where a caller gives a `wait`.

mod cluster;
mod faults;
mod reader;
mod topics;

pub use faults::{FaultCounts, Faults};

use crate::feed::{Commit, Feed, locked};
use crate::latch::Latch;
use crate::{
    AppendError, Bytes, Change, Checkpoint, CheckpointError, ClusterLog, ENDED_LIMIT_MAX, Ended,
    Error, HistoryPart, Journal, Lead, Observer, RECORD_BYTES_MAX, Reader, Record,
};
use faults::Dice;
use reader::MemoryReader;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;
use topics::Topics;

/// At most so many records come from one [`Reader::next`].
const BATCH_RECORDS_MAX: usize = 1024;

/// A journal in memory. Clones share everything.
#[derive(Clone)]
pub struct MemoryJournal {
    shared: Arc<Shared>,
}

struct Shared {
    world: Mutex<World>,
    grown: Condvar,
    latch: Arc<Latch>,
}

struct World {
    /// What was set, without what has passed since.
    now_ms: i64,
    running_since: Option<Instant>,
    dice: Dice,
    /// The last one is the log of the cluster.
    partitions: Vec<Partition>,
    topics: Topics,
}

#[derive(Default)]
struct Partition {
    log: VecDeque<Record>,
    /// The smallest offset that may be read from, and the one that the next record will at least have.
    first: u64,
    next: u64,
    last_timestamp_ms: i64,
    /// Records from this offset on are not visible yet, for so many reads more.
    hidden: Option<(u64, u64)>,
    /// Appends that come into the log later: after so many reads, or with the next append.
    late: Vec<(u64, Vec<Bytes>)>,
    state: BTreeMap<Bytes, Bytes>,
    history: BTreeMap<u64, Vec<Bytes>>,
    ended: BTreeMap<(i64, u64), Bytes>,
    next_offset: u64,
    term: u64,
    feed: Arc<Feed>,
}

impl MemoryJournal {
    /// An empty journal without faults, at time 0. The seed decides everything that is random.
    #[must_use]
    pub fn new(partitions: u32, seed: u64) -> Self {
        let world = World {
            now_ms: 0,
            running_since: None,
            dice: Dice::new(seed),
            partitions: (0..=partitions).map(|_| Partition::default()).collect(),
            topics: Topics::default(),
        };
        Self {
            shared: Arc::new(Shared {
                world: Mutex::new(world),
                grown: Condvar::new(),
                latch: Arc::new(Latch::default()),
            }),
        }
    }

    /// From now on these faults strike; the counts go on.
    pub fn set_faults(&self, faults: Faults) {
        locked(&self.shared.world).dice.rates = faults;
    }

    /// How often each fault has struck.
    #[must_use]
    pub fn fault_counts(&self) -> FaultCounts {
        locked(&self.shared.world).dice.counts
    }

    /// The clock that stamps records, in milliseconds since 1970.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        locked(&self.shared.world).now_ms()
    }

    /// Sets the clock; it may go back, the timestamps of records do not.
    pub fn set_now(&self, now_ms: i64) {
        locked(&self.shared.world).now_ms = now_ms;
    }

    /// From now on the clock also goes by itself, as fast as time does.
    pub fn run_clock(&self) {
        locked(&self.shared.world).running_since = Some(Instant::now());
    }

    /// Moves the clock on.
    pub fn advance(&self, by_ms: i64) {
        let mut world = locked(&self.shared.world);
        world.now_ms = world.now_ms.saturating_add(by_ms);
    }

    /// Deletes the records below the last committed checkpoint, as other journals do by themselves.
    pub fn delete_below_checkpoint(&self, partition: u32) -> Result<(), Error> {
        let mut world = locked(&self.shared.world);
        let partition = world.partition(partition)?;
        let below = partition.next_offset;
        while partition.log.front().is_some_and(|r| r.offset < below) {
            partition.log.pop_front();
        }
        partition.first = partition.first.max(below);
        Ok(())
    }
}

impl World {
    fn now_ms(&self) -> i64 {
        let passed = self
            .running_since
            .map_or(0, |since| since.elapsed().as_millis());
        self.now_ms
            .saturating_add(i64::try_from(passed).unwrap_or(i64::MAX))
    }

    fn partition(&mut self, partition: u32) -> Result<&mut Partition, Error> {
        match partition < self.count() {
            true => self.log(partition),
            false => Err(Error::UnknownPartition(partition)),
        }
    }

    /// Those that are partitions of the journal.
    fn count(&self) -> u32 {
        self.partitions.len() as u32 - 1
    }

    /// Of a partition, or of the cluster.
    fn log(&mut self, log: u32) -> Result<&mut Partition, Error> {
        let found = self.partitions.get_mut(log as usize);
        found.ok_or(Error::UnknownPartition(log))
    }
}

impl Journal for MemoryJournal {
    fn partitions(&self) -> u32 {
        locked(&self.shared.world).count()
    }

    fn append(&self, partition: u32, commands: &[Bytes]) -> Result<(), AppendError> {
        check_sizes(commands)?;
        let mut world = locked(&self.shared.world);
        if partition >= world.count() {
            return Err(AppendError::UnknownPartition(partition));
        }
        let now_ms = world.now_ms();
        let World {
            dice, partitions, ..
        } = &mut *world;
        let partition = partitions
            .get_mut(partition as usize)
            .ok_or(AppendError::UnknownPartition(partition))?;
        let outcome = append_with_faults(partition, dice, now_ms, commands);
        for (_, late) in std::mem::take(&mut partition.late) {
            partition.push(dice, now_ms, &late);
        }
        // What was late a moment ago is in the log now; what this call has made late waits for the next.
        if let Err(Appending::Late(reads)) = outcome {
            partition.late.push((reads, commands.to_vec()));
        }
        self.shared.grown.notify_all();
        match outcome {
            Ok(()) => Ok(()),
            Err(Appending::Full) => Err(AppendError::Full),
            Err(Appending::Unknown(why)) => Err(AppendError::Unknown(why.to_owned())),
            Err(Appending::Late(_)) => Err(AppendError::Unknown("timed out".to_owned())),
        }
    }

    fn read(&self, partition: u32, from: u64) -> Result<Box<dyn Reader>, Error> {
        let mut world = locked(&self.shared.world);
        world.partition(partition)?.check_bounds(partition, from)?;
        let shared = Arc::clone(&self.shared);
        Ok(Box::new(MemoryReader::new(shared, partition, from)))
    }

    fn observe(&self, partition: u32) -> Result<Box<dyn Observer>, Error> {
        let mut world = locked(&self.shared.world);
        let found = world.partition(partition)?;
        let entry = |(key, value): (&Bytes, &Bytes)| {
            Ok(Change {
                key: key.clone(),
                value: Some(value.clone()),
            })
        };
        let entries: Vec<_> = found.state.iter().map(entry).collect();
        let latch = Arc::clone(&self.shared.latch);
        let count = entries.len() as u64;
        let entries = Box::new(entries.into_iter());
        let (next_offset, term) = (found.next_offset, found.term);
        Ok(Box::new(found.feed.follow(
            partition,
            latch,
            (entries, count),
            next_offset,
            term,
        )))
    }

    fn lead(&self, partition: u32, _leader: &str) -> Result<Box<dyn Lead>, Error> {
        let mut world = locked(&self.shared.world);
        let found = world.partition(partition)?;
        found.take_over();
        Ok(Box::new(MemoryLead {
            shared: Arc::clone(&self.shared),
            partition,
            term: found.term,
            next_offset: found.next_offset,
            failed: false,
        }))
    }

    fn history(
        &self,
        partition: u32,
        instance: u64,
        bytes_max: usize,
    ) -> Result<HistoryPart, Error> {
        let mut world = locked(&self.shared.world);
        let history = &world.partition(partition)?.history;
        let payloads = history.get(&instance).into_iter().flatten();
        HistoryPart::gather(payloads.rev().cloned().map(Ok), bytes_max)
    }

    fn ended(
        &self,
        partition: u32,
        before: Option<(i64, u64)>,
        limit: usize,
    ) -> Result<Vec<Ended>, Error> {
        let mut world = locked(&self.shared.world);
        let ended = &world.partition(partition)?.ended;
        let page = |(&(at_ms, instance), summary): (&(i64, u64), &Bytes)| Ended {
            instance,
            at_ms,
            summary: summary.clone(),
        };
        let limit = limit.min(ENDED_LIMIT_MAX);
        Ok(match before {
            Some(before) => ended.range(..before).rev().take(limit).map(page).collect(),
            None => ended.iter().rev().take(limit).map(page).collect(),
        })
    }

    fn cluster(&self) -> Option<Arc<dyn ClusterLog>> {
        Some(Arc::new(self.clone()))
    }
}

fn check_sizes(commands: &[Bytes]) -> Result<(), AppendError> {
    match commands.iter().map(Bytes::len).max() {
        Some(size) if size > RECORD_BYTES_MAX => Err(AppendError::TooLarge {
            size,
            limit: RECORD_BYTES_MAX,
        }),
        Some(_) | None => Ok(()),
    }
}

/// How an append ends that does not succeed.
enum Appending {
    Full,
    Unknown(&'static str),
    Late(u64),
}

fn append_with_faults(
    partition: &mut Partition,
    dice: &mut Dice,
    now_ms: i64,
    commands: &[Bytes],
) -> Result<(), Appending> {
    if dice.strikes(dice.rates.append_full) {
        dice.counts.append_full += 1;
        return Err(Appending::Full);
    }
    if dice.strikes(dice.rates.append_before) {
        dice.counts.append_before += 1;
        return Err(Appending::Unknown("failed before the log took it"));
    }
    if dice.strikes(dice.rates.append_late) {
        dice.counts.append_late += 1;
        return Err(Appending::Late(dice.up_to(8)));
    }
    let start = partition.next;
    if commands.len() > 1 && dice.strikes(dice.rates.append_prefix) {
        dice.counts.append_prefix += 1;
        let length = dice.up_to(commands.len() as u64 - 1) as usize;
        partition.push(dice, now_ms, commands.get(..length).unwrap_or(commands));
        return Err(Appending::Unknown("failed half-way"));
    }
    partition.push(dice, now_ms, commands);
    if dice.strikes(dice.rates.append_duplicate) {
        dice.counts.append_duplicate += 1;
        partition.push(dice, now_ms, commands);
    }
    if partition.hidden.is_none() && dice.strikes(dice.rates.delay) {
        dice.counts.delay += 1;
        partition.hidden = Some((start, dice.up_to(5)));
    }
    if dice.strikes(dice.rates.append_after) {
        dice.counts.append_after += 1;
        return Err(Appending::Unknown("failed after the log took it"));
    }
    Ok(())
}

impl Partition {
    fn push(&mut self, dice: &mut Dice, now_ms: i64, commands: &[Bytes]) {
        for command in commands {
            if dice.strikes(dice.rates.gap) {
                dice.counts.gap += 1;
                self.next += dice.up_to(10);
            }
            self.last_timestamp_ms = self.last_timestamp_ms.max(now_ms);
            self.log.push_back(Record {
                offset: self.next,
                timestamp_ms: self.last_timestamp_ms,
                command: command.clone(),
            });
            self.next += 1;
        }
    }

    fn check_bounds(&self, partition: u32, from: u64) -> Result<(), Error> {
        if (self.first..=self.next).contains(&from) {
            return Ok(());
        }
        Err(Error::OutOfBounds {
            partition,
            from,
            first: self.first,
            next: self.next,
        })
    }

    /// One look at the log: what is late or hidden comes nearer to being seen.
    fn look(&mut self, dice: &mut Dice, now_ms: i64) {
        let mut arrived = Vec::new();
        self.late.retain_mut(|(reads, commands)| {
            *reads -= 1;
            if *reads == 0 {
                arrived.push(std::mem::take(commands));
            }
            *reads > 0
        });
        for commands in arrived {
            self.push(dice, now_ms, &commands);
        }
        self.hidden = match self.hidden {
            Some((from, reads)) if reads > 1 => Some((from, reads - 1)),
            Some(_) | None => None,
        };
    }

    fn visible(&self) -> u64 {
        self.hidden.map_or(u64::MAX, |(from, _)| from)
    }

    fn take_over(&mut self) {
        self.term += 1;
        let (next_offset, term) = (self.next_offset, self.term);
        self.feed.publish(|| Commit {
            changes: Vec::new(),
            next_offset,
            term,
        });
    }

    fn commit(&mut self, checkpoint: &Checkpoint) {
        for change in &checkpoint.changes {
            match &change.value {
                Some(value) => self.state.insert(change.key.clone(), value.clone()),
                None => self.state.remove(&change.key),
            };
        }
        for record in &checkpoint.history {
            let history = self.history.entry(record.instance).or_default();
            history.push(record.payload.clone());
            if let Some((at_ms, summary)) = &record.ended {
                self.ended
                    .insert((*at_ms, record.instance), summary.clone());
            }
        }
        self.next_offset = checkpoint.next_offset;
        let term = self.term;
        self.feed.publish(|| Commit {
            changes: checkpoint.changes.clone(),
            next_offset: checkpoint.next_offset,
            term,
        });
    }
}

struct MemoryLead {
    shared: Arc<Shared>,
    partition: u32,
    term: u64,
    next_offset: u64,
    failed: bool,
}

impl Lead for MemoryLead {
    fn term(&self) -> u64 {
        self.term
    }

    fn next_offset(&self) -> u64 {
        self.next_offset
    }

    fn checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), CheckpointError> {
        let shared = Arc::clone(&self.shared);
        let mut world = locked(&shared.world);
        let World {
            dice,
            partitions,
            topics,
            ..
        } = &mut *world;
        let partition = partitions
            .get_mut(self.partition as usize)
            .ok_or_else(|| CheckpointError::Failed("no such partition".to_owned()))?;
        if dice.strikes(dice.rates.fence) {
            dice.counts.fence += 1;
            partition.take_over();
        }
        if partition.term != self.term {
            return Err(CheckpointError::Fenced);
        }
        if self.failed {
            return Err(CheckpointError::Failed(
                "an earlier one has failed".to_owned(),
            ));
        }
        checkpoint.check(partition.next_offset, partition.next)?;
        if dice.strikes(dice.rates.checkpoint_full) {
            dice.counts.checkpoint_full += 1;
            return Err(CheckpointError::Full);
        }
        if dice.strikes(dice.rates.checkpoint_before) {
            dice.counts.checkpoint_before += 1;
            self.failed = true;
            return Err(CheckpointError::Failed("before the commit".to_owned()));
        }
        topics.check(dice, checkpoint)?;
        topics.publish(checkpoint);
        partition.commit(checkpoint);
        if dice.strikes(dice.rates.checkpoint_after) {
            dice.counts.checkpoint_after += 1;
            self.failed = true;
            return Err(CheckpointError::Failed("after the commit".to_owned()));
        }
        self.next_offset = checkpoint.next_offset;
        Ok(())
    }
}
