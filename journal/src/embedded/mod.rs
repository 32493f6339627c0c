//! The journal of one machine: one process, one directory, no broker.
//!
//! Commands go to append-only segments, each record with its crc, synced in groups; checkpoints go to redb, each
//! value with its crc. A torn tail is cut; anything else that is not as it was written is refused with file and
//! position. Architecture, section 5.
//!
//! Files: `lock`, `format`, and for each partition *p* `<p>-<first offset>.log`, `<p>.redb` and `<p>.mark`.

mod backend;
mod disk;
mod format;
mod import;
mod log;
mod log_reader;
mod mark;
mod options;
mod past;
mod recover;
mod rows;
mod segment;
mod store;

pub use disk::{Disk, DiskFile, Space};
pub use import::EmbeddedImport;
pub use options::{Clock, Options};

use crate::latch::Latch;
use crate::moving::{Past, Source};
use crate::{
    AppendError, Bytes, Checkpoint, CheckpointError, ENDED_LIMIT_MAX, Ended, Error, HistoryPart,
    Journal, Lead, Observer, Place, Reader,
};
use disk::Directory;
use log::Log;
use log_reader::LogReader;
use mark::Mark;
use std::io;
use std::path::Path;
use std::sync::Arc;
use store::Store;

/// A journal in a directory. Dropping it closes it for every reader, observer and lead that came from it; the
/// directory is free when those are dropped, too.
pub struct EmbeddedJournal {
    partitions: Vec<Arc<Partition>>,
    latch: Arc<Latch>,
}

struct Partition {
    log: Arc<Log>,
    store: Store,
    mark: Arc<Mark>,
}

impl EmbeddedJournal {
    /// Opens a directory, making it when missing, and checks what is in it.
    ///
    /// # Errors
    /// [`Error::InUse`] when a process has it open, [`Error::Damaged`] when something is not as it was written,
    /// [`Error::Partitions`] when it was made with another number of them, [`Error::Failed`] when it cannot be read.
    pub fn open(directory: &Path, options: &Options) -> Result<Self, Error> {
        Self::open_on(Arc::new(Directory::open(directory)?), options)
    }

    /// As [`EmbeddedJournal::open`], on any disk.
    pub fn open_on(disk: Arc<dyn Disk>, options: &Options) -> Result<Self, Error> {
        let format = format::prepare(&*disk, options.partitions)?;
        let journal = Self::open_partitions(Arc::clone(&disk), options, format.partitions)?;
        if format.is_new {
            format::finish(&*disk, format.partitions)?;
        }
        Ok(journal)
    }

    fn open_partitions(
        disk: Arc<dyn Disk>,
        options: &Options,
        partitions: u32,
    ) -> Result<Self, Error> {
        let latch = Arc::new(Latch::default());
        let open = |number| Partition::open(number, &disk, options, &latch).map(Arc::new);
        let partitions = (0..partitions).map(open).collect::<Result<_, _>>()?;
        Ok(Self { partitions, latch })
    }

    /// Whether there is a journal in a directory.
    #[must_use]
    pub fn is_in(directory: &Path) -> bool {
        directory.join(format::NAME).is_file()
    }

    fn partition(&self, partition: u32) -> Result<&Arc<Partition>, Error> {
        let found = self.partitions.get(partition as usize);
        found.ok_or(Error::UnknownPartition(partition))
    }
}

impl Drop for EmbeddedJournal {
    fn drop(&mut self) {
        self.latch.close("it was dropped");
        for partition in &self.partitions {
            partition.mark.sync();
            partition.log.wake();
            partition.store.wake();
        }
    }
}

