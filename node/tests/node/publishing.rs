//! What processes publish to topics, and what becomes of it when a topic refuses.

use std::collections::BTreeSet;
use std::time::Duration;

use journal::memory::{Faults, MemoryJournal};
use journal::{CheckpointError, Journal, OutboundRecord};
use node::driver::{Driver, encode};
use node::leadership::{Led, take_over};
use node::{Node, PartitionId, PartitionMeasures};
use prost::Message;
use proto::record::command::Kind;
use proto::record::deploy_resources::Resource;
use proto::record::event::Kind as Fact;
use proto::record::{
    CancelInstance, CreateInstance, DeployResources, History, ResolveIncident, incident,
};

use crate::support::*;

/// Publishes its instance's start, and waits.
const TELL: &str = r#"
    <bpmn:startEvent id="start" />
    <bpmn:sendTask id="publish"><bpmn:extensionElements><zeebe:properties><zeebe:property name="weir:topic" value="told" /><zeebe:property name="weir:key" value="k" /><zeebe:property name="weir:value" value="=1 + 1" /><zeebe:property name="weir:headers" value="={a: &quot;b&quot;}" /></zeebe:properties></bpmn:extensionElements></bpmn:sendTask>
    <bpmn:serviceTask id="work"><bpmn:extensionElements><zeebe:taskDefinition type="work" /></bpmn:extensionElements></bpmn:serviceTask>
    <bpmn:endEvent id="end" />
    <bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="publish" />
    <bpmn:sequenceFlow id="f2" sourceRef="publish" targetRef="work" />
    <bpmn:sequenceFlow id="f3" sourceRef="work" targetRef="end" />"#;

/// Drives a partition by hand.
struct Hand {
    journal: MemoryJournal,
    led: Led,
}

impl Hand {
    fn lead(journal: &MemoryJournal) -> Hand {
        let (limits, skipped) = (engine::Limits::default(), BTreeSet::new());
        let (partition, measures) = (PartitionId::FIRST, PartitionMeasures::default());
        let led = take_over(journal, partition, "hand", limits, skipped, &measures);
        Hand {
            journal: journal.clone(),
            led: led.expect("leads"),
        }
    }

    /// With an instance that has published, of which no checkpoint was written.
    fn published(journal: &MemoryJournal) -> Hand {
        let mut hand = Hand::lead(journal);
        let resources = vec![Resource {
            name: "tell.bpmn".to_owned(),
            content: model("tell", TELL).into(),
        }];
        hand.append(&[
            Kind::DeployResources(DeployResources { resources }),
            create_command("tell"),
        ]);
        hand.apply();
        hand
    }

    fn append(&self, commands: &[Kind]) {
        let commands = commands.iter().map(|kind| encode(&NOBODY, 0, kind.clone()));
        let commands: Vec<_> = commands.collect();
        self.journal.append(0, &commands).expect("appended");
    }

    fn apply(&mut self) {
        for record in self.led.reader.next(Duration::ZERO).expect("read") {
            let applied = self.led.driver.apply(&record, &mut Vec::new());
            applied.expect("applied");
        }
    }

    fn driver(&self) -> &Driver {
        &self.led.driver
    }

    /// Writes a checkpoint; gives how many records topics refused.
    fn checkpoint(&mut self) -> usize {
        let committed = self.led.driver.draft().commit(&mut *self.led.lead);
        let refused = committed.expect("committed");
        let count = refused.len();
        self.led.driver.withhold(refused);
        count
    }

    fn proposals(&mut self) -> Vec<Kind> {
        self.led.driver.propose(0)
    }

    fn incidents(&self) -> Vec<u64> {
        let state = self.driver().state();
        let keys = state.incident_keys().iter().copied();
        let is_refused = |key: &u64| {
            let incident = state.incident(*key).expect("the incident");
            incident.r#type() == incident::Type::RecordRefused
        };
        keys.filter(is_refused).collect()
    }

    fn resolve_all(&self) {
        let resolve = |incident_key| Kind::ResolveIncident(ResolveIncident { incident_key });
        let commands: Vec<Kind> = self.incidents().into_iter().map(resolve).collect();
        self.append(&commands);
    }
}

fn assert_published(journal: &MemoryJournal, times: usize) {
    let published = journal.published();
    assert_eq!(published.len(), times, "{published:?}");
    for record in published {
        let expected = OutboundRecord {
            topic: "told".to_owned(),
            key: Some("k".into()),
            value: Some("2".into()),
            headers: vec![("a".to_owned(), "b".into())],
            timestamp_ms: record.timestamp_ms,
        };
        assert_eq!(record, expected);
    }
}

#[test]
fn a_record_comes_with_the_checkpoint_and_with_no_other() {
    let journal = MemoryJournal::new(1, 1);
    let mut hand = Hand::published(&journal);
    // Nobody has written a checkpoint: the next leader does.
    let mut next = Hand::lead(&journal);
    next.apply();
    assert_published(&journal, 0);
    next.checkpoint();
    assert_published(&journal, 1);
    let late = hand.led.driver.draft().commit(&mut *hand.led.lead);
    assert_eq!(late, Err(CheckpointError::Fenced));
    let mut last = Hand::lead(&journal);
    last.append(&[create_command("tell")]);
    last.apply();
    last.checkpoint();
    assert_published(&journal, 2);
}

