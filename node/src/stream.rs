//! Job streams: the registry that pushed jobs go through, and what clients see.
//!
//! Owns flow control: a stream is pushed no more jobs than it has room for, because the log counts its credit. It must
//! never block whoever pushes.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use proto::record::ActivatedJob;
use rustc_hash::FxHashMap;
use tokio::sync::mpsc;
use tokio_stream::Stream;

use crate::core::Core;

/// Which jobs a stream asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobStreamRequest {
    /// The job type.
    pub r#type: String,
    pub worker: String,
    /// How long a job is leased.
    pub timeout: Duration,
    /// Names of variables; empty: all that are visible.
    pub fetch_variables: Vec<String>,
}

/// Jobs of one partition as they are leased to the stream. It ends when the partition stops or is restored.
///
/// Dropping it closes the stream and gives back the jobs that were not taken.
pub struct PartitionStream {
    core: Arc<Core>,
    id: u64,
    jobs: mpsc::Receiver<ActivatedJob>,
    /// Jobs taken since credit was last given.
    taken: u32,
}

impl PartitionStream {
    /// Registers a stream, before its command: a job may be pushed as soon as that is applied. `None` when there are
    /// as many as may be.
    pub(crate) fn register(core: &Arc<Core>) -> Option<PartitionStream> {
        let (id, jobs) = core
            .streams
            .register(core.config.streams_max, core.config.stream_credit)?;
        Some(PartitionStream {
            core: Arc::clone(core),
            id,
            jobs,
            taken: 0,
        })
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    fn count(&mut self) {
        self.taken += 1;
        if self.taken >= (self.core.config.stream_credit / 2).max(1) {
            let credit = std::mem::take(&mut self.taken);
            self.core.queue.credit_stream(self.id, credit);
        }
    }
}

impl std::fmt::Debug for PartitionStream {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("PartitionStream")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Stream for PartitionStream {
    type Item = ActivatedJob;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<ActivatedJob>> {
        let polled = self.jobs.poll_recv(context);
        if let Poll::Ready(Some(_)) = &polled {
            self.count();
        }
        polled
    }
}

impl Drop for PartitionStream {
    fn drop(&mut self) {
        // From here on a push finds it closed and gives the job back itself.
        self.jobs.close();
        let mut undelivered = Vec::new();
        while let Ok(job) = self.jobs.try_recv() {
            undelivered.push(job);
        }
        if self.core.streams.remove(self.id) {
            let keys = undelivered.iter().map(|job| job.key);
            self.core.queue.close_stream(self.id, keys.collect());
        } else {
            // A new term has closed it, but for the one whose opening came after that.
            self.core.queue.close_stream(self.id, Vec::new());
            self.core.queue.return_jobs(&undelivered);
        }
    }
}

/// The open streams of a partition.
#[derive(Debug)]
pub(crate) struct Streams {
    open: Mutex<FxHashMap<u64, mpsc::Sender<ActivatedJob>>>,
    /// Ids are never used twice by a process, and a new term closes the streams of the one before.
    last_id: AtomicU64,
}

impl Default for Streams {
    /// Counts from anywhere: an opening of an earlier process may come late into the log, and must not
    /// take an id of this one.
    fn default() -> Streams {
        Streams {
            open: Mutex::default(),
            last_id: AtomicU64::new(fastrand::u64(0..1 << 62)),
        }
    }
}

impl Streams {
    fn open(&self) -> MutexGuard<'_, FxHashMap<u64, mpsc::Sender<ActivatedJob>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn register(&self, max: usize, credit: u32) -> Option<(u64, mpsc::Receiver<ActivatedJob>)> {
        let mut open = self.open();
        if open.len() >= max {
            return None;
        }
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let (sender, receiver) = mpsc::channel(credit.max(1) as usize);
        open.insert(id, sender);
        Some((id, receiver))
    }

    fn remove(&self, id: u64) -> bool {
        self.open().remove(&id).is_some()
    }

    pub fn len(&self) -> usize {
        self.open().len()
    }

    /// Hands jobs to their streams; tells which found no taker.
    pub fn push(&self, jobs: Vec<(u64, Box<ActivatedJob>)>) -> Refused {
        let open = self.open();
        let mut refused = Refused::default();
        for (stream_id, job) in jobs {
            match open.get(&stream_id) {
                Some(stream) => {
                    if let Err(refusal) = stream.try_send(*job) {
                        refused.jobs.push(refusal.into_inner());
                    }
                }
                None => {
                    refused.jobs.push(*job);
                    refused.streams.insert(stream_id);
                }
            }
        }
        refused
    }

    pub fn contains(&self, id: u64) -> bool {
        self.open().contains_key(&id)
    }

    /// Ends all streams; what their clients have not taken yet they still get.
    pub fn end(&self) {
        self.open().clear();
    }
}

/// What could not be pushed.
#[derive(Debug, Default)]
pub(crate) struct Refused {
    /// Jobs that somebody else may have.
    pub jobs: Vec<ActivatedJob>,
    /// Streams that the log knows and this node does not: nobody listens.
    pub streams: BTreeSet<u64>,
}
