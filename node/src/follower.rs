//! A standby of a partition: keeps its state up to date without answering anybody, and can lead at once.
//!
//! It stays at the last committed checkpoint: a command is applied once a checkpoint that includes it is seen. So there
//! is nothing that it could write twice, it meets no command that the leader did not survive, and at every checkpoint
//! its own memory must have the very hash that the leader has written. What lies behind the checkpoint is at most what
//! the leader had not written, and is applied when it takes over. Architecture, section 5.

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use bytes::Bytes;
use engine::{Kind, Limits};
use journal::{Change, Journal, Observed, Observer, Reader, Record};
use proto::record::RefusedRecord;

use crate::config::Config;
use crate::driver::{Driver, Halt, Loading};
use crate::error::StartError;
use crate::leadership::{Led, let_go, load, take_over};
use crate::measures::PartitionMeasures;
use crate::partition_id::PartitionId;

/// The longest wait for the log to give what a checkpoint includes.
const SILENCE: Duration = Duration::from_secs(30);
/// One look at the log.
const LOOK: Duration = Duration::from_millis(100);

/// The state of a partition as of its last checkpoint, with what comes next at hand.
pub(crate) struct Follower {
    partition: PartitionId,
    driver: Driver,
    observer: Box<dyn Observer>,
    reader: Box<dyn Reader>,
    /// Read from the log, and behind the checkpoint.
    ahead: VecDeque<Record>,
    /// The summary of the state in the checkpoint that is being observed.
    meta: Option<Bytes>,
    /// Records for users' topics that this checkpoint went without.
    withheld: Vec<RefusedRecord>,
}

/// Why a follower must begin anew.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FollowError {
    #[error("{0}")]
    Start(#[from] StartError),
    /// Begin anew and skip this offset, as the leader has done.
    #[error("the machine failed at offset {offset}: {message}")]
    Panicked { offset: u64, message: String },
    /// Memory and log do not agree: one of both is wrong, and memory is thrown away.
    #[error("the state before offset {next_offset} is not the one that the leader has written")]
    Diverged { next_offset: u64 },
}

impl From<journal::Error> for FollowError {
    fn from(error: journal::Error) -> FollowError {
        FollowError::Start(error.into())
    }
}

