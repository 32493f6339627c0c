//! Topics that are not the ones that the position belongs to, records of others, compaction, deletion.

use super::leading::{intruder, records};
use super::*;
use journal::Error;
use journal::kafka::POSITION_KEY;
use journal::kafka::topics::{self, Topic};
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{ClientConfig, Message};

pub(super) fn client(options: &KafkaOptions) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &options.bootstrap);
    config
}

pub(super) fn admin(options: &KafkaOptions) -> AdminClient<DefaultClientContext> {
    client(options).create().expect("an admin client")
}

pub(super) fn wait_for<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime").block_on(future)
}

/// Makes a topic with other settings than the table's.
pub(super) fn make(options: &KafkaOptions, topic: &Topic, changed: &[(&str, &str)]) {
    let replication = TopicReplication::Fixed(topic.replicas as i32);
    let mut new = NewTopic::new(&topic.name, topic.partitions as i32, replication);
    for setting in &topic.settings {
        let other = changed.iter().find(|(name, _)| *name == setting.name);
        new = new.set(
            setting.name,
            other.map_or(setting.value.as_str(), |(_, value)| value),
        );
    }
    let known = |name: &str| topic.settings.iter().any(|setting| setting.name == name);
    for (name, value) in changed.iter().filter(|(name, _)| !known(name)) {
        new = new.set(name, value);
    }
    let made = wait_for(admin(options).create_topics(&[new], &AdminOptions::new()));
    made.expect("answered").remove(0).expect("made");
}

pub(super) fn topic(options: &KafkaOptions, short: &str) -> Topic {
    let mut table = topics::table(options, 1).into_iter();
    table
        .find(|topic| topic.short == short)
        .expect("in the table")
}

/// Deletes a topic and makes it anew, as soon as the old one is gone.
fn remake(options: &KafkaOptions, short: &str) {
    let topic = topic(options, short);
    let deleted = wait_for(admin(options).delete_topics(&[&topic.name], &AdminOptions::new()));
    deleted.expect("answered").remove(0).expect("deleted");
    make(options, &topic, &[]);
}

#[test]
fn a_topic_that_was_made_anew_is_refused() {
    for short in [topics::COMMANDS, topics::STATE] {
        let options = options();
        let journal = open(&options);
        append(&journal, &["a", "b", "c"]);
        lead(&journal)
            .checkpoint(&Checkpoint {
                next_offset: 2,
                ..Checkpoint::default()
            })
            .expect("checkpoint");
        drop(journal);
        remake(&options, short);
        let journal = open(&options);
        append(&journal, &["x", "y", "z"]);
        match (
            short,
            journal.lead(0, "test").map(|lead| lead.next_offset()),
        ) {
            (
                _,
                Err(Error::Foreign {
                    partition: 0,
                    reason,
                }),
            ) => {
                assert!(reason.contains("made anew"), "{reason}");
            }
            (_, other) => panic!("{short}: {other:?}"),
        }
    }
}

/// Commits the last position record of partition 0 again, changed, as its leader would.
fn forge(options: &KafkaOptions, field: &str, value: serde_json::Value) {
    let records = records(options, &options.topic(topics::STATE), 1);
    let last = records.last().and_then(|record| record.payload());
    let mut position: serde_json::Value =
        serde_json::from_slice(last.expect("a position")).expect("JSON");
    position[field] = value;
    let producer = intruder(options);
    producer.begin_transaction().expect("begin");
    let (topic, position) = (options.topic(topics::STATE), position.to_string());
    let record = BaseRecord::to(&topic)
        .partition(0)
        .key(POSITION_KEY)
        .payload(&position);
    producer
        .send(record)
        .map_err(|(error, _)| error)
        .expect("send");
    producer.commit_transaction(WAIT * 200).expect("commit");
}

#[test]
fn a_position_of_elsewhere_is_refused() {
    for (field, value, wanted) in [
        ("cluster_id", "another".into(), "mirrored"),
        ("commands_id", "another".into(), "made anew"),
        ("partitions", 7.into(), "7 partitions"),
        ("next_offset", 1000.into(), "outside the log"),
    ] {
        let options = options();
        let journal = open(&options);
        append(&journal, &["a", "b", "c"]);
        lead(&journal);
        forge(&options, field, value);
        let error = journal.lead(0, "test").map(|_| ()).expect_err(field);
        assert!(error.to_string().contains(wanted), "{field}: {error}");
    }
}

