//! The journal on Apache Kafka: the only stateful component of an installation.
//!
//! Commands go to one topic by idempotent producers without transactions; state, history, views, outbound records and
//! the log position are committed together, in one transaction per checkpoint, by a producer whose transactional id
//! fences its predecessors. Architecture, section 5; `docs/topics.md` describes every record.

mod append;
mod candidate;
mod cluster;
mod context;
mod destinations;
mod findings;
mod history;
mod import;
mod lead;
mod oauth;
mod observe;
mod options;
mod position;
mod reader;
mod records;
mod reports;
mod setup;
mod survey;
mod sys;
mod tail;
pub mod topics;
mod transaction;
mod volume;

pub use import::KafkaImport;
pub use options::KafkaOptions;
pub use position::POSITION_KEY;
pub use setup::{examine, partitions};
pub use survey::{Lacking, Survey, survey};
pub use volume::{Mark, Volume, remove};

use crate::fail_point::{self, FailPoint};
use crate::feed::locked;
use crate::moving::{Past, Source};
use crate::{
    AppendError, Bytes, ClusterLog, ENDED_LIMIT_MAX, Ended, Error, HistoryPart, Journal, Lead,
    Observer, Reader,
};
use append::Appender;
use candidate::Candidate;
use cluster::KafkaCluster;
use context::Context;
use history::History;
use options::Isolation;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::{Offset, TopicPartitionList};
use setup::{Identity, Setup};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tail::{Tail, Target};

/// The version of every record's layout; header `weir.schema`.
pub const SCHEMA: &str = "1";

/// So long the supposed leader of a partition is waited for at first, before all brokers are asked who leads.
const WATERMARKS_PATIENCE: Duration = Duration::from_millis(500);

/// A journal on a Kafka cluster. Readers, observers and leads that came from it outlive it.
pub struct KafkaJournal {
    shared: Arc<Shared>,
    appender: Appender,
    cluster: Arc<KafkaCluster>,
}

struct Shared {
    options: Arc<KafkaOptions>,
    identity: Identity,
    /// Ask for the end of the log, and for the end of what is committed.
    written: Arc<BaseConsumer<Context>>,
    committed: Arc<BaseConsumer<Context>>,
    admin: Arc<AdminClient<Context>>,
    partitions: Vec<Partition>,
}

/// What this process knows of a partition without asking.
#[derive(Default)]
struct Partition {
    /// The log has records up to here.
    seen_log: AtomicU64,
    /// Checkpoints that this process committed go up to here.
    state_end: AtomicI64,
    history_end: AtomicI64,
    history: Mutex<Option<History>>,
    trimmed: Mutex<Option<Instant>>,
    /// Set while the partition is followed.
    candidate: Mutex<Option<Candidate>>,
}

impl KafkaJournal {
    /// Connects, makes missing topics, and checks those that are there.
    ///
    /// # Errors
    /// [`Error::Unsafe`] with all findings when a topic is not as it must be; [`Error::Failed`] when no broker
    /// answers, something is forbidden, or a property is wrong.
    pub fn open(options: KafkaOptions) -> Result<Self, Error> {
        options.check()?;
        let options = Arc::new(options);
        let setup = Setup::connect(&options)?;
        let identity = setup.prepare()?;
        let appender = Appender::new(Arc::clone(&options))?;
        let shared = Arc::new(Shared {
            written: options.create(&options.watermarks(Isolation::Uncommitted), Context)?,
            committed: options.create(&options.watermarks(Isolation::Committed), Context)?,
            admin: setup.into_admin(),
            partitions: (0..options.partitions)
                .map(|_| Partition::default())
                .collect(),
            identity,
            options: Arc::clone(&options),
        });
        Ok(Self {
            cluster: Arc::new(KafkaCluster::new(Arc::clone(&shared))?),
            shared,
            appender,
        })
    }

    fn check(&self, partition: u32) -> Result<(), Error> {
        self.shared.partition(partition).map(|_| ())
    }

    fn with_history<T>(
        &self,
        partition: u32,
        ask: impl FnOnce(&mut History) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut slot = locked(&self.shared.partition(partition)?.history);
        let mut history = match slot.take() {
            Some(history) => history,
            None => History::open(&self.shared, partition)?,
        };
        // After an error it is not put back, so the next call begins anew.
        history.catch_up(&self.shared, partition)?;
        let answer = ask(&mut history)?;
        history.rest()?;
        *slot = Some(history);
        Ok(answer)
    }
}

impl Journal for KafkaJournal {
    fn partitions(&self) -> u32 {
        self.shared.options.partitions
    }

