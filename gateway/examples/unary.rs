//! What a call costs: CPU of the server and of the client per call, over real gRPC on the memory journal.
//!
//! `cargo run --release -p weir-gateway --example unary`. Figures, not a test: nothing is judged.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use journal::memory::MemoryJournal;
use node::Node;
use proto::gateway::gateway_client::GatewayClient;
use proto::gateway::*;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tonic::service::RoutesBuilder;
use tonic::transport::Channel;

type Failed = Box<dyn Error + Send + Sync>;

const CALLS: usize = 40_000;
const CALLERS: usize = 64;
const MODEL: &[u8] = include_bytes!("../../models/elements/service_task.bpmn");

fn main() -> Result<(), Failed> {
    let node = Node::start(Arc::new(MemoryJournal::new(1, 1)), node::Config::default())?;
    let (server, client) = (runtime("server")?, runtime("client")?);
    let listener = server.block_on(TcpListener::bind(("127.0.0.1", 0)))?;
    let address = format!("http://{}", listener.local_addr()?);
    let config = gateway::Config::default();
    let (others, never) = (RoutesBuilder::default(), std::future::pending());
    server.spawn(gateway::serve(node, config, listener, others, never));
    let channel = Channel::from_shared(address)?;
    let channel = client.block_on(channel.connect())?;
    client.block_on(deploy(channel.clone()))?;
    println!("{CALLS} calls by {CALLERS} callers on one connection, µs of CPU per call");
    println!(
        "{:<24}{:>8}{:>8}{:>8}{:>12}",
        "call", "server", "node", "client", "calls/s"
    );
    measure(&client, "Topology", &channel, |mut client| async move {
        client.topology(TopologyRequest {}).await.map(|_| ())
    })?;
    let create = CreateProcessInstanceRequest {
        bpmn_process_id: "service_task".to_owned(),
        version: -1,
        variables: format!(r#"{{"payload":"{}"}}"#, "x".repeat(480)),
        ..CreateProcessInstanceRequest::default()
    };
    measure(
        &client,
        "CreateProcessInstance",
        &channel,
        move |mut client| {
            let create = create.clone();
            async move { client.create_process_instance(create).await.map(|_| ()) }
        },
    )?;
    measure(
        &client,
        "Activate + CompleteJob",
        &channel,
        |client| async move { complete_one(client).await },
    )
}

fn runtime(name: &str) -> std::io::Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    builder
        .worker_threads(1)
        .thread_name(name)
        .enable_all()
        .build()
}

async fn deploy(channel: Channel) -> Result<(), tonic::Status> {
    let resource = Resource {
        name: "service_task.bpmn".to_owned(),
        content: MODEL.to_vec(),
    };
    let request = DeployResourceRequest {
        resources: vec![resource],
        tenant_id: String::new(),
    };
    let mut client = GatewayClient::new(channel);
    client.deploy_resource(request).await.map(|_| ())
}

async fn complete_one(mut client: GatewayClient<Channel>) -> Result<(), tonic::Status> {
    let request = ActivateJobsRequest {
        r#type: "do-work".to_owned(),
        worker: "measurer".to_owned(),
        timeout: 600_000,
        max_jobs_to_activate: 1,
        request_timeout: -1,
        ..ActivateJobsRequest::default()
    };
    let mut batches = client.activate_jobs(request).await?.into_inner();
    while let Some(batch) = batches.message().await? {
        for job in batch.jobs {
            let request = CompleteJobRequest {
                job_key: job.key,
                variables: r#"{"done":true}"#.to_owned(),
            };
            client.complete_job(request).await?;
        }
    }
    Ok(())
}

fn measure<F, C>(runtime: &Runtime, name: &str, channel: &Channel, call: F) -> Result<(), Failed>
where
    F: Fn(GatewayClient<Channel>) -> C + Clone + Send + 'static,
    C: Future<Output = Result<(), tonic::Status>> + Send,
{
    let before = [cpu("server")?, cpu("weir-")?, cpu("client")?];
    let began = Instant::now();
    runtime.block_on(async {
        let callers = (0..CALLERS).map(|_| {
            let (call, channel) = (call.clone(), channel.clone());
            tokio::spawn(async move {
                for _ in 0..CALLS / CALLERS {
                    call(GatewayClient::new(channel.clone())).await?;
                }
                Ok::<(), tonic::Status>(())
            })
        });
        for caller in callers.collect::<Vec<_>>() {
            caller.await??;
        }
        Ok::<(), Failed>(())
    })?;
    let took = began.elapsed();
    let after = [cpu("server")?, cpu("weir-")?, cpu("client")?];
    let spent = |at: usize| (after[at] - before[at]).as_secs_f64() * 1e6 / CALLS as f64;
    println!(
        "{name:<24}{:>8.1}{:>8.1}{:>8.1}{:>12.0}",
        spent(0),
        spent(1),
        spent(2),
        CALLS as f64 / took.as_secs_f64()
    );
    Ok(())
}

/// CPU time that threads whose names begin so have used. Linux only; the kernel counts in 10 ms.
fn cpu(name: &str) -> Result<Duration, Failed> {
    let mut ticks = 0;
    for thread in std::fs::read_dir("/proc/self/task")? {
        let stat = std::fs::read_to_string(thread?.path().join("stat"))?;
        let (head, fields) = stat.rsplit_once(") ").ok_or("no name")?;
        let (_, comm) = head.split_once('(').ok_or("no name")?;
        if comm.starts_with(name) {
            let mut times = fields.split(' ').skip(11).take(2);
            ticks += times.try_fold(0, |sum, time| time.parse::<u64>().map(|time| sum + time))?;
        }
    }
    Ok(Duration::from_millis(ticks * 10))
}
