//! Planted bugs: each must be found by the check that is there for it.
//!
//! Owns the bugs that sit between driver and journal; the others are marked where they strike.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use journal::memory::MemoryJournal;
use journal::{
    AppendError, Bytes, Change, Checkpoint, CheckpointError, Ended, Error, Extent, HistoryPart,
    Journal, Lead, Observed, Observer, Reader, Record,
};
use prost::Message;
use proto::record::event::Kind as Fact;
use proto::record::{Event, History};

/// What can be planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// The shell encodes commands without their request id: repeated, they are done twice.
    ForgetsRequestIds,
    /// Another answer than the first one.
    ChangesAnswers,
    /// Answers although the append has failed.
    AnswersTooEarly,
    /// A checkpoint writes the history of an instance twice.
    RepeatsHistory,
    /// A checkpoint leaves out the history of an instance.
    LosesHistory,
    /// A checkpoint writes variables into the history that were never there.
    ForgesHistory,
    /// A checkpoint does not tell that an instance has ended.
    LosesEnds,
    /// A checkpoint leaves out what a process has published.
    LosesRecords,
    /// A checkpoint publishes twice.
    RepeatsRecords,
    /// An entry that was removed is there again after a restore.
    ResurrectsEntries,
    /// Nobody reads one record in thirty.
    LosesCommands,
    NeverTicks,
    /// A job goes to every stream.
    PushesTwice,
    /// The oracle expects an element more.
    ExpectsMore,
}

/// The memory journal with a bug in front.
#[derive(Clone)]
pub struct Tampered {
    memory: MemoryJournal,
    bug: Option<Bug>,
    entries: Arc<Mutex<Entries>>,
}

/// What went through checkpoints.
#[derive(Default)]
struct Entries {
    live: BTreeMap<Bytes, Bytes>,
    removed: Option<(Bytes, Bytes)>,
}

impl Tampered {
    pub fn new(memory: MemoryJournal, bug: Option<Bug>) -> Tampered {
        Tampered {
            memory,
            bug,
            entries: Arc::default(),
        }
    }
}

impl Journal for Tampered {
    fn partitions(&self) -> u32 {
        self.memory.partitions()
    }

    fn append(&self, partition: u32, commands: &[Bytes]) -> Result<(), AppendError> {
        self.memory.append(partition, commands)
    }

    fn read(&self, partition: u32, from: u64) -> Result<Box<dyn Reader>, Error> {
        let reader = self.memory.read(partition, from)?;
        Ok(match self.bug {
            Some(Bug::LosesCommands) => Box::new(Forgetful(reader)),
            Some(_) | None => reader,
        })
    }

    fn observe(&self, partition: u32) -> Result<Box<dyn Observer>, Error> {
        let observer = self.memory.observe(partition)?;
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let removed = entries.removed.clone();
        Ok(match (self.bug, removed) {
            (Some(Bug::ResurrectsEntries), Some((key, value))) => Box::new(Resurrecting {
                observer,
                change: Some(Change {
                    key,
                    value: Some(value),
                }),
            }),
            (Some(_) | None, _) => observer,
        })
    }

    fn lead(&self, partition: u32, leader: &str) -> Result<Box<dyn Lead>, Error> {
        let lead = self.memory.lead(partition, leader)?;
        Ok(match self.bug {
            Some(bug) => Box::new(Forging {
                lead,
                bug,
                entries: Arc::clone(&self.entries),
            }),
            None => lead,
        })
    }

    fn history(
        &self,
        partition: u32,
        instance: u64,
        bytes_max: usize,
    ) -> Result<HistoryPart, Error> {
        self.memory.history(partition, instance, bytes_max)
    }

    fn ended(
        &self,
        partition: u32,
        before: Option<(i64, u64)>,
        limit: usize,
    ) -> Result<Vec<Ended>, Error> {
        self.memory.ended(partition, before, limit)
    }
}

struct Forgetful(Box<dyn Reader>);

impl Reader for Forgetful {
    fn next(&mut self, wait: Duration) -> Result<Vec<Record>, Error> {
        let mut records = self.0.next(wait)?;
        records.retain(|record| record.offset % 30 != 29);
        Ok(records)
    }
}

struct Resurrecting {
    observer: Box<dyn Observer>,
    change: Option<Change>,
}

impl Observer for Resurrecting {
    fn next(&mut self, wait: Duration) -> Result<Observed, Error> {
        match self.change.take() {
            Some(change) => Ok(Observed::Change(change)),
            None => self.observer.next(wait),
        }
    }

    fn extent(&self) -> Extent {
        self.observer.extent()
    }
}

struct Forging {
    lead: Box<dyn Lead>,
    bug: Bug,
    entries: Arc<Mutex<Entries>>,
}

impl Lead for Forging {
    fn term(&self) -> u64 {
        self.lead.term()
    }

    fn next_offset(&self) -> u64 {
        self.lead.next_offset()
    }

    fn checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), CheckpointError> {
        let mut forged = checkpoint.clone();
        match self.bug {
            Bug::RepeatsHistory => forged.history.extend(checkpoint.history.first().cloned()),
            Bug::LosesHistory => {
                forged.history.pop();
            }
            Bug::LosesEnds => forged
                .history
                .iter_mut()
                .for_each(|record| record.ended = None),
            Bug::LosesRecords => {
                forged.outbound.pop();
            }
            Bug::RepeatsRecords => forged.outbound.extend(checkpoint.outbound.first().cloned()),
            Bug::ForgesHistory => {
                for record in &mut forged.history {
                    record.payload = forge(&record.payload);
                }
            }
            Bug::ForgetsRequestIds
            | Bug::ChangesAnswers
            | Bug::AnswersTooEarly
            | Bug::ResurrectsEntries
            | Bug::LosesCommands
            | Bug::NeverTicks
            | Bug::PushesTwice
            | Bug::ExpectsMore => {}
        }
        self.lead.checkpoint(&forged)?;
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        for change in &checkpoint.changes {
            match &change.value {
                Some(value) => {
                    entries.live.insert(change.key.clone(), value.clone());
                }
                None => {
                    if let Some(entry) = entries.live.remove_entry(&change.key) {
                        entries.removed = Some(entry);
                    }
                }
            }
        }
        Ok(())
    }
}

fn forge(payload: &Bytes) -> Bytes {
    let mut history = History::decode(payload.clone()).unwrap_or_default();
    let events = history
        .batches
        .iter_mut()
        .flat_map(|batch| &mut batch.events);
    for event in events {
        if let Event {
            kind: Some(Fact::VariablesWritten(written)),
        } = event
        {
            written.document = Bytes::from_static(b"{\"forged\":true}");
        }
    }
    Bytes::from(history.encode_to_vec())
}
