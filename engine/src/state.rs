//! The state of a partition: tables of entries, and indexes that are derived from them.
//!
//! Only `evolve` changes it. An index can always be rebuilt from the tables; nothing iterates a
//! hash map to decide.

mod buffer;
mod compiled;
mod decision;
mod evolve;
mod hot;
mod index;
pub(crate) mod instance;
mod key;
mod lookup;
mod restore;
mod starts;
mod table;
mod waiting;

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use proto::record::{
    Continuation, Decision, DecisionRequirements, Definition, Incident, Instance, Job, Message,
    Meta, Outbox, PendingDeployment, RemoteSubscription, Requests, Resource, Stream, Subscription,
    Timer, UserTask, Variables,
};

pub use compiled::executable_of;
pub use index::{Due, JobCounts};
pub(crate) use index::{MESSAGE_SEPARATOR, by_message};
pub(crate) use key::{COUNTER_BITS, outbox_number};
pub use key::{EntryKey, Kind, first_key_of, partition_for, partition_of};
pub use restore::{Loading, RestoreError};
use table::Table;
pub use table::{Change, Digest};
pub(crate) use waiting::Waiting;

use crate::executable::Executable;

/// The state of one partition.
#[derive(Debug, Clone)]
pub struct State {
    pub(crate) meta: Meta,
    digest: Digest,
    resources: Table<Resource>,
    definitions: Table<Definition>,
    requirements: Table<DecisionRequirements>,
    decisions: Table<Decision>,
    instances: Table<Instance>,
    variables: Table<Variables>,
    jobs: Table<Job>,
    tasks: Table<UserTask>,
    timers: Table<Timer>,
    messages: Table<Message>,
    subscriptions: Table<Subscription>,
    remotes: Table<RemoteSubscription>,
    incidents: Table<Incident>,
    continuations: Table<Continuation>,
    streams: Table<Stream>,
    requests: Table<Requests>,
    outbox: Table<Outbox>,
    deployments: Table<PendingDeployment>,
    index: index::Index,
    hot: hot::Hot,
}

impl State {
    /// An empty partition. Partitions are numbered from 1.
    pub fn new(partition: u32, partitions: u32) -> State {
        State {
            meta: Meta {
                partition,
                partitions,
                next_counter: 1,
                semantics: crate::SEMANTICS,
                ..Meta::default()
            },
            digest: Digest::default(),
            resources: Table::new(Kind::Resource),
            definitions: Table::new(Kind::Definition),
            requirements: Table::new(Kind::DecisionRequirements),
            decisions: Table::new(Kind::Decision),
            instances: Table::new(Kind::Instance),
            variables: Table::new(Kind::Variables),
            jobs: Table::new(Kind::Job),
            tasks: Table::new(Kind::UserTask),
            timers: Table::new(Kind::Timer),
            messages: Table::new(Kind::Message),
            subscriptions: Table::new(Kind::Subscription),
            remotes: Table::new(Kind::RemoteSubscription),
            incidents: Table::new(Kind::Incident),
            continuations: Table::new(Kind::Continuation),
            streams: Table::new(Kind::Stream),
            requests: Table::new(Kind::Requests),
            outbox: Table::new(Kind::Outbox),
            deployments: Table::new(Kind::PendingDeployment),
            index: index::Index::default(),
            hot: hot::Hot::default(),
        }
    }

    pub fn partition(&self) -> u32 {
        self.meta.partition
    }

    pub fn term(&self) -> u64 {
        self.meta.term
    }

    /// The behaviour that this state asks for.
    pub fn semantics(&self) -> u32 {
        self.meta.semantics
    }

    /// The machine's time: the greatest timestamp of a command that changed something.
    pub fn now_ms(&self) -> i64 {
        self.meta.now_ms
    }

    /// When the next timer, lease, back-off or buffered message is due.
    pub fn next_due_ms(&self) -> Option<i64> {
        self.index.due.first().map(|(due_ms, _)| *due_ms)
    }

    pub fn executable(&self, definition: u64) -> Option<&Arc<Executable>> {
        self.index.executables.get(&definition)
    }

    /// The key of a process's version; of the latest when `version` is not positive.
    pub fn definition_key(&self, process_id: &str, version: i32) -> Option<u64> {
        let versions = self.index.versions.get(process_id)?;
        match version {
            1.. => versions.get(&version).copied(),
            _ => versions.last_key_value().map(|(_, key)| *key),
        }
    }

    /// All definitions, by key.
    pub fn definitions(&self) -> Vec<&Definition> {
        self.definitions.in_order().collect()
    }

    /// Keys of the definitions, in order of deployment.
    pub fn definition_keys(&self) -> &BTreeSet<u64> {
        &self.index.definitions
    }

    pub fn definition(&self, key: u64) -> Option<&Definition> {
        self.definitions.get(key)
    }

    pub fn resource(&self, key: u64) -> Option<&Resource> {
        self.resources.get(key)
    }

    pub fn instance(&self, key: u64) -> Option<&Instance> {
        self.instances.get(key)
    }

