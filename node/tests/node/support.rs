//! Models, a node, and waiting for conditions.

use std::sync::Arc;
use std::time::Duration;

use journal::memory::MemoryJournal;
use journal::{AppendError, Bytes, Ended, Error, HistoryPart, Journal, Lead, Observer, Reader};
use node::{Applied, Caller, Config, JobStream, JobStreamRequest, Node, Phase, SubmitError};
use proto::record::command::Kind;
use proto::record::deploy_resources::Resource;
use proto::record::{
    ActivateJobs, CompleteJob, CreateInstance, DeployResources, InstanceStarted, answer,
};
use tokio::sync::Notify;

/// No test waits longer for what it expects.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// One service task of type `work`.
pub const WORK: &str = r#"
    <bpmn:startEvent id="start" />
    <bpmn:serviceTask id="work"><bpmn:extensionElements><zeebe:taskDefinition type="work" /></bpmn:extensionElements></bpmn:serviceTask>
    <bpmn:endEvent id="end" />
    <bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="work" />
    <bpmn:sequenceFlow id="f2" sourceRef="work" targetRef="end" />"#;

/// One user task for `anna`.
pub const REVIEW: &str = r#"
    <bpmn:startEvent id="start" />
    <bpmn:userTask id="review" name="Review it"><bpmn:extensionElements><zeebe:userTask /><zeebe:assignmentDefinition assignee="anna" /></bpmn:extensionElements></bpmn:userTask>
    <bpmn:endEvent id="end" />
    <bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="review" />
    <bpmn:sequenceFlow id="f2" sourceRef="review" targetRef="end" />"#;

/// A timer of one hour.
pub const NAP: &str = r#"
    <bpmn:startEvent id="start" />
    <bpmn:intermediateCatchEvent id="nap"><bpmn:timerEventDefinition><bpmn:timeDuration>PT1H</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>
    <bpmn:endEvent id="end" />
    <bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="nap" />
    <bpmn:sequenceFlow id="f2" sourceRef="nap" targetRef="end" />"#;

pub fn model(process: &str, body: &str) -> Vec<u8> {
    let xml = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="definitions" targetNamespace="http://weir.dev/tests">
  <bpmn:process id="{process}" isExecutable="true">{body}
  </bpmn:process>
</bpmn:definitions>"#
    );
    xml.into_bytes()
}

/// A caller without a name.
pub static NOBODY: Caller = Caller {
    principal: String::new(),
    tenant: String::new(),
    request_id: None,
    traceparent: String::new(),
};

/// Small checkpoints often, so that tests meet them.
pub fn config() -> Config {
    Config {
        checkpoint_interval: Duration::from_millis(5),
        ..Config::default()
    }
}

pub fn start(journal: &MemoryJournal) -> Node {
    start_with(journal, config())
}

pub fn start_with(journal: &MemoryJournal, config: Config) -> Node {
    Node::start(Arc::new(journal.clone()), config).expect("the node starts")
}

pub async fn deploy(node: &Node, process: &str, body: &str) {
    let command = Kind::DeployResources(DeployResources {
        resources: vec![Resource {
            name: format!("{process}.bpmn"),
            content: model(process, body).into(),
        }],
    });
    let answer = submit(node, command).await.expect("the model is deployed");
    assert!(matches!(
        answer.answer.kind,
        Some(answer::Kind::Deployed(_))
    ));
}

pub async fn submit(node: &Node, command: Kind) -> Result<Applied, SubmitError> {
    node.submit(&NOBODY, command).await
}

pub fn create_command(process: &str) -> Kind {
    Kind::CreateInstance(CreateInstance {
        process_id: process.to_owned(),
        ..CreateInstance::default()
    })
}

pub async fn create(node: &Node, process: &str) -> u64 {
    let applied = submit(node, create_command(process)).await;
    started(&applied.expect("the instance starts")).instance_key
}

pub fn started(applied: &Applied) -> InstanceStarted {
    match &applied.answer.kind {
        Some(answer::Kind::InstanceStarted(started)) => started.clone(),
        other => panic!("not an instance that was started: {other:?}"),
    }
}

pub fn activate(max_jobs: u32) -> ActivateJobs {
    ActivateJobs {
        r#type: "work".to_owned(),
        worker: "tester".to_owned(),
        timeout_ms: 600_000,
        max_jobs,
        fetch_variables: Vec::new(),
    }
}

/// Leases up to so many jobs without waiting.
pub async fn lease(node: &Node, max_jobs: u32) -> Vec<u64> {
    let jobs = node.activate_jobs(&NOBODY, activate(max_jobs), Duration::ZERO);
    let jobs = jobs.await.expect("jobs are leased");
    jobs.into_iter().map(|job| job.key).collect()
}

