//! A world of one node, one server and one client, and what tests say to it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use journal::memory::MemoryJournal;
use node::{Caller, Node, Peers, Queries};
use prost_types::Timestamp;
use proto::record::{
    CancelInstance, CreateInstance, DeployResources, PublishMessage, UserTask, answer,
    command::Kind, deploy_resources, user_task,
};
use proto::usertask::user_task_service_client::UserTaskServiceClient;
use proto::usertask::watch_tasks_response::Event;
use proto::usertask::{
    ClaimTaskRequest, CompleteTaskRequest, GetTaskRequest, ListTasksRequest, ListTasksResponse,
    Task, TaskFilter, WatchTasksRequest, WatchTasksResponse,
};
use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Code, Status, Streaming};
use tonic_types::StatusExt;
use user_tasks::Config;

/// Makes two tests of each function: on one partition, and on three.
macro_rules! on_one_and_on_three {
    ($($test:ident),+ $(,)?) => {
        $(mod $test {
            #[tokio::test(flavor = "multi_thread")]
            async fn on_one() {
                super::$test(1).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn on_three() {
                super::$test(3).await;
            }
        })+
    };
}
pub(crate) use on_one_and_on_three;

pub type Client = UserTaskServiceClient<Channel>;

pub struct World {
    pub journal: MemoryJournal,
    pub node: Node,
    pub client: Client,
    pub address: String,
}

impl World {
    pub async fn new(partitions: u32) -> World {
        World::with(partitions, node::Config::default(), Config::default()).await
    }

    pub async fn with(partitions: u32, node: node::Config, tasks: Config) -> World {
        let journal = MemoryJournal::new(partitions, 1);
        journal.set_now(1_000_000);
        let world = World::over(journal, node, tasks).await;
        world.deploy().await;
        world
    }

    pub async fn deploy(&self) {
        let model = deploy_resources::Resource {
            name: "tasks.bpmn".to_owned(),
            content: include_str!("../models/tasks.bpmn").into(),
        };
        let deploy = DeployResources {
            resources: vec![model],
        };
        self.submit(Kind::DeployResources(deploy)).await;
    }

    /// A node and a server over a journal that exists already.
    pub async fn over(journal: MemoryJournal, node: node::Config, tasks: Config) -> World {
        let shared = Arc::new(journal.clone());
        let started = tokio::task::spawn_blocking(move || Node::start(shared, node));
        let node = started.await.expect("no panic").expect("the node starts");
        World::serving(journal, node, listener().await, tasks).await
    }

    /// One of the nodes that share a journal, whose clock goes by itself.
    pub async fn joined(journal: &MemoryJournal) -> World {
        let listener = listener().await;
        let address = listener.local_addr().expect("an address");
        let config = node::Config {
            peer_address: address.to_string(),
            heartbeat_interval: Duration::from_millis(20),
            // Other tests run at the same time, and must not make a node look dead.
            silence_max: Duration::from_secs(2),
            ..node::Config::default()
        };
        let node = Node::join(Arc::new(journal.clone()), config).expect("the node joins");
        World::serving(journal.clone(), node, listener, Config::default()).await
    }

    async fn serving(
        journal: MemoryJournal,
        node: Node,
        listener: TcpListener,
        tasks: Config,
    ) -> World {
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let queries = user_tasks::queries(Queries::default());
        let server = Server::builder()
            .add_service(user_tasks::service(node.clone(), &tasks))
            .add_service(Peers::service(node.clone(), queries));
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        tokio::spawn(server.serve_with_incoming(incoming));
        let client = connect(&address).await;
        World {
            journal,
            node,
            client,
            address,
        }
    }

    pub async fn submit(&self, command: Kind) -> answer::Kind {
        let applied = self
            .node
            .submit(&Caller::default(), command)
            .await
            .expect("applied");
        applied.answer.kind.expect("an answer")
    }

    /// Starts an instance; its key.
    pub async fn create(&self, process: &str, variables: &str) -> u64 {
        let create = CreateInstance {
            process_id: process.to_owned(),
            variables: normalized(variables),
            ..CreateInstance::default()
        };
        match self.submit(Kind::CreateInstance(create)).await {
            answer::Kind::InstanceStarted(started) => started.instance_key,
            other => panic!("{other:?}"),
        }
    }

    /// Starts a claim; the key of its review.
    pub async fn review(&self, variables: &str) -> u64 {
        let instance = self.create("claim", variables).await;
        self.open_task(instance).await.key
    }

    /// Another review in the partition of this one.
    pub async fn neighbour(&self, review: u64) -> u64 {
        loop {
            let other = self.review("{}").await;
            if self.node.home(other).id() == self.node.home(review).id() {
                return other;
            }
        }
    }

    /// The only open task of an instance.
    pub async fn open_task(&self, instance: u64) -> Task {
        let filter = TaskFilter {
            process_instance_key: instance,
            ..TaskFilter::default()
        };
        let mut tasks = self.list(filter).await;
        assert_eq!(tasks.len(), 1, "{tasks:?}");
        tasks.remove(0)
    }

    pub async fn cancel(&self, instance: u64) {
        self.submit(Kind::CancelInstance(CancelInstance {
            instance_key: instance,
        }))
        .await;
    }

    /// Withdraws a claim that has an open review, which may be another partition's than the message.
    pub async fn withdraw(&self, claim: &str) {
        let mut changes = self.node.watch_tasks(None);
        let message = PublishMessage {
            name: "withdraw".to_owned(),
            correlation_key: claim.to_owned(),
            // It may come before the subscription.
            ttl_ms: 60_000,
            ..PublishMessage::default()
        };
        self.submit(Kind::PublishMessage(message)).await;
        loop {
            let (_, change) = changes.next().await.expect("the node serves");
            let is_canceled = |task: &UserTask| task.state() == user_task::State::Canceled;
            if change.task.as_ref().is_some_and(is_canceled) {
                return;
            }
        }
    }

    /// All open tasks that match, oldest first.
    pub async fn list(&self, filter: TaskFilter) -> Vec<Task> {
        let listed = self.page(ListTasksRequest {
            filter: Some(filter),
            page_size: 1_000,
            ..ListTasksRequest::default()
        });
        tasks(listed.await)
    }

    pub async fn page(&self, request: ListTasksRequest) -> ListTasksResponse {
        self.client
            .clone()
            .list_tasks(request)
            .await
            .expect("a list")
            .into_inner()
    }

    pub async fn task(&self, key: u64) -> Task {
        let request = GetTaskRequest {
            task_key: key,
            ..GetTaskRequest::default()
        };
        let found = self.client.clone().get_task(request).await.expect("a task");
        found.into_inner().task.expect("a task")
    }

    pub async fn claim(&self, key: u64, user: &str) -> Result<(Task, String), Status> {
        let claimed = self
            .client
            .clone()
            .claim_task(claim(key, user, &[]))
            .await?
            .into_inner();
        Ok((claimed.task.expect("a task"), claimed.position))
    }

    pub async fn complete(&self, key: u64, user: &str) -> Result<(Task, String), Status> {
        let completed = self
            .client
            .clone()
            .complete_task(complete(key, user))
            .await?
            .into_inner();
        Ok((completed.task.expect("a task"), completed.position))
    }

    pub async fn watch(&self, filter: TaskFilter, from: &str) -> Watching {
        watch(&mut self.client.clone(), filter, from).await
    }
}

/// The offset of each partition that a position names.
pub fn offsets(position: &str) -> BTreeMap<u32, u64> {
    let pairs = position.split(',').map(|pair| {
        let (partition, offset) = pair.split_once(':').expect("a pair");
        (
            partition.parse().expect("a number"),
            offset.parse().expect("an offset"),
        )
    });
    pairs.collect()
}

/// Whether a position includes all that another one names.
pub fn covers(position: &str, other: &str) -> bool {
    let position = offsets(position);
    let mut others = offsets(other).into_iter();
    others.all(|(partition, offset)| position.get(&partition).is_some_and(|at| *at >= offset))
}

async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("a port")
}

