//! Follows the state topic: first all entries, then each checkpoint as it is committed.
//!
//! Reads committed records only, and a checkpoint's position is its last record, so what is announced is whole.

use super::position::{POSITION_KEY, Position};
use super::tail::{Step, Tail, Target};
use super::{Isolation, Shared, topics};
use crate::{Bytes, Change, Error, Extent, Observed, Observer};
use rdkafka::Message;
use rdkafka::message::BorrowedMessage;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub(super) struct KafkaObserver {
    shared: Arc<Shared>,
    tail: Tail,
    partition: u32,
    /// Until the end that the topic had at first was reached: that end, and the last position seen.
    first: Option<(Target, Observed)>,
    ready: VecDeque<Observed>,
    /// Where the topic begins, and how far it was read.
    low: i64,
    read: i64,
    extent: u64,
    started: Instant,
    /// Whether it goes on after the entries that were there.
    follows: bool,
    broken: Option<Error>,
}

impl KafkaObserver {
    pub(super) fn new(shared: Arc<Shared>, partition: u32) -> Result<Self, Error> {
        let topic = shared.options.topic(topics::STATE);
        let (low, target) = shared.committed_end(topics::STATE, partition)?;
        let tail = Tail::follow(
            &shared.options,
            Isolation::Committed,
            &topic,
            partition,
            low,
        )?;
        let nothing = Observed::Checkpoint {
            next_offset: 0,
            term: 0,
        };
        let (first, ready) = match target.offset <= low {
            true => (None, VecDeque::from([nothing])),
            false => (Some((target, nothing)), VecDeque::new()),
        };
        Ok(Self {
            shared,
            tail,
            partition,
            first,
            ready,
            low,
            read: low,
            extent: (target.offset - low).max(0) as u64,
            started: Instant::now(),
            follows: false,
            broken: None,
        })
    }

    fn step(&mut self, wait: Duration) -> Result<Observed, Error> {
        let deadline = Instant::now() + wait;
        loop {
            if let Some(observed) = self.ready.pop_front() {
                return Ok(observed);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let topic = || self.shared.options.topic(topics::STATE);
            let step = self
                .tail
                .poll(left)
                .map_err(|broken| broken.into_error(&topic()))?;
            match step {
                Step::Message(message) => {
                    let written_ms = message.timestamp().to_millis();
                    let (offset, observed) = (message.offset(), observed(&message)?);
                    drop(message);
                    self.read = offset + 1;
                    self.take(offset, written_ms, observed)?;
                }
                Step::End => self.take_end()?,
                Step::Nothing if left.is_zero() => return Ok(Observed::Idle),
                Step::Nothing => {}
            }
        }
    }

    /// Whoever looks further than the last checkpoint may have to lead.
    fn follow(&mut self) {
        if self.follows || self.first.is_some() || !self.ready.is_empty() {
            return;
        }
        self.follows = true;
        if let Err(error) = self.shared.prepare(self.partition) {
            tracing::debug!(partition = self.partition, %error, "leading would begin with connecting");
        }
    }

    fn take(
        &mut self,
        offset: i64,
        written_ms: Option<i64>,
        observed: Observed,
    ) -> Result<(), Error> {
        let Some((target, last)) = &mut self.first else {
            if let Observed::Checkpoint { .. } = &observed {
                self.check_age(written_ms)?;
            }
            self.ready.push_back(observed);
            return Ok(());
        };
        if offset >= target.offset {
            // The first end was passed: what it had comes before this.
            let last = last.clone();
            self.finish(last)?;
            self.ready.push_back(observed);
            return Ok(());
        }
        let is_end = target.is_reached_by(offset);
        match observed {
            Observed::Change(_) => self.ready.push_back(observed),
            Observed::Checkpoint { .. } | Observed::Idle => *last = observed,
        }
        if is_end {
            let last = last.clone();
            self.finish(last)?;
        }
        Ok(())
    }

    fn take_end(&mut self) -> Result<(), Error> {
        match &self.first {
            Some((target, last)) if target.is_visible => {
                let last = last.clone();
                self.finish(last)
            }
            Some(_) | None => Ok(()),
        }
    }

    fn finish(&mut self, last: Observed) -> Result<(), Error> {
        self.check(self.started.elapsed())?;
        self.first = None;
        self.ready.push_back(last);
        Ok(())
    }

    /// Compaction may have taken entries out of a checkpoint that is older than the limit.
    fn check_age(&self, written_ms: Option<i64>) -> Result<(), Error> {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let written = Duration::from_millis(written_ms.unwrap_or(0).max(0) as u64);
        self.check(now.saturating_sub(written))
    }

    fn check(&self, age: Duration) -> Result<(), Error> {
        let limit = self.shared.options.restore_limit;
        match limit.is_zero() || age <= limit {
            true => Ok(()),
            false => Err(Error::Lagged(self.partition)),
        }
    }
}

impl Observer for KafkaObserver {
    fn next(&mut self, wait: Duration) -> Result<Observed, Error> {
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        self.follow();
        self.step(wait)
            .inspect_err(|error| self.broken = Some(error.clone()))
    }

    fn extent(&self) -> Extent {
        let done = (self.read - self.low).max(0) as u64;
        Extent {
            done: done.min(self.extent),
            of: self.extent,
        }
    }
}

impl Drop for KafkaObserver {
    fn drop(&mut self) {
        if self.follows {
            self.shared.dismiss(self.partition);
        }
    }
}

fn observed(message: &BorrowedMessage<'_>) -> Result<Observed, Error> {
    let key = message.key().unwrap_or_default();
    if key == POSITION_KEY {
        let value = message.payload().unwrap_or_default();
        let Position {
            next_offset, term, ..
        } = Position::decode(value).map_err(Error::Failed)?;
        return Ok(Observed::Checkpoint { next_offset, term });
    }
    Ok(Observed::Change(Change {
        key: Bytes::copy_from_slice(key),
        value: message.payload().map(Bytes::copy_from_slice),
    }))
}
