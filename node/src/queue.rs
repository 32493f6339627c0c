//! What is to be appended: commands of callers, and the node's own chores.
//!
//! Owns the order and the bounds of what waits for the appender. A chore is one of four things that can wait and be
//! put together: closing streams, giving them credit, giving jobs back, and what the driver proposed.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use proto::record::command::Kind;
use proto::record::{ActivatedJob, CloseStream, CreditStream, Lease, ReturnJobs};
use rustc_hash::FxHashMap;

use crate::config::Caller;
use crate::driver::encode;
use crate::error::SubmitError;
use crate::waiters::Waiter;

/// Jobs that one command gives back at most.
const RETURNS_MAX: usize = 1_000;
/// Commands that are appended at once.
const BATCH_MAX: usize = 4_096;
/// Chores that were not appended are tried again after so long.
const RETRY: Duration = Duration::from_millis(100);

/// A command on its way into the log, and who waits for it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub bytes: Bytes,
    pub correlation: u64,
    pub waiter: Waiter,
}

/// What is appended at once.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub entries: Vec<Entry>,
    /// The node's own commands; they go first. Nobody waits, but they must come into the log.
    pub chores: Vec<Bytes>,
    /// What the driver proposes again when it is lost.
    pub proposals: Vec<Bytes>,
}

#[derive(Debug)]
pub(crate) struct Queue {
    lane: Mutex<Lane>,
    ready: Condvar,
    /// Commands that wait take so much at most.
    bytes_max: usize,
}

#[derive(Debug, Default)]
struct Lane {
    entries: VecDeque<Entry>,
    /// How long the entries are together.
    bytes: usize,
    closes: Vec<CloseStream>,
    credits: FxHashMap<u64, u32>,
    returns: Vec<Lease>,
    proposals: Vec<Kind>,
    /// Encoded chores that could not be appended: repeated byte for byte, since their request ids make them harmless.
    unsent: Vec<Bytes>,
    sleeping: bool,
    /// No commands of callers are taken any more, for this reason.
    closed: Option<SubmitError>,
    /// No chores either.
    finished: bool,
}

impl Lane {
    fn has_chores(&self) -> bool {
        !(self.closes.is_empty()
            && self.credits.is_empty()
            && self.returns.is_empty()
            && self.proposals.is_empty())
    }
}

impl Queue {
    pub fn new(bytes_max: usize) -> Queue {
        Queue {
            lane: Mutex::default(),
            ready: Condvar::new(),
            bytes_max,
        }
    }

