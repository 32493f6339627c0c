//! Looks up history by instance, which Kafka itself cannot: an index of one partition's history topic, built when it is
//! first asked for and caught up at every call.
//!
//! It holds keys, offsets and the summaries of ended instances, and forgets the oldest beyond a bound; an instance
//! that began before that is told from there on.

use super::tail::{Step, Tail};
use super::{Shared, records, topics};
use crate::moving::Past;
use crate::{Bytes, Ended, Error, HistoryPart, HistoryRecord};
use rdkafka::Message;
use rdkafka::message::{BorrowedMessage, Headers};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant};

/// What an indexed record costs beside its summary, in bytes, roughly.
const ENTRY_BYTES: usize = 112;

/// Records that lie so near to each other are read in one go.
const STRIDE: i64 = 256;

pub(super) struct History {
    topic: String,
    tail: Tail,
    /// Everything below is indexed.
    next: i64,
    index: Index,
}

#[derive(Default)]
struct Index {
    written: HashMap<u64, VecDeque<Written>>,
    ended: BTreeMap<(i64, u64), Bytes>,
    /// All indexed records in order, to forget them from the front.
    order: VecDeque<Indexed>,
    bytes: usize,
}

/// A record of an instance's history: where it is, and the size of its payload.
#[derive(Clone, Copy)]
struct Written {
    offset: i64,
    bytes: usize,
}

struct Indexed {
    offset: i64,
    instance: u64,
    ended_at_ms: Option<i64>,
    bytes: usize,
}

impl History {
    pub(super) fn open(shared: &Shared, partition: u32) -> Result<Self, Error> {
        let topic = shared.options.topic(topics::HISTORY);
        let (low, _) = shared.committed_end(topics::HISTORY, partition)?;
        let tail = Tail::look_up(&shared.options, &topic, partition)?;
        Ok(Self {
            topic,
            tail,
            next: low,
            index: Index::default(),
        })
    }

    /// Indexes everything that is committed, at least up to the last checkpoint of this process.
    pub(super) fn catch_up(&mut self, shared: &Shared, partition: u32) -> Result<(), Error> {
        let (low, target) = shared.committed_end(topics::HISTORY, partition)?;
        self.index.forget_below(low);
        if target.offset > self.next.max(low) {
            self.next = self.next.max(low);
            self.tail.seek(self.next)?;
            let (index, next) = (&mut self.index, &mut self.next);
            self.tail
                .scan(target, shared.options.request_timeout, |message| {
                    index.add(message);
                    *next = message.offset() + 1;
                })?;
            self.next = self.next.max(target.offset);
        }
        self.index.forget_above(shared.options.history_index_bytes);
        Ok(())
    }

    /// The newest payloads of an instance.
    pub(super) fn of(
        &mut self,
        instance: u64,
        bytes_max: usize,
        patience: Duration,
    ) -> Result<HistoryPart, Error> {
        let Some(entries) = self.index.written.get(&instance) else {
            return Ok(HistoryPart::default());
        };
        let (wanted, is_cut) = newest(entries, bytes_max);
        let mut payloads = Vec::with_capacity(wanted.len());
        let mut standing: Option<i64> = None;
        let deadline = Instant::now() + patience;
        for offset in wanted {
            if standing.is_none_or(|at| !(at..at + STRIDE).contains(&offset)) {
                self.tail.seek(offset)?;
            }
            standing = Some(offset + 1);
            payloads.extend(fetch(&self.tail, &self.topic, offset, deadline)?);
        }
        Ok(HistoryPart { payloads, is_cut })
    }

    /// Between calls nothing is fetched.
    pub(super) fn rest(&self) -> Result<(), Error> {
        self.tail.rest()
    }

    pub(super) fn ended(&self, before: Option<(i64, u64)>, limit: usize) -> Vec<Ended> {
        let page = |(&(at_ms, instance), summary): (&(i64, u64), &Bytes)| Ended {
            instance,
            at_ms,
            summary: summary.clone(),
        };
        let ended = &self.index.ended;
        match before {
            Some(before) => ended.range(..before).rev().take(limit).map(page).collect(),
            None => ended.iter().rev().take(limit).map(page).collect(),
        }
    }
}

