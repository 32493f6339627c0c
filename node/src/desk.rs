//! Hands out what applying gave: answers to those who wait, jobs to streams and polls, changes of tasks to watchers.
//!
//! Owns what was handed out already, so that nothing goes out twice when the log is applied once more after a restore.
//! It must never wait for a client.

use std::sync::Arc;

use proto::record::{ActivatedJob, Answer, answer};
use rustc_hash::FxHashSet;

use crate::core::Core;
use crate::driver::{Driver, Output};
use crate::error::SubmitError;
use crate::partition::Applied;
use crate::polls::Launch;
use crate::waiters::{Answering, Waiter};
use crate::watch::TaskEvent;

type Reply = Result<Applied, SubmitError>;

pub(crate) struct Desk {
    core: Arc<Core>,
    /// What this process itself has leased by commands behind this offset, it may give back when nobody takes it.
    /// Before its first term, and up to here, somebody may be working on it.
    mine_after: Option<u64>,
    /// In which it leads.
    term: u64,
    /// Another one leads: what is leased to streams is not this one's to give out, or back.
    is_superseded: bool,
}

/// What one batch gave, sorted by whom it goes to.
#[derive(Default)]
struct Sorted {
    replies: Vec<(Waiter, Reply)>,
    untaken: Vec<Answer>,
    pushes: Vec<(u64, Box<ActivatedJob>)>,
    job_types: FxHashSet<String>,
    tasks: Vec<TaskEvent>,
}

impl Desk {
    pub fn new(core: Arc<Core>) -> Desk {
        Desk {
            core,
            mine_after: None,
            term: 0,
            is_superseded: false,
        }
    }

    /// What comes from now on is handed out by the leader of this term.
    pub fn lead(&mut self, term: u64) {
        self.term = term;
    }

    /// Hands out what the driver gave for all records up to its position.
    pub fn deliver(&mut self, driver: &Driver, outputs: Vec<Output>) {
        let sorted = self.sort(outputs);
        for answer in &sorted.untaken {
            self.core.give_back(answer);
        }
        let mut job_types = sorted.job_types;
        for (waiter, reply) in sorted.replies {
            self.reply(waiter, reply, &mut job_types);
        }
        self.push(sorted.pushes);
        let core = &self.core;
        core.tasks.add(sorted.tasks, driver.next_offset());
        for job_type in &job_types {
            core.polls.wake(job_type, self.launch(driver));
        }
        if let (Some(after), Some(last)) = (self.mine_after, driver.next_offset().checked_sub(1)) {
            self.mine_after = Some(after.max(last));
        }
    }

    pub fn launch<'a>(&'a self, driver: &'a Driver) -> Launch<'a> {
        Launch {
            state: driver.state(),
            queue: &self.core.queue,
            waiters: &self.core.waiters,
        }
    }

    fn sort(&mut self, outputs: Vec<Output>) -> Sorted {
        let core = Arc::clone(&self.core);
        let mut waiting = core.waiters.answering();
        let mut sorted = Sorted::default();
        for output in outputs {
            self.sort_one(output, &mut waiting, &mut sorted);
        }
        sorted
    }

    fn sort_one(&mut self, output: Output, waiting: &mut Answering<'_>, sorted: &mut Sorted) {
        match output {
            Output::Applied {
                correlation,
                result: Ok(None),
                ..
            } => waiting.wait_longer(correlation),
            Output::Applied {
                offset,
                correlation,
                result: Ok(Some(answer)),
            }
            | Output::Late {
                offset,
                correlation,
                answer,
            } => {
                let applied = Applied { answer, offset };
                self.sort_answer(correlation, applied, waiting, sorted);
            }
            Output::Applied {
                correlation,
                result: Err(rejection),
                ..
            } => {
                let waiter = waiting.take(correlation);
                let rejected = Err(SubmitError::Rejected(rejection));
                sorted
                    .replies
                    .extend(waiter.map(|waiter| (waiter, rejected)));
            }
            Output::PushJob {
                offset,
                stream_id,
                job,
            } => {
                if self.is_mine(offset) && !self.is_superseded {
                    sorted.pushes.push((stream_id, job));
                }
            }
            Output::JobsAvailable { job_type } => {
                sorted.job_types.insert(job_type);
            }
            Output::TaskChanged(event) => sorted.tasks.push(*event),
            Output::TermBegun { offset, term } => {
                // The log has closed all streams that were opened before.
                self.core.streams.end();
                if term == self.term {
                    self.mine_after.get_or_insert(offset);
                }
                self.is_superseded = term > self.term;
            }
            Output::Skipped {
                offset,
                correlation,
                instance,
            } => {
                let (waiter, failed) = (waiting.take(correlation), skipped(offset, instance));
                sorted.replies.extend(waiter.map(|waiter| (waiter, failed)));
            }
            Output::Unreadable { offset, reason } => {
                tracing::error!(offset, reason, "skipped a record that is no command");
            }
        }
    }

    fn sort_answer(
        &self,
        correlation: u64,
        applied: Applied,
        waiting: &mut Answering<'_>,
        sorted: &mut Sorted,
    ) {
        match waiting.take(correlation) {
            Some(waiter) => sorted.replies.push((waiter, Ok(applied))),
            None if self.is_mine(applied.offset) && self.core.is_own(correlation) => {
                sorted.untaken.push(applied.answer);
            }
            // A predecessor that still serves may have the caller.
            None => {}
        }
    }

    fn is_mine(&self, offset: u64) -> bool {
        self.mine_after.is_some_and(|after| offset > after)
    }

    fn reply(&self, waiter: Waiter, reply: Reply, job_types: &mut FxHashSet<String>) {
        let poll = match waiter {
            Waiter::Caller(caller) => return self.core.answer(caller, reply),
            Waiter::Poll(poll) => poll,
        };
        self.core.polls.settle(&poll);
        // Others may wait for what this one has not taken.
        job_types.insert(poll.job_type.clone());
        match reply.map(|applied| applied.answer.kind) {
            Ok(Some(answer::Kind::ActivatedJobs(found))) if found.jobs.is_empty() => {
                self.core.polls.put_back(poll);
            }
            Ok(Some(answer::Kind::ActivatedJobs(found))) => {
                if let Err(untaken) = poll.answer(Ok(found.jobs)) {
                    self.core.queue.return_jobs(&untaken);
                }
            }
            Ok(_) => {
                let wrong = "the answer is not one of activating jobs".to_owned();
                drop(poll.answer(Err(SubmitError::Internal(wrong))));
            }
            Err(error) => drop(poll.answer(Err(error))),
        }
    }

    fn push(&self, pushes: Vec<(u64, Box<ActivatedJob>)>) {
        if pushes.is_empty() {
            return;
        }
        let refused = self.core.streams.push(pushes);
        for stream_id in refused.streams {
            self.core.queue.close_stream(stream_id, Vec::new());
        }
        if !refused.jobs.is_empty() {
            self.core.queue.return_jobs(&refused.jobs);
        }
    }
}

/// Somebody should look why.
fn skipped(offset: u64, instance: Option<u64>) -> Reply {
    tracing::error!(
        offset,
        instance,
        "skipped a command that makes the machine fail"
    );
    let failed = format!("the machine failed on the command at offset {offset}");
    Err(SubmitError::Internal(failed))
}
