//! `grpc.health.v1.Health`: serving exactly while the node is.

use std::pin::Pin;

use node::{Node, Phase};
use prost::Message;
use prost_types::FileDescriptorSet;
use tokio_stream::wrappers::WatchStream;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_server::Health;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

/// Every service of this process is as healthy as the node.
pub(crate) struct NodeHealth {
    node: Node,
    services: Vec<String>,
}

impl NodeHealth {
    pub fn new(node: Node) -> NodeHealth {
        // The descriptors are our own, made at build time; were they unreadable, reflection would refuse to start.
        let files = FileDescriptorSet::decode(proto::DESCRIPTORS).unwrap_or_default();
        let services = files.file.iter().flat_map(|file| {
            let services = file.service.iter();
            services.map(|service| format!("{}.{}", file.package(), service.name()))
        });
        NodeHealth {
            node,
            services: services.collect(),
        }
    }

    /// The empty name stands for the server.
    fn knows(&self, service: &str) -> bool {
        service.is_empty() || self.services.iter().any(|known| known == service)
    }
}

fn answer(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse {
        status: status.into(),
    }
}

fn of_phase(phase: &Phase) -> HealthCheckResponse {
    answer(match phase {
        Phase::Serving => ServingStatus::Serving,
        Phase::Starting | Phase::Failed(_) | Phase::Stopped => ServingStatus::NotServing,
    })
}

#[tonic::async_trait]
impl Health for NodeHealth {
    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let service = &request.get_ref().service;
        if !self.knows(service) {
            return Err(Status::not_found(format!(
                "there is no service `{service}`"
            )));
        }
        Ok(Response::new(of_phase(&self.node.phase())))
    }

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        if !self.knows(&request.get_ref().service) {
            // The protocol wants the stream to stay open: the service might come. Here it never does.
            let unknown = tokio_stream::once(Ok(answer(ServingStatus::ServiceUnknown)));
            let stream = unknown.chain(tokio_stream::pending());
            return Ok(Response::new(Box::pin(stream)));
        }
        let phases = WatchStream::new(self.node.phases());
        Ok(Response::new(Box::pin(
            phases.map(|phase| Ok(of_phase(&phase))),
        )))
    }
}