pub async fn connect(address: &str) -> Client {
    let endpoint = Endpoint::from_shared(address.to_owned()).expect("an address");
    Client::new(endpoint.connect().await.expect("a connection"))
}

/// A connection with small windows, so that a reader can be slow.
pub async fn connect_narrow(address: &str) -> Client {
    let endpoint = Endpoint::from_shared(address.to_owned()).expect("an address");
    let narrow = endpoint
        .initial_stream_window_size(65_535)
        .initial_connection_window_size(65_535);
    Client::new(narrow.connect().await.expect("a connection"))
}

pub fn claim(key: u64, user: &str, groups: &[&str]) -> ClaimTaskRequest {
    ClaimTaskRequest {
        task_key: key,
        user: user.to_owned(),
        groups: names(groups),
        ..ClaimTaskRequest::default()
    }
}

pub fn complete(key: u64, user: &str) -> CompleteTaskRequest {
    CompleteTaskRequest {
        task_key: key,
        user: user.to_owned(),
        ..CompleteTaskRequest::default()
    }
}

pub fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

pub fn tasks(listed: ListTasksResponse) -> Vec<Task> {
    listed
        .tasks
        .into_iter()
        .map(|listed| listed.task.expect("a task"))
        .collect()
}

pub fn moment(at_ms: i64) -> Timestamp {
    Timestamp {
        seconds: at_ms.div_euclid(1_000),
        nanos: i32::try_from(at_ms.rem_euclid(1_000)).expect("small") * 1_000_000,
    }
}

