//! Processes publish to Kafka topics of the users, read by a consumer that knows nothing of Weir: each record once,
//! through `kill -9`; and a topic that is not there stops nobody but the instance that publishes to it.

mod real;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use journal::broker::Broker;
use proto::admin::{Incident, ListIncidentsRequest};
use proto::gateway::{CreateProcessInstanceRequest, ResolveIncidentRequest};
use serde_json::{Value, json};
use tonic::Request;

use real::{Home, Server, request_id, topics};

const ORDERS: usize = 300;
/// The server is killed after so many answers, which is before the checkpoint of the last ones.
const ORDERS_OF_A_LIFE: usize = 43;
const PATIENCE: Duration = Duration::from_secs(60);

const MODEL: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="definitions" targetNamespace="http://weir.dev/tests">
  <bpmn:process id="order" isExecutable="true">
    <bpmn:startEvent id="start" />
    <bpmn:intermediateThrowEvent id="tell"><bpmn:extensionElements><zeebe:properties>
      <zeebe:property name="weir:topic" value="=topic" />
      <zeebe:property name="weir:key" value="=orderId" />
      <zeebe:property name="weir:value" value="={order: orderId, total: 2 * price}" />
      <zeebe:property name="weir:headers" value="={&quot;content-type&quot;: &quot;application/json&quot;}" />
      <zeebe:property name="weir:timestamp" value="2026-01-31T12:00:00Z" />
    </zeebe:properties></bpmn:extensionElements><bpmn:messageEventDefinition messageRef="told" /></bpmn:intermediateThrowEvent>
    <bpmn:serviceTask id="ship"><bpmn:extensionElements><zeebe:taskDefinition type="ship" /></bpmn:extensionElements></bpmn:serviceTask>
    <bpmn:endEvent id="end" />
    <bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="tell" />
    <bpmn:sequenceFlow id="f2" sourceRef="tell" targetRef="ship" />
    <bpmn:sequenceFlow id="f3" sourceRef="ship" targetRef="end" />
  </bpmn:process>
  <bpmn:message id="told" name="told" />
</bpmn:definitions>"#;

/// Everything in a topic, once it has so many records.
fn records(broker: &Broker, topic: &str, count: usize) -> Vec<Value> {
    let since = Instant::now();
    loop {
        let found = topics::read(broker, topic);
        if found.len() >= count {
            return found;
        }
        assert!(
            since.elapsed() < PATIENCE,
            "{} of {count} came",
            found.len()
        );
    }
}

async fn deploy(server: &Server) {
    let deployed = server.deploy("order.bpmn", MODEL.into()).await;
    deployed.expect("the model is deployed");
}

/// Starts an order; asks again until it is answered.
async fn order(server: &Server, topic: &str, number: usize, id: &str) {
    let create = CreateProcessInstanceRequest {
        bpmn_process_id: "order".to_owned(),
        version: -1,
        variables: json!({ "topic": topic, "orderId": format!("o-{number}"), "price": number })
            .to_string(),
        ..CreateProcessInstanceRequest::default()
    };
    let mut request = Request::new(create);
    let id = id.parse().expect("hexadecimal digits");
    request.metadata_mut().insert("weir-request-id", id);
    let created = server.gateway().create_process_instance(request).await;
    created.expect("created");
}

/// The incidents of refused records, oldest first, once there are so many.
async fn incidents(server: &Server, count: usize) -> Vec<Incident> {
    let since = Instant::now();
    loop {
        let list = ListIncidentsRequest {
            r#type: "RECORD_REFUSED".to_owned(),
            ..ListIncidentsRequest::default()
        };
        let found = server.admin().list_incidents(list).await.expect("listed");
        let mut found = found.into_inner().incidents;
        found.sort_by_key(|incident| incident.key);
        if found.len() >= count {
            return found;
        }
        assert!(since.elapsed() < PATIENCE, "{found:?}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_order_is_told_once_though_the_server_is_killed() {
    let broker = Broker::start(1, &[]);
    topics::make(&broker, "orders");
    let home = Home::Kafka(broker.bootstrap().to_owned());
    let mut random = fastrand::Rng::with_seed(1);
    let mut server = Server::at(&home);
    deploy(&server).await;
    for number in 1..=ORDERS {
        let id = request_id(&mut random);
        order(&server, "orders", number, &id).await;
        if number.is_multiple_of(ORDERS_OF_A_LIFE) {
            drop(server);
            server = Server::at(&home);
            // Asked again, it is the same order.
            order(&server, "orders", number, &id).await;
        }
    }
    let found = records(&broker, "orders", ORDERS);
    assert_eq!(found.len(), ORDERS, "none is there twice");
    let found = found
        .iter()
        .map(|record| (record["key"].to_string(), record));
    let found: BTreeMap<String, &Value> = found.collect();
    for number in 1..=ORDERS {
        let key = format!("o-{number}");
        let record = found.get(&json!(key).to_string()).expect("the order");
        let value: Value =
            serde_json::from_str(record["value"].as_str().expect("text")).expect("JSON");
        assert_eq!(value, json!({ "order": key, "total": 2 * number }));
        assert_eq!(
            record["headers"],
            json!({ "content-type": "application/json" })
        );
        assert_eq!(record["timestamp"], 1_769_860_800_000_i64);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_that_is_not_there_is_an_incident_and_nothing_else_waits() {
    let broker = Broker::start(1, &[]);
    topics::make(&broker, "orders");
    let home = Home::Kafka(broker.bootstrap().to_owned());
    let mut random = fastrand::Rng::with_seed(2);
    let mut server = Server::at(&home);
    deploy(&server).await;
    order(&server, "later", 1, &request_id(&mut random)).await;
    order(&server, "orders", 2, &request_id(&mut random)).await;
    order(&server, "weir.state", 3, &request_id(&mut random)).await;
    let found = incidents(&server, 2).await;
    let messages: Vec<&str> = found.iter().map(|it| it.message.as_str()).collect();
    for reason in ["no such topic", "Weir's own"] {
        let said = messages.iter().filter(|message| message.contains(reason));
        assert_eq!(said.count(), 1, "{messages:?}");
    }
    assert!(found.iter().all(|incident| incident.element_id == "tell"));
    assert_eq!(records(&broker, "orders", 1).len(), 1);
    // They outlive the server, and are no more than they were.
    drop(server);
    server = Server::at(&home);
    assert_eq!(incidents(&server, 2).await.len(), 2);

    topics::make(&broker, "later");
    let mut found = found.iter();
    let missing = found.find(|incident| incident.message.contains("no such topic"));
    let resolve = ResolveIncidentRequest {
        incident_key: missing.expect("it is there").key as i64,
        ..ResolveIncidentRequest::default()
    };
    let resolved = server.gateway().resolve_incident(resolve).await;
    resolved.expect("resolved");
    let found = records(&broker, "later", 1);
    assert_eq!((found.len(), &found[0]["key"]), (1, &json!("o-1")));
}
