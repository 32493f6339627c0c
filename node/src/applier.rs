//! The partition's thread: applies the log, hands out what came of it, and does what is asked between batches.
//!
//! Owns the driver and how a leadership ends: stopped, failed, or restored once more. It must never wait for a client,
//! for an append, or for a checkpoint while there is something to apply.

mod stopping;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, never, select};
use journal::fail_point::{self, FailPoint};
use journal::{Journal, Reader};

use stopping::Stopping;

use crate::checkpoints::{Checkpoints, Outcome, tell_refused};
use crate::clock::JournalClock;
use crate::core::{Core, Ears, Inbox, View};
use crate::courier;
use crate::desk::Desk;
use crate::driver::{Driver, Halt, Sending, panic_message};
use crate::error::{StartError, SubmitError};
use crate::follower::{self, Follower};
use crate::leadership::{CatchUpError, SKIPPED_MAX, catch_up, newer};
use crate::reading::{Batch, Reading};
use crate::restoring::Replaying;
use crate::status::{Counts, Phase};

/// So many records are applied before their answers go out.
const CHUNK: usize = 256;
/// Questions are answered for so long before the next batch; the one that is begun then is ended.
const QUESTIONS_TIME: Duration = Duration::from_millis(1);
/// The longest sleep.
const SLEEP_MAX: Duration = Duration::from_secs(1);
/// What the driver proposed and was not appended is proposed again after so long.
const PROPOSE_PAUSE: Duration = Duration::from_millis(100);
/// Attempts to lead again, with pauses that double from the first to the last.
const REBUILDS_MAX: u32 = 20;
const REBUILD_PAUSE: Duration = Duration::from_millis(20);
const REBUILD_PAUSE_MAX: Duration = Duration::from_secs(5);

pub(crate) struct Applier {
    core: Arc<Core>,
    ears: Ears,
    journal: Arc<dyn Journal>,
    desk: Desk,
    clock: JournalClock,
    skipped: BTreeSet<u64>,
    propose_after: Instant,
    /// To the thread that sends to other partitions; `None` when there are none.
    sendings: Option<Sender<Sending>>,
    stopping: Stopping,
    /// Threads of this and earlier leaderships; all end when theirs does.
    threads: Vec<JoinHandle<()>>,
}

/// What lasts as long as a leadership.
pub(crate) struct Leadership {
    driver: Driver,
    reading: Reading,
    checkpoints: Checkpoints,
    term: u64,
}

/// Why the applier does not go on with a leadership.
enum End {
    Stopped,
    Aborted,
    /// A person must look.
    Failed(String),
    /// In doubt: throw the memory away and lead again.
    Rebuild(String),
}

impl Applier {
    /// # Errors
    /// A thread could not be started.
    pub fn new(
        core: Arc<Core>,
        ears: Ears,
        journal: Arc<dyn Journal>,
    ) -> Result<Applier, StartError> {
        let mut applier = Applier {
            desk: Desk::new(Arc::clone(&core)),
            core,
            ears,
            journal,
            clock: JournalClock::new(),
            skipped: BTreeSet::new(),
            propose_after: Instant::now(),
            sendings: None,
            stopping: Stopping::default(),
            threads: Vec::new(),
        };
        if applier.journal.partitions() > 1 {
            let (core, journal) = (Arc::clone(&applier.core), Arc::clone(&applier.journal));
            let (sendings, courier) = courier::start(core, journal)
                .map_err(|error| StartError::Thread(error.to_string()))?;
            applier.sendings = Some(sendings);
            applier.threads.push(courier);
        }
        Ok(applier)
    }

    /// Leads, restores unless a follower has the state, and applies the log up to the first command of the own term.
    pub fn establish(&mut self, mut follower: Option<Follower>) -> Result<Leadership, StartError> {
        loop {
            let name = self.core.config.name.as_str();
            let partition = self.core.partition;
            let (journal, skipped) = (&*self.journal, &self.skipped);
            let config = &self.core.config;
            let mut led = follower::lead(journal, partition, config, skipped, follower.take())?;
            if self.core.config.publishes_views {
                led.driver.publish_views();
            }
            self.core.tasks.begin(led.driver.next_offset());
            self.desk.lead(led.lead.term());
            let (core, desk) = (&self.core, &mut self.desk);
            let mut replaying = Replaying::begin(partition, config.measures.of(partition));
            let mut deliver = |driver: &Driver, outputs| {
                replaying.applied(driver.applied());
                desk.deliver(driver, outputs);
                !core.orders.abort.load(Ordering::Acquire)
            };
            match catch_up(&*self.journal, &mut led, name, &mut deliver) {
                Ok(()) => {}
                Err(CatchUpError::Start(error)) => return Err(error),
                // Bounded by the number of commands that are skipped.
                Err(CatchUpError::Panicked { offset, message }) => {
                    self.skip(offset, &message)?;
                    continue;
                }
            }
            let leadership = self.settle_in(led.driver, led.reader, led.lead)?;
            tracing::info!(
                term = leadership.term,
                offset = leadership.driver.next_offset() - 1,
                instances = leadership.driver.state().instance_keys().len(),
                jobs = leadership.driver.state().job_count(),
                tasks = leadership.driver.state().task_keys().len(),
                "leading the partition"
            );
            return Ok(leadership);
        }
    }