    fn lane(&self) -> MutexGuard<'_, Lane> {
        self.lane.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self, lane: &mut Lane) {
        if std::mem::take(&mut lane.sleeping) {
            self.ready.notify_one();
        }
    }

    /// # Errors
    /// The entry, with the reason: nothing is taken any more, or too much waits.
    pub fn push(&self, entry: Entry) -> Result<(), Box<(Entry, SubmitError)>> {
        let mut lane = self.lane();
        if let Some(reason) = lane.closed.clone() {
            return Err(Box::new((entry, reason)));
        }
        // One that is alone goes in any case, or a long command would never go.
        if !lane.entries.is_empty() && lane.bytes + entry.bytes.len() > self.bytes_max {
            return Err(Box::new((entry, SubmitError::Overloaded)));
        }
        lane.bytes += entry.bytes.len();
        lane.entries.push_back(entry);
        self.wake(&mut lane);
        Ok(())
    }

    /// Adds a chore. After the end of the queue it is dropped: the next term closes all streams.
    fn add(&self, chore: impl FnOnce(&mut Lane)) {
        let mut lane = self.lane();
        if !lane.finished {
            chore(&mut lane);
            self.wake(&mut lane);
        }
    }

    pub fn return_jobs<'j>(&self, jobs: impl IntoIterator<Item = &'j ActivatedJob>) {
        self.add(|lane| lane.returns.extend(jobs.into_iter().map(lease)));
    }

    pub fn credit_stream(&self, stream_id: u64, credit: u32) {
        self.add(|lane| {
            let present = lane.credits.entry(stream_id).or_default();
            *present = present.saturating_add(credit);
        });
    }

    pub fn close_stream(&self, stream_id: u64, undelivered_jobs: Vec<u64>) {
        self.add(|lane| {
            lane.credits.remove(&stream_id);
            lane.closes.push(CloseStream {
                stream_id,
                undelivered_jobs,
            });
        });
    }

    pub fn propose(&self, proposals: Vec<Kind>) {
        self.add(|lane| lane.proposals.extend(proposals));
    }

    /// Chores that may not be in the log, for another attempt.
    pub fn put_back(&self, chores: Vec<Bytes>) {
        self.lane().unsent.extend(chores);
    }

    /// Takes no commands of callers any more, for this reason. What is waiting is still given out.
    pub fn close(&self, reason: SubmitError) {
        self.lane().closed.get_or_insert(reason);
    }

    /// Takes nothing any more, once it was closed. What is waiting is still given out.
    pub fn finish(&self) {
        let mut lane = self.lane();
        lane.finished = true;
        self.wake(&mut lane);
    }

    /// Takes nothing any more and gives out nothing: what was waiting comes back.
    pub fn abandon(&self, reason: SubmitError) -> Vec<Entry> {
        let mut lane = self.lane();
        lane.closed.get_or_insert(reason);
        let entries = lane.entries.drain(..).collect();
        let left = std::mem::take(&mut *lane);
        lane.closed = left.closed;
        lane.finished = true;
        self.ready.notify_one();
        entries
    }

    /// Waits for the next batch of about `bytes_max`. `None` when the queue is finished and empty.
    pub fn take(&self, bytes_max: usize) -> Option<Batch> {
        let mut lane = self.lane();
        // Each turn waits; the last comes with the close.
        while lane.entries.is_empty() && !lane.has_chores() {
            if lane.finished {
                return None;
            }
            lane.sleeping = true;
            if lane.unsent.is_empty() {
                let woken = self.ready.wait(lane);
                lane = woken.unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let woken = self.ready.wait_timeout(lane, RETRY);
            let (guard, elapsed) = woken.unwrap_or_else(PoisonError::into_inner);
            lane = guard;
            if elapsed.timed_out() {
                break;
            }
        }
        lane.sleeping = false;
        Some(lane.batch(bytes_max))
    }
}

impl Lane {
    fn batch(&mut self, bytes_max: usize) -> Batch {
        let mut chores = std::mem::take(&mut self.unsent);
        self.encode_chores(&mut chores);
        let proposals = std::mem::take(&mut self.proposals).into_iter();
        let proposals = proposals.map(|kind| encode(&Caller::default(), 0, kind));
        let mut batch = Batch {
            entries: Vec::with_capacity(self.entries.len().min(BATCH_MAX)),
            chores,
            proposals: proposals.collect(),
        };
        let own = batch.chores.iter().chain(&batch.proposals);
        let mut bytes: usize = own.map(Bytes::len).sum();
        while let Some(entry) = self.entries.front() {
            bytes += entry.bytes.len();
            // One goes in any case, or a long command would never go.
            let is_full = bytes > bytes_max || batch.entries.len() == BATCH_MAX;
            if is_full && !batch.entries.is_empty() {
                break;
            }
            if let Some(entry) = self.entries.pop_front() {
                self.bytes -= entry.bytes.len();
                batch.entries.push(entry);
            }
        }
        batch
    }

    /// Closing comes first: a job that is given back must not be leased again to a stream that nobody reads.
    fn encode_chores(&mut self, chores: &mut Vec<Bytes>) {
        for close in self.closes.drain(..) {
            chores.push(encode_once(Kind::CloseStream(close)));
        }
        for (stream_id, credit) in self.credits.drain() {
            chores.push(encode_once(Kind::CreditStream(CreditStream {
                stream_id,
                credit,
            })));
        }
        for leases in std::mem::take(&mut self.returns).chunks(RETURNS_MAX) {
            chores.push(encode_once(Kind::ReturnJobs(ReturnJobs {
                leases: leases.to_vec(),
            })));
        }
    }
}

/// The hold that a job was handed out with.
pub(crate) fn lease(job: &ActivatedJob) -> Lease {
    Lease {
        job_key: job.key,
        until_ms: job.deadline_ms,
    }
}

/// A chore that does its work once however often it comes into the log.
fn encode_once(kind: Kind) -> Bytes {
    let caller = Caller {
        request_id: Some(fastrand::u128(..).to_be_bytes()),
        ..Caller::default()
    };
    encode(&caller, 0, kind)
}
