//! A server on a port of its own, and what tests ask of it again and again.

use std::path::Path;
use std::sync::Arc;

use gateway::{Config, ServeError};
use journal::memory::MemoryJournal;
use node::Node;
use proto::admin::admin_service_client::AdminServiceClient;
use proto::gateway::gateway_client::GatewayClient;
use proto::gateway::*;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::service::RoutesBuilder;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// A served node. Dropped without `stop`, it ends as in a crash.
pub struct Served {
    pub node: Node,
    pub journal: MemoryJournal,
    pub channel: Channel,
    pub port: u16,
    shutdown: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<Result<(), ServeError>>>,
}

/// Where the memory journal's clock begins.
pub const NOW_MS: i64 = 1_700_000_000_000;

pub async fn start() -> Served {
    start_with(Config::default(), node::Config::default()).await
}

pub async fn start_with(config: Config, of_node: node::Config) -> Served {
    start_on(1, config, of_node).await
}

pub async fn start_on(partitions: u32, config: Config, of_node: node::Config) -> Served {
    let journal = MemoryJournal::new(partitions, 7);
    journal.set_now(NOW_MS);
    let log = Arc::new(journal.clone());
    let node = tokio::task::spawn_blocking(move || Node::start(log, of_node));
    let node = node.await.expect("no panic").expect("the node starts");
    serve(journal, node, config).await
}

/// Serves a node that there is.
pub async fn serve(journal: MemoryJournal, node: Node, config: Config) -> Served {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("its number").port();
    let (shutdown, told) = oneshot::channel();
    let served = node.clone();
    let serving = tokio::spawn(async move {
        let told = async { told.await.unwrap_or(()) };
        gateway::serve(served, config, listener, RoutesBuilder::default(), told).await
    });
    let address = format!("http://127.0.0.1:{port}");
    let channel = Channel::from_shared(address).expect("an address");
    Served {
        node,
        journal,
        channel: channel.connect().await.expect("the server answers"),
        port,
        shutdown: Some(shutdown),
        serving: Some(serving),
    }
}

impl Served {
    pub fn client(&self) -> GatewayClient<Channel> {
        GatewayClient::new(self.channel.clone())
            .max_encoding_message_size(usize::MAX)
            .max_decoding_message_size(64 << 20)
    }

    pub fn admin(&self) -> AdminServiceClient<Channel> {
        AdminServiceClient::new(self.channel.clone()).max_decoding_message_size(64 << 20)
    }

    /// Tells the server to stop.
    pub fn shut_down(&mut self) {
        let shutdown = self.shutdown.take().expect("told once");
        shutdown.send(()).expect("the server listens");
    }

    /// Waits until the server has stopped.
    pub async fn stopped(&mut self) {
        let serving = self.serving.take().expect("asked once");
        serving.await.expect("no panic").expect("no error");
    }

    /// Deploys a model of the project; gives the definition's key.
    pub async fn deploy(&self, model: &str) -> i64 {
        let request = DeployResourceRequest {
            resources: vec![resource(model)],
            tenant_id: String::new(),
        };
        let deployed = self.client().deploy_resource(request).await;
        let deployed = deployed.expect("deployable").into_inner();
        let Some(deployment::Metadata::Process(process)) = &deployed.deployments[0].metadata else {
            panic!("a process was deployed: {deployed:?}");
        };
        process.process_definition_key
    }

    /// Starts an instance of the latest version; gives its key.
    pub async fn create(&self, process_id: &str, variables: &str) -> i64 {
        let mut client = self.client();
        let created = client.create_process_instance(create(process_id, variables));
        let created = created.await.expect("created").into_inner();
        created.process_instance_key
    }

    /// The first jobs of a type, waiting for them.
    pub async fn activate(&self, job_type: &str) -> Vec<ActivatedJob> {
        self.poll(activate(job_type)).await.expect("no error")
    }

    pub async fn poll(&self, request: ActivateJobsRequest) -> Result<Vec<ActivatedJob>, Status> {
        let mut stream = self.client().activate_jobs(request).await?.into_inner();
        let mut jobs = Vec::new();
        while let Some(batch) = stream.message().await? {
            jobs.extend(batch.jobs);
        }
        Ok(jobs)
    }

    pub async fn complete(&self, job: i64, variables: &str) -> Result<(), Status> {
        let request = CompleteJobRequest {
            job_key: job,
            variables: variables.to_owned(),
        };
        self.client().complete_job(request).await.map(|_| ())
    }
}

pub fn resource(model: &str) -> Resource {
    file(&format!("{model}.bpmn"))
}

/// A file of the project's models of elements.
pub fn file(name: &str) -> Resource {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/elements");
    Resource {
        content: std::fs::read(models.join(name)).expect("the model is there"),
        name: name.to_owned(),
    }
}

pub fn create(process_id: &str, variables: &str) -> CreateProcessInstanceRequest {
    CreateProcessInstanceRequest {
        bpmn_process_id: process_id.to_owned(),
        version: -1,
        variables: variables.to_owned(),
        ..CreateProcessInstanceRequest::default()
    }
}

/// Up to ten jobs, leased for a minute, waited for as long.
pub fn activate(job_type: &str) -> ActivateJobsRequest {
    ActivateJobsRequest {
        r#type: job_type.to_owned(),
        worker: "tester".to_owned(),
        timeout: 60_000,
        max_jobs_to_activate: 10,
        request_timeout: 60_000,
        ..ActivateJobsRequest::default()
    }
}

/// The code and the reason of an error.
pub fn why(status: &Status) -> (Code, String) {
    let details = status.get_error_details();
    let info = details.error_info();
    let reason = info.map(|info| {
        assert_eq!(info.domain, "weir");
        info.reason.clone()
    });
    (status.code(), reason.unwrap_or_default())
}
