//! Compaction does not matter: the same run gives the same state with it and without it, and five parallel user tasks
//! outlive it in the state and in the public view.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use harness::stored::{check, stored};
use journal::Journal;
use journal::kafka::topics::{self, Topic};
use journal::kafka::{KafkaJournal, KafkaOptions};
use node::PartitionId;
use proto::usertask::{
    AssignTaskRequest, CompleteTaskRequest, ListTasksRequest, TaskFilter, TaskState,
};
use rdkafka::Message;
use serde_json::Value;

use crate::real::{Server, request_id};
use crate::support::*;

const TASKS: usize = 5;
/// Changes of each task before compaction.
const ROUNDS: usize = 40;
/// Looks at what the cleaner has done.
const LOOKS_MAX: usize = 600;

/// As eager as a broker allows.
const FORCED: [(&str, &str); 6] = [
    ("segment.bytes", "1048576"),
    ("segment.ms", "100"),
    ("min.compaction.lag.ms", "0"),
    ("max.compaction.lag.ms", "100"),
    ("min.cleanable.dirty.ratio", "0.01"),
    ("delete.retention.ms", "100"),
];

/// Five tasks at the same time, and one more process that comes and goes.
fn processes() -> String {
    let task = |number: usize| {
        format!(
            r#"<sequenceFlow id="to{number}" sourceRef="fork" targetRef="task{number}"/>
            <userTask id="task{number}"><extensionElements><zeebe:userTask/></extensionElements></userTask>
            <sequenceFlow id="from{number}" sourceRef="task{number}" targetRef="join"/>"#
        )
    };
    let tasks = (0..TASKS).map(task).collect::<String>();
    format!(
        r#"<process id="five" isExecutable="true"><startEvent id="s"/>
            <parallelGateway id="fork"/><parallelGateway id="join"/><endEvent id="e"/>
            <sequenceFlow id="first" sourceRef="s" targetRef="fork"/>{tasks}
            <sequenceFlow id="last" sourceRef="join" targetRef="e"/></process>
        <process id="short" isExecutable="true"><startEvent id="short-s"/>
            <sequenceFlow id="short-f" sourceRef="short-s" targetRef="short-e"/><endEvent id="short-e"/></process>"#
    )
}

/// The open tasks, and whose they are.
async fn open_tasks(server: &Server) -> BTreeMap<u64, String> {
    let open = TaskFilter {
        states: vec![TaskState::Created.into()],
        ..TaskFilter::default()
    };
    let list = ListTasksRequest {
        filter: Some(open),
        ..ListTasksRequest::default()
    };
    let listed = server.tasks().list_tasks(list).await;
    let tasks = listed.expect("listed").into_inner().tasks.into_iter();
    let tasks = tasks.filter_map(|listed| listed.task);
    tasks.map(|task| (task.key, task.assignee)).collect()
}

/// Every task changes hands, and an instance comes and goes.
async fn stir(server: &Server, tasks: &mut BTreeMap<u64, String>, random: &mut fastrand::Rng) {
    for (task, assignee) in tasks {
        *assignee = format!("user {}", random.u32(..));
        let assign = AssignTaskRequest {
            task_key: *task,
            user: "lead".to_owned(),
            assignee: assignee.clone(),
            request_id: request_id(random),
            ..AssignTaskRequest::default()
        };
        let assigned = server.tasks().assign_task(assign).await;
        assigned.expect("assigned");
    }
    create(server, "short", "{}").await;
}

/// Where the records of a topic are.
fn offsets(options: &KafkaOptions, topic: &Topic) -> BTreeSet<i64> {
    let records = records(options, &topic.name, 0).into_iter();
    records.map(|record| record.offset()).collect()
}

/// Where the records are that a later one with the same key replaces.
fn replaced(options: &KafkaOptions, topic: &Topic) -> BTreeSet<i64> {
    let (mut last, mut replaced) = (BTreeMap::new(), BTreeSet::new());
    for record in records(options, &topic.name, 0) {
        let key = record.key().expect("a key").to_vec();
        replaced.extend(last.insert(key, record.offset()));
    }
    assert!(replaced.len() > TASKS, "{}: {replaced:?}", topic.name);
    replaced
}

/// The last version of each record of a view.
fn view(options: &KafkaOptions, topic: &Topic) -> BTreeMap<String, Value> {
    let mut view = BTreeMap::new();
    for record in records(options, &topic.name, 0) {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
        let key = text(record.key().expect("a key"));
        match record.payload().map(text) {
            Some(value) => view.insert(key, serde_json::from_str(&value).expect("JSON")),
            None => view.remove(&key),
        };
    }
    view
}

