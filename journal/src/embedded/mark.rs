//! What is known to be durable, noted beside the files, so that damage at their ends is told from a torn write.
//!
//! A log whose last record is unreadable was either cut off by a power failure in the middle of a write that nobody
//! was told had succeeded, or it is damaged and somebody was. The mark says how far success was reported. It is
//! written after the fsync that it tells about and is not synced itself: what it says is true whenever it can be
//! read, and after a power failure it may be old, which only means that less can be told. A mark that cannot be read
//! says nothing.

use super::disk::{Disk, DiskFile};
use crate::feed::locked;
use std::io;
use std::sync::{Arc, Mutex};

const MAGIC: &[u8; 8] = b"WEIRMARK";
const BYTES: usize = 40;

/// What the mark says; all zero = nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// The segment that was written last: the offset with which it begins.
    pub(super) segment: u64,
    /// So many bytes of that segment are durable.
    pub(super) length: u64,
    /// So many checkpoints are durable.
    pub(super) checkpoints: u64,
}

pub(super) struct Mark {
    file: Arc<dyn DiskFile>,
    known: Mutex<Known>,
}

impl Mark {
    /// Opens the mark of a partition, making it when missing, and reads what it says.
    pub(super) fn open(disk: &dyn Disk, partition: u32) -> io::Result<Self> {
        let file = disk.open(&format!("{partition}.mark"), true)?;
        let mut bytes = [0; BYTES];
        let known = match file.read_at(0, &mut bytes) {
            Ok(()) => decode(&bytes).unwrap_or_default(),
            // Shorter than a mark: new, or cut off.
            Err(_) => Known::default(),
        };
        Ok(Self {
            file,
            known: Mutex::new(known),
        })
    }

    pub(super) fn known(&self) -> Known {
        *locked(&self.known)
    }

    /// So much of the log is durable.
    pub(super) fn log(&self, segment: u64, length: u64) {
        self.update(|known| (known.segment, known.length) = (segment, length));
    }

    /// So many checkpoints are durable.
    pub(super) fn checkpoints(&self, count: u64) {
        self.update(|known| known.checkpoints = count);
    }

    /// Makes the mark itself durable; for a clean stop.
    pub(super) fn sync(&self) {
        let _ = self.file.sync();
    }

    fn update(&self, change: impl FnOnce(&mut Known)) {
        let mut known = locked(&self.known);
        change(&mut known);
        // A mark that is old or unreadable is no harm, so a failure here is none either.
        let _ = self.file.write_at(0, &encode(*known));
    }
}

fn encode(known: Known) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    bytes[..8].copy_from_slice(MAGIC);
    bytes[8..16].copy_from_slice(&known.segment.to_le_bytes());
    bytes[16..24].copy_from_slice(&known.length.to_le_bytes());
    bytes[24..32].copy_from_slice(&known.checkpoints.to_le_bytes());
    let crc = crc32fast::hash(&bytes[..32]);
    bytes[32..36].copy_from_slice(&crc.to_le_bytes());
    bytes
}

fn decode(bytes: &[u8; BYTES]) -> Option<Known> {
    let word = |at: usize| Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
    let crc = u32::from_le_bytes(bytes.get(32..36)?.try_into().ok()?);
    if &bytes[..8] != MAGIC || crc != crc32fast::hash(&bytes[..32]) {
        return None;
    }
    Some(Known {
        segment: word(8)?,
        length: word(16)?,
        checkpoints: word(24)?,
    })
}
