//! The messages in the buffer: which wait under a name and key, and which of them a process has taken.

use std::collections::BTreeSet;
use std::ops::Bound;

use proto::record::Message;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{MESSAGE_SEPARATOR, by_message};

#[derive(Debug, Clone, Default)]
pub(crate) struct Messages {
    /// [`by_message`] → those that wait.
    waiting: FxHashMap<String, Waiting>,
    /// Name, correlation key and id of those that have an id.
    ids: FxHashSet<String>,
}

#[derive(Debug, Clone, Default)]
struct Waiting {
    /// Oldest first.
    keys: BTreeSet<u64>,
    /// Process id → it has taken all messages up to this one, so that nobody walks over them again.
    taken: FxHashMap<String, u64>,
}

impl Messages {
    pub fn add(&mut self, message: &Message) {
        let name = by_message(&message.name, &message.correlation_key);
        if !message.message_id.is_empty() {
            self.ids.insert(with_id(&name, &message.message_id));
        }
        self.waiting
            .entry(name)
            .or_default()
            .keys
            .insert(message.key);
    }

    pub fn remove(&mut self, message: &Message) {
        let name = by_message(&message.name, &message.correlation_key);
        if !message.message_id.is_empty() {
            self.ids.remove(&with_id(&name, &message.message_id));
        }
        if let Some(waiting) = self.waiting.get_mut(&name) {
            waiting.keys.remove(&message.key);
            if waiting.keys.is_empty() {
                self.waiting.remove(&name);
            }
        }
    }

    /// A process has taken a message. A mark moves only where it leaves nothing behind.
    pub fn take(&mut self, message: &Message, process_id: &str) {
        let name = by_message(&message.name, &message.correlation_key);
        let Some(waiting) = self.waiting.get_mut(&name) else {
            return;
        };
        let before = waiting.keys.range(..message.key).next_back().copied();
        let taken = waiting.taken.get(process_id).copied().unwrap_or(0);
        if before.unwrap_or(0) <= taken {
            let through = taken.max(message.key);
            waiting.taken.insert(process_id.to_owned(), through);
        }
    }

    /// A process has not taken a message after all. What is older it has taken still, as the mark said.
    pub fn give_back(&mut self, message: &Message, process_id: &str) {
        let name = by_message(&message.name, &message.correlation_key);
        let waiting = self.waiting.get_mut(&name);
        if let Some(taken) = waiting.and_then(|waiting| waiting.taken.get_mut(process_id)) {
            *taken = (*taken).min(message.key.saturating_sub(1));
        }
    }

    /// Those with this name and key that the process may not have taken yet, oldest first.
    pub fn untaken<'a>(
        &'a self,
        name: &str,
        correlation_key: &str,
        process_id: &str,
    ) -> impl Iterator<Item = u64> + use<'a> {
        let waiting = self.waiting.get(&by_message(name, correlation_key));
        let taken = waiting.and_then(|waiting| waiting.taken.get(process_id));
        let from = Bound::Excluded(taken.copied().unwrap_or(0));
        waiting
            .into_iter()
            .flat_map(move |waiting| waiting.keys.range((from, Bound::Unbounded)).copied())
    }

    /// Whether a message with this id waits under the name and key.
    pub fn has_id(&self, name: &str, correlation_key: &str, id: &str) -> bool {
        let name = by_message(name, correlation_key);
        !id.is_empty() && self.ids.contains(&with_id(&name, id))
    }
}

fn with_id(name: &str, id: &str) -> String {
    let mut key = String::with_capacity(name.len() + 1 + id.len());
    key.push_str(name);
    key.push(MESSAGE_SEPARATOR);
    key.push_str(id);
    key
}
