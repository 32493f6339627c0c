//! The handle of a node: what floor 4 calls.
//!
//! Owns which partition a call concerns. It must not know what a command does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use journal::Journal;
use proto::record::{ActivateJobs, ActivatedJob, EndedInstance, command::Kind};
use tokio::sync::watch;

use crate::config::{Caller, Config};
use crate::core::Shared;
use crate::error::{StartError, SubmitError};
use crate::health::Health;
use crate::jobs::{self, JobStream};
use crate::partition::{Applied, Partition};
use crate::partition_id::PartitionId;
use crate::reads::{self, Story};
use crate::route::{self, Route};
use crate::status::Phase;
use crate::stream::JobStreamRequest;
use crate::watch::TaskWatch;

/// A running node. Clones share it; when the last one is dropped without [`Node::stop`] the node ends as in a crash.
#[derive(Clone)]
pub struct Node {
    partitions: Arc<[Partition]>,
    shared: Shared,
    /// Where the next call goes that may go anywhere.
    turn: Arc<AtomicU32>,
}

impl Node {
    /// Leads all partitions of the journal, restores them, and serves. Blocks until it does.
    ///
    /// # Errors
    /// See [`StartError`]; nothing runs then.
    pub fn start(journal: Arc<dyn Journal>, config: Config) -> Result<Node, StartError> {
        let count = journal.partitions();
        let shared = Shared {
            health: Arc::new(Health::new(count)),
            tasks_grown: Arc::new(watch::Sender::new(())),
        };
        let start = |id| {
            let (journal, config) = (Arc::clone(&journal), config.clone());
            Partition::start(id, journal, config, shared.clone(), None)
        };
        // Each restores on a thread of its own; the first error ends those that have started.
        let partitions = std::thread::scope(|scope| {
            let starting = PartitionId::all(count).map(|id| scope.spawn(move || start(id)));
            let starting = starting.collect::<Vec<_>>().into_iter();
            let panicked = |_| StartError::Thread("a partition has panicked".to_owned());
            let started = starting.map(|thread| thread.join().map_err(panicked)?);
            started.collect::<Result<Vec<_>, _>>()
        })?;
        Ok(Node {
            partitions: partitions.into(),
            shared,
            turn: Arc::default(),
        })
    }

    /// All partitions, the first of them first; at least one.
    pub fn partitions(&self) -> &[Partition] {
        &self.partitions
    }

    /// How many there are.
    pub fn partition_count(&self) -> u32 {
        self.partitions.len() as u32
    }

    /// The partition that made a key, where what it names lives. A key that none has made is asked of the first, which
    /// does not know it either.
    pub fn home(&self, key: u64) -> &Partition {
        self.partition(route::home(key, self.partition_count()))
    }

    /// The partition that has every definition first.
    pub fn first(&self) -> &Partition {
        self.partition(PartitionId::FIRST)
    }

    fn partition(&self, id: PartitionId) -> &Partition {
        &self.partitions[id.in_journal() as usize]
    }

    /// The partitions, each time beginning with the next one.
    fn in_turn(&self) -> impl Iterator<Item = &Partition> {
        let count = self.partitions.len();
        let start = self.turn.fetch_add(1, Ordering::Relaxed) as usize % count;
        self.partitions.iter().cycle().skip(start).take(count)
    }

    /// Submits a command and waits for its answer, for a late one too (an instance whose result is awaited).
    /// Dropping the future forgets the waiter; the command may be applied all the same.
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub async fn submit(&self, caller: &Caller, command: Kind) -> Result<Applied, SubmitError> {
        let partition = match route::route(caller, &command, self.partition_count()) {
            Route::To(id) => self.partition(id),
            Route::Any => self.in_turn().next().unwrap_or(self.first()),
        };
        partition.submit(caller, command).await
    }

    /// Leases jobs of one partition, asking all of them in turn. While there is none of the type the call is parked,
    /// without a command, for up to `wait`; then the answer is empty. A dropped call gives back what it was given.
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub async fn activate_jobs(
        &self,
        caller: &Caller,
        activate: ActivateJobs,
        wait: Duration,
    ) -> Result<Vec<ActivatedJob>, SubmitError> {
        jobs::activate(self.in_turn().collect(), caller, activate, wait).await
    }

    /// Opens a stream of jobs of all partitions; answers when it is registered in each.
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub async fn open_job_stream(
        &self,
        caller: &Caller,
        open: JobStreamRequest,
    ) -> Result<JobStream, SubmitError> {
        JobStream::open(&self.partitions, caller, open).await
    }

    /// Watches user tasks from after these offsets, one for each partition; from now on when there are none.
    pub fn watch_tasks(&self, from: Option<&[u64]>) -> TaskWatch {
        let rings = self
            .partitions
            .iter()
            .map(|partition| (partition.id(), partition.tasks()));
        TaskWatch::new(rings, from, self.shared.tasks_grown.subscribe())
    }

    /// The story of an instance so far; empty when there is none (any more).
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub async fn history(&self, instance: u64) -> Result<Story, SubmitError> {
        self.home(instance).history(instance).await
    }

    /// Ended instances of all partitions, newest first. `before` = (`ended_ms`, key) of the last one already seen
    /// gives the next page. `limit` is at most [`journal::ENDED_LIMIT_MAX`], larger ones are lowered.
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub async fn ended(
        &self,
        before: Option<(i64, u64)>,
        limit: usize,
    ) -> Result<Vec<EndedInstance>, SubmitError> {
        let limit = limit.min(journal::ENDED_LIMIT_MAX);
        let mut all = Vec::new();
        for partition in &*self.partitions {
            all = reads::merge(all, partition.ended(before, limit).await?, limit);
        }
        Ok(all)
    }

    /// How the node is: as its worst partition.
    pub fn phase(&self) -> Phase {
        self.shared.health.phase()
    }

    /// Tells when the phase changes.
    pub fn phases(&self) -> watch::Receiver<Phase> {
        self.shared.health.phases()
    }

    /// Stops gracefully: nothing new is taken, what was accepted is applied and answered, the last checkpoints are
    /// written, and the threads have ended.
    pub async fn stop(&self) {
        for partition in &*self.partitions {
            partition.tell_to_stop();
        }
        for partition in &*self.partitions {
            partition.stop().await;
        }
    }
}
