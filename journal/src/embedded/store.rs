//! The checkpoints of one partition: state, history and the list of ended instances, in redb.
//!
//! Owns the doubt after a failed commit: it opens the file again and looks whether the commit is there.

use super::backend::{Backend, Failure, Health};
use super::disk::Disk;
use super::mark::Mark;
use super::options::Options;
use super::past::payloads;
use super::recover::{damaged, failed};
use super::rows::{self, BadRow, ENDED, Fault, HISTORY, META, META_KEY, Meta, STATE};
use crate::feed::{Commit, Feed, locked};
use crate::latch::Latch;
use crate::{
    Bytes, Change, Checkpoint, CheckpointError, Ended, Error, HistoryPart, Observer, Place,
};
use redb::{Database, ReadTransaction, ReadableDatabase, ReadableTableMetadata, WriteTransaction};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

pub(super) struct Store {
    partition: u32,
    name: String,
    disk: Arc<dyn Disk>,
    pub(super) options: Options,
    latch: Arc<Latch>,
    mark: Arc<Mark>,
    /// Held while committing, and while the store is opened again.
    meta: Mutex<Meta>,
    /// Held briefly. `None` after a failure, until the next use.
    opened: Mutex<Option<Arc<Opened>>>,
    feed: Feed,
}

struct Opened {
    database: Database,
    health: Arc<Health>,
}

/// What a commit writes beside the meta row.
pub(super) struct Writing<'a> {
    pub(super) checkpoint: Option<&'a Checkpoint>,
    /// History that ended before this time, in milliseconds, has expired.
    pub(super) expired_ms: i64,
}

impl Store {
    pub(super) fn open(
        partition: u32,
        disk: Arc<dyn Disk>,
        options: Options,
        latch: Arc<Latch>,
        mark: Arc<Mark>,
    ) -> Result<Self, Error> {
        let store = Self {
            partition,
            name: format!("{partition}.redb"),
            disk,
            options,
            latch,
            mark,
            meta: Mutex::default(),
            opened: Mutex::default(),
            feed: Feed::default(),
        };
        let (opened, meta) = store.open_file(store.options.verify_on_open)?;
        let known = store.mark.known().checkpoints;
        if meta.commits < known {
            return Err(store.damaged(
                Place::File,
                format!("it has {} commits, but {known} were durable", meta.commits),
            ));
        }
        store.mark.checkpoints(meta.commits);
        *locked(&store.meta) = meta;
        *locked(&store.opened) = Some(Arc::new(opened));
        Ok(store)
    }

    /// Lets waiting observers look whether the journal was closed.
    pub(super) fn wake(&self) {
        self.feed.wake();
    }

    /// Position and term of the last committed checkpoint.
    pub(super) fn position(&self) -> (u64, u64) {
        let meta = locked(&self.meta);
        (meta.next_offset, meta.term)
    }

    /// Starts the next term.
    pub(super) fn lead(&self, leader: &str) -> Result<(u64, u64), Error> {
        self.change_term(|term| term + 1, leader)
    }

    /// The next term is the one after this: what was imported was led before.
    pub(super) fn begin_at(&self, term: u64) -> Result<(), Error> {
        self.change_term(|_| term, "import").map(|_| ())
    }

    fn change_term(
        &self,
        change: impl FnOnce(u64) -> u64,
        leader: &str,
    ) -> Result<(u64, u64), Error> {
        let mut meta = locked(&self.meta);
        self.usable(&mut meta)?;
        let next = Meta {
            term: change(meta.term),
            leader: leader.to_owned(),
            ..meta.clone()
        };
        let writing = Writing {
            checkpoint: None,
            expired_ms: i64::MIN,
        };
        match self.commit(&mut meta, next, &writing) {
            Ok(()) => Ok((meta.term, meta.next_offset)),
            Err(CheckpointError::Full) => Err(Error::Full),
            Err(CheckpointError::Failed(reason)) => Err(Error::Failed(reason)),
            Err(error @ (CheckpointError::Fenced | CheckpointError::Refused(_))) => {
                Err(Error::Failed(error.to_string()))
            }
        }
    }