/// The record at an offset, read from a tail that stands at or below it; `None` when it has expired.
fn fetch(tail: &Tail, topic: &str, offset: i64, deadline: Instant) -> Result<Option<Bytes>, Error> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match tail.poll(left).map_err(|broken| broken.into_error(topic))? {
            Step::Message(message) if message.offset() < offset => {}
            Step::Message(message) if message.offset() == offset => {
                return Ok(Some(
                    message
                        .payload()
                        .map_or_else(Bytes::new, Bytes::copy_from_slice),
                ));
            }
            Step::Message(_) => return Ok(None),
            Step::End | Step::Nothing if left.is_zero() => {
                return Err(Error::Failed(format!(
                    "{topic}: offset {offset} did not come in time"
                )));
            }
            Step::End | Step::Nothing => {}
        }
    }
}

impl Index {
    fn add(&mut self, message: &BorrowedMessage<'_>) {
        let Some((instance, ended_at_ms)) = whose(message) else {
            return; // Somebody else's record.
        };
        let mut indexed = Indexed {
            offset: message.offset(),
            instance,
            ended_at_ms,
            bytes: ENTRY_BYTES,
        };
        if let Some(at_ms) = indexed.ended_at_ms {
            let summary = header(message, records::SUMMARY).unwrap_or_default();
            indexed.bytes += summary.len();
            self.ended
                .insert((at_ms, instance), Bytes::copy_from_slice(summary));
        }
        self.written
            .entry(instance)
            .or_default()
            .push_back(Written {
                offset: indexed.offset,
                bytes: message.payload().map_or(0, <[u8]>::len),
            });
        self.bytes += indexed.bytes;
        self.order.push_back(indexed);
    }

    fn forget_below(&mut self, low: i64) {
        while self.order.front().is_some_and(|oldest| oldest.offset < low) {
            self.forget_oldest();
        }
    }

    fn forget_above(&mut self, bytes: usize) {
        while self.bytes > bytes {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let Some(oldest) = self.order.pop_front() else {
            self.bytes = 0;
            return;
        };
        self.bytes = self.bytes.saturating_sub(oldest.bytes);
        if let Some(at_ms) = oldest.ended_at_ms {
            self.ended.remove(&(at_ms, oldest.instance));
        }
        if let Some(written) = self.written.get_mut(&oldest.instance) {
            written.pop_front();
            if written.is_empty() {
                self.written.remove(&oldest.instance);
            }
        }
    }
}

/// The offsets of the newest records that together are not longer than this, the oldest first; at least one. And
/// whether there are others.
fn newest(written: &VecDeque<Written>, bytes_max: usize) -> (Vec<i64>, bool) {
    let mut left = Some(bytes_max);
    let mut offsets = Vec::new();
    for record in written.iter().rev() {
        left = left.and_then(|left| left.checked_sub(record.bytes));
        if left.is_none() && !offsets.is_empty() {
            break;
        }
        offsets.push(record.offset);
    }
    offsets.reverse();
    let is_cut = offsets.len() < written.len();
    (offsets, is_cut)
}

/// A record as a checkpoint wrote it; `None` for one that is somebody else's, or says who leads.
pub(super) fn past(message: &BorrowedMessage<'_>) -> Option<Past> {
    let (instance, ended_at_ms) = whose(message)?;
    let ended = ended_at_ms.map(|at_ms| {
        let summary = header(message, records::SUMMARY).unwrap_or_default();
        (at_ms, Bytes::copy_from_slice(summary))
    });
    let payload = message.payload();
    Some(Past {
        record: HistoryRecord {
            instance,
            payload: payload.map_or_else(Bytes::new, Bytes::copy_from_slice),
            ended,
        },
        written_ms: message.timestamp().to_millis(),
    })
}

/// The instance, and when it ended if the record says that.
fn whose(message: &BorrowedMessage<'_>) -> Option<(u64, Option<i64>)> {
    let key = std::str::from_utf8(message.key()?).ok()?;
    let ended_at_ms = header(message, records::ENDED_AT)
        .and_then(|at_ms| std::str::from_utf8(at_ms).ok()?.parse().ok());
    Some((key.parse().ok()?, ended_at_ms))
}

fn header<'a>(message: &'a BorrowedMessage<'_>, name: &str) -> Option<&'a [u8]> {
    let headers = message.headers()?;
    headers.iter().find(|header| header.key == name)?.value
}
