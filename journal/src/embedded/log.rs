//! The command log of one partition: group commit, segments, and the newest records in memory.
//!
//! Owns all writing to segments. Whoever appends while nobody writes becomes the writer for everybody who waits: one
//! write and one fsync for all of them, without a thread to hand over to. Records become visible to readers only
//! when they are durable.

use super::disk::{Disk, DiskFile, is_full};
use super::mark::Mark;
use super::options::Options;
use super::segment::{self, HEADER_BYTES, RECORD_HEADER_BYTES};
use crate::feed::locked;
use crate::latch::Latch;
use crate::{AppendError, Bytes, Error, Record};
use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};

pub(super) struct Log {
    pub(super) partition: u32,
    pub(super) disk: Arc<dyn Disk>,
    pub(super) options: Options,
    pub(super) latch: Arc<Latch>,
    pub(super) mark: Arc<Mark>,
    queue: Mutex<Queue>,
    written: Condvar,
    writer: Mutex<Writer>,
    pub(super) tail: Mutex<Tail>,
    pub(super) grown: Condvar,
}

/// Who waits to be written. One entry per blocked thread, so the callers' threads bound it.
#[derive(Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    writing: bool,
}

struct Waiting {
    commands: Vec<Bytes>,
    bytes: usize,
    outcome: Arc<OnceLock<Result<(), AppendError>>>,
}

pub(super) struct Writer {
    pub(super) active: Arc<Segment>,
    pub(super) position: u64,
    pub(super) next: u64,
    pub(super) last_timestamp_ms: i64,
    pub(super) buffer: Vec<u8>,
}

/// What readers may see.
pub(super) struct Tail {
    pub(super) segments: VecDeque<Arc<Segment>>,
    /// All records below are durable.
    pub(super) next: u64,
    /// The newest records without a hole, up to `next`.
    pub(super) recent: VecDeque<Record>,
    pub(super) recent_bytes: usize,
}

pub(super) struct Segment {
    pub(super) first: u64,
    pub(super) salt: u32,
    pub(super) name: String,
    pub(super) file: Arc<dyn DiskFile>,
    /// So many bytes are durable.
    pub(super) end: AtomicU64,
    pub(super) index: Mutex<Vec<(u64, u64)>>,
}

impl Log {
    pub(super) fn new(
        partition: u32,
        disk: Arc<dyn Disk>,
        options: Options,
        latch: Arc<Latch>,
        mark: Arc<Mark>,
        (writer, segments): (Writer, VecDeque<Arc<Segment>>),
    ) -> Self {
        let tail = Tail {
            segments,
            next: writer.next,
            recent: VecDeque::new(),
            recent_bytes: 0,
        };
        Self {
            partition,
            disk,
            options,
            latch,
            mark,
            queue: Mutex::default(),
            written: Condvar::new(),
            writer: Mutex::new(writer),
            tail: Mutex::new(tail),
            grown: Condvar::new(),
        }
    }

    /// Lets waiting readers look whether the journal was closed.
    pub(super) fn wake(&self) {
        // The lock is taken so that nobody is between having looked and waiting.
        let _tail = locked(&self.tail);
        self.grown.notify_all();
    }

    /// The smallest offset that can be read and the one after the last durable record.
    pub(super) fn bounds(&self) -> (u64, u64) {
        let tail = locked(&self.tail);
        let first = tail.segments.front().map_or(tail.next, |s| s.first);
        (first, tail.next)
    }