    fn append(&self, partition: u32, commands: &[Bytes]) -> Result<(), AppendError> {
        if self.check(partition).is_err() {
            return Err(AppendError::UnknownPartition(partition));
        }
        fail_point::pass(FailPoint::BeforeAppend);
        self.appender.append(partition, commands)?;
        fail_point::pass(FailPoint::AfterAppend);
        Ok(())
    }

    fn read(&self, partition: u32, from: u64) -> Result<Box<dyn Reader>, Error> {
        self.check(partition)?;
        let shared = Arc::clone(&self.shared);
        Ok(Box::new(reader::KafkaReader::new(shared, partition, from)?))
    }

    fn observe(&self, partition: u32) -> Result<Box<dyn Observer>, Error> {
        self.check(partition)?;
        let shared = Arc::clone(&self.shared);
        Ok(Box::new(observe::KafkaObserver::new(shared, partition)?))
    }

    fn lead(&self, partition: u32, leader: &str) -> Result<Box<dyn Lead>, Error> {
        self.check(partition)?;
        let shared = Arc::clone(&self.shared);
        Ok(Box::new(lead::KafkaLead::new(shared, partition, leader)?))
    }

    fn history(
        &self,
        partition: u32,
        instance: u64,
        bytes_max: usize,
    ) -> Result<HistoryPart, Error> {
        let patience = self.shared.options.request_timeout;
        self.with_history(partition, |history| {
            history.of(instance, bytes_max, patience)
        })
    }

    fn ended(
        &self,
        partition: u32,
        before: Option<(i64, u64)>,
        limit: usize,
    ) -> Result<Vec<Ended>, Error> {
        let limit = limit.min(ENDED_LIMIT_MAX);
        self.with_history(partition, |history| Ok(history.ended(before, limit)))
    }

    fn cluster(&self) -> Option<Arc<dyn ClusterLog>> {
        Some(Arc::clone(&self.cluster) as _)
    }
}

impl Source for KafkaJournal {
    fn all_history(
        &self,
        partition: u32,
        _live: &mut dyn Iterator<Item = u64>,
        each: &mut dyn FnMut(Past) -> bool,
    ) -> Result<(), Error> {
        let shared = &self.shared;
        let (low, target) = shared.committed_end(topics::HISTORY, partition)?;
        if target.offset <= low {
            return Ok(());
        }
        let topic = shared.options.topic(topics::HISTORY);
        let tail = Tail::follow(
            &shared.options,
            Isolation::Committed,
            &topic,
            partition,
            low,
        )?;
        tail.scan_while(target, shared.options.request_timeout, |message| {
            history::past(message).is_none_or(&mut *each)
        })
    }
}

impl Shared {
    fn partition(&self, partition: u32) -> Result<&Partition, Error> {
        let found = self.partitions.get(partition as usize);
        found.ok_or(Error::UnknownPartition(partition))
    }

    /// What leading the partition takes.
    fn candidate(&self, partition: u32) -> Result<Candidate, Error> {
        let prepared = locked(&self.partition(partition)?.candidate).take();
        match prepared {
            Some(candidate) => Ok(candidate),
            None => Candidate::new(&self.options, partition),
        }
    }

    /// Whoever follows a partition may lead it soon.
    fn prepare(&self, partition: u32) -> Result<(), Error> {
        let candidate = Candidate::connected(&self.options, partition)?;
        *locked(&self.partition(partition)?.candidate) = Some(candidate);
        Ok(())
    }

    fn dismiss(&self, partition: u32) {
        if let Ok(partition) = self.partition(partition) {
            let candidate = locked(&partition.candidate).take();
            drop(candidate);
        }
    }

    /// The smallest and the largest offset that may be read from.
    fn log_bounds(&self, partition: u32) -> Result<(u64, u64), Error> {
        let topic = self.options.topic(topics::COMMANDS);
        let (low, high) = self.watermarks(&self.written, &topic, partition)?;
        Ok((low as u64, high as u64))
    }

    fn check_bounds(&self, partition: u32, from: u64) -> Result<(), Error> {
        let (first, next) = self.log_bounds(partition)?;
        match (first..=next).contains(&from) {
            true => Ok(()),
            false => Err(Error::OutOfBounds {
                partition,
                from,
                first,
                next,
            }),
        }
    }

    /// The first offset of a checkpoint topic, and up to where it must be read to have seen everything committed.
    fn committed_end(&self, topic: &str, partition: u32) -> Result<(i64, Target), Error> {
        let own = self.own_end(topic, partition);
        let own = own.map_or(0, |end| end.load(Ordering::Acquire));
        let name = self.options.topic(topic);
        let (low, high) = self.watermarks(&self.committed, &name, partition)?;
        Ok((low, Target::new(high, own)))
    }

