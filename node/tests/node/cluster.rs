//! Several nodes that share a journal: any of them takes any call, and none of them is missed.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use engine::{Limits, State};
use journal::memory::MemoryJournal;
use journal::{Bytes, Journal};
use node::{Config, Measures, Node, Peers, Phase, Queries, Query, Role, SubmitError};
use proto::record::CompleteTask;
use proto::record::command::Kind;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;

use crate::support::*;

/// How many instances a partition has.
#[derive(Clone, PartialEq, prost::Message)]
struct CountInstances {}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Count {
    #[prost(uint64, tag = "1")]
    pub count: u64,
}

impl Query for CountInstances {
    type Answer = Count;
    const NAME: &'static str = "test.CountInstances";

    fn answer(self, state: &State) -> Count {
        Count {
            count: state.instance_keys().len() as u64,
        }
    }
}

/// Whether the partition has the process.
#[derive(Clone, PartialEq, prost::Message)]
struct Knows {
    #[prost(string, tag = "1")]
    process: String,
}

impl Query for Knows {
    type Answer = Count;
    const NAME: &'static str = "test.Knows";

    fn answer(self, state: &State) -> Count {
        Count {
            count: u64::from(state.definition_key(&self.process, -1).is_some()),
        }
    }
}

/// The behaviour that the partition's state asks for.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Semantics {}

impl Query for Semantics {
    type Answer = Count;
    const NAME: &'static str = "test.Semantics";

    fn answer(self, state: &State) -> Count {
        Count {
            count: u64::from(state.semantics()),
        }
    }
}

/// With so many instances no partition is left out: their request ids decide, and those are random.
const SPREAD: usize = 32;

/// A node with its server, whose tasks are its own.
pub struct Member {
    pub node: Node,
    address: SocketAddr,
    measures: Arc<Measures>,
    runtime: Option<Runtime>,
}

/// As if its process were killed: nothing is handed over, nobody is told.
impl Drop for Member {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Member {
    pub async fn join(journal: &MemoryJournal, name: &str) -> Member {
        Member::join_knowing(journal, name, engine::SEMANTICS).await
    }

    /// Joins as a build does whose newest behaviour is this one.
    pub async fn join_knowing(journal: &MemoryJournal, name: &str, semantics: u32) -> Member {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let config = Config {
            name: name.to_owned(),
            peer_address: address.to_string(),
            heartbeat_interval: Duration::from_millis(20),
            // Other tests run at the same time, and must not make a node look dead.
            silence_max: Duration::from_millis(1_000),
            leader_patience: PATIENCE,
            limits: Limits {
                semantics,
                ..Limits::default()
            },
            ..config()
        };
        let measures = Arc::clone(&config.measures);
        let node = Node::join(Arc::new(journal.clone()), config).expect("the node joins");
        let queries = Queries::default()
            .with::<CountInstances>()
            .with::<Knows>()
            .with::<Semantics>();
        let peers = Peers::service(node.clone(), queries);
        let serving = Server::builder()
            .add_service(peers)
            .serve_with_incoming(TcpListenerStream::new(listener));
        let runtime = Runtime::new().expect("a runtime");
        runtime.spawn(async move { serving.await.expect("the server serves") });
        Member {
            node,
            address,
            measures,
            runtime: Some(runtime),
        }
    }

    pub async fn until_served(&self) {
        let mut phases = self.node.phases();
        let serving = phases.wait_for(|phase| *phase == Phase::Serving);
        let serving = tokio::time::timeout(PATIENCE, serving).await;
        serving
            .expect("every partition gets a leader")
            .expect("the node lives");
    }

