//! Opens the log of a partition after any kind of stop: checks every byte, cuts a torn tail, refuses damage.

use super::disk::{Disk, DiskFile};
use super::log::{Creating, Segment, Writer, create};
use super::mark::Mark;
use super::segment::{self, HEADER_BYTES, Scan};
use crate::{Error, Place};
use std::collections::VecDeque;
use std::io;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

/// A segment longer than this was not written by us. Segments are read whole.
const SEGMENT_BYTES_MAX: u64 = 4 << 30;

/// The segments in order, and the writer at their end.
pub(super) fn recover(
    disk: &dyn Disk,
    partition: u32,
    mark: &Mark,
) -> Result<(Writer, VecDeque<Arc<Segment>>), Error> {
    let files = list(disk, partition)?;
    let known = mark.known();
    let mut segments = VecDeque::new();
    let mut end: Option<Scan> = None;
    for (position, &first) in files.iter().enumerate() {
        let last = position + 1 == files.len();
        let durable = if known.segment == first {
            known.length
        } else {
            0
        };
        let name = segment::name(partition, first);
        let damaged = |place, reason: String| damaged(disk, &name, place, reason);
        let (file, bytes) = read(disk, &name)?;
        let Some(salt) = segment::decode_header(&bytes, partition, first) else {
            let unfinished = last && bytes.len() <= HEADER_BYTES && durable == 0;
            if unfinished && (end.is_some() || first == 0) {
                disk.remove(&name).map_err(|e| failed(disk, &name, &e))?;
                break;
            }
            let reason = "this is not the header of this segment".to_owned();
            return Err(damaged(Place::Byte(0), reason));
        };
        if let Some(next) = end
            .as_ref()
            .map(|end| end.next)
            .filter(|&next| next != first)
        {
            let reason = format!(
                "it begins with offset {first}, but the segment before ends below {next}: one is missing"
            );
            return Err(damaged(Place::File, reason));
        }
        let scan = segment::scan(&bytes, salt, first, durable, last)
            .map_err(|(at, reason)| damaged(Place::Byte(at), reason.to_owned()))?;
        if last {
            settle(disk, &name, &*file, bytes.len() as u64, scan.end)?;
        }
        segments.push_back(Arc::new(Segment {
            first,
            salt,
            name,
            file,
            end: AtomicU64::new(scan.end),
            index: Mutex::new(scan.index.clone()),
        }));
        // An empty segment has no timestamp of its own.
        let before = end.map_or(i64::MIN, |end| end.last_timestamp_ms);
        end = Some(Scan {
            last_timestamp_ms: scan.last_timestamp_ms.max(before),
            ..scan
        });
    }
    check_known_segment(disk, partition, mark, &segments)?;
    let writer = writer(disk, partition, &mut segments, end)?;
    mark.log(writer.active.first, writer.position);
    Ok((writer, segments))
}

/// The first offsets of all segments, in order.
fn list(disk: &dyn Disk, partition: u32) -> Result<Vec<u64>, Error> {
    let names = disk.list().map_err(|e| failed(disk, "", &e))?;
    let mut files: Vec<u64> = names
        .iter()
        .filter_map(|name| segment::parse_name(name))
        .filter(|(of, _)| *of == partition)
        .map(|(_, first)| first)
        .collect();
    files.sort_unstable();
    Ok(files)
}

fn read(disk: &dyn Disk, name: &str) -> Result<(Arc<dyn DiskFile>, Vec<u8>), Error> {
    let failed = |error: io::Error| failed(disk, name, &error);
    let file = disk.open(name, false).map_err(failed)?;
    let length = file.len().map_err(failed)?;
    if length > SEGMENT_BYTES_MAX {
        let reason = format!("{length} bytes are more than any segment has");
        return Err(damaged(disk, name, Place::File, reason));
    }
    let mut bytes = vec![0; length as usize];
    file.read_at(0, &mut bytes).map_err(failed)?;
    Ok((file, bytes))
}

/// Cuts what is behind the last good record, and makes everything before it durable: it will be shown to readers,
/// and what they have seen must not vanish.
fn settle(
    disk: &dyn Disk,
    name: &str,
    file: &dyn DiskFile,
    length: u64,
    end: u64,
) -> Result<(), Error> {
    let failed = |error: io::Error| failed(disk, name, &error);
    if length > end {
        file.set_len(end).map_err(failed)?;
    }
    file.sync().map_err(failed)
}

/// The segment that was written last must be there, unless it has been deleted below a checkpoint since.
fn check_known_segment(
    disk: &dyn Disk,
    partition: u32,
    mark: &Mark,
    segments: &VecDeque<Arc<Segment>>,
) -> Result<(), Error> {
    let known = mark.known();
    let deleted = segments
        .front()
        .is_some_and(|oldest| known.segment < oldest.first);
    let there = segments
        .iter()
        .any(|segment| segment.first == known.segment);
    if known.length == 0 || deleted || there {
        return Ok(());
    }
    let name = segment::name(partition, known.segment);
    let reason = "the segment is missing".to_owned();
    Err(damaged(disk, &name, Place::File, reason))
}

fn writer(
    disk: &dyn Disk,
    partition: u32,
    segments: &mut VecDeque<Arc<Segment>>,
    end: Option<Scan>,
) -> Result<Writer, Error> {
    let (active, position, next, last_timestamp_ms) = match (segments.back(), end) {
        (Some(active), Some(end)) => (Arc::clone(active), end.end, end.next, end.last_timestamp_ms),
        (Some(_), None) | (None, _) => {
            let name = segment::name(partition, 0);
            let first = create(disk, partition, 0).map_err(|error| match error {
                Creating::Write(error) | Creating::Sync(error) => failed(disk, &name, &error),
            })?;
            let first = Arc::new(first);
            segments.push_back(Arc::clone(&first));
            (first, HEADER_BYTES as u64, 0, i64::MIN)
        }
    };
    Ok(Writer {
        active,
        position,
        next,
        last_timestamp_ms,
        buffer: Vec::new(),
    })
}

pub(super) fn damaged(disk: &dyn Disk, name: &str, place: Place, reason: String) -> Error {
    Error::Damaged {
        file: disk.path(name),
        place,
        reason,
    }
}

pub(super) fn failed(disk: &dyn Disk, name: &str, error: &io::Error) -> Error {
    if super::disk::is_full(error) {
        return Error::Full;
    }
    Error::Failed(format!("{}: {error}", disk.path(name)))
}