    fn settle_in(
        &mut self,
        driver: Driver,
        reader: Box<dyn Reader>,
        lead: Box<dyn journal::Lead>,
    ) -> Result<Leadership, StartError> {
        self.clock.observe(driver.state().now_ms());
        let term = lead.term();
        let (config, partition) = (&self.core.config, self.core.partition);
        let (checkpoints, checkpoint_thread) = Checkpoints::start(lead, config, partition)?;
        self.threads.push(checkpoint_thread);
        let (reading, read_thread) = Reading::start(reader)?;
        self.threads.push(read_thread);
        let leadership = Leadership {
            driver,
            reading,
            checkpoints,
            term,
        };
        self.wake_polls(&leadership.driver);
        self.tell(&leadership, Some(Phase::Serving));
        Ok(leadership)
    }

    fn wake_polls(&self, driver: &Driver) {
        for job_type in self.core.polls.job_types() {
            self.core.polls.wake(&job_type, self.desk.launch(driver));
        }
    }

    fn skip(&mut self, offset: u64, message: &str) -> Result<(), StartError> {
        tracing::error!(
            offset,
            message,
            "the machine failed on a command: restoring, and skipping it"
        );
        self.skipped.insert(offset);
        match self.skipped.len() {
            skipped if skipped > SKIPPED_MAX => Err(StartError::TooManyFailures(skipped)),
            _ => Ok(()),
        }
    }

    /// Serves until the node is stopped or cannot go on, and tells so.
    pub fn run(mut self, mut leadership: Leadership, appender: JoinHandle<()>) {
        let (phase, memory) = loop {
            let end = guarded(|| self.serve(&mut leadership)).unwrap_or_else(|end| end);
            let reason = match end {
                End::Stopped | End::Aborted => break (Phase::Stopped, Some(leadership)),
                End::Failed(reason) => break (Phase::Failed(reason), Some(leadership)),
                End::Rebuild(reason) => reason,
            };
            // To lead again would fence the node that is to lead.
            if self.core.orders.is_ceding() {
                break (Phase::Failed(reason), Some(leadership));
            }
            drop(leadership);
            tracing::warn!(reason, "in doubt: restoring from the last checkpoint");
            self.core
                .change_status(|status| status.phase = Phase::Starting);
            match guarded(|| self.rebuild()).and_then(|rebuilt| rebuilt) {
                Ok(again) => leadership = again,
                Err(End::Failed(reason)) => break (Phase::Failed(reason), None),
                Err(End::Stopped | End::Aborted | End::Rebuild(_)) => break (Phase::Stopped, None),
            }
        };
        match &phase {
            Phase::Failed(reason) => tracing::error!(reason, "leads the partition no longer"),
            Phase::Starting | Phase::Serving | Phase::Stopped => {
                tracing::info!("the partition has stopped");
            }
        }
        // Before anything that takes time: calls wait for the next leader.
        self.core.end(phase);
        drop(memory);
        self.threads.push(appender);
        // With it the courier's channel ends.
        drop(self.sendings.take());
        for thread in self.threads.drain(..) {
            // Its panic was told when it happened.
            let _ = thread.join();
        }
        let Applier { core, journal, .. } = self;
        drop(journal);
        core.tell_ended();
    }

    fn rebuild(&mut self) -> Result<Leadership, End> {
        let mut pause = REBUILD_PAUSE;
        let mut attempts = 0;
        loop {
            self.threads.retain(|thread| !thread.is_finished());
            let error = match self.establish(None) {
                Ok(leadership) => return Ok(leadership),
                Err(error) => error,
            };
            // A full disk is waited for, as long as it takes.
            attempts += u32::from(!error.is_full());
            if error.is_final() || attempts >= REBUILDS_MAX {
                return Err(End::Failed(error.to_string()));
            }
            tracing::warn!(%error, "cannot lead the partition again yet");
            let until = Instant::now() + pause;
            while Instant::now() < until {
                if self.is_told_to_end() {
                    return Err(End::Aborted);
                }
                // The bell, or the time: both end in another look.
                let _ = self.ears.bell.recv_deadline(until);
            }
            pause = (pause * 2).min(REBUILD_PAUSE_MAX);
        }
    }

