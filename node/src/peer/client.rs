//! Calls to the node that leads a partition.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use proto::node::peer_service_client::PeerServiceClient;
use proto::node::{
    ActivateRequest, AppliedRequest, AskRequest, EndedRequest, Failure, HistoryRequest,
    StreamJobsRequest, StreamJobsResponse, SubmitRequest, WatchTasksRequest, WatchTasksResponse,
};
use proto::record::command::Kind;
use proto::record::{ActivateJobs, ActivatedJob, EndedInstance};
use tokio::sync::watch;
use tonic::transport::{Channel, Endpoint};
use tonic::{Status, Streaming};

use super::{MESSAGE_BYTES_MAX, wire};
use crate::config::Caller;
use crate::error::SubmitError;
use crate::partition::Applied;
use crate::partition_id::PartitionId;
use crate::reads::Story;
use crate::stream::JobStreamRequest;

/// A node that does not take a connection within this is not there.
const CONNECT_TIME: Duration = Duration::from_secs(1);
/// A connection is asked so often whether it lives, and given up after so long without an answer.
const ALIVE_INTERVAL: Duration = Duration::from_secs(2);
/// Connections to nodes that have gone are forgotten when there are so many.
const CONNECTIONS_MAX: usize = 256;

/// The other nodes, by address.
#[derive(Clone, Default)]
pub(crate) struct Connections {
    channels: Arc<Mutex<HashMap<String, Channel>>>,
    /// Those that may answer.
    reachable: watch::Sender<BTreeSet<String>>,
}

impl Connections {
    /// These nodes may answer, and no others.
    pub fn tell_reachable(&self, reachable: BTreeSet<String>) {
        self.reachable.send_if_modified(|present| {
            let changes = *present != reachable;
            *present = reachable;
            changes
        });
    }

    /// Must be called within a runtime.
    fn to(&self, address: &str) -> Result<Channel, SubmitError> {
        let mut known = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(channel) = known.get(address) {
            return Ok(channel.clone());
        }
        let endpoint = Endpoint::from_shared(format!("http://{address}"))
            .map_err(|error| SubmitError::Internal(format!("the address {address}: {error}")))?;
        let channel = endpoint
            .connect_timeout(CONNECT_TIME)
            .http2_keep_alive_interval(ALIVE_INTERVAL)
            .keep_alive_timeout(ALIVE_INTERVAL)
            .tcp_nodelay(true)
            .connect_lazy();
        if known.len() >= CONNECTIONS_MAX {
            known.clear();
        }
        known.insert(address.to_owned(), channel.clone());
        Ok(channel)
    }
}

/// A partition that another node leads.
#[derive(Clone)]
pub(crate) struct Peer {
    pub address: String,
    pub partition: PartitionId,
    pub connections: Connections,
}

impl Peer {
    /// Ends when the node is taken for dead.
    pub async fn gone(&self) {
        let mut reachable = self.connections.reachable.subscribe();
        let is_gone = |reachable: &BTreeSet<String>| !reachable.contains(&self.address);
        // Its sender is held here.
        let _ = reachable.wait_for(is_gone).await;
    }

    fn client(&self) -> Result<PeerServiceClient<Channel>, SubmitError> {
        let client = PeerServiceClient::new(self.connections.to(&self.address)?);
        Ok(client
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
            .max_encoding_message_size(MESSAGE_BYTES_MAX))
    }

    pub async fn submit(&self, caller: &Caller, command: Kind) -> Result<Applied, SubmitError> {
        let request = SubmitRequest {
            partition: self.partition.number(),
            command: Some(wire::command(caller, command)),
        };
        let response = self
            .client()?
            .submit(request)
            .await
            .map_err(lost)?
            .into_inner();
        done(response.failure)?;
        let answer = response.answer.ok_or_else(empty)?;
        let offset = response.offset;
        Ok(Applied { answer, offset })
    }

