//! A consumer that stands at one place of one partition: the base of readers, observers and the history.
//!
//! It joins no group and commits nothing. Offsets have holes (transaction markers, compaction, aborted records), so
//! "everything below an offset was read" is known from a record at or above it or from the broker's end-of-partition,
//! never by counting.

use super::context::Context;
use super::{Isolation, KafkaOptions, failed};
use crate::Error;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::{Message, Offset, TopicPartitionList};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A consumer that is given its place while it connects may look for the partition's leader a second later only.
const CONNECT_PATIENCE: Duration = Duration::from_secs(1);

pub(super) struct Tail {
    consumer: Arc<BaseConsumer<Context>>,
    topic: String,
    partition: i32,
}

/// What a look at the partition gave.
pub(super) enum Step<'a> {
    Message(BorrowedMessage<'a>),
    /// All that was readable when the broker was asked has been given.
    End,
    /// Nothing within the wait.
    Nothing,
}

/// Why a tail cannot go on.
pub(super) enum Broken {
    /// The place where it stands does not exist (any more).
    OutOfBounds,
    Failed(String),
}

impl Broken {
    pub(super) fn into_error(self, topic: &str) -> Error {
        Error::Failed(match self {
            Broken::OutOfBounds => {
                format!("{topic}: the place to read from does not exist any more")
            }
            Broken::Failed(reason) => format!("{topic}: {reason}"),
        })
    }
}

impl Tail {
    /// For reading on and on.
    pub(super) fn follow(
        options: &KafkaOptions,
        isolation: Isolation,
        topic: &str,
        partition: u32,
        from: i64,
    ) -> Result<Self, Error> {
        let tail = Self {
            consumer: options.create(&options.consumer(isolation), Context)?,
            topic: topic.to_owned(),
            partition: partition as i32,
        };
        tail.seek(from)?;
        Ok(tail)
    }

    /// For looking something up among what is committed: the end is told at once, for the price of more requests.
    /// It stands nowhere yet, and has a connection if that was to be had.
    pub(super) fn look_up(
        options: &KafkaOptions,
        topic: &str,
        partition: u32,
    ) -> Result<Self, Error> {
        let mut config = options.consumer(Isolation::Committed);
        config.set("fetch.wait.max.ms", "5");
        let consumer: Arc<BaseConsumer<Context>> = options.create(&config, Context)?;
        // What is wrong with the partition, the first look will tell.
        let _ = consumer.fetch_watermarks(topic, partition as i32, CONNECT_PATIENCE);
        Ok(Self {
            consumer,
            topic: topic.to_owned(),
            partition: partition as i32,
        })
    }

    /// Fetches nothing until the next [`Tail::seek`].
    pub(super) fn rest(&self) -> Result<(), Error> {
        let unassigned = self.consumer.unassign();
        unassigned.map_err(|error| failed("a partition cannot be left", &error))
    }

    /// The next record will be the first at or above `from`.
    pub(super) fn seek(&self, from: i64) -> Result<(), Error> {
        let mut list = TopicPartitionList::new();
        let added = list.add_partition_offset(&self.topic, self.partition, Offset::Offset(from));
        added
            .and_then(|()| self.consumer.assign(&list))
            .map_err(|error| failed("a partition cannot be read", &error))
    }

    pub(super) fn poll(&self, wait: Duration) -> Result<Step<'_>, Broken> {
        match self.consumer.poll(wait) {
            None => Ok(Step::Nothing),
            Some(Ok(message)) => Ok(Step::Message(message)),
            Some(Err(KafkaError::PartitionEOF(_))) => Ok(Step::End),
            Some(Err(error)) => classify(error),
        }
    }

    /// Gives every record below `target` to `each`, and perhaps some above, which ends it. The broker may be silent for
    /// as long as `patience`.
    pub(super) fn scan(
        &self,
        target: Target,
        patience: Duration,
        mut each: impl FnMut(&BorrowedMessage<'_>),
    ) -> Result<(), Error> {
        self.scan_while(target, patience, |message| {
            each(message);
            true
        })
    }

    /// As [`Tail::scan`], for as long as `each` says to go on.
    pub(super) fn scan_while(
        &self,
        target: Target,
        patience: Duration,
        mut each: impl FnMut(&BorrowedMessage<'_>) -> bool,
    ) -> Result<(), Error> {
        let mut deadline = Instant::now() + patience;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self
                .poll(left)
                .map_err(|broken| broken.into_error(&self.topic))?
            {
                Step::Message(message) => {
                    if !each(&message) || target.is_reached_by(message.offset()) {
                        return Ok(());
                    }
                    deadline = Instant::now() + patience;
                }
                Step::End if target.is_visible => return Ok(()),
                Step::End | Step::Nothing if left.is_zero() => {
                    return Err(Error::Failed(format!(
                        "{}: the end did not come in time",
                        self.topic
                    )));
                }
                Step::End | Step::Nothing => {}
            }
        }
    }
}

/// Up to where a partition is to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    /// Everything below this offset.
    pub(super) offset: i64,
    /// Whether committed readers already see that far. What this process has committed becomes visible a moment
    /// after the commit was confirmed, when the brokers have written its markers.
    pub(super) is_visible: bool,
}

impl Target {
    pub(super) fn new(visible: i64, committed: i64) -> Self {
        // Behind the last record of a transaction stands its marker, which is never given. With nothing else behind
        // it the record itself is the end, and nobody waits for the broker to say so.
        let visible = match visible - committed {
            1 => committed,
            _ => visible,
        };
        Self {
            offset: visible.max(committed),
            is_visible: committed <= visible,
        }
    }

    pub(super) fn is_reached_by(self, offset: i64) -> bool {
        offset + 1 >= self.offset
    }
}

/// Whether an error ends the reading; all others are librdkafka's to mend, and only cost time.
fn classify(error: KafkaError) -> Result<Step<'static>, Broken> {
    let code = match &error {
        KafkaError::MessageConsumptionFatal(_) => return Err(Broken::Failed(error.to_string())),
        KafkaError::MessageConsumption(code) => *code,
        _ => return Err(Broken::Failed(error.to_string())),
    };
    match code {
        RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange => {
            Err(Broken::OutOfBounds)
        }
        RDKafkaErrorCode::UnknownTopic
        | RDKafkaErrorCode::UnknownPartition
        | RDKafkaErrorCode::UnknownTopicOrPartition
        | RDKafkaErrorCode::TopicAuthorizationFailed
        | RDKafkaErrorCode::InvalidMessage
        | RDKafkaErrorCode::BadMessage
        | RDKafkaErrorCode::Authentication
        | RDKafkaErrorCode::SaslAuthenticationFailed => Err(Broken::Failed(error.to_string())),
        _ => {
            tracing::debug!(%error, "reading goes on");
            Ok(Step::Nothing)
        }
    }
}
