//! Leaders on a real broker: fencing, open and aborted transactions, sizes, everything that a checkpoint carries.

use super::publishing::make_topic;
use super::*;
use journal::kafka::{POSITION_KEY, topics};
use journal::moving::{Part, Target};
use journal::{
    CheckpointError, DeadLetter, Error, HistoryRecord, OutboundRecord, View, ViewRecord,
};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message, OwnedMessage};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

/// A producer of somebody else's that acts as the leader of partition 0.
pub(super) fn intruder(options: &KafkaOptions) -> BaseProducer {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", &options.bootstrap)
        .set("transactional.id", options.transactional_id(0))
        .create()
        .expect("a producer");
    producer.init_transactions(super::WAIT * 200).expect("init");
    producer
}

/// Begins a transaction with one entry and waits until the broker has it.
fn begin(producer: &BaseProducer, options: &KafkaOptions) {
    producer.begin_transaction().expect("begin");
    let topic = options.topic(topics::STATE);
    let record = BaseRecord::to(&topic)
        .partition(0)
        .key("ghost")
        .payload("boo");
    producer
        .send(record)
        .map_err(|(error, _)| error)
        .expect("send");
    for _ in 0..PATIENCE {
        if producer.in_flight_count() == 0 {
            return;
        }
        producer.poll(WAIT);
    }
    panic!("the record was not confirmed");
}

#[test]
fn whoever_loses_the_race_for_new_topics_does_not_take_them_for_emptied() {
    const NODES: usize = 4;
    for _ in 0..2 {
        let options = options();
        let journals: Vec<KafkaJournal> = (0..NODES).map(|_| open(&options)).collect();
        let outcomes: Vec<_> = std::thread::scope(|scope| {
            let racing =
                |journal| scope.spawn(move || KafkaJournal::lead(journal, 0, "racer").map(drop));
            let racing: Vec<_> = journals.iter().map(racing).collect();
            let ended = racing.into_iter();
            ended.map(|racer| racer.join().expect("no panic")).collect()
        });
        for outcome in outcomes {
            // Fenced, or asked while another one was being fenced: both may try again.
            assert!(
                matches!(outcome, Ok(()) | Err(journal::Error::Failed(_))),
                "{outcome:?}"
            );
        }
    }
}

#[test]
fn a_zombie_is_fenced() {
    let options = options();
    let (journal, other) = (open(&options), open(&options));
    let mut old = lead(&journal);
    old.checkpoint(&changing(vec![change("by", "old")]))
        .expect("it leads");
    let mut new = lead(&other);
    let zombie = changing(vec![change("by", "zombie")]);
    assert_eq!(old.checkpoint(&zombie), Err(CheckpointError::Fenced));
    new.checkpoint(&changing(vec![change("by", "new")]))
        .expect("it leads");
    assert_eq!(old.checkpoint(&zombie), Err(CheckpointError::Fenced));
    let wanted = State::from([(bytes("by"), bytes("new"))]);
    assert_eq!(restore(&other), (wanted, 0, 2));
}

#[test]
fn a_leader_that_died_in_mid_transaction_is_followed_at_once() {
    let options = options();
    let journal = open(&options);
    lead(&journal)
        .checkpoint(&changing(vec![change("a", "1")]))
        .expect("checkpoint");
    let dead = intruder(&options);
    begin(&dead, &options);
    // As after kill -9: the transaction stays open, nobody aborts it.
    std::mem::forget(dead);
    let mut observer = journal.observe(0).expect("observe");
    let wanted = State::from([(bytes("a"), bytes("1"))]);
    let mut state = State::new();
    assert_eq!(follow(&mut *observer, &mut state), (0, 1));
    assert_eq!(state, wanted, "what is not committed is not seen");
    let mut next = lead(&journal);
    assert_eq!((next.term(), next.next_offset()), (2, 0));
    assert_eq!(follow(&mut *observer, &mut state), (0, 2));
    next.checkpoint(&changing(vec![change("b", "2")]))
        .expect("checkpoint");
    assert_eq!(follow(&mut *observer, &mut state), (0, 2));
    assert_eq!(state.get("ghost".as_bytes()), None);
    assert_eq!(state.len(), 2);
}

