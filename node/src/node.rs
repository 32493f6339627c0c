//! The handle of a node: what floor 5 calls.
//!
//! Owns which partition a call concerns, and that it reaches the partition's leader, here or at another node. It must
//! not know what a command does.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use engine::Executable;
use journal::Journal;
use proto::record::{ActivateJobs, ActivatedJob, EndedInstance, command::Kind};
use tokio::sync::watch;

use crate::cluster::lease::Lease;
use crate::cluster::supervisor::{Orders, Supervisor};
use crate::config::{Caller, Config};
use crate::core::Shared;
use crate::error::{StartError, SubmitError};
use crate::health::Health;
use crate::jobs::{self, JobStream};
use crate::models::Models;
use crate::partition::{Applied, Partition};
use crate::partition_client::PartitionClient;
use crate::partition_id::PartitionId;
use crate::peer::client::Connections;
use crate::peer::watching;
use crate::place::{Place, Slot, nowhere};
use crate::reads::{self, Story};
use crate::route::{self, Route};
use crate::status::Phase;
use crate::stream::JobStreamRequest;
use crate::watch::{self as tasks, Source, TaskWatch};

/// A running node. Clones share it; when the last one is dropped without [`Node::stop`] the node ends as in a crash.
#[derive(Clone)]
pub struct Node {
    inner: Arc<Inner>,
}

struct Inner {
    slots: Arc<[Slot]>,
    /// The same, for callers.
    partitions: Vec<PartitionClient>,
    models: Models,
    shared: Shared,
    /// Where the next call goes that may go anywhere.
    turn: AtomicU32,
    /// Set when there may be other nodes.
    cluster: Option<Cluster>,
}

/// A node's part in a cluster.
struct Cluster {
    orders: Arc<Orders>,
    supervisor: Mutex<Option<JoinHandle<()>>>,
    health: Arc<Health>,
    /// How long a call waits for a leader.
    patience: Duration,
    failure: Arc<Mutex<Option<StartError>>>,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.orders.abort.store(true, Ordering::Release);
    }
}

impl Node {
    /// Leads all partitions of the journal, restores them, and serves. Blocks until it does. No other node may.
    ///
    /// # Errors
    /// See [`StartError`]; nothing runs then.
    pub fn start(journal: Arc<dyn Journal>, config: Config) -> Result<Node, StartError> {
        let count = journal.partitions();
        config.measures.begin(count);
        let shared = shared(count, Lease::of_one(), config.limits.semantics);
        let start = |id| {
            let (journal, config) = (Arc::clone(&journal), config.clone());
            Partition::start(id, journal, config, shared.clone(), None)
        };
        // Each restores on a thread of its own; the first error ends those that have started.
        let slots = std::thread::scope(|scope| {
            let starting = PartitionId::all(count).map(|id| scope.spawn(move || start(id)));
            let starting = starting.collect::<Vec<_>>().into_iter();
            let panicked = |_| StartError::Thread("a partition has panicked".to_owned());
            let started = starting.map(|thread| thread.join().map_err(panicked)?);
            let slot = |partition: Partition| Slot::new(partition.id(), Place::Here(partition));
            let slots = started.map(|started| started.map(slot));
            slots.collect::<Result<Vec<_>, _>>()
        })?;
        Ok(Node::over(slots.into(), shared, None))
    }

    /// Becomes one of the nodes that share the partitions of the journal. Returns at once; [`Node::phases`] tells when
    /// every partition has a leader.
    ///
    /// # Errors
    /// The journal cannot be shared, or a thread could not be started.
    pub fn join(journal: Arc<dyn Journal>, config: Config) -> Result<Node, StartError> {
        let cluster = journal.cluster().ok_or_else(|| {
            let alone = "the journal is for one process only".to_owned();
            StartError::Journal(journal::Error::Failed(alone))
        })?;
        let count = journal.partitions();
        config.measures.begin(count);
        let slots = PartitionId::all(count).map(|id| Slot::new(id, Place::Nowhere));
        let slots: Arc<[Slot]> = slots.collect();
        // What the others know is heard later.
        let shared = shared(count, Lease::of_many(config.silence_max), 0);
        let (orders, health) = (Arc::new(Orders::default()), Arc::new(Health::new(count)));
        let (patience, failure) = (config.leader_patience, Arc::default());
        let supervisor = Supervisor {
            me: format!("{}-{:016x}", config.name, fastrand::u64(..)),
            journal,
            cluster,
            config,
            shared: shared.clone(),
            health: Arc::clone(&health),
            slots: Arc::clone(&slots),
            connections: Connections::default(),
            orders: Arc::clone(&orders),
            failure: Arc::clone(&failure),
        };
        let thread = std::thread::Builder::new().name("weir-cluster".to_owned());
        let thread = thread.spawn(move || supervisor.run());
        let thread = thread.map_err(|error| StartError::Thread(error.to_string()))?;
        let cluster = Cluster {
            orders,
            supervisor: Mutex::new(Some(thread)),
            health,
            patience,
            failure,
        };
        Ok(Node::over(slots, shared, Some(cluster)))
    }