    pub async fn activate_jobs(
        &self,
        caller: &Caller,
        activate: ActivateJobs,
        wait: Duration,
    ) -> Result<Vec<ActivatedJob>, SubmitError> {
        let request = ActivateRequest {
            partition: self.partition.number(),
            command: Some(wire::command(caller, Kind::ActivateJobs(activate))),
            wait_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
        };
        let activated = self.client()?.activate_jobs(request).await;
        let response = activated.map_err(lost)?.into_inner();
        done(response.failure)?;
        Ok(response.jobs)
    }

    /// The answer, encoded, and the last offset that it includes.
    pub async fn ask(&self, name: &str, question: Bytes) -> Result<(Bytes, u64), SubmitError> {
        let request = AskRequest {
            partition: self.partition.number(),
            name: name.to_owned(),
            question,
        };
        let response = self
            .client()?
            .ask(request)
            .await
            .map_err(lost)?
            .into_inner();
        done(response.failure)?;
        Ok((response.answer, response.offset))
    }

    /// Answers when the command at this offset was applied.
    pub async fn applied(&self, offset: u64) -> Result<(), SubmitError> {
        let request = AppliedRequest {
            partition: self.partition.number(),
            offset,
        };
        let applied = self.client()?.applied(request).await;
        done(applied.map_err(lost)?.into_inner().failure)
    }

    pub async fn history(&self, instance: u64) -> Result<Story, SubmitError> {
        let request = HistoryRequest {
            partition: self.partition.number(),
            instance,
        };
        let response = self
            .client()?
            .history(request)
            .await
            .map_err(lost)?
            .into_inner();
        done(response.failure)?;
        Ok(Story {
            batches: response.batches,
            is_cut: response.is_cut,
        })
    }

    pub async fn ended(
        &self,
        before: Option<(i64, u64)>,
        limit: usize,
    ) -> Result<Vec<EndedInstance>, SubmitError> {
        let request = EndedRequest {
            partition: self.partition.number(),
            before_ms: before.map(|(at_ms, _)| at_ms),
            before_key: before.map_or(0, |(_, key)| key),
            limit: u32::try_from(limit).unwrap_or(u32::MAX),
        };
        let response = self
            .client()?
            .ended(request)
            .await
            .map_err(lost)?
            .into_inner();
        done(response.failure)?;
        Ok(response.ended)
    }

    /// Answers when the stream is open.
    pub async fn stream_jobs(
        &self,
        caller: &Caller,
        open: JobStreamRequest,
    ) -> Result<Streaming<StreamJobsResponse>, SubmitError> {
        let request = StreamJobsRequest {
            partition: self.partition.number(),
            principal: caller.principal.clone(),
            r#type: open.r#type,
            worker: open.worker,
            timeout_ms: u64::try_from(open.timeout.as_millis()).unwrap_or(u64::MAX),
            fetch_variables: open.fetch_variables,
        };
        let jobs = self.client()?.stream_jobs(request).await;
        let mut jobs = jobs.map_err(lost)?.into_inner();
        let first = jobs.message().await.map_err(lost)?;
        done(first.ok_or_else(empty)?.failure)?;
        Ok(jobs)
    }

    /// Answers when the watch has begun.
    pub async fn watch_tasks(
        &self,
        from: Option<u64>,
    ) -> Result<Streaming<WatchTasksResponse>, SubmitError> {
        let request = WatchTasksRequest {
            partition: self.partition.number(),
            from,
        };
        let changes = self.client()?.watch_tasks(request).await;
        Ok(changes.map_err(lost)?.into_inner())
    }
}

/// Nobody knows what became of the call.
fn lost(status: Status) -> SubmitError {
    SubmitError::Unavailable(format!(
        "the partition's leader did not answer: {}",
        status.message()
    ))
}

fn empty() -> SubmitError {
    SubmitError::Unavailable("the partition's leader answered nothing".to_owned())
}

fn done(failure: Option<Failure>) -> Result<(), SubmitError> {
    failure.map_or(Ok(()), |failure| Err(wire::error(failure)))
}
