//! The driver without a node: no threads, no clock, one journal.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use journal::memory::MemoryJournal;
use journal::{Bytes, Journal, Reader};
use node::driver::{Draft, Driver, Output, encode};
use node::leadership::{Led, take_over};
use node::{PartitionId, PartitionMeasures};
use proto::record::command::Kind;
use proto::record::deploy_resources::Resource;
use proto::record::{ActivateJobs, CreateInstance, DeployResources};

use crate::support::{NAP, NOBODY, WORK, activate, model};

fn lead(journal: &MemoryJournal) -> Led {
    take_over(
        journal,
        PartitionId::FIRST,
        "driver",
        engine::Limits::default(),
        BTreeSet::new(),
        &PartitionMeasures::default(),
    )
    .unwrap()
}

fn deploy(process: &str, body: &str) -> Kind {
    Kind::DeployResources(DeployResources {
        resources: vec![Resource {
            name: format!("{process}.bpmn"),
            content: model(process, body).into(),
        }],
    })
}

fn create(process: &str) -> Kind {
    Kind::CreateInstance(CreateInstance {
        process_id: process.to_owned(),
        ..CreateInstance::default()
    })
}

fn append(journal: &MemoryJournal, commands: impl IntoIterator<Item = Kind>) {
    let numbered = (1..).zip(commands);
    let encoded = numbered.map(|(correlation, kind)| encode(&NOBODY, correlation, kind));
    let encoded: Vec<Bytes> = encoded.collect();
    journal.append(0, &encoded).unwrap();
}

fn apply_all(driver: &mut Driver, reader: &mut dyn Reader) -> Vec<Output> {
    let mut outputs = Vec::new();
    for record in reader.next(Duration::ZERO).unwrap() {
        driver.apply(&record, &mut outputs).unwrap();
    }
    outputs
}

/// The state as its entries, whatever order they were written in.
fn entries(drafts: &[Draft]) -> BTreeMap<Bytes, Option<Bytes>> {
    let changes = drafts.iter().flat_map(|draft| draft.encode().changes);
    let latest = changes.map(|change| (change.key, change.value));
    let mut latest: BTreeMap<_, _> = latest.collect();
    latest.retain(|_, value| value.is_some());
    latest
}

#[test]
fn a_restored_driver_goes_on_as_the_first_one_would_have() {
    let journal = MemoryJournal::new(1, 1);
    let Led {
        mut lead,
        mut reader,
        mut driver,
        ..
    } = self::lead(&journal);
    append(
        &journal,
        [deploy("one", WORK), create("one"), create("one")],
    );
    apply_all(&mut driver, &mut *reader);
    let first = driver.draft();
    assert_eq!((first.commands(), driver.applied()), (3, 0));
    lead.checkpoint(&first.encode()).unwrap();
    append(
        &journal,
        [
            create("one"),
            Kind::ActivateJobs(ActivateJobs { ..activate(2) }),
        ],
    );
    let outputs = apply_all(&mut driver, &mut *reader);
    let second = driver.draft();

    let mut other = self::lead(&journal);
    assert_eq!(other.driver.next_offset(), first.next_offset());
    let again = apply_all(&mut other.driver, &mut *other.reader);
    assert_eq!(outputs, again);
    let rest = other.driver.draft();
    assert_eq!(second.encode(), rest.encode());
    assert_eq!(driver.state().digest(), other.driver.state().digest());
}

#[test]
fn drafts_that_were_merged_write_what_one_after_the_other_writes() {
    let journal = MemoryJournal::new(1, 2);
    let mut led = lead(&journal);
    append(&journal, [deploy("one", WORK), create("one")]);
    apply_all(&mut led.driver, &mut *led.reader);
    let first = led.driver.draft();
    let instance = *led.driver.state().instance_keys().first().unwrap();
    let cancel = proto::record::CancelInstance {
        instance_key: instance,
    };
    append(&journal, [create("one"), Kind::CancelInstance(cancel)]);
    apply_all(&mut led.driver, &mut *led.reader);
    let second = led.driver.draft();
    let story = first.history().story(instance).unwrap().batches.len()
        + second.history().story(instance).unwrap().batches.len();

    let apart = entries(&[first, second]);
    let mut again = lead(&journal);
    append(&journal, []);
    let mut outputs = Vec::new();
    let records = again.reader.next(Duration::ZERO).unwrap();
    let mut merged: Option<Draft> = None;
    for record in records {
        again.driver.apply(&record, &mut outputs).unwrap();
        let draft = again.driver.draft();
        match &mut merged {
            Some(merged) => merged.merge(draft),
            None => merged = Some(draft),
        }
    }
    let merged = merged.unwrap();
    assert_eq!(
        merged.history().story(instance).unwrap().batches.len(),
        story
    );
    assert_eq!(merged.history().ended().count(), 1);
    let checkpoint = merged.encode();
    let keys: BTreeSet<_> = checkpoint
        .changes
        .iter()
        .map(|change| &change.key)
        .collect();
    assert_eq!(keys.len(), checkpoint.changes.len(), "one change per entry");
    again.lead.checkpoint(&checkpoint).unwrap();
    assert_eq!(entries(&[merged]), apart);
    let restored = lead(&journal);
    assert_eq!(
        restored.driver.state().digest(),
        again.driver.state().digest()
    );
}

#[test]
fn a_tick_is_proposed_once_until_it_comes_back() {
    let journal = MemoryJournal::new(1, 3);
    let mut led = lead(&journal);
    append(&journal, [deploy("sleeper", NAP), create("sleeper")]);
    apply_all(&mut led.driver, &mut *led.reader);
    let due_ms = led.driver.tick_due_ms().unwrap();
    assert_eq!(due_ms, 3_600_000);
    assert_eq!(led.driver.propose(due_ms - 1), []);
    let tick = led.driver.propose(due_ms);
    assert!(matches!(tick[..], [Kind::Tick(_)]), "{tick:?}");
    assert_eq!(led.driver.propose(due_ms), [], "it is under way");
    led.driver.forget_proposals();
    assert_eq!(led.driver.propose(due_ms), tick, "it may be lost");

    append(&journal, tick.clone());
    apply_all(&mut led.driver, &mut *led.reader);
    assert_eq!(
        led.driver.propose(due_ms),
        tick,
        "the journal's clock was behind"
    );
    journal.set_now(due_ms);
    append(&journal, tick);
    apply_all(&mut led.driver, &mut *led.reader);
    assert!(led.driver.state().instance_keys().is_empty());
    assert_eq!(led.driver.propose(i64::MAX), []);
}

#[test]
fn a_record_that_is_no_command_becomes_a_dead_letter_once() {
    let journal = MemoryJournal::new(1, 9);
    let Led { mut driver, .. } = lead(&journal);
    let garbage = journal::Record {
        offset: driver.next_offset(),
        timestamp_ms: 0,
        command: Bytes::from_static(b"\xffgarbage"),
    };
    let mut outputs = Vec::new();
    driver.apply(&garbage, &mut outputs).expect("it goes on");
    assert!(matches!(outputs[..], [Output::Unreadable { .. }]));
    assert!(driver.is_changed(), "a checkpoint is due");
    let letters = driver.draft().encode().dead_letters;
    assert_eq!(letters.len(), 1);
    assert_eq!(
        (letters[0].offset, &letters[0].record),
        (garbage.offset, &garbage.command)
    );
    assert!(driver.draft().encode().dead_letters.is_empty());
}
