//! `kill -9` at many moments while claims are handled: every claim ends, nothing is done twice, no result is lost. In a
//! folder, and in Kafka with nothing left on the machine of a server that was killed: one of three that share the work,
//! and all of them at once.
//!
//! The moments are random: after so many answers, or while the server is starting. Clients do what clients must:
//! repeat with the same request id until they know.

mod real;
mod town;

use std::time::Instant;

use fastrand::Rng;
use harness::stored;
use journal::broker::Broker;
use journal::kafka::{KafkaJournal, KafkaOptions};
use tokio::sync::watch;
use tonic::transport::Channel;

use real::{Home, Server, Starting};
use town::{Servers, Town, answers};

const CLAIMS: usize = 1_000;
/// Answers between two kills, at most.
const ANSWERS_MAX: u64 = 70;
/// Of the run in which all nodes die together, again and again.
const MANY_CLAIMS: usize = 5_000;
const MANY_NODES: usize = 2;
const MANY_KILLS: usize = 12;
const MANY_ANSWERS_MAX: u64 = 3_000;

/// Kills one of the servers at random moments, and starts another one in its place.
async fn kill_and_start(
    town: &Town,
    told: &watch::Sender<(u64, Channel)>,
    home: &Home,
    kills_wanted: usize,
    servers: &mut Vec<Server>,
) {
    let mut random = Rng::with_seed(7);
    let mut kills = 0;
    while kills < kills_wanted {
        let now = town.answers();
        answers(town, now + random.u64(1..=ANSWERS_MAX)).await;
        drop(servers.swap_remove(random.usize(..servers.len()))); // SIGKILL.
        kills += 1;
        if let Some(other) = servers.first() {
            tell(told, other);
        }
        // Some die while they start: before they restore, while they do, or just after.
        while kills < kills_wanted && random.u32(0..5) == 0 {
            // One that joins others has less to say.
            let lines = random.usize(..if servers.is_empty() { 3 } else { 2 });
            let home = home.clone();
            let killed = tokio::task::spawn_blocking(move || {
                let mut starting = Starting::new(&home);
                (0..lines).for_each(|_| starting.hear_line());
                drop(starting);
            });
            killed.await.expect("it is killed");
            kills += 1;
        }
        let home = home.clone();
        let started = tokio::task::spawn_blocking(move || Server::at(&home));
        servers.push(started.await.expect("it starts again"));
        tell(told, &servers[random.usize(..servers.len())]);
    }
    println!("{kills} kills");
}

/// From now on the clients call this server.
fn tell(told: &watch::Sender<(u64, Channel)>, server: &Server) {
    told.send_modify(|(generation, known)| {
        *generation += 1;
        *known = server.channel();
    });
}

/// Kills all servers at once, at random moments, and starts others that know nothing but the brokers.
async fn kill_all_and_start(
    town: &Town,
    told: &watch::Sender<(u64, Channel)>,
    home: &Home,
    servers: &mut Vec<Server>,
) {
    let mut random = Rng::with_seed(11);
    for _ in 0..MANY_KILLS {
        answers(town, town.answers() + random.u64(1..=MANY_ANSWERS_MAX)).await;
        let count = servers.len();
        // Nobody is left to be asked when the last one dies.
        servers.iter().for_each(|server| server.signal("KILL"));
        servers.clear();
        *servers = start(home, count).await;
        tell(told, &servers[random.usize(..count)]);
    }
}

/// Starts so many servers at the same time.
async fn start(home: &Home, count: usize) -> Vec<Server> {
    let mut starting = tokio::task::JoinSet::new();
    for _ in 0..count {
        let home = home.clone();
        starting.spawn_blocking(move || Server::at(&home));
    }
    starting.join_all().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_claims_survive_a_hundred_kills() {
    let folder = tempfile::tempdir().expect("a folder");
    survive(Home::Folder(folder.path().join("data")), 1, 100).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_claims_survive_kills_of_any_of_three_nodes() {
    let broker = tokio::task::spawn_blocking(|| Broker::start(1, &[]));
    let broker = broker.await.expect("a broker");
    survive(Home::Kafka(broker.bootstrap().to_owned()), 3, 25).await;
}

async fn survive(home: Home, nodes: usize, kills: usize) {
    let began = Instant::now();
    let mut servers = (0..nodes).map(|_| Server::at(&home)).collect::<Vec<_>>();
    servers[0].deploy_file(town::MODEL).await;
    let (told, known) = watch::channel((0, servers[0].channel()));
    let (town, clients) = Town::live(CLAIMS, Servers::Die, known);
    kill_and_start(&town, &told, &home, kills, &mut servers).await;
    town::end(&town, clients, &servers[0]).await;
    println!("{CLAIMS} claims in {:.1} s", began.elapsed().as_secs_f64());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_thousand_claims_survive_kills_of_all_nodes_at_once() {
    let broker = tokio::task::spawn_blocking(|| Broker::start(1, &[]));
    let broker = broker.await.expect("a broker");
    let began = Instant::now();
    let home = Home::Kafka(broker.bootstrap().to_owned());
    let mut servers = start(&home, MANY_NODES).await;
    servers[0].deploy_file(town::MODEL).await;
    let (told, known) = watch::channel((0, servers[0].channel()));
    let (town, clients) = Town::live(MANY_CLAIMS, Servers::Die, known);
    kill_all_and_start(&town, &told, &home, &mut servers).await;
    town::end(&town, clients, &servers[0]).await;
    let (seconds, answers) = (began.elapsed().as_secs_f64(), town.answers());
    println!("{MANY_CLAIMS} claims, {MANY_KILLS} kills, {answers} answers in {seconds:.1} s");
    drop(servers);
    let checked = tokio::task::spawn_blocking(move || {
        let options = KafkaOptions {
            bootstrap: broker.bootstrap().to_owned(),
            partitions: 3,
            ..KafkaOptions::default()
        };
        let journal = KafkaJournal::open(options).expect("the topics are good");
        stored::check(&journal, |_| ());
    });
    checked.await.expect("what is stored is what the log says");
}
