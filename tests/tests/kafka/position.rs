//! Topics that are not those that the checkpoints were written for: a server says why it does not start, and what to do.

use journal::broker::Broker;
use journal::kafka::KafkaOptions;
use journal::kafka::topics::{self, Topic};
use journal::{Bytes, Journal};
use rdkafka::Message;
use rdkafka::admin::{AdminOptions, NewPartitions, NewTopic, TopicReplication};
use rdkafka::message::OwnedMessage;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};

use crate::real::{Server, file};
use crate::support::*;

const PARTITIONS: u32 = 3;
/// What a person is told to do.
const WAYS_OUT: [&str; 2] = [
    "the number of partitions that it was begun with",
    "--kafka-namespace",
];

/// A server has worked in the namespace and was killed.
async fn begun() -> KafkaOptions {
    let options = options(PARTITIONS);
    let server = Server::at(&home(&options));
    let model = std::fs::read_to_string(file("models/elements/service_task.bpmn"));
    deploy(&server, &model.expect("the model")).await;
    for _ in 0..PARTITIONS {
        create(&server, "service_task", "{}").await;
    }
    options
}

fn says(said: &str, reason: &str) {
    assert!(said.contains(reason), "not `{reason}`: {said}");
    for way in WAYS_OUT {
        assert!(said.contains(way), "not `{way}`: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_that_were_mirrored_to_another_cluster_are_refused() {
    let options = begun().await;
    let other = Broker::start(1, &[]);
    let mirror = KafkaOptions {
        bootstrap: other.bootstrap().to_owned(),
        ..options.clone()
    };
    drop(open(&mirror));
    for topic in topics::table(&options, 1) {
        copy(&options, &mirror, &topic);
    }
    says(&refused(&mirror, &[]), "mirrored from another cluster");
    // Where it was it goes on.
    Server::at(&home(&options));
}

/// Brings all records of a topic to another cluster, as a mirror does.
fn copy(from: &KafkaOptions, to: &KafkaOptions, topic: &Topic) {
    let producer: BaseProducer = client(to).create().expect("a producer");
    for partition in 0..topic.partitions as i32 {
        for record in &records(from, &topic.name, partition) {
            let sent = producer.send(same(record));
            sent.map_err(|(error, _)| error).expect("sent");
        }
        producer.flush(PATIENCE).expect("flushed");
    }
}

fn same(record: &OwnedMessage) -> BaseRecord<'_, [u8], [u8]> {
    let mut same = BaseRecord::to(record.topic()).partition(record.partition());
    if let Some(key) = record.key() {
        same = same.key(key);
    }
    if let Some(value) = record.payload() {
        same = same.payload(value);
    }
    match record.headers() {
        Some(headers) => same.headers(headers.clone()),
        None => same,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_that_were_made_anew_are_refused() {
    for short in [topics::COMMANDS, topics::STATE] {
        let options = begun().await;
        let topic = topic(&options, short);
        let deleted = admin(&options)
            .delete_topics(&[&topic.name], &AdminOptions::new())
            .await;
        deleted.expect("answered").remove(0).expect("deleted");
        make(&options, &topic).await;
        says(&refused(&options, &[]), "made anew");
    }
}

async fn make(options: &KafkaOptions, topic: &Topic) {
    let replication = TopicReplication::Fixed(topic.replicas as i32);
    let new = NewTopic::new(&topic.name, topic.partitions as i32, replication);
    let settings = topic.settings.iter();
    let new = settings.fold(new, |new, setting| new.set(setting.name, &setting.value));
    let made = admin(options)
        .create_topics(&[new], &AdminOptions::new())
        .await;
    made.expect("answered").remove(0).expect("made");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_was_truncated_is_refused() {
    let options = begun().await;
    // Nobody leads, so no checkpoint includes these.
    let commands = [&b"a"[..], b"b", b"c"].map(Bytes::from_static);
    open(&options).append(0, &commands).expect("appended");
    let mut list = TopicPartitionList::new();
    let name = options.topic(topics::COMMANDS);
    list.add_partition_offset(&name, 0, Offset::End)
        .expect("an offset");
    let admin = admin(&options);
    let deleted = admin.delete_records(&list, &AdminOptions::new()).await;
    deleted.expect("deleted");
    says(&refused(&options, &[]), "outside the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_with_another_number_of_partitions_are_refused() {
    let options = begun().await;
    let said = refused(&options, &["--partitions", "4"]);
    assert!(said.contains("partitions is 3, must be 4"), "{said}");
    assert!(said.contains("set the number of partitions to 3"), "{said}");

    more_partitions(&options, topics::COMMANDS).await;
    let said = refused(&options, &[]);
    let state = options.topic(topics::STATE);
    let finding = format!("topic {state}: partitions is 3, must be 4");
    assert!(said.contains(&finding), "{said}");

    for short in [
        topics::STATE,
        topics::HISTORY,
        topics::INSTANCES,
        topics::USER_TASKS,
        topics::INCIDENTS,
    ] {
        more_partitions(&options, short).await;
    }
    let said = refused(&options, &[]);
    says(&said, "written with 3 partitions, now there are 4");
    let said = refused(&options, &["--partitions", "3"]);
    assert!(said.contains("partitions is 4, must be 3"), "{said}");
}

async fn more_partitions(options: &KafkaOptions, short: &str) {
    let name = options.topic(short);
    let more = NewPartitions::new(&name, PARTITIONS as usize + 1);
    let made = admin(options)
        .create_partitions(&[more], &AdminOptions::new())
        .await;
    made.expect("answered").remove(0).expect("more partitions");
}
