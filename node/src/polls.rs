//! Callers who wait for jobs of a type: parked without a command until there is one.
//!
//! Owns who is parked and how many jobs are being asked for. A poll is asked again as long as its caller waits: that
//! another one was faster is no answer.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use engine::State;
use proto::record::ActivatedJob;
use rustc_hash::FxHashMap;
use tokio::sync::oneshot;

use crate::error::SubmitError;
use crate::queue::{Entry, Queue};
use crate::waiters::{Waiter, Waiters};

/// Those who have gone are cleared away when so many are parked, and whenever the number has doubled.
const PRUNE_MIN: usize = 64;

/// A call that waits for jobs.
#[derive(Debug)]
pub(crate) struct Poll {
    pub job_type: String,
    pub max_jobs: usize,
    /// The command, encoded once however often it is asked.
    pub bytes: Bytes,
    pub correlation: u64,
    pub until: Instant,
    pub reply: oneshot::Sender<Result<Vec<ActivatedJob>, SubmitError>>,
}

impl Poll {
    pub fn is_gone(&self) -> bool {
        self.reply.is_closed()
    }

    fn is_over(&self) -> bool {
        self.is_gone() || self.until <= Instant::now()
    }

    /// The jobs come back when nobody takes them.
    pub fn answer(
        self,
        answer: Result<Vec<ActivatedJob>, SubmitError>,
    ) -> Result<(), Vec<ActivatedJob>> {
        let unsent = self.reply.send(answer);
        unsent.map_err(Result::unwrap_or_default)
    }
}

/// Those who poll, by job type.
#[derive(Debug, Default)]
pub(crate) struct Polls(Mutex<FxHashMap<String, Line>>);

#[derive(Debug, Default)]
struct Line {
    parked: VecDeque<Box<Poll>>,
    /// Jobs that commands under way ask for: as many need not wake anybody.
    asked: usize,
    prune_at: usize,
}

/// Where polls are launched to.
#[derive(Clone, Copy)]
pub(crate) struct Launch<'a> {
    pub state: &'a State,
    pub queue: &'a Queue,
    pub waiters: &'a Waiters,
}

impl Polls {
    fn lines(&self) -> MutexGuard<'_, FxHashMap<String, Line>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in a new poll: asks at once when there is a job that nobody else is asking for.
    pub fn admit(&self, poll: Box<Poll>, launch: Launch<'_>) {
        let mut lines = self.lines();
        let line = lines.entry(poll.job_type.clone()).or_default();
        match line.has_more(&poll.job_type, launch.state) {
            true => line.launch(poll, launch),
            false if poll.is_over() => finish(*poll, Ok(Vec::new())),
            false => line.park(poll),
        }
    }

    /// There may be jobs of this type: asks for as many of the parked ones as there are jobs.
    pub fn wake(&self, job_type: &str, launch: Launch<'_>) {
        let mut lines = self.lines();
        let Some(line) = lines.get_mut(job_type) else {
            return;
        };
        // Every turn takes one out of the line, which is bounded.
        while line.has_more(job_type, launch.state) {
            match line.parked.pop_front() {
                Some(poll) if poll.is_over() => finish(*poll, Ok(Vec::new())),
                Some(poll) => line.launch(poll, launch),
                None => break,
            }
        }
        if line.parked.is_empty() && line.asked == 0 {
            lines.remove(job_type);
        }
    }

    /// The command of a poll is no longer under way.
    pub fn settle(&self, poll: &Poll) {
        if let Some(line) = self.lines().get_mut(&poll.job_type) {
            line.asked = line.asked.saturating_sub(poll.max_jobs);
        }
    }

    /// Somebody else was faster: the first in the line again.
    pub fn put_back(&self, poll: Box<Poll>) {
        if poll.is_over() {
            return finish(*poll, Ok(Vec::new()));
        }
        let mut lines = self.lines();
        let line = lines.entry(poll.job_type.clone()).or_default();
        line.parked.push_front(poll);
    }

    /// The types that somebody waits for.
    pub fn job_types(&self) -> Vec<String> {
        self.lines().keys().cloned().collect()
    }

    /// Tells everybody who is parked that nothing is asked any more.
    pub fn refuse(&self, reason: &SubmitError) {
        let lines = std::mem::take(&mut *self.lines());
        for poll in lines.into_values().flat_map(|line| line.parked) {
            finish(*poll, Err(reason.clone()));
        }
    }
}

impl Line {
    fn has_more(&self, job_type: &str, state: &State) -> bool {
        let mut unasked = state.activatable_jobs(job_type).skip(self.asked);
        unasked.next().is_some()
    }

    fn park(&mut self, poll: Box<Poll>) {
        if self.parked.len() >= self.prune_at.max(PRUNE_MIN) {
            self.parked.retain(|parked| !parked.is_gone());
            self.prune_at = 2 * self.parked.len();
        }
        self.parked.push_back(poll);
    }

    fn launch(&mut self, poll: Box<Poll>, launch: Launch<'_>) {
        let max_jobs = poll.max_jobs;
        let entry = Entry {
            bytes: poll.bytes.clone(),
            correlation: poll.correlation,
            waiter: Waiter::Poll(poll),
        };
        // Polls have a bound of their own; here they are only counted.
        launch.waiters.enter(usize::MAX);
        match launch.queue.push(entry) {
            Ok(()) => self.asked += max_jobs,
            Err(refused) => {
                let (entry, reason) = *refused;
                launch.waiters.leave(1);
                if let Waiter::Poll(poll) = entry.waiter {
                    finish(*poll, Err(reason));
                }
            }
        }
    }
}

/// An answer without jobs.
fn finish(poll: Poll, answer: Result<Vec<ActivatedJob>, SubmitError>) {
    // Nobody listens any more: there is nothing to give back.
    let _ = poll.answer(answer);
}
