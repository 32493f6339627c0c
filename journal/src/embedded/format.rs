//! The file that says that a directory holds a journal, and with how many partitions.
//!
//! It is written last when a directory is first used. Nothing is acknowledged before it is durable, so whatever is
//! found without it is an attempt that was never finished, and is made anew.

use super::disk::Disk;
use super::recover::{damaged, failed};
use super::segment::{self, HEADER_BYTES};
use crate::{Error, Place};
use std::io;

pub(super) const NAME: &str = "format";

fn text(partitions: u32) -> String {
    format!("weir journal 1\npartitions {partitions}\n")
}

/// What a directory is used with.
pub(super) struct Format {
    pub(super) partitions: u32,
    /// Whether it is used for the first time; then it is empty, and [`finish`] must follow.
    pub(super) is_new: bool,
}

/// `wanted` is the number of partitions, if a person has chosen it.
pub(super) fn prepare(disk: &dyn Disk, wanted: Option<u32>) -> Result<Format, Error> {
    let io_failed = |error: io::Error| failed(disk, NAME, &error);
    let names = disk.list().map_err(io_failed)?;
    let bytes = match names.iter().any(|name| name == NAME) {
        true => read(disk).map_err(io_failed)?,
        false => Vec::new(),
    };
    let found = begun_with(&String::from_utf8_lossy(&bytes));
    if let Some(partitions) = found {
        check_files(disk, &names, partitions)?;
        if let Some(wanted) = wanted.filter(|wanted| *wanted != partitions) {
            return Err(Error::Partitions {
                found: partitions,
                wanted,
            });
        }
        // A process that died may have left this, and names of other files, visible but not durable.
        let file = disk.open(NAME, false);
        file.and_then(|file| file.sync()).map_err(io_failed)?;
        disk.sync_directory().map_err(io_failed)?;
        return Ok(Format {
            partitions,
            is_new: false,
        });
    }
    // Only an attempt that was never finished has no commands at all.
    for name in &names {
        let length = match segment::parse_name(name) {
            Some(_) => disk
                .open(name, false)
                .and_then(|file| file.len())
                .map_err(io_failed)?,
            None => 0,
        };
        if length > HEADER_BYTES as u64 {
            let reason =
                "there are commands, but not the format of a journal that this build knows";
            return Err(damaged(disk, NAME, Place::File, reason.to_owned()));
        }
    }
    for name in names.iter().filter(|name| is_ours(name)) {
        disk.remove(name)
            .map_err(|error| failed(disk, name, &error))?;
    }
    disk.sync_directory().map_err(io_failed)?;
    Ok(Format {
        partitions: wanted.unwrap_or(1),
        is_new: true,
    })
}

/// The number in a file that is whole.
fn begun_with(found: &str) -> Option<u32> {
    let rest = found.strip_prefix("weir journal 1\npartitions ")?;
    rest.strip_suffix('\n')?
        .parse()
        .ok()
        .filter(|number| *number > 0)
}

/// Every partition has a store since before the number was written.
fn check_files(disk: &dyn Disk, names: &[String], partitions: u32) -> Result<(), Error> {
    let stores = names.iter().filter_map(|name| name.strip_suffix(".redb"));
    let last = stores.filter_map(|number| number.parse::<u32>().ok()).max();
    match last {
        Some(last) if last != partitions - 1 => {
            let reason =
                format!("it says {partitions} partitions, but the last store is {last}.redb");
            Err(damaged(disk, NAME, Place::File, reason))
        }
        Some(_) | None => Ok(()),
    }
}

/// Makes a first use final.
pub(super) fn finish(disk: &dyn Disk, partitions: u32) -> Result<(), Error> {
    let file = disk.open(NAME, true);
    file.and_then(|file| {
        file.set_len(0)?;
        file.write_at(0, text(partitions).as_bytes())?;
        file.sync()?;
        disk.sync_directory()
    })
    .map_err(|error| failed(disk, NAME, &error))
}

fn read(disk: &dyn Disk) -> io::Result<Vec<u8>> {
    let file = disk.open(NAME, false)?;
    let mut bytes = vec![0; file.len()?.min(1024) as usize];
    file.read_at(0, &mut bytes)?;
    Ok(bytes)
}

/// Whether a file is one of a partition's.
fn is_ours(name: &str) -> bool {
    let of_partition = |name: &str| name.parse::<u32>().is_ok();
    segment::parse_name(name).is_some()
        || name.strip_suffix(".redb").is_some_and(of_partition)
        || name.strip_suffix(".mark").is_some_and(of_partition)
}
