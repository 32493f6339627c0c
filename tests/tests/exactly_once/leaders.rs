//! Two leaders of the same partitions at a time: one that hangs while another takes over, and then goes on. Both are
//! asked; what they say is the same, and each order is told once. With fencing switched off it is told twice, and the
//! count finds out.

use std::time::Instant;

use fastrand::Rng;
use journal::broker::Broker;
use journal::fail_point::{FAIL_POINT, FailPoint, UNFENCED};
use tokio::task::{JoinHandle, JoinSet};
use tonic::transport::Channel;
use tonic::{Code, Status};

use super::orders::{self, Miscount, PATIENCE, TOPIC};
use super::real::{Home, Server, request_id, topics};

/// Orders at a time.
const BATCH: usize = 8;
/// Batches while one leader hangs.
const BATCHES_MEANWHILE: usize = 10;
/// The pass of the moment at which the leader hangs: amid orders, not while it starts.
const PASS: u64 = 40;

/// Two servers that are asked the same.
struct Pair {
    first: Server,
    second: Server,
    random: Rng,
    /// How many orders there were.
    ordered: usize,
    /// What the second has answered, and what the first will.
    answers: Vec<(i64, JoinHandle<Result<i64, Status>>)>,
}

impl Pair {
    /// The first hangs at this moment.
    async fn start(home: &Home, point: FailPoint, more: &[(&str, &str)]) -> Pair {
        let moment = format!("{}:{PASS}:stop", point.name());
        let mut variables = vec![(FAIL_POINT, moment.as_str()), ("WEIR_LOG", "node=debug")];
        variables.extend(more);
        let first = Server::with(home, &variables);
        orders::deploy(&first).await;
        Pair {
            first,
            second: Server::with(home, more),
            random: Rng::with_seed(3),
            ordered: 0,
            answers: Vec::new(),
        }
    }

    /// Orders some at both, and waits for the second's answers.
    async fn order(&mut self) {
        let mut orders = JoinSet::new();
        for _ in 0..BATCH {
            let id = request_id(&mut self.random);
            let (first, second) = (self.first.channel(), self.second.channel());
            orders.spawn(ask_both(first, second, self.ordered, id));
            self.ordered += 1;
        }
        self.answers.extend(orders.join_all().await);
    }

    /// The first may have gone without an answer, but must not give another one.
    async fn compare(&mut self) {
        let mut both = 0;
        for (expected, answer) in self.answers.drain(..) {
            match answer.await.expect("it is asked") {
                Ok(key) => {
                    assert_eq!(key, expected, "two answers to the same request");
                    both += 1;
                }
                Err(status) => assert_eq!(status.code(), Code::Unavailable, "{status}"),
            }
        }
        println!("{both} of {} orders answered by both", self.ordered);
    }
}

async fn ask_both(
    first: Channel,
    second: Channel,
    number: usize,
    id: String,
) -> (i64, JoinHandle<Result<i64, Status>>) {
    let same = id.clone();
    let at_first = tokio::spawn(async move { orders::order(first, number, &same).await });
    let answered = tokio::time::timeout(PATIENCE, orders::order(second, number, &id)).await;
    let key = answered.expect("somebody leads").expect("it is ordered");
    (key, at_first)
}

/// Lets a leader hang at a moment while another takes over, and go on.
async fn hang(home: &Home, point: FailPoint, more: &[(&str, &str)]) -> Pair {
    let mut pair = Pair::start(home, point, more).await;
    while !pair.first.is_stopped() {
        pair.order().await;
    }
    for _ in 0..BATCHES_MEANWHILE {
        pair.order().await;
    }
    // What it has logged before is not about this.
    pair.first.heard();
    pair.first.signal("CONT");
    pair
}

async fn fenced(point: FailPoint) {
    let broker = Broker::start(1, &[]);
    topics::make(&broker, TOPIC);
    let home = Home::Kafka(broker.bootstrap().to_owned());
    let mut pair = hang(&home, point, &[]).await;
    // What it has not written when it hung it never will.
    pair.first.hear("a checkpoint was not committed");
    pair.order().await;
    pair.compare().await;
    let ordered = pair.ordered;
    orders::all_ended(&pair.second).await;
    pair.first.stop();
    pair.second.stop();
    assert_eq!(
        orders::check(ordered, &topics::read(&broker, TOPIC)),
        Ok(())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_hung_before_its_checkpoint_is_fenced() {
    fenced(FailPoint::BeforeProduce).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_hung_within_its_transaction_is_fenced() {
    fenced(FailPoint::BeforeCommit).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_hung_before_an_answer_contradicts_nothing() {
    fenced(FailPoint::BeforeAnswer).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_fencing_the_count_finds_orders_that_were_told_twice() {
    let broker = Broker::start(1, &[]);
    topics::make(&broker, TOPIC);
    let home = Home::Kafka(broker.bootstrap().to_owned());
    // A transaction of another partition that it hangs in would not be aborted, and hide what the other one writes.
    let more = [(UNFENCED, "yes"), ("WEIR_PARTITIONS", "1")];
    let mut pair = hang(&home, FailPoint::BeforeProduce, &more).await;
    pair.compare().await;
    let found = |ordered| match orders::check(ordered, &topics::read(&broker, TOPIC)) {
        Err(Miscount { twice, .. }) => twice,
        Ok(()) => Vec::new(),
    };
    let since = Instant::now();
    while found(pair.ordered).is_empty() {
        assert!(since.elapsed() < PATIENCE, "the check cannot fail");
    }
}
