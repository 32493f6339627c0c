//! The insurance claim over real gRPC: pyzeebe does the service tasks, this test plays the people.
//!
//! pyzeebe is installed from PyPI into an environment of its own, once per target folder.

mod real;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use proto::admin::story_event::Type;
use proto::admin::{GetInstanceRequest, InstanceState};
use proto::gateway::{
    CreateProcessInstanceRequest, CreateProcessInstanceWithResultRequest, PublishMessageRequest,
};
use proto::usertask::watch_tasks_response::Event;
use proto::usertask::{
    ClaimTaskRequest, CompleteTaskRequest, Task, TaskFilter, TaskState, WatchTasksRequest,
};
use serde_json::{Value, json};
use tonic::{Code, Status};

use real::{Server, file, why};

/// So long for any one thing that must happen.
const PATIENCE: Duration = Duration::from_secs(120);

/// The worker; killed when dropped.
struct Worker(Child);

impl Worker {
    fn start(server: &Server, mode: &str) -> Worker {
        let address = server.address.trim_start_matches("http://");
        let mut child = Command::new(real::python("pyzeebe"))
            .arg(file("tests/pyzeebe/worker.py"))
            .args([address, mode])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the worker starts");
        let out = child.stdout.take().expect("its output is piped");
        let mut line = String::new();
        let read = BufReader::new(out).read_line(&mut line);
        read.expect("a line of its output");
        assert_eq!(line, "ready\n");
        Worker(child)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A claim, and who deals with it.
struct Claim<'s> {
    server: &'s Server,
    id: String,
    result: tokio::task::JoinHandle<Result<String, Status>>,
}

impl Claim<'_> {
    fn register<'s>(server: &'s Server, id: &str, more: Value) -> Claim<'s> {
        let mut variables = json!({ "claimId": id, "policy": "P-1", "customer": "Ann" });
        for (name, value) in more.as_object().expect("an object") {
            variables[name] = value.clone();
        }
        let mut gateway = server.gateway();
        let create = CreateProcessInstanceWithResultRequest {
            request: Some(CreateProcessInstanceRequest {
                bpmn_process_id: "insurance-claim".to_owned(),
                version: -1,
                variables: variables.to_string(),
                ..CreateProcessInstanceRequest::default()
            }),
            request_timeout: PATIENCE.as_millis() as i64,
            fetch_variables: Vec::new(),
        };
        let result = tokio::spawn(async move {
            let ended = gateway.create_process_instance_with_result(create).await?;
            Ok(ended.into_inner().variables)
        });
        Claim {
            server,
            id: id.to_owned(),
            result,
        }
    }

    /// Waits until the claim has an open task of this element; one claim runs at a time.
    async fn task(&self, element: &str) -> Task {
        let filter = TaskFilter {
            states: vec![TaskState::Created.into()],
            element_ids: vec![element.to_owned()],
            ..TaskFilter::default()
        };
        let watch = WatchTasksRequest {
            filter: Some(filter),
            from_position: String::new(),
        };
        let watching = self.server.tasks().watch_tasks(watch).await;
        let mut changes = watching.expect("tasks are watched").into_inner();
        let found = async {
            loop {
                let change = changes.message().await.expect("a change");
                match change.and_then(|change| change.event) {
                    Some(Event::Present(task) | Event::Changed(task)) => return task,
                    Some(_) => {}
                    None => panic!("the watch has ended"),
                }
            }
        };
        let found = tokio::time::timeout(PATIENCE, found).await;
        found.unwrap_or_else(|_| panic!("{}: no task {element}", self.id))
    }

    async fn claim(&self, task: &Task, user: &str, group: &str) -> Result<(), Status> {
        let claim = ClaimTaskRequest {
            task_key: task.key,
            user: user.to_owned(),
            groups: vec![group.to_owned()],
            request_id: String::new(),
        };
        self.server.tasks().claim_task(claim).await.map(|_| ())
    }

    /// Somebody claims the next task of an element and completes it.
    async fn act(&self, element: &str, user: &str, group: &str, action: &str, variables: Value) {
        let task = self.task(element).await;
        self.claim(&task, user, group).await.expect("it is free");
        let complete = CompleteTaskRequest {
            task_key: task.key,
            user: user.to_owned(),
            action: action.to_owned(),
            variables: variables.to_string(),
            request_id: String::new(),
        };
        let completed = self.server.tasks().complete_task(complete).await;
        completed.expect("whoever claimed may complete");
    }

    /// Waits for the end; the variables of the claim.
    async fn ended(self) -> Value {
        let ended = tokio::time::timeout(PATIENCE, self.result).await;
        let variables = ended.expect("it ends").expect("it is awaited");
        serde_json::from_str(&variables.expect("its variables")).expect("JSON")
    }
}