    fn over(slots: Arc<[Slot]>, shared: Shared, cluster: Option<Cluster>) -> Node {
        let patience = cluster
            .as_ref()
            .map_or(Duration::ZERO, |cluster| cluster.patience);
        Node {
            inner: Arc::new(Inner {
                partitions: PartitionClient::all(&slots, patience),
                slots,
                models: Models::default(),
                shared,
                turn: AtomicU32::default(),
                cluster,
            }),
        }
    }

    /// All partitions, the first of them first; at least one.
    pub fn partitions(&self) -> &[PartitionClient] {
        &self.inner.partitions
    }

    /// How many there are.
    pub fn partition_count(&self) -> u32 {
        self.inner.slots.len() as u32
    }

    /// The partition that made a key, where what it names lives. A key that none has made is asked of the first, which
    /// does not know it either.
    pub fn home(&self, key: u64) -> &PartitionClient {
        self.partition(route::home(key, self.partition_count()))
    }

    /// The partition that has every definition first.
    pub fn first(&self) -> &PartitionClient {
        self.partition(PartitionId::FIRST)
    }

    /// The process of a definition; `None` when there is none.
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub async fn executable(
        &self,
        definition: u64,
    ) -> Result<Option<Arc<Executable>>, SubmitError> {
        self.inner.models.get(self.first(), definition).await
    }

    fn partition(&self, id: PartitionId) -> &PartitionClient {
        &self.inner.partitions[id.in_journal() as usize]
    }

    pub(crate) fn slot(&self, id: PartitionId) -> &Slot {
        &self.inner.slots[id.in_journal() as usize]
    }

    /// The partition, if this node leads it.
    pub(crate) fn led_here(&self, id: PartitionId) -> Option<Partition> {
        self.inner.slots.get(id.in_journal() as usize)?.here()
    }

    pub(crate) fn patience(&self) -> Duration {
        let cluster = self.inner.cluster.as_ref();
        cluster.map_or(Duration::ZERO, |cluster| cluster.patience)
    }

