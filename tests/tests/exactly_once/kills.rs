//! Nodes are killed at every fail-point, twenty times and more at each, while orders go on; each order is told once.
//!
//! Several nodes at a time, each with a moment at which it will die. Whoever dies is replaced at once, elsewhere, by
//! one that is to die at another moment, so that partitions move all the time: to who follows, to who has to restore,
//! and from those who lead more than others to those who have just come.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use fastrand::Rng;
use journal::broker::Broker;
use journal::fail_point::{FAIL_POINT, FailPoint};
use tokio::sync::watch;
use tonic::Code;
use tonic::transport::{Channel, Endpoint};

use super::orders::{self, PATIENCE, TOPIC};
use super::real::{Home, Process, Server, Starting, request_id, topics};

const ORDERS_MIN: usize = 10_000;
const KILLS_OF_EACH: u32 = 20;
const NODES: usize = 3;
/// Many, since most of them wait for a partition to be led again.
const CLIENTS: u64 = 32;
/// A node that neither serves nor dies for so long is stuck.
const LIFE_MAX: Duration = Duration::from_secs(60);
const SIGKILL: i32 = 9;

/// The nodes that serve at the moment.
type Addresses = BTreeMap<usize, Channel>;

/// What happened to the node of a number.
enum News {
    Serves(usize, String),
    Ended(usize),
}

/// How often nodes have died, and are to die, at each moment.
struct Plan {
    wanted: BTreeMap<FailPoint, u32>,
    killed: BTreeMap<FailPoint, u32>,
    random: Rng,
}

impl Plan {
    fn new() -> Plan {
        let wanted = FailPoint::ALL.into_iter();
        Plan {
            wanted: wanted.map(|point| (point, KILLS_OF_EACH)).collect(),
            killed: BTreeMap::new(),
            random: Rng::with_seed(5),
        }
    }

    /// Where the next node of a number is to die. Partitions are handed over by one that stays while others come, so
    /// only the first waits for that, and does it before all else.
    fn next(&mut self, node: usize) -> Option<(FailPoint, u64)> {
        let hands_over = |point: FailPoint| {
            matches!(point, FailPoint::BeforeHandOver | FailPoint::AfterHandOver)
        };
        let wanted = self.wanted.iter_mut().filter(|(_, wanted)| **wanted > 0);
        let mine = wanted.filter(|(point, _)| node == 0 || !hands_over(**point));
        let (point, wanted) = mine.max_by_key(|(point, wanted)| (hands_over(**point), **wanted))?;
        *wanted -= 1;
        let point = *point;
        Some((point, self.random.u64(1..=passes_max(point))))
    }

    fn killed(&mut self, point: FailPoint) {
        *self.killed.entry(point).or_default() += 1;
    }
}

/// The last pass of a moment that kills: what a node lives to see under this load within a second or so.
fn passes_max(point: FailPoint) -> u64 {
    match point {
        FailPoint::BeforeAppend | FailPoint::AfterAppend => 20,
        FailPoint::BeforeApply
        | FailPoint::AfterApply
        | FailPoint::BeforeAnswer
        | FailPoint::AfterAnswer => 40,
        FailPoint::BeforeProduce
        | FailPoint::AfterProduce
        | FailPoint::BeforeCommit
        | FailPoint::AfterCommit => 8,
        FailPoint::AmidRestore => 5,
        FailPoint::AfterFence
        | FailPoint::BeforeFirstCheckpoint
        | FailPoint::BeforeHandOver
        | FailPoint::AfterHandOver => 1,
    }
}

/// Starts a node that will die; `None` when enough have.
fn start(
    node: usize,
    plan: &mut Plan,
    home: &Home,
    news: &Sender<News>,
) -> Option<(FailPoint, Process)> {
    let (point, pass) = plan.next(node)?;
    let chosen = format!("{}:{pass}", point.name());
    let variables = [(FAIL_POINT, chosen.as_str()), ("WEIR_LOG", "error")];
    let news = news.clone();
    let tell = move |address: Option<String>| {
        let told = match address {
            Some(address) => News::Serves(node, address),
            None => News::Ended(node),
        };
        // At the end of the test nobody listens.
        let _ = news.send(told);
    };
    let process = Starting::with(home, &variables).watched(tell);
    Some((point, process))
}

