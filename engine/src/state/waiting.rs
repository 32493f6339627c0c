//! What waits for messages here: subscriptions of own instances, and of instances of other partitions.

use std::collections::BTreeSet;

use proto::record::{Meta, RemoteSubscription, Subscription};

use super::{State, by_message, partition_for};

/// A subscription that can take a message.
pub(crate) enum Waiting {
    Here(Subscription),
    Elsewhere(RemoteSubscription),
}

impl Waiting {
    pub fn is_elsewhere(&self) -> bool {
        match self {
            Waiting::Here(_) => false,
            Waiting::Elsewhere(_) => true,
        }
    }
}

impl State {
    /// Where the messages with this correlation key are.
    pub(crate) fn message_partition(&self, correlation_key: &str) -> u32 {
        message_partition(&self.meta, correlation_key)
    }

    /// The other partition on which the messages of a subscription are.
    pub(crate) fn elsewhere(&self, subscription: &Subscription) -> Option<u32> {
        elsewhere(&self.meta, subscription)
    }

    /// The oldest subscription for a signal that came after one and before another.
    pub(crate) fn signal_subscription(
        &self,
        name: &str,
        after: u64,
        before: u64,
    ) -> Option<&Subscription> {
        let waiting = self.index.signals.get(name)?;
        let key = waiting.range(after + 1..before).next()?;
        self.subscriptions.get(*key)
    }

    /// For each process the subscription that is to take a message, oldest first.
    pub(crate) fn recipients(&self, name: &str, correlation_key: &str) -> Vec<(String, Waiting)> {
        let mut reached = BTreeSet::new();
        let waiting = self.waiting(name, correlation_key);
        let chosen = waiting.filter(|(process_id, _)| reached.insert(*process_id));
        chosen
            .filter_map(|(process_id, key)| Some((process_id.to_owned(), self.subscriber(key)?)))
            .collect()
    }

    /// The subscription of one process that is to take a message.
    pub(crate) fn recipient(
        &self,
        name: &str,
        correlation_key: &str,
        process_id: &str,
    ) -> Option<Waiting> {
        let mut waiting = self.waiting(name, correlation_key);
        let (_, key) = waiting.find(|(of, _)| *of == process_id)?;
        self.subscriber(key)
    }

    /// Process id and key of what can take a message, oldest first.
    fn waiting(&self, name: &str, correlation_key: &str) -> impl Iterator<Item = (&str, u64)> {
        let key = by_message(name, correlation_key);
        let waiting = self.index.subscriptions.get(&key).into_iter().flatten();
        waiting.filter_map(|key| {
            if let Some(subscription) = self.subscriptions.get(*key) {
                let executable = self.executable(subscription.definition_key)?;
                return Some((&*executable.process_id, *key));
            }
            let remote = self.remotes.get(*key)?;
            (!self.is_busy(remote)).then_some((remote.process_id.as_str(), *key))
        })
    }

    fn subscriber(&self, key: u64) -> Option<Waiting> {
        if let Some(subscription) = self.subscriptions.get(key) {
            return Some(Waiting::Here(subscription.clone()));
        }
        self.remotes.get(key).cloned().map(Waiting::Elsewhere)
    }

    /// Whether it takes one message, which is on its way already.
    pub(crate) fn is_busy(&self, remote: &RemoteSubscription) -> bool {
        !remote.takes_many && self.index.reserved.contains_key(&remote.key)
    }

    /// By the key on its own partition.
    pub(crate) fn remote(&self, subscription: u64) -> Option<&RemoteSubscription> {
        let key = self.index.remotes.get(&subscription)?;
        self.remotes.get(*key)
    }

    /// Messages on their way to a remote subscription, oldest first.
    pub(crate) fn reserved_for(&self, remote: u64) -> impl Iterator<Item = u64> {
        let messages = self.index.reserved.get(&remote);
        messages.into_iter().flatten().copied()
    }
}

/// The other partition on which the messages of a subscription are.
pub(super) fn elsewhere(meta: &Meta, subscription: &Subscription) -> Option<u32> {
    if subscription.is_signal {
        return None; // Signals come to every partition.
    }
    let partition = message_partition(meta, &subscription.correlation_key);
    (partition != meta.partition).then_some(partition)
}

fn message_partition(meta: &Meta, correlation_key: &str) -> u32 {
    match meta.partitions {
        ..=1 => meta.partition,
        2.. => partition_for(correlation_key.as_bytes(), meta.partitions),
    }
}
