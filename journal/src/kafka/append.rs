//! Appends commands: an idempotent producer without transactions, so that no reader ever waits for anybody's commit.

use super::reports::{Reporting, Reports, Ticket};
use super::{KafkaOptions, headers, topics};
use crate::feed::locked;
use crate::{AppendError, Bytes, Error};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, Producer, PurgeConfig, ThreadedProducer};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

type Appending = ThreadedProducer<Reporting>;

pub(super) struct Appender {
    options: Arc<KafkaOptions>,
    topic: String,
    /// What its records say that they are.
    kind: &'static str,
    /// Taken away after an error, which with an idempotent producer may be for ever; the next append makes a new one.
    producer: Mutex<Option<Arc<Appending>>>,
}

impl Appender {
    /// Of commands.
    pub(super) fn new(options: Arc<KafkaOptions>) -> Result<Self, Error> {
        Self::of(options, topics::COMMANDS, "command")
    }

    /// Of records that say that they are of this kind, to another topic of the namespace.
    pub(super) fn of(
        options: Arc<KafkaOptions>,
        topic: &str,
        kind: &'static str,
    ) -> Result<Self, Error> {
        let topic = options.topic(topic);
        let appender = Self {
            options,
            topic,
            kind,
            producer: Mutex::new(None),
        };
        appender.producer()?;
        Ok(appender)
    }

    /// Calls from several threads are on their way at the same time.
    pub(super) fn append(&self, partition: u32, commands: &[Bytes]) -> Result<(), AppendError> {
        self.append_keyed(partition, None, commands)
    }

    /// With a key that all of them have.
    pub(super) fn append_keyed(
        &self,
        partition: u32,
        key: Option<&str>,
        commands: &[Bytes],
    ) -> Result<(), AppendError> {
        self.check_sizes(commands)?;
        if commands.is_empty() {
            return Ok(());
        }
        let unknown = |error: Error| AppendError::Unknown(error.to_string());
        let producer = self.producer().map_err(unknown)?;
        let reports = Reports::new(commands.len());
        let deadline = Instant::now() + self.options.append_timeout;
        let sent = self.send(&producer, (partition, key), commands, &reports, deadline);
        // The last report comes when the messages time out, which librdkafka looks for once a second.
        let outcome = sent.and_then(|()| reports.wait(deadline + Duration::from_secs(5)));
        outcome.map_err(|reason| {
            self.retire(&producer);
            AppendError::Unknown(reason)
        })
    }

    fn send(
        &self,
        producer: &Appending,
        (partition, key): (u32, Option<&str>),
        commands: &[Bytes],
        reports: &Arc<Reports>,
        deadline: Instant,
    ) -> Result<(), String> {
        for (index, command) in commands.iter().enumerate() {
            let mut record = BaseRecord::<str, [u8], _>::with_opaque_to(
                &self.topic,
                Ticket::new(reports, index),
            )
            .partition(partition as i32)
            .headers(headers(self.kind))
            .payload(&command[..]);
            if let Some(key) = key {
                record = record.key(key);
            }
            while let Err((error, again)) = producer.send(record) {
                let is_full = error == KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull);
                if !is_full || Instant::now() > deadline {
                    return Err(error.to_string());
                }
                // Reports make room; they come to the producer's own thread.
                std::thread::sleep(Duration::from_millis(1));
                record = again;
            }
        }
        Ok(())
    }

    fn check_sizes(&self, commands: &[Bytes]) -> Result<(), AppendError> {
        let limit = self.options.record_bytes_max;
        match commands.iter().map(Bytes::len).max() {
            Some(size) if size > limit => Err(AppendError::TooLarge { size, limit }),
            Some(_) | None => Ok(()),
        }
    }

    fn producer(&self) -> Result<Arc<Appending>, Error> {
        let mut slot = locked(&self.producer);
        if let Some(producer) = &*slot {
            return Ok(Arc::clone(producer));
        }
        let config = self.options.producer();
        let producer: Arc<Appending> = self.options.create(&config, Reporting)?;
        *slot = Some(Arc::clone(&producer));
        Ok(producer)
    }

    /// No command that waits behind the lost one may still come into the log on its own, as far as that can be helped.
    fn retire(&self, producer: &Arc<Appending>) {
        let mut slot = locked(&self.producer);
        if slot
            .as_ref()
            .is_some_and(|current| Arc::ptr_eq(current, producer))
        {
            *slot = None;
        }
        drop(slot);
        producer.purge(PurgeConfig::default().queue().inflight());
    }
}
