//! What is derived from the tables so that nothing is searched for.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use proto::record::{
    Continuation, Instance, Job, RemoteSubscription, Stream, Subscription, Timer, UserTask, job,
};
use rustc_hash::FxHashMap;

use super::buffer::Messages;
use super::compiled::Compiled;
use super::decision::Decisions;
use super::starts::Starts;
use crate::executable::Executable;

/// What happens at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Due {
    Timer(u64),
    /// The end of a lease, or of a back-off.
    Job(u64),
    Message(u64),
    Requests(u64),
}

/// Between the name and the correlation key; a name with it in it is refused.
pub(crate) const MESSAGE_SEPARATOR: char = '\0';

/// How messages and subscriptions find each other.
pub(crate) fn by_message(name: &str, correlation_key: &str) -> String {
    let mut key = String::with_capacity(name.len() + 1 + correlation_key.len());
    key.push_str(name);
    key.push(MESSAGE_SEPARATOR);
    key.push_str(correlation_key);
    key
}

/// Jobs by state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JobCounts {
    /// Nobody holds them.
    pub activatable: usize,
    /// A worker holds them.
    pub leased: usize,
    /// They failed and are offered again later.
    pub backing_off: usize,
    /// They have failed for good: an incident.
    pub failed: usize,
    /// They threw an error that nobody caught: an incident.
    pub error_thrown: usize,
}

impl JobCounts {
    fn of(&mut self, state: job::State) -> &mut usize {
        match state {
            job::State::Activatable => &mut self.activatable,
            job::State::Leased => &mut self.leased,
            job::State::BackingOff => &mut self.backing_off,
            job::State::Failed => &mut self.failed,
            job::State::ErrorThrown => &mut self.error_thrown,
        }
    }
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    pub job_counts: JobCounts,
    pub executables: FxHashMap<u64, Arc<Executable>>,
    pub compiled: Compiled,
    pub decisions: Decisions,
    /// Process id → version → definition.
    pub versions: FxHashMap<String, BTreeMap<i32, u64>>,
    pub definitions: BTreeSet<u64>,
    /// By the names of messages, and of signals.
    pub message_starts: Starts,
    pub signal_starts: Starts,
    /// Definition → timers of its start events.
    pub start_timers: FxHashMap<u64, BTreeSet<u64>>,
    pub instances: BTreeSet<u64>,
    /// Element instance → instance.
    pub elements: FxHashMap<u64, u64>,
    /// Process id and correlation key → the instance that a message with it started.
    pub started: FxHashMap<String, u64>,
    /// Request id → the instance whose result its caller waits for.
    pub awaited: FxHashMap<Vec<u8>, u64>,
    /// Job type → jobs that nobody holds.
    pub activatable: FxHashMap<String, BTreeSet<u64>>,
    /// Job type → its streams, the one with the most credit last, the oldest of equal ones.
    pub streams: FxHashMap<String, BTreeSet<(u32, Reverse<u64>)>>,
    pub tasks: BTreeSet<u64>,
    /// Instance → its tasks, ended ones too.
    pub tasks_of: FxHashMap<u64, Vec<u64>>,
    pub incidents: BTreeSet<u64>,
    pub due: BTreeSet<(i64, Due)>,
    pub messages: Messages,
    /// [`by_message`] → subscriptions, oldest first.
    /// Those of other partitions' instances by their keys here; own ones whose messages are elsewhere are left out.
    pub subscriptions: FxHashMap<String, BTreeSet<u64>>,
    /// Name → subscriptions for the signal, oldest first.
    pub signals: FxHashMap<String, BTreeSet<u64>>,
    /// Key of a subscription on its own partition → its key here.
    pub remotes: FxHashMap<u64, u64>,
    /// Remote subscription → messages that are reserved for it, oldest first.
    pub reserved: FxHashMap<u64, BTreeSet<u64>>,
    /// Steps that the leader is to take; parked ones are left out.
    pub continuations: BTreeSet<u64>,
    /// Instance → its continuations, parked ones too.
    pub continuations_of: FxHashMap<u64, BTreeSet<u64>>,
    /// Request id → entry.
    pub requests: FxHashMap<Bytes, u64>,
    /// Entry of requests → about its bytes.
    pub request_sizes: BTreeMap<u64, usize>,
    pub outbox: BTreeSet<u64>,
    /// Those whose callers wait for the other partitions.
    pub deployments: BTreeSet<u64>,
}

