//! What the threads of a node and its handles share.
//!
//! Owns no logic but how a node ends: each part is told once, and everybody who waits gets a reason.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossbeam_channel::{Receiver, Sender, bounded};
use engine::State;
use journal::fail_point::{self, FailPoint};
use proto::record::{Answer, answer};
use tokio::sync::{Semaphore, oneshot, watch};

use crate::cluster::lease::Lease;
use crate::config::Config;
use crate::driver::{Draft, Driver, History};
use crate::error::SubmitError;
use crate::health::Health;
use crate::partition::Applied;
use crate::partition_id::PartitionId;
use crate::polls::{Poll, Polls};
use crate::queue::Queue;
use crate::status::{Counts, Phase, Status};
use crate::stream::Streams;
use crate::waiters::{Waiter, Waiters};
use crate::watch::Tasks;

/// Reads of the journal for callers at a time.
const READS_MAX: usize = 8;

/// What a query sees.
pub(crate) struct View<'a> {
    pub state: &'a State,
    /// The last offset applied.
    pub offset: u64,
    /// What the journal's history does not have yet, oldest first.
    pub unwritten: Vec<&'a History>,
}

impl<'a> View<'a> {
    pub fn new(driver: &'a Driver, drafts: impl IntoIterator<Item = &'a Draft>) -> View<'a> {
        let mut unwritten: Vec<_> = drafts.into_iter().map(Draft::history).collect();
        unwritten.push(driver.history());
        View {
            state: driver.state(),
            offset: driver.next_offset().saturating_sub(1),
            unwritten,
        }
    }
}

