//! Two installations on one cluster, with the same processes, correlation keys and names of jobs: neither sees the other.

use std::collections::BTreeSet;

use journal::Journal;
use journal::kafka::{KafkaOptions, topics};
use prost::Message;
use proto::admin::{InstanceState, ListInstancesRequest};
use proto::gateway::{ActivateJobsRequest, PublishMessageRequest};
use proto::node::Heartbeat;
use proto::usertask::ListTasksRequest;
use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::real::Server;
use crate::support::*;

const PROCESS: &str = r#"
    <message id="go" name="go"><extensionElements><zeebe:subscription correlationKey="=id"/></extensionElements></message>
    <process id="work" isExecutable="true"><startEvent id="s"/><parallelGateway id="fork"/>
        <sequenceFlow id="f" sourceRef="s" targetRef="fork"/>
        <sequenceFlow id="f1" sourceRef="fork" targetRef="asked"/>
        <sequenceFlow id="f2" sourceRef="fork" targetRef="waits"/>
        <sequenceFlow id="f3" sourceRef="fork" targetRef="works"/>
        <userTask id="asked"><extensionElements><zeebe:userTask/></extensionElements></userTask>
        <receiveTask id="waits" messageRef="go"/>
        <serviceTask id="works"><extensionElements><zeebe:taskDefinition type="job"/></extensionElements></serviceTask>
    </process>"#;

/// What a caller sees of an installation.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    instances: BTreeSet<u64>,
    /// Of these instances.
    tasks: BTreeSet<u64>,
    /// Elements that are active, of all instances.
    active: Vec<String>,
}

async fn see(server: &Server) -> Seen {
    let active = ListInstancesRequest {
        states: vec![InstanceState::Active.into()],
        ..ListInstancesRequest::default()
    };
    let listed = server.admin().list_instances(active).await;
    let instances = listed.expect("listed").into_inner().instances;
    let tasks = server.tasks().list_tasks(ListTasksRequest::default()).await;
    let tasks = tasks.expect("listed").into_inner().tasks.into_iter();
    let tasks = tasks.filter_map(|listed| listed.task);
    let elements = instances
        .iter()
        .flat_map(|instance| instance.active_elements.clone());
    let mut elements: Vec<String> = elements.collect();
    elements.sort();
    Seen {
        instances: instances.iter().map(|instance| instance.key).collect(),
        tasks: tasks.map(|task| task.process_instance_key).collect(),
        active: elements,
    }
}

async fn publish(server: &Server) {
    let publish = PublishMessageRequest {
        name: "go".to_owned(),
        correlation_key: "1".to_owned(),
        // The subscription may still be on its way to the message's partition.
        time_to_live: 60_000,
        ..PublishMessageRequest::default()
    };
    let published = server.gateway().publish_message(publish).await;
    published.expect("published");
}

/// Instances whose jobs somebody gets who asks for them.
async fn activated(server: &Server) -> BTreeSet<u64> {
    let activate = ActivateJobsRequest {
        r#type: "job".to_owned(),
        worker: "tester".to_owned(),
        timeout: 600_000,
        max_jobs_to_activate: 10,
        request_timeout: -1,
        ..ActivateJobsRequest::default()
    };
    let mut keys = BTreeSet::new();
    loop {
        let answers = server.gateway().activate_jobs(activate.clone()).await;
        let mut answers = answers.expect("activated").into_inner();
        let before = keys.len();
        while let Some(answer) = answers.message().await.expect("an answer") {
            let jobs = answer.jobs.into_iter();
            keys.extend(jobs.map(|job| job.process_instance_key.cast_unsigned()));
        }
        // One call may give those of one partition only.
        if keys.len() == before {
            return keys;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_namespaces_do_not_see_each_other() {
    let (one, other) = (options(3), options(3));
    // A name that begins like the other one's.
    let other = KafkaOptions {
        namespace: format!("{}-1", one.namespace),
        ..other
    };
    let (first, second) = (Server::at(&home(&one)), Server::at(&home(&other)));
    for server in [&first, &second] {
        deploy(server, &model(PROCESS)).await;
        create(server, "work", r#"{"id":"1"}"#).await;
    }
    create(&second, "work", r#"{"id":"2"}"#).await;
    let (seen, elsewhere) = (see(&first).await, see(&second).await);
    assert_eq!((seen.instances.len(), elsewhere.instances.len()), (1, 2));
    for seen in [&seen, &elsewhere] {
        assert_eq!(seen.tasks, seen.instances, "{seen:?}");
    }

    publish(&first).await;
    let told = until_idle(&first).await;
    assert_eq!(told.active, ["asked", "works"]);
    assert_eq!(see(&second).await, elsewhere, "its message was not theirs");
    assert_eq!(activated(&first).await, seen.instances);
    assert_eq!(activated(&second).await, elsewhere.instances);

    apart(&one, &first, &other, &second);
    // One that is killed is missed by its own only.
    drop(first);
    assert_eq!(see(&second).await, elsewhere);
    let again = Server::at(&home(&one));
    assert_eq!(see(&again).await, told);
}

/// Once the message was taken: it may have to go to another partition and back.
async fn until_idle(server: &Server) -> Seen {
    let since = std::time::Instant::now();
    loop {
        let seen = see(server).await;
        if !seen.active.iter().any(|element| element == "waits") {
            return seen;
        }
        assert!(since.elapsed() < PATIENCE, "{seen:?}");
    }
}

/// Topics and members: each has its own, and only its own.
fn apart(one: &KafkaOptions, first: &Server, other: &KafkaOptions, second: &Server) {
    let consumer: BaseConsumer = client(one).create().expect("a client");
    let metadata = consumer.fetch_metadata(None, PATIENCE).expect("metadata");
    let names: BTreeSet<&str> = metadata.topics().iter().map(|topic| topic.name()).collect();
    for (options, server) in [(one, first), (other, second)] {
        let wanted = topics::table(options, 1)
            .into_iter()
            .map(|topic| topic.name);
        let prefix = format!("{}.", options.namespace);
        let found = names.iter().filter(|name| name.starts_with(&prefix));
        let found: BTreeSet<String> = found.map(|name| (*name).to_owned()).collect();
        assert_eq!(found, wanted.collect());
        let address = server.address.trim_start_matches("http://").to_owned();
        assert_eq!(members(options), BTreeSet::from([address]));
    }
}

/// The addresses of all nodes that have told how they are.
fn members(options: &KafkaOptions) -> BTreeSet<String> {
    let journal = open(options);
    let cluster = journal.cluster().expect("several nodes may use it");
    let mut reader = cluster.listen().expect("it is listened to");
    let since = std::time::Instant::now();
    loop {
        let notices = reader.next(PATIENCE).expect("notices");
        let heartbeats = notices
            .iter()
            .map(|notice| Heartbeat::decode(notice.command.clone()));
        let addresses = heartbeats.map(|heartbeat| heartbeat.expect("a heartbeat").address);
        let addresses: BTreeSet<String> = addresses.collect();
        if !addresses.is_empty() {
            return addresses;
        }
        assert!(since.elapsed() < PATIENCE, "nobody is there");
    }
}
