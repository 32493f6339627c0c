//! A message reaches instances of other partitions: one per process, whatever closes meanwhile.

use engine::Kind as Entry;
use harness::network::Network;

use crate::support::*;

/// Which instances of the processes without a start event took the message.
fn took(network: &Network, message: u64) -> Vec<u64> {
    let of_it = correlated(network).into_iter();
    let of_it = of_it.filter(|(of, process, _)| *of == message && process != "begun");
    of_it.map(|(_, _, instance)| instance).collect()
}

fn is_kept(network: &mut Network, message: u64) -> bool {
    network.machine(1).state.message(message).is_some()
}

#[test]
fn a_subscription_closed_while_the_message_is_on_its_way_leaves_it_to_the_next() {
    let mut network = deployed();
    let first = create(&mut network, 2, "one", OF_FIRST);
    network.deliver(2, 1);
    network.advance(5_000);
    let second = create(&mut network, 3, "one", OF_FIRST);
    network.deliver(3, 1);
    let message = publish(&mut network, OF_FIRST, 0);
    // The timer of the first is faster.
    network.advance(6_000);
    assert!(!is_running(&mut network, first));
    assert!(is_kept(&mut network, message));
    network.quiet();
    assert_eq!(took(&network, message), vec![second]);
    assert!(!is_running(&mut network, second));
    assert!(!is_kept(&mut network, message));
    for partition in network.partitions() {
        assert_eq!(
            network.machine(partition).count(Entry::RemoteSubscription),
            0
        );
    }
    network.check();
}

#[test]
fn a_message_waits_for_a_subscription_that_opens_later() {
    let mut network = deployed();
    let (first, second) = (
        publish(&mut network, OF_FIRST, HOUR_MS),
        publish(&mut network, OF_FIRST, HOUR_MS),
    );
    let instance = create(&mut network, 2, "one", OF_FIRST);
    let other = create(&mut network, 3, "other", OF_FIRST);
    let own = create(&mut network, 1, "one", OF_FIRST);
    let many = create(&mut network, 2, "many", OF_FIRST);
    network.quiet();
    // Nothing is on the way to the own instance, so that it is the first of its process.
    assert_eq!(took(&network, first), vec![own, many, other]);
    assert_eq!(took(&network, second), vec![instance, many]);
    assert!(is_running(&mut network, many));
    network.advance(2 * HOUR_MS);
    assert!(!is_kept(&mut network, first));
    network.check();
}

#[test]
fn an_instance_canceled_while_a_message_is_reserved_gives_it_back() {
    let mut network = deployed();
    let doomed = create(&mut network, 2, "one", OF_FIRST);
    network.quiet();
    let (lasting, passing) = (HOUR_MS, 1_000);
    let message = publish(&mut network, OF_FIRST, lasting);
    network.machine(1).restart();
    cancel(&mut network, doomed);
    network.quiet();
    assert_eq!(took(&network, message), Vec::<u64>::new());
    let next = create(&mut network, 3, "one", OF_FIRST);
    network.quiet();
    assert_eq!(took(&network, message), vec![next]);

    // One whose time is over meanwhile is kept for the answer, and forgotten with it.
    let doomed = create(&mut network, 2, "other", OF_FIRST);
    network.deliver(2, 1);
    // It is for the older message, which its process has not taken.
    network.quiet();
    assert_eq!(took(&network, message), vec![next, doomed]);
    let doomed = create(&mut network, 2, "other", OF_FIRST);
    network.quiet();
    let short = publish(&mut network, OF_FIRST, passing);
    network.advance(2 * passing);
    assert!(is_kept(&mut network, short));
    cancel(&mut network, doomed);
    network.quiet();
    assert!(!is_kept(&mut network, short));
    assert_eq!(took(&network, short), Vec::<u64>::new());
    network.check();
}

#[test]
fn many_messages_come_in_order_and_what_comes_twice_counts_once() {
    let mut network = deployed();
    let many = create(&mut network, 3, "many", OF_FIRST);
    network.quiet();
    let sent = (0..5).map(|_| publish(&mut network, OF_FIRST, 0));
    let sent = sent.collect::<Vec<_>>();
    for _ in 0..3 {
        network.carry(1, 3, 9);
        network.carry(3, 1, 9);
    }
    network.quiet();
    let came = correlated(&network).into_iter();
    let came = came.filter(|(.., instance)| *instance == many);
    assert_eq!(came.map(|(message, ..)| message).collect::<Vec<_>>(), sent);
    assert!(sent.iter().all(|message| !is_kept(&mut network, *message)));
    network.check();
}

#[test]
fn where_the_message_is_no_send_is_made() {
    let mut network = deployed();
    let own = create(&mut network, 1, "one", OF_FIRST);
    let message = publish(&mut network, OF_FIRST, 0);
    assert_eq!(took(&network, message), vec![own]);
    for target in network.partitions() {
        assert_eq!(network.machine(1).state.outbox(target).count(), 0);
    }
    let elsewhere = network.apply(
        2,
        proto::record::command::Kind::PublishMessage(proto::record::PublishMessage {
            name: "go".to_owned(),
            correlation_key: OF_FIRST.to_owned(),
            ..proto::record::PublishMessage::default()
        }),
    );
    assert_eq!(elsewhere.expect_err("refused").reason, "MESSAGE_PARTITION");
}