#[test]
fn a_refused_record_is_parked_once_and_published_when_its_incident_is_resolved() {
    let journal = MemoryJournal::new(1, 1);
    journal.refuse_topic("told", "it is not there");
    let mut hand = Hand::published(&journal);
    assert_eq!(hand.checkpoint(), 1);
    let proposals = hand.proposals();
    assert_eq!((proposals.len(), hand.proposals().len()), (1, 0), "once");
    // Nobody knew whether it came: twice.
    hand.append(&proposals);
    hand.append(&proposals);
    hand.apply();
    assert_eq!(hand.incidents().len(), 1);
    hand.led.driver.forget_proposals();
    assert_eq!(hand.proposals(), []);
    hand.checkpoint();
    hand.resolve_all();
    hand.apply();
    // Still refused: the same again.
    assert_eq!(hand.checkpoint(), 1);
    let proposals = hand.proposals();
    hand.append(&proposals);
    hand.apply();
    hand.checkpoint();
    journal.accept_topic("told");
    hand.resolve_all();
    hand.apply();
    hand.checkpoint();
    assert_published(&journal, 1);
    assert_eq!(hand.incidents(), [0; 0]);
}

#[test]
fn a_leader_that_dies_between_refusal_and_parking_leaves_it_to_the_next() {
    let journal = MemoryJournal::new(1, 1);
    journal.refuse_topic("told", "it is not there");
    let mut first = Hand::published(&journal);
    assert_eq!(first.checkpoint(), 1);
    journal.accept_topic("told");

    // The command was never appended; the checkpoint knows the record.
    let mut second = Hand::lead(&journal);
    second.apply();
    assert_eq!(second.incidents(), [0; 0]);
    let parking = second.proposals();
    assert_eq!(parking.len(), 1);
    second.append(&parking);
    second.apply();
    assert_eq!(second.incidents().len(), 1);

    // It was appended, and no checkpoint includes it.
    let mut third = Hand::lead(&journal);
    // The first leader is a zombie that appends, too.
    let late = first.proposals();
    assert_eq!(late.len(), 1);
    first.append(&late);
    third.apply();
    assert_eq!(third.incidents().len(), 1);
    assert_eq!(third.proposals(), []);
    assert_eq!(third.checkpoint(), 0);

    // It is in a checkpoint.
    let mut fourth = Hand::lead(&journal);
    fourth.apply();
    assert_eq!(fourth.proposals(), []);
    fourth.resolve_all();
    fourth.apply();
    fourth.checkpoint();
    assert_published(&journal, 1);
    assert_eq!(fourth.driver().state().digest(), {
        first.apply();
        first.driver().state().digest()
    });
}

#[test]
fn where_there_is_no_end_of_refusals_checkpoints_go_on() {
    let journal = MemoryJournal::new(1, 1);
    journal.refuse_topic("told", "it is not there");
    let mut hand = Hand::published(&journal);
    for _ in 0..10 {
        // Published after the checkpoint before, and before anything is parked.
        hand.append(&[create_command("tell")]);
        hand.apply();
        assert!(hand.checkpoint() > 0);
    }
    assert_eq!(hand.led.lead.next_offset(), hand.driver().next_offset());
    let parking = hand.proposals();
    assert_eq!(parking.len(), 11);
    // The first ones are lost; the rest is refused, and all come again.
    hand.append(&parking[4..]);
    hand.apply();
    assert_eq!(hand.incidents(), [0; 0]);
    let parking = hand.proposals();
    assert_eq!(parking.len(), 11);
    hand.append(&parking);
    hand.apply();
    assert_eq!(hand.incidents().len(), 11);
}

#[test]
fn what_an_instance_published_before_it_ended_is_a_dead_letter() {
    let journal = MemoryJournal::new(1, 1);
    journal.refuse_topic("told", "it is not there");
    let mut hand = Hand::published(&journal);
    assert_eq!(hand.checkpoint(), 1);
    let instance_key = *hand.driver().state().instance_keys().first().expect("one");
    hand.append(&[Kind::CancelInstance(CancelInstance { instance_key })]);
    let parking = hand.proposals();
    hand.append(&parking);
    hand.apply();
    let letters = hand.led.driver.draft().encode().dead_letters;
    let letter = letters.first().expect("a letter");
    // The coordinates of the command that published it.
    assert_eq!((letters.len(), letter.offset, letter.partition), (1, 1, 0));
    assert!(
        letter.reason.contains("it is not there"),
        "{}",
        letter.reason
    );
    let record: serde_json::Value = serde_json::from_slice(&letter.record).expect("JSON");
    assert_eq!(record["topic"], "told");
    assert_eq!(record["key"], "k");
    assert_eq!(record["value"], 2);
    assert_eq!(record["headers"]["a"], "b");
    assert_eq!(record["instanceKey"], instance_key.to_string());
}