pub async fn complete(node: &Node, job_key: u64) -> Result<Applied, SubmitError> {
    let command = Kind::CompleteJob(CompleteJob {
        job_key,
        variables: Bytes::from_static(br#"{"done":true}"#),
    });
    submit(node, command).await
}

/// Waits until the state is so.
pub async fn until(
    node: &Node,
    what: &str,
    is: impl Fn(&engine::State) -> bool + Clone + Send + 'static,
) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while tokio::time::Instant::now() < deadline {
        let is = is.clone();
        if node
            .first()
            .query(move |state| is(state))
            .await
            .expect("the node serves")
        {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("never: {what}");
}

/// How the first partition is.
pub fn status(node: &Node) -> node::Status {
    node.first().status().expect("it is led here")
}

/// Waits until the status is so.
pub async fn until_status(node: &Node, what: &str, is: impl Fn(&node::Status) -> bool) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while tokio::time::Instant::now() < deadline {
        if node.first().status().is_some_and(|status| is(&status)) {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("never: {what}; it is {:?}", node.first().status());
}

/// Everything that was applied is in a committed checkpoint. For journals of one partition: several tell each other things
/// again that change nothing, and such commands wait for the next checkpoint.
pub async fn until_checkpointed(node: &Node) {
    until_status(node, "all is checkpointed", |status| {
        status.phase == Phase::Serving
            && Some(status.checkpointed) == status.offset.map(|last| last + 1)
    })
    .await;
}

/// A journal whose appends wait for leave, once it is closed.
pub struct Gated {
    inner: MemoryJournal,
    gate: std::sync::Mutex<Gate>,
    moved: std::sync::Condvar,
    /// Told when an append waits.
    pub waiting: Notify,
}

/// Which appends pass.
enum Gate {
    Open,
    Closed,
    /// Those of this partition do not, counted from 0.
    ClosedFor(u32),
}

impl Gate {
    fn lets_pass(&self, partition: u32) -> bool {
        match self {
            Gate::Open => true,
            Gate::Closed => false,
            Gate::ClosedFor(closed) => *closed != partition,
        }
    }
}

impl Gated {
    pub fn new(inner: MemoryJournal) -> Arc<Gated> {
        Arc::new(Gated {
            inner,
            gate: std::sync::Mutex::new(Gate::Open),
            moved: std::sync::Condvar::new(),
            waiting: Notify::new(),
        })
    }

    pub fn set_open(&self, open: bool) {
        self.set(if open { Gate::Open } else { Gate::Closed });
    }

    pub fn close_for(&self, partition: u32) {
        self.set(Gate::ClosedFor(partition));
    }

    fn set(&self, gate: Gate) {
        *self.gate.lock().unwrap() = gate;
        self.moved.notify_all();
    }
}

impl Journal for Gated {
    fn partitions(&self) -> u32 {
        self.inner.partitions()
    }

    fn append(&self, partition: u32, commands: &[Bytes]) -> Result<(), AppendError> {
        let mut gate = self.gate.lock().unwrap();
        if !gate.lets_pass(partition) {
            self.waiting.notify_one();
        }
        while !gate.lets_pass(partition) {
            gate = self.moved.wait(gate).unwrap();
        }
        drop(gate);
        self.inner.append(partition, commands)
    }

    fn read(&self, partition: u32, from: u64) -> Result<Box<dyn Reader>, Error> {
        self.inner.read(partition, from)
    }

    fn observe(&self, partition: u32) -> Result<Box<dyn Observer>, Error> {
        self.inner.observe(partition)
    }

    fn lead(&self, partition: u32, leader: &str) -> Result<Box<dyn Lead>, Error> {
        self.inner.lead(partition, leader)
    }

    fn history(
        &self,
        partition: u32,
        instance: u64,
        bytes_max: usize,
    ) -> Result<HistoryPart, Error> {
        self.inner.history(partition, instance, bytes_max)
    }

    fn ended(
        &self,
        partition: u32,
        before: Option<(i64, u64)>,
        limit: usize,
    ) -> Result<Vec<Ended>, Error> {
        self.inner.ended(partition, before, limit)
    }
}

/// Opens a stream of the jobs of type `work`.
pub async fn open_stream(node: &Node) -> JobStream {
    let request = JobStreamRequest {
        r#type: "work".to_owned(),
        worker: "streamer".to_owned(),
        timeout: Duration::from_secs(600),
        fetch_variables: Vec::new(),
    };
    let opened = node.open_job_stream(&NOBODY, request);
    opened.await.expect("the stream opens")
}
