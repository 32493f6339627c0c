//! Processes that publish one record each, and the count of these records.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use proto::admin::{InstanceState, ListInstancesRequest};
use proto::gateway::{CreateProcessInstanceRequest, DeployResourceRequest, Resource};
use serde_json::{Value, json};
use tonic::transport::Channel;
use tonic::{Request, Status};

use super::real::{Server, gateway};

/// Where they publish.
pub const TOPIC: &str = "orders";
/// So long for any one thing; a stuck server fails the test instead of hanging it. Less than the minute for which a
/// request is remembered.
pub const PATIENCE: Duration = Duration::from_secs(50);

/// `at-once` publishes in the command that creates it, `in-time` in a later one that its leader makes.
const MODEL: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="definitions" targetNamespace="http://weir.dev/tests">
  <bpmn:process id="at-once" isExecutable="true">
    <bpmn:startEvent id="start-1" />
    <bpmn:intermediateThrowEvent id="tell-1"><bpmn:extensionElements><zeebe:properties>
      <zeebe:property name="weir:topic" value="orders" />
      <zeebe:property name="weir:key" value="=order" />
      <zeebe:property name="weir:value" value="={order: order}" />
    </zeebe:properties></bpmn:extensionElements><bpmn:messageEventDefinition messageRef="told" /></bpmn:intermediateThrowEvent>
    <bpmn:endEvent id="end-1" />
    <bpmn:sequenceFlow id="f1" sourceRef="start-1" targetRef="tell-1" />
    <bpmn:sequenceFlow id="f2" sourceRef="tell-1" targetRef="end-1" />
  </bpmn:process>
  <bpmn:process id="in-time" isExecutable="true">
    <bpmn:startEvent id="start-2" />
    <bpmn:intermediateCatchEvent id="wait"><bpmn:timerEventDefinition><bpmn:timeDuration>PT0.1S</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>
    <bpmn:intermediateThrowEvent id="tell-2"><bpmn:extensionElements><zeebe:properties>
      <zeebe:property name="weir:topic" value="orders" />
      <zeebe:property name="weir:key" value="=order" />
      <zeebe:property name="weir:value" value="={order: order}" />
    </zeebe:properties></bpmn:extensionElements><bpmn:messageEventDefinition messageRef="told" /></bpmn:intermediateThrowEvent>
    <bpmn:endEvent id="end-2" />
    <bpmn:sequenceFlow id="f3" sourceRef="start-2" targetRef="wait" />
    <bpmn:sequenceFlow id="f4" sourceRef="wait" targetRef="tell-2" />
    <bpmn:sequenceFlow id="f5" sourceRef="tell-2" targetRef="end-2" />
  </bpmn:process>
  <bpmn:message id="told" name="told" />
</bpmn:definitions>"#;

/// The model, as it is deployed.
pub fn model() -> (&'static str, &'static str) {
    ("orders.bpmn", MODEL)
}

pub async fn deploy(server: &Server) {
    let (name, content) = model();
    let deploy = DeployResourceRequest {
        resources: vec![Resource {
            name: name.to_owned(),
            content: content.into(),
        }],
        ..DeployResourceRequest::default()
    };
    let deployed = server.gateway().deploy_resource(deploy).await;
    deployed.expect("the model is deployed");
}

/// Every second order publishes in time.
pub fn process(number: usize) -> &'static str {
    match number.is_multiple_of(2) {
        true => "at-once",
        false => "in-time",
    }
}

pub fn variables(number: usize) -> String {
    json!({ "order": name(number) }).to_string()
}

fn name(number: usize) -> String {
    format!("o-{number}")
}

/// Starts an instance, and gives its key.
pub async fn order(channel: Channel, number: usize, id: &str) -> Result<i64, Status> {
    let mut gateway = gateway(channel);
    let created = gateway.create_process_instance(creation(number, id));
    Ok(created.await?.into_inner().process_instance_key)
}

pub fn creation(number: usize, id: &str) -> Request<CreateProcessInstanceRequest> {
    let mut request = Request::new(CreateProcessInstanceRequest {
        bpmn_process_id: process(number).to_owned(),
        version: -1,
        variables: variables(number),
        ..CreateProcessInstanceRequest::default()
    });
    let id = id.parse().expect("hexadecimal digits");
    request.metadata_mut().insert("weir-request-id", id);
    request
}

/// Waits until no instance is left that runs.
pub async fn all_ended(server: &Server) {
    let active = ListInstancesRequest {
        states: vec![InstanceState::Active.into(), InstanceState::Incident.into()],
        page_size: 10,
        ..ListInstancesRequest::default()
    };
    let since = Instant::now();
    loop {
        let listed = server.admin().list_instances(active.clone()).await;
        let left = listed.expect("instances are listed").into_inner().instances;
        if left.is_empty() {
            return;
        }
        assert!(since.elapsed() < PATIENCE, "still running: {left:?}");
        tokio::task::yield_now().await;
    }
}

/// What is wrong with the records that were found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Miscount {
    pub missing: Vec<String>,
    pub twice: Vec<String>,
    pub foreign: Vec<String>,
}

/// Whether there is exactly one record for each of the orders 0, 1, …, and no other.
pub fn check(orders: usize, records: &[Value]) -> Result<(), Miscount> {
    let expected = (0..orders).map(|number| (json!(name(number)).to_string(), 0));
    let mut found: BTreeMap<String, u32> = expected.collect();
    let mut wrong = Miscount::default();
    for record in records {
        match found.get_mut(&record["key"].to_string()) {
            Some(count) => *count += 1,
            None => wrong.foreign.push(record.to_string()),
        }
    }
    for (name, count) in found {
        match count {
            0 => wrong.missing.push(name),
            1 => {}
            _ => wrong.twice.push(name),
        }
    }
    match wrong == Miscount::default() {
        true => Ok(()),
        false => Err(wrong),
    }
}
