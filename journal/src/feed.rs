//! Hands committed checkpoints to the observers of one partition.
//!
//! Owns their queues, which are bounded: an observer that does not keep up is told so and must start again. It must
//! not hold up the leader.

use crate::latch::Latch;
use crate::{Change, Error, Extent, Observed, Observer};
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

/// An observer may lag by so many checkpoints, or by so many bytes of keys and values, whichever comes first.
const LAG_CHECKPOINTS_MAX: usize = 1024;
const LAG_BYTES_MAX: usize = 64 << 20;

/// What observers are told about one checkpoint.
pub(crate) struct Commit {
    pub(crate) changes: Vec<Change>,
    pub(crate) next_offset: u64,
    pub(crate) term: u64,
}

impl Commit {
    fn bytes(&self) -> usize {
        let of = |change: &Change| change.key.len() + change.value.as_ref().map_or(0, |v| v.len());
        self.changes.iter().map(of).sum()
    }
}

#[derive(Default)]
pub(crate) struct Feed {
    subscribers: Mutex<Vec<Weak<Subscriber>>>,
}

#[derive(Default)]
struct Subscriber {
    backlog: Mutex<Backlog>,
    ready: Condvar,
}

#[derive(Default)]
struct Backlog {
    commits: VecDeque<Arc<Commit>>,
    bytes: usize,
    lagged: bool,
}

impl Feed {
    /// Gives a commit to all observers; `commit` is only called when there is one.
    pub(crate) fn publish(&self, commit: impl FnOnce() -> Commit) {
        let mut subscribers = locked(&self.subscribers);
        subscribers.retain(|subscriber| subscriber.strong_count() > 0);
        if subscribers.is_empty() {
            return;
        }
        let commit = Arc::new(commit());
        let bytes = commit.bytes();
        for subscriber in subscribers.iter().filter_map(Weak::upgrade) {
            let mut backlog = locked(&subscriber.backlog);
            if backlog.lagged {
                continue;
            }
            if backlog.commits.len() >= LAG_CHECKPOINTS_MAX
                || backlog.bytes + bytes > LAG_BYTES_MAX && !backlog.commits.is_empty()
            {
                *backlog = Backlog {
                    lagged: true,
                    ..Backlog::default()
                };
            } else {
                backlog.bytes += bytes;
                backlog.commits.push_back(Arc::clone(&commit));
            }
            subscriber.ready.notify_all();
        }
    }

    /// A commit could not be published: every observer must start again.
    pub(crate) fn lose(&self) {
        for subscriber in locked(&self.subscribers)
            .drain(..)
            .filter_map(|s| s.upgrade())
        {
            locked(&subscriber.backlog).lagged = true;
            subscriber.ready.notify_all();
        }
    }

    /// Lets waiting observers look whether the journal was closed.
    pub(crate) fn wake(&self) {
        for subscriber in locked(&self.subscribers).iter().filter_map(Weak::upgrade) {
            // The lock is taken so that nobody is between having looked and waiting.
            let _backlog = locked(&subscriber.backlog);
            subscriber.ready.notify_all();
        }
    }

    /// A new observer: `entries` is the whole state at (`next_offset`, `term`), so many of them. The caller must exclude
    /// [`Feed::publish`] between taking that state and this call.
    pub(crate) fn follow(
        &self,
        partition: u32,
        latch: Arc<Latch>,
        (entries, count): (Entries, u64),
        next_offset: u64,
        term: u64,
    ) -> Follow {
        let subscriber = Arc::new(Subscriber::default());
        locked(&self.subscribers).push(Arc::downgrade(&subscriber));
        Follow {
            partition,
            latch,
            entries: Some(entries),
            extent: Extent { done: 0, of: count },
            opening: Some(Commit {
                changes: Vec::new(),
                next_offset,
                term,
            }),
            current: None,
            subscriber,
        }
    }
}

/// A state, entry by entry.
pub(crate) type Entries = Box<dyn Iterator<Item = Result<Change, Error>> + Send>;

/// The observer of every journal in this process: a snapshot, then the feed.
pub(crate) struct Follow {
    partition: u32,
    latch: Arc<Latch>,
    entries: Option<Entries>,
    extent: Extent,
    opening: Option<Commit>,
    /// The commit being handed out, and how many of its changes have been.
    current: Option<(Arc<Commit>, usize)>,
    subscriber: Arc<Subscriber>,
}

impl Observer for Follow {
    fn next(&mut self, wait: Duration) -> Result<Observed, Error> {
        if let Some(entries) = &mut self.entries {
            match entries.next() {
                Some(entry) => {
                    self.extent.done += 1;
                    return entry.map(Observed::Change);
                }
                None => self.entries = None,
            }
        }
        if let Some(opening) = self.opening.take() {
            return Ok(checkpoint(&opening));
        }
        if self.current.is_none() {
            self.current = self.receive(wait)?.map(|commit| (commit, 0));
        }
        let Some((commit, given)) = &mut self.current else {
            return Ok(Observed::Idle);
        };
        if let Some(change) = commit.changes.get(*given) {
            *given += 1;
            return Ok(Observed::Change(change.clone()));
        }
        let end = checkpoint(commit);
        self.current = None;
        Ok(end)
    }

    fn extent(&self) -> Extent {
        self.extent
    }
}

impl Follow {
    fn receive(&self, wait: Duration) -> Result<Option<Arc<Commit>>, Error> {
        let mut backlog = locked(&self.subscriber.backlog);
        if backlog.commits.is_empty() && !backlog.lagged && !wait.is_zero() {
            let deadline = Instant::now() + wait;
            backlog = wait_until(&self.subscriber.ready, backlog, deadline, |backlog| {
                !backlog.commits.is_empty() || backlog.lagged || self.latch.reason().is_some()
            });
        }
        if backlog.lagged {
            return Err(Error::Lagged(self.partition));
        }
        if let Some(commit) = backlog.commits.pop_front() {
            backlog.bytes -= commit.bytes();
            return Ok(Some(commit));
        }
        match self.latch.reason() {
            Some(reason) => Err(Error::Closed(reason.to_owned())),
            None => Ok(None),
        }
    }
}

fn checkpoint(commit: &Commit) -> Observed {
    Observed::Checkpoint {
        next_offset: commit.next_offset,
        term: commit.term,
    }
}

/// Locks. What is behind the journal's locks is only ever changed by code that does not panic half-way, so a lock
/// that a panicking thread held is still good.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits on a condition variable until `ready` or the deadline.
pub(crate) fn wait_until<'a, T>(
    condvar: &Condvar,
    mut guard: MutexGuard<'a, T>,
    deadline: Instant,
    ready: impl Fn(&T) -> bool,
) -> MutexGuard<'a, T> {
    while !ready(&guard) {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        guard = condvar
            .wait_timeout(guard, left)
            .unwrap_or_else(PoisonError::into_inner)
            .0;
    }
    guard
}
