//! The contract of [`Journal`], as tests that every implementation passes, a broker's included.
//!
//! Nothing here assumes more than the contract says: offsets may have gaps, an append may be [`AppendError::Unknown`]
//! and come into the log twice or late, what was appended may be visible only after a while. A failure is a panic
//! that names the case.

mod checkpoints;
mod cluster;
mod log;
mod moving;

pub use moving::{Begin, run_moving};

use crate::{
    AppendError, Bytes, Change, Checkpoint, Error, HistoryRecord, Journal, Lead, Observed,
    Observer, Reader, Record,
};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// One case; it is given a journal with two empty partitions, 0 and 1.
pub type Case = fn(&dyn Journal);

/// All cases by name.
pub const CASES: &[(&str, Case)] = &[
    ("appends_are_read_in_order", log::appends_are_read_in_order),
    ("reading_starts_anywhere", log::reading_starts_anywhere),
    ("a_reader_at_the_end_waits", log::a_reader_at_the_end_waits),
    ("outside_is_refused", log::outside_is_refused),
    ("partitions_are_apart", log::partitions_are_apart),
    ("timestamps_never_go_back", log::timestamps_never_go_back),
    ("too_large_appends_nothing", log::too_large_appends_nothing),
    ("many_append_at_once", log::many_append_at_once),
    (
        "a_new_partition_is_empty",
        checkpoints::a_new_partition_is_empty,
    ),
    ("state_is_restored", checkpoints::state_is_restored),
    (
        "much_state_is_restored",
        checkpoints::much_state_is_restored,
    ),
    ("changes_are_seen_live", checkpoints::changes_are_seen_live),
    (
        "a_leader_fences_the_one_before",
        checkpoints::a_leader_fences_the_one_before,
    ),
    (
        "observing_fences_nobody",
        checkpoints::observing_fences_nobody,
    ),
    (
        "the_log_is_kept_from_the_checkpoint_on",
        checkpoints::the_log_is_kept_from_the_checkpoint_on,
    ),
    (
        "a_wrong_checkpoint_changes_nothing",
        checkpoints::a_wrong_checkpoint_changes_nothing,
    ),
    (
        "history_is_told_in_order",
        checkpoints::history_is_told_in_order,
    ),
    (
        "a_long_history_is_cut_at_its_beginning",
        checkpoints::a_long_history_is_cut_at_its_beginning,
    ),
    (
        "ended_instances_are_paged",
        checkpoints::ended_instances_are_paged,
    ),
    ("nodes_hear_each_other", cluster::nodes_hear_each_other),
];

/// Runs all cases, each with a journal of its own that `make` gives it.
///
/// # Panics
/// When a case fails.
pub fn run<J: Journal>(make: impl Fn() -> J) {
    for (name, case) in CASES {
        // Shown only when the test fails: the last name is the culprit's.
        println!("contract: {name}");
        case(&make());
    }
}

/// A read or observation that gives nothing so many times is not going to.
const PATIENCE: usize = 200;
const WAIT: Duration = Duration::from_millis(50);

fn bytes(text: impl Into<String>) -> Bytes {
    Bytes::from(text.into())
}

fn commands(prefix: &str, range: std::ops::Range<usize>) -> Vec<Bytes> {
    range
        .map(|number| bytes(format!("{prefix}{number}")))
        .collect()
}

/// Appends until it is certain that the commands are in the log, once or more.
fn append(journal: &dyn Journal, partition: u32, commands: &[Bytes]) {
    for _ in 0..PATIENCE {
        match journal.append(partition, commands) {
            Ok(()) => return,
            Err(AppendError::Unknown(_) | AppendError::Full) => {}
            Err(error) => panic!("append: {error}"),
        }
    }
    panic!("append: nothing but doubt");
}

/// Reads until all of `wanted` have been seen.
fn read_all(journal: &dyn Journal, partition: u32, from: u64, wanted: &[Bytes]) -> Vec<Record> {
    let mut reader = journal.read(partition, from).expect("read");
    read_on(&mut *reader, wanted)
}

fn read_on(reader: &mut dyn Reader, wanted: &[Bytes]) -> Vec<Record> {
    let mut missing: BTreeSet<&Bytes> = wanted.iter().collect();
    let mut records: Vec<Record> = Vec::new();
    let mut idle = 0;
    while !missing.is_empty() {
        let batch = reader.next(WAIT).expect("next");
        idle = if batch.is_empty() { idle + 1 } else { 0 };
        assert!(idle < PATIENCE, "never came: {missing:?}");
        for record in batch {
            if let Some(last) = records.last() {
                assert!(
                    record.offset > last.offset,
                    "offsets grow: {last:?}, {record:?}"
                );
                assert!(
                    record.timestamp_ms >= last.timestamp_ms,
                    "time went back: {record:?}"
                );
            }
            missing.remove(&record.command);
            records.push(record);
        }
    }
    records
}

/// The commands as they first came.
fn first_seen(records: &[Record]) -> Vec<Bytes> {
    let mut seen = BTreeSet::new();
    let new = records.iter().filter(|record| seen.insert(&record.command));
    new.map(|record| record.command.clone()).collect()
}

/// An offset that may be checkpointed when these records were read.
fn end(records: &[Record]) -> u64 {
    records.last().map_or(0, |record| record.offset + 1)
}

fn change(key: &str, value: Option<&str>) -> Change {
    Change {
        key: bytes(key),
        value: value.map(bytes),
    }
}

fn checkpoint(next_offset: u64, changes: Vec<Change>) -> Checkpoint {
    Checkpoint {
        next_offset,
        changes,
        ..Checkpoint::default()
    }
}

/// All payloads of an instance's history.
fn whole_history(
    journal: &dyn Journal,
    partition: u32,
    instance: u64,
) -> Result<Vec<Bytes>, Error> {
    let part = journal.history(partition, instance, usize::MAX)?;
    assert!(!part.is_cut, "nothing is left out");
    Ok(part.payloads)
}

fn history(instance: u64, payload: &str) -> HistoryRecord {
    HistoryRecord {
        instance,
        payload: bytes(payload),
        ended: None,
    }
}

fn lead(journal: &dyn Journal, partition: u32) -> Box<dyn Lead> {
    journal.lead(partition, "contract").expect("lead")
}

type State = BTreeMap<Bytes, Bytes>;

/// Follows to the next checkpoint, changing `state`; gives its position and term.
fn follow(observer: &mut dyn Observer, state: &mut State) -> (u64, u64) {
    let mut idle = 0;
    while idle < PATIENCE {
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
            Observed::Idle => idle += 1,
        }
    }
    panic!("no checkpoint came");
}

/// The committed state of a partition with its position and term.
fn restore(journal: &dyn Journal, partition: u32) -> (State, u64, u64) {
    let mut observer = journal.observe(partition).expect("observe");
    let mut state = State::new();
    let (next_offset, term) = follow(&mut *observer, &mut state);
    (state, next_offset, term)
}

fn state(entries: &[(&str, &str)]) -> State {
    entries
        .iter()
        .map(|(k, v)| (bytes(*k), bytes(*v)))
        .collect()
}