/// A partition that was stirred; what it is, with nothing compacted.
struct Run {
    options: KafkaOptions,
    journal: KafkaJournal,
    state: Topic,
    tasks: Topic,
    random: fastrand::Rng,
}

impl Run {
    fn new() -> Run {
        let options = options(1);
        Run {
            journal: open(&options),
            state: topic(&options, topics::STATE),
            tasks: topic(&options, topics::USER_TASKS),
            options,
            random: fastrand::Rng::with_seed(3),
        }
    }

    /// From now on the cleaner works, or not.
    async fn compact(&self, others: &[(&str, &str)]) {
        for topic in [&self.state, &self.tasks] {
            set(&self.options, topic, others).await;
        }
    }

    /// Nobody serves: leaders that come and go make the segments roll and change nothing. The state must stay the same.
    async fn compaction_changes_nothing(&self) {
        let first = PartitionId::FIRST;
        let before = stored(&self.journal, first);
        let replaced = replaced(&self.options, &self.state);
        self.compact(&FORCED).await;
        for _ in 0..LOOKS_MAX {
            drop(self.journal.lead(0, "compaction").expect("it leads"));
            if replaced.is_disjoint(&offsets(&self.options, &self.state)) {
                println!("{} records were removed", replaced.len());
                assert_eq!(stored(&self.journal, first), before);
                return self.compact(&[]).await;
            }
        }
        panic!("the cleaner removed nothing");
    }

    /// The server works on while the cleaner does.
    async fn stirred_while_compacted(
        &mut self,
        server: &Server,
        tasks: &mut BTreeMap<u64, String>,
    ) {
        stir(server, tasks, &mut self.random).await;
        let topics = [&self.state, &self.tasks];
        let replaced = topics.map(|topic| replaced(&self.options, topic));
        self.compact(&FORCED).await;
        for _ in 0..LOOKS_MAX {
            stir(server, tasks, &mut self.random).await;
            let left = topics.map(|topic| offsets(&self.options, topic));
            let mut pairs = replaced.iter().zip(&left);
            if pairs.all(|(replaced, left)| replaced.is_disjoint(left)) {
                return;
            }
        }
        panic!("the cleaner removed nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn compaction_does_not_matter_and_five_parallel_tasks_outlive_it() {
    let mut run = Run::new();
    let server = Server::at(&home(&run.options));
    deploy(&server, &model(&processes())).await;
    create(&server, "five", "{}").await;
    let mut tasks = open_tasks(&server).await;
    assert_eq!(tasks.len(), TASKS);
    for _ in 0..ROUNDS {
        stir(&server, &mut tasks, &mut run.random).await;
    }
    drop(server); // SIGKILL.
    run.compaction_changes_nothing().await;

    let server = Server::at(&home(&run.options));
    assert_eq!(open_tasks(&server).await, tasks);
    run.stirred_while_compacted(&server, &mut tasks).await;
    drop(server); // SIGKILL.
    run.compact(&[]).await;

    let server = Server::at(&home(&run.options));
    assert_eq!(open_tasks(&server).await, tasks);
    until_viewed(&run, &tasks);
    for (task, assignee) in &tasks {
        complete(&server, *task, assignee, &mut run.random).await;
    }
    assert_eq!(open_tasks(&server).await, BTreeMap::new());
    until_viewed(&run, &BTreeMap::new());
    drop(server);
    check(&run.journal, |_| ());
}

async fn complete(server: &Server, task: u64, user: &str, random: &mut fastrand::Rng) {
    let complete = CompleteTaskRequest {
        task_key: task,
        user: user.to_owned(),
        request_id: request_id(random),
        ..CompleteTaskRequest::default()
    };
    let completed = server.tasks().complete_task(complete).await;
    completed.expect("completed");
}

/// Waits until the public view has these tasks: it comes with the next checkpoint.
fn until_viewed(run: &Run, tasks: &BTreeMap<u64, String>) {
    let since = Instant::now();
    loop {
        let view = view(&run.options, &run.tasks).into_iter();
        let viewed = view.map(|(key, task)| {
            let assignee = task["assignee"].as_str().unwrap_or_default().to_owned();
            (key.parse::<u64>().expect("a number"), assignee)
        });
        let viewed: BTreeMap<u64, String> = viewed.collect();
        if viewed == *tasks {
            return;
        }
        assert!(since.elapsed() < PATIENCE, "{viewed:?}, not {tasks:?}");
    }
}
