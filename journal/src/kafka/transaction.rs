//! One transactional producer: fences, then commits all records of a checkpoint or none.
//!
//! Calls block their thread; delivery reports are taken by a thread of the producer's own, so that a commit finds
//! nothing in flight and does not pause in slices of 100 ms.

use super::records::Out;
use super::reports::{Reporting, Reports, Ticket};
use super::{KafkaOptions, failed, topics};
use crate::fail_point::{self, FailPoint};
use crate::{CheckpointError, Error};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, Producer, PurgeConfig, ThreadedProducer};
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// So often a call that says "again" is made again; each waits up to the request time-out by itself.
const ATTEMPTS_MAX: usize = 5;

/// The coordinator is asked again after so long, then after twice as long, up to the second one.
const FENCE_PAUSE: Duration = Duration::from_millis(20);
const FENCE_PAUSE_MAX: Duration = Duration::from_millis(100);

pub(super) struct Transaction {
    producer: Arc<ThreadedProducer<Reporting>>,
    timeout: Duration,
}

impl Transaction {
    /// Fences whoever had this id: an open transaction of theirs is aborted, one that is being committed is awaited.
    ///
    /// While that lasts a call of librdkafka asks twice a second only, but each new call asks at once, unless the
    /// coordinator still owes an answer. So no request is ever given up: late, it would fence the producer that leads.
    pub(super) fn fence(self) -> Result<Self, Error> {
        let deadline = Instant::now() + self.timeout;
        let mut pause = FENCE_PAUSE;
        while !self.init(pause)? {
            if Instant::now() > deadline {
                return Err(busy());
            }
            pause = FENCE_PAUSE_MAX.min(pause * 2);
        }
        Ok(self)
    }

    /// Whether others are fenced within the wait.
    fn init(&self, wait: Duration) -> Result<bool, Error> {
        match self.producer.init_transactions(wait) {
            Ok(()) => Ok(true),
            Err(KafkaError::Transaction(error)) if error.is_retriable() => Ok(false),
            Err(error) => Err(failed("leadership cannot be taken", &error)),
        }
    }

    /// One that has fenced nobody yet, and cannot commit before it has.
    pub(super) fn new(options: &KafkaOptions, id: &str) -> Result<Self, Error> {
        Ok(Self {
            producer: options.create(&options.transactional(id), Reporting)?,
            timeout: options.request_timeout,
        })
    }

    /// One whose connection is there already.
    pub(super) fn connected(options: &KafkaOptions, id: &str) -> Result<Self, Error> {
        let transaction = Self::new(options, id)?;
        let client = transaction.producer.client();
        let asked = client.fetch_metadata(Some(&options.topic(topics::STATE)), transaction.timeout);
        asked.map_err(|error| failed("the cluster cannot be asked", &error))?;
        Ok(transaction)
    }

