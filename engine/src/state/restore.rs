//! State from the entries of a checkpoint.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use prost::{DecodeError, Message};
use proto::record::{Definition, Meta};

use super::key::{EntryKey, Kind};
use super::table::{Change, Digest, Table};
use super::{Due, State, index};

/// Entries that do not make a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestoreError {
    /// A key or value that this build cannot read.
    Unreadable { key: Bytes, reason: String },
    /// Entries are missing or too many: what was read is not what was written.
    Differs { expected: Digest, found: Digest },
    /// Written by a build with a behaviour that this one does not know.
    NewerSemantics { found: u32, known: u32 },
    /// Of another partition, or of an installation with another number of partitions.
    OtherPartition { partition: u32, partitions: u32 },
}

impl fmt::Display for RestoreError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RestoreError::Unreadable { key, reason } => {
                write!(
                    formatter,
                    "the entry with key {key:?} cannot be read: {reason}"
                )
            }
            RestoreError::Differs { expected, found } => write!(
                formatter,
                "the state has {} entries with hash {:016x}, but {} with {:016x} were written",
                found.count, found.sum, expected.count, expected.sum
            ),
            RestoreError::NewerSemantics { found, known } => write!(
                formatter,
                "the state was written with semantics {found}, this build knows up to {known}: start a newer build"
            ),
            RestoreError::OtherPartition {
                partition,
                partitions,
            } => write!(
                formatter,
                "the state is of partition {partition} of {partitions}"
            ),
        }
    }
}

impl std::error::Error for RestoreError {}

pub(super) fn meta_change(meta: &Meta) -> Change {
    Change {
        key: EntryKey {
            kind: Kind::Meta,
            number: 0,
        },
        value: Some(Bytes::from(meta.encode_to_vec())),
    }
}

/// A state that is being restored. Its entries may come in any order and more than once: the last of each counts.
#[derive(Debug)]
pub struct Loading {
    state: State,
    partition: u32,
    partitions: u32,
    /// Why, by key.
    unreadable: BTreeMap<Bytes, String>,
}

impl Loading {
    pub fn new(partition: u32, partitions: u32) -> Loading {
        Loading {
            state: State::new(partition, partitions),
            partition,
            partitions,
            unreadable: BTreeMap::new(),
        }
    }

    /// Takes an entry, or that it is gone.
    pub fn put(&mut self, key: &Bytes, value: Option<&Bytes>) {
        match self.state.load(key, value) {
            Ok(()) if self.unreadable.is_empty() => {}
            Ok(()) => drop(self.unreadable.remove(key)),
            Err(reason) => drop(self.unreadable.insert(key.clone(), reason)),
        }
    }

    /// Verifies number and hash of the entries. `known` is the newest behaviour that the build knows.
    ///
    /// # Errors
    /// See [`RestoreError`].
    pub fn finish(mut self, known: u32) -> Result<State, RestoreError> {
        let found = self.state.meta.semantics;
        if found > known {
            return Err(RestoreError::NewerSemantics { found, known });
        }
        if let Some((key, reason)) = self.unreadable.pop_first() {
            return Err(RestoreError::Unreadable { key, reason });
        }
        self.state.verify(self.partition, self.partitions)?;
        self.state.rebuild_index();
        Ok(self.state)
    }
}

impl State {
    /// The state that these entries were drained from, see [`Loading`].
    ///
    /// # Errors
    /// See [`RestoreError`].
    pub fn restore(
        partition: u32,
        partitions: u32,
        known: u32,
        entries: impl IntoIterator<Item = (Bytes, Bytes)>,
    ) -> Result<State, RestoreError> {
        let mut loading = Loading::new(partition, partitions);
        for (key, value) in entries {
            loading.put(&key, Some(&value));
        }
        loading.finish(known)
    }

    /// How many entries there are, as of the last drain.
    pub fn entry_count(&self) -> u64 {
        self.digest.count
    }

    fn load(&mut self, key: &Bytes, value: Option<&Bytes>) -> Result<(), String> {
        let Some(EntryKey { kind, number }) = EntryKey::decode(key) else {
            return Err("the key is of no known kind".to_owned());
        };
        let digest = &mut self.digest;
        let loaded: Result<(), DecodeError> = match kind {
            Kind::Meta => match value {
                Some(value) => Meta::decode(value.clone()).map(|meta| self.meta = meta),
                None => Ok(()),
            },
            Kind::Resource => self.resources.load(number, value, digest),
            Kind::Definition => self.definitions.load(number, value, digest),
            Kind::DecisionRequirements => self.requirements.load(number, value, digest),
            Kind::Decision => self.decisions.load(number, value, digest),
            Kind::Instance => self.instances.load(number, value, digest),
            Kind::Variables => self.variables.load(number, value, digest),
            Kind::Job => self.jobs.load(number, value, digest),
            Kind::UserTask => self.tasks.load(number, value, digest),
            Kind::Timer => self.timers.load(number, value, digest),
            Kind::Message => self.messages.load(number, value, digest),
            Kind::Subscription => self.subscriptions.load(number, value, digest),
            Kind::Incident => self.incidents.load(number, value, digest),
            Kind::Continuation => self.continuations.load(number, value, digest),
            Kind::Stream => self.streams.load(number, value, digest),
            Kind::Requests => self.requests.load(number, value, digest),
            Kind::Outbox => self.outbox.load(number, value, digest),
            Kind::RemoteSubscription => self.remotes.load(number, value, digest),
            Kind::PendingDeployment => self.deployments.load(number, value, digest),
        };
        loaded.map_err(|error| error.to_string())
    }

