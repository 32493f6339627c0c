//! Fills a directory with another journal's content.
//!
//! The file `format` is written last: a directory without it was never finished, and is made anew by whoever opens it.

use super::disk::Directory;
use super::options::Options;
use super::{EmbeddedJournal, format};
use crate::moving::{Part, Target};
use crate::{Checkpoint, CheckpointError, Error};
use std::path::Path;
use std::sync::Arc;

/// A directory that is being filled.
pub struct EmbeddedImport {
    journal: EmbeddedJournal,
    disk: Arc<Directory>,
}

impl EmbeddedImport {
    /// Takes a directory, making it when missing.
    ///
    /// # Errors
    /// [`Error::NotEmpty`] when there is an installation in it already; else as [`EmbeddedJournal::open`].
    pub fn begin(directory: &Path, partitions: u32, options: &Options) -> Result<Self, Error> {
        let disk = Arc::new(Directory::open(directory)?);
        // Whatever the number of partitions is that it was begun with.
        if !format::prepare(&*disk, None)?.is_new {
            return Err(Error::NotEmpty(directory.display().to_string()));
        }
        let journal =
            EmbeddedJournal::open_partitions(Arc::clone(&disk) as _, options, partitions)?;
        Ok(Self { journal, disk })
    }
}

impl Target for EmbeddedImport {
    fn partitions(&self) -> u32 {
        self.journal.partitions.len() as u32
    }

    fn put(&mut self, partition: u32, part: &Part) -> Result<(), Error> {
        let history = part.history.iter();
        let checkpoint = Checkpoint {
            changes: part.entries.clone(),
            history: history.map(|past| past.record.clone()).collect(),
            ..Checkpoint::default()
        };
        let store = &self.journal.partition(partition)?.store;
        // Nobody has led it yet, and its log is empty.
        store.checkpoint(0, 0, &checkpoint).map_err(failed)
    }

    fn finish(self: Box<Self>, terms: &[u64]) -> Result<(), Error> {
        for (partition, term) in self.journal.partitions.iter().zip(terms) {
            partition.store.begin_at(*term)?;
        }
        let partitions = self.partitions();
        // What has not been written down of a partition is written by this.
        drop(self.journal);
        format::finish(&*self.disk, partitions)
    }
}

fn failed(error: CheckpointError) -> Error {
    match error {
        CheckpointError::Full => Error::Full,
        CheckpointError::Fenced | CheckpointError::Failed(_) | CheckpointError::Refused(_) => {
            Error::Failed(error.to_string())
        }
    }
}
