//! What processes publish to topics of the users: in the transaction, by key as Java does it, and refused in time.

use super::foreign::{admin, wait_for};
use super::leading::{header, records};
use super::*;
use journal::kafka::topics;
use journal::{CheckpointError, OutboundRecord, Refusal};
use rdkafka::Message;
use rdkafka::admin::{AdminOptions, NewTopic, TopicReplication};
use rdkafka::message::Timestamp;
use std::time::Instant;

/// No refusal takes longer, whatever the brokers do.
const SOON: Duration = Duration::from_secs(5);

pub(super) fn make_topic(options: &KafkaOptions, name: &str, settings: &[(&str, &str)]) {
    let new = NewTopic::new(name, 7, TopicReplication::Fixed(1));
    let new = settings
        .iter()
        .fold(new, |new, (name, value)| new.set(name, value));
    let made = wait_for(admin(options).create_topics(&[new], &AdminOptions::new()));
    made.expect("asked").remove(0).expect("made");
    // The answer comes before the broker knows it itself.
    let is_known = || {
        let metadata = admin(options).inner().fetch_metadata(Some(name), SOON);
        let metadata = metadata.expect("metadata");
        metadata
            .topics()
            .iter()
            .all(|topic| topic.error().is_none())
    };
    assert!((0..PATIENCE).any(|_| is_known()), "{name} does not come");
}

fn record(topic: &str, key: &str, value: &str) -> OutboundRecord {
    OutboundRecord {
        topic: topic.to_owned(),
        key: Some(bytes(key)),
        value: Some(bytes(value)),
        headers: vec![("trace".to_owned(), bytes("1"))],
        timestamp_ms: Some(1_700_000_000_000),
    }
}

fn publishing(outbound: Vec<OutboundRecord>) -> Checkpoint {
    Checkpoint {
        changes: vec![change("a", "1")],
        outbound,
        ..Checkpoint::default()
    }
}

/// Which records were refused; the reasons contain the words.
fn refused(lead: &mut dyn Lead, checkpoint: &Checkpoint, words: &str) -> Vec<usize> {
    let started = Instant::now();
    let refusals = match lead.checkpoint(checkpoint) {
        Err(CheckpointError::Refused(refusals)) => refusals,
        other => panic!("{other:?}"),
    };
    assert!(started.elapsed() < SOON, "after {:?}", started.elapsed());
    let is_told = |refusal: &Refusal| refusal.reason.contains(words);
    assert!(refusals.iter().all(is_told), "{refusals:?}");
    let mut indexes: Vec<usize> = refusals.iter().map(|refusal| refusal.index).collect();
    indexes.sort_unstable();
    indexes
}

#[test]
fn records_come_as_they_were_given_where_a_java_producer_brings_them() {
    let options = options();
    let journal = open(&options);
    make_topic(&options, "orders", &[]);
    let keys = [
        ("21", 3),
        ("foobar", 0),
        ("a-little-bit-long-string", 1),
        ("abc", 4),
    ];
    let outbound = keys.map(|(key, _)| record("orders", key, "shipped"));
    let tombstone = OutboundRecord {
        value: None,
        ..record("orders", "gone", "")
    };
    let outbound = outbound.into_iter().chain([tombstone]).collect();
    lead(&journal)
        .checkpoint(&publishing(outbound))
        .expect("checkpoint");
    let found = records(&options, "orders", 5);
    for (key, partition) in keys {
        let found = found.iter().find(|it| it.key() == Some(key.as_bytes()));
        let found = found.expect("the key");
        assert_eq!(found.partition(), partition, "{key}");
        assert_eq!(found.payload(), Some(&b"shipped"[..]));
        assert_eq!(header(found, "trace"), "1");
        assert_eq!(found.timestamp(), Timestamp::CreateTime(1_700_000_000_000));
    }
    let gone = found.iter().find(|it| it.key() == Some(b"gone"));
    assert_eq!(gone.expect("the key").payload(), None);
}

#[test]
fn a_topic_that_is_not_there_refuses_and_the_same_leader_goes_on_without() {
    let options = options();
    let journal = open(&options);
    make_topic(&options, "there", &[]);
    let mut lead = lead(&journal);
    let one = record("there", "k", "1");
    let outbound = vec![
        one.clone(),
        record("nowhere", "k", "2"),
        record("nowhere", "l", "3"),
    ];
    let indexes = refused(&mut *lead, &publishing(outbound), "no such topic");
    assert_eq!(indexes, [1, 2]);
    assert_eq!(restore(&journal).0, State::new(), "nothing was written");
    lead.checkpoint(&publishing(vec![one])).expect("without");
    assert_eq!(records(&options, "there", 1).len(), 1);
    // Once it is there, it is used.
    make_topic(&options, "nowhere", &[]);
    let again = publishing(vec![record("nowhere", "k", "2")]);
    lead.checkpoint(&again).expect("the topic is there");
    assert_eq!(records(&options, "nowhere", 1).len(), 1);
}

#[test]
fn nothing_is_published_to_a_topic_of_weirs_own() {
    let options = options();
    let journal = open(&options);
    let own = publishing(vec![record(&options.topic(topics::STATE), "k", "v")]);
    assert_eq!(refused(&mut *lead(&journal), &own, "Weir's own"), [0]);
}

#[test]
fn records_that_a_topic_does_not_take_are_told_from_the_others() {
    let options = options();
    let journal = open(&options);
    make_topic(&options, "small", &[("max.message.bytes", "2000")]);
    make_topic(
        &options,
        "timely",
        &[("message.timestamp.before.max.ms", "3600000")],
    );
    make_topic(&options, "keyed", &[("cleanup.policy", "compact")]);
    make_topic(&options, "good", &[]);
    let mut lead = lead(&journal);
    let large = record("small", "k", &"x".repeat(3_000));
    let keyless = OutboundRecord {
        key: None,
        ..record("keyed", "", "v")
    };
    let good = record("good", "k", "v");
    for bad in [large, record("timely", "k", "v"), keyless] {
        let both = publishing(vec![good.clone(), bad]);
        assert_eq!(refused(&mut *lead, &both, ""), [1]);
        lead.checkpoint(&publishing(vec![good.clone()]))
            .expect("without");
    }
    assert_eq!(
        records(&options, "good", 3).len(),
        3,
        "what was aborted is not seen"
    );
}

#[test]
fn a_topic_that_was_deleted_stops_nothing_for_long() {
    let options = KafkaOptions {
        transaction_timeout: Duration::from_secs(3),
        ..options()
    };
    let journal = open(&options);
    make_topic(&options, "fleeting", &[]);
    let publish = publishing(vec![record("fleeting", "k", "v")]);
    lead(&journal).checkpoint(&publish).expect("checkpoint");
    let deleted = wait_for(admin(&options).delete_topics(&["fleeting"], &AdminOptions::new()));
    deleted.expect("asked").remove(0).expect("deleted");
    let started = Instant::now();
    let mut leader = lead(&journal);
    let mut failures = 0;
    // Deleted while a leader believes that it is there, the topic costs one leadership, whose time runs out.
    loop {
        match leader.checkpoint(&publish) {
            Err(CheckpointError::Refused(_)) => break,
            Err(CheckpointError::Failed(_)) if failures == 0 => {
                failures += 1;
                leader = lead(&journal);
            }
            other => panic!("{other:?}"),
        }
    }
    println!("refused after {:?}, {failures} failures", started.elapsed());
    assert!(started.elapsed() < 3 * SOON);
    leader
        .checkpoint(&changing(vec![change("b", "1")]))
        .expect("goes on");
}
