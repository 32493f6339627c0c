//! The handle of a partition that this process leads.
//!
//! Owns how calls wait and what a dropped call leaves behind. It must not know what a command does.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use engine::State;
use journal::Journal;
use proto::record::{ActivateJobs, ActivatedJob, Answer, EndedInstance, OpenStream, command::Kind};
use tokio::sync::oneshot;

use crate::appender;
use crate::applier::Applier;
use crate::config::{Caller, Config};
use crate::core::{Core, Inbox, Shared, View};
use crate::driver::encode;
use crate::error::{StartError, SubmitError};
use crate::follower::Follower;
use crate::partition_id::PartitionId;
use crate::polls::Poll;
use crate::queue::Entry;
use crate::reads::{self, Story};
use crate::status::{Phase, Status};
use crate::stream::{JobStreamRequest, PartitionStream};
use crate::waiters::Waiter;
use crate::watch::Tasks;

/// A command that was applied.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    pub answer: Answer,
    /// Where the command that gave the answer stands in the log.
    pub offset: u64,
}

/// A partition at work. Clones share it; when the last one is dropped without being stopped it ends as in a crash.
#[derive(Clone)]
pub struct Partition {
    handle: Arc<Handle>,
}

struct Handle {
    core: Arc<Core>,
    /// For reading history; taken when the node has stopped.
    journal: Mutex<Option<Arc<dyn Journal>>>,
    applier: Mutex<Option<JoinHandle<()>>>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        let orders = &self.core.orders;
        orders.abort.store(true, Ordering::Release);
        orders.ring();
    }
}

impl Partition {
    /// Leads the partition, restores it unless a follower has its state, and serves. Blocks until it does.
    ///
    /// # Errors
    /// See [`StartError`]; nothing runs then.
    pub(crate) fn start(
        id: PartitionId,
        journal: Arc<dyn Journal>,
        config: Config,
        shared: Shared,
        follower: Option<Follower>,
    ) -> Result<Partition, StartError> {
        let thread_failed = |error: std::io::Error| StartError::Thread(error.to_string());
        let (core, ears) = Core::new(id, config, shared);
        // Whatever these threads log is of this partition, at every level.
        let span = tracing::error_span!("leader", partition = %id);
        let _entered = span.clone().entered();
        let (appends, applies) = (span.clone(), span);
        let mut applier = Applier::new(Arc::clone(&core), ears, Arc::clone(&journal))?;
        let leadership = applier.establish(follower)?;
        let (shared, log) = (Arc::clone(&core), Arc::clone(&journal));
        let appender = std::thread::Builder::new().name("weir-append".to_owned());
        let appender = appender
            .spawn(move || appends.in_scope(|| appender::run(&shared, &*log)))
            .map_err(thread_failed)?;
        let applying = std::thread::Builder::new().name("weir-apply".to_owned());
        let applying = applying
            .spawn(move || applies.in_scope(|| applier.run(leadership, appender)))
            .inspect_err(|_| drop(core.queue.abandon(SubmitError::Stopped)))
            .map_err(thread_failed)?;
        Ok(Partition {
            handle: Arc::new(Handle {
                core,
                journal: Mutex::new(Some(journal)),
                applier: Mutex::new(Some(applying)),
            }),
        })
    }

    /// Whether both are the same leadership.
    pub(crate) fn is_same(&self, other: &Partition) -> bool {
        Arc::ptr_eq(&self.handle, &other.handle)
    }

    pub fn id(&self) -> PartitionId {
        self.core().partition
    }

    fn core(&self) -> &Arc<Core> {
        &self.handle.core
    }

    /// Submits a command and waits for its answer, for a late one too (an instance whose result is awaited).
    /// Dropping the future forgets the waiter; the command may be applied all the same.
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub(crate) async fn submit(
        &self,
        caller: &Caller,
        command: Kind,
    ) -> Result<Applied, SubmitError> {
        let core = self.core();
        if let Kind::CreateInstance(create) = &command
            && create.await_result
            && core.waiters.late() >= core.config.awaiting_max
        {
            return Err(SubmitError::Overloaded);
        }
        let correlation = core.correlation();
        let bytes = self.encoded(caller, correlation, command)?;
        if !core.waiters.enter(core.config.commands_in_flight_max) {
            return Err(SubmitError::Overloaded);
        }
        let (reply, answered) = oneshot::channel();
        let entry = Entry {
            bytes,
            correlation,
            waiter: Waiter::Caller(reply),
        };
        if let Err(refused) = core.queue.push(entry) {
            core.waiters.leave(1);
            return Err(refused.1);
        }
        let mut call = Call {
            core,
            correlation,
            answered,
        };
        // Without an answer the node has ended.
        (&mut call.answered)
            .await
            .unwrap_or_else(|_| Err(core.gone()))
    }

    fn encoded(
        &self,
        caller: &Caller,
        correlation: u64,
        command: Kind,
    ) -> Result<bytes::Bytes, SubmitError> {
        let bytes = encode(caller, correlation, command);
        let limit = self.core().config.command_bytes_max;
        match bytes.len() {
            size if size > limit => Err(SubmitError::TooLarge { size, limit }),
            _ => Ok(bytes),
        }
    }