    /// The partitions, each time beginning with the next one.
    fn in_turn(&self) -> impl Iterator<Item = PartitionId> + '_ {
        let slots = &self.inner.slots;
        let start = self.inner.turn.fetch_add(1, Ordering::Relaxed) as usize % slots.len();
        slots
            .iter()
            .cycle()
            .skip(start)
            .take(slots.len())
            .map(Slot::id)
    }

    /// Submits a command and waits for its answer, for a late one too (an instance whose result is awaited).
    /// Dropping the future forgets the waiter; the command may be applied all the same.
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub async fn submit(&self, caller: &Caller, command: Kind) -> Result<Applied, SubmitError> {
        if self.inner.cluster.is_none() {
            let slot = self.slot(self.target(caller, &command));
            let partition = slot.here().ok_or_else(nowhere)?;
            return partition.submit(caller, command).await;
        }
        // It may have to be made again, and must count once.
        let caller = &Caller {
            request_id: caller.request_id.or_else(|| Some(new_request_id())),
            ..caller.clone()
        };
        let slot = self.slot(self.target(caller, &command));
        slot.call(self.patience(), |place| {
            let command = command.clone();
            async move {
                match place {
                    Place::Here(partition) => partition.submit(caller, command).await,
                    Place::There(peer) => peer.submit(caller, command).await,
                    Place::Nowhere => Err(nowhere()),
                }
            }
        })
        .await
    }

    fn target(&self, caller: &Caller, command: &Kind) -> PartitionId {
        match route::route(caller, command, self.partition_count()) {
            Route::To(id) => id,
            Route::Any => self.in_turn().next().unwrap_or(PartitionId::FIRST),
        }
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
        jobs::activate(self, self.in_turn().collect(), caller, activate, wait).await
    }

    pub(crate) async fn activate_at(
        &self,
        partition: PartitionId,
        caller: &Caller,
        activate: ActivateJobs,
        wait: Duration,
    ) -> Result<Vec<ActivatedJob>, SubmitError> {
        self.slot(partition)
            .call(self.patience(), |place| {
                let activate = activate.clone();
                async move {
                    match place {
                        Place::Here(here) => here.activate_jobs(caller, activate, wait).await,
                        Place::There(peer) => {
                            jobs::activate_there(peer, caller.clone(), activate, wait).await
                        }
                        Place::Nowhere => Err(nowhere()),
                    }
                }
            })
            .await
    }

    /// Opens a stream of jobs of all partitions; answers when it is registered in each. It ends when one of them stops,
    /// is restored, or moves.
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub async fn open_job_stream(
        &self,
        caller: &Caller,
        open: JobStreamRequest,
    ) -> Result<JobStream, SubmitError> {
        let mut streams = Vec::with_capacity(self.inner.slots.len());
        for slot in &*self.inner.slots {
            let opened = slot.call(self.patience(), |place| {
                let open = open.clone();
                async move { jobs::open_at(place, caller, open).await }
            });
            streams.push(opened.await?);
        }
        Ok(JobStream::new(streams))
    }

    /// Watches user tasks from after these offsets, one for each partition; from now on when there are none. Must be
    /// called within a runtime.
    pub fn watch_tasks(&self, from: Option<&[u64]>) -> TaskWatch {
        let source = |slot: &Slot| {
            let offset = from.map(|from| from.get(slot.id().in_journal() as usize).copied());
            let source = match (slot.place(), offset) {
                // A partition that has no offset is of another installation.
                (Place::Nowhere, _) | (_, Some(None)) => Source::Nowhere,
                (Place::Here(here), offset) => {
                    Source::Here(tasks::Place::new(here.tasks(), offset.flatten()))
                }
                (Place::There(peer), offset) => {
                    let grown = Arc::clone(&self.inner.shared.tasks_grown);
                    Source::There(watching::watch_there(peer, offset.flatten(), grown))
                }
            };
            (slot.id(), source)
        };
        let sources = self.inner.slots.iter().map(source).collect();
        TaskWatch::new(sources, self.inner.shared.tasks_grown.subscribe())
    }

    /// Watches one partition, if this node leads it.
    pub(crate) fn watch_here(&self, id: PartitionId, from: Option<u64>) -> Option<TaskWatch> {
        let partition = self.led_here(id)?;
        let source = Source::Here(tasks::Place::new(partition.tasks(), from));
        let grown = self.inner.shared.tasks_grown.subscribe();
        Some(TaskWatch::new(vec![(id, source)], grown))
    }

    /// The story of an instance so far; empty when there is none (any more).
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub async fn history(&self, instance: u64) -> Result<Story, SubmitError> {
        let slot = self.slot(route::home(instance, self.partition_count()));
        slot.call(self.patience(), |place| async move {
            match place {
                Place::Here(partition) => partition.history(instance).await,
                Place::There(peer) => peer.history(instance).await,
                Place::Nowhere => Err(nowhere()),
            }
        })
        .await
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
        for slot in &*self.inner.slots {
            let ended = slot.call(self.patience(), |place| async move {
                match place {
                    Place::Here(partition) => partition.ended(before, limit).await,
                    Place::There(peer) => peer.ended(before, limit).await,
                    Place::Nowhere => Err(nowhere()),
                }
            });
            all = reads::merge(all, ended.await?, limit);
        }
        Ok(all)
    }

    fn health(&self) -> &Health {
        let cluster = self.inner.cluster.as_ref();
        cluster.map_or(&*self.inner.shared.health, |cluster| &*cluster.health)
    }

    /// How the node is: as its worst partition. One that another node leads serves.
    pub fn phase(&self) -> Phase {
        self.health().phase()
    }

    /// Tells when the phase changes.
    pub fn phases(&self) -> watch::Receiver<Phase> {
        self.health().phases()
    }

    /// Waits until every partition has a leader.
    ///
    /// # Errors
    /// This node cannot do its part, and trying again does not help.
    pub async fn until_served(&self) -> Result<(), StartError> {
        let mut phases = self.phases();
        let settled = phases.wait_for(|phase| *phase != Phase::Starting).await;
        match settled.as_deref() {
            Ok(Phase::Serving) => Ok(()),
            Ok(Phase::Starting | Phase::Failed(_) | Phase::Stopped) | Err(_) => {
                Err(self.failure().unwrap_or(StartError::Stopped))
            }
        }
    }

    /// Why this node cannot do its part in a cluster, when a person must look.
    pub fn failure(&self) -> Option<StartError> {
        let cluster = self.inner.cluster.as_ref()?;
        let failure = cluster.failure.lock();
        failure.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Leaves the cluster, if the node is in one: other nodes take over what it leads, and it goes on to take calls for
    /// them.
    pub async fn leave(&self) {
        if let Some(cluster) = &self.inner.cluster {
            cluster.leave().await;
        }
    }

    /// Stops gracefully: nothing new is taken, what was accepted is applied and answered, the last checkpoints are
    /// written, and the threads have ended. A node of a cluster leaves it first.
    pub async fn stop(&self) {
        self.leave().await;
        let led = self.inner.slots.iter().filter_map(Slot::here);
        let led = led.collect::<Vec<_>>();
        for partition in &led {
            partition.tell_to_stop();
        }
        for partition in &led {
            partition.stop().await;
        }
    }
}

impl Cluster {
    async fn leave(&self) {
        self.orders.leave.store(true, Ordering::Release);
        let supervisor = self
            .supervisor
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(supervisor) = supervisor {
            // Its panic was told when it happened.
            let _ = tokio::task::spawn_blocking(move || supervisor.join()).await;
        }
    }
}

fn shared(partitions: u32, lease: Lease, semantics: u32) -> Shared {
    Shared {
        health: Arc::new(Health::new(partitions)),
        tasks_grown: Arc::new(watch::Sender::new(())),
        lease: Arc::new(lease),
        semantics: Arc::new(AtomicU32::new(semantics)),
    }
}

fn new_request_id() -> [u8; 16] {
    fastrand::u128(..).to_le_bytes()
}
