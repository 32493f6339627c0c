//! Reads the command log, whoever wrote it, and goes on at its tail.

use super::tail::{Broken, Step, Tail};
use super::{Isolation, Shared, topics};
use crate::{Bytes, Error, Reader, Record};
use rdkafka::Message;
use rdkafka::message::BorrowedMessage;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// At most so many records, or bytes of commands, come from one [`Reader::next`]; a single larger one still comes.
const BATCH_RECORDS_MAX: usize = 1024;
const BATCH_BYTES_MAX: usize = 4 << 20;

pub(super) struct KafkaReader {
    shared: Arc<Shared>,
    tail: Tail,
    partition: u32,
    /// Where the next record is looked for.
    from: u64,
    last_timestamp_ms: i64,
    broken: Option<Error>,
}

impl KafkaReader {
    pub(super) fn new(shared: Arc<Shared>, partition: u32, from: u64) -> Result<Self, Error> {
        shared.check_bounds(partition, from)?;
        let topic = shared.options.topic(topics::COMMANDS);
        // The log's producers are not transactional: what they were confirmed is readable at once.
        let isolation = Isolation::Uncommitted;
        let tail = Tail::follow(&shared.options, isolation, &topic, partition, from as i64)?;
        Ok(Self {
            shared,
            tail,
            partition,
            from,
            last_timestamp_ms: i64::MIN,
            broken: None,
        })
    }

    /// Adds what is there; waits up to `wait` for the first record.
    fn collect(&mut self, wait: Duration, records: &mut Vec<Record>) -> Result<(), Broken> {
        let deadline = Instant::now() + wait;
        let mut bytes = 0;
        while records.len() < BATCH_RECORDS_MAX && bytes < BATCH_BYTES_MAX {
            let left = match records.is_empty() {
                true => deadline.saturating_duration_since(Instant::now()),
                false => Duration::ZERO,
            };
            match self.tail.poll(left)? {
                Step::Message(message) => {
                    let record = record(&message, self.last_timestamp_ms);
                    // An empty one is a record all the same, and must not fill the batch for ever.
                    bytes += record.command.len();
                    self.last_timestamp_ms = record.timestamp_ms;
                    self.from = record.offset + 1;
                    records.push(record);
                }
                Step::End | Step::Nothing if left.is_zero() => break,
                Step::End | Step::Nothing => {}
            }
        }
        Ok(())
    }

    fn explain(&self, broken: Broken) -> Error {
        match (broken, self.shared.check_bounds(self.partition, self.from)) {
            (Broken::OutOfBounds, Err(outside)) => outside,
            (broken, _) => broken.into_error(&self.shared.options.topic(topics::COMMANDS)),
        }
    }
}

impl Reader for KafkaReader {
    fn next(&mut self, wait: Duration) -> Result<Vec<Record>, Error> {
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        let mut records = Vec::new();
        if let Err(broken) = self.collect(wait, &mut records) {
            let error = self.explain(broken);
            self.broken = Some(error.clone());
            if records.is_empty() {
                return Err(error);
            }
        }
        self.shared.saw_log(self.partition, self.from);
        Ok(records)
    }
}

/// Broker time may go back a little when a partition's leader moves; ours does not.
pub(super) fn record(message: &BorrowedMessage<'_>, last_timestamp_ms: i64) -> Record {
    let timestamp_ms = message.timestamp().to_millis().unwrap_or(i64::MIN);
    Record {
        offset: message.offset() as u64,
        timestamp_ms: timestamp_ms.max(last_timestamp_ms),
        command: message
            .payload()
            .map_or_else(Bytes::new, Bytes::copy_from_slice),
    }
}
