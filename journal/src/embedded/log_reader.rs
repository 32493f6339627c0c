//! Reads a partition's log: from memory at the tail, from segments before it.

use super::log::{Log, Segment};
use super::recover::damaged;
use super::segment;
use crate::feed::{locked, wait_until};
use crate::{Bytes, Error, Place, Reader, Record};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// One call gives at most so many records, and about so many bytes.
const BATCH_RECORDS_MAX: usize = 4096;
const BATCH_BYTES: usize = 1 << 20;
/// So much is read from a segment at once, unless a single record needs more.
const CHUNK_BYTES: u64 = 256 << 10;

pub(super) struct LogReader {
    /// The partition's, kept alive by this.
    log: Arc<Log>,
    from: u64,
    /// Where the last read from a segment ended: its first offset, and the position of record `from`.
    place: Option<(u64, u64)>,
}

enum Source {
    Memory(Vec<Record>),
    Disk(Arc<Segment>),
    Nothing,
}

impl LogReader {
    pub(super) fn new(log: Arc<Log>, from: u64) -> Result<Self, Error> {
        let (first, next) = log.bounds();
        if !(first..=next).contains(&from) {
            return Err(out_of_bounds(&log, from, first, next));
        }
        Ok(Self {
            log,
            from,
            place: None,
        })
    }

    fn source(&self, wait: Duration) -> Result<Source, Error> {
        let log = &*self.log;
        let mut tail = locked(&log.tail);
        if tail.next <= self.from && !wait.is_zero() {
            tail = wait_until(&log.grown, tail, Instant::now() + wait, |tail| {
                tail.next > self.from || log.latch.reason().is_some()
            });
        }
        if tail.next <= self.from {
            return match log.latch.reason() {
                Some(reason) => Err(Error::Closed(reason.to_owned())),
                None => Ok(Source::Nothing),
            };
        }
        if let Some(oldest) = tail.recent.front()
            && oldest.offset <= self.from
        {
            let start = (self.from - oldest.offset) as usize;
            let mut bytes = 0;
            let fits = |record: &&Record| {
                bytes += record.command.len();
                bytes <= BATCH_BYTES + record.command.len()
            };
            let records = tail.recent.range(start..).take(BATCH_RECORDS_MAX);
            return Ok(Source::Memory(records.take_while(fits).cloned().collect()));
        }
        let behind = tail.segments.partition_point(|s| s.first <= self.from);
        let segment = behind.checked_sub(1).and_then(|at| tail.segments.get(at));
        match segment {
            Some(segment) => Ok(Source::Disk(Arc::clone(segment))),
            None => {
                let first = tail.segments.front().map_or(tail.next, |s| s.first);
                Err(out_of_bounds(log, self.from, first, tail.next))
            }
        }
    }

    /// Records from a segment, beginning with `from`. Its length bounds the loop.
    fn read_segment(&mut self, segment: &Segment) -> Result<Vec<Record>, Error> {
        let end = segment.end.load(Ordering::Acquire);
        let mut position = match self.place {
            Some((first, position)) if first == segment.first => position,
            Some(_) | None => near(segment, self.from),
        };
        let mut records = Vec::new();
        while records.is_empty() && position < end {
            let bytes = self.chunk(segment, position, end)?;
            let mut at = 0;
            while let Some(rest) = bytes.get(at..)
                && segment::claimed_size(rest).is_some_and(|size| size <= rest.len())
            {
                let found = segment::decode_record(rest, segment.salt)
                    .ok_or_else(|| self.damaged(segment, position + at as u64))?;
                if found.offset > self.from {
                    return Err(self.damaged(segment, position + at as u64));
                }
                if found.offset == self.from {
                    records.push(found.record(&bytes, at));
                    self.from += 1;
                }
                at += found.size;
            }
            if at == 0 {
                return Err(self.damaged(segment, position));
            }
            position += at as u64;
        }
        self.place = Some((segment.first, position));
        if records.is_empty() {
            return Err(self.damaged(segment, end));
        }
        Ok(records)
    }

    /// Bytes from a position on, at least one whole record.
    fn chunk(&self, segment: &Segment, position: u64, end: u64) -> Result<Bytes, Error> {
        let read = |length: u64| {
            let mut bytes = vec![0; length.min(end - position) as usize];
            let result = segment.file.read_at(position, &mut bytes);
            result.map_err(|e| super::recover::failed(&*self.log.disk, &segment.name, &e))?;
            Ok::<_, Error>(Bytes::from(bytes))
        };
        let bytes = read(CHUNK_BYTES)?;
        match segment::claimed_size(&bytes) {
            Some(size) if size > bytes.len() && position + size as u64 <= end => read(size as u64),
            Some(_) | None => Ok(bytes),
        }
    }

    fn damaged(&self, segment: &Segment, position: u64) -> Error {
        let reason = "not the record that was written here".to_owned();
        damaged(
            &*self.log.disk,
            &segment.name,
            Place::Byte(position),
            reason,
        )
    }
}

impl Reader for LogReader {
    fn next(&mut self, wait: Duration) -> Result<Vec<Record>, Error> {
        match self.source(wait)? {
            Source::Nothing => Ok(Vec::new()),
            Source::Disk(segment) => self.read_segment(&segment),
            Source::Memory(records) => {
                self.from += records.len() as u64;
                self.place = None;
                Ok(records)
            }
        }
    }
}

/// A position at or before the record, by the segment's index.
fn near(segment: &Segment, offset: u64) -> u64 {
    let index = locked(&segment.index);
    let behind = index.partition_point(|&(of, _)| of <= offset);
    let entry = behind.checked_sub(1).and_then(|at| index.get(at));
    entry.map_or(segment::HEADER_BYTES as u64, |&(_, position)| position)
}

fn out_of_bounds(log: &Log, from: u64, first: u64, next: u64) -> Error {
    Error::OutOfBounds {
        partition: log.partition,
        from,
        first,
        next,
    }
}