pub(crate) type Query = Box<dyn FnOnce(&View<'_>) + Send>;

/// What the applier is asked between batches.
pub(crate) enum Inbox {
    Query(Query),
    Poll(Box<Poll>),
}

/// What a partition shares with the others of its node.
#[derive(Clone)]
pub(crate) struct Shared {
    pub health: Arc<Health>,
    /// Rung when a user task of any partition has changed.
    pub tasks_grown: Arc<watch::Sender<()>>,
    pub lease: Arc<Lease>,
    /// The newest behaviour of the machine that all nodes know.
    pub semantics: Arc<AtomicU32>,
}

pub(crate) struct Core {
    pub partition: PartitionId,
    pub config: Config,
    pub queue: Queue,
    pub waiters: Waiters,
    pub polls: Polls,
    /// Calls that poll, parked or not.
    pub polling: AtomicUsize,
    pub streams: Streams,
    pub tasks: Arc<Tasks>,
    inbox: Sender<Inbox>,
    /// Also kept here: what is put in at the very end must be taken out, or its caller would wait for ever.
    inbox_rest: Receiver<Inbox>,
    is_over: AtomicBool,
    pub reads: Semaphore,
    pub orders: Orders,
    status: watch::Sender<Status>,
    health: Arc<Health>,
    pub lease: Arc<Lease>,
    pub semantics: Arc<AtomicU32>,
    /// Set when all threads but the applier have ended.
    ended: watch::Sender<bool>,
    /// The first one, and the next one.
    correlations: (u64, AtomicU64),
}

type Told = Box<dyn FnOnce() + Send>;

/// What the applier is told from outside, with the bell that makes it look.
pub(crate) struct Orders {
    pub stop: AtomicBool,
    /// Another node is to lead, and this one serves until it does: begin no checkpoint, which it would run into.
    ceding: AtomicBool,
    /// Called once no checkpoint is being written.
    ceded: Mutex<Option<Told>>,
    pub abort: AtomicBool,
    pub proposals_lost: AtomicBool,
    /// Sends to other partitions that may not have come into their logs.
    pub sends_lost: AtomicBool,
    /// A poll that asked for jobs has got none: others may ask.
    pub polls_lost: AtomicBool,
    pub appender_ended: AtomicBool,
    failure: Mutex<Option<String>>,
    bell: Sender<()>,
}

impl Orders {
    /// Makes the applier look; one ring is as good as many.
    pub fn ring(&self) {
        let _ = self.bell.try_send(());
    }

    /// Begin no checkpoint any more, and call this once none is being written.
    pub fn cede(&self, ceded: impl FnOnce() + Send + 'static) {
        *self.ceded() = Some(Box::new(ceded));
        self.ceding.store(true, Ordering::Release);
        self.ring();
    }

    /// Go on as before.
    pub fn keep(&self) {
        self.ceding.store(false, Ordering::Release);
        *self.ceded() = None;
        self.ring();
    }

    pub fn is_ceding(&self) -> bool {
        self.ceding.load(Ordering::Acquire)
    }

    /// Tells it, once, unless a checkpoint is being written.
    pub fn ceded_unless(&self, is_writing: bool) {
        let told = self.ceded().take_if(|_| !is_writing);
        if let Some(told) = told {
            told();
        }
    }

    fn ceded(&self) -> MutexGuard<'_, Option<Told>> {
        self.ceded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The node cannot go on.
    pub fn fail(&self, reason: String) {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.get_or_insert(reason);
        drop(failure);
        self.ring();
    }

    pub fn failure(&self) -> Option<String> {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.clone()
    }
}

/// The receiving ends, for the applier.
pub(crate) struct Ears {
    pub inbox: Receiver<Inbox>,
    pub bell: Receiver<()>,
}

impl Core {
    pub fn new(partition: PartitionId, config: Config, shared: Shared) -> (Arc<Core>, Ears) {
        let (inbox, inbox_ear) = bounded(config.queries_max.max(1));
        let (bell, bell_ear) = bounded(1);
        let correlation = fastrand::u64(1..u64::MAX / 2);
        let core = Core {
            partition,
            queue: Queue::new(config.queued_bytes_max),
            waiters: Waiters::default(),
            polls: Polls::default(),
            polling: AtomicUsize::new(0),
            streams: Streams::default(),
            tasks: Arc::new(Tasks::new(config.task_events_max, shared.tasks_grown)),
            inbox,
            inbox_rest: inbox_ear.clone(),
            is_over: AtomicBool::new(false),
            reads: Semaphore::new(READS_MAX),
            orders: Orders {
                stop: AtomicBool::new(false),
                ceding: AtomicBool::new(false),
                ceded: Mutex::default(),
                abort: AtomicBool::new(false),
                proposals_lost: AtomicBool::new(false),
                sends_lost: AtomicBool::new(false),
                polls_lost: AtomicBool::new(false),
                appender_ended: AtomicBool::new(false),
                failure: Mutex::default(),
                bell,
            },
            status: watch::Sender::new(Status {
                phase: Phase::Starting,
                offset: None,
                term: 0,
                checkpointed: 0,
                is_ahead: false,
                counts: Counts::default(),
            }),
            health: shared.health,
            lease: shared.lease,
            semantics: shared.semantics,
            ended: watch::Sender::new(false),
            // Commands that another process appended must not find a waiter of this one.
            correlations: (correlation, AtomicU64::new(correlation)),
            config,
        };
        let ears = Ears {
            inbox: inbox_ear,
            bell: bell_ear,
        };
        (Arc::new(core), ears)
    }

    /// A number that no other command of this process has, and with all likelihood none in the log. Never 0.
    pub fn correlation(&self) -> u64 {
        self.correlations.1.fetch_add(1, Ordering::Relaxed)
    }

    /// Whether it is one of this leadership.
    pub fn is_own(&self, correlation: u64) -> bool {
        let (first, next) = &self.correlations;
        (*first..next.load(Ordering::Relaxed)).contains(&correlation)
    }

    pub fn status(&self) -> Status {
        self.status.borrow().clone()
    }

    /// Tells every change of the status.
    pub fn statuses(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    pub fn change_status(&self, change: impl FnOnce(&mut Status)) {
        self.status.send_modify(|status| {
            change(status);
            self.config.measures.of(self.partition).lead(&status.phase);
            self.health.tell(self.partition, &status.phase);
        });
    }

    pub fn ended(&self) -> watch::Receiver<bool> {
        self.ended.subscribe()
    }

    /// Asks the applier something.
    pub fn put(&self, question: Inbox) -> Result<(), SubmitError> {
        if self.is_over.load(Ordering::SeqCst) {
            return Err(self.gone());
        }
        let put = self.inbox.try_send(question);
        // The applier has looked for the last time before it said so, or has not yet.
        if self.is_over.load(Ordering::SeqCst) {
            self.empty_inbox();
        }
        put.map_err(|_| SubmitError::Overloaded)
    }

    /// Whoever has asked finds the reply dropped.
    fn empty_inbox(&self) {
        self.inbox_rest.try_iter().for_each(drop);
    }

    /// Why nothing is taken any more.
    pub fn gone(&self) -> SubmitError {
        match self.status().phase {
            Phase::Failed(reason) => SubmitError::Unavailable(reason),
            Phase::Starting | Phase::Serving | Phase::Stopped => SubmitError::Stopped,
        }
    }

    /// Jobs that were leased by an answer that nobody took.
    pub fn give_back(&self, answer: &Answer) {
        if let Some(answer::Kind::ActivatedJobs(activated)) = &answer.kind
            && !activated.jobs.is_empty()
        {
            self.queue.return_jobs(&activated.jobs);
        }
    }

    /// Tells somebody that there will be no answer.
    pub fn refuse(&self, waiter: Waiter, reason: SubmitError) {
        // Who has gone needs no reason.
        match waiter {
            Waiter::Caller(reply) => drop(reply.send(Err(reason))),
            Waiter::Poll(poll) => {
                self.polls.settle(&poll);
                drop(poll.answer(Err(reason)));
                self.orders.polls_lost.store(true, Ordering::Release);
                self.orders.ring();
            }
        }
    }

    /// Gives an answer; what nobody takes goes back.
    pub fn answer(
        &self,
        reply: oneshot::Sender<Result<Applied, SubmitError>>,
        applied: Result<Applied, SubmitError>,
    ) {
        fail_point::pass(FailPoint::BeforeAnswer);
        if let Err(Ok(untaken)) = reply.send(applied) {
            self.give_back(&untaken.answer);
        }
        fail_point::pass(FailPoint::AfterAnswer);
    }

    /// The end: nothing is taken or answered any more.
    pub fn end(&self, phase: Phase) {
        let reason = match &phase {
            Phase::Failed(reason) => SubmitError::Unavailable(reason.clone()),
            Phase::Starting | Phase::Serving | Phase::Stopped => SubmitError::Stopped,
        };
        self.change_status(|status| status.phase = phase);
        self.is_over.store(true, Ordering::SeqCst);
        self.empty_inbox();
        let queued = self.queue.abandon(reason.clone());
        self.waiters.leave(queued.len());
        // Those commands were never appended; of the others nobody knows.
        for entry in queued {
            self.refuse(entry.waiter, reason.clone());
        }
        self.forsake();
        self.polls.refuse(&reason);
        self.streams.end();
        self.tasks.end();
    }

    /// Tells those whose commands are, or may be, in the log that nobody will answer.
    fn forsake(&self) {
        for waiter in self.waiters.drain() {
            let unknown = "the node has stopped; the command may have been applied".to_owned();
            self.refuse(waiter, SubmitError::Unavailable(unknown));
        }
    }

    /// All threads but the caller have ended.
    pub fn tell_ended(&self) {
        // Those whose commands were being appended when the end came.
        self.forsake();
        self.ended.send_replace(true);
    }
}
