//! The thread that makes commands durable: takes what is queued, as much as fits, and appends it at once.
//!
//! While one append waits for the disk the next batch gathers, so that the load decides the size of a batch. It must
//! not answer a command: only applying does, except when the append says that it will not come.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use bytes::Bytes;
use journal::{AppendError, Journal};

use crate::core::Core;
use crate::error::SubmitError;
use crate::queue::{Batch, Entry};

/// Runs until the queue is finished and empty.
pub(crate) fn run(core: &Arc<Core>, journal: &dyn Journal) {
    let _end = End(core);
    while let Some(batch) = core.queue.take(core.config.append_bytes_max) {
        append_batch(core, journal, batch);
    }
}

/// Tells that this thread has ended, in a panic too.
struct End<'c>(&'c Core);

impl Drop for End<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0
                .orders
                .fail("a defect of the node: nothing is appended any more".to_owned());
        }
        self.0.orders.appender_ended.store(true, Ordering::Release);
        self.0.orders.ring();
    }
}

/// Who cares about a command that is appended.
#[derive(Clone, Copy)]
enum Origin {
    Chore,
    Proposal,
    Caller { correlation: u64 },
}

fn append_batch(core: &Core, journal: &dyn Journal, batch: Batch) {
    let mut commands = Vec::with_capacity(batch.entries.len() + batch.chores.len());
    let mut origins = Vec::with_capacity(commands.capacity());
    let mut waiters = Vec::with_capacity(batch.entries.len());
    let chores = batch.chores.into_iter().map(|bytes| (bytes, Origin::Chore));
    let proposals = batch.proposals.into_iter();
    let proposals = proposals.map(|bytes| (bytes, Origin::Proposal));
    for (bytes, origin) in chores.chain(proposals) {
        commands.push(bytes);
        origins.push(origin);
    }
    for entry in batch.entries {
        let Entry {
            bytes,
            correlation,
            waiter,
        } = entry;
        if waiter.is_gone() {
            core.waiters.leave(1);
            core.refuse(waiter, SubmitError::Overloaded);
            continue;
        }
        commands.push(bytes);
        origins.push(Origin::Caller { correlation });
        waiters.push((correlation, waiter));
    }
    core.waiters.insert(waiters);
    let partition = core.partition.in_journal();
    let begun = Instant::now();
    let appended = journal.append(partition, &commands);
    let measures = core.config.measures.of(core.partition);
    measures.append.took(begun.elapsed());
    match appended {
        Ok(()) => {}
        // Together they are too long for this journal: one after another.
        Err(AppendError::TooLarge { .. }) if commands.len() > 1 => {
            for (command, origin) in commands.into_iter().zip(origins) {
                let command = [command];
                if let Err(error) = journal.append(partition, &command) {
                    lost(core, &error, &command, &[origin]);
                }
            }
        }
        Err(error) => lost(core, &error, &commands, &origins),
    }
}

/// These commands are not in the log, or nobody knows.
fn lost(core: &Core, error: &AppendError, commands: &[Bytes], origins: &[Origin]) {
    tracing::warn!(%error, commands = commands.len(), "commands were not appended");
    let (mut callers, mut chores, mut proposed) = (Vec::new(), Vec::new(), false);
    for (command, origin) in commands.iter().zip(origins) {
        match origin {
            Origin::Caller { correlation } => callers.push(*correlation),
            Origin::Chore => chores.push(command.clone()),
            Origin::Proposal => proposed = true,
        }
    }
    let reason = match error {
        AppendError::Full => SubmitError::Full(error.to_string()),
        AppendError::TooLarge { size, limit } => SubmitError::TooLarge {
            size: *size,
            limit: *limit,
        },
        AppendError::Unknown(_) | AppendError::UnknownPartition(_) | AppendError::Closed(_) => {
            SubmitError::Unavailable(error.to_string())
        }
    };
    for waiter in core.waiters.take_back(&callers) {
        core.refuse(waiter, reason.clone());
    }
    match error {
        AppendError::Full | AppendError::Unknown(_) => {
            if !chores.is_empty() {
                core.queue.put_back(chores);
            }
        }
        // No chore is as long as a command may be.
        AppendError::TooLarge { .. } => {}
        AppendError::UnknownPartition(_) | AppendError::Closed(_) => {
            core.orders.fail(error.to_string());
        }
    }
    if proposed {
        core.orders.proposals_lost.store(true, Ordering::Release);
        core.orders.ring();
    }
}
