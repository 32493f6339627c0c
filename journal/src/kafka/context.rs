//! The context of every client: log lines and errors go to `tracing`.

use rdkafka::ClientContext;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::KafkaError;

pub(super) struct Context;

impl ClientContext for Context {
    fn error(&self, error: KafkaError, reason: &str) {
        // Brokers come and go; what matters comes back from the call that it concerns.
        tracing::debug!(target: "librdkafka", %error, reason);
    }
}

impl ConsumerContext for Context {}