/// Lets nodes die at each moment as often as wanted, and tells how often they did.
fn kill_all(home: &Home, addresses: &watch::Sender<Addresses>) -> BTreeMap<FailPoint, u32> {
    let (news, heard) = channel();
    let mut plan = Plan::new();
    let mut living = BTreeMap::new();
    for node in 0..NODES {
        living.extend(start(node, &mut plan, home, &news).map(|begun| (node, begun)));
    }
    while !living.is_empty() {
        let heard = heard.recv_timeout(LIFE_MAX).unwrap_or_else(|_| {
            let points: Vec<&FailPoint> = living.values().map(|(point, _)| point).collect();
            panic!("nobody dies; is `weir` built with `fail-points`? {points:?}")
        });
        match heard {
            News::Serves(node, address) => {
                let endpoint = Endpoint::from_shared(address).expect("an address");
                let channel = endpoint.connect_lazy();
                addresses.send_modify(|addresses| drop(addresses.insert(node, channel)));
            }
            News::Ended(node) => {
                addresses.send_modify(|addresses| drop(addresses.remove(&node)));
                if let Some((point, process)) = living.remove(&node) {
                    let status = process.ended();
                    assert_eq!(status.signal(), Some(SIGKILL), "{point:?}: {status}");
                    plan.killed(point);
                }
                living.extend(start(node, &mut plan, home, &news).map(|begun| (node, begun)));
            }
        }
    }
    plan.killed
}

/// What the clients share.
struct Town {
    addresses: watch::Receiver<Addresses>,
    next: AtomicUsize,
    is_over: AtomicBool,
}

/// Orders one after the other until the kills are over, and there are enough.
async fn order_all(town: Arc<Town>, seed: u64) {
    let mut random = Rng::with_seed(seed);
    while !town.is_over.load(Ordering::SeqCst) || town.next.load(Ordering::SeqCst) < ORDERS_MIN {
        let number = town.next.fetch_add(1, Ordering::SeqCst);
        let id = request_id(&mut random);
        insist(&town, number, &id, &mut random).await;
    }
}

/// Orders, of any node, until it is answered.
async fn insist(town: &Town, number: usize, id: &str, random: &mut Rng) {
    let mut addresses = town.addresses.clone();
    let since = Instant::now();
    loop {
        let channels: Vec<Channel> = addresses.borrow_and_update().values().cloned().collect();
        let error = match random.choice(&channels) {
            Some(channel) => match orders::order(channel.clone(), number, id).await {
                Ok(_) => return,
                Err(error) => Some(error),
            },
            None => None,
        };
        if let Some(error) = &error {
            let passes = matches!(
                error.code(),
                Code::Unavailable | Code::Unknown | Code::Cancelled
            );
            assert!(passes, "order {number}: {error}");
        }
        assert!(since.elapsed() < PATIENCE, "order {number}: {error:?}");
        // Another node, or another attempt with this one.
        let _ = tokio::time::timeout(Duration::from_millis(100), addresses.changed()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_order_is_told_once_though_nodes_die_at_every_moment() {
    let began = Instant::now();
    let broker = Broker::start(1, &[]);
    topics::make(&broker, TOPIC);
    let home = Home::Kafka(broker.bootstrap().to_owned());
    let first = Server::at(&home);
    orders::deploy(&first).await;
    let (told, addresses) = watch::channel(Addresses::new());
    let town = Arc::new(Town {
        addresses,
        next: AtomicUsize::new(0),
        is_over: AtomicBool::new(false),
    });
    let mut clients = tokio::task::JoinSet::new();
    for seed in 0..CLIENTS {
        clients.spawn(order_all(Arc::clone(&town), seed));
    }
    drop(first);
    let dying = home.clone();
    let killed = tokio::task::spawn_blocking(move || (kill_all(&dying, &told), told));
    let (killed, told) = killed.await.expect("nodes die as they should");
    let meanwhile = town.next.load(Ordering::SeqCst);
    println!(
        "{meanwhile} orders in {:.0} s of kills",
        began.elapsed().as_secs_f64()
    );

    let last = Server::at(&home);
    told.send_modify(|addresses| drop(addresses.insert(0, last.channel())));
    town.is_over.store(true, Ordering::SeqCst);
    while let Some(ended) = clients.join_next().await {
        ended.expect("a client is content");
    }
    orders::all_ended(&last).await;
    last.stop();
    let ordered = town.next.load(Ordering::SeqCst);
    let elapsed = began.elapsed().as_secs_f64();
    println!("{ordered} orders, {elapsed:.0} s, kills:");
    for point in FailPoint::ALL {
        let kills = killed.get(&point).copied().unwrap_or_default();
        println!("{kills:4} {}", point.name());
        assert!(kills >= KILLS_OF_EACH, "{point:?}: {kills}");
    }
    assert!(ordered >= ORDERS_MIN);
    assert_eq!(
        orders::check(ordered, &topics::read(&broker, TOPIC)),
        Ok(())
    );
}
