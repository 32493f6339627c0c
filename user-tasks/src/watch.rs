//! WatchTasks: the present state of what matches, then every change to it.
//!
//! A snapshot is read in slices, one partition after the other, while all of them go on. The changes are watched from
//! before the first slice; those that a slice has shown already are left out, so that nothing is missed and no task
//! goes back.

use std::convert::Infallible;

use engine::State;
use node::{PartitionClient, PartitionId, Query, TaskEvent, TaskWatch, WatchError};
use prost::Message;
use proto::record::user_task;
use proto::usertask::snapshot::Reason;
use proto::usertask::watch_tasks_response::Event;
use proto::usertask::{
    Progress, Snapshot, SnapshotEnd, Task, TaskFilter, TaskLeft, WatchTasksResponse,
};
use rustc_hash::FxHashSet;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tonic::Status;

use crate::convert;
use crate::fault;
use crate::filter::Filter;
use crate::position::Position;
use crate::reason;
use crate::scan::{Budget, Next, ROW_UNITS, Slice, Slices};

/// So many changes that are none of the watcher's; then it is told the position.
const SKIPPED_MAX: u32 = 256;
/// Snapshots in a row that a reader was too slow for.
const LAGS_MAX: u32 = 5;

pub(crate) type Sender = mpsc::Sender<Result<WatchTasksResponse, Status>>;

pub(crate) struct Watch {
    slices: Slices,
    filter: Filter,
    /// The same, to be asked of the partitions.
    asked: TaskFilter,
    out: Sender,
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

/// Where the changes begin. Partitions are in the order of their numbers.
struct Start {
    watch: TaskWatch,
    covered: Vec<Covered>,
    /// Up to where all changes of each partition were told.
    told: Vec<u64>,
    is_resumed: bool,
}

impl Start {
    fn position(&self) -> String {
        Position::of_all(&self.told).to_string()
    }
}

/// Up to which offset each task of a partition is known: tasks to (last key of the slice, offset of the slice).
#[derive(Default)]
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
    /// `filter` is a checked one.
    pub fn new(
        slices: Slices,
        filter: TaskFilter,
        out: Sender,
        permit: OwnedSemaphorePermit,
    ) -> Watch {
        Watch {
            slices,
            filter: Filter::of(filter.clone()),
            asked: filter,
            out,
            inside: FxHashSet::default(),
            skipped: 0,
            _permit: permit,
        }
    }

    /// Runs until the client or the node is gone.
    pub async fn run(mut self, from: Option<Vec<u64>>) {
        let Err(end) = self.follow(from).await;
        match end {
            End::ClientGone => {}
            End::Status(status) => drop(self.out.send(Err(status)).await),
        }
    }

    async fn follow(&mut self, from: Option<Vec<u64>>) -> Result<Infallible, End> {
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
        self.send(String::new(), Event::Snapshot(snapshot)).await?;
        let start = self.read(false).await?;
        self.send(start.position(), Event::SnapshotEnd(SnapshotEnd {}))
            .await?;
        Ok(start)
    }

    /// `None` when a log has not come so far: the position is another log's.
    async fn resume(&mut self, from: Vec<u64>) -> Result<Option<Start>, End> {
        let start = self.read(true).await?;
        if from.iter().zip(&start.told).any(|(from, now)| from > now) {
            return Ok(None);
        }
        Ok(Some(Start {
            watch: self.slices.node().watch_tasks(Some(&from)),
            told: from,
            ..start
        }))
    }

    /// Reads which tasks match, and shows them unless the watcher is resumed and has them.
    async fn read(&mut self, is_resumed: bool) -> Result<Start, End> {
        self.inside.clear();
        let slices = self.slices.clone();
        let partitions = slices.node().partitions();
        // The changes since are kept for a while only, so the watch begins at once.
        let mut told = Vec::new();
        for partition in partitions {
            told.push(partition.offset().await.map_err(refused)?);
        }
        let watch = slices.node().watch_tasks(Some(&told));
        let mut covered = Vec::new();
        for partition in partitions {
            covered.push(self.read_partition(partition, is_resumed).await?);
        }
        Ok(Start {
            watch,
            covered,
            told,
            is_resumed,
        })
    }