impl Follower {
    /// Restores the last committed checkpoint. Blocks until it has.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn restore(
        journal: &dyn Journal,
        partition: PartitionId,
        limits: Limits,
        skipped: BTreeSet<u64>,
        measures: &PartitionMeasures,
    ) -> Result<Follower, StartError> {
        let mut observer = journal.observe(partition.in_journal())?;
        let mut loading = Loading::new(partition, journal.partitions());
        let restored = load(&mut loading, &mut *observer, partition, measures, |_| true)?;
        let next_offset = restored.next_offset;
        let driver = loading.finish(next_offset, limits, skipped)?;
        let reader = journal.read(partition.in_journal(), next_offset)?;
        Ok(Follower {
            partition,
            driver,
            observer,
            reader,
            ahead: VecDeque::new(),
            meta: None,
            withheld: Vec::new(),
        })
    }

    /// It has applied everything below this.
    pub fn next_offset(&self) -> u64 {
        self.driver.next_offset()
    }

    /// Goes on to the next checkpoint, should one come within the wait. Gives its term.
    ///
    /// # Errors
    /// See [`FollowError`]: begin anew.
    pub fn step(&mut self, wait: Duration) -> Result<Option<u64>, FollowError> {
        let deadline = Instant::now() + wait;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.observer.next(left)? {
                Observed::Change(change) => self.note(change)?,
                Observed::Checkpoint { next_offset, term } => {
                    self.advance(next_offset)?;
                    self.compare(next_offset)?;
                    self.driver.withhold(std::mem::take(&mut self.withheld));
                    return Ok(Some(term));
                }
                Observed::Idle => return Ok(None),
            }
        }
    }

    /// Of what the leader writes only this does not follow from the commands.
    fn note(&mut self, change: Change) -> Result<(), FollowError> {
        let withheld = Driver::withheld(&change).map_err(StartError::from)?;
        self.withheld.extend(withheld);
        if change.key.first() == Some(&(Kind::Meta as u8)) {
            self.meta = change.value;
        }
        Ok(())
    }

    /// Applies all commands below an offset.
    fn advance(&mut self, next_offset: u64) -> Result<(), FollowError> {
        let mut heard = Instant::now();
        let mut outputs = Vec::new();
        while self.driver.next_offset() < next_offset {
            let Some(record) = self.ahead.pop_front() else {
                let records = self.reader.next(LOOK)?;
                if !records.is_empty() {
                    heard = Instant::now();
                } else if heard.elapsed() >= SILENCE {
                    return Err(StartError::Silent("a checkpoint was followed").into());
                }
                self.ahead.extend(records);
                continue;
            };
            if record.offset >= next_offset {
                // It says that it includes a command that the log does not have.
                return Err(FollowError::Diverged { next_offset });
            }
            #[cfg(feature = "fail-points")]
            let record = Record {
                command: journal::fail_point::misread(record.command),
                ..record
            };
            self.driver.apply(&record, &mut outputs).map_err(halted)?;
            outputs.clear();
        }
        Ok(())
    }

    /// The entry that sums up the own state must be the one that was written, byte for byte.
    fn compare(&mut self, next_offset: u64) -> Result<(), FollowError> {
        let Some(written) = self.meta.take() else {
            return Ok(());
        };
        let own = self.driver.draft().summary();
        match own == Some(written) {
            true => Ok(()),
            false => Err(FollowError::Diverged { next_offset }),
        }
    }

    /// Fences the leader and goes on to its last checkpoint.
    ///
    /// # Errors
    /// See [`FollowError`].
    pub fn take_over(mut self, journal: &dyn Journal, name: &str) -> Result<Led, FollowError> {
        let lead = journal.lead(self.partition.in_journal(), name)?;
        let begun = Instant::now();
        loop {
            match self.step(LOOK)? {
                Some(term) if term == lead.term() => break,
                Some(term) if term > lead.term() => return Err(StartError::Fenced.into()),
                Some(_) => {}
                None if begun.elapsed() < SILENCE => {}
                None => return Err(StartError::Silent("the last checkpoint was awaited").into()),
            }
        }
        let_go(self.observer);
        let reader = Box::new(Ahead {
            records: self.ahead.into(),
            reader: self.reader,
        });
        Ok(Led::new(lead, reader, self.driver, self.partition))
    }
}

fn halted(halt: Halt) -> FollowError {
    match halt {
        Halt::Panicked { offset, message } => FollowError::Panicked { offset, message },
        Halt::NewerSemantics { offset, found } => crate::leadership::newer(offset, found).into(),
    }
}

/// Leads: with what the follower has, or, when that cannot be, by restoring.
///
/// # Errors
/// See [`StartError`].
pub(crate) fn lead(
    journal: &dyn Journal,
    partition: PartitionId,
    config: &Config,
    skipped: &BTreeSet<u64>,
    follower: Option<Follower>,
) -> Result<Led, StartError> {
    let name = config.name.as_str();
    if let Some(follower) = follower {
        match follower.take_over(journal, name) {
            Ok(led) => return Ok(led),
            Err(error) => tracing::warn!(%partition, %error, "the follower cannot lead: restoring"),
        }
    }
    let (limits, measures) = (config.limits, config.measures.of(partition));
    take_over(journal, partition, name, limits, skipped.clone(), measures)
}

/// A reader that gives first what was read already.
struct Ahead {
    records: Vec<Record>,
    reader: Box<dyn Reader>,
}

impl Reader for Ahead {
    fn next(&mut self, wait: Duration) -> Result<Vec<Record>, journal::Error> {
        match self.records.is_empty() {
            true => self.reader.next(wait),
            false => Ok(std::mem::take(&mut self.records)),
        }
    }
}

#[cfg(test)]
mod tests;