impl Index {
    /// Where a job stands because of its state.
    pub fn add_job(&mut self, job: &Job) {
        *self.job_counts.of(job.state()) += 1;
        match job.state() {
            job::State::Activatable => match self.activatable.get_mut(&job.r#type) {
                Some(jobs) => {
                    jobs.insert(job.key);
                }
                None => {
                    let jobs = BTreeSet::from([job.key]);
                    self.activatable.insert(job.r#type.clone(), jobs);
                }
            },
            job::State::Leased | job::State::BackingOff => {
                self.due.insert((job.until_ms, Due::Job(job.key)));
            }
            job::State::Failed | job::State::ErrorThrown => {}
        }
    }

    pub fn remove_job(&mut self, job: &Job) {
        let count = self.job_counts.of(job.state());
        *count = count.saturating_sub(1);
        match job.state() {
            job::State::Activatable => {
                remove_from(&mut self.activatable, &job.r#type, job.key);
            }
            job::State::Leased | job::State::BackingOff => {
                self.due.remove(&(job.until_ms, Due::Job(job.key)));
            }
            job::State::Failed | job::State::ErrorThrown => {}
        }
    }

    pub fn add_timer(&mut self, timer: &Timer) {
        self.due.insert((timer.due_ms, Due::Timer(timer.key)));
        if timer.instance == 0 {
            let timers = self.start_timers.entry(timer.definition_key).or_default();
            timers.insert(timer.key);
        }
    }

    pub fn remove_timer(&mut self, timer: &Timer) {
        self.due.remove(&(timer.due_ms, Due::Timer(timer.key)));
        if timer.instance == 0
            && let Some(timers) = self.start_timers.get_mut(&timer.definition_key)
        {
            timers.remove(&timer.key);
        }
    }

    pub fn add_subscription(&mut self, subscription: &Subscription) {
        let waiting = if subscription.is_signal {
            self.signals.entry(subscription.name.clone()).or_default()
        } else {
            let key = by_message(&subscription.name, &subscription.correlation_key);
            self.subscriptions.entry(key).or_default()
        };
        waiting.insert(subscription.key);
    }

    pub fn remove_subscription(&mut self, subscription: &Subscription) {
        if subscription.is_signal {
            remove_from(&mut self.signals, &subscription.name, subscription.key);
            return;
        }
        let key = by_message(&subscription.name, &subscription.correlation_key);
        remove_from(&mut self.subscriptions, &key, subscription.key);
    }

    pub fn add_remote(&mut self, remote: &RemoteSubscription) {
        let key = by_message(&remote.name, &remote.correlation_key);
        self.subscriptions
            .entry(key)
            .or_default()
            .insert(remote.key);
        self.remotes.insert(remote.subscription, remote.key);
    }

    pub fn remove_remote(&mut self, remote: &RemoteSubscription) {
        let key = by_message(&remote.name, &remote.correlation_key);
        remove_from(&mut self.subscriptions, &key, remote.key);
        self.remotes.remove(&remote.subscription);
    }

    pub fn add_reservation(&mut self, remote: u64, message: u64) {
        self.reserved.entry(remote).or_default().insert(message);
    }

    pub fn remove_reservation(&mut self, remote: u64, message: u64) {
        let Some(messages) = self.reserved.get_mut(&remote) else {
            return;
        };
        messages.remove(&message);
        if messages.is_empty() {
            self.reserved.remove(&remote);
        }
    }

    pub fn add_awaited(&mut self, instance: &Instance) {
        if let Some(awaiting) = &instance.awaiting
            && !awaiting.request_id.is_empty()
        {
            let request_id = awaiting.request_id.to_vec();
            self.awaited.insert(request_id, instance.key);
        }
    }

    pub fn remove_awaited(&mut self, instance: &Instance) {
        if let Some(awaiting) = &instance.awaiting {
            self.awaited.remove(&awaiting.request_id[..]);
        }
    }

    /// An instance that a message with a correlation key has started.
    pub fn add_started(&mut self, instance: &Instance) {
        if let Some(started) = self.started_key(instance) {
            self.started.insert(started, instance.key);
        }
    }

    pub fn remove_started(&mut self, instance: &Instance) {
        if let Some(started) = self.started_key(instance) {
            self.started.remove(&started);
        }
    }

    fn started_key(&self, instance: &Instance) -> Option<String> {
        let origin = instance.origin.as_ref()?;
        if origin.correlation_key.is_empty() {
            return None;
        }
        let executable = self.executables.get(&instance.definition_key)?;
        Some(by_message(&executable.process_id, &origin.correlation_key))
    }

    pub fn add_continuation(&mut self, continuation: &Continuation) {
        let Continuation {
            instance, number, ..
        } = *continuation;
        if !continuation.parked {
            self.continuations.insert(number);
        }
        let of_instance = self.continuations_of.entry(instance).or_default();
        of_instance.insert(number);
    }

    pub fn remove_continuation(&mut self, continuation: &Continuation) {
        self.continuations.remove(&continuation.number);
        if let Some(numbers) = self.continuations_of.get_mut(&continuation.instance) {
            numbers.remove(&continuation.number);
            if numbers.is_empty() {
                self.continuations_of.remove(&continuation.instance);
            }
        }
    }

    pub fn add_stream(&mut self, stream: &Stream) {
        let streams = self.streams.entry(stream.r#type.clone()).or_default();
        streams.insert((stream.credit, Reverse(stream.id)));
    }

    pub fn remove_stream(&mut self, stream: &Stream) {
        if let Some(streams) = self.streams.get_mut(&stream.r#type) {
            streams.remove(&(stream.credit, Reverse(stream.id)));
            if streams.is_empty() {
                self.streams.remove(&stream.r#type);
            }
        }
    }

    pub fn add_task(&mut self, task: &UserTask) {
        self.tasks.insert(task.key);
        self.tasks_of
            .entry(task.instance)
            .or_default()
            .push(task.key);
    }
}

/// Removes a number, and its set when that is empty then.
pub(crate) fn remove_from(sets: &mut FxHashMap<String, BTreeSet<u64>>, name: &str, number: u64) {
    let Some(set) = sets.get_mut(name) else {
        return;
    };
    set.remove(&number);
    if set.is_empty() {
        sets.remove(name);
    }
}