#[test]
fn a_log_that_lost_its_beginning_is_refused_without_a_position() {
    let options = options();
    let journal = open(&options);
    append(&journal, &["a", "b", "c"]);
    delete_below(&options, 2);
    let refused = journal.lead(0, "test").map(|_| ());
    assert!(
        matches!(&refused, Err(Error::Foreign { reason, .. }) if reason.contains("from 2 to 3")),
        "{refused:?}"
    );
    let refused = journal.read(0, 1).map(|_| ());
    assert!(
        matches!(
            refused,
            Err(Error::OutOfBounds {
                from: 1,
                first: 2,
                ..
            })
        ),
        "{refused:?}"
    );
    let mut reader = journal.read(0, 2).expect("read");
    assert_eq!(
        read(&mut *reader, 1).first().map(|record| record.offset),
        Some(2)
    );
}

fn delete_below(options: &KafkaOptions, offset: i64) {
    let mut list = rdkafka::TopicPartitionList::new();
    let topic = options.topic(topics::COMMANDS);
    list.add_partition_offset(&topic, 0, rdkafka::Offset::Offset(offset))
        .expect("an offset");
    wait_for(admin(options).delete_records(&list, &AdminOptions::new())).expect("deleted");
}

#[test]
fn another_number_of_partitions_is_refused() {
    let two = options();
    lead(&open(&two));
    for short in [
        topics::COMMANDS,
        topics::STATE,
        topics::HISTORY,
        topics::INSTANCES,
        topics::USER_TASKS,
        topics::INCIDENTS,
    ] {
        let name = two.topic(short);
        let more = NewPartitions::new(&name, 3);
        let made = wait_for(admin(&two).create_partitions(&[more], &AdminOptions::new()));
        made.expect("answered").remove(0).expect("more partitions");
    }
    let Err(Error::Unsafe(findings)) = KafkaJournal::open(two.clone()).map(|_| ()) else {
        panic!("it has 3 partitions");
    };
    let counts: Vec<_> = findings
        .iter()
        .filter(|finding| finding.setting == "partitions")
        .collect();
    assert_eq!(counts.len(), 6, "{findings:?}");
    assert!(
        counts
            .iter()
            .all(|finding| finding.found == "3" && finding.wanted == "2")
    );
    // With a configuration that was changed as well, the position tells.
    let three = KafkaOptions {
        partitions: 3,
        ..two
    };
    let refused = open(&three).lead(0, "test").map(|_| ());
    assert!(
        matches!(&refused, Err(Error::Foreign { reason, .. }) if reason.contains("2 partitions")),
        "{refused:?}"
    );
}

#[test]
fn a_foreign_record_in_the_log_is_given_as_it_is() {
    let options = options();
    let journal = open(&options);
    append(&journal, &["ours"]);
    let producer: BaseProducer = client(&options).create().expect("a producer");
    let topic = options.topic(topics::COMMANDS);
    let foreign = BaseRecord::to(&topic)
        .partition(0)
        .key("whose")
        .payload(&b"\xff\x00garbage"[..]);
    producer
        .send(foreign)
        .map_err(|(error, _)| error)
        .expect("send");
    let empty = BaseRecord::<str, str>::to(&topic).partition(0);
    producer
        .send(empty)
        .map_err(|(error, _)| error)
        .expect("send");
    producer.flush(WAIT * 200).expect("flush");
    append(&journal, &["ours again"]);
    let mut reader = journal.read(0, 0).expect("read");
    let records = read(&mut *reader, 4);
    let commands: Vec<&[u8]> = records.iter().map(|record| &record.command[..]).collect();
    assert_eq!(
        commands,
        [&b"ours"[..], b"\xff\x00garbage", b"", b"ours again"]
    );
}

#[test]
fn namespaces_do_not_see_each_other() {
    let (one, other) = (open(&options()), open(&options()));
    append(&one, &["one"]);
    lead(&one)
        .checkpoint(&changing(vec![change("a", "one")]))
        .expect("checkpoint");
    assert_eq!(restore(&other), (State::new(), 0, 0));
    assert_eq!(other.read(0, 0).expect("read").next(WAIT), Ok(Vec::new()));
    let mut elsewhere = lead(&other);
    elsewhere
        .checkpoint(&changing(vec![change("a", "other")]))
        .expect("it fences nobody");
    assert_eq!(restore(&one).0, State::from([(bytes("a"), bytes("one"))]));
}