#[test]
fn large_records_are_counted_and_no_history_record_is_too_long() {
    const LONG: usize = 900_000;
    let send = |number: usize| {
        format!(
            r#"<bpmn:sendTask id="s{number}"><bpmn:extensionElements><zeebe:properties><zeebe:property name="weir:topic" value="told" /></zeebe:properties></bpmn:extensionElements></bpmn:sendTask><bpmn:sequenceFlow id="f{number}" sourceRef="s{number}" targetRef="s{}" />"#,
            number + 1
        )
    };
    let sends: String = (1..=6).map(send).collect();
    let body = format!(
        r#"<bpmn:startEvent id="s0" /><bpmn:sequenceFlow id="f0" sourceRef="s0" targetRef="s1" />{sends}<bpmn:endEvent id="s7" />"#
    );
    let journal = MemoryJournal::new(1, 1);
    let mut hand = Hand::lead(&journal);
    let resources = vec![Resource {
        name: "long.bpmn".to_owned(),
        content: model("long", &body).into(),
    }];
    hand.append(&[Kind::DeployResources(DeployResources { resources })]);
    hand.append(&[Kind::CreateInstance(CreateInstance {
        process_id: "long".to_owned(),
        variables: format!(r#"{{"x":"{}"}}"#, "x".repeat(LONG)).into(),
        ..CreateInstance::default()
    })]);
    hand.apply();
    assert!(hand.driver().applied_bytes() > 6 * LONG as u64);
    let history = hand.led.driver.draft().encode().history;
    assert!(history.len() > 6, "{} records", history.len());
    assert!(history.iter().all(|record| record.payload.len() < 2 * LONG));
    let ended: Vec<bool> = history.iter().map(|it| it.ended.is_some()).collect();
    assert_eq!(
        ended.iter().position(|ended| *ended),
        Some(history.len() - 1)
    );
    let batches = history.iter().flat_map(|record| {
        let history = History::decode(record.payload.clone());
        history.expect("a history").batches
    });
    let events = batches.flat_map(|batch| batch.events);
    let published = events.filter(|it| matches!(it.kind, Some(Fact::RecordPublished(_))));
    assert_eq!(published.count(), 6);
}

/// Resolves all incidents that there are.
async fn resolve_all(node: &Node) {
    let keys = |state: &engine::State| state.incident_keys().iter().copied().collect::<Vec<_>>();
    let keys = node.first().query(move |state| keys(state)).await;
    for incident_key in keys.expect("the node serves") {
        let resolve = Kind::ResolveIncident(ResolveIncident { incident_key });
        // It may be resolved already, when this came twice.
        let _ = submit(node, resolve).await;
    }
}

#[tokio::test]
async fn a_node_goes_on_when_a_topic_refuses() {
    let journal = MemoryJournal::new(1, 1);
    journal.refuse_topic("told", "it is not there");
    let node = start(&journal);
    deploy(&node, "tell", TELL).await;
    for _ in 0..20 {
        create(&node, "tell").await;
    }
    until(&node, "each has an incident", |state| {
        state.incident_keys().len() == 20
    })
    .await;
    until_checkpointed(&node).await;
    assert_eq!(status(&node).term, 1);
    drop(node);

    let node = start(&journal);
    journal.accept_topic("told");
    resolve_all(&node).await;
    until_checkpointed(&node).await;
    assert_published(&journal, 20);
    node.stop().await;
}

#[tokio::test]
async fn faults_neither_lose_nor_double_records() {
    let journal = MemoryJournal::new(1, 7);
    let node = start(&journal);
    deploy(&node, "tell", TELL).await;
    journal.set_faults(Faults {
        checkpoint_before: 2_000,
        checkpoint_after: 2_000,
        refuse: 1_000,
        append_duplicate: 1_000,
        ..Faults::default()
    });
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let struck = || {
        let counts = journal.fault_counts();
        let least = counts.refuse.min(counts.append_duplicate);
        least
            .min(counts.checkpoint_before)
            .min(counts.checkpoint_after)
    };
    while struck() < 3 {
        assert!(
            tokio::time::Instant::now() < deadline,
            "{:?}",
            journal.fault_counts()
        );
        // Without a request id it may be there twice, and in doubt it may be there: the state says how many there are.
        let _ = submit(&node, create_command("tell")).await;
        // Else one checkpoint would publish so many that this fault never leaves it alone.
        until_checkpointed(&node).await;
    }
    journal.set_faults(Faults::default());
    let live = node.first().query(|state| state.instance_keys().len());
    let live = live.await.expect("the node serves");
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while journal.published().len() != live && tokio::time::Instant::now() < deadline {
        until_checkpointed(&node).await;
        resolve_all(&node).await;
    }
    until_checkpointed(&node).await;
    assert_published(&journal, live);
    node.stop().await;
}