    /// Commits all of the records; gives how far each topic was written. Those in the range `outbound` may be refused.
    pub(super) fn commit(
        &self,
        records: &[Out<'_>],
        outbound: Range<usize>,
    ) -> Result<Arc<Reports>, CheckpointError> {
        fail_point::pass(FailPoint::BeforeProduce);
        let deadline = Instant::now() + self.timeout;
        self.begin()?;
        let reports = Reports::new(records.len());
        let produced = self.produce(records, &reports, deadline);
        fail_point::pass(FailPoint::AfterProduce);
        if let Err(reason) = produced.and_then(|()| self.settle(&reports, deadline)) {
            return Err(self.abort(&reports, reason, outbound));
        }
        self.finish(&reports, outbound)?;
        Ok(reports)
    }

    /// Begins a transaction that is written in parts.
    pub(super) fn begin(&self) -> Result<(), CheckpointError> {
        let begun = self.producer.begin_transaction();
        begun.map_err(|error| self.class(error.to_string(), Some(&error)))
    }

    /// Sends a part of a transaction; it is complete when its reports are.
    pub(super) fn send(&self, records: &[Out<'_>]) -> Result<Arc<Reports>, CheckpointError> {
        let reports = Reports::new(records.len());
        let produced = self.produce(records, &reports, Instant::now() + self.timeout);
        match produced {
            Ok(()) => Ok(reports),
            Err(reason) => Err(self.class(reason, None)),
        }
    }

    /// Waits until a part was confirmed.
    pub(super) fn confirm(&self, reports: &Reports) -> Result<(), CheckpointError> {
        let confirmed = reports.wait(Instant::now() + self.timeout);
        confirmed.map_err(|reason| self.class(reason, None))
    }

    /// Commits a transaction whose last part this is.
    pub(super) fn end(&self, records: &[Out<'_>]) -> Result<(), CheckpointError> {
        let reports = self.send(records)?;
        let settled = self.settle(&reports, Instant::now() + self.timeout);
        settled.map_err(|reason| self.class(reason, None))?;
        self.finish(&reports, 0..0)
    }

    fn finish(&self, reports: &Reports, outbound: Range<usize>) -> Result<(), CheckpointError> {
        fail_point::pass(FailPoint::BeforeCommit);
        match self.insist(|| self.producer.commit_transaction(self.timeout)) {
            Ok(()) => {
                fail_point::pass(FailPoint::AfterCommit);
                Ok(())
            }
            Err(error @ KafkaError::Transaction(_)) if requires_abort(&error) => {
                Err(self.abort(reports, error.to_string(), outbound))
            }
            Err(error) => Err(self.class(error.to_string(), Some(&error))),
        }
    }

    fn produce(
        &self,
        records: &[Out<'_>],
        reports: &Arc<Reports>,
        deadline: Instant,
    ) -> Result<(), String> {
        for (sent, out) in records.iter().enumerate() {
            let ticket = Ticket::new(reports, sent);
            let mut record = base_record(out, ticket);
            while let Err((error, again)) = self.producer.send(record) {
                let is_full = error == KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull);
                if !is_full || Instant::now() > deadline {
                    reports.note(sent, &error);
                    reports.forget(records.len() - sent);
                    return Err(format!("topic {}: {error}", out.topic));
                }
                std::thread::sleep(Duration::from_millis(1));
                record = again;
            }
        }
        Ok(())
    }

    /// Waits until every record was confirmed and librdkafka has let go of all of them.
    fn settle(&self, reports: &Reports, deadline: Instant) -> Result<(), String> {
        reports.wait(deadline)?;
        while self.producer.in_flight_count() > 0 {
            if Instant::now() > deadline {
                return Err("records stayed in flight".to_owned());
            }
            std::thread::yield_now();
        }
        Ok(())
    }

    /// Aborts, as far as that goes: what cannot be aborted is, by the next leader or after the transaction time-out.
    fn abort(&self, reports: &Reports, reason: String, outbound: Range<usize>) -> CheckpointError {
        let class = self.class(reason, None);
        // Taken before the rest is purged.
        let refusals = reports.refusals(outbound);
        let mut is_aborted = false;
        if self.producer.client().fatal_error().is_none() {
            self.producer
                .purge(PurgeConfig::default().queue().inflight());
            // Aborting with records outstanding hangs (librdkafka #4849).
            let deadline = Instant::now() + self.timeout;
            let settled = self.settle(reports, deadline);
            let aborted = self.insist(|| self.producer.abort_transaction(self.timeout));
            tracing::debug!(?settled, ?aborted, "aborted a checkpoint");
            is_aborted = aborted.is_ok();
        }
        // Aborting may have found out that somebody else leads.
        match (class, self.fenced()) {
            (CheckpointError::Failed(_), Some(fenced)) => fenced,
            (CheckpointError::Failed(_), None) if is_aborted && !refusals.is_empty() => {
                CheckpointError::Refused(refusals)
            }
            (class, _) => class,
        }
    }

    fn insist(&self, call: impl Fn() -> KafkaResult<()>) -> KafkaResult<()> {
        let mut result = call();
        for _ in 1..ATTEMPTS_MAX {
            match &result {
                Err(KafkaError::Transaction(error)) if error.is_retriable() => result = call(),
                Ok(()) | Err(_) => break,
            }
        }
        result
    }

    fn class(&self, reason: String, error: Option<&KafkaError>) -> CheckpointError {
        let code = match error {
            Some(KafkaError::Transaction(error)) => Some(error.code()),
            Some(_) | None => None,
        };
        match (self.fenced(), code) {
            (Some(fenced), _) => fenced,
            (None, Some(code)) if is_fenced(code) => CheckpointError::Fenced,
            (None, _) => CheckpointError::Failed(reason),
        }
    }

    fn fenced(&self) -> Option<CheckpointError> {
        let (code, _) = self.producer.client().fatal_error()?;
        is_fenced(code).then_some(CheckpointError::Fenced)
    }
}

fn busy() -> Error {
    let silent = "leadership cannot be taken: the coordinator is busy with its last transaction";
    Error::Failed(silent.to_owned())
}

fn requires_abort(error: &KafkaError) -> bool {
    matches!(error, KafkaError::Transaction(error) if error.txn_requires_abort())
}

/// A coordinator that aborted a transaction for its age answers the same as one that knows a newer leader. Both mean
/// that this leadership is over.
fn is_fenced(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::Fenced
            | RDKafkaErrorCode::ProducerFenced
            | RDKafkaErrorCode::InvalidProducerEpoch
    )
}

fn base_record<'a>(
    out: &'a Out<'_>,
    ticket: Box<Ticket>,
) -> BaseRecord<'a, [u8], [u8], Box<Ticket>> {
    let mut record = BaseRecord::with_opaque_to(&out.topic, ticket);
    record.partition = out.partition;
    record.key = out.key.as_deref();
    record.payload = out.value.as_deref();
    record.timestamp = out.timestamp_ms;
    record.headers(out.headers.clone())
}