    fn leads(&self) -> BTreeSet<u32> {
        let led = self
            .node
            .partitions()
            .iter()
            .filter(|partition| partition.status().is_some());
        led.map(|partition| partition.id().number()).collect()
    }
}

/// A journal whose time goes on.
pub fn journal(partitions: u32) -> MemoryJournal {
    let journal = MemoryJournal::new(partitions, 1);
    journal.set_now(1_700_000_000_000);
    journal.run_clock();
    journal
}

async fn cluster(journal: &MemoryJournal, names: &[&str]) -> Vec<Member> {
    let mut members = Vec::new();
    for name in names {
        members.push(Member::join(journal, name).await);
    }
    for member in &members {
        member.until_served().await;
    }
    members
}

pub async fn until_known(node: &Node, process: &str) {
    for partition in node.partitions() {
        let question = Knows {
            process: process.to_owned(),
        };
        let knows = async {
            while partition
                .ask(question.clone())
                .await
                .expect("it is led")
                .0
                .count
                == 0
            {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, knows)
            .await
            .expect("it is deployed everywhere");
    }
}

pub async fn instances(node: &Node) -> u64 {
    let mut all = 0;
    for partition in node.partitions() {
        all += partition
            .ask(CountInstances {})
            .await
            .expect("it is led")
            .0
            .count;
    }
    all
}

/// The members share all partitions, each led once.
pub async fn until_balanced(members: &[&Member], partitions: u32) {
    let balanced = async {
        loop {
            let led = members
                .iter()
                .map(|member| member.leads())
                .collect::<Vec<_>>();
            let all = led.iter().flatten().copied().collect::<BTreeSet<_>>();
            let sum = led.iter().map(BTreeSet::len).sum::<usize>();
            let (most, least) = (
                led.iter().map(BTreeSet::len).max(),
                led.iter().map(BTreeSet::len).min(),
            );
            let is_even = most
                .zip(least)
                .is_some_and(|(most, least)| most - least <= 1);
            if is_even && all.len() == sum && sum == partitions as usize {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, balanced)
        .await
        .expect("the partitions are shared");
}

#[tokio::test(flavor = "multi_thread")]
async fn any_node_takes_any_call() {
    let journal = journal(3);
    let members = cluster(&journal, &["one", "two", "three"]).await;
    until_balanced(&members.iter().collect::<Vec<_>>(), 3).await;
    deploy(&members[0].node, "single", WORK).await;
    until_known(&members[1].node, "single").await;
    for member in &members {
        for _ in 0..SPREAD {
            create(&member.node, "single").await;
        }
    }
    for member in &members {
        assert_eq!(instances(&member.node).await, 3 * SPREAD as u64);
    }
    // Whoever asks, the jobs of all partitions come.
    let keys = lease_all(&members[2].node, 3 * SPREAD).await;
    let homes = keys.iter().map(|key| engine::partition_of(*key));
    assert_eq!(homes.collect::<BTreeSet<_>>(), BTreeSet::from([1, 2, 3]));
    for key in &keys {
        complete(&members[0].node, *key)
            .await
            .expect("the job is completed");
        let again = complete(&members[1].node, *key)
            .await
            .expect_err("it is gone");
        let SubmitError::Rejected(rejection) = again else {
            panic!("not refused by the machine: {again}");
        };
        assert_eq!(rejection.reason, "JOB_NOT_FOUND");
    }
    assert_eq!(instances(&members[1].node).await, 0);
    let ended = members[1]
        .node
        .ended(None, 100)
        .await
        .expect("they are listed");
    assert_eq!(ended.len(), 3 * SPREAD);
    let story = members[0]
        .node
        .history(ended[0].key)
        .await
        .expect("it is told");
    assert!(!story.batches.is_empty());
    for member in members {
        member.node.stop().await;
    }
}

async fn lease_all(node: &Node, count: usize) -> BTreeSet<u64> {
    let mut keys = BTreeSet::new();
    let leasing = async {
        while keys.len() < count {
            let jobs = node
                .activate_jobs(&NOBODY, activate(2), Duration::from_secs(1))
                .await;
            keys.extend(
                jobs.expect("jobs are leased")
                    .into_iter()
                    .map(|job| job.key),
            );
        }
    };
    tokio::time::timeout(PATIENCE, leasing)
        .await
        .expect("there are so many jobs");
    keys
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_streamed_and_tasks_watched_from_all_nodes() {
    let journal = journal(2);
    let members = cluster(&journal, &["one", "two"]).await;
    until_balanced(&members.iter().collect::<Vec<_>>(), 2).await;
    let node = &members[0].node;
    deploy(node, "single", WORK).await;
    deploy(node, "reviewed", REVIEW).await;
    until_known(node, "reviewed").await;
    let mut stream = open_stream(node).await;
    for _ in 0..SPREAD {
        create(&members[1].node, "single").await;
    }
    let mut homes = BTreeSet::new();
    for _ in 0..SPREAD {
        let job = tokio::time::timeout(PATIENCE, stream.next())
            .await
            .expect("a job comes");
        homes.insert(engine::partition_of(job.expect("it goes on").key));
    }
    assert_eq!(homes, BTreeSet::from([1, 2]));

    let mut offsets = Vec::new();
    for partition in node.partitions() {
        offsets.push(partition.ask(CountInstances {}).await.expect("it is led").1);
    }
    let mut watch = node.watch_tasks(Some(&offsets));
    for _ in 0..SPREAD {
        create(&members[1].node, "reviewed").await;
    }
    let mut homes = BTreeMap::new();
    for _ in 0..SPREAD {
        let change = tokio::time::timeout(PATIENCE, watch.next())
            .await
            .expect("a change comes");
        let (partition, event) = change.expect("it goes on");
        homes.insert(event.key, partition.number());
    }
    assert_eq!(
        homes.values().copied().collect::<BTreeSet<_>>(),
        BTreeSet::from([1, 2])
    );
    for key in homes.into_keys() {
        let done = Kind::CompleteTask(CompleteTask {
            task_key: key,
            user: "anna".to_owned(),
            variables: Bytes::from_static(b"{}"),
            ..CompleteTask::default()
        });
        submit(node, done).await.expect("the task is completed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_when_nodes_die_one_after_the_other() {
    let journal = journal(3);
    let mut members = cluster(&journal, &["one", "two", "three"]).await;
    deploy(&members[0].node, "single", WORK).await;
    until_known(&members[0].node, "single").await;
    let mut created = BTreeSet::new();
    for round in 0..3 {
        // Callers at the nodes that live on, while the first one dies.
        let nodes = members[1..]
            .iter()
            .map(|member| member.node.clone())
            .collect::<Vec<_>>();
        let calls = (0..40).map(|call| {
            let node = nodes[call % nodes.len()].clone();
            tokio::spawn(async move { create(&node, "single").await })
        });
        let calls = calls.collect::<Vec<_>>();
        drop(members.remove(0));
        for call in calls {
            let key = call.await.expect("every call is answered");
            assert!(created.insert(key), "two calls made one instance");
        }
        members.push(Member::join(&journal, &format!("next-{round}")).await);
    }
    let node = &members[2].node;
    members[2].until_served().await;
    assert_eq!(instances(node).await, created.len() as u64);
    assert_eq!(lease_all(node, created.len()).await.len(), created.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_and_who_joins_is_not_noticed_by_callers() {
    let journal = journal(4);
    let mut members = cluster(&journal, &["one", "two"]).await;
    until_balanced(&members.iter().collect::<Vec<_>>(), 4).await;
    deploy(&members[0].node, "single", WORK).await;
    until_known(&members[0].node, "single").await;
    let stays = members[1].node.clone();
    let calling = tokio::spawn(async move {
        let mut created = 0;
        loop {
            create(&stays, "single").await;
            created += 1;
            if created % 50 == 0 && instances(&stays).await >= 200 {
                return created;
            }
        }
    });
    members.push(Member::join(&journal, "three").await);
    until_balanced(&members.iter().collect::<Vec<_>>(), 4).await;
    let leaves = members.remove(0);
    leaves.node.stop().await;
    drop(leaves);
    until_balanced(&members.iter().collect::<Vec<_>>(), 4).await;
    let created = calling.await.expect("no call fails");
    assert_eq!(instances(&members[1].node).await, created);
    let addresses = members
        .iter()
        .map(|member| member.address)
        .collect::<BTreeSet<_>>();
    assert_eq!(addresses.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_repeated_at_another_node_counts_once() {
    let journal = journal(2);
    let members = cluster(&journal, &["one", "two"]).await;
    deploy(&members[0].node, "single", WORK).await;
    until_known(&members[0].node, "single").await;
    let caller = node::Caller {
        request_id: Some([7; 16]),
        ..NOBODY.clone()
    };
    let mut keys = BTreeSet::new();
    for member in members.iter().cycle().take(4) {
        let applied = member.node.submit(&caller, create_command("single")).await;
        keys.insert(started(&applied.expect("it is answered")).instance_key);
    }
    assert_eq!(keys.len(), 1);
    assert_eq!(instances(&members[0].node).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lone_journal_is_not_shared() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = journal::embedded::Options::default();
    let alone = journal::embedded::EmbeddedJournal::open(folder.path(), &options);
    let alone: Arc<dyn Journal> = Arc::new(alone.expect("it opens"));
    assert!(Node::join(alone, config()).is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_tells_what_it_is_to_each_partition_and_how_far_behind() {
    let journal = journal(3);
    let members = cluster(&journal, &["one", "two"]).await;
    // From here on nothing moves.
    until_balanced(&members.iter().collect::<Vec<_>>(), 3).await;
    deploy(&members[0].node, "single", WORK).await;
    until_known(&members[0].node, "single").await;
    for _ in 0..SPREAD {
        create(&members[0].node, "single").await;
    }
    // Each partition has a leader, the other node follows it, and has what the leader has written down.
    let is_settled = |measures: &Measures, leads: &BTreeSet<u32>| {
        measures.partitions().all(|(id, of_it)| {
            let (role, lag) = (of_it.role(), of_it.lag());
            match leads.contains(&id.number()) {
                true => role == Role::Leader && of_it.commands() > 0 && lag.is_none(),
                false => role == Role::Follower && lag == Some(0),
            }
        })
    };
    let settled = async {
        loop {
            let leads: Vec<_> = members.iter().map(Member::leads).collect();
            let mut each = members.iter().zip(&leads);
            let all: usize = leads.iter().map(BTreeSet::len).sum();
            if all == 3 && each.all(|(member, leads)| is_settled(&member.measures, leads)) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    let settled = tokio::time::timeout(PATIENCE, settled).await;
    let told = members.iter().map(|member| &member.measures);
    assert!(settled.is_ok(), "{:?}", told.collect::<Vec<_>>());
}