    async fn read_partition(
        &mut self,
        partition: &PartitionClient,
        is_resumed: bool,
    ) -> Result<Covered, End> {
        let mut read = ReadTasks {
            filter: self.asked.clone(),
            is_resumed,
            from: None,
        };
        let mut covered = Covered::default();
        loop {
            let slice = self.slices.ask(partition, read.clone()).await;
            let (present, offset) = slice.map_err(refused)?;
            covered.0.push((present.next.unwrap_or(u64::MAX), offset));
            self.inside.extend(present.open);
            for task in present.tasks {
                self.send(String::new(), Event::Present(task)).await?;
            }
            read.from = present.next;
            if read.from.is_none() {
                return Ok(covered);
            }
        }
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
                Ok((partition, event)) => self.change(partition, &event, &mut start).await?,
                Err(WatchError::Lagged) => return Ok(went_on),
                Err(WatchError::Stopped) => return Err(refused(node::SubmitError::Stopped)),
            }
            went_on = true;
        }
    }

    async fn change(
        &mut self,
        partition: PartitionId,
        event: &TaskEvent,
        start: &mut Start,
    ) -> Result<(), End> {
        let at = partition.in_journal() as usize;
        // Only after the last change of a command nothing of it can be missed.
        start.told[at] = match event.is_last {
            true => event.offset,
            false => event.offset.saturating_sub(1),
        };
        let covered = &start.covered[at];
        let is_shown = !start.is_resumed && event.offset <= covered.offset(event.key);
        // What a resumed watcher was shown before is not known.
        let may_be_shown = start.is_resumed && event.offset <= covered.end();
        let told = match is_shown {
            true => None,
            false => self.told(event, may_be_shown).await?,
        };
        if let Some(told) = told {
            self.skipped = 0;
            return self.send(start.position(), told).await;
        }
        self.skipped += 1;
        if self.skipped >= SKIPPED_MAX {
            self.skipped = 0;
            self.send(start.position(), Event::Progress(Progress {}))
                .await?;
        }
        Ok(())
    }

    /// What the change is to the watcher; `None`: nothing. It may have been shown a task that is not `inside`.
    async fn told(&mut self, event: &TaskEvent, may_be_shown: bool) -> Result<Option<Event>, End> {
        let Some(task) = &event.task else {
            return Ok(self.left(event, may_be_shown, None));
        };
        let node = self.slices.node();
        let executable = node
            .executable(task.definition_key)
            .await
            .map_err(refused)?;
        let executable = executable.as_deref();
        let shown = convert::task(task, executable);
        if !self.filter.matches(task, executable) {
            return Ok(self.left(event, may_be_shown, Some(shown)));
        }
        match task.state() {
            user_task::State::Created => self.inside.insert(event.key),
            user_task::State::Completed | user_task::State::Canceled => {
                self.inside.remove(&event.key)
            }
        };
        Ok(Some(Event::Changed(shown)))
    }

    /// A task that does not match.
    fn left(&mut self, event: &TaskEvent, may_be_shown: bool, task: Option<Task>) -> Option<Event> {
        let was_inside = self.inside.remove(&event.key);
        let left = TaskLeft {
            task_key: event.key,
            task,
        };
        (was_inside || may_be_shown).then_some(Event::Left(left))
    }

    /// Within a snapshot the position is empty.
    async fn send(&self, position: String, event: Event) -> Result<(), End> {
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

/// Asks for a slice of the tasks that match, in the order of their keys.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ReadTasks {
    /// A checked one.
    #[prost(message, required, tag = "1")]
    filter: TaskFilter,
    /// The watcher has the tasks already.
    #[prost(bool, tag = "2")]
    is_resumed: bool,
    /// [`PresentTasks::next`] of the slice before.
    #[prost(uint64, optional, tag = "3")]
    from: Option<u64>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct PresentTasks {
    #[prost(message, repeated, tag = "1")]
    tasks: Vec<Task>,
    /// Keys of the open ones.
    #[prost(uint64, repeated, tag = "2")]
    open: Vec<u64>,
    /// The last key that was looked at, from which the next slice goes on; none: there is nothing more.
    #[prost(uint64, optional, tag = "3")]
    next: Option<u64>,
}

impl Query for ReadTasks {
    type Answer = PresentTasks;
    const NAME: &'static str = "user_tasks.ReadTasks";

    fn answer(self, state: &State) -> PresentTasks {
        let slice = Slice {
            filter: &Filter::of(self.filter),
            descending: false,
            after: None,
            from: self.from,
        };
        let (mut tasks, mut open) = (Vec::new(), Vec::new());
        let next = slice.visit(state, &mut Budget::slice(), |task, executable, budget| {
            if task.state() == user_task::State::Created {
                open.push(task.key);
            }
            if !self.is_resumed {
                budget.spend(ROW_UNITS);
                tasks.push(convert::task(task, executable));
            }
            Next::GoOn
        });
        PresentTasks { tasks, open, next }
    }
}

fn refused(error: node::SubmitError) -> End {
    End::Status(fault::refused(error))
}
