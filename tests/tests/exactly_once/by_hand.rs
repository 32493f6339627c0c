//! Two leaders that know nothing of each other: nodes that start as if there were no other, on the same Kafka, one
//! after the other, while orders go on. Who is fenced resigns; what it has answered the next one answers, too; nothing
//! is lost or done twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fastrand::Rng;
use journal::broker::Broker;
use journal::kafka::{KafkaJournal, KafkaOptions};
use node::{Caller, Config, Node, Phase, SubmitError};
use proto::record::command::Kind;
use proto::record::{Answer, CreateInstance, DeployResources, deploy_resources::Resource};
use tokio::sync::watch;

use super::orders::{self, PATIENCE, TOPIC};
use super::real::topics;

const LEADERS: usize = 8;
const CLIENTS: u64 = 8;
/// What each leader is asked at least before the next one comes.
const ORDERS_OF_EACH: usize = 50;

/// Leads all partitions, whoever does so already.
async fn lead(broker: &Broker, number: usize) -> Node {
    let options = KafkaOptions {
        bootstrap: broker.bootstrap().to_owned(),
        partitions: 3,
        ..KafkaOptions::default()
    };
    let config = Config {
        name: format!("leader-{number}"),
        ..Config::default()
    };
    let node = tokio::task::spawn_blocking(move || {
        let journal = KafkaJournal::open(options).expect("the journal opens");
        Node::start(Arc::new(journal), config).expect("it leads")
    });
    node.await.expect("it starts")
}

async fn deploy(node: &Node) {
    let (name, content) = orders::model();
    let resource = Resource {
        name: name.to_owned(),
        content: content.into(),
    };
    let deploy = Kind::DeployResources(DeployResources {
        resources: vec![resource],
    });
    let deployed = node.submit(&Caller::default(), deploy).await;
    deployed.expect("the model is deployed");
}

/// What the clients share.
struct Town {
    leader: watch::Receiver<Node>,
    next: AtomicUsize,
    answered: watch::Sender<usize>,
    answered_again: AtomicUsize,
    is_over: AtomicBool,
}

/// What a client has asked of one leader, with the answers.
type Asked = Vec<(Caller, Kind, Answer)>;

async fn order_all(town: Arc<Town>, seed: u64) {
    let mut random = Rng::with_seed(seed);
    let mut leaders = town.leader.clone();
    let mut asked = Asked::new();
    while !town.is_over.load(Ordering::SeqCst) {
        if leaders.has_changed().expect("leaders come") {
            leaders.mark_unchanged();
            ask_again(&town, &mut asked).await;
        }
        let number = town.next.fetch_add(1, Ordering::SeqCst);
        let caller = Caller {
            request_id: Some(random.u128(1..).to_le_bytes()),
            ..Caller::default()
        };
        let create = Kind::CreateInstance(CreateInstance {
            process_id: orders::process(number).to_owned(),
            variables: orders::variables(number).into(),
            ..CreateInstance::default()
        });
        let answer = insist(&town, &caller, &create).await;
        asked.push((caller, create, answer));
        town.answered.send_modify(|answered| *answered += 1);
    }
}

/// What the last leader has answered, the next one answers.
async fn ask_again(town: &Town, asked: &mut Asked) {
    for (caller, create, answer) in asked.drain(..) {
        assert_eq!(insist(town, &caller, &create).await, answer);
        town.answered_again.fetch_add(1, Ordering::SeqCst);
    }
}

/// Asks until it is answered: by one that is fenced meanwhile, or by its successor.
async fn insist(town: &Town, caller: &Caller, create: &Kind) -> Answer {
    let mut leaders = town.leader.clone();
    let since = Instant::now();
    loop {
        let leader = leaders.borrow_and_update().clone();
        match leader.submit(caller, create.clone()).await {
            Ok(applied) => return applied.answer,
            Err(SubmitError::Unavailable(_) | SubmitError::Stopped) => {}
            Err(error) => panic!("{error}"),
        }
        assert!(since.elapsed() < PATIENCE, "nobody answers");
        // The next leader, or another attempt with this one.
        let _ = tokio::time::timeout(Duration::from_millis(100), leaders.changed()).await;
    }
}

/// Waits until somebody else leads what this node has led.
async fn resigned(node: &Node) {
    let mut phases = node.phases();
    let failed = phases.wait_for(|phase| matches!(phase, Phase::Failed(_)));
    let phase = tokio::time::timeout(PATIENCE, failed).await;
    let phase = phase.expect("it finds out").expect("it tells").clone();
    println!("{phase:?}");
}

async fn all_ended(node: &Node) {
    let since = Instant::now();
    for partition in node.partitions() {
        let live = || partition.query(|state| state.instance_keys().len());
        while live().await.expect("it serves") > 0 {
            assert!(since.elapsed() < PATIENCE, "instances still run");
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaders_that_know_nothing_of_each_other_contradict_and_double_nothing() {
    let broker = Broker::start(1, &[]);
    topics::make(&broker, TOPIC);
    let mut leader = lead(&broker, 0).await;
    deploy(&leader).await;
    let (told, known) = watch::channel(leader.clone());
    let (answered, mut heard) = watch::channel(0);
    let town = Arc::new(Town {
        leader: known,
        next: AtomicUsize::new(0),
        answered,
        answered_again: AtomicUsize::new(0),
        is_over: AtomicBool::new(false),
    });
    let mut clients = tokio::task::JoinSet::new();
    for seed in 0..CLIENTS {
        clients.spawn(order_all(Arc::clone(&town), seed));
    }
    for number in 1..LEADERS {
        let wanted = *heard.borrow_and_update() + ORDERS_OF_EACH;
        let served = tokio::time::timeout(PATIENCE, heard.wait_for(|count| *count >= wanted));
        served.await.expect("orders go on").expect("clients live");
        let next = lead(&broker, number).await;
        resigned(&leader).await;
        told.send_replace(next.clone());
        leader = next;
    }
    town.is_over.store(true, Ordering::SeqCst);
    while let Some(ended) = clients.join_next().await {
        ended.expect("a client is content");
    }
    all_ended(&leader).await;
    leader.stop().await;
    let (ordered, again) = (
        town.next.load(Ordering::SeqCst),
        town.answered_again.load(Ordering::SeqCst),
    );
    println!("{LEADERS} leaders, {ordered} orders, {again} answered by two of them");
    assert!(again > 0);
    assert_eq!(
        orders::check(ordered, &topics::read(&broker, TOPIC)),
        Ok(())
    );
}