#[test]
fn aborted_records_and_markers_at_the_end_do_not_hide_it() {
    let options = options();
    let journal = open(&options);
    lead(&journal)
        .checkpoint(&changing(vec![change("a", "1")]))
        .expect("checkpoint");
    let aborting = intruder(&options);
    for _ in 0..80 {
        begin(&aborting, &options);
        aborting.abort_transaction(WAIT * 200).expect("abort");
    }
    // One that has committed nothing itself, so it relies on the broker's word for the end.
    let other = open(&options);
    let wanted = State::from([(bytes("a"), bytes("1"))]);
    assert_eq!(restore(&other), (wanted.clone(), 0, 1));
    let leader = lead(&other);
    assert_eq!(
        leader.term(),
        2,
        "the position is found behind 160 aborted offsets"
    );
    assert_eq!(restore(&other), (wanted, 0, 2));
}

#[test]
fn a_large_checkpoint_is_whole() {
    let journal = open(&options());
    let mut leader = lead(&journal);
    let value = "x".repeat(500);
    let changes = (0..10_000)
        .map(|number| change(&format!("key {number}"), &value))
        .collect();
    leader.checkpoint(&changing(changes)).expect("checkpoint");
    assert_eq!(restore(&journal).0.len(), 10_000);
}

#[test]
fn too_large_a_record_commits_nothing() {
    let options = options();
    let journal = open(&options);
    let large = "x".repeat(options.record_bytes_max);
    make_topic(&options, "roomy", &[]);
    for oversize in [
        changing(vec![change("small", "1"), change("large", &large)]),
        Checkpoint {
            changes: vec![change("small", "1")],
            outbound: vec![OutboundRecord {
                topic: "roomy".to_owned(),
                key: Some(bytes("k")),
                value: Some(bytes(&large)),
                headers: Vec::new(),
                timestamp_ms: None,
            }],
            ..Checkpoint::default()
        },
    ] {
        let result = lead(&journal).checkpoint(&oversize);
        assert!(
            matches!(&result, Err(CheckpointError::Failed(reason)) if reason.contains("limit")),
            "{result:?}"
        );
        assert_eq!(restore(&journal).0, State::new());
    }
    let reserved = Change {
        key: Bytes::from_static(POSITION_KEY),
        value: None,
    };
    let result = lead(&journal).checkpoint(&changing(vec![reserved]));
    assert!(matches!(result, Err(CheckpointError::Failed(_))));
}

/// All records of a topic, read as any consumer would.
pub(super) fn records(options: &KafkaOptions, topic: &str, count: usize) -> Vec<OwnedMessage> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &options.bootstrap)
        .set("group.id", topic)
        .set("auto.offset.reset", "earliest")
        .set("isolation.level", "read_committed")
        .create()
        .expect("a consumer");
    consumer.subscribe(&[topic]).expect("subscribe");
    let mut records = Vec::new();
    for _ in 0..PATIENCE {
        if let Some(message) = consumer.poll(WAIT) {
            records.push(message.expect("a record").detach());
        }
        if records.len() == count {
            return records;
        }
    }
    panic!("{topic}: {} of {count} records came", records.len());
}

pub(super) fn header(message: &OwnedMessage, name: &str) -> String {
    let headers = message.headers().expect("headers");
    let found = headers
        .iter()
        .find(|header| header.key == name)
        .and_then(|header| header.value);
    String::from_utf8(found.expect("the header").to_vec()).expect("text")
}

fn full_checkpoint() -> Checkpoint {
    let view = |view, key| ViewRecord {
        view,
        key: bytes(key),
        value: Some(bytes("{}")),
        instance: Some(7),
    };
    Checkpoint {
        next_offset: 0,
        changes: vec![change("a", "1")],
        history: vec![HistoryRecord {
            instance: 7,
            payload: bytes("began"),
            ended: None,
        }],
        views: vec![
            view(View::Instances, "7"),
            view(View::UserTasks, "8"),
            view(View::Incidents, "9"),
        ],
        outbound: vec![OutboundRecord {
            topic: "shipments".to_owned(),
            key: Some(bytes("order")),
            value: Some(bytes("shipped")),
            headers: vec![("trace".to_owned(), bytes("1"))],
            timestamp_ms: Some(1_700_000_000_000),
        }],
        dead_letters: vec![DeadLetter {
            topic: Some("in".to_owned()),
            partition: 3,
            offset: 42,
            record: bytes("garbage"),
            reason: "not a command".to_owned(),
        }],
    }
}