    /// Commits a checkpoint of the leader of `term`. `log_end` is the end of the log.
    pub(super) fn checkpoint(
        &self,
        term: u64,
        log_end: u64,
        checkpoint: &Checkpoint,
    ) -> Result<(), CheckpointError> {
        let mut meta = locked(&self.meta);
        self.usable(&mut meta).map_err(|error| match error {
            Error::Full => CheckpointError::Full,
            other => CheckpointError::Failed(other.to_string()),
        })?;
        if meta.term != term {
            return Err(CheckpointError::Fenced);
        }
        checkpoint.check(meta.next_offset, log_end)?;
        if self.hopeless(checkpoint) {
            return Err(CheckpointError::Full);
        }
        let retention = i64::try_from(self.options.retention.as_millis()).unwrap_or(i64::MAX);
        let writing = Writing {
            checkpoint: Some(checkpoint),
            expired_ms: (self.options.clock)().saturating_sub(retention),
        };
        let next = Meta {
            next_offset: checkpoint.next_offset,
            ..meta.clone()
        };
        self.commit(&mut meta, next, &writing)
    }

    /// Whether there is so little space that trying would most likely fail; and failing is costly, since redb must
    /// then be opened again and checks itself. Less than what the log leaves free, so that a checkpoint can still
    /// be made when the log cannot grow.
    fn hopeless(&self, checkpoint: &Checkpoint) -> bool {
        const SPARE_BYTES: u64 = 64 << 10;
        let values = checkpoint.changes.iter().filter_map(|c| c.value.as_ref());
        let history = checkpoint.history.iter().map(|h| &h.payload);
        let bytes: usize = values.chain(history).map(Bytes::len).sum();
        self.disk.space().is_ok_and(|space| {
            space.free < (bytes as u64).saturating_add(SPARE_BYTES.min(space.total / 64))
        })
    }

    pub(super) fn observe(&self) -> Result<Box<dyn Observer>, Error> {
        // Held until the observer is in the feed, so that no commit falls between.
        let mut meta = locked(&self.meta);
        self.usable(&mut meta)?;
        let (opened, transaction) = self.begin_read()?;
        let table = transaction
            .open_table(STATE)
            .map_err(|e| self.error(e.into()))?;
        let count = table.len().map_err(|e| self.error(e.into()))?;
        let rows = table.range::<&[u8]>(..).map_err(|e| self.error(e.into()))?;
        let path = self.disk.path(&self.name);
        let entries = rows.map(move |row| {
            // The database must outlive what is read from it.
            let _alive = &opened;
            let (key, value) = row.map_err(|e| Error::Failed(format!("{path}: {e}")))?;
            let key = Bytes::copy_from_slice(key.value());
            let value = rows::open("state", &key, value.value())
                .map_err(|BadRow(place)| not_what_was_written(path.clone(), place))?;
            let value = Some(Bytes::copy_from_slice(value));
            Ok(Change { key, value })
        });
        Ok(Box::new(self.feed.follow(
            self.partition,
            Arc::clone(&self.latch),
            (Box::new(entries), count),
            meta.next_offset,
            meta.term,
        )))
    }

    pub(super) fn history(&self, instance: u64, bytes_max: usize) -> Result<HistoryPart, Error> {
        self.reading(|transaction| {
            let table = transaction.open_table(HISTORY)?;
            let rows = table.range((instance, 0)..=(instance, u64::MAX))?.rev();
            // Read only when its turn comes: a row holds what one checkpoint wrote.
            let newest_first =
                rows.flat_map(|row| match row.map_err(Fault::from).and_then(payloads) {
                    Ok(payloads) => payloads.into_iter().rev().map(Ok).collect::<Vec<_>>(),
                    Err(fault) => vec![Err(fault)],
                });
            HistoryPart::gather(newest_first, bytes_max)
        })
    }

    pub(super) fn ended(
        &self,
        before: Option<(i64, u64)>,
        limit: usize,
    ) -> Result<Vec<Ended>, Error> {
        self.reading(|transaction| {
            let table = transaction.open_table(ENDED)?;
            let rows = match before {
                Some(before) => table.range(..before)?,
                None => table.range::<(i64, u64)>(..)?,
            };
            let mut page = Vec::new();
            for row in rows.rev().take(limit) {
                let (key, value) = row?;
                let (at_ms, instance) = key.value();
                let key = rows::ended_key((at_ms, instance));
                let summary = rows::open("ended", &key, value.value()).map_err(Fault::Row)?;
                page.push(Ended {
                    instance,
                    at_ms,
                    summary: Bytes::copy_from_slice(summary),
                });
            }
            Ok(page)
        })
    }

