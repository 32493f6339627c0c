//! Leadership of a partition: fence, learn the last committed position, write the new term.

use super::candidate::Candidate;
use super::destinations::Destinations;
use super::position::{self, Position};
use super::records;
use super::tail::{Tail, Target};
use super::transaction::Transaction;
use super::{Shared, topics};
use crate::fail_point::{self, FailPoint};
use crate::{Checkpoint, CheckpointError, Error, Lead};
use std::sync::Arc;

pub(super) struct KafkaLead {
    shared: Arc<Shared>,
    partition: u32,
    transaction: Transaction,
    destinations: Destinations,
    last: Position,
    /// Why nothing is committed any more: doubt about an earlier checkpoint, or another leader.
    over: Option<CheckpointError>,
}

impl KafkaLead {
    pub(super) fn new(shared: Arc<Shared>, partition: u32, leader: &str) -> Result<Self, Error> {
        let mut lead = Self::fencing(shared, partition, leader)?;
        let first = Checkpoint {
            next_offset: lead.last.next_offset,
            ..Checkpoint::default()
        };
        fail_point::pass(FailPoint::BeforeFirstCheckpoint);
        match lead.commit(&first, Some(leader)) {
            Ok(()) => Ok(lead),
            Err(error) => Err(Error::Failed(format!(
                "the first checkpoint of the term was not committed: {error}"
            ))),
        }
    }

    /// Has fenced its predecessor, and not begun its term.
    fn fencing(shared: Arc<Shared>, partition: u32, leader: &str) -> Result<Self, Error> {
        let partitions = shared.options.partitions;
        let (mut transaction, mut last) = fence(&shared, partition)?;
        let was_led = last.is_none() && was_led(&shared, partition)?;
        if was_led {
            // Another node may have begun to lead between the two looks. Fenced, it has left its position.
            (transaction, last) = fence(&shared, partition)?;
        }
        let last = match last {
            Some(last) => last,
            None if was_led => {
                let reason = "its state topic has no position although it has a history: the topic was emptied or made anew";
                return Err(Error::Foreign {
                    partition,
                    reason: reason.to_owned(),
                });
            }
            None => Position::start(&shared.identity, partitions),
        };
        if last.import {
            return Err(Error::Unfinished(format!("{}.*", shared.options.namespace)));
        }
        if let Some(reason) = last.foreign(&shared.identity, partitions) {
            return Err(Error::Foreign { partition, reason });
        }
        if let Some(reason) = truncated(&shared, partition, last.next_offset)? {
            return Err(Error::Foreign { partition, reason });
        }
        let last = Position {
            term: last.term + 1,
            leader: leader.to_owned(),
            ..last
        };
        Ok(Self {
            shared,
            partition,
            transaction,
            destinations: Destinations::default(),
            last,
            over: None,
        })
    }

    /// The first checkpoint of a term also tells the history who leads.
    fn commit(
        &mut self,
        checkpoint: &Checkpoint,
        leader: Option<&str>,
    ) -> Result<(), CheckpointError> {
        let outbound = &checkpoint.outbound;
        let refusals = self.destinations.refusals(&self.shared, outbound)?;
        if !refusals.is_empty() {
            return Err(CheckpointError::Refused(refusals));
        }
        let shared = &self.shared;
        let position = Position {
            next_offset: checkpoint.next_offset,
            checkpoint: self.last.checkpoint + 1,
            changes: checkpoint.changes.len(),
            ..self.last.clone()
        };
        let mut records = records::encode(&shared.options, self.partition, checkpoint, &position)?;
        if let Some(leader) = leader {
            let term = records::term(&shared.options, self.partition, position.term, leader);
            records.insert(0, term);
        }
        let first = checkpoint.changes.len() + checkpoint.history.len() + checkpoint.views.len();
        let outbound = first..first + outbound.len();
        let reports = self.transaction.commit(&records, outbound)?;
        for topic in [topics::STATE, topics::HISTORY] {
            let end = reports.end(&shared.options.topic(topic));
            shared.wrote(topic, self.partition, end);
        }
        self.last = position;
        Ok(())
    }

    fn log_end(&self, at_least: u64) -> Result<u64, CheckpointError> {
        match self.shared.seen_log(self.partition) {
            seen if seen >= at_least => Ok(seen),
            _ => match self.shared.log_bounds(self.partition) {
                Ok((_, next)) => Ok(next),
                Err(error) => Err(CheckpointError::Failed(error.to_string())),
            },
        }
    }
}

/// Fences the predecessor and looks where it has ended. In this order: what is read after fencing is final, unless
/// somebody else fences.
fn fence(shared: &Shared, partition: u32) -> Result<(Transaction, Option<Position>), Error> {
    let Candidate { transaction, tail } = shared.candidate(partition)?;
    let transaction = transaction.fence()?;
    fail_point::pass(FailPoint::AfterFence);
    let last = position::last(shared, partition, &tail);
    // A consumer's end takes a tenth of a second that nobody has to wait for.
    std::thread::spawn(move || drop(tail));
    Ok((transaction, last?))
}

/// Why the log does not go on from the last checkpoint; `None` when it does.
fn truncated(shared: &Shared, partition: u32, next_offset: u64) -> Result<Option<String>, Error> {
    let (first, next) = shared.log_bounds(partition)?;
    Ok((!(first..=next).contains(&next_offset)).then(|| {
        format!(
            "the last checkpoint includes the commands below {next_offset}, which is outside the log: it goes from {first} to {next}, so commands were lost that no checkpoint includes"
        )
    }))
}

/// Whether a checkpoint was ever committed: its term is in the history, or was until it expired.
pub(super) fn was_led(shared: &Shared, partition: u32) -> Result<bool, Error> {
    let (low, target) = shared.committed_end(topics::HISTORY, partition)?;
    if target.offset == 0 || low > 0 {
        return Ok(low > 0);
    }
    let tail = Tail::look_up(
        &shared.options,
        &shared.options.topic(topics::HISTORY),
        partition,
    )?;
    tail.seek(low)?;
    let mut is_there = false;
    let first = Target {
        offset: low + 1,
        is_visible: true,
    };
    // An aborted first checkpoint leaves offsets without records.
    tail.scan(first, shared.options.request_timeout, |_| is_there = true)?;
    Ok(is_there)
}

impl Lead for KafkaLead {
    fn term(&self) -> u64 {
        self.last.term
    }

    fn next_offset(&self) -> u64 {
        self.last.next_offset
    }

    fn checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), CheckpointError> {
        if let Some(over) = &self.over {
            return Err(over.clone());
        }
        let end = self.log_end(checkpoint.next_offset);
        let checked = end.and_then(|end| checkpoint.check(self.last.next_offset, end));
        match checked.and_then(|()| self.commit(checkpoint, None)) {
            Ok(()) => {
                self.shared.trim(self.partition, checkpoint.next_offset);
                Ok(())
            }
            Err(error @ CheckpointError::Refused(_)) => {
                self.destinations.forget();
                Err(error)
            }
            Err(error) => {
                self.over = Some(error.clone());
                Err(error)
            }
        }
    }
}