    fn verify(&self, partition: u32, partitions: u32) -> Result<(), RestoreError> {
        let meta = &self.meta;
        if (meta.partition, meta.partitions) != (partition, partitions) {
            return Err(RestoreError::OtherPartition {
                partition: meta.partition,
                partitions: meta.partitions,
            });
        }
        let expected = Digest {
            count: meta.entry_count,
            sum: meta.entry_hash,
        };
        if expected != self.digest {
            return Err(RestoreError::Differs {
                expected,
                found: self.digest,
            });
        }
        Ok(())
    }

    fn rebuild_index(&mut self) {
        let definitions = self.definitions().into_iter().cloned().collect::<Vec<_>>();
        for definition in &definitions {
            self.index_definition(definition);
        }
        self.index_decisions();
        let index = &mut self.index;
        for instance in self.instances.in_order() {
            index.instances.insert(instance.key);
            index.add_awaited(instance);
            for element in instance.elements.iter().skip(1) {
                index.elements.insert(element.key, instance.key);
            }
            index.add_started(instance);
        }
        self.jobs.in_order().for_each(|job| index.add_job(job));
        self.timers
            .in_order()
            .for_each(|timer| index.add_timer(timer));
        rebuild_messages(index, &self.messages);
        let meta = &self.meta;
        for subscription in self.subscriptions.in_order() {
            if super::waiting::elsewhere(meta, subscription).is_none() {
                index.add_subscription(subscription);
            }
        }
        for remote in self.remotes.in_order() {
            index.add_remote(remote);
        }
        self.tasks.in_order().for_each(|task| index.add_task(task));
        index.incidents = self.incidents.iter().map(|incident| incident.key).collect();
        for continuation in self.continuations.iter() {
            index.add_continuation(continuation);
        }
        for stream in self.streams.iter() {
            index.add_stream(stream);
        }
        for requests in self.requests.iter() {
            let due_ms = super::evolve::requests_due_ms(requests.bucket);
            index.due.insert((due_ms, Due::Requests(requests.bucket)));
            let size = index.request_sizes.entry(requests.bucket).or_default();
            for mark in &requests.marks {
                *size += super::evolve::mark_bytes(&mark.request_id, mark.answer.len());
                index
                    .requests
                    .insert(mark.request_id.clone(), requests.bucket);
            }
        }
        for outbox in self.outbox.iter() {
            index
                .outbox
                .insert(super::outbox_number(outbox.target, outbox.sequence));
        }
        let pending = self.deployments.iter().map(|pending| pending.key);
        index.deployments = pending.collect();
    }

    /// Makes a definition known by id and version, and its start events if it is the latest.
    pub(super) fn index_definition(&mut self, definition: &Definition) {
        self.index.definitions.insert(definition.key);
        let Some(resource) = self.resources.get(definition.resource_key) else {
            return;
        };
        let index = &mut self.index;
        let Some(executable) = index.compiled.take(resource, definition) else {
            return;
        };
        let versions = index
            .versions
            .entry(definition.process_id.clone())
            .or_default();
        versions.insert(definition.version, definition.key);
        let is_latest = versions.last_key_value().map(|(_, key)| *key) == Some(definition.key);
        if is_latest {
            let (messages, signals) = (executable.start_messages(), executable.start_signals());
            index.message_starts.set(definition, &messages);
            index.signal_starts.set(definition, &signals);
        }
        index
            .executables
            .insert(definition.key, Arc::new(executable));
    }
}

fn rebuild_messages(index: &mut index::Index, messages: &Table<proto::record::Message>) {
    for message in messages.in_order() {
        index.messages.add(message);
        for process_id in &message.correlated_processes {
            index.messages.take(message, process_id);
        }
        for reservation in &message.reservations {
            index.add_reservation(reservation.subscription, message.key);
        }
        if message.reservations.is_empty() {
            let due = (message.until_ms, Due::Message(message.key));
            index.due.insert(due);
        }
    }
}