    /// Commits `next` with its number counted up, and tells the observers.
    fn commit(
        &self,
        meta: &mut Meta,
        mut next: Meta,
        writing: &Writing<'_>,
    ) -> Result<(), CheckpointError> {
        next.commits += 1;
        let Some(opened) = locked(&self.opened).clone() else {
            return Err(CheckpointError::Failed("the store is not open".to_owned()));
        };
        if let Err(fault) = write(&opened.database, &mut next, writing) {
            self.settle(meta, &next, &opened.health, fault)?;
        }
        *meta = next;
        self.mark.checkpoints(meta.commits);
        self.feed.publish(|| Commit {
            changes: writing
                .checkpoint
                .map(|checkpoint| checkpoint.changes.clone())
                .unwrap_or_default(),
            next_offset: meta.next_offset,
            term: meta.term,
        });
        Ok(())
    }

    /// After a failed commit: is it there? `Ok` when it is.
    fn settle(
        &self,
        meta: &Meta,
        next: &Meta,
        health: &Health,
        fault: Fault,
    ) -> Result<(), CheckpointError> {
        let failure = health.failure();
        health.cut_off();
        *locked(&self.opened) = None;
        let unknown = |why: String| CheckpointError::Failed(why);
        match failure {
            Some(Failure::Sync(reason)) => {
                let reason = format!("{}: fsync failed: {reason}", self.disk.path(&self.name));
                self.latch.close(reason.clone());
                self.wake();
                Err(unknown(reason))
            }
            Some(Failure::Full) => {
                let (opened, found) = self.open_file(false).map_err(|e| unknown(e.to_string()))?;
                *locked(&self.opened) = Some(Arc::new(opened));
                if found.commits == next.commits {
                    return Ok(());
                }
                if found == *meta {
                    return Err(CheckpointError::Full);
                }
                Err(unknown("the store is not where it was".to_owned()))
            }
            Some(Failure::Other(_)) | None => Err(unknown(self.error(fault).to_string())),
        }
    }

    /// Opens the store again if it was given up. What was in doubt is decided by what is found.
    fn usable(&self, meta: &mut Meta) -> Result<(), Error> {
        if let Some(reason) = self.latch.reason() {
            return Err(Error::Closed(reason.to_owned()));
        }
        if locked(&self.opened).is_some() {
            return Ok(());
        }
        let (opened, found) = self.open_file(false)?;
        if found.commits != meta.commits && found.commits != meta.commits + 1 {
            let reason = format!(
                "it has {} commits, but {} were durable",
                found.commits, meta.commits
            );
            return Err(self.damaged(Place::File, reason));
        }
        if found != *meta {
            // The observers have not been told about this commit.
            self.feed.lose();
            self.mark.checkpoints(found.commits);
        }
        *meta = found;
        *locked(&self.opened) = Some(Arc::new(opened));
        Ok(())
    }

    /// After a failure redb checks itself, so `verify` is only for the start.
    fn open_file(&self, verify: bool) -> Result<(Opened, Meta), Error> {
        let failed = |error: std::io::Error| failed(&*self.disk, &self.name, &error);
        let file = self.disk.open(&self.name, true).map_err(failed)?;
        let fresh = file.is_empty().map_err(failed)?;
        if fresh && self.mark.known().checkpoints > 0 {
            return Err(self.damaged(Place::File, "it is missing or empty".to_owned()));
        }
        if fresh {
            self.disk.sync_directory().map_err(failed)?;
        }
        let health = Arc::new(Health::default());
        let backend = Backend {
            file,
            health: Arc::clone(&health),
        };
        match rows::open_database(backend, self.options.cache_bytes, verify) {
            Ok((database, meta)) => Ok((Opened { database, health }, meta)),
            Err(fault) => Err(match health.failure() {
                Some(Failure::Full) => Error::Full,
                Some(Failure::Sync(reason) | Failure::Other(reason)) => {
                    Error::Failed(format!("{}: {reason}", self.disk.path(&self.name)))
                }
                None => self.error(fault),
            }),
        }
    }

    fn begin_read(&self) -> Result<(Arc<Opened>, ReadTransaction), Error> {
        let opened = locked(&self.opened).clone();
        let opened = opened.ok_or_else(|| Error::Failed("the store is not open".to_owned()))?;
        let transaction = opened.database.begin_read();
        let transaction = transaction.map_err(|e| self.error(e.into()))?;
        Ok((opened, transaction))
    }