fn normalized(variables: &str) -> bytes::Bytes {
    let limits = feel::json::Limits::default();
    feel::json::normalize_object(variables.as_bytes(), &limits).expect("JSON")
}

/// The code and reason of an error; its domain is always the same.
pub fn reason(status: &Status) -> (Code, String) {
    let details = status.get_error_details();
    let info = details
        .error_info()
        .unwrap_or_else(|| panic!("no ErrorInfo: {status:?}"));
    assert_eq!(info.domain, "weir.usertask");
    // A size is of the request as a whole.
    if status.code() == Code::InvalidArgument && !info.reason.ends_with("TOO_LARGE") {
        let bad = details.bad_request().expect("BadRequest");
        assert!(!bad.field_violations.is_empty());
    }
    (status.code(), info.reason.clone())
}

/// The fields that an error names.
pub fn fields(status: &Status) -> Vec<String> {
    let details = status.get_error_details();
    let bad = details.bad_request().expect("BadRequest");
    bad.field_violations
        .iter()
        .map(|violation| violation.field.clone())
        .collect()
}

/// A watch with a short notation of what it tells.
pub struct Watching {
    stream: Streaming<WatchTasksResponse>,
    /// The last position it gave.
    pub position: String,
}

pub async fn watch(client: &mut Client, filter: TaskFilter, from: &str) -> Watching {
    let request = WatchTasksRequest {
        filter: Some(filter),
        from_position: from.to_owned(),
    };
    let stream = client
        .watch_tasks(request)
        .await
        .expect("a watch")
        .into_inner();
    Watching {
        stream,
        position: String::new(),
    }
}

impl Watching {
    pub async fn event(&mut self) -> Event {
        let response = self
            .stream
            .message()
            .await
            .expect("no error")
            .expect("no end");
        if !response.position.is_empty() {
            self.position = response.position;
        }
        response.event.expect("an event")
    }

    pub async fn error(&mut self) -> Status {
        self.stream.message().await.expect_err("an error")
    }

    /// `present KEY`, `changed KEY ASSIGNEE`, `left KEY STATE`, …
    pub async fn told(&mut self) -> String {
        match self.event().await {
            Event::Snapshot(snapshot) => format!("snapshot {}", snapshot.reason().as_str_name()),
            Event::Present(task) => format!("present {}", task.key),
            Event::SnapshotEnd(_) => "end".to_owned(),
            Event::Changed(task) => format!("changed {} {}", task.key, task.assignee),
            Event::Left(left) => match left.task {
                Some(task) => format!("left {} {}", left.task_key, task.state().as_str_name()),
                None => format!("left {}", left.task_key),
            },
            Event::Progress(_) => "progress".to_owned(),
        }
    }

    /// Reads a whole snapshot: its reason and its keys.
    pub async fn snapshot(&mut self) -> (String, Vec<u64>) {
        let begun = self.told().await;
        let reason = begun
            .strip_prefix("snapshot REASON_")
            .unwrap_or_else(|| panic!("{begun}"));
        let reason = reason.to_owned();
        let mut keys = Vec::new();
        loop {
            match self.event().await {
                Event::Present(task) => keys.push(task.key),
                Event::SnapshotEnd(_) => return (reason, keys),
                other => panic!("{other:?}"),
            }
        }
    }
}
