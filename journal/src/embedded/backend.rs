//! The checkpoint store's file: redb on top of the disk layer.
//!
//! Notes what kind of failure struck, which redb's own errors no longer tell, and can be cut off, so that a store
//! that was given up can never write to the file again.

use super::disk::{DiskFile, is_full};
use crate::feed::locked;
use redb::StorageBackend;
use std::io;
use std::sync::{Arc, Mutex};

/// What went wrong first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// There was no space.
    Full,
    /// An fsync failed: nothing may be tried again.
    Sync(String),
    /// Something else failed.
    Other(String),
}

/// Shared between the backend, which redb owns, and the store.
#[derive(Debug, Default)]
pub(super) struct Health(Mutex<Option<Failure>>);

impl Health {
    pub(super) fn failure(&self) -> Option<Failure> {
        locked(&self.0).clone()
    }

    /// Makes every further access fail.
    pub(super) fn cut_off(&self) {
        self.note(Failure::Other("the store was given up".to_owned()));
    }

    /// A failed fsync outweighs what came before it; else the first one counts.
    fn note(&self, failure: Failure) {
        let mut noted = locked(&self.0);
        if noted.is_none() || matches!(failure, Failure::Sync(_)) {
            *noted = Some(failure);
        }
    }
}

#[derive(Debug)]
pub(super) struct Backend {
    pub(super) file: Arc<dyn DiskFile>,
    pub(super) health: Arc<Health>,
}

impl Backend {
    fn run<T>(&self, what: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        if self.health.failure().is_some() {
            return Err(io::Error::other("the store has failed before"));
        }
        what().inspect_err(|error| {
            self.health.note(if is_full(error) {
                Failure::Full
            } else {
                Failure::Other(error.to_string())
            });
        })
    }
}

impl StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        self.run(|| self.file.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.run(|| self.file.read_at(offset, out))
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.run(|| self.file.set_len(length))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.run(|| {
            self.file.sync().inspect_err(|error| {
                self.health.note(Failure::Sync(error.to_string()));
            })
        })
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.run(|| self.file.write_at(offset, data))
    }
}
