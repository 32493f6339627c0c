//! Records for the users' topics: what the next checkpoint is to publish, and what a topic has refused.
//!
//! A refused record must neither stop the checkpoints nor be lost. The checkpoint goes without it and writes it down
//! beside the entries of the state, in the same transaction; then a command parks it, which makes an incident of it,
//! and the next checkpoint takes it out again. So whoever leads finds it in the checkpoint, knows that it was not
//! published, and parks it; a command that comes twice is refused by its sequence. Refused records cannot wait for
//! that command instead: where a process publishes all the time, others would be refused before it comes, and no
//! checkpoint would ever be free of them.

use std::collections::BTreeMap;
use std::mem::take;

use bytes::Bytes;
use engine::{Event, RestoreError};
use journal::{Change, DeadLetter, OutboundRecord};
use prost::Message;
use proto::record::{Command, ParkRecord, PublishedRecord, RefusedRecord, command::Kind, event};
use serde::Serialize;
use serde_json::Value;

use super::Driver;

/// The key of a refused record in the state topic, before its sequence. No kind of entry begins with this byte.
const KEY_PREFIX: &[u8] = b"\xfeweir.refused.";
/// Records that were refused and are not parked yet take so many bytes; what is refused beyond is a dead letter.
const REFUSED_BYTES_MAX: usize = 64 << 20;
/// Commands that park are proposed so many at a time.
const WINDOW_MAX: usize = 256;
/// Their bytes, unless one alone is longer.
const WINDOW_BYTES_MAX: usize = 1 << 20;

impl Driver {
    /// What is published goes out with the next checkpoint; what was parked is no longer kept by it.
    pub(super) fn follow_records(&mut self, offset: u64, command: &Command, event: &Event) {
        if let Some(event::Kind::RecordPublished(published)) = &event.kind
            && let Some(record) = &published.record
        {
            self.applied_bytes += record.encoded_len() as u64;
            let record = record.clone();
            self.published.push(Published { offset, record });
        }
        if let Some(event::Kind::RecordParked(parked)) = &event.kind {
            self.refused.parked(parked.sequence);
            if parked.instance == 0
                && let Some(Kind::ParkRecord(park)) = &command.kind
                && let Some(refused) = &park.refused
            {
                let partition = self.partition_in_journal();
                let letter = dead_letter(refused, partition, "its instance has ended");
                self.dead_letters.push(letter);
            }
        }
    }

    /// Records that a committed checkpoint went without: commands will park them.
    pub fn withhold(&mut self, refused: Vec<RefusedRecord>) {
        for record in refused {
            self.refused.add(record);
        }
    }

    /// The record that a checkpoint of the leader went without, if the change is one that keeps such a record.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn withheld(change: &Change) -> Result<Option<RefusedRecord>, RestoreError> {
        match &change.value {
            Some(value) if change.key.starts_with(KEY_PREFIX) => {
                read(change.key.clone(), value.clone()).map(Some)
            }
            Some(_) | None => Ok(None),
        }
    }
}

fn read(key: Bytes, value: Bytes) -> Result<RefusedRecord, RestoreError> {
    let record = RefusedRecord::decode(value);
    record.map_err(|error| RestoreError::Unreadable {
        key,
        reason: error.to_string(),
    })
}

/// A record that a command has published.
#[derive(Debug, Clone)]
pub(super) struct Published {
    pub offset: u64,
    pub record: PublishedRecord,
}

impl Published {
    pub fn outbound(&self) -> OutboundRecord {
        let record = &self.record;
        let headers = record.headers.iter();
        OutboundRecord {
            topic: record.topic.clone(),
            key: record.key.clone(),
            value: record.value.clone(),
            headers: headers
                .map(|header| (header.name.clone(), header.value.clone()))
                .collect(),
            timestamp_ms: Some(record.timestamp_ms),
        }
    }
}

/// The refused records that are not parked yet.
#[derive(Debug, Default)]
pub(super) struct Refused {
    /// By their sequence; a checkpoint has each.
    waiting: BTreeMap<u64, RefusedRecord>,
    bytes: usize,
    /// The sequence of the last one that there ever was.
    last: u64,
    /// The end of the window that is under way; 0: none is.
    proposed_through: u64,
    /// Parked since the last draft.
    parked: Vec<u64>,
}

/// Whether an entry is of a refused record.
pub(super) fn is_own(key: &[u8]) -> bool {
    key.starts_with(KEY_PREFIX)
}

impl Refused {
    /// From the entries of a checkpoint that are its own.
    pub fn restore(
        entries: impl IntoIterator<Item = (Bytes, Bytes)>,
    ) -> Result<Refused, RestoreError> {
        let mut refused = Refused::default();
        for (key, value) in entries {
            refused.add(read(key, value)?);
        }
        Ok(refused)
    }

    /// Sequences go on after these, and after the last one that was parked.
    pub fn follow(&mut self, last_parked: u64) {
        self.last = self.last.max(last_parked);
    }