    /// Keys of the live instances, in order of creation.
    pub fn instance_keys(&self) -> &BTreeSet<u64> {
        &self.index.instances
    }

    /// The instance that a scope or element instance belongs to.
    pub fn instance_of(&self, element: u64) -> Option<u64> {
        if self.instances.contains(element) {
            return Some(element);
        }
        self.index.elements.get(&element).copied()
    }

    /// The variables of a scope, a JSON object.
    pub fn variables(&self, scope: u64) -> Option<&[u8]> {
        Some(&self.variables.get(scope)?.document)
    }

    /// The encoded value of a variable of a scope.
    pub(crate) fn variable(&self, scope: u64, name: &str) -> Option<&[u8]> {
        let document = &self.variables.get(scope)?.document;
        self.hot.get(scope, document, name)
    }

    pub(crate) fn variables_bytes(&self, scope: u64) -> Option<&Bytes> {
        Some(&self.variables.get(scope)?.document)
    }

    pub(crate) fn continuation(&self, number: u64) -> Option<&Continuation> {
        self.continuations.get(number)
    }

    pub(crate) fn stream_with_credit(&self, job_type: &str) -> Option<&Stream> {
        let (credit, id) = self.index.streams.get(job_type)?.last()?;
        self.streams.get(id.0).filter(|_| *credit > 0)
    }

    pub fn job(&self, key: u64) -> Option<&Job> {
        self.jobs.get(key)
    }

    pub fn job_count(&self) -> usize {
        self.jobs.len()
    }

    pub fn job_counts(&self) -> JobCounts {
        self.index.job_counts
    }

    /// Jobs of this type that nobody holds, oldest first.
    pub fn activatable_jobs(&self, job_type: &str) -> impl Iterator<Item = u64> + '_ {
        let jobs = self.index.activatable.get(job_type);
        jobs.into_iter().flatten().copied()
    }

    pub fn task(&self, key: u64) -> Option<&UserTask> {
        self.tasks.get(key)
    }

    /// Keys of all user tasks: open ones, and ended ones of live instances.
    pub fn task_keys(&self) -> &BTreeSet<u64> {
        &self.index.tasks
    }

    pub fn incident(&self, key: u64) -> Option<&Incident> {
        self.incidents.get(key)
    }

    pub fn incident_keys(&self) -> &BTreeSet<u64> {
        &self.index.incidents
    }

    pub fn timer(&self, key: u64) -> Option<&Timer> {
        self.timers.get(key)
    }

    pub fn message(&self, key: u64) -> Option<&Message> {
        self.messages.get(key)
    }

    pub fn subscription(&self, key: u64) -> Option<&Subscription> {
        self.subscriptions.get(key)
    }

    pub fn stream(&self, id: u64) -> Option<&Stream> {
        self.streams.get(id)
    }

    /// Sends to one other partition that were not delivered yet, in order.
    pub fn outbox(&self, target: u32) -> impl Iterator<Item = &Outbox> {
        let (first, last) = (outbox_number(target, 0), outbox_number(target + 1, 0));
        self.index
            .outbox
            .range(first..last)
            .filter_map(|number| self.outbox.get(*number))
    }

    /// Steps that are left to take: (instance, number), oldest first. Parked ones are left out.
    pub fn continuations(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let waiting = self.index.continuations.iter();
        waiting.filter_map(|number| {
            let continuation = self.continuations.get(*number)?;
            Some((continuation.instance, *number))
        })
    }

    /// The net changes since the last call, and the meta entry with this position.
    ///
    /// `offset` is the last one applied, whether it changed anything or not.
    pub fn drain_changes(&mut self, offset: u64) -> Vec<Change> {
        let mut changes = Vec::new();
        let digest = &mut self.digest;
        self.resources.drain(digest, &mut changes);
        self.definitions.drain(digest, &mut changes);
        self.requirements.drain(digest, &mut changes);
        self.decisions.drain(digest, &mut changes);
        self.instances.drain(digest, &mut changes);
        self.variables.drain(digest, &mut changes);
        self.jobs.drain(digest, &mut changes);
        self.tasks.drain(digest, &mut changes);
        self.timers.drain(digest, &mut changes);
        self.messages.drain(digest, &mut changes);
        self.subscriptions.drain(digest, &mut changes);
        self.remotes.drain(digest, &mut changes);
        self.incidents.drain(digest, &mut changes);
        self.continuations.drain(digest, &mut changes);
        self.streams.drain(digest, &mut changes);
        self.requests.drain(digest, &mut changes);
        self.outbox.drain(digest, &mut changes);
        self.deployments.drain(digest, &mut changes);
        self.meta.offset = offset;
        self.meta.entry_count = digest.count;
        self.meta.entry_hash = digest.sum;
        changes.push(restore::meta_change(&self.meta));
        changes
    }

    /// The running hash of all entries, as of the last drain, with the counters of the partition.
    pub fn digest(&self) -> (Digest, u64, i64, u64) {
        let meta = &self.meta;
        (self.digest, meta.next_counter, meta.now_ms, meta.term)
    }
}
