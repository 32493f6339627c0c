//! Who waits for the answer to which command.
//!
//! Owns the waiters and the count of commands that are under way. A waiter stands here from before its command is
//! appended until its answer is given, however often the partition is restored in between.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;
use tokio::sync::oneshot;

use crate::error::SubmitError;
use crate::partition::Applied;
use crate::polls::Poll;

/// Who waits.
#[derive(Debug)]
pub(crate) enum Waiter {
    Caller(oneshot::Sender<Result<Applied, SubmitError>>),
    Poll(Box<Poll>),
}

impl Waiter {
    /// Whether nobody waits any more.
    pub fn is_gone(&self) -> bool {
        match self {
            Waiter::Caller(reply) => reply.is_closed(),
            Waiter::Poll(poll) => poll.is_gone(),
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Waiters {
    map: Mutex<FxHashMap<u64, Waiting>>,
    /// Commands accepted and not applied yet.
    in_flight: AtomicUsize,
    /// Waiters whose answer comes later.
    late: AtomicUsize,
}

#[derive(Debug)]
struct Waiting {
    waiter: Waiter,
    is_late: bool,
}

impl Waiters {
    fn map(&self) -> MutexGuard<'_, FxHashMap<u64, Waiting>> {
        self.map.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one more command under way; false when there are `max` already.
    pub fn enter(&self, max: usize) -> bool {
        let before = self.in_flight.fetch_add(1, Ordering::AcqRel);
        if before >= max {
            self.leave(1);
            return false;
        }
        true
    }

    pub fn leave(&self, commands: usize) {
        self.in_flight.fetch_sub(commands, Ordering::AcqRel);
    }

    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Acquire)
    }

    pub fn late(&self) -> usize {
        self.late.load(Ordering::Acquire)
    }

    /// Takes in the waiters of a batch that is about to be appended.
    pub fn insert(&self, waiters: impl IntoIterator<Item = (u64, Waiter)>) {
        let mut map = self.map();
        for (correlation, waiter) in waiters {
            let waiting = Waiting {
                waiter,
                is_late: false,
            };
            map.insert(correlation, waiting);
        }
    }

    /// Takes out the waiters of a batch that was not appended, and that are not answered yet.
    pub fn take_back(&self, correlations: &[u64]) -> Vec<Waiter> {
        let mut map = self.map();
        let found = correlations.iter().filter_map(|correlation| {
            let waiting = map.remove(correlation)?;
            self.forget_counts(&waiting);
            Some(waiting.waiter)
        });
        found.collect()
    }

    /// All at once, for a batch of answers.
    pub fn answering(&self) -> Answering<'_> {
        Answering {
            waiters: self,
            map: self.map(),
        }
    }

    /// The caller has gone. A command that is under way keeps its place until it is applied.
    pub fn forget(&self, correlation: u64) {
        let mut map = self.map();
        if map.get(&correlation).is_some_and(|found| found.is_late) {
            map.remove(&correlation);
            self.late.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Everybody who waits, when nothing is answered any more.
    pub fn drain(&self) -> Vec<Waiter> {
        let mut map = self.map();
        let all = map.drain().map(|(_, waiting)| {
            self.forget_counts(&waiting);
            waiting.waiter
        });
        all.collect()
    }

    fn forget_counts(&self, waiting: &Waiting) {
        match waiting.is_late {
            true => self.late.fetch_sub(1, Ordering::AcqRel),
            false => self.in_flight.fetch_sub(1, Ordering::AcqRel),
        };
    }
}

/// The waiters, while a batch is answered.
pub(crate) struct Answering<'w> {
    waiters: &'w Waiters,
    map: MutexGuard<'w, FxHashMap<u64, Waiting>>,
}

impl Answering<'_> {
    /// Who waits for this answer, if anybody does.
    pub fn take(&mut self, correlation: u64) -> Option<Waiter> {
        let waiting = self.map.remove(&correlation)?;
        self.waiters.forget_counts(&waiting);
        Some(waiting.waiter)
    }

    /// The command was applied, its answer comes later.
    pub fn wait_longer(&mut self, correlation: u64) {
        let Some(waiting) = self.map.get_mut(&correlation) else {
            return;
        };
        if waiting.is_late {
            return; // Applied once more after a restore.
        }
        self.waiters.leave(1);
        // One that leaves after this look finds itself late, and forgets itself.
        if waiting.waiter.is_gone() {
            self.map.remove(&correlation);
            return;
        }
        waiting.is_late = true;
        self.waiters.late.fetch_add(1, Ordering::AcqRel);
    }
}