#[test]
fn compaction_changes_nothing() {
    let options = KafkaOptions {
        restore_limit: Duration::ZERO,
        ..options()
    };
    let tiny = [
        ("segment.bytes", "1048576"),
        ("segment.ms", "100"),
        ("min.compaction.lag.ms", "0"),
        ("max.compaction.lag.ms", "100"),
        ("min.cleanable.dirty.ratio", "0.01"),
    ];
    make(&options, &topic(&options, topics::STATE), &tiny);
    let journal = open(&options);
    let mut leader = lead(&journal);
    let (mut wanted, value) = (State::new(), "x".repeat(2000));
    for round in 0..20 {
        let text = format!("{round} {value}");
        let changes: Vec<Change> = (0..100).map(|n| change(&format!("{n}"), &text)).collect();
        wanted.extend(
            changes
                .iter()
                .map(|c| (c.key.clone(), c.value.clone().expect("a value"))),
        );
        let mut checkpoint = changing(changes);
        if round == 10 {
            checkpoint.changes.push(Change {
                key: bytes("5"),
                value: None,
            });
        }
        leader.checkpoint(&checkpoint).expect("checkpoint");
    }
    // Segments roll only when something is written, so writing goes on until the cleaner was seen to have worked.
    for _ in 0..PATIENCE {
        leader
            .checkpoint(&changing(vec![change("0", "last")]))
            .expect("checkpoint");
        wanted.insert(bytes("0"), bytes("last"));
        if count_of_round_zero(&options) == 0 {
            assert_eq!(restore(&journal), (wanted.clone(), 0, 1));
            assert_eq!(lead(&open(&options)).term(), 2);
            assert_eq!(restore(&journal), (wanted, 0, 2));
            return;
        }
    }
    panic!("the cleaner removed nothing");
}

/// How many entries of the first checkpoint are still in the state topic.
fn count_of_round_zero(options: &KafkaOptions) -> usize {
    let mut config = client(options);
    config
        .set("group.id", "count")
        .set("enable.partition.eof", "true");
    let consumer: BaseConsumer = config.create().expect("a consumer");
    let mut list = rdkafka::TopicPartitionList::new();
    let state = options.topic(topics::STATE);
    list.add_partition_offset(&state, 0, rdkafka::Offset::Beginning)
        .expect("an offset");
    consumer.assign(&list).expect("assign");
    let mut count = 0;
    for _ in 0..PATIENCE * 100 {
        match consumer.poll(WAIT) {
            Some(Ok(message)) => {
                count += usize::from(
                    message
                        .payload()
                        .is_some_and(|value| value.starts_with(b"0 ")),
                );
            }
            Some(Err(rdkafka::error::KafkaError::PartitionEOF(_))) => return count,
            Some(Err(error)) => panic!("{error}"),
            None => {}
        }
    }
    panic!("the end did not come");
}

#[test]
fn commands_below_a_checkpoint_are_deleted_but_for_the_margin() {
    let options = KafkaOptions {
        log_margin: 2,
        ..options()
    };
    let journal = open(&options);
    append(&journal, &["a", "b", "c", "d", "e"]);
    lead(&journal)
        .checkpoint(&Checkpoint {
            next_offset: 5,
            ..Checkpoint::default()
        })
        .expect("checkpoint");
    for _ in 0..PATIENCE {
        match journal.read(0, 0).map(|_| ()) {
            Ok(()) => {}
            Err(Error::OutOfBounds { first, next, .. }) => {
                assert_eq!((first, next), (3, 5));
                return;
            }
            Err(error) => panic!("{error}"),
        }
    }
    panic!("nothing was deleted");
}

/// From the state topic nothing is removed for as long as the limit, tombstones least of all: who keeps within it has
/// missed nothing, and who does not must not go on with what it has.
#[test]
fn a_reader_that_is_slower_than_the_limit_must_begin_anew() {
    let patient = options();
    // The topics are those of a sane limit. No reader keeps within this one.
    open(&patient);
    let journal = open(&KafkaOptions {
        restore_limit: Duration::from_nanos(1),
        ..patient.clone()
    });
    let mut follower = journal.observe(0).expect("observe");
    assert_eq!(
        follow(&mut *follower, &mut State::new()),
        (0, 0),
        "there was nothing to read"
    );
    let mut leader = lead(&open(&patient));
    leader
        .checkpoint(&changing(vec![change("a", "1")]))
        .expect("checkpoint");
    // One that follows, and one that restores.
    for mut observer in [follower, journal.observe(0).expect("observe")] {
        assert_eq!(until_refused(&mut *observer), Error::Lagged(0));
        assert_eq!(observer.next(WAIT), Err(Error::Lagged(0)), "for ever");
    }
    let wanted = State::from([(bytes("a"), bytes("1"))]);
    assert_eq!(restore(&open(&patient)), (wanted, 0, 1));
}

fn until_refused(observer: &mut dyn Observer) -> Error {
    for _ in 0..PATIENCE {
        match observer.next(WAIT) {
            Ok(Observed::Checkpoint { next_offset, term }) => {
                panic!("a checkpoint that may lack something: {next_offset}, term {term}")
            }
            Ok(Observed::Change(_) | Observed::Idle) => {}
            Err(error) => return error,
        }
    }
    panic!("nothing came");
}
