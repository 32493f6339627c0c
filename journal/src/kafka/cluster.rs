//! What the nodes tell each other, in a topic of one partition.

use super::append::Appender;
use super::reader::record;
use super::tail::{Step, Tail};
use super::{Isolation, Shared, topics};
use crate::{AppendError, Bytes, ClusterLog, Error, Reader, Record};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// So many notices of the past are read first: a few seconds of a large cluster.
const PAST_NOTICES: i64 = 2_000;
/// At most so many notices come from one [`Reader::next`].
const BATCH_RECORDS_MAX: usize = 1024;

pub(super) struct KafkaCluster {
    shared: Arc<Shared>,
    /// A producer of its own: a notice must not wait behind commands.
    appender: Appender,
}

impl KafkaCluster {
    pub(super) fn new(shared: Arc<Shared>) -> Result<Self, Error> {
        let options = Arc::clone(&shared.options);
        let appender = Appender::of(options, topics::CLUSTER, "heartbeat")?;
        Ok(Self { shared, appender })
    }
}

impl ClusterLog for KafkaCluster {
    fn tell(&self, node: &str, notice: &Bytes) -> Result<(), AppendError> {
        self.appender
            .append_keyed(0, Some(node), std::slice::from_ref(notice))
    }

    fn listen(&self) -> Result<Box<dyn Reader>, Error> {
        let shared = &self.shared;
        let topic = shared.options.topic(topics::CLUSTER);
        let (low, high) = shared.watermarks(&shared.written, &topic, 0)?;
        let from = low.max(high.saturating_sub(PAST_NOTICES));
        let tail = Tail::follow(&shared.options, Isolation::Uncommitted, &topic, 0, from)?;
        Ok(Box::new(ClusterReader {
            tail,
            topic,
            last_timestamp_ms: i64::MIN,
            broken: None,
        }))
    }
}

struct ClusterReader {
    tail: Tail,
    topic: String,
    last_timestamp_ms: i64,
    broken: Option<Error>,
}

impl ClusterReader {
    fn collect(&mut self, wait: Duration) -> Result<Vec<Record>, Error> {
        let deadline = Instant::now() + wait;
        let mut notices = Vec::new();
        while notices.len() < BATCH_RECORDS_MAX {
            let left = match notices.is_empty() {
                true => deadline.saturating_duration_since(Instant::now()),
                false => Duration::ZERO,
            };
            match self.tail.poll(left) {
                Ok(Step::Message(message)) => {
                    let notice = record(&message, self.last_timestamp_ms);
                    self.last_timestamp_ms = notice.timestamp_ms;
                    notices.push(notice);
                }
                Ok(Step::End | Step::Nothing) if left.is_zero() => break,
                Ok(Step::End | Step::Nothing) => {}
                Err(broken) => return Err(broken.into_error(&self.topic)),
            }
        }
        Ok(notices)
    }
}

impl Reader for ClusterReader {
    fn next(&mut self, wait: Duration) -> Result<Vec<Record>, Error> {
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        self.collect(wait)
            .inspect_err(|error| self.broken = Some(error.clone()))
    }
}
