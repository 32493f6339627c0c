//! The tables of the checkpoint store and how their rows are sealed.
//!
//! Every value is stored behind a crc over its key and itself, since the store gives back what a flipped bit made of
//! a row.

use super::backend::Backend;
use crate::{Bytes, Place};
use redb::{Database, ReadableTable, TableDefinition};

/// State: the caller's key → the caller's value.
pub(super) const STATE: TableDefinition<&[u8], &[u8]> = TableDefinition::new("state");
/// History: (instance, number) → payloads, each behind its length.
pub(super) const HISTORY: TableDefinition<(u64, u64), &[u8]> = TableDefinition::new("history");
/// Ended instances: (milliseconds, instance) → summary.
pub(super) const ENDED: TableDefinition<(i64, u64), &[u8]> = TableDefinition::new("ended");
/// One row, [`Meta`].
pub(super) const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");
pub(super) const META_KEY: &str = "checkpoint";

const CRC_BYTES: usize = 4;

/// What the store knows about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Meta {
    /// The position of the last committed checkpoint.
    pub(super) next_offset: u64,
    /// The current leadership.
    pub(super) term: u64,
    /// How many commits there were; tells after a doubtful one whether it is there.
    pub(super) commits: u64,
    /// The next number for a row of the history.
    pub(super) history_next: u64,
    /// Who leads, for people who look into the file.
    pub(super) leader: String,
}

impl Meta {
    pub(super) fn encode(&self) -> Vec<u8> {
        let numbers = [self.next_offset, self.term, self.commits, self.history_next];
        let mut bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
        bytes.extend_from_slice(self.leader.as_bytes());
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let number = |at: usize| Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
        Some(Self {
            next_offset: number(0)?,
            term: number(8)?,
            commits: number(16)?,
            history_next: number(24)?,
            leader: String::from_utf8(bytes.get(32..)?.to_vec()).ok()?,
        })
    }
}

pub(super) fn history_key((instance, number): (u64, u64)) -> [u8; 16] {
    (u128::from(instance) << 64 | u128::from(number)).to_be_bytes()
}

pub(super) fn ended_key((at_ms, instance): (i64, u64)) -> [u8; 16] {
    history_key((at_ms as u64, instance))
}

/// Puts a value behind its crc.
pub(super) fn seal(key: &[u8], value: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(CRC_BYTES + value.len());
    sealed.extend_from_slice(&crc(key, value).to_le_bytes());
    sealed.extend_from_slice(value);
    sealed
}

/// A row that is not what was written.
#[derive(Debug)]
pub(super) struct BadRow(pub(super) Place);

/// The value, if crc, key and value fit together.
pub(super) fn open<'a>(
    table: &'static str,
    key: &[u8],
    sealed: &'a [u8],
) -> Result<&'a [u8], BadRow> {
    let parts = sealed.split_at_checked(CRC_BYTES);
    match parts {
        Some((stored, value)) if stored == crc(key, value).to_le_bytes() => Ok(value),
        Some(_) | None => Err(BadRow(Place::Row {
            table,
            key: key.iter().map(|byte| format!("{byte:02x}")).collect(),
        })),
    }
}

fn crc(key: &[u8], value: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&(key.len() as u32).to_le_bytes());
    hasher.update(key);
    hasher.update(value);
    hasher.finalize()
}

/// Adds a payload to a row of the history.
pub(super) fn push_payload(row: &mut Vec<u8>, payload: &[u8]) {
    row.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    row.extend_from_slice(payload);
}

/// The payloads of a row; `None` when the lengths do not fit.
pub(super) fn payloads(mut row: &[u8]) -> Option<Vec<Bytes>> {
    let mut payloads = Vec::new();
    while let Some((length, rest)) = row.split_at_checked(4) {
        let length = u32::from_le_bytes(length.try_into().ok()?) as usize;
        let (payload, rest) = rest.split_at_checked(length)?;
        payloads.push(Bytes::copy_from_slice(payload));
        row = rest;
    }
    row.is_empty().then_some(payloads)
}

/// Why the store could not be used.
#[derive(Debug)]
pub(super) enum Fault {
    Redb(redb::Error),
    Row(BadRow),
}

impl<E: Into<redb::Error>> From<E> for Fault {
    fn from(error: E) -> Self {
        Fault::Redb(error.into())
    }
}

/// Opens or creates the database and all tables, and reads the meta row. The first start commits an empty one.
pub(super) fn open_database(
    backend: Backend,
    cache_bytes: usize,
    verify: bool,
) -> Result<(Database, Meta), Fault> {
    let database = redb::Builder::new()
        .set_cache_size(cache_bytes)
        .set_check_integrity_on_open(verify)
        .create_with_backend(backend)?;
    let transaction = database.begin_write()?;
    let meta = {
        let table = transaction.open_table(META)?;
        let row = table.get(META_KEY)?;
        match row {
            Some(row) => {
                let value = open("meta", META_KEY.as_bytes(), row.value()).map_err(Fault::Row)?;
                let wrong = || {
                    Fault::Row(BadRow(Place::Row {
                        table: "meta",
                        key: String::new(),
                    }))
                };
                Some(Meta::decode(value).ok_or_else(wrong)?)
            }
            None => None,
        }
    };
    if let Some(meta) = meta {
        transaction.abort()?;
        return Ok((database, meta));
    }
    let meta = Meta::default();
    transaction.open_table(STATE)?;
    transaction.open_table(HISTORY)?;
    transaction.open_table(ENDED)?;
    transaction
        .open_table(META)?
        .insert(META_KEY, &*seal(META_KEY.as_bytes(), &meta.encode()))?;
    transaction.commit()?;
    Ok((database, meta))
}
