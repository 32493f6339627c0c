//! WatchTasks: the present state of what matches, then every change to it.
//!
//! A snapshot is read in slices while the partition goes on. The changes are watched from the position of the first
//! slice; those that a later slice has shown already are left out, so that nothing is missed and no task goes back.

use std::convert::Infallible;
use std::sync::Arc;

use node::{TaskEvent, TaskWatch, WatchError};
use proto::record::user_task;
use proto::usertask::snapshot::Reason;
use proto::usertask::watch_tasks_response::Event;
use proto::usertask::{Progress, Snapshot, SnapshotEnd, Task, TaskLeft, WatchTasksResponse};
use rustc_hash::FxHashSet;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tonic::Status;

use crate::catalog::Catalog;
use crate::convert;
use crate::fault;
use crate::filter::Filter;
use crate::reason;
use crate::scan::{Budget, Next, ROW_UNITS, Scan, Slices};

/// So many changes that are none of the watcher's; then it is told the position.
const SKIPPED_MAX: u32 = 256;
/// Snapshots in a row that a reader was too slow for.
const LAGS_MAX: u32 = 5;

pub(crate) type Sender = mpsc::Sender<Result<WatchTasksResponse, Status>>;

pub(crate) struct Watch {
    pub slices: Slices,
    pub catalog: Arc<Catalog>,
    pub filter: Arc<Filter>,
    pub out: Sender,
    /// The open tasks that the watcher was shown last; ended ones never change again.
    inside: FxHashSet<u64>,
    skipped: u32,
    _permit: OwnedSemaphorePermit,
}

/// Why a watch ends.
enum End {
    ClientGone,
    Status(Status),
}

/// Where the changes begin.
struct Start {
    watch: TaskWatch,
    covered: Covered,
    is_resumed: bool,
}

/// Up to which offset each task is known: tasks to (last key of the slice, offset of the slice).
struct Covered(Vec<(u64, u64)>);

impl Covered {
    fn offset(&self, key: u64) -> u64 {
        let slice = self.0.partition_point(|(last_key, _)| *last_key < key);
        self.0.get(slice).map_or(0, |(_, offset)| *offset)
    }

    /// From here on nothing is covered.
    fn end(&self) -> u64 {
        self.0.last().map_or(0, |(_, offset)| *offset)
    }
}

impl Watch {
    pub fn new(
        slices: Slices,
        catalog: Arc<Catalog>,
        filter: Arc<Filter>,
        out: Sender,
        permit: OwnedSemaphorePermit,
    ) -> Watch {
        Watch {
            slices,
            catalog,
            filter,
            out,
            inside: FxHashSet::default(),
            skipped: 0,
            _permit: permit,
        }
    }

    /// Runs until the client or the node is gone.
    pub async fn run(mut self, from: Option<u64>) {
        let Err(end) = self.follow(from).await;
        match end {
            End::ClientGone => {}
            End::Status(status) => drop(self.out.send(Err(status)).await),
        }
    }

    async fn follow(&mut self, from: Option<u64>) -> Result<Infallible, End> {
        let mut start = match from {
            None => self.snapshot(Reason::Started).await?,
            Some(from) => match self.resume(from).await? {
                Some(start) => start,
                None => self.snapshot(Reason::PositionUnknown).await?,
            },
        };
        let mut lags = 0;
        loop {
            let is_resumed = start.is_resumed;
            let went_on = self.changes(start).await?;
            lags = if went_on { 0 } else { lags + 1 };
            if lags > LAGS_MAX {
                let message = "the changes come faster than they are read";
                let code = tonic::Code::ResourceExhausted;
                return Err(End::Status(fault::status(
                    code,
                    reason::WATCH_TOO_SLOW,
                    message,
                )));
            }
            let why = match is_resumed && !went_on {
                true => Reason::PositionUnknown,
                false => Reason::Lagged,
            };
            start = self.snapshot(why).await?;
        }
    }

    async fn snapshot(&mut self, why: Reason) -> Result<Start, End> {
        let snapshot = Snapshot { reason: why.into() };
        self.send(None, Event::Snapshot(snapshot)).await?;
        let (start, from) = self.read(false).await?;
        self.send(Some(from), Event::SnapshotEnd(SnapshotEnd {}))
            .await?;
        Ok(start)
    }

    /// `None` when the log has not come so far: the position is another log's.
    async fn resume(&mut self, from: u64) -> Result<Option<Start>, End> {
        let (start, present) = self.read(true).await?;
        if from > present {
            return Ok(None);
        }
        Ok(Some(Start {
            watch: self.slices.watch(from),
            ..start
        }))
    }