    fn is_told_to_end(&self) -> bool {
        let orders = &self.core.orders;
        orders.abort.load(Ordering::Acquire) || orders.stop.load(Ordering::Acquire)
    }

    fn serve(&mut self, led: &mut Leadership) -> End {
        let nothing = never();
        loop {
            if let Some(end) = self.follow_orders(led) {
                return end;
            }
            self.propose(&mut led.driver);
            match self.core.orders.is_ceding() {
                true => self.core.orders.ceded_unless(led.checkpoints.is_writing()),
                false => led.checkpoints.begin_if_due(&mut led.driver),
            }
            let records = match self.is_full(led) {
                true => &nothing,
                false => &led.reading.records,
            };
            let step = select! {
                recv(records) -> batch => match batch {
                    Ok(batch) => self.take(led, batch),
                    Err(_) => Err(End::Rebuild("the reader has ended".to_owned())),
                },
                recv(led.checkpoints.results) -> written => match written {
                    Ok(written) => self.settle(led, written),
                    Err(_) => Err(End::Rebuild("the checkpoints have ended".to_owned())),
                },
                recv(self.ears.inbox) -> question => {
                    question.into_iter().for_each(|question| self.answer(led, question));
                    Ok(())
                },
                recv(self.ears.bell) -> _ => Ok(()),
                default(self.sleep(led)) => Ok(()),
            };
            if let Err(end) = step {
                return end;
            }
            self.answer_some(led);
        }
    }

    /// Whether nothing more may be applied before a checkpoint is written.
    fn is_full(&self, led: &Leadership) -> bool {
        let config = &self.core.config;
        let (checkpoints, driver) = (&led.checkpoints, &led.driver);
        checkpoints.unwritten_commands(driver) >= config.uncheckpointed_commands_max
            || checkpoints.unwritten_bytes(driver) >= config.uncheckpointed_bytes_max
    }

    fn follow_orders(&mut self, led: &mut Leadership) -> Option<End> {
        let orders = &self.core.orders;
        if orders.abort.load(Ordering::Acquire) {
            return Some(End::Aborted);
        }
        if let Some(reason) = orders.failure() {
            return Some(End::Failed(reason));
        }
        // Its log says so long before it would be fenced: an idle one never writes a checkpoint.
        if led.driver.state().term() > led.term && !orders.is_ceding() {
            return Some(End::Failed(StartError::Fenced.to_string()));
        }
        if orders.proposals_lost.swap(false, Ordering::AcqRel) {
            led.driver.forget_proposals();
            self.propose_after = Instant::now() + PROPOSE_PAUSE;
        }
        if orders.sends_lost.swap(false, Ordering::AcqRel) {
            led.driver.forget_sends();
            self.propose_after = Instant::now() + PROPOSE_PAUSE;
        }
        if orders.polls_lost.swap(false, Ordering::AcqRel) {
            self.wake_polls(&led.driver);
        }
        if !orders.stop.load(Ordering::Acquire) || !self.stopping.is_done(&self.core) {
            return None;
        }
        match orders.is_ceding() {
            true => drop(led.checkpoints.wait()),
            false => led.checkpoints.finish(&mut led.driver),
        }
        self.tell(led, None);
        Some(End::Stopped)
    }

    fn propose(&mut self, driver: &mut Driver) {
        if Instant::now() < self.propose_after {
            return;
        }
        driver.agree_on(self.core.semantics.load(Ordering::Acquire));
        let proposals = driver.propose(self.clock.now_ms());
        if !proposals.is_empty() {
            self.core.queue.propose(proposals);
        }
        if let Some(sendings) = &self.sendings {
            for sending in driver.sends() {
                // A courier that has ended has told why.
                let _ = sendings.send(sending);
            }
        }
    }

