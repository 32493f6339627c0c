//! The engine with its invariants checked after every command.
//!
//! Folding the events gives the state; a rejection changes nothing; replaying the log gives the
//! same state; a restore of the written entries gives the same state.

use std::collections::BTreeMap;

use bytes::Bytes;
use engine::{Command, EntryKey, Limits, Outcome, Position, Rejection, State, apply};
use proto::record::command::Kind;

/// 2026-01-01T00:00:00Z.
pub const START_MS: i64 = 1_767_225_600_000;

/// One partition without a journal.
pub struct Machine {
    pub state: State,
    pub limits: Limits,
    folded: State,
    /// What a compacted topic would hold.
    entries: BTreeMap<Bytes, Bytes>,
    log: Vec<(Position, Command)>,
    pub now_ms: i64,
}

impl Default for Machine {
    fn default() -> Machine {
        Machine::new(Limits::default())
    }
}

impl Machine {
    pub fn new(limits: Limits) -> Machine {
        Machine::of(1, 1, limits)
    }

    /// One partition of several.
    pub fn of(partition: u32, partitions: u32, limits: Limits) -> Machine {
        Machine {
            state: State::new(partition, partitions),
            limits,
            folded: State::new(partition, partitions),
            entries: BTreeMap::new(),
            log: Vec::new(),
            now_ms: START_MS,
        }
    }

    /// Commands that were applied or rejected.
    pub fn len(&self) -> usize {
        self.log.len()
    }

    pub fn is_empty(&self) -> bool {
        self.log.is_empty()
    }

    /// Applies a command of nobody in particular.
    ///
    /// # Errors
    /// The engine's rejection.
    pub fn apply(&mut self, kind: Kind) -> Result<Outcome, Rejection> {
        self.apply_command(Command {
            kind: Some(kind),
            ..Command::default()
        })
    }

    /// Applies a command and checks the invariants.
    ///
    /// # Errors
    /// The engine's rejection.
    pub fn apply_command(&mut self, command: Command) -> Result<Outcome, Rejection> {
        let position = Position {
            offset: self.log.len() as u64,
            timestamp_ms: self.now_ms,
        };
        let outcome = apply(&mut self.state, position, &command, &self.limits);
        self.log.push((position, command));
        match &outcome {
            Ok(outcome) => self.check_fold(position, outcome),
            Err(rejection) => self.check_nothing_changed(position, rejection),
        }
        outcome
    }

    fn check_fold(&mut self, position: Position, outcome: &Outcome) {
        for event in &outcome.events {
            self.folded.evolve(position, event);
        }
        let changes = self.state.drain_changes(position.offset);
        let folded = self.folded.drain_changes(position.offset);
        assert_eq!(
            changes, folded,
            "fold(history) differs from the state at {position:?}"
        );
        for change in changes {
            match change.value {
                Some(value) => self.entries.insert(change.key.encode(), value),
                None => self.entries.remove(&change.key.encode()),
            };
        }
    }

    fn check_nothing_changed(&mut self, position: Position, rejection: &Rejection) {
        let changes = self.state.drain_changes(position.offset);
        let folded = self.folded.drain_changes(position.offset);
        assert_eq!(
            changes.len(),
            1,
            "the rejection `{rejection}` changed {changes:?}"
        );
        assert_eq!(
            changes, folded,
            "the rejection `{rejection}` changed the counters"
        );
        for change in changes {
            if let Some(value) = change.value {
                self.entries.insert(change.key.encode(), value);
            }
        }
    }

    /// As after a crash: the state is thrown away and restored from what was written.
    pub fn restart(&mut self) {
        let (partition, partitions) = (self.state.partition(), self.state.partitions());
        let entries = self.entries.clone();
        let restored = State::restore(partition, partitions, self.limits.semantics, entries);
        self.state = restored.expect("the entries restore");
    }

    /// Entries of one kind that a compacted topic would hold.
    pub fn count(&self, kind: engine::Kind) -> usize {
        let keys = self.entries.keys().filter_map(|key| EntryKey::decode(key));
        keys.filter(|key| key.kind == kind).count()
    }

    /// The length of the longest entry that was written.
    pub fn longest(&self) -> usize {
        let entries = self.entries.iter();
        let lengths = entries.map(|(key, value)| key.len() + value.len());
        lengths.max().unwrap_or(0)
    }

    /// Fires what is due and takes the steps that are left, until nothing moves by itself.
    pub fn settle(&mut self) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        // A cycle timer with a tiny interval would tick for ever.
        for _ in 0..10_000 {
            let next = self.state.continuations().next();
            let kind = match next {
                Some((instance_key, number)) => Kind::Continue(proto::record::Continue {
                    instance_key,
                    number,
                }),
                None if self
                    .state
                    .next_due_ms()
                    .is_some_and(|due| due <= self.now_ms) =>
                {
                    Kind::Tick(proto::record::Tick {})
                }
                None => break,
            };
            if let Ok(outcome) = self.apply(kind) {
                outcomes.push(outcome);
            }
        }
        outcomes
    }

    /// Replays the log and restores the entries: both must give this state.
    pub fn check_replay_and_restore(&mut self) {
        let (partition, partitions) = (self.state.partition(), self.state.partitions());
        let mut replayed = State::new(partition, partitions);
        for (position, command) in &self.log {
            // Rejections repeat themselves too.
            let _ = apply(&mut replayed, *position, command, &self.limits);
        }
        let last = self.log.len().saturating_sub(1) as u64;
        replayed.drain_changes(last);
        assert_eq!(
            replayed.digest(),
            self.state.digest(),
            "a replay gives another state"
        );

        let entries = self
            .entries
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()));
        let restored = State::restore(partition, partitions, self.limits.semantics, entries);
        let mut restored = restored.expect("the entries restore");
        restored.drain_changes(last);
        assert_eq!(
            restored.digest(),
            self.state.digest(),
            "a restore gives another state"
        );
        assert_eq!(restored.next_due_ms(), self.state.next_due_ms());
        assert_eq!(restored.task_keys(), self.state.task_keys());
        assert_eq!(restored.instance_keys(), self.state.instance_keys());
        assert_eq!(restored.incident_keys(), self.state.incident_keys());
    }
}