    /// A checkpoint was committed without this record, and has it.
    pub fn add(&mut self, record: RefusedRecord) {
        self.last = self.last.max(record.sequence);
        self.bytes += record.encoded_len();
        self.waiting.insert(record.sequence, record);
    }

    /// What is to be parked now, one window at a time.
    pub fn propose(&mut self) -> Vec<Kind> {
        if self.proposed_through > 0 {
            return Vec::new();
        }
        let mut bytes = 0;
        let window = self.waiting.values().take(WINDOW_MAX).take_while(|record| {
            let is_first = bytes == 0;
            bytes += record.encoded_len();
            is_first || bytes <= WINDOW_BYTES_MAX
        });
        let window: Vec<_> = window.cloned().collect();
        self.proposed_through = window.last().map_or(0, |record| record.sequence);
        let park = |refused| {
            let refused = Some(refused);
            Kind::ParkRecord(Box::new(ParkRecord { refused }))
        };
        window.into_iter().map(park).collect()
    }

    /// A command that parks has come, and was taken or not: after the last one of a window the next may begin.
    pub fn came(&mut self, park: &ParkRecord) {
        let sequence = park.refused.as_ref().map_or(0, |refused| refused.sequence);
        if sequence >= self.proposed_through {
            self.proposed_through = 0;
        }
    }

    pub fn forget_proposals(&mut self) {
        self.proposed_through = 0;
    }

    /// The record has an incident, or is a dead letter.
    pub fn parked(&mut self, sequence: u64) {
        if let Some(record) = self.waiting.remove(&sequence) {
            self.bytes -= record.encoded_len();
            self.parked.push(sequence);
        }
    }

    pub fn draft(&mut self) -> RefusedDraft {
        RefusedDraft {
            parked: take(&mut self.parked),
            next_sequence: self.last + 1,
            room: REFUSED_BYTES_MAX.saturating_sub(self.bytes),
        }
    }
}

/// What a checkpoint does to the refused records.
#[derive(Debug)]
pub(super) struct RefusedDraft {
    parked: Vec<u64>,
    next_sequence: u64,
    /// In bytes.
    room: usize,
}

/// What became of a refused record.
pub(super) enum Fate {
    Waits(RefusedRecord),
    Dead(DeadLetter),
}

impl RefusedDraft {
    pub fn merge(&mut self, newer: RefusedDraft) {
        self.parked.extend(newer.parked);
        (self.next_sequence, self.room) = (newer.next_sequence, newer.room);
    }

    /// Those that were parked, taken out.
    pub fn changes(&self) -> impl Iterator<Item = Change> {
        let parked = self.parked.iter();
        parked.map(|sequence| Change {
            key: key(*sequence),
            value: None,
        })
    }

    /// What is done with a record that the checkpoint goes without; `earlier` are refused already.
    pub fn refuse(
        &self,
        published: &Published,
        reason: String,
        partition: u32,
        earlier: &[RefusedRecord],
    ) -> Fate {
        let refused = RefusedRecord {
            sequence: self.next_sequence + earlier.len() as u64,
            record: Some(published.record.clone()),
            reason,
            offset: published.offset,
        };
        let bytes: usize = earlier.iter().map(Message::encoded_len).sum();
        if bytes + refused.encoded_len() <= self.room {
            return Fate::Waits(refused);
        }
        let why = "too many records were refused at once to make an incident of each";
        Fate::Dead(dead_letter(&refused, partition, why))
    }
}

/// The change that keeps a refused record.
pub(super) fn kept(record: &RefusedRecord) -> Change {
    Change {
        key: key(record.sequence),
        value: Some(Bytes::from(record.encode_to_vec())),
    }
}

fn key(sequence: u64) -> Bytes {
    Bytes::from([KEY_PREFIX, &sequence.to_be_bytes()].concat())
}

/// The record of a dead letter: what a person needs to publish it by other means.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Letter<'r> {
    topic: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// Null is a tombstone.
    value: Value,
    headers: BTreeMap<&'r str, String>,
    timestamp_ms: i64,
    instance_key: String,
}

/// A record that nobody parks, or whose instance has ended; its coordinates are those of the command that published it.
pub(super) fn dead_letter(refused: &RefusedRecord, partition: u32, why: &str) -> DeadLetter {
    let record = refused.record.clone().unwrap_or_default();
    let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
    let value = record.value.as_deref().map(serde_json::from_slice);
    let letter = Letter {
        topic: &record.topic,
        key: record.key.as_ref().map(text),
        value: value.and_then(Result::ok).unwrap_or_default(),
        headers: record
            .headers
            .iter()
            .map(|header| (header.name.as_str(), text(&header.value)))
            .collect(),
        timestamp_ms: record.timestamp_ms,
        instance_key: record.instance.to_string(),
    };
    DeadLetter {
        topic: None,
        partition,
        offset: refused.offset,
        // Strings, numbers and JSON are serialized without fail.
        record: Bytes::from(serde_json::to_vec(&letter).unwrap_or_default()),
        reason: format!(
            "the topic {} has refused the record ({}), and {why}",
            record.topic, refused.reason
        ),
    }
}
