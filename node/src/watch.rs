//! Watching user tasks: a bounded ring of recent changes, read by any number of watchers.
//!
//! Owns what may be resumed from where. It must never wait for a watcher: one that is too slow is told so.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use proto::node::TaskChange;
use proto::record::UserTask;
use tokio::sync::{mpsc, watch};

use crate::partition_id::PartitionId;

/// A change of a user task.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskEvent {
    /// The command that changed it.
    pub offset: u64,
    /// Whether no other event of the same offset follows: only then a watcher may go on after `offset`.
    pub is_last: bool,
    /// The machine's time.
    pub at_ms: i64,
    pub key: u64,
    /// The task after the command. `None` when it is gone because its instance ended in the same command without
    /// completing it.
    pub task: Option<UserTask>,
}

impl From<TaskChange> for TaskEvent {
    fn from(change: TaskChange) -> TaskEvent {
        TaskEvent {
            offset: change.offset,
            is_last: change.is_last,
            at_ms: change.at_ms,
            key: change.key,
            task: change.task,
        }
    }
}

impl From<&TaskEvent> for TaskChange {
    fn from(event: &TaskEvent) -> TaskChange {
        TaskChange {
            offset: event.offset,
            is_last: event.is_last,
            at_ms: event.at_ms,
            key: event.key,
            task: event.task.clone(),
        }
    }
}

/// Why a watch ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WatchError {
    /// Changes were missed: read the whole state again and watch from its position.
    #[error("the watcher fell too far behind")]
    Lagged,
    /// The node has stopped or failed.
    #[error("the node has stopped")]
    Stopped,
}

/// A position in the changes of user tasks of all partitions; dropping it ends the watch.
#[derive(Debug)]
pub struct TaskWatch {
    sources: Vec<(PartitionId, Source)>,
    /// Which is looked at first, so that a busy partition does not hide another one.
    turn: usize,
    grown: watch::Receiver<()>,
}

/// Where the changes of one partition come from.
#[derive(Debug)]
pub(crate) enum Source {
    Here(Place),
    /// From another node.
    There(mpsc::Receiver<Arc<TaskEvent>>),
    /// Nobody leads the partition.
    Nowhere,
}

/// A position in the changes of one partition.
#[derive(Debug)]
pub(crate) struct Place {
    tasks: Arc<Tasks>,
    /// The number of the next event; `None` when events before it are gone.
    next: Option<u64>,
}

impl Place {
    /// From after an offset; `None`: from now on.
    pub fn new(tasks: &Arc<Tasks>, from: Option<u64>) -> Place {
        Place {
            next: tasks.place(from),
            tasks: Arc::clone(tasks),
        }
    }
}

impl TaskWatch {
    pub(crate) fn new(
        sources: Vec<(PartitionId, Source)>,
        grown: watch::Receiver<()>,
    ) -> TaskWatch {
        TaskWatch {
            sources,
            turn: 0,
            grown,
        }
    }

    /// The next change, and in which partition; waits for it. In order within a partition. Cancel safe: a dropped call
    /// loses nothing.
    ///
    /// # Errors
    /// See [`WatchError`]; every later call gives the same.
    pub async fn next(&mut self) -> Result<(PartitionId, Arc<TaskEvent>), WatchError> {
        loop {
            // Before the look, so that what comes after it wakes.
            self.grown.borrow_and_update();
            if let Some(found) = self.look() {
                return found;
            }
            if self.grown.changed().await.is_err() {
                return Err(WatchError::Stopped);
            }
        }
    }

    fn look(&mut self) -> Option<Result<(PartitionId, Arc<TaskEvent>), WatchError>> {
        let count = self.sources.len();
        let places = (0..count).map(|step| (self.turn + step) % count);
        for at in places {
            let (partition, source) = &mut self.sources[at];
            if let Some(found) = source.look() {
                self.turn = at + 1;
                return Some(found.map(|event| (*partition, event)));
            }
        }
        None
    }
}

impl Source {
    fn look(&mut self) -> Option<Result<Arc<TaskEvent>, WatchError>> {
        match self {
            Source::Here(place) => place.look(),
            Source::There(events) => match events.try_recv() {
                Ok(event) => Some(Ok(event)),
                Err(mpsc::error::TryRecvError::Empty) => None,
                Err(mpsc::error::TryRecvError::Disconnected) => Some(Err(WatchError::Lagged)),
            },
            Source::Nowhere => Some(Err(WatchError::Lagged)),
        }
    }
}

impl Place {
    fn look(&mut self) -> Option<Result<Arc<TaskEvent>, WatchError>> {
        let ring = self.tasks.ring();
        let place = self.next.and_then(|next| next.checked_sub(ring.first));
        let (Some(next), Some(place)) = (self.next, place) else {
            self.next = None;
            return Some(Err(WatchError::Lagged));
        };
        let event = usize::try_from(place)
            .ok()
            .and_then(|at| ring.events.get(at));
        match event {
            Some(event) => {
                self.next = Some(next + 1);
                Some(Ok(Arc::clone(event)))
            }
            None if ring.has_ended => Some(Err(WatchError::Stopped)),
            None => None,
        }
    }
}

/// The recent changes of user tasks.
#[derive(Debug)]
pub(crate) struct Tasks {
    ring: Mutex<Ring>,
    grown: Arc<watch::Sender<()>>,
    events_max: usize,
}

#[derive(Debug, Default)]
struct Ring {
    events: VecDeque<Arc<TaskEvent>>,
    /// The number of the first event in the ring.
    first: u64,
    /// All changes from this offset on are, or were, in the ring up to `through`.
    since: u64,
    /// The first offset that was not looked at yet.
    through: u64,
    has_begun: bool,
    has_ended: bool,
}

impl Tasks {
    /// `grown` is told of every change; the partitions of a node share it.
    pub fn new(events_max: usize, grown: Arc<watch::Sender<()>>) -> Tasks {
        Tasks {
            ring: Mutex::default(),
            grown,
            events_max: events_max.max(1),
        }
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes are known from this offset on, if it is the first that is said.
    pub fn begin(&self, since: u64) {
        let mut ring = self.ring();
        if !std::mem::replace(&mut ring.has_begun, true) {
            (ring.since, ring.through) = (since, since);
        }
    }

    /// Adds what happened below `next_offset`. What was seen before, and is applied once more after a restore, is
    /// left out.
    pub fn add(&self, events: Vec<TaskEvent>, next_offset: u64) {
        let mut ring = self.ring();
        let before = ring.events.len();
        let through = ring.through;
        let new = events.into_iter().filter(|event| event.offset >= through);
        ring.events.extend(new.map(Arc::new));
        ring.through = through.max(next_offset);
        let has_grown = ring.events.len() > before;
        while ring.events.len() > self.events_max {
            if let Some(oldest) = ring.events.pop_front() {
                ring.first += 1;
                ring.since = oldest.offset + 1;
            }
        }
        drop(ring);
        if has_grown {
            self.grown.send_replace(());
        }
    }

    /// Nothing follows any more.
    pub fn end(&self) {
        self.ring().has_ended = true;
        self.grown.send_replace(());
    }

    /// The number of the first event after an offset, or of the next one; `None` when changes in between are gone.
    fn place(&self, from: Option<u64>) -> Option<u64> {
        let ring = self.ring();
        let place = match from {
            None => Some(ring.events.len()),
            // A position that is not reached yet is of another log.
            Some(from) if from.saturating_add(1) < ring.since || from >= ring.through => None,
            Some(from) => Some(ring.events.partition_point(|event| event.offset <= from)),
        };
        place.map(|place| ring.first + place as u64)
    }
}
