//! The log as it is, applied in order by a machine that nothing ever happens to.

use std::time::Duration;

use engine::{Digest, Effect, Limits, Outcome, Position, Rejection, State, apply};
use journal::memory::MemoryJournal;
use journal::{Journal, Reader};
use node::driver::Output;
use proto::record::{Answer, Command, HistoryBatch, PublishedRecord, command::Kind};

use super::{Check, Ended, PARTITION, PARTITIONS};

pub type StateDigest = (Digest, u64, i64, u64);

pub struct Reference {
    reader: Option<Box<dyn Reader>>,
    state: State,
    limits: Limits,
    pub entries: Vec<Entry>,
    /// Records that topics refused and that a command parked.
    pub parked: Vec<PublishedRecord>,
}

/// One record and what it gave.
pub struct Entry {
    pub position: Position,
    /// The machine's time after it, and who asked: as the history tells.
    at_ms: i64,
    principal: String,
    pub result: Result<Outcome, Rejection>,
    pub digest: StateDigest,
}

impl Reference {
    pub fn new(memory: &MemoryJournal, limits: Limits) -> Reference {
        Reference {
            reader: memory.read(PARTITION.in_journal(), 0).ok(),
            state: State::new(PARTITION.number(), PARTITIONS),
            limits,
            entries: Vec::new(),
            parked: Vec::new(),
        }
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    /// Applies what can be seen of the log.
    pub fn catch_up(&mut self) {
        let records = self
            .reader
            .as_mut()
            .map(|reader| reader.next(Duration::ZERO));
        for record in records.and_then(Result::ok).unwrap_or_default() {
            let command: Command = prost::Message::decode(record.command).unwrap_or_default();
            let position = Position {
                offset: record.offset,
                timestamp_ms: record.timestamp_ms,
            };
            let result = apply(&mut self.state, position, &command, &self.limits);
            self.state.drain_changes(position.offset);
            if let (Ok(_), Some(Kind::ParkRecord(park))) = (&result, command.kind) {
                self.parked
                    .extend(park.refused.and_then(|refused| refused.record));
            }
            self.entries.push(Entry {
                position,
                at_ms: self.state.now_ms(),
                principal: command.principal,
                result,
                digest: self.state.digest(),
            });
        }
    }

    /// Of the state after all records below an offset.
    pub fn digest_before(&self, offset: u64) -> StateDigest {
        let after = self
            .entries
            .partition_point(|entry| entry.position.offset < offset);
        let last = after.checked_sub(1).and_then(|last| self.entries.get(last));
        last.map_or_else(Default::default, |entry| entry.digest)
    }

    fn entry(&self, offset: u64) -> Option<&Entry> {
        let place = self
            .entries
            .binary_search_by_key(&offset, |entry| entry.position.offset);
        self.entries.get(place.ok()?)
    }

    /// Whether a batch of a history tells time and author as the log has them.
    pub fn was_at(&self, batch: &HistoryBatch) -> bool {
        let entry = self.entry(batch.offset);
        entry.is_some_and(|entry| entry.at_ms == batch.at_ms && entry.principal == batch.principal)
    }

    /// Whoever applies a record gives the same answer.
    pub fn compare(&self, output: &Output) -> Ended {
        let (offset, is_equal) = match output {
            Output::Applied { offset, result, .. } => {
                let expected = self.entry(*offset).map(|entry| &entry.result);
                let is_equal = match (expected, result) {
                    (Some(Ok(outcome)), Ok(answer)) => outcome.answer == *answer,
                    (Some(Err(expected)), Err(found)) => expected == found,
                    (Some(Ok(_)) | None, Err(_)) | (Some(Err(_)) | None, Ok(_)) => false,
                };
                (*offset, is_equal)
            }
            Output::Late {
                offset,
                correlation,
                answer,
            } => {
                let entry = self.entry(*offset).map(|entry| &entry.result);
                let outcome = entry.and_then(|result| result.as_ref().ok());
                let is_equal = outcome.is_some_and(|outcome| {
                    let answers = outcome.effects.iter();
                    answers
                        .filter_map(late)
                        .any(|late| late == (*correlation, answer))
                });
                (*offset, is_equal)
            }
            Output::PushJob { .. }
            | Output::JobsAvailable { .. }
            | Output::TaskChanged(_)
            | Output::TermBegun { .. }
            | Output::Skipped { .. }
            | Output::Unreadable { .. } => return Ok(()),
        };
        if is_equal {
            return Ok(());
        }
        let expected = self.entry(offset).map(|entry| &entry.result);
        Err((
            Check::Replicas,
            format!("{output:?}, the log gives {expected:?}"),
        ))
    }
}

fn late(effect: &Effect) -> Option<(u64, &Answer)> {
    match effect {
        Effect::Answer {
            correlation,
            answer,
            ..
        } => Some((*correlation, answer)),
        Effect::PushJob { .. }
        | Effect::JobsAvailable { .. }
        | Effect::TaskChanged { .. }
        | Effect::SendQueued { .. } => None,
    }
}
