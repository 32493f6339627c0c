//! What is stored and what the log says must be one state, byte for byte.
//!
//! For journals whose log is whole: nobody has deleted what checkpoints include.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use engine::{EntryKey, Kind, Limits, Position, State};
use journal::{Journal, Observed};
use node::PartitionId;
use prost::Message;
use proto::record::{Command, Event};

/// A journal that says nothing for so many waits has nothing more to say.
const WAITS_MAX: usize = 600;
const WAIT: Duration = Duration::from_millis(50);

/// The state as of the last checkpoint.
#[derive(Debug, PartialEq)]
pub struct Stored {
    pub entries: BTreeMap<Bytes, Bytes>,
    /// The first offset of the log that it does not include.
    pub next_offset: u64,
}

/// Reads the entries of a partition, as a new leader does, but fences nobody.
pub fn stored(journal: &dyn Journal, partition: PartitionId) -> Stored {
    let mut observer = journal.observe(partition.in_journal()).expect("observe");
    let mut entries = BTreeMap::new();
    let mut silent = 0;
    while silent < WAITS_MAX {
        match observer.next(WAIT).expect("observe") {
            Observed::Change(change) => {
                silent = 0;
                match change.value {
                    Some(value) => entries.insert(change.key, value),
                    None => entries.remove(&change.key),
                };
            }
            Observed::Checkpoint { next_offset, .. } => {
                return Stored {
                    entries,
                    next_offset,
                };
            }
            Observed::Idle => silent += 1,
        }
    }
    panic!("no checkpoint came");
}

/// The entries that applying the log from its beginning gives. `see` gets every event.
pub fn replayed(
    journal: &dyn Journal,
    partition: PartitionId,
    next_offset: u64,
    mut see: impl FnMut(&Event),
) -> BTreeMap<Bytes, Bytes> {
    let mut state = State::new(partition.number(), journal.partitions());
    let mut reader = journal.read(partition.in_journal(), 0).expect("read");
    let (mut done, mut silent) = (0, 0);
    while done < next_offset {
        let records = reader.next(WAIT).expect("next");
        silent = if records.is_empty() { silent + 1 } else { 0 };
        assert!(silent < WAITS_MAX, "the log ends at {done}");
        for record in records
            .iter()
            .take_while(|record| record.offset < next_offset)
        {
            let position = Position {
                offset: record.offset,
                timestamp_ms: record.timestamp_ms,
            };
            let command = Command::decode(record.command.clone()).expect("a command");
            // Rejections repeat themselves too.
            if let Ok(outcome) = engine::apply(&mut state, position, &command, &Limits::default()) {
                outcome.events.iter().for_each(&mut see);
            }
            done = record.offset + 1;
        }
    }
    let changes = state
        .drain_changes(next_offset.saturating_sub(1))
        .into_iter();
    let entries = changes.filter_map(|change| Some((change.key.encode(), change.value?)));
    entries.collect()
}

/// Compares the two for each partition. `see` gets every event of the log.
pub fn check(journal: &dyn Journal, mut see: impl FnMut(&Event)) {
    for partition in PartitionId::all(journal.partitions()) {
        let stored = stored(journal, partition);
        let next_offset = stored.next_offset;
        let replayed = replayed(journal, partition, next_offset, &mut see);
        let restored = |entries: &BTreeMap<Bytes, Bytes>| {
            let entries = entries.clone().into_iter().filter(|(key, _)| is_entry(key));
            let state = State::restore(
                partition.number(),
                journal.partitions(),
                engine::SEMANTICS,
                entries,
            );
            state
                .expect("the number and the hash of the entries")
                .digest()
        };
        assert_eq!(
            different(&stored.entries, &replayed),
            BTreeSet::new(),
            "partition {partition} at {next_offset}: the state is not what the log says"
        );
        assert_eq!(restored(&stored.entries), restored(&replayed));
        println!(
            "partition {partition}: {} entries are those of {next_offset} commands",
            replayed.len()
        );
    }
}

/// What is kept beside the entries, such as refused records, is no part of the state.
fn is_entry(key: &[u8]) -> bool {
    EntryKey::decode(key).is_some()
}

/// Keys whose entries differ. The summary has its own comparison: it also says where the checkpoint was.
fn different(one: &BTreeMap<Bytes, Bytes>, other: &BTreeMap<Bytes, Bytes>) -> BTreeSet<String> {
    let is_compared =
        |key: &&Bytes| EntryKey::decode(key).is_some_and(|entry| entry.kind != Kind::Meta);
    let keys = one.keys().chain(other.keys()).filter(is_compared);
    let keys = keys.filter(|key| one.get(*key) != other.get(*key));
    keys.map(|key| format!("{:?}", EntryKey::decode(key)))
        .collect()
}