async fn serve(data: &Path) -> Server {
    let server = Server::start(data);
    let claim = "models/examples/insurance-claim.bpmn";
    server.deploy_file(claim).await;
    server
}

async fn all_outcomes(mode: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let server = serve(&folder.path().join("data")).await;
    let _worker = Worker::start(&server, mode);

    approved_by_two(&server).await;
    rejected_after_documents(&server).await;
    escalated(&server).await;
    paid_by_hand(&server).await;

    let claim = Claim::register(
        &server,
        "C-5",
        json!({ "amount": 100, "customer": "Nobody" }),
    );
    let ended = claim.ended().await;
    assert_eq!(
        (&ended["outcome"], &ended["checkedBy"]),
        (&json!("REJECTED"), &json!("pyzeebe"))
    );
}

/// The second approval must be another's; the bank answers at the second attempt.
async fn approved_by_two(server: &Server) {
    let claim = Claim::register(
        server,
        "C-1",
        json!({ "amount": 20_000, "customer": "Unlucky" }),
    );
    claim
        .act("review-claim", "eva", "adjusters", "approve", json!({}))
        .await;
    let task = claim.task("second-approval").await;
    let refused = claim.claim(&task, "eva", "adjusters").await;
    let refused = refused.expect_err("eva was the first");
    assert_eq!(
        why(&refused),
        (Code::PermissionDenied, "USER_EXCLUDED".to_owned())
    );
    claim
        .act("second-approval", "carl", "leads", "approve", json!({}))
        .await;
    let ended = claim.ended().await;
    assert_eq!(ended["outcome"], "APPROVED", "{ended}");
    assert_eq!(
        (&ended["paid"], &ended["attempts"]),
        (&json!(20_000), &json!(2)),
        "{ended}"
    );
}

async fn rejected_after_documents(server: &Server) {
    let claim = Claim::register(server, "C-2", json!({ "amount": 4_000 }));
    let wanted = json!({ "documentsWanted": "the bill" });
    claim
        .act(
            "review-claim",
            "eva",
            "adjusters",
            "request-documents",
            wanted,
        )
        .await;
    let publish = PublishMessageRequest {
        name: "documents-received".to_owned(),
        correlation_key: "C-2".to_owned(),
        time_to_live: 600_000,
        variables: r#"{"documents":["bill.pdf"]}"#.to_owned(),
        ..PublishMessageRequest::default()
    };
    let published = server.gateway().publish_message(publish).await;
    published.expect("the message is taken");
    claim
        .act("review-claim", "eva", "adjusters", "reject", json!({}))
        .await;
    let ended = claim.ended().await;
    assert_eq!(ended["outcome"], "REJECTED", "{ended}");
    assert_eq!(ended["documents"], json!(["bill.pdf"]), "{ended}");
}

/// Nobody reviews in time: a lead takes over and hands the claim on.
async fn escalated(server: &Server) {
    let claim = Claim::register(
        server,
        "C-3",
        json!({ "amount": 4_000, "reviewLimit": "PT1S" }),
    );
    claim
        .act("decide-overdue", "lena", "leads", "hand-over", json!({}))
        .await;
    let ended = claim.ended().await;
    assert_eq!(ended["outcome"], "ESCALATED", "{ended}");
}

