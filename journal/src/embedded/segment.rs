//! The bytes of a log segment: how records are written, read, and told from rubbish.
//!
//! A segment is a header and records, all numbers little endian:
//!
//! ```text
//! header  "WEIRLOG1"  partition u32  salt u32  first offset u64  0 u32  crc u32
//! record  crc u32  length u32  offset u64  timestamp i64  group u64  command
//! ```
//!
//! The crc of a record covers the salt of its segment and everything in the record behind the crc; the salt keeps
//! bytes inside a command from posing as records. `group` is the first offset of the write that the record came
//! with. A write begins only when the one before is durable, so after a power failure only records of one and the
//! same group can be missing or broken, in any order. A good record of a *later* group behind a bad one hence means
//! that something durable was damaged.

use crate::{Bytes, Record};

pub(super) const HEADER_BYTES: usize = 32;
pub(super) const RECORD_HEADER_BYTES: usize = 32;
const MAGIC: &[u8; 8] = b"WEIRLOG1";

/// The name of the segment that begins with an offset.
pub(super) fn name(partition: u32, first: u64) -> String {
    format!("{partition}-{first:020}.log")
}

/// The partition and the first offset of a segment, by its name; `None` when it is not a segment's name.
pub(super) fn parse_name(file: &str) -> Option<(u32, u64)> {
    let (partition, first) = file.strip_suffix(".log")?.split_once('-')?;
    let parsed = (partition.parse().ok()?, first.parse().ok()?);
    (name(parsed.0, parsed.1) == file).then_some(parsed)
}

pub(super) fn encode_header(partition: u32, first: u64, salt: u32) -> [u8; HEADER_BYTES] {
    let mut bytes = [0; HEADER_BYTES];
    bytes[..8].copy_from_slice(MAGIC);
    bytes[8..12].copy_from_slice(&partition.to_le_bytes());
    bytes[12..16].copy_from_slice(&salt.to_le_bytes());
    bytes[16..24].copy_from_slice(&first.to_le_bytes());
    let crc = crc32fast::hash(&bytes[..28]);
    bytes[28..].copy_from_slice(&crc.to_le_bytes());
    bytes
}

/// The salt, when this is the header of that segment.
pub(super) fn decode_header(bytes: &[u8], partition: u32, first: u64) -> Option<u32> {
    let bytes = bytes.get(..HEADER_BYTES)?;
    let salt = u32_at(bytes, 12)?;
    (bytes == encode_header(partition, first, salt)).then_some(salt)
}

/// Appends a record to a buffer.
pub(super) fn encode_record(
    out: &mut Vec<u8>,
    salt: u32,
    group: u64,
    offset: u64,
    timestamp_ms: i64,
    command: &[u8],
) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    // Commands are refused above a limit far below 4 GiB before they come here.
    out.extend_from_slice(&(command.len() as u32).to_le_bytes());
    out.extend_from_slice(&offset.to_le_bytes());
    out.extend_from_slice(&timestamp_ms.to_le_bytes());
    out.extend_from_slice(&group.to_le_bytes());
    out.extend_from_slice(command);
    let crc = crc(salt, &out[start + 4..]);
    out[start..start + 4].copy_from_slice(&crc.to_le_bytes());
}

/// A record found in bytes; `size` is how many bytes it takes there.
pub(super) struct Found {
    pub(super) offset: u64,
    pub(super) timestamp_ms: i64,
    pub(super) group: u64,
    pub(super) size: usize,
}

impl Found {
    /// The record with its command, cut from the bytes it was found at.
    pub(super) fn record(&self, bytes: &Bytes, at: usize) -> Record {
        Record {
            offset: self.offset,
            timestamp_ms: self.timestamp_ms,
            command: bytes.slice(at + RECORD_HEADER_BYTES..at + self.size),
        }
    }
}

/// How many bytes the record that begins here says it takes; `None` when not even its header is there.
pub(super) fn claimed_size(bytes: &[u8]) -> Option<usize> {
    let _whole_header = bytes.get(..RECORD_HEADER_BYTES)?;
    (u32_at(bytes, 4)? as usize).checked_add(RECORD_HEADER_BYTES)
}

/// The record with which `bytes` begin, when there is a good one.
pub(super) fn decode_record(bytes: &[u8], salt: u32) -> Option<Found> {
    let size = claimed_size(bytes)?;
    let whole = bytes.get(..size)?;
    if u32_at(whole, 0)? != crc(salt, whole.get(4..)?) {
        return None;
    }
    Some(Found {
        offset: u64_at(whole, 8)?,
        timestamp_ms: u64_at(whole, 16)? as i64,
        group: u64_at(whole, 24)?,
        size,
    })
}

/// What is in a segment.
pub(super) struct Scan {
    /// Where the good records end.
    pub(super) end: u64,
    /// The offset that comes next.
    pub(super) next: u64,
    pub(super) last_timestamp_ms: i64,
    /// Offset and position of a record every now and then, for finding others.
    pub(super) index: Vec<(u64, u64)>,
}

/// A byte position and what is wrong there.
pub(super) type Wrong = (u64, &'static str);

/// A segment's index gets an entry at most every so many bytes.
pub(super) const INDEX_STEP_BYTES: u64 = 64 << 10;

/// Checks a whole segment. The first `durable` bytes were once known to be durable. Only the last segment may end in
/// a torn write, and only behind those; everything else that is not a good record is damage.
pub(super) fn scan(
    bytes: &[u8],
    salt: u32,
    first: u64,
    durable: u64,
    last: bool,
) -> Result<Scan, Wrong> {
    let mut at = HEADER_BYTES;
    let mut scan = Scan {
        end: at as u64,
        next: first,
        last_timestamp_ms: i64::MIN,
        index: Vec::new(),
    };
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let record = decode_record(rest, salt).filter(|record| record.offset == scan.next);
        let Some(record) = record else {
            if !last {
                return Err((at as u64, "not a good record, and more segments follow"));
            }
            if (at as u64) < durable {
                return Err((at as u64, "not a good record, but one was durable here"));
            }
            if later_group_follows(rest, salt, scan.next) {
                return Err((at as u64, "not a good record, and good ones follow"));
            }
            break;
        };
        note(&mut scan.index, record.offset, at as u64);
        at += record.size;
        scan.next += 1;
        scan.last_timestamp_ms = record.timestamp_ms;
    }
    scan.end = at as u64;
    if scan.end < durable {
        return Err((scan.end, "the file ends here, but more was durable"));
    }
    Ok(scan)
}

/// Adds to a segment's index when the last entry is far enough away.
pub(super) fn note(index: &mut Vec<(u64, u64)>, offset: u64, position: u64) {
    if index
        .last()
        .is_none_or(|&(_, at)| position - at >= INDEX_STEP_BYTES)
    {
        index.push((offset, position));
    }
}

/// Whether behind the bad record at the start of `bytes`, which should have the offset `next`, there is a good one
/// from a later write. Cheap tests stand before the costly one, since every byte is tried.
fn later_group_follows(bytes: &[u8], salt: u32, next: u64) -> bool {
    let most = (bytes.len() / RECORD_HEADER_BYTES) as u64;
    (1..bytes.len()).any(|at| {
        let Some(rest) = bytes.get(at..) else {
            return false;
        };
        let near = |offset: u64| offset > next && offset - next <= most;
        u64_at(rest, 8).is_some_and(near)
            && claimed_size(rest).is_some_and(|size| size <= rest.len())
            && decode_record(rest, salt).is_some_and(|record| record.group > next)
    })
}

fn crc(salt: u32, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(salt);
    hasher.update(bytes);
    hasher.finalize()
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}
