//! A signal reaches instances of all partitions through the outbox, exactly once, also when the server dies over it.

use std::collections::BTreeMap;
use std::time::Instant;

use journal::kafka::KafkaOptions;
use proto::gateway::BroadcastSignalRequest;
use rdkafka::Message;

use crate::real::Server;
use crate::support::*;

const PARTITIONS: u32 = 3;
const TOPIC: &str = "signals-seen";
const WAITING: usize = 60;
/// Waits for the signal, and publishes what it brought.
const PROCESS: &str = r#"<signal id="go" name="go"/><message id="seen" name="seen"/>
    <process id="waits" isExecutable="true"><startEvent id="s"/>
    <sequenceFlow id="f" sourceRef="s" targetRef="waits-for"/>
    <intermediateCatchEvent id="waits-for"><signalEventDefinition signalRef="go"/></intermediateCatchEvent>
    <sequenceFlow id="g" sourceRef="waits-for" targetRef="e"/>
    <endEvent id="e"><extensionElements><zeebe:properties>
        <zeebe:property name="weir:topic" value="signals-seen"/>
        <zeebe:property name="weir:value" value="=number + round"/>
    </zeebe:properties></extensionElements><messageEventDefinition messageRef="seen"/></endEvent></process>"#;

async fn broadcast(server: &Server, round: usize) {
    let broadcast = BroadcastSignalRequest {
        signal_name: "go".to_owned(),
        variables: format!(r#"{{"round":{round}}}"#),
        ..BroadcastSignalRequest::default()
    };
    let sent = server.gateway().broadcast_signal(broadcast).await;
    sent.expect("broadcast");
}

/// What was published so far, and how often.
fn seen(options: &KafkaOptions) -> BTreeMap<usize, usize> {
    let mut seen = BTreeMap::new();
    for record in records(options, TOPIC, 0) {
        let value = record.payload().expect("a value");
        let number = std::str::from_utf8(value)
            .ok()
            .and_then(|it| it.parse().ok());
        *seen.entry(number.expect("a number")).or_default() += 1;
    }
    seen
}

fn until_seen(options: &KafkaOptions, count: usize) -> BTreeMap<usize, usize> {
    let since = Instant::now();
    loop {
        let seen = seen(options);
        if seen.len() >= count {
            return seen;
        }
        assert!(since.elapsed() < PATIENCE, "{} of {count} came", seen.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_reaches_all_partitions_once_though_the_server_dies_over_it() {
    let options = options(PARTITIONS);
    broker().shell(&format!(
        "kafka-topics.sh --bootstrap-server {} --create --topic {TOPIC} --partitions 1",
        options.bootstrap
    ));
    let mut server = Server::at(&home(&options));
    deploy(&server, &model(PROCESS)).await;
    for round in 1..=2 {
        for number in 0..WAITING {
            // Rounds are told apart by their numbers.
            let number = 1_000 * round + number;
            create(&server, "waits", &format!(r#"{{"number":{number}}}"#)).await;
        }
        broadcast(&server, round).await;
        drop(server); // SIGKILL: the signal may have reached nobody yet.
        server = Server::at(&home(&options));
        let seen = until_seen(&options, WAITING * round);
        assert!(seen.values().all(|times| *times == 1), "{seen:?}");
    }
    // Who waits now has missed it.
    create(&server, "waits", r#"{"number":9000}"#).await;
    broadcast(&server, 3).await;
    let seen = until_seen(&options, 2 * WAITING + 1);
    let first = 1_001..1_001 + WAITING;
    let second = 2_002..2_002 + WAITING;
    let wanted = first.chain(second).chain([9_003]);
    assert_eq!(seen, wanted.map(|number| (number, 1)).collect());
    server.stop();
}
