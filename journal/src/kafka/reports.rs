//! Delivery reports of one call: how many are missing, what failed, how far each topic was written.

use super::context::Context;
use crate::Refusal;
use crate::feed::{locked, wait_until};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::ProducerContext;
use rdkafka::{ClientContext, Message};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

pub(super) struct Reports {
    state: Mutex<State>,
    complete: Condvar,
}

#[derive(Default)]
struct State {
    missing: usize,
    error: Option<String>,
    /// Records that their topics do not take, by their place in the call.
    refusals: Vec<Refusal>,
    /// By topic: the end of what was written, in whichever partition.
    ends: BTreeMap<String, i64>,
}

impl Reports {
    pub(super) fn new(records: usize) -> Arc<Self> {
        let state = State {
            missing: records,
            ..State::default()
        };
        Arc::new(Self {
            state: Mutex::new(state),
            complete: Condvar::new(),
        })
    }

    /// Blocks until the last report is in; the error is that of the first record that failed.
    pub(super) fn wait(&self, deadline: Instant) -> Result<(), String> {
        let state = wait_until(&self.complete, locked(&self.state), deadline, |state| {
            state.missing == 0
        });
        match (&state.error, state.missing) {
            (Some(error), _) => Err(error.clone()),
            (None, 0) => Ok(()),
            (None, missing) => Err(format!("{missing} records were not confirmed in time")),
        }
    }

    /// So many records were never sent.
    pub(super) fn forget(&self, records: usize) {
        let mut state = locked(&self.state);
        state.missing = state.missing.saturating_sub(records);
        self.complete.notify_all();
    }

    /// The offset behind the last record of this topic, when the broker told it.
    pub(super) fn end(&self, topic: &str) -> Option<i64> {
        locked(&self.state).ends.get(topic).copied()
    }

    /// Those of a part of the records that were refused; nothing when another was, too.
    pub(super) fn refusals(&self, of: Range<usize>) -> Vec<Refusal> {
        let refusals = &locked(&self.state).refusals;
        if !refusals.iter().all(|refusal| of.contains(&refusal.index)) {
            return Vec::new();
        }
        let within = |refusal: &Refusal| Refusal {
            index: refusal.index - of.start,
            reason: refusal.reason.clone(),
        };
        refusals.iter().map(within).collect()
    }

    /// A record could not be sent.
    pub(super) fn note(&self, index: usize, error: &KafkaError) {
        locked(&self.state).note(index, error);
    }

    fn take(&self, result: &DeliveryResult<'_>, index: usize) {
        let mut state = locked(&self.state);
        match result {
            Ok(message) => {
                let end = message.offset() + 1;
                match state.ends.get_mut(message.topic()) {
                    Some(last) => *last = end.max(*last),
                    None => {
                        state.ends.insert(message.topic().to_owned(), end);
                    }
                }
            }
            Err((error, message)) => {
                let reason = || format!("topic {}: {error}", message.topic());
                state.error.get_or_insert_with(reason);
                state.note(index, error);
            }
        }
        state.missing = state.missing.saturating_sub(1);
        if state.missing == 0 {
            self.complete.notify_all();
        }
    }
}

impl State {
    fn note(&mut self, index: usize, error: &KafkaError) {
        if error.rdkafka_error_code().is_some_and(is_refusal) {
            self.refusals.push(Refusal {
                index,
                reason: error.to_string(),
            });
        }
    }
}

/// Whether the topic would answer the same to the same record.
fn is_refusal(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::MessageSizeTooLarge
            | RDKafkaErrorCode::MessageBatchTooLarge
            | RDKafkaErrorCode::InvalidRecord
            | RDKafkaErrorCode::InvalidTimestamp
            | RDKafkaErrorCode::InvalidTopic
            | RDKafkaErrorCode::PolicyViolation
            | RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::UnknownTopic
            | RDKafkaErrorCode::UnknownTopicOrPartition
    )
}

/// Which record of which call a report is about.
pub(super) struct Ticket {
    reports: Arc<Reports>,
    index: usize,
}

impl Ticket {
    pub(super) fn new(reports: &Arc<Reports>, index: usize) -> Box<Self> {
        let reports = Arc::clone(reports);
        Box::new(Self { reports, index })
    }
}

/// Gives each delivery report to the call that waits for it.
pub(super) struct Reporting;

impl ClientContext for Reporting {
    fn error(&self, error: KafkaError, reason: &str) {
        Context.error(error, reason);
    }
}

impl ProducerContext for Reporting {
    type DeliveryOpaque = Box<Ticket>;

    fn delivery(&self, result: &DeliveryResult<'_>, ticket: Box<Ticket>) {
        ticket.reports.take(result, ticket.index);
    }
}
