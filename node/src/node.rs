//! The handle of a node: what floor 4 calls.

use std::sync::Arc;
use std::time::Duration;

use engine::State;
use journal::Journal;
use proto::record::{ActivateJobs, ActivatedJob, Answer, EndedInstance, HistoryBatch, command};
use tokio::sync::watch;

use crate::config::{Caller, Config};
use crate::error::{StartError, SubmitError};
use crate::status::{Counts, Phase, Status};
use crate::stream::{JobStream, JobStreamRequest};
use crate::watch::TaskWatch;

/// A command that was applied.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    pub answer: Answer,
    /// Where the command that gave the answer stands in the log.
    pub offset: u64,
}

/// A running node. Clones share it; when the last one is dropped without [`Node::stop`] the node ends as in a crash.
#[derive(Clone)]
pub struct Node {
    phase: Arc<watch::Sender<Phase>>,
}

impl Node {
    /// Leads the partition, restores it, and serves. Blocks until it does.
    ///
    /// # Errors
    /// See [`StartError`]; nothing runs then.
    pub fn start(_journal: Arc<dyn Journal>, _config: Config) -> Result<Node, StartError> {
        Err(StartError::Stopped)
    }

    /// Submits a command and waits for its answer, for a late one too (an instance whose result is awaited).
    /// Dropping the future forgets the waiter; the command may be applied all the same.
    pub async fn submit(
        &self,
        _caller: &Caller,
        _command: command::Kind,
    ) -> Result<Applied, SubmitError> {
        Err(SubmitError::Stopped)
    }

    /// Runs a query on the partition's thread between batches; it sees every command that was answered before, and
    /// nothing is applied while it runs: keep it short.
    pub async fn query<T: Send + 'static>(
        &self,
        query: impl FnOnce(&State) -> T + Send + 'static,
    ) -> Result<T, SubmitError> {
        self.query_at(query).await.map(|(found, _)| found)
    }

    /// As [`Node::query`], with the last offset that was applied when it ran: a watch from there gives what follows.
    pub async fn query_at<T: Send + 'static>(
        &self,
        _query: impl FnOnce(&State) -> T + Send + 'static,
    ) -> Result<(T, u64), SubmitError> {
        Err(SubmitError::Stopped)
    }

    /// Leases jobs. While there is none of the type the call is parked, without a command, for up to `wait`; then the
    /// answer is empty. A dropped call gives back what it was given.
    pub async fn activate_jobs(
        &self,
        _caller: &Caller,
        _activate: ActivateJobs,
        _wait: Duration,
    ) -> Result<Vec<ActivatedJob>, SubmitError> {
        Err(SubmitError::Stopped)
    }

    /// Opens a stream of jobs; answers when it is registered.
    pub async fn open_job_stream(
        &self,
        _caller: &Caller,
        _open: JobStreamRequest,
    ) -> Result<JobStream, SubmitError> {
        Err(SubmitError::Stopped)
    }

    /// Watches user tasks from after an offset; from now on when it is `None`.
    pub fn watch_tasks(&self, _from: Option<u64>) -> TaskWatch {
        TaskWatch {}
    }

    /// The story of an instance so far, in order; empty when there is none (any more).
    pub async fn history(&self, _instance: u64) -> Result<Vec<HistoryBatch>, SubmitError> {
        Err(SubmitError::Stopped)
    }

    /// Ended instances, newest first. `before` = (`ended_ms`, key) of the last one already seen gives the next page.
    pub async fn ended(
        &self,
        _before: Option<(i64, u64)>,
        _limit: usize,
    ) -> Result<Vec<EndedInstance>, SubmitError> {
        Err(SubmitError::Stopped)
    }

    pub fn status(&self) -> Status {
        Status {
            phase: self.phase.borrow().clone(),
            offset: None,
            term: 0,
            checkpointed: 0,
            counts: Counts::default(),
        }
    }

    /// Tells when the phase changes.
    pub fn phases(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// Stops gracefully: nothing new is taken, what was accepted is applied and answered, the last checkpoint is
    /// written, and the threads have ended.
    pub async fn stop(&self) {}
}
