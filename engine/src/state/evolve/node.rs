//! Definitions, requests, terms, sends and streams.

use proto::record::{Mark, RequestMark, Requests};

use crate::state::{Due, State, outbox_number};

/// How long the answer to a request is remembered.
const REQUEST_MEMORY_MS: i64 = 60_000;
/// One bucket of requests holds those of 128 ms.
pub(crate) const REQUEST_BUCKET_BITS: u32 = 7;

/// When a bucket is forgotten.
pub(in crate::state) fn requests_due_ms(bucket: u64) -> i64 {
    ((bucket + 1) << REQUEST_BUCKET_BITS) as i64 + REQUEST_MEMORY_MS
}

impl State {
    pub(super) fn resource_added(&mut self, added: &proto::record::ResourceAdded) {
        if let Some(resource) = &added.resource {
            self.use_key(resource.key);
            self.resources.insert(resource.key, resource.clone());
        }
    }

    pub(super) fn definition_added(&mut self, added: &proto::record::DefinitionAdded) {
        if let Some(definition) = &added.definition {
            self.use_key(definition.key);
            self.definitions.insert(definition.key, definition.clone());
            self.index_definition(definition);
        }
    }

    pub(super) fn request_answered(&mut self, answered: &proto::record::RequestAnswered) {
        let mark = RequestMark {
            request_id: answered.request_id.clone(),
            answer: answered.answer.clone(),
        };
        self.remember(answered.bucket, mark);
    }

    pub(super) fn requests_forgotten(&mut self, forgotten: &proto::record::RequestsForgotten) {
        self.forget(forgotten.bucket);
    }

    pub(super) fn term_begun(&mut self, begun: &proto::record::TermBegun) {
        self.meta.term = begun.term;
        self.meta.leader.clone_from(&begun.leader);
    }

    pub(super) fn semantics_raised(&mut self, raised: &proto::record::SemanticsRaised) {
        self.meta.semantics = raised.semantics;
    }

    pub(super) fn stream_opened(&mut self, opened: &proto::record::StreamOpened) {
        if let Some(stream) = &opened.stream {
            let streams = &mut self.index.streams;
            streams
                .entry(stream.r#type.clone())
                .or_default()
                .insert(stream.id);
            self.streams.insert(stream.id, stream.clone());
        }
    }

    pub(super) fn stream_credited(&mut self, credited: &proto::record::StreamCredited) {
        if let Some(stream) = self.streams.get_mut(credited.stream_id) {
            stream.credit = stream.credit.saturating_add(credited.credit);
        }
    }

    pub(super) fn stream_closed(&mut self, closed: &proto::record::StreamClosed) {
        if let Some(stream) = self.streams.remove(closed.stream_id) {
            let streams = &mut self.index.streams;
            crate::state::index::remove_from(streams, &stream.r#type, stream.id);
        }
    }

    pub(super) fn send_queued(&mut self, queued: &proto::record::SendQueued) {
        if let Some(outbox) = &queued.outbox {
            let number = outbox_number(outbox.target, outbox.sequence);
            mark(&mut self.meta.sent, outbox.target, outbox.sequence);
            self.outbox.insert(number, outbox.clone());
            self.index.outbox.insert(number);
        }
    }

    pub(super) fn send_received(&mut self, received: &proto::record::SendReceived) {
        mark(&mut self.meta.received, received.source, received.sequence);
    }

    pub(super) fn sends_removed(&mut self, removed: &proto::record::SendsRemoved) {
        let from = outbox_number(removed.target, 0);
        let through = outbox_number(removed.target, removed.through);
        let numbers = self.index.outbox.range(from..=through);
        for number in numbers.copied().collect::<Vec<_>>() {
            self.outbox.remove(number);
            self.index.outbox.remove(&number);
        }
    }

    fn remember(&mut self, bucket: u64, mark: RequestMark) {
        let id = mark.request_id.to_vec();
        match self.requests.get_mut(bucket) {
            Some(requests) => requests.marks.push(mark),
            None => {
                let requests = Requests {
                    bucket,
                    marks: vec![mark],
                };
                self.requests.insert(bucket, requests);
                let due_ms = requests_due_ms(bucket);
                self.index.due.insert((due_ms, Due::Requests(bucket)));
            }
        }
        self.index.requests.insert(id, bucket);
    }

    fn forget(&mut self, bucket: u64) {
        self.index
            .due
            .remove(&(requests_due_ms(bucket), Due::Requests(bucket)));
        let Some(requests) = self.requests.remove(bucket) else {
            return;
        };
        for mark in requests.marks {
            self.index.requests.remove(&mark.request_id[..]);
        }
    }
}

fn mark(marks: &mut Vec<Mark>, partition: u32, sequence: u64) {
    match marks.iter_mut().find(|mark| mark.partition == partition) {
        Some(mark) => mark.sequence = sequence,
        None => marks.push(Mark {
            partition,
            sequence,
        }),
    }
}