    pub(super) fn reading<T>(
        &self,
        read: impl FnOnce(&ReadTransaction) -> Result<T, Fault>,
    ) -> Result<T, Error> {
        if locked(&self.opened).is_none() {
            self.usable(&mut locked(&self.meta))?;
        }
        let (_opened, transaction) = self.begin_read()?;
        read(&transaction).map_err(|fault| self.error(fault))
    }

    fn error(&self, fault: Fault) -> Error {
        let path = self.disk.path(&self.name);
        match fault {
            Fault::Row(BadRow(place)) => not_what_was_written(path, place),
            Fault::Redb(redb::Error::Corrupted(reason)) => self.damaged(Place::File, reason),
            Fault::Redb(error) => Error::Failed(format!("{path}: {error}")),
        }
    }

    fn damaged(&self, place: Place, reason: String) -> Error {
        damaged(&*self.disk, &self.name, place, reason)
    }
}

fn not_what_was_written(file: String, place: Place) -> Error {
    Error::Damaged {
        file,
        place,
        reason: "this row is not what was written".to_owned(),
    }
}

/// One transaction, durable when this returns.
fn write(database: &Database, next: &mut Meta, writing: &Writing<'_>) -> Result<(), Fault> {
    let transaction = database.begin_write()?;
    if let Some(checkpoint) = writing.checkpoint {
        write_state(&transaction, &checkpoint.changes)?;
        write_history(&transaction, next, checkpoint)?;
    }
    expire(&transaction, writing.expired_ms)?;
    transaction
        .open_table(META)?
        .insert(META_KEY, &*rows::seal(META_KEY.as_bytes(), &next.encode()))?;
    transaction.commit()?;
    Ok(())
}

fn write_state(transaction: &WriteTransaction, changes: &[Change]) -> Result<(), Fault> {
    // In key order, since a tree is cheaper to change from one end to the other; the last change of a key counts.
    let changes: BTreeMap<&Bytes, &Option<Bytes>> =
        changes.iter().map(|c| (&c.key, &c.value)).collect();
    if changes.is_empty() {
        return Ok(());
    }
    let mut state = transaction.open_table(STATE)?;
    for (key, value) in changes {
        match value {
            Some(value) => drop(state.insert(&**key, &*rows::seal(key, value))?),
            None => drop(state.remove(&**key)?),
        }
    }
    Ok(())
}

fn write_history(
    transaction: &WriteTransaction,
    next: &mut Meta,
    checkpoint: &Checkpoint,
) -> Result<(), Fault> {
    if checkpoint.history.is_empty() {
        return Ok(());
    }
    // One row per instance and checkpoint.
    let mut by_instance: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
    let mut ended = transaction.open_table(ENDED)?;
    for record in &checkpoint.history {
        let row = by_instance.entry(record.instance).or_default();
        rows::push_payload(row, &record.payload);
        if let Some((at_ms, summary)) = &record.ended {
            let key = (*at_ms, record.instance);
            ended.insert(key, &*rows::seal(&rows::ended_key(key), summary))?;
        }
    }
    let mut history = transaction.open_table(HISTORY)?;
    for (instance, row) in by_instance {
        let key = (instance, next.history_next);
        next.history_next += 1;
        history.insert(key, &*rows::seal(&rows::history_key(key), &row))?;
    }
    Ok(())
}

/// Removes history that has expired, a bounded number of rows; the rest goes with the next checkpoints.
fn expire(transaction: &WriteTransaction, expired_ms: i64) -> Result<(), Fault> {
    const ROWS_MAX: usize = 512;
    let mut ended = transaction.open_table(ENDED)?;
    let mut history = None;
    let mut rows = 0;
    while rows < ROWS_MAX {
        let Some((at_ms, instance)) = oldest(&ended)?.filter(|&(at_ms, _)| at_ms < expired_ms)
        else {
            break;
        };
        let history = match &mut history {
            Some(history) => history,
            none => none.insert(transaction.open_table(HISTORY)?),
        };
        let whole = (instance, 0)..=(instance, u64::MAX);
        for row in history.extract_from_if(whole, |_, _| true)? {
            row?;
            rows += 1;
            if rows == ROWS_MAX {
                // The ended row stays until nothing is left, so that the next checkpoint goes on here.
                return Ok(());
            }
        }
        ended.remove((at_ms, instance))?;
        rows += 1;
    }
    Ok(())
}

fn oldest(
    ended: &impl redb::ReadableTable<(i64, u64), &'static [u8]>,
) -> Result<Option<(i64, u64)>, Fault> {
    Ok(ended.first()?.map(|(key, _)| key.value()))
}
