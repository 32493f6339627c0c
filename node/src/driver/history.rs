//! What happened to whom, until a checkpoint has written it: the events of each instance, and which have ended.

use std::borrow::Cow;

use bytes::Bytes;
use engine::State;
use journal::HistoryRecord;
use prost::Message;
use proto::record::{EndedInstance, Event, HistoryBatch, event};
use rustc_hash::FxHashMap;

/// A payload is about so long at most, unless one event is longer: an instance may do much between two checkpoints,
/// and a journal takes no record of any length.
const PAYLOAD_BYTES_MAX: usize = 1 << 20;

/// Stories by instance, in the order in which something first happened to each.
#[derive(Debug, Default)]
pub struct History {
    stories: Vec<Story>,
    of: FxHashMap<u64, usize>,
}

/// What happened to one instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Story {
    pub instance: u64,
    /// In order; one per command.
    pub batches: Vec<HistoryBatch>,
    /// Set when it has ended.
    pub ended: Option<EndedInstance>,
}

impl History {
    pub fn story(&self, instance: u64) -> Option<&Story> {
        self.stories.get(*self.of.get(&instance)?)
    }

    /// The instances that have ended, in no particular order.
    pub fn ended(&self) -> impl Iterator<Item = &EndedInstance> {
        self.stories.iter().filter_map(|story| story.ended.as_ref())
    }

    pub(super) fn add(&mut self, offset: u64, at_ms: i64, principal: &str, event: Event) {
        let Some(instance) = event.instance() else {
            return;
        };
        let batches = &mut self.story_mut(instance).batches;
        match batches.last_mut() {
            Some(batch) if batch.offset == offset => batch.events.push(event),
            Some(_) | None => batches.push(HistoryBatch {
                offset,
                at_ms,
                principal: principal.to_owned(),
                events: vec![event],
            }),
        }
    }

    pub(super) fn end(&mut self, ended: EndedInstance) {
        let story = self.story_mut(ended.key);
        story.ended = Some(ended);
    }

    fn story_mut(&mut self, instance: u64) -> &mut Story {
        let place = *self.of.entry(instance).or_insert(self.stories.len());
        if place == self.stories.len() {
            self.stories.push(Story {
                instance,
                batches: Vec::new(),
                ended: None,
            });
        }
        &mut self.stories[place]
    }

    /// Takes in what happened after this.
    pub(super) fn merge(&mut self, newer: History) {
        for story in newer.stories {
            let older = self.story_mut(story.instance);
            older.batches.extend(story.batches);
            older.ended = story.ended.or(older.ended.take());
        }
    }

    pub(super) fn encode(&self) -> Vec<HistoryRecord> {
        let mut records = Vec::with_capacity(self.stories.len());
        for story in &self.stories {
            let record = |payload| HistoryRecord {
                instance: story.instance,
                payload,
                ended: None,
            };
            records.extend(payloads(&story.batches).into_iter().map(record));
            if let (Some(last), Some(ended)) = (records.last_mut(), &story.ended) {
                last.ended = Some((ended.ended_ms, Bytes::from(ended.encode_to_vec())));
            }
        }
        records
    }
}

/// As messages `History`, one at least, without cloning the events into them.
fn payloads(batches: &[HistoryBatch]) -> Vec<Bytes> {
    let mut payloads = Vec::new();
    let mut payload = Vec::new();
    for part in batches.iter().flat_map(parts) {
        if !payload.is_empty() && payload.len() + part.encoded_len() > PAYLOAD_BYTES_MAX {
            payloads.push(Bytes::from(std::mem::take(&mut payload)));
        }
        prost::encoding::message::encode(1, &*part, &mut payload);
    }
    payloads.push(Bytes::from(payload));
    payloads
}

/// A batch that is too long, as several of the same command.
fn parts(batch: &HistoryBatch) -> Vec<Cow<'_, HistoryBatch>> {
    if batch.encoded_len() <= PAYLOAD_BYTES_MAX {
        return vec![Cow::Borrowed(batch)];
    }
    let mut parts: Vec<HistoryBatch> = Vec::new();
    let mut bytes = 0;
    for event in &batch.events {
        bytes += event.encoded_len();
        match parts.last_mut() {
            Some(part) if bytes <= PAYLOAD_BYTES_MAX => part.events.push(event.clone()),
            Some(_) | None => {
                bytes = event.encoded_len();
                parts.push(HistoryBatch {
                    events: vec![event.clone()],
                    principal: batch.principal.clone(),
                    ..*batch
                });
            }
        }
    }
    parts.into_iter().map(Cow::Owned).collect()
}

/// The summary of an instance that ends with this event.
pub(super) fn ended(state: &State, ended_ms: i64, event: &Event) -> Option<EndedInstance> {
    let (key, definition_key, created_ms, canceled) = match event.kind.as_ref()? {
        event::Kind::InstanceCompleted(it) => {
            (it.instance, it.definition_key, it.created_ms, false)
        }
        event::Kind::InstanceCanceled(it) => (it.instance, it.definition_key, it.created_ms, true),
        _ => return None,
    };
    let executable = state.executable(definition_key);
    Some(EndedInstance {
        key,
        definition_key,
        process_id: executable.map_or_else(String::new, |found| found.process_id.to_string()),
        version: executable.map_or(0, |found| found.version),
        created_ms,
        ended_ms,
        canceled,
    })
}