    /// Reads which tasks match, and shows them unless the watcher is resumed and has them. Gives the offset of the
    /// first slice too.
    async fn read(&mut self, is_resumed: bool) -> Result<(Start, u64), End> {
        self.inside.clear();
        let mut scan = Scan::new(Arc::clone(&self.filter), false, None);
        let mut covered = Vec::new();
        let mut begun = None;
        while !scan.is_done() {
            let slice = move |state: &engine::State| {
                let (mut tasks, mut keys) = (Vec::new(), Vec::new());
                scan.slice(state, &mut Budget::slice(), |task, executable, budget| {
                    if task.state() == user_task::State::Created {
                        keys.push(task.key);
                    }
                    if !is_resumed {
                        budget.spend(ROW_UNITS);
                        tasks.push(convert::task(task, executable));
                    }
                    Next::GoOn
                });
                (scan, tasks, keys)
            };
            let (sliced, offset) = self.slices.run(slice).await.map_err(refused)?;
            let (tasks, keys);
            (scan, tasks, keys) = sliced;
            // The changes since are kept for a while only, so the watch begins at once.
            let (watch, from) = begun
                .take()
                .unwrap_or_else(|| (self.slices.watch(offset), offset));
            begun = Some((watch, from));
            let last_key = scan.last_key().filter(|_| !scan.is_done());
            covered.push((last_key.unwrap_or(u64::MAX), offset));
            self.inside.extend(keys);
            for task in tasks {
                self.send(None, Event::Present(task)).await?;
            }
        }
        let (watch, from) = begun.ok_or(End::ClientGone)?;
        let covered = Covered(covered);
        let start = Start {
            watch,
            covered,
            is_resumed,
        };
        Ok((start, from))
    }

    /// Tells changes until some were missed; whether any came before.
    async fn changes(&mut self, mut start: Start) -> Result<bool, End> {
        let mut went_on = false;
        loop {
            let event = tokio::select! {
                () = self.out.closed() => return Err(End::ClientGone),
                event = start.watch.next() => event,
            };
            match event {
                Ok((_, event)) => self.change(&event, &start).await?,
                Err(WatchError::Lagged) => return Ok(went_on),
                Err(WatchError::Stopped) => return Err(refused(node::SubmitError::Stopped)),
            }
            went_on = true;
        }
    }

    async fn change(&mut self, event: &TaskEvent, start: &Start) -> Result<(), End> {
        // Only after the last change of a command nothing of it can be missed.
        let position = match event.is_last {
            true => event.offset,
            false => event.offset.saturating_sub(1),
        };
        let is_shown = !start.is_resumed && event.offset <= start.covered.offset(event.key);
        let told = match is_shown {
            true => None,
            false => self.told(event, start).await?,
        };
        if let Some(told) = told {
            self.skipped = 0;
            return self.send(Some(position), told).await;
        }
        self.skipped += 1;
        if self.skipped >= SKIPPED_MAX {
            self.skipped = 0;
            self.send(Some(position), Event::Progress(Progress {}))
                .await?;
        }
        Ok(())
    }

    /// What the change is to the watcher; `None`: nothing.
    async fn told(&mut self, event: &TaskEvent, start: &Start) -> Result<Option<Event>, End> {
        let Some(task) = &event.task else {
            return Ok(self.left(event, start, None));
        };
        let executable = self
            .catalog
            .get(task.definition_key)
            .await
            .map_err(End::Status)?;
        let executable = executable.as_deref();
        let shown = convert::task(task, executable);
        if !self.filter.matches(task, executable) {
            return Ok(self.left(event, start, Some(shown)));
        }
        match task.state() {
            user_task::State::Created => self.inside.insert(event.key),
            user_task::State::Completed | user_task::State::Canceled => {
                self.inside.remove(&event.key)
            }
        };
        Ok(Some(Event::Changed(shown)))
    }

    /// A task that does not match. What a resumed watcher was shown before is not known, so it is told in any case.
    fn left(&mut self, event: &TaskEvent, start: &Start, task: Option<Task>) -> Option<Event> {
        let was_inside = self.inside.remove(&event.key);
        let is_unknown = start.is_resumed && event.offset <= start.covered.end();
        let left = TaskLeft {
            task_key: event.key,
            task,
        };
        (was_inside || is_unknown).then_some(Event::Left(left))
    }

    async fn send(&self, position: Option<u64>, event: Event) -> Result<(), End> {
        let response = WatchTasksResponse {
            position,
            event: Some(event),
        };
        self.out
            .send(Ok(response))
            .await
            .map_err(|_| End::ClientGone)
    }
}

fn refused(error: node::SubmitError) -> End {
    End::Status(fault::refused(error))
}
