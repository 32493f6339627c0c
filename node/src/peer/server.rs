//! Answers other nodes for the partitions that this one leads.

use std::pin::Pin;
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use proto::node::peer_service_server::{PeerService, PeerServiceServer};
use proto::node::{
    ActivateRequest, ActivateResponse, AppliedRequest, AppliedResponse, AskRequest, AskResponse,
    EndedRequest, EndedResponse, Failure, HistoryRequest, HistoryResponse, StreamJobsRequest,
    StreamJobsResponse, SubmitRequest, SubmitResponse, WatchTasksRequest, WatchTasksResponse,
};
use proto::record::command::Kind;
use tonic::{Request, Response, Status};

use super::{MESSAGE_BYTES_MAX, wire};
use crate::config::Caller;
use crate::error::SubmitError;
use crate::node::Node;
use crate::partition::Partition;
use crate::partition_id::PartitionId;
use crate::query::Queries;
use crate::stream::JobStreamRequest;
use crate::watch::{TaskEvent, WatchError};

/// The service for other nodes, to be added to the node's server.
pub struct Peers {
    node: Node,
    queries: Queries,
}

impl Peers {
    /// `queries` is what other nodes may ask.
    pub fn service(node: Node, queries: Queries) -> PeerServiceServer<Peers> {
        PeerServiceServer::new(Peers { node, queries })
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
            .max_encoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// The partition, if this node leads it.
    fn led(&self, number: u32) -> Result<Partition, Failure> {
        let id = PartitionId::new(number);
        let led = id.and_then(|id| self.node.led_here(id));
        led.ok_or_else(wire::not_leader)
    }

    async fn submit_here(&self, request: SubmitRequest) -> Result<SubmitResponse, Failure> {
        let partition = self.led(request.partition)?;
        let (caller, kind) = given(request.command)?;
        let applied = partition
            .submit(&caller, kind)
            .await
            .map_err(wire::failure)?;
        Ok(SubmitResponse {
            answer: Some(applied.answer),
            offset: applied.offset,
            failure: None,
        })
    }

    async fn activate_here(&self, request: ActivateRequest) -> Result<ActivateResponse, Failure> {
        let partition = self.led(request.partition)?;
        let (caller, kind) = given(request.command)?;
        let Kind::ActivateJobs(activate) = kind else {
            return Err(unreadable("the command activates no jobs"));
        };
        let wait = Duration::from_millis(request.wait_ms);
        let jobs = partition.activate_jobs(&caller, activate, wait).await;
        Ok(ActivateResponse {
            jobs: jobs.map_err(wire::failure)?,
            failure: None,
        })
    }

    async fn ask_here(&self, request: AskRequest) -> Result<AskResponse, Failure> {
        let partition = self.led(request.partition)?;
        let asked = self.queries.decode(&request.name, request.question);
        let asked = asked.map_err(|reason| unreadable(&reason))?;
        let (answer, offset) = partition.query_at(asked).await.map_err(wire::failure)?;
        Ok(AskResponse {
            answer,
            offset,
            failure: None,
        })
    }

    async fn applied_here(&self, request: AppliedRequest) -> Result<(), Failure> {
        let partition = self.led(request.partition)?;
        let applied = partition.applied(request.offset).await;
        applied.map_err(wire::failure)
    }

    async fn history_here(&self, request: HistoryRequest) -> Result<HistoryResponse, Failure> {
        let partition = self.led(request.partition)?;
        let story = partition
            .history(request.instance)
            .await
            .map_err(wire::failure)?;
        Ok(HistoryResponse {
            batches: story.batches,
            is_cut: story.is_cut,
            failure: None,
        })
    }

    async fn ended_here(&self, request: EndedRequest) -> Result<EndedResponse, Failure> {
        let partition = self.led(request.partition)?;
        let before = request.before_ms.map(|at_ms| (at_ms, request.before_key));
        let ended = partition.ended(before, request.limit as usize).await;
        Ok(EndedResponse {
            ended: ended.map_err(wire::failure)?,
            failure: None,
        })
    }
}

fn given(command: Option<proto::record::Command>) -> Result<(Caller, Kind), Failure> {
    let command = command.ok_or_else(|| unreadable("there is no command"))?;
    let (caller, kind) = wire::caller(command);
    let kind = kind.ok_or_else(|| unreadable("the command is of no known kind"))?;
    Ok((caller, kind))
}

fn unreadable(reason: &str) -> Failure {
    wire::failure(SubmitError::Internal(reason.to_owned()))
}

type Streamed<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl PeerService for Peers {
    async fn submit(
        &self,
        request: Request<SubmitRequest>,
    ) -> Result<Response<SubmitResponse>, Status> {
        let submitted = self.submit_here(request.into_inner()).await;
        Ok(Response::new(submitted.unwrap_or_else(|failure| {
            SubmitResponse {
                failure: Some(failure),
                ..SubmitResponse::default()
            }
        })))
    }

    async fn activate_jobs(
        &self,
        request: Request<ActivateRequest>,
    ) -> Result<Response<ActivateResponse>, Status> {
        let activated = self.activate_here(request.into_inner()).await;
        Ok(Response::new(activated.unwrap_or_else(|failure| {
            ActivateResponse {
                failure: Some(failure),
                jobs: Vec::new(),
            }
        })))
    }

    async fn ask(&self, request: Request<AskRequest>) -> Result<Response<AskResponse>, Status> {
        let asked = self.ask_here(request.into_inner()).await;
        Ok(Response::new(asked.unwrap_or_else(|failure| AskResponse {
            failure: Some(failure),
            ..AskResponse::default()
        })))
    }

    async fn applied(
        &self,
        request: Request<AppliedRequest>,
    ) -> Result<Response<AppliedResponse>, Status> {
        let failure = self.applied_here(request.into_inner()).await.err();
        Ok(Response::new(AppliedResponse { failure }))
    }

    async fn history(
        &self,
        request: Request<HistoryRequest>,
    ) -> Result<Response<HistoryResponse>, Status> {
        let told = self.history_here(request.into_inner()).await;
        Ok(Response::new(told.unwrap_or_else(|failure| {
            HistoryResponse {
                failure: Some(failure),
                ..HistoryResponse::default()
            }
        })))
    }

    async fn ended(
        &self,
        request: Request<EndedRequest>,
    ) -> Result<Response<EndedResponse>, Status> {
        let listed = self.ended_here(request.into_inner()).await;
        Ok(Response::new(listed.unwrap_or_else(|failure| {
            EndedResponse {
                failure: Some(failure),
                ended: Vec::new(),
            }
        })))
    }

    type StreamJobsStream = Streamed<StreamJobsResponse>;

    async fn stream_jobs(
        &self,
        request: Request<StreamJobsRequest>,
    ) -> Result<Response<Self::StreamJobsStream>, Status> {
        let request = request.into_inner();
        let refused = |failure| StreamJobsResponse {
            failure: Some(failure),
            job: None,
        };
        let partition = match self.led(request.partition) {
            Ok(partition) => partition,
            Err(failure) => return Ok(Response::new(once(refused(failure)))),
        };
        let caller = Caller {
            principal: request.principal,
            ..Caller::default()
        };
        let open = JobStreamRequest {
            r#type: request.r#type,
            worker: request.worker,
            timeout: Duration::from_millis(request.timeout_ms),
            fetch_variables: request.fetch_variables,
        };
        let jobs = match partition.open_job_stream(&caller, open).await {
            Ok(jobs) => jobs,
            Err(error) => return Ok(Response::new(once(refused(wire::failure(error))))),
        };
        let jobs = jobs.map(|job| {
            Ok(StreamJobsResponse {
                job: Some(job),
                failure: None,
            })
        });
        let opened = stream::once(async { Ok(StreamJobsResponse::default()) });
        Ok(Response::new(Box::pin(opened.chain(jobs))))
    }

    type WatchTasksStream = Streamed<WatchTasksResponse>;

    async fn watch_tasks(
        &self,
        request: Request<WatchTasksRequest>,
    ) -> Result<Response<Self::WatchTasksStream>, Status> {
        let request = request.into_inner();
        let watch = PartitionId::new(request.partition)
            .and_then(|id| self.node.watch_here(id, request.from));
        let Some(watch) = watch else {
            return Ok(Response::new(once(lagged())));
        };
        let begun = stream::once(async { Ok(WatchTasksResponse::default()) });
        let changes = stream::unfold(Some(watch), |watch| async {
            let mut watch = watch?;
            match watch.next().await {
                Ok((_, event)) => Some((Ok(changed(&event)), Some(watch))),
                Err(WatchError::Lagged | WatchError::Stopped) => Some((Ok(lagged()), None)),
            }
        });
        Ok(Response::new(Box::pin(begun.chain(changes))))
    }
}

fn once<T: Send + 'static>(only: T) -> Streamed<T> {
    Box::pin(stream::once(async { Ok(only) }))
}

fn lagged() -> WatchTasksResponse {
    WatchTasksResponse {
        has_lagged: true,
        change: None,
    }
}

fn changed(event: &TaskEvent) -> WatchTasksResponse {
    WatchTasksResponse {
        has_lagged: false,
        change: Some(event.into()),
    }
}
