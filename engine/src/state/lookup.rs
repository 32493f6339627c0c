//! What handlers look up; everything is found by an index.

use prost::Message as _;
use proto::record::{Answer, Mark, Message, PendingDeployment};

use super::{Due, State, by_message};
use crate::executable::{Executable, Kind, NodeIndex};

impl State {
    /// The first answer to a request that is repeated.
    pub(crate) fn first_answer(&self, request_id: &[u8]) -> Option<Answer> {
        if request_id.is_empty() {
            return None;
        }
        let bucket = self.index.requests.get(request_id)?;
        let marks = &self.requests.get(*bucket)?.marks;
        let mark = marks.iter().find(|mark| mark.request_id == request_id)?;
        Answer::decode(mark.answer.clone()).ok()
    }

    /// The instance whose result a request that is repeated waits for.
    pub(crate) fn awaited(&self, request_id: &[u8]) -> Option<u64> {
        self.index.awaited.get(request_id).copied()
    }

    pub(crate) fn first_due(&self, now_ms: i64) -> Option<Due> {
        let (due_ms, due) = self.index.due.first()?;
        (*due_ms <= now_ms).then_some(*due)
    }

    /// Start events that wait for a message: process, definition, node.
    pub(crate) fn starts_for(&self, name: &str) -> Vec<(String, u64, NodeIndex)> {
        self.index.message_starts.named(name)
    }

    /// Start events that wait for a signal: process, definition, node.
    pub(crate) fn starts_for_signal(&self, name: &str) -> Vec<(String, u64, NodeIndex)> {
        self.index.signal_starts.named(name)
    }

    /// The messages that start the latest version of a process: name, definition, node.
    pub(crate) fn start_messages_of(&self, process_id: &str) -> Vec<(String, u64, NodeIndex)> {
        let Some(definition) = self.definition_key(process_id, -1) else {
            return Vec::new();
        };
        let executable = self.executable(definition);
        let messages = executable.map(|executable| executable.start_messages());
        let messages = messages.unwrap_or_default().into_iter();
        messages
            .map(|(name, node)| (name, definition, node))
            .collect()
    }

    /// Whether a message with this key has started an instance that still runs.
    pub(crate) fn is_started(&self, process_id: &str, correlation_key: &str) -> bool {
        let started = &self.index.started;
        !correlation_key.is_empty()
            && started.contains_key(&by_message(process_id, correlation_key))
    }

    /// The oldest message in the buffer with this name and key that a process has not taken.
    pub(crate) fn oldest_message(
        &self,
        name: &str,
        correlation_key: &str,
        process_id: &str,
    ) -> Option<&Message> {
        let untaken = &self.index.messages;
        let mut untaken = untaken.untaken(name, correlation_key, process_id);
        untaken.find_map(|key| {
            let message = self.messages.get(key)?;
            if !message.reservations.is_empty() && message.until_ms <= self.now_ms() {
                return None; // Kept for those only that it is on its way to.
            }
            let mut taken_by = message.correlated_processes.iter();
            (!taken_by.any(|taken_by| taken_by == process_id)).then_some(message)
        })
    }

    /// Whether a message with this id is in the buffer.
    pub(crate) fn is_buffered(&self, name: &str, correlation_key: &str, id: &str) -> bool {
        self.index.messages.has_id(name, correlation_key, id)
    }

    pub(crate) fn stream_ids(&self) -> Vec<u64> {
        let mut ids = self
            .streams
            .iter()
            .map(|stream| stream.id)
            .collect::<Vec<_>>();
        ids.sort_unstable();
        ids
    }

    pub fn partitions(&self) -> u32 {
        self.meta.partitions
    }

    pub(crate) fn last_sent(&self, target: u32) -> u64 {
        sequence_of(&self.meta.sent, target)
    }

    /// The sequence of the last refused record that was parked.
    pub fn last_parked(&self) -> u64 {
        self.meta.parked
    }

    pub(crate) fn last_received(&self, source: u32) -> u64 {
        sequence_of(&self.meta.received, source)
    }

    /// Deployments whose callers wait for the other partitions, oldest first.
    pub(crate) fn pending_deployments(&self) -> impl Iterator<Item = &PendingDeployment> {
        let keys = self.index.deployments.iter();
        keys.filter_map(|key| self.deployments.get(*key))
    }

    /// The deployment whose answer a request that is repeated waits for.
    pub(crate) fn deployment_of(&self, request_id: &[u8]) -> Option<u64> {
        let mut pending = self.pending_deployments();
        let found = pending.find(|pending| pending.request_id == request_id)?;
        (!request_id.is_empty()).then_some(found.key)
    }

    /// Whether the other partition has all sends up to this one.
    pub(crate) fn has_sent(&self, mark: &Mark) -> bool {
        let oldest = self.outbox(mark.partition).next();
        oldest.is_none_or(|oldest| oldest.sequence > mark.sequence)
    }

    /// 0 when the process was never deployed.
    pub(crate) fn latest_version(&self, process_id: &str) -> i32 {
        let versions = self.index.versions.get(process_id);
        let latest = versions.and_then(|versions| versions.last_key_value());
        latest.map_or(0, |(version, _)| *version)
    }

    /// Timers of the start events of all versions of a process.
    pub(crate) fn start_timers_of(&self, process_id: &str) -> Vec<u64> {
        let versions = self.index.versions.get(process_id).into_iter().flatten();
        versions
            .filter_map(|(_, definition)| self.index.start_timers.get(definition))
            .flatten()
            .copied()
            .collect()
    }
}

fn sequence_of(marks: &[Mark], partition: u32) -> u64 {
    let mark = marks.iter().find(|mark| mark.partition == partition);
    mark.map_or(0, |mark| mark.sequence)
}

impl Executable {
    /// Names of the messages that start it; names are constant for start events.
    pub(crate) fn start_messages(&self) -> Vec<(String, NodeIndex)> {
        let named = self.message_starts.iter().filter_map(|&node| {
            let Kind::MessageStart(message) = &self.node(node).kind else {
                return None;
            };
            Some((message.constant_name()?, node))
        });
        named.collect()
    }

    /// Names of the signals that start it.
    pub(crate) fn start_signals(&self) -> Vec<(String, NodeIndex)> {
        let named = self.signal_starts.iter().filter_map(|&node| {
            let Kind::SignalStart(signal) = &self.node(node).kind else {
                return None;
            };
            Some((signal.constant_name()?, node))
        });
        named.collect()
    }
}
