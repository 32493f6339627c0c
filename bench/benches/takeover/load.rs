//! A client that begins instances at a fixed rate, whatever has become of those before.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use proto::gateway::gateway_client::GatewayClient;
use proto::gateway::{
    CreateProcessInstanceRequest, CreateProcessInstanceResponse, DeployResourceRequest, Resource,
};
use tonic::transport::{Channel, Endpoint};

use crate::Failing;

const MODEL: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="http://weir.dev/bench">
<process id="short" isExecutable="true"><startEvent id="start"/>
<sequenceFlow id="flow" sourceRef="start" targetRef="end"/><endEvent id="end"/></process></definitions>"#;

/// An answered call.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    pub due: Instant,
    /// From when it was due.
    pub took: Duration,
    /// Of the instance, if one was begun.
    pub partition: Option<u32>,
}

#[derive(Default)]
struct Shared {
    is_over: AtomicBool,
    calls: Mutex<Vec<Call>>,
    failed: Mutex<usize>,
}

pub struct Load {
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
}

impl Load {
    /// Deploys a process and begins.
    pub fn start(address: &str, rate: u32) -> Failing<Load> {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_all().build()?;
        let gateway = runtime.block_on(deploy(address.to_owned()))?;
        let shared = Arc::new(Shared::default());
        let given = Arc::clone(&shared);
        let thread = std::thread::spawn(move || runtime.block_on(run(gateway, rate, given)));
        Ok(Load { shared, thread })
    }

    /// All calls in the order in which they were due, and how many failed.
    pub fn stop(self) -> (Vec<Call>, usize) {
        self.shared.is_over.store(true, Ordering::Release);
        if self.thread.join().is_err() {
            eprintln!("the client has crashed");
        }
        let calls = self.shared.calls.lock();
        let mut calls = calls.unwrap_or_else(PoisonError::into_inner).clone();
        calls.sort_by_key(|call| call.due);
        let failed = self.shared.failed.lock();
        (calls, *failed.unwrap_or_else(PoisonError::into_inner))
    }
}

async fn deploy(address: String) -> Failing<GatewayClient<Channel>> {
    let channel = Endpoint::from_shared(address)?.connect().await?;
    let mut gateway = GatewayClient::new(channel);
    let deploy = DeployResourceRequest {
        resources: vec![Resource {
            name: "short.bpmn".to_owned(),
            content: MODEL.as_bytes().to_vec(),
        }],
        ..DeployResourceRequest::default()
    };
    gateway.deploy_resource(deploy).await?;
    Ok(gateway)
}

async fn run(gateway: GatewayClient<Channel>, rate: u32, shared: Arc<Shared>) {
    let began = Instant::now();
    let mut calls = tokio::task::JoinSet::new();
    for number in 0_u32.. {
        if shared.is_over.load(Ordering::Acquire) {
            break;
        }
        let due = began + Duration::from_secs_f64(f64::from(number) / f64::from(rate));
        tokio::time::sleep_until(due.into()).await;
        calls.spawn(create(gateway.clone(), due, Arc::clone(&shared)));
        while calls.try_join_next().is_some() {}
    }
    calls.join_all().await;
}

async fn create(mut gateway: GatewayClient<Channel>, due: Instant, shared: Arc<Shared>) {
    let create = CreateProcessInstanceRequest {
        bpmn_process_id: "short".to_owned(),
        version: -1,
        variables: "{}".to_owned(),
        ..CreateProcessInstanceRequest::default()
    };
    let created = gateway.create_process_instance(create).await;
    let took = due.elapsed();
    let partition = match created {
        Ok(created) => Some(partition_of(&created.into_inner())),
        Err(status) => {
            eprintln!("a call failed after {took:?}: {status}");
            *shared.failed.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            None
        }
    };
    let call = Call {
        due,
        took,
        partition,
    };
    let calls = shared.calls.lock();
    calls.unwrap_or_else(PoisonError::into_inner).push(call);
}

fn partition_of(created: &CreateProcessInstanceResponse) -> u32 {
    engine::partition_of(created.process_instance_key.cast_unsigned())
}