    fn watermarks(
        &self,
        client: &BaseConsumer<Context>,
        topic: &str,
        partition: u32,
    ) -> Result<(i64, i64), Error> {
        let timeout = self.options.request_timeout;
        let deadline = Instant::now() + timeout;
        let mut patience = WATERMARKS_PATIENCE.min(timeout);
        loop {
            match client.fetch_watermarks(topic, partition as i32, patience) {
                Ok(bounds) => return Ok(bounds),
                Err(error) if is_passing(&error) && Instant::now() < deadline => {
                    // The client asks the leader that it remembers, though that one is dead: it must hear of the next.
                    let _ = client.fetch_metadata(Some(topic), patience);
                    std::thread::sleep(Duration::from_millis(10));
                    patience = (2 * patience).min(timeout);
                }
                Err(error) => {
                    return Err(failed(
                        &format!("the bounds of {topic}, partition {partition}"),
                        &error,
                    ));
                }
            }
        }
    }

    fn own_end(&self, topic: &str, partition: u32) -> Option<&AtomicI64> {
        let partition = self.partitions.get(partition as usize)?;
        match topic {
            topics::STATE => Some(&partition.state_end),
            topics::HISTORY => Some(&partition.history_end),
            _ => None,
        }
    }

    /// This process has committed records of a topic up to an offset.
    fn wrote(&self, topic: &str, partition: u32, end: Option<i64>) {
        if let (Some(own), Some(end)) = (self.own_end(topic, partition), end) {
            own.fetch_max(end, Ordering::AcqRel);
        }
    }

    fn saw_log(&self, partition: u32, end: u64) {
        if let Some(partition) = self.partitions.get(partition as usize) {
            partition.seen_log.fetch_max(end, Ordering::AcqRel);
        }
    }

    fn seen_log(&self, partition: u32) -> u64 {
        let partition = self.partitions.get(partition as usize);
        partition.map_or(0, |partition| partition.seen_log.load(Ordering::Acquire))
    }

    /// Deletes the log far enough below a committed checkpoint: rarely, and without anybody waiting for it.
    fn trim(self: &Arc<Self>, partition: u32, next_offset: u64) {
        let below = next_offset.saturating_sub(self.options.log_margin);
        let Some(known) = self.partitions.get(partition as usize) else {
            return;
        };
        let mut trimmed = locked(&known.trimmed);
        let is_due = trimmed.is_none_or(|at| at.elapsed() >= self.options.trim_interval);
        if below == 0 || !is_due {
            return;
        }
        *trimmed = Some(Instant::now());
        let shared = Arc::clone(self);
        std::thread::spawn(move || match shared.delete_below(partition, below) {
            Ok(()) => tracing::debug!(
                partition,
                below,
                "deleted commands that the checkpoint includes"
            ),
            Err(error) => tracing::warn!(partition, below, %error, "commands could not be deleted"),
        });
    }

    fn delete_below(&self, partition: u32, below: u64) -> Result<(), KafkaError> {
        let topic = self.options.topic(topics::COMMANDS);
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&topic, partition as i32, Offset::Offset(below as i64))?;
        let options = AdminOptions::new().request_timeout(Some(self.options.request_timeout));
        let done = setup::wait_for(self.admin.delete_records(&list, &options))?;
        done.elements()
            .iter()
            .try_for_each(|element| element.error())
    }
}

/// While a partition's leader moves, and just after a topic was made, the wrong broker is asked; a client that has just
/// begun, or whose brokers have all been away, has no connection yet.
fn is_passing(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::NotLeaderForPartition
                | RDKafkaErrorCode::LeaderNotAvailable
                | RDKafkaErrorCode::UnknownTopicOrPartition
                | RDKafkaErrorCode::UnknownPartition
                | RDKafkaErrorCode::FencedLeaderEpoch
                | RDKafkaErrorCode::UnknownLeaderEpoch
                | RDKafkaErrorCode::OffsetNotAvailable
                | RDKafkaErrorCode::BrokerTransportFailure
                | RDKafkaErrorCode::AllBrokersDown
                | RDKafkaErrorCode::OperationTimedOut
                | RDKafkaErrorCode::RequestTimedOut
        )
    )
}

fn failed(what: &str, error: &KafkaError) -> Error {
    Error::Failed(format!("{what}: {error}"))
}

/// What every record of ours says of itself.
fn headers(kind: &str) -> OwnedHeaders {
    OwnedHeaders::new_with_capacity(4)
        .insert(Header {
            key: "weir.type",
            value: Some(kind),
        })
        .insert(Header {
            key: "weir.schema",
            value: Some(SCHEMA),
        })
}
