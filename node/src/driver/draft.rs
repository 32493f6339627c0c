//! What one checkpoint is to write, before it is encoded: shared by whoever commits it and whoever still reads it.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use engine::{Change, EntryKey, Kind};
use journal::{Checkpoint, CheckpointError, DeadLetter, Lead, Refusal};
use proto::record::RefusedRecord;
use rustc_hash::FxHashMap;

use super::history::History;
use super::outbound::{Fate, Published, RefusedDraft, kept};
use crate::views::{self, Definitions};

/// A checkpoint that is not committed yet.
#[derive(Debug)]
pub struct Draft {
    pub(super) next_offset: u64,
    pub(super) commands: u64,
    pub(super) bytes: u64,
    pub(super) changes: Vec<Change>,
    pub(super) history: History,
    /// As the journal numbers it.
    pub(super) partition: u32,
    pub(super) published: Vec<Published>,
    pub(super) refused: RefusedDraft,
    pub(super) dead_letters: Vec<DeadLetter>,
    /// Set when the checkpoint has views.
    pub(super) definitions: Option<Arc<Definitions>>,
}

impl Draft {
    /// The first offset that it does not include.
    pub fn next_offset(&self) -> u64 {
        self.next_offset
    }

    /// How many commands it includes.
    pub fn commands(&self) -> u64 {
        self.commands
    }

    /// How long they are together.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    pub fn history(&self) -> &History {
        &self.history
    }

    /// The encoded entry that sums up the state.
    pub fn summary(&self) -> Option<Bytes> {
        let mut changes = self.changes.iter();
        let meta = changes.find(|change| change.key.kind == Kind::Meta)?;
        meta.value.clone()
    }

    /// Takes in the draft that follows this one, when this one could not be committed. Nothing grows with repetition:
    /// an entry has one change.
    pub fn merge(&mut self, newer: Draft) {
        self.next_offset = newer.next_offset;
        self.commands += newer.commands;
        self.bytes += newer.bytes;
        let places = self.changes.iter().enumerate();
        let mut places: FxHashMap<EntryKey, usize> =
            places.map(|(place, change)| (change.key, place)).collect();
        for change in newer.changes {
            let place = *places.entry(change.key).or_insert(self.changes.len());
            match self.changes.get_mut(place) {
                Some(older) => *older = change,
                None => self.changes.push(change),
            }
        }
        self.history.merge(newer.history);
        self.published.extend(newer.published);
        self.refused.merge(newer.refused);
        self.dead_letters.extend(newer.dead_letters);
        self.definitions = newer.definitions;
    }

    /// As the journal takes it.
    pub fn encode(&self) -> Checkpoint {
        let change = |change: &Change| journal::Change {
            key: change.key.encode(),
            value: change.value.clone(),
        };
        Checkpoint {
            next_offset: self.next_offset,
            changes: self
                .changes
                .iter()
                .map(change)
                .chain(self.refused.changes())
                .collect(),
            history: self.history.encode(),
            outbound: self.published.iter().map(Published::outbound).collect(),
            dead_letters: self.dead_letters.clone(),
            views: match &self.definitions {
                Some(definitions) => views::of(&self.changes, definitions, self.next_offset),
                None => Vec::new(),
            },
        }
    }

    /// Commits it. Records that their topics refuse are kept by the very checkpoint that goes without them; these are
    /// given, for [`super::Driver::withhold`].
    ///
    /// # Errors
    /// See [`CheckpointError`]; it is never `Refused`.
    pub fn commit(&self, lead: &mut dyn Lead) -> Result<Vec<RefusedRecord>, CheckpointError> {
        let mut checkpoint = self.encode();
        let mut published: Vec<&Published> = self.published.iter().collect();
        let mut refused = Vec::new();
        loop {
            match lead.checkpoint(&checkpoint) {
                Ok(()) => return Ok(refused),
                // Each time there are fewer records.
                Err(CheckpointError::Refused(refusals)) => {
                    self.go_without(&mut checkpoint, &mut published, refusals, &mut refused)?;
                }
                Err(
                    error @ (CheckpointError::Full
                    | CheckpointError::Fenced
                    | CheckpointError::Failed(_)),
                ) => return Err(error),
            }
        }
    }

    fn go_without(
        &self,
        checkpoint: &mut Checkpoint,
        published: &mut Vec<&Published>,
        refusals: Vec<Refusal>,
        refused: &mut Vec<RefusedRecord>,
    ) -> Result<(), CheckpointError> {
        let reasons = refusals.into_iter();
        let mut reasons: BTreeMap<usize, String> = reasons
            .map(|refusal| (refusal.index, refusal.reason))
            .collect();
        let before = published.len();
        let mut rest = Vec::with_capacity(before);
        for (index, record) in published.drain(..).enumerate() {
            let Some(reason) = reasons.remove(&index) else {
                rest.push(record);
                continue;
            };
            match self.refused.refuse(record, reason, self.partition, refused) {
                Fate::Waits(record) => {
                    checkpoint.changes.push(kept(&record));
                    refused.push(record);
                }
                Fate::Dead(letter) => checkpoint.dead_letters.push(letter),
            }
        }
        *published = rest;
        checkpoint.outbound = published.iter().map(|record| record.outbound()).collect();
        match published.len() < before {
            true => Ok(()),
            false => Err(CheckpointError::Failed(
                "records were refused that it does not have".to_owned(),
            )),
        }
    }
}