#[test]
fn everything_of_a_checkpoint_is_published_and_says_what_it_is() {
    let options = options();
    let journal = open(&options);
    make_topic(&options, "shipments", &[]);
    let mut leader = lead(&journal);
    leader.checkpoint(&full_checkpoint()).expect("checkpoint");
    let history = records(&options, &options.topic(topics::HISTORY), 2);
    let kinds: Vec<String> = history.iter().map(|r| header(r, "weir.type")).collect();
    assert_eq!(kinds, ["term", "history"]);
    for (topic, kind, key) in [
        (topics::INSTANCES, "instance", "7"),
        (topics::USER_TASKS, "user-task", "8"),
        (topics::INCIDENTS, "incident", "9"),
        (topics::DEAD_LETTERS, "dead-letter", "in/3/42"),
    ] {
        let found = records(&options, &options.topic(topic), 1);
        let record = found.first().expect("one record");
        assert_eq!(header(record, "weir.type"), kind);
        assert_eq!(header(record, "weir.schema"), "1");
        assert_eq!(record.key(), Some(key.as_bytes()));
    }
    let outbound = records(&options, "shipments", 1);
    let outbound = outbound.first().expect("one record");
    assert_eq!(outbound.payload(), Some(&b"shipped"[..]));
    assert_eq!(header(outbound, "trace"), "1");
    let state = records(&options, &options.topic(topics::STATE), 3);
    let kinds: Vec<String> = state
        .iter()
        .map(|record| header(record, "weir.type"))
        .collect();
    assert_eq!(kinds, ["position", "entry", "position"]);
}

#[test]
fn a_history_index_with_a_bound_forgets_the_oldest() {
    let options = KafkaOptions {
        history_index_bytes: 1_000,
        ..options()
    };
    let journal = open(&options);
    let mut leader = lead(&journal);
    for instance in 0..20 {
        let ended = HistoryRecord {
            instance,
            payload: bytes("end"),
            ended: Some((instance as i64, bytes("summary"))),
        };
        let checkpoint = Checkpoint {
            history: vec![ended],
            ..Checkpoint::default()
        };
        leader.checkpoint(&checkpoint).expect("checkpoint");
        let newest = journal.ended(0, None, 1).expect("ended");
        assert_eq!(
            newest.first().map(|ended| ended.instance),
            Some(instance),
            "at once"
        );
    }
    let payloads = |instance| {
        let part = journal.history(0, instance, usize::MAX);
        part.expect("history").payloads
    };
    assert!(payloads(0).is_empty(), "forgotten");
    assert_eq!(payloads(19), [bytes("end")]);
    let kept = journal.ended(0, None, 100).expect("ended").len();
    assert!((1..20).contains(&kept), "{kept}");
}

#[test]
fn nobody_leads_while_an_import_is_not_finished_and_only_the_last_one_counts() {
    let options = options();
    let begin = || Box::new(KafkaImport::begin(options.clone()).expect("begun"));
    let mut first = begin();
    let part = Part {
        entries: vec![change("a", "1")],
        ..Part::default()
    };
    first.put(0, &part).expect("put");
    let journal = open(&options);
    for partition in 0..2 {
        let refused = journal.lead(partition, "early").map(|_| "it leads");
        assert!(matches!(refused, Err(Error::Unfinished(_))), "{refused:?}");
    }
    // Whoever follows finds nothing, as with a partition that nobody has led.
    assert_eq!(restore(&journal), (State::new(), 0, 0));

    let mut second = begin();
    second.put(0, &part).expect("put");
    let late = first.put(0, &part).and_then(|()| first.finish(&[1, 1]));
    assert!(late.is_err(), "the second one has fenced it");
    second.finish(&[7, 7]).expect("finished");
    assert_eq!(lead(&journal).term(), 8);
    let (state, ..) = restore(&journal);
    assert_eq!(state.into_values().collect::<Vec<_>>(), [bytes("1")]);
}
