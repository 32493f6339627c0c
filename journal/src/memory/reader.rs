//! Reads a log in memory and waits at its tail.

use super::{BATCH_RECORDS_MAX, Shared, World};
use crate::feed::{locked, wait_until};
use crate::{Error, Reader, Record};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(super) struct MemoryReader {
    shared: Arc<Shared>,
    partition: u32,
    from: u64,
}

impl MemoryReader {
    /// `from` is within the log's bounds.
    pub(super) fn new(shared: Arc<Shared>, partition: u32, from: u64) -> Self {
        Self {
            shared,
            partition,
            from,
        }
    }
}

impl Reader for MemoryReader {
    fn next(&mut self, wait: Duration) -> Result<Vec<Record>, Error> {
        let mut world = locked(&self.shared.world);
        if !wait.is_zero() {
            let (partition, from) = (self.partition as usize, self.from);
            let deadline = Instant::now() + wait;
            world = wait_until(&self.shared.grown, world, deadline, |world| {
                let found = world.partitions.get(partition);
                found.is_some_and(|p| p.next > from || !p.late.is_empty())
            });
        }
        let now_ms = world.now_ms();
        let World {
            dice, partitions, ..
        } = &mut *world;
        let partition = partitions
            .get_mut(self.partition as usize)
            .ok_or(Error::UnknownPartition(self.partition))?;
        partition.look(dice, now_ms);
        if self.from < partition.first {
            partition.check_bounds(self.partition, self.from)?;
        }
        let visible = partition.visible();
        let start = partition.log.partition_point(|r| r.offset < self.from);
        let records: Vec<Record> = partition
            .log
            .range(start..)
            .take_while(|r| r.offset < visible)
            .take(BATCH_RECORDS_MAX)
            .cloned()
            .collect();
        if let Some(last) = records.last() {
            self.from = last.offset + 1;
        }
        Ok(records)
    }
}
