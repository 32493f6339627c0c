//! The Kafka journal on a real broker: the contract, and what only a broker can do to it.
//!
//! One broker for all tests of this file, a namespace for each; `scripts/kafka` ends it with this process.

mod faults;
mod foreign;
mod leading;
mod proxy;
mod publishing;
mod settings;
mod tokens;
mod volume;

use journal::broker::Broker;
use journal::kafka::{KafkaImport, KafkaJournal, KafkaOptions};
use journal::{
    Bytes, Change, Checkpoint, Journal, Lead, Observed, Observer, Reader, Record, contract,
};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A step that has not come after so many waits is not going to.
const PATIENCE: usize = 400;
const WAIT: Duration = Duration::from_millis(50);

fn broker() -> &'static Broker {
    static BROKER: OnceLock<Broker> = OnceLock::new();
    // The cleaner looks often, so that compaction can be awaited.
    BROKER
        .get_or_init(|| Broker::start(1, &["log.cleaner.backoff.ms=100", "log.cleaner.threads=1"]))
}

/// A namespace that no other test has, with two partitions.
fn options() -> KafkaOptions {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    KafkaOptions {
        bootstrap: broker().bootstrap().to_owned(),
        namespace: format!("test-{number}"),
        partitions: 2,
        ..KafkaOptions::default()
    }
}

fn open(options: &KafkaOptions) -> KafkaJournal {
    KafkaJournal::open(options.clone()).unwrap_or_else(|error| panic!("open: {error}"))
}

fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

fn change(key: &str, value: &str) -> Change {
    Change {
        key: bytes(key),
        value: Some(bytes(value)),
    }
}

fn append(journal: &dyn Journal, commands: &[&str]) {
    let commands: Vec<Bytes> = commands.iter().map(|text| bytes(text)).collect();
    journal.append(0, &commands).expect("append");
}

fn read(reader: &mut dyn Reader, count: usize) -> Vec<Record> {
    let mut records = Vec::new();
    for _ in 0..PATIENCE {
        if records.len() >= count {
            return records;
        }
        records.extend(reader.next(WAIT).expect("next"));
    }
    panic!("only {} of {count} records came", records.len());
}

type State = BTreeMap<Bytes, Bytes>;

/// Follows to the next checkpoint: its position and term.
fn follow(observer: &mut dyn Observer, state: &mut State) -> (u64, u64) {
    for _ in 0..PATIENCE {
        loop {
            match observer.next(WAIT).expect("observe") {
                Observed::Change(Change {
                    key,
                    value: Some(value),
                }) => {
                    state.insert(key, value);
                }
                Observed::Change(Change { key, value: None }) => {
                    state.remove(&key);
                }
                Observed::Checkpoint { next_offset, term } => return (next_offset, term),
                Observed::Idle => break,
            }
        }
    }
    panic!("no checkpoint came");
}

fn restore(journal: &dyn Journal) -> (State, u64, u64) {
    let mut state = State::new();
    let mut observer = journal.observe(0).expect("observe");
    let (next_offset, term) = follow(&mut *observer, &mut state);
    (state, next_offset, term)
}

fn lead(journal: &dyn Journal) -> Box<dyn Lead> {
    journal
        .lead(0, "test")
        .unwrap_or_else(|error| panic!("lead: {error}"))
}

fn changing(changes: Vec<Change>) -> Checkpoint {
    Checkpoint {
        changes,
        ..Checkpoint::default()
    }
}

#[test]
fn an_import_is_there_as_a_whole() {
    let options = options();
    let begin = || KafkaImport::begin(options.clone()).map(|target| Box::new(target) as _);
    contract::run_moving(&begin, &|| Box::new(open(&options)));
}

#[test]
fn contract() {
    contract::run(|| open(&options()));
}