/// pyzeebe throws a BPMN error, accounting pays.
async fn paid_by_hand(server: &Server) {
    let claim = Claim::register(
        server,
        "C-4",
        json!({ "amount": 500, "customer": "Refused" }),
    );
    let reference = json!({ "reference": "T-1" });
    claim
        .act("manual-payout", "otto", "accounting", "paid", reference)
        .await;
    let ended = claim.ended().await;
    assert_eq!(ended["outcome"], "APPROVED", "{ended}");
    assert_eq!(ended["payout"]["reference"], "T-1", "{ended}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pyzeebe_worker_does_the_claims_service_tasks() {
    // One after the other: both use the one environment.
    for mode in ["poll", "stream"] {
        all_outcomes(mode).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pyzeebe_client_deploys_decisions_and_asks_for_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(&folder.path().join("data"));
    let ran = Command::new(real::python("pyzeebe"))
        .arg(file("tests/pyzeebe/decide.py"))
        .arg(server.address.trim_start_matches("http://"))
        .arg(file("models/examples/claim-routing.dmn"))
        .args([
            "route",
            r#"{"amount":4000,"earlierClaims":1,"covered":true}"#,
        ])
        .output()
        .expect("it runs");
    assert!(ran.status.success(), "{ran:?}");
    let told: Value = serde_json::from_slice(&ran.stdout).expect("JSON");
    let made = json!({ "risk": ["medium"], "route": ["checked"] });
    assert_eq!(told["made"], made, "{told}");
    assert_eq!(told["failure"], "", "{told}");
    assert_eq!(told["output"]["handler"], "adjuster", "{told}");
}

/// One process waits for two signals; the other is started by the first and throws the second.
const SIGNALS: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="t">
    <signal id="opened" name="opened"/><signal id="seen" name="seen"/>
    <process id="visitor" isExecutable="true"><startEvent id="a"/>
    <sequenceFlow id="ao" sourceRef="a" targetRef="o"/><parallelGateway id="o"/>
    <sequenceFlow id="ob" sourceRef="o" targetRef="b"/><sequenceFlow id="oc" sourceRef="o" targetRef="c"/>
    <intermediateCatchEvent id="b"><signalEventDefinition signalRef="opened"/></intermediateCatchEvent>
    <intermediateCatchEvent id="c"><signalEventDefinition signalRef="seen"/></intermediateCatchEvent>
    <sequenceFlow id="be" sourceRef="b" targetRef="e"/><sequenceFlow id="ce" sourceRef="c" targetRef="e"/>
    <endEvent id="e"/></process>
    <process id="clerk" isExecutable="true">
    <startEvent id="f"><signalEventDefinition signalRef="opened"/></startEvent>
    <sequenceFlow id="fg" sourceRef="f" targetRef="g"/>
    <endEvent id="g"><extensionElements><zeebe:ioMapping><zeebe:input source="=door + 1" target="desk"/></zeebe:ioMapping></extensionElements>
    <signalEventDefinition signalRef="seen"/></endEvent></process></definitions>"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pyzeebe_client_broadcasts_a_signal() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(&folder.path().join("data"));
    let deployed = server.deploy("signals.bpmn", SIGNALS.into()).await;
    deployed.expect("deployed");
    let create = CreateProcessInstanceRequest {
        bpmn_process_id: "visitor".to_owned(),
        version: -1,
        ..CreateProcessInstanceRequest::default()
    };
    // It is answered when the instance waits.
    let created = server.gateway().create_process_instance(create).await;
    let visitor = created.expect("created").into_inner().process_instance_key;
    let ran = Command::new(real::python("pyzeebe"))
        .arg(file("tests/pyzeebe/broadcast.py"))
        .arg(server.address.trim_start_matches("http://"))
        .args(["opened", r#"{"door":3}"#])
        .output()
        .expect("it runs");
    assert!(ran.status.success(), "{ran:?}");
    let key = String::from_utf8_lossy(&ran.stdout).trim().parse::<i64>();
    assert!(key.is_ok_and(|key| key > 0), "{ran:?}");
    let get = GetInstanceRequest {
        instance_key: visitor.unsigned_abs(),
        without_story: false,
    };
    let found = server.admin().get_instance(get).await.expect("found");
    let found = found.into_inner();
    let instance = found.instance.expect("an instance");
    assert_eq!(instance.state(), InstanceState::Completed);
    let came = found.story.iter();
    let came = came.filter(|event| event.r#type() == Type::SignalCorrelated);
    let came: Vec<_> = came.map(|event| &*event.detail).collect();
    assert_eq!(came, ["opened", "seen"]);
}