impl Partition {
    fn open(
        number: u32,
        disk: &Arc<dyn Disk>,
        options: &Options,
        latch: &Arc<Latch>,
    ) -> Result<Self, Error> {
        let failed = |error: io::Error| recover::failed(&**disk, &format!("{number}.mark"), &error);
        let mark = Arc::new(Mark::open(&**disk, number).map_err(failed)?);
        let recovered = recover::recover(&**disk, number, &mark)?;
        let log = Log::new(
            number,
            Arc::clone(disk),
            options.clone(),
            Arc::clone(latch),
            Arc::clone(&mark),
            recovered,
        );
        let store = Store::open(
            number,
            Arc::clone(disk),
            options.clone(),
            Arc::clone(latch),
            Arc::clone(&mark),
        )?;
        let ((first, next), (position, _)) = (log.bounds(), store.position());
        if !(first..=next).contains(&position) {
            return Err(Error::Damaged {
                file: disk.path(&segment::name(number, position)),
                place: Place::File,
                reason: format!(
                    "the last checkpoint goes up to offset {position}, but the log from {first} to {next}"
                ),
            });
        }
        Ok(Self {
            log: Arc::new(log),
            store,
            mark,
        })
    }
}

impl Journal for EmbeddedJournal {
    fn partitions(&self) -> u32 {
        self.partitions.len() as u32
    }

    fn append(&self, partition: u32, commands: &[Bytes]) -> Result<(), AppendError> {
        match self.partitions.get(partition as usize) {
            Some(found) => found.log.append(commands),
            None => Err(AppendError::UnknownPartition(partition)),
        }
    }

    fn read(&self, partition: u32, from: u64) -> Result<Box<dyn Reader>, Error> {
        let log = Arc::clone(&self.partition(partition)?.log);
        Ok(Box::new(LogReader::new(log, from)?))
    }

    fn observe(&self, partition: u32) -> Result<Box<dyn Observer>, Error> {
        self.partition(partition)?.store.observe()
    }

    fn lead(&self, partition: u32, leader: &str) -> Result<Box<dyn Lead>, Error> {
        let partition = Arc::clone(self.partition(partition)?);
        let (term, next_offset) = partition.store.lead(leader)?;
        Ok(Box::new(EmbeddedLead {
            partition,
            term,
            next_offset,
            failed: false,
            has_told: false,
        }))
    }

    fn history(
        &self,
        partition: u32,
        instance: u64,
        bytes_max: usize,
    ) -> Result<HistoryPart, Error> {
        self.partition(partition)?
            .store
            .history(instance, bytes_max)
    }

    fn ended(
        &self,
        partition: u32,
        before: Option<(i64, u64)>,
        limit: usize,
    ) -> Result<Vec<Ended>, Error> {
        let store = &self.partition(partition)?.store;
        store.ended(before, limit.min(ENDED_LIMIT_MAX))
    }
}

impl Source for EmbeddedJournal {
    fn all_history(
        &self,
        partition: u32,
        live: &mut dyn Iterator<Item = u64>,
        each: &mut dyn FnMut(Past) -> bool,
    ) -> Result<(), Error> {
        self.partition(partition)?.store.all_history(live, each)
    }
}

struct EmbeddedLead {
    partition: Arc<Partition>,
    term: u64,
    next_offset: u64,
    failed: bool,
    /// That records are published nowhere.
    has_told: bool,
}

impl Lead for EmbeddedLead {
    fn term(&self) -> u64 {
        self.term
    }

    fn next_offset(&self) -> u64 {
        self.next_offset
    }

    fn checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), CheckpointError> {
        if self.failed {
            let reason = "an earlier one has failed";
            return Err(CheckpointError::Failed(reason.to_owned()));
        }
        let Partition { log, store, .. } = &*self.partition;
        let (_, log_end) = log.bounds();
        let result = store.checkpoint(self.term, log_end, checkpoint);
        self.failed = matches!(result, Err(CheckpointError::Failed(_)));
        result?;
        self.next_offset = checkpoint.next_offset;
        // The checkpoint is durable whatever becomes of this; segments that could not go now go another time.
        let _ = log.delete_below(checkpoint.next_offset);
        self.tell_unpublished(checkpoint);
        Ok(())
    }
}

impl EmbeddedLead {
    fn tell_unpublished(&mut self, checkpoint: &Checkpoint) {
        if let Some(record) = checkpoint.outbound.first()
            && !std::mem::replace(&mut self.has_told, true)
        {
            tracing::warn!(
                topic = record.topic,
                "a process publishes to a topic, and there is no Kafka: what it publishes is in its history only"
            );
        }
    }
}
