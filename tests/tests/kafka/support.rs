//! The broker of these tests, what a person can do there behind Weir's back, and what Weir says to it.

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use journal::broker::Broker;
use journal::kafka::topics::{self, Topic};
use journal::kafka::{KafkaJournal, KafkaOptions};
use proto::gateway::{
    ActivateJobsRequest, ActivatedJob, CreateProcessInstanceRequest, DeployResourceRequest,
    Resource,
};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::OwnedMessage;
use rdkafka::{Offset, TopicPartitionList};

use crate::real::{Home, Server, weir};

/// No step takes longer; what hangs fails the test instead of hanging it.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// The exit status of a program that cannot use its data.
const REFUSED: i32 = 5;

pub fn broker() -> &'static Broker {
    static BROKER: OnceLock<Broker> = OnceLock::new();
    // The cleaner looks often, so that compaction can be awaited.
    BROKER
        .get_or_init(|| Broker::start(1, &["log.cleaner.backoff.ms=100", "log.cleaner.threads=1"]))
}

/// A namespace that no other test has.
pub fn options(partitions: u32) -> KafkaOptions {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    KafkaOptions {
        bootstrap: broker().bootstrap().to_owned(),
        namespace: format!("test-{number}"),
        partitions,
        ..KafkaOptions::default()
    }
}

pub fn home(options: &KafkaOptions) -> Home {
    Home::Namespace {
        brokers: options.bootstrap.clone(),
        name: options.namespace.clone(),
    }
}

/// Makes the topics, unless they are there.
pub fn open(options: &KafkaOptions) -> KafkaJournal {
    KafkaJournal::open(options.clone()).unwrap_or_else(|error| panic!("open: {error}"))
}

pub fn topic(options: &KafkaOptions, short: &str) -> Topic {
    let mut table = topics::table(options, 1).into_iter();
    let found = table.find(|topic| topic.short == short);
    found.expect("in the table")
}

pub fn client(options: &KafkaOptions) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &options.bootstrap);
    config
}

pub fn admin(options: &KafkaOptions) -> AdminClient<DefaultClientContext> {
    client(options).create().expect("an admin client")
}

/// Sets a topic as the table has it, but for what is named here.
pub async fn set(options: &KafkaOptions, topic: &Topic, others: &[(&str, &str)]) {
    let mut config = AlterConfig::new(ResourceSpecifier::Topic(&topic.name));
    for setting in &topic.settings {
        config = config.set(setting.name, &setting.value);
    }
    for (name, value) in others {
        config = config.set(name, value);
    }
    // It must outlive the call.
    let admin = admin(options);
    let altered = admin.alter_configs([&config], &AdminOptions::new()).await;
    altered.expect("answered").remove(0).expect("altered");
}

/// All committed records of a partition.
pub fn records(options: &KafkaOptions, topic: &str, partition: i32) -> Vec<OwnedMessage> {
    let mut config = client(options);
    config
        .set("group.id", "unused")
        .set("isolation.level", "read_committed")
        // Whoever looks again and again wants to hear of the end at once.
        .set("fetch.wait.max.ms", "5")
        .set("enable.partition.eof", "true");
    let consumer: BaseConsumer = config.create().expect("a consumer");
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, partition, Offset::Beginning)
        .expect("an offset");
    consumer.assign(&list).expect("assigned");
    let mut records = Vec::new();
    loop {
        match consumer.poll(PATIENCE) {
            Some(Ok(record)) => records.push(record.detach()),
            Some(Err(KafkaError::PartitionEOF(_))) => return records,
            Some(Err(error)) => panic!("{topic}: {error}"),
            None => panic!("{topic}: the end did not come"),
        }
    }
}

/// Starts a server that must not serve; gives what it says.
pub fn refused(options: &KafkaOptions, more: &[&str]) -> String {
    let here = tempfile::tempdir().expect("a folder");
    let mut serve = weir();
    serve
        .args(["serve", "--listen", "127.0.0.1:0", "--log", "error"])
        .args(["--kafka", &options.bootstrap])
        .args(["--kafka-namespace", &options.namespace])
        .args(more)
        .current_dir(here.path());
    let (status, said) = until_its_end(&mut serve);
    assert_eq!(status, Some(REFUSED), "{more:?}: {said}");
    said
}

/// Status and standard error of a program that must end by itself.
fn until_its_end(command: &mut Command) -> (Option<i32>, String) {
    let piped = command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = piped.spawn().expect("the program runs");
    let mut log = child.stderr.take().expect("it is piped");
    let (tell, told) = mpsc::channel();
    let reading = std::thread::spawn(move || {
        let mut said = String::new();
        let read = log.read_to_string(&mut said);
        // Nobody hears it after the time.
        let _ = tell.send(read.map(|_| said));
    });
    let Ok(said) = told.recv_timeout(PATIENCE) else {
        let _ = child.kill();
        panic!("it goes on: {command:?}");
    };
    reading.join().expect("its log was read");
    let status = child.wait().expect("it has ended");
    (status.code(), said.expect("text"))
}

pub async fn deploy(server: &Server, model: &str) {
    let deploy = DeployResourceRequest {
        resources: vec![Resource {
            name: "model.bpmn".to_owned(),
            content: model.into(),
        }],
        ..DeployResourceRequest::default()
    };
    let deployed = server.gateway().deploy_resource(deploy).await;
    deployed.expect("deployed");
}

/// Starts an instance; gives its key.
pub async fn create(server: &Server, process: &str, variables: &str) -> i64 {
    let create = CreateProcessInstanceRequest {
        bpmn_process_id: process.to_owned(),
        version: -1,
        variables: variables.to_owned(),
        ..CreateProcessInstanceRequest::default()
    };
    let created = server.gateway().create_process_instance(create).await;
    created.expect("created").into_inner().process_instance_key
}

/// Gets a job of the type `job`.
pub async fn job(server: &Server) -> ActivatedJob {
    let activate = ActivateJobsRequest {
        r#type: "job".to_owned(),
        worker: "tester".to_owned(),
        timeout: 600_000,
        max_jobs_to_activate: 1,
        request_timeout: PATIENCE.as_millis() as i64,
        ..ActivateJobsRequest::default()
    };
    let activated = server.gateway().activate_jobs(activate).await;
    let mut activated = activated.expect("activated").into_inner();
    let answer = activated.message().await.expect("an answer");
    answer.expect("jobs").jobs.pop().expect("a job")
}

/// A model of these processes.
pub fn model(processes: &str) -> String {
    format!(
        r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="t">{processes}</definitions>"#
    )
}