    /// How long there is nothing to do, unless something comes.
    fn sleep(&self, led: &Leadership) -> Duration {
        let now = Instant::now();
        let mut sleep = SLEEP_MAX;
        let due = led.checkpoints.due(&led.driver);
        if let Some(due) = due.filter(|_| !self.core.orders.is_ceding()) {
            sleep = sleep.min(due.saturating_duration_since(now));
        }
        if let Some(due_ms) = led.driver.tick_due_ms() {
            let ahead_ms = due_ms.saturating_sub(self.clock.now_ms()).max(0);
            let ahead = Duration::from_millis(ahead_ms.unsigned_abs());
            let pause = self.propose_after.saturating_duration_since(now);
            sleep = sleep.min(ahead.max(pause));
        }
        sleep
    }

    fn take(&mut self, led: &mut Leadership, batch: Batch) -> Result<(), End> {
        let records = batch.map_err(|error| match StartError::from(error) {
            error if error.is_final() => End::Failed(error.to_string()),
            error => End::Rebuild(error.to_string()),
        })?;
        for chunk in records.chunks(CHUNK) {
            let mut outputs = Vec::with_capacity(2 * chunk.len());
            let mut applied = Ok(());
            let begun = Instant::now();
            for record in chunk {
                fail_point::pass(FailPoint::BeforeApply);
                applied = led.driver.apply(record, &mut outputs);
                fail_point::pass(FailPoint::AfterApply);
                if applied.is_err() {
                    break;
                }
            }
            let measures = self.core.config.measures.of(self.core.partition);
            measures.applied(chunk.len(), begun.elapsed());
            // Whoever is answered finds the status not behind its answer.
            self.tell(led, None);
            // What came before a halt was applied, and its callers wait.
            self.desk.deliver(&led.driver, outputs);
            applied.map_err(|halt| self.halted(halt))?;
        }
        if let Some(last) = records.last() {
            self.clock.observe(last.timestamp_ms);
        }
        Ok(())
    }

    fn halted(&mut self, halt: Halt) -> End {
        match halt {
            Halt::Panicked { offset, message } => match self.skip(offset, &message) {
                Ok(()) => End::Rebuild(format!("the machine failed at offset {offset}")),
                Err(error) => End::Failed(error.to_string()),
            },
            Halt::NewerSemantics { offset, found } => End::Failed(newer(offset, found).to_string()),
        }
    }

    fn settle(
        &mut self,
        led: &mut Leadership,
        written: crate::checkpoints::Written,
    ) -> Result<(), End> {
        match led.checkpoints.settle(written) {
            Outcome::Committed(refused) => {
                tell_refused(&refused);
                led.driver.withhold(refused);
                self.tell(led, None);
                Ok(())
            }
            Outcome::Full => {
                tracing::warn!("no space is left for a checkpoint; it is tried again");
                Ok(())
            }
            Outcome::Doubt(reason) => Err(End::Rebuild(reason)),
            // Not to be led again on our own accord, or two nodes fence each other for ever.
            Outcome::Fenced => Err(End::Failed(StartError::Fenced.to_string())),
        }
    }

    fn answer_some(&self, led: &Leadership) {
        let until = Instant::now() + QUESTIONS_TIME;
        for question in self.ears.inbox.try_iter() {
            self.answer(led, question);
            if Instant::now() >= until {
                return;
            }
        }
    }

    fn answer(&self, led: &Leadership, question: Inbox) {
        match question {
            Inbox::Query(query) => {
                let view = View::new(&led.driver, led.checkpoints.unwritten());
                // A query that fails takes nothing along: it cannot change anything.
                if catch_unwind(AssertUnwindSafe(|| query(&view))).is_err() {
                    tracing::error!("a query has failed");
                }
            }
            Inbox::Poll(poll) if self.is_told_to_end() => {
                drop(poll.answer(Err(SubmitError::Stopped)));
            }
            Inbox::Poll(poll) => {
                let launch = self.desk.launch(&led.driver);
                self.core.polls.admit(poll, launch);
            }
        }
    }

    fn tell(&self, led: &Leadership, phase: Option<Phase>) {
        let state = led.driver.state();
        let counts = Counts::of(state, self.core.streams.len());
        self.core.change_status(|status| {
            status.offset = led.driver.next_offset().checked_sub(1);
            status.term = led.term;
            status.checkpointed = led.checkpoints.committed();
            status.is_ahead = led.checkpoints.are_behind(&led.driver);
            status.counts = counts;
            if let Some(phase) = phase {
                status.phase = phase;
            }
        });
    }
}

/// A panic of the node's own is a defect that must not leave its callers waiting for ever.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, End> {
    catch_unwind(AssertUnwindSafe(work))
        .map_err(|panic| End::Failed(format!("a defect of the node: {}", panic_message(&*panic))))
}