    pub(super) fn append(&self, commands: &[Bytes]) -> Result<(), AppendError> {
        let bytes = self.check_sizes(commands)?;
        if let Some(reason) = self.latch.reason() {
            return Err(AppendError::Closed(reason.to_owned()));
        }
        if commands.is_empty() {
            return Ok(());
        }
        let outcome = Arc::new(OnceLock::new());
        let mut queue = locked(&self.queue);
        queue.waiting.push_back(Waiting {
            commands: commands.to_vec(),
            bytes,
            outcome: Arc::clone(&outcome),
        });
        loop {
            if let Some(outcome) = outcome.get() {
                return outcome.clone();
            }
            if queue.writing {
                queue = self
                    .written
                    .wait(queue)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            queue.writing = true;
            let batch = self.take_batch(&mut queue);
            drop(queue);
            let result = self.write(&batch);
            for waiting in &batch {
                // Nobody else sets it, so it cannot be set already.
                let _ = waiting.outcome.set(result.clone());
            }
            queue = locked(&self.queue);
            queue.writing = false;
            self.written.notify_all();
        }
    }

    fn check_sizes(&self, commands: &[Bytes]) -> Result<usize, AppendError> {
        let too_large = |size, limit| Err(AppendError::TooLarge { size, limit });
        let mut bytes = 0;
        for command in commands {
            if command.len() > self.options.record_bytes_max {
                return too_large(command.len(), self.options.record_bytes_max);
            }
            bytes += command.len() + RECORD_HEADER_BYTES;
        }
        // One command up to its own limit always goes.
        if bytes > self.options.batch_bytes_max && commands.len() > 1 {
            return too_large(bytes, self.options.batch_bytes_max);
        }
        Ok(bytes)
    }

    fn take_batch(&self, queue: &mut Queue) -> Vec<Waiting> {
        let mut batch = Vec::new();
        let mut bytes = 0;
        while let Some(waiting) = queue.waiting.front() {
            if !batch.is_empty() && bytes + waiting.bytes > self.options.batch_bytes_max {
                break;
            }
            bytes += waiting.bytes;
            batch.extend(queue.waiting.pop_front());
        }
        batch
    }

    /// Writes and syncs a batch as one group.
    fn write(&self, batch: &[Waiting]) -> Result<(), AppendError> {
        let mut writer = locked(&self.writer);
        if let Some(reason) = self.latch.reason() {
            return Err(AppendError::Closed(reason.to_owned()));
        }
        let bytes: usize = batch.iter().map(|waiting| waiting.bytes).sum();
        if self.must_spare(bytes as u64) {
            return Err(AppendError::Full);
        }
        if writer.position >= self.options.segment_bytes {
            self.roll(&mut writer)?;
        }
        let records = self.encode(&mut writer, batch);
        let active = Arc::clone(&writer.active);
        if let Err(error) = active.file.write_at(writer.position, &writer.buffer) {
            return Err(self.write_failed(&active, writer.position, &error));
        }
        if let Err(error) = active.file.sync() {
            return Err(self.close(&active.name, "fsync", &error));
        }
        self.publish(&mut writer, &active, records);
        Ok(())
    }

    /// Whether so little space is left that it must be kept for checkpoints.
    fn must_spare(&self, bytes: u64) -> bool {
        // Where the file system does not tell, the write will.
        self.disk.space().is_ok_and(|space| {
            space.free < bytes.saturating_add(self.options.reserve_bytes.min(space.total / 32))
        })
    }

    /// Fills the writer's buffer. Returns each record with its position in the buffer.
    fn encode(&self, writer: &mut Writer, batch: &[Waiting]) -> Vec<(usize, Record)> {
        let timestamp_ms = writer.last_timestamp_ms.max((self.options.clock)());
        let mut buffer = std::mem::take(&mut writer.buffer);
        buffer.clear();
        let commands = batch.iter().flat_map(|waiting| &waiting.commands);
        let mut records = Vec::new();
        for (offset, command) in (writer.next..).zip(commands) {
            let record = Record {
                offset,
                timestamp_ms,
                command: command.clone(),
            };
            records.push((buffer.len(), record));
            segment::encode_record(
                &mut buffer,
                writer.active.salt,
                writer.next,
                offset,
                timestamp_ms,
                command,
            );
        }
        writer.buffer = buffer;
        records
    }

    fn write_failed(&self, active: &Segment, position: u64, error: &io::Error) -> AppendError {
        // What was half written is cut off again, durably: "nothing was appended" must hold after a power failure too.
        if is_full(error) && active.file.set_len(position).is_ok() && active.file.sync().is_ok() {
            return AppendError::Full;
        }
        self.close(&active.name, "write", error)
    }

    /// Nothing is tried a second time: the kernel may report success although the data is gone.
    fn close(&self, name: &str, what: &str, error: &io::Error) -> AppendError {
        let reason = format!("{}: {what} failed: {error}", self.disk.path(name));
        self.latch.close(reason.clone());
        self.wake();
        AppendError::Unknown(reason)
    }

    fn publish(&self, writer: &mut Writer, active: &Segment, records: Vec<(usize, Record)>) {
        let start = writer.position;
        writer.position += writer.buffer.len() as u64;
        self.mark.log(active.first, writer.position);
        active.end.store(writer.position, Ordering::Release);
        // A copy, since a command may be a small slice of a large buffer of the caller's.
        let bytes = Bytes::copy_from_slice(&writer.buffer);
        let mut index = locked(&active.index);
        let mut tail = locked(&self.tail);
        for (at, mut record) in records {
            segment::note(&mut index, record.offset, start + at as u64);
            let command = at + RECORD_HEADER_BYTES;
            record.command = bytes.slice(command..command + record.command.len());
            writer.last_timestamp_ms = record.timestamp_ms;
            writer.next = record.offset + 1;
            tail.recent_bytes += record.command.len() + RECORD_HEADER_BYTES;
            tail.recent.push_back(record);
        }
        tail.next = writer.next;
        while tail.recent_bytes > self.options.tail_bytes {
            let Some(oldest) = tail.recent.pop_front() else {
                break;
            };
            tail.recent_bytes -= oldest.command.len() + RECORD_HEADER_BYTES;
        }
        self.grown.notify_all();
    }

    fn roll(&self, writer: &mut Writer) -> Result<(), AppendError> {
        let name = segment::name(self.partition, writer.next);
        match create(&*self.disk, self.partition, writer.next) {
            Ok(segment) => {
                let segment = Arc::new(segment);
                locked(&self.tail).segments.push_back(Arc::clone(&segment));
                writer.active = segment;
                writer.position = HEADER_BYTES as u64;
                Ok(())
            }
            Err(Creating::Write(error)) if is_full(&error) => {
                // What remains is overwritten by the next attempt, or seen at the next start as an unfinished
                // segment.
                let _ = self.disk.remove(&name);
                Err(AppendError::Full)
            }
            Err(Creating::Write(error)) => Err(self.close(&name, "creation", &error)),
            Err(Creating::Sync(error)) => Err(self.close(&name, "fsync", &error)),
        }
    }

    /// Deletes segments that hold nothing but records below a committed checkpoint, a bounded number at a time. The
    /// oldest goes first and is gone for good before the next, so that no hole can appear.
    pub(super) fn delete_below(&self, offset: u64) -> Result<(), Error> {
        const SEGMENTS_MAX: usize = 8;
        for _ in 0..SEGMENTS_MAX {
            let mut tail = locked(&self.tail);
            if tail.segments.get(1).is_none_or(|next| next.first > offset) {
                return Ok(());
            }
            let Some(oldest) = tail.segments.pop_front() else {
                return Ok(());
            };
            drop(tail);
            if let Err(error) = self.disk.remove(&oldest.name) {
                let reason = format!("{}: cannot remove: {error}", self.disk.path(&oldest.name));
                locked(&self.tail).segments.push_front(oldest);
                return Err(Error::Failed(reason));
            }
            if let Err(error) = self.disk.sync_directory() {
                let unknown = self.close(&oldest.name, "fsync of the directory", &error);
                return Err(Error::Closed(unknown.to_string()));
            }
        }
        Ok(())
    }
}

/// Why a segment could not be created.
pub(super) enum Creating {
    Write(io::Error),
    Sync(io::Error),
}

/// Creates an empty segment whose name and header are durable.
pub(super) fn create(disk: &dyn Disk, partition: u32, first: u64) -> Result<Segment, Creating> {
    let name = segment::name(partition, first);
    let salt = fastrand::u32(..);
    let file = disk.open(&name, true).map_err(Creating::Write)?;
    file.set_len(0).map_err(Creating::Write)?;
    let header = segment::encode_header(partition, first, salt);
    file.write_at(0, &header).map_err(Creating::Write)?;
    file.sync().map_err(Creating::Sync)?;
    disk.sync_directory().map_err(Creating::Sync)?;
    Ok(Segment {
        first,
        salt,
        name,
        file,
        end: AtomicU64::new(HEADER_BYTES as u64),
        index: Mutex::default(),
    })
}
