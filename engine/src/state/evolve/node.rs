//! Definitions, requests, terms, sends and streams.

use bytes::Bytes;
use prost::Message;
use proto::record::{Answer, Mark, RequestMark, Requests};

use crate::state::{Due, State, outbox_number};

/// How long the answer to a request is remembered.
const REQUEST_MEMORY_MS: i64 = 60_000;
/// Requests of the same 128 ms are written together.
const REQUEST_TIME_BITS: u32 = 7;
/// Low bits of an entry's number that tell those of the same time apart.
const REQUEST_PART_BITS: u32 = 16;
/// An entry that holds so many bytes takes no more answers: it is written whole again for each.
const REQUEST_ENTRY_BYTES: usize = 64 << 10;

/// When an entry of requests is forgotten.
pub(in crate::state) fn requests_due_ms(entry: u64) -> i64 {
    (((entry >> REQUEST_PART_BITS) + 1) << REQUEST_TIME_BITS) as i64 + REQUEST_MEMORY_MS
}

/// About what a remembered answer takes in its entry.
pub(in crate::state) fn mark_bytes(request_id: &[u8], answer_bytes: usize) -> usize {
    request_id.len() + answer_bytes
}

impl State {
    /// The entry for an answer that is given now: the last one of this time while it has room.
    pub(crate) fn requests_entry(&self, now_ms: i64, request_id: &[u8], answer: &Answer) -> u64 {
        let time = now_ms.max(0) as u64 >> REQUEST_TIME_BITS;
        let first = time << REQUEST_PART_BITS;
        let last = first | ((1 << REQUEST_PART_BITS) - 1);
        let present = self.index.request_sizes.range(first..=last).next_back();
        let Some((&entry, &bytes)) = present else {
            return first;
        };
        let is_full = bytes + mark_bytes(request_id, answer.encoded_len()) > REQUEST_ENTRY_BYTES;
        (entry + u64::from(is_full)).min(last)
    }

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

    pub(super) fn requirements_added(&mut self, added: &proto::record::DecisionRequirementsAdded) {
        if let Some(requirements) = &added.requirements {
            self.requirements
                .insert(requirements.key, requirements.clone());
            self.index_requirements(requirements);
        }
    }

    pub(super) fn decision_added(&mut self, added: &proto::record::DecisionAdded) {
        if let Some(decision) = &added.decision {
            self.use_key(decision.key);
            self.index.decisions.add(decision);
            self.decisions.insert(decision.key, decision.clone());
        }
    }

    /// A call has a key of its own, which no entry has.
    pub(super) fn decision_evaluated(&mut self, evaluated: &proto::record::DecisionEvaluated) {
        if let Some(evaluation) = &evaluated.evaluation {
            self.use_key(evaluation.key);
        }
    }

    pub(super) fn request_answered(&mut self, answered: &proto::record::RequestAnswered) {
        let answer = answered.answer.as_ref();
        let mark = RequestMark {
            // Not a part of the command, which would be kept for as long.
            request_id: Bytes::copy_from_slice(&answered.request_id),
            answer: Bytes::from(answer.map_or_else(Vec::new, Answer::encode_to_vec)),
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
            self.index.add_stream(stream);
            self.streams.insert(stream.id, stream.clone());
        }
    }

    pub(super) fn stream_credited(&mut self, credited: &proto::record::StreamCredited) {
        if let Some(stream) = self.streams.get_mut(credited.stream_id) {
            self.index.remove_stream(stream);
            stream.credit = stream.credit.saturating_add(credited.credit);
            self.index.add_stream(stream);
        }
    }

    pub(super) fn stream_closed(&mut self, closed: &proto::record::StreamClosed) {
        if let Some(stream) = self.streams.remove(closed.stream_id) {
            self.index.remove_stream(&stream);
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

    pub(super) fn deployment_pended(&mut self, pended: &proto::record::DeploymentPended) {
        if let Some(pending) = &pended.pending {
            self.index.deployments.insert(pending.key);
            self.deployments.insert(pending.key, pending.clone());
        }
    }

    pub(super) fn deployment_awaited(&mut self, awaited: &proto::record::DeploymentAwaited) {
        if let Some(pending) = self.deployments.get_mut(awaited.deployment) {
            pending.correlation = awaited.correlation;
        }
    }

    pub(super) fn deployment_settled(&mut self, settled: &proto::record::DeploymentSettled) {
        self.index.deployments.remove(&settled.deployment);
        self.deployments.remove(settled.deployment);
    }

    fn remember(&mut self, bucket: u64, mark: RequestMark) {
        let id = mark.request_id.clone();
        let bytes = mark_bytes(&id, mark.answer.len());
        *self.index.request_sizes.entry(bucket).or_default() += bytes;
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
        self.index.request_sizes.remove(&bucket);
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
