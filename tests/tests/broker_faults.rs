//! Three brokers that die, hang, fill their disk and drop transactions while claims are handled: clients are told nothing
//! worse than to try again, every claim ends, nothing is done twice, and the state is what the log says.

mod real;
mod small;
mod town;

use std::os::unix::fs::symlink;
use std::time::Instant;

use harness::stored;
use journal::broker::Broker;
use journal::kafka::{KafkaJournal, KafkaOptions};
use tokio::sync::watch;

use real::{Home, Server};
use small::{Small, fill, run_nested};
use town::{Servers, Town, answers};

/// More than there is time for: the town is closed when all faults are over.
const CLAIMS_MAX: usize = 1_000_000;
/// Answers that must come before what happened counts as survived.
const ANSWERS: u64 = 100;
/// The disk of one broker.
const MEBIBYTES: usize = 256;
/// That broker.
const NARROW: u32 = 2;
/// Looks at the transactions until one is under way.
const LOOKS_MAX: usize = 40;

/// Brokers that are known to be gone or to hang after seconds; the defaults would only make the test longer.
const PROPERTIES: [&str; 3] = [
    "broker.session.timeout.ms=3000",
    "broker.heartbeat.interval.ms=500",
    "replica.lag.time.max.ms=5000",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn brokers_that_die_hang_and_fill_lose_nothing() {
    match Small::mount(MEBIBYTES) {
        Ok(small) => survive(&small).await,
        Err(why) => run_nested("brokers_that_die_hang_and_fill_lose_nothing", &why),
    }
}

async fn survive(small: &Small) {
    let folder = tempfile::tempdir().expect("a folder");
    let narrow = small.path("broker");
    std::fs::create_dir(&narrow).expect("a folder");
    symlink(&narrow, folder.path().join(format!("node-{NARROW}"))).expect("a link");
    let broker = Broker::start_in(folder.path(), 3, &PROPERTIES);
    let home = Home::Kafka(broker.bootstrap().to_owned());
    let servers = [Server::at(&home), Server::at(&home)];
    servers[0].deploy_file(town::MODEL).await;
    let (_told, known) = watch::channel((0, servers[0].channel()));
    let (town, clients) = Town::live(CLAIMS_MAX, Servers::Live, known);

    each_is_killed(&town, &broker).await;
    one_hangs(&town, &broker).await;
    a_coordinator_dies_in_mid_transaction(&town, &broker, &servers).await;
    a_disk_is_full(&town, &broker, small).await;

    town.close();
    town::end(&town, clients, &servers[0]).await;
    println!(
        "{} answers, {} repetitions",
        town.answers(),
        town.repeated()
    );
    let options = KafkaOptions {
        bootstrap: broker.bootstrap().to_owned(),
        partitions: 3,
        ..KafkaOptions::default()
    };
    let journal = KafkaJournal::open(options).expect("the topics are good");
    stored::check(&journal, |_| ());
}

/// The town goes on.
async fn goes_on(town: &Town, after: &str) {
    let (began, repeated) = (Instant::now(), town.repeated());
    answers(town, town.answers() + ANSWERS).await;
    println!(
        "{after}: {ANSWERS} answers in {:?}, {} repetitions",
        began.elapsed(),
        town.repeated() - repeated
    );
}

async fn each_is_killed(town: &Town, broker: &Broker) {
    goes_on(town, "nothing has happened").await;
    for number in 1..=3 {
        broker.kill(number);
        goes_on(town, &format!("{number} was killed")).await;
        broker.restart(number);
        goes_on(town, &format!("{number} is there again")).await;
    }
}

async fn one_hangs(town: &Town, broker: &Broker) {
    broker.pause(1);
    goes_on(town, "1 hangs").await;
    broker.resume(1);
    goes_on(town, "1 goes on").await;
}

/// The servers stand still until the coordinator of a transaction that they had under way is dead.
async fn a_coordinator_dies_in_mid_transaction(town: &Town, broker: &Broker, servers: &[Server]) {
    for _ in 0..LOOKS_MAX {
        servers.iter().for_each(|server| server.signal("STOP"));
        let coordinator = coordinator_of_one_under_way(broker);
        if let Some(coordinator) = coordinator {
            broker.kill(coordinator);
        }
        servers.iter().for_each(|server| server.signal("CONT"));
        if let Some(coordinator) = coordinator {
            goes_on(town, &format!("the coordinator {coordinator} was killed")).await;
            broker.restart(coordinator);
            return goes_on(town, "the coordinator is there again").await;
        }
        // Stopped at another moment, somewhere else.
        answers(town, town.answers() + 7).await;
    }
    panic!("no transaction was ever under way");
}

/// The broker that coordinates a transaction which has begun and has not ended.
fn coordinator_of_one_under_way(broker: &Broker) -> Option<u32> {
    let listed = broker.shell(&format!(
        "kafka-transactions.sh --bootstrap-server {} list",
        broker.bootstrap()
    ));
    // The id, the coordinator, the producer's id, the state.
    let mut rows = listed
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    rows.find_map(|row| match row[..] {
        [id, coordinator, _, "Ongoing"] if id.starts_with("weir-") => coordinator.parse().ok(),
        _ => None,
    })
}

async fn a_disk_is_full(town: &Town, broker: &Broker, small: &Small) {
    let ballast = small.path("ballast");
    fill(&ballast);
    while broker.is_running(NARROW) {
        answers(town, town.answers() + 1).await;
    }
    goes_on(town, "a broker whose disk is full has ended").await;
    std::fs::remove_file(&ballast).expect("the ballast");
    broker.restart(NARROW);
    goes_on(town, "it is there again").await;
}
