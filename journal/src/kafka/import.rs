//! Fills the topics of a namespace with another journal's content.
//!
//! One transaction has all of it, with the positions that everybody starts from, so that it is there or not. Before it
//! every partition gets a position that says that an import was begun: nobody leads a partition with such a position,
//! [a server that is started meanwhile would lead those partitions that have nothing yet] and the next import knows that
//! it may go on from there.

use super::position::{self, Position};
use super::records::{self, Out};
use super::reports::Reports;
use super::tail::Tail;
use super::transaction::Transaction;
use super::{KafkaJournal, KafkaOptions, Shared, lead, topics};
use crate::moving::{Part, Target};
use crate::{CheckpointError, Error};
use std::sync::Arc;
use std::time::Duration;

/// The brokers abort an import that takes longer; what they allow at most unless somebody has set another limit.
const TIMEOUT: Duration = Duration::from_secs(15 * 60);

/// A namespace that is being filled.
pub struct KafkaImport {
    shared: Arc<Shared>,
    transaction: Transaction,
    /// Of the part that was sent last: the next one is made meanwhile.
    sent: Option<Arc<Reports>>,
}

impl KafkaImport {
    /// Makes or checks the topics, and takes all partitions.
    ///
    /// # Errors
    /// [`Error::NotEmpty`] when there is an installation in the namespace already; else as [`KafkaJournal::open`].
    pub fn begin(options: KafkaOptions) -> Result<Self, Error> {
        let shared = KafkaJournal::open(options)?.shared;
        let all = 0..shared.options.partitions;
        // Nobody who works is disturbed.
        all.clone()
            .try_for_each(|partition| check_empty(&shared, partition))?;
        let options = KafkaOptions {
            transaction_timeout: TIMEOUT,
            ..(*shared.options).clone()
        };
        let id = options.import_id();
        let transaction = Transaction::new(&options, &id)?.fence()?;
        for partition in all {
            claim(&shared, partition)?;
        }
        transaction.begin().map_err(|error| failed(&error))?;
        Ok(Self {
            shared,
            transaction,
            sent: None,
        })
    }

    fn closing(&self, partition: u32, term: u64) -> Result<[Out<'static>; 2], Error> {
        let options = &self.shared.options;
        let position = Position {
            term,
            leader: LEADER.to_owned(),
            next_offset: end_of_log(&self.shared, partition)?,
            checkpoint: 1,
            ..Position::start(&self.shared.identity, options.partitions)
        };
        let closing = records::closing(options, Some(partition as i32), &position);
        Ok([
            records::term(options, partition, term, LEADER),
            closing.map_err(|error| failed(&error))?,
        ])
    }
}

/// Who has written what was imported.
const LEADER: &str = "import";

impl Target for KafkaImport {
    fn partitions(&self) -> u32 {
        self.shared.options.partitions
    }

    fn put(&mut self, partition: u32, part: &Part) -> Result<(), Error> {
        let records = records::import(&self.shared.options, partition, part);
        let sent = records.and_then(|records| self.transaction.send(&records));
        let sent = sent.map_err(|error| failed(&error))?;
        match self.sent.replace(sent) {
            Some(before) => self
                .transaction
                .confirm(&before)
                .map_err(|error| failed(&error)),
            None => Ok(()),
        }
    }

    fn finish(self: Box<Self>, terms: &[u64]) -> Result<(), Error> {
        let mut closing = Vec::new();
        for (partition, term) in (0..self.partitions()).zip(terms) {
            closing.extend(self.closing(partition, *term)?);
        }
        if let Some(last) = &self.sent {
            let confirmed = self.transaction.confirm(last);
            confirmed.map_err(|error| failed(&error))?;
        }
        self.transaction
            .end(&closing)
            .map_err(|error| failed(&error))
    }
}

/// Refuses a partition that was ever led, or has commands.
fn check_empty(shared: &Shared, partition: u32) -> Result<(), Error> {
    let options = &shared.options;
    let tail = Tail::look_up(options, &options.topic(topics::STATE), partition)?;
    let is_begun = match position::last(shared, partition, &tail)? {
        Some(last) => !last.import,
        None => lead::was_led(shared, partition)?,
    };
    let (first, next) = shared.log_bounds(partition)?;
    match is_begun || first < next {
        true => Err(Error::NotEmpty(format!(
            "the topics {}.*",
            shared.options.namespace
        ))),
        false => Ok(()),
    }
}

/// From here on nobody leads the partition.
fn claim(shared: &Shared, partition: u32) -> Result<(), Error> {
    let options = &shared.options;
    let id = options.transactional_id(partition);
    let transaction = Transaction::new(options, &id)?.fence()?;
    // Again, now that nobody can lead it meanwhile.
    check_empty(shared, partition)?;
    let position = Position {
        leader: LEADER.to_owned(),
        next_offset: end_of_log(shared, partition)?,
        import: true,
        ..Position::start(&shared.identity, options.partitions)
    };
    let claim = records::closing(options, Some(partition as i32), &position);
    let claimed = claim.and_then(|claim| transaction.commit(&[claim], 0..0));
    let reports = claimed.map_err(|error| failed(&error))?;
    let end = reports.end(&options.topic(topics::STATE));
    shared.wrote(topics::STATE, partition, end);
    Ok(())
}

fn end_of_log(shared: &Shared, partition: u32) -> Result<u64, Error> {
    Ok(shared.log_bounds(partition)?.1)
}

fn failed(error: &CheckpointError) -> Error {
    let reason = match error {
        CheckpointError::Fenced => "another import was begun, or a server was started".to_owned(),
        CheckpointError::Full | CheckpointError::Failed(_) | CheckpointError::Refused(_) => {
            error.to_string()
        }
    };
    Error::Failed(format!("the import was not finished: {reason}"))
}