    /// Runs a query on the partition's thread between batches; it sees every command that was answered before, and
    /// nothing is applied while it runs: keep it short. With the last offset that was applied when it ran: a watch from
    /// there gives what follows.
    ///
    /// # Errors
    /// [`SubmitError::Overloaded`] when too many wait, [`SubmitError::Internal`] when the query panics, and when the
    /// node does not serve.
    pub async fn query_at<T: Send + 'static>(
        &self,
        query: impl FnOnce(&State) -> T + Send + 'static,
    ) -> Result<(T, u64), SubmitError> {
        self.ask(move |view| (query(view.state), view.offset)).await
    }

    /// Waits until the partition has come as far as this offset, which every query sees from then on.
    ///
    /// # Errors
    /// [`SubmitError::Stopped`] or [`SubmitError::Unavailable`] when the partition has ended before.
    pub async fn applied(&self, offset: u64) -> Result<(), SubmitError> {
        let mut statuses = self.core().statuses();
        let has_ended = |phase: &Phase| match phase {
            Phase::Starting | Phase::Serving => false,
            Phase::Failed(_) | Phase::Stopped => true,
        };
        let is_settled =
            |status: &Status| status.offset >= Some(offset) || has_ended(&status.phase);
        let settled = statuses.wait_for(is_settled).await;
        match settled.is_ok_and(|status| status.offset >= Some(offset)) {
            true => Ok(()),
            false => Err(self.core().gone()),
        }
    }

    async fn ask<T: Send + 'static>(
        &self,
        query: impl FnOnce(&View<'_>) -> T + Send + 'static,
    ) -> Result<T, SubmitError> {
        let core = self.core();
        let (reply, answered) = oneshot::channel();
        let lease = Arc::clone(&core.lease);
        let query = Box::new(move |view: &View<'_>| {
            // Who has gone needs no answer.
            let _ = reply.send(lease.holds().then(|| query(view)));
        });
        core.put(Inbox::Query(query))?;
        let answer = answered.await.map_err(|_| match core.status().phase {
            Phase::Starting | Phase::Serving => {
                SubmitError::Internal("the query has failed".to_owned())
            }
            Phase::Failed(_) | Phase::Stopped => core.gone(),
        })?;
        answer.ok_or_else(|| {
            let silent = "the node was silent for too long: another one may lead the partition";
            SubmitError::Unavailable(silent.to_owned())
        })
    }

    /// Leases jobs. While there is none of the type the call is parked, without a command, for up to `wait`; then the
    /// answer is empty. A dropped call gives back what it was given.
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub(crate) async fn activate_jobs(
        &self,
        caller: &Caller,
        activate: ActivateJobs,
        wait: Duration,
    ) -> Result<Vec<ActivatedJob>, SubmitError> {
        let core = self.core();
        if activate.r#type.trim().is_empty() || activate.timeout_ms < 1 || activate.max_jobs < 1 {
            // It would wait for what never comes; the machine says what is wrong.
            let refused = self.submit(caller, Kind::ActivateJobs(activate)).await;
            return refused.map(|_| Vec::new());
        }
        let Some(_polling) = Polling::enter(core) else {
            return Err(SubmitError::Overloaded);
        };
        let correlation = core.correlation();
        let (job_type, max_jobs) = (activate.r#type.clone(), activate.max_jobs as usize);
        let (reply, answered) = oneshot::channel();
        let poll = Poll {
            job_type,
            max_jobs,
            bytes: self.encoded(caller, correlation, Kind::ActivateJobs(activate))?,
            correlation,
            until: Instant::now() + wait,
            reply,
        };
        core.put(Inbox::Poll(Box::new(poll)))?;
        let mut call = PollCall { core, answered };
        let answered = &mut call.answered;
        if wait.is_zero() {
            return answered.await.unwrap_or_else(|_| Err(core.gone()));
        }
        match tokio::time::timeout(wait, answered).await {
            Ok(found) => found.unwrap_or_else(|_| Err(core.gone())),
            Err(_) => Ok(Vec::new()),
        }
    }

    /// Opens a stream of jobs; answers when it is registered.
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub(crate) async fn open_job_stream(
        &self,
        caller: &Caller,
        open: JobStreamRequest,
    ) -> Result<PartitionStream, SubmitError> {
        let core = self.core();
        if core.orders.is_ceding() {
            // The next leader, who is about to begin, would close it and give its jobs to others.
            return Err(SubmitError::Stopped);
        }
        let Some(stream) = PartitionStream::register(core) else {
            return Err(SubmitError::Overloaded);
        };
        let command = Kind::OpenStream(OpenStream {
            stream_id: stream.id(),
            r#type: open.r#type,
            worker: open.worker,
            timeout_ms: i64::try_from(open.timeout.as_millis()).unwrap_or(i64::MAX),
            fetch_variables: open.fetch_variables,
            credit: core.config.stream_credit,
        });
        // Dropping the stream undoes what a failed or dropped call may have opened.
        self.submit(caller, command).await?;
        match core.streams.contains(stream.id()) {
            true => Ok(stream),
            false => Err(SubmitError::Unavailable(
                "the partition was restored".to_owned(),
            )),
        }
    }

    pub(crate) fn tasks(&self) -> &Arc<Tasks> {
        &self.core().tasks
    }

    /// The story of an instance so far; empty when there is none (any more).
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub(crate) async fn history(&self, instance: u64) -> Result<Story, SubmitError> {
        let unwritten = self.ask(move |view| reads::story(view, instance)).await?;
        let id = self.id();
        let read = move |journal: &dyn Journal| reads::written_story(journal, id, instance);
        Ok(reads::join(self.read(read).await?, unwritten))
    }

    /// Ended instances, newest first. `before` = (`ended_ms`, key) of the last one already seen gives the next page.
    /// `limit` is at most [`journal::ENDED_LIMIT_MAX`], larger ones are lowered.
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub(crate) async fn ended(
        &self,
        before: Option<(i64, u64)>,
        limit: usize,
    ) -> Result<Vec<EndedInstance>, SubmitError> {
        let limit = limit.min(journal::ENDED_LIMIT_MAX);
        let unwritten = self.ask(move |view| reads::ended(view, before, limit));
        let unwritten = unwritten.await?;
        let id = self.id();
        let read = move |journal: &dyn Journal| reads::written_ended(journal, id, before, limit);
        Ok(reads::merge(self.read(read).await?, unwritten, limit))
    }

    /// Reads the journal away from the threads that must not block.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Journal) -> Result<T, SubmitError> + Send + 'static,
    ) -> Result<T, SubmitError> {
        let core = self.core();
        let _turn = core.reads.acquire().await.map_err(|_| core.gone())?;
        let journal = self.handle.journal.lock();
        let journal = journal.unwrap_or_else(PoisonError::into_inner).clone();
        let journal = journal.ok_or(SubmitError::Stopped)?;
        let reading = tokio::task::spawn_blocking(move || read(&*journal));
        reading
            .await
            .unwrap_or_else(|error| Err(SubmitError::Internal(error.to_string())))
    }

    pub fn status(&self) -> Status {
        self.core().status()
    }

    /// Nothing new is taken from now on.
    pub(crate) fn tell_to_stop(&self) {
        let core = self.core();
        core.queue.close(SubmitError::Stopped);
        core.orders.stop.store(true, Ordering::Release);
        core.orders.ring();
    }

    /// Stops gracefully: nothing new is taken, what was accepted is applied and answered, the last checkpoint is
    /// written, and the threads have ended.
    pub(crate) async fn stop(&self) {
        self.tell_to_stop();
        let mut ended = self.core().ended();
        // Its sender is in the core, which is held here.
        let _ = ended.wait_for(|ended| *ended).await;
        self.end();
    }

    /// As [`Partition::stop`], for a thread that may wait.
    pub(crate) fn stop_and_wait(&self) {
        self.tell_to_stop();
        self.end();
    }

    /// Makes way for another node, which fences this one: no checkpoint is begun any more, and `ceded` is called once
    /// none is being written. Calls are answered all the same, until the partition is stopped.
    pub(crate) fn cede(&self, ceded: impl FnOnce() + Send + 'static) {
        self.core().orders.cede(ceded);
    }

    /// Goes on to lead after all.
    pub(crate) fn keep(&self) {
        self.core().orders.keep();
    }

    fn end(&self) {
        let applier = self.handle.applier.lock();
        let applier = applier.unwrap_or_else(PoisonError::into_inner).take();
        // It has nothing left to do but to end.
        let _ = applier.map(JoinHandle::join);
        let journal = self.handle.journal.lock();
        journal.unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// A call that waits for its answer.
struct Call<'c> {
    core: &'c Core,
    correlation: u64,
    answered: oneshot::Receiver<Result<Applied, SubmitError>>,
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.answered.close();
        match self.answered.try_recv() {
            // Answered, and the caller has gone before taking it.
            Ok(Ok(applied)) => self.core.give_back(&applied.answer),
            Ok(Err(_)) => {}
            Err(_) => self.core.waiters.forget(self.correlation),
        }
    }
}

/// A call that waits for jobs.
struct PollCall<'c> {
    core: &'c Core,
    answered: oneshot::Receiver<Result<Vec<ActivatedJob>, SubmitError>>,
}

impl Drop for PollCall<'_> {
    fn drop(&mut self) {
        self.answered.close();
        if let Ok(Ok(untaken)) = self.answered.try_recv() {
            self.core.queue.return_jobs(&untaken);
        }
    }
}

/// One of a bounded number of polls.
struct Polling<'c>(&'c Core);

impl Polling<'_> {
    fn enter(core: &Core) -> Option<Polling<'_>> {
        let polling = Polling(core);
        let before = core.polling.fetch_add(1, Ordering::AcqRel);
        (before < core.config.polls_max).then_some(polling)
    }
}

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        self.0.polling.fetch_sub(1, Ordering::AcqRel);
        if self.0.orders.stop.load(Ordering::Acquire) {
            self.0.orders.ring();
        }
    }
}
