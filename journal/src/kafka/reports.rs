//! Delivery reports of one call: how many are missing, the first error, how far each topic was written.

use super::oauth::Context;
use crate::feed::{locked, wait_until};
use rdkafka::client::OAuthToken;
use rdkafka::error::KafkaError;
use rdkafka::message::DeliveryResult;
use rdkafka::producer::ProducerContext;
use rdkafka::{ClientContext, Message};
use std::collections::BTreeMap;
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

    fn take(&self, result: &DeliveryResult<'_>) {
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
            }
        }
        state.missing = state.missing.saturating_sub(1);
        if state.missing == 0 {
            self.complete.notify_all();
        }
    }
}

/// Gives each delivery report to the call that waits for it.
pub(super) struct Reporting(pub(super) Context);

impl ClientContext for Reporting {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = Context::ENABLE_REFRESH_OAUTH_TOKEN;

    fn error(&self, error: KafkaError, reason: &str) {
        self.0.error(error, reason);
    }

    fn generate_oauth_token(
        &self,
        config: Option<&str>,
    ) -> Result<OAuthToken, Box<dyn std::error::Error>> {
        self.0.generate_oauth_token(config)
    }
}

impl ProducerContext for Reporting {
    type DeliveryOpaque = Arc<Reports>;

    fn delivery(&self, result: &DeliveryResult<'_>, reports: Arc<Reports>) {
        reports.take(result);
    }
}
