//! All of a partition's history: of ended instances in the order in which they ended, then of the others.

use super::rows::{self, ENDED, Fault, HISTORY};
use super::store::Store;
use crate::moving::Past;
use crate::{Bytes, Error, HistoryRecord};
use redb::{AccessGuard, ReadOnlyTable, ReadableTable};

type HistoryTable = ReadOnlyTable<(u64, u64), &'static [u8]>;

impl Store {
    /// See [`crate::moving::Source::all_history`].
    pub(super) fn all_history(
        &self,
        live: &mut dyn Iterator<Item = u64>,
        each: &mut dyn FnMut(Past) -> bool,
    ) -> Result<(), Error> {
        self.reading(|transaction| {
            let history = transaction.open_table(HISTORY)?;
            for row in transaction.open_table(ENDED)?.iter()? {
                let (key, value) = row?;
                let (at_ms, instance) = key.value();
                let key = rows::ended_key((at_ms, instance));
                let summary = rows::open("ended", &key, value.value()).map_err(Fault::Row)?;
                let ended = (at_ms, Bytes::copy_from_slice(summary));
                if !tell(&history, instance, Some(ended), each)? {
                    return Ok(());
                }
            }
            for instance in live {
                if !tell(&history, instance, None, each)? {
                    return Ok(());
                }
            }
            Ok(())
        })
    }
}

/// The history of one instance; its last piece says that it has ended. Whether to go on.
fn tell(
    history: &HistoryTable,
    instance: u64,
    ended: Option<(i64, Bytes)>,
    each: &mut dyn FnMut(Past) -> bool,
) -> Result<bool, Fault> {
    let written_ms = ended.as_ref().map(|(at_ms, _)| *at_ms);
    let past = |payload: Bytes, ended| Past {
        record: HistoryRecord {
            instance,
            payload,
            ended,
        },
        written_ms,
    };
    // Told when it is known whether another one follows.
    let mut last: Option<Bytes> = None;
    for row in history.range((instance, 0)..=(instance, u64::MAX))? {
        for payload in payloads(row?)? {
            if let Some(before) = last.replace(payload)
                && !each(past(before, None))
            {
                return Ok(false);
            }
        }
    }
    // Of one whose story expires at this moment it is still known that it has ended.
    match (last, ended) {
        (None, None) => Ok(true),
        (last, ended) => Ok(each(past(last.unwrap_or_default(), ended))),
    }
}

/// The payloads of a row of the history, the oldest first.
pub(super) fn payloads(
    (key, value): (AccessGuard<'_, (u64, u64)>, AccessGuard<'_, &'static [u8]>),
) -> Result<Vec<Bytes>, Fault> {
    let key = rows::history_key(key.value());
    let value = rows::open("history", &key, value.value()).map_err(Fault::Row)?;
    // The crc was right, so the lengths are what was written.
    Ok(rows::payloads(value).unwrap_or_default())
}
