//! The only way to files: a small layer that tests replace by one which forgets what was not synced.
//!
//! Owns the directory and its lock. It knows names and bytes, nothing of what is in them.

use crate::Error;
use std::fmt::Debug;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A directory without sub-directories. All names are plain file names.
pub trait Disk: Send + Sync + 'static {
    /// Opens a file for reading and writing; with `create` it is made when missing. The name is durable only after
    /// [`Disk::sync_directory`].
    fn open(&self, name: &str, create: bool) -> io::Result<Arc<dyn DiskFile>>;
    /// The names of all files.
    fn list(&self) -> io::Result<Vec<String>>;
    /// Removes a file; durable only after [`Disk::sync_directory`].
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Makes creations and removals durable.
    fn sync_directory(&self) -> io::Result<()>;
    /// How much space is left and how much there is, in bytes.
    fn space(&self) -> io::Result<Space>;
    /// The name as people find it, for messages.
    fn path(&self, name: &str) -> String;
}

/// Answer of [`Disk::space`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Bytes that may still be written.
    pub free: u64,
    /// Bytes that the file system has in all.
    pub total: u64,
}

/// An open file. All positions and lengths are in bytes.
pub trait DiskFile: Debug + Send + Sync + 'static {
    /// The length.
    fn len(&self) -> io::Result<u64>;
    /// Whether there is nothing in it.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }
    /// Fills `out`; an error when the file ends before.
    fn read_at(&self, position: u64, out: &mut [u8]) -> io::Result<()>;
    /// Writes all of `data`, or fails with any part of it written. The file grows when needed.
    fn write_at(&self, position: u64, data: &[u8]) -> io::Result<()>;
    /// Cuts the file or makes it longer by zeros.
    fn set_len(&self, length: u64) -> io::Result<()>;
    /// Makes content and length durable. After a failure nothing is known about what is.
    fn sync(&self) -> io::Result<()>;
}

/// Whether an error means that there is no space.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge
    )
}

/// A directory of the operating system's, locked for as long as this lives.
pub(super) struct Directory {
    path: PathBuf,
    /// For fsync: opened once, so that a directory which is moved stays the same one.
    handle: File,
    _lock: File,
}

impl Directory {
    /// Makes the directory when missing, and locks it. [`Error::InUse`] names the process that has it.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let failed = |what: &str, error: io::Error| {
            Error::Failed(format!("{}: cannot {what}: {error}", path.display()))
        };
        fs::create_dir_all(path).map_err(|error| failed("create the directory", error))?;
        let handle = File::open(path).map_err(|error| failed("open the directory", error))?;
        let lock_path = path.join("lock");
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&lock_path)
            .map_err(|error| failed("open the lock file", error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let pid = fs::read_to_string(&lock_path).unwrap_or_default();
                let pid = pid.trim();
                return Err(Error::InUse {
                    directory: path.display().to_string(),
                    pid: if pid.is_empty() { "unknown" } else { pid }.to_owned(),
                });
            }
            Err(TryLockError::Error(error)) => return Err(failed("lock the directory", error)),
        }
        // The pid is for people. On a full disk it cannot be written, and the lock is good without it.
        let _ = lock
            .set_len(0)
            .and_then(|()| writeln!(lock, "{}", std::process::id()));
        Ok(Self {
            path: path.to_owned(),
            handle,
            _lock: lock,
        })
    }
}

impl Disk for Directory {
    fn open(&self, name: &str, create: bool) -> io::Result<Arc<dyn DiskFile>> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(create)
            .truncate(false)
            .open(self.path.join(name))?;
        Ok(Arc::new(SystemFile(file)))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            // A name that is not Unicode is none of ours.
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.handle.sync_all()
    }

    fn space(&self) -> io::Result<Space> {
        let found = rustix::fs::fstatvfs(&self.handle)?;
        Ok(Space {
            free: found.f_bavail.saturating_mul(found.f_frsize),
            total: found.f_blocks.saturating_mul(found.f_frsize),
        })
    }

    fn path(&self, name: &str) -> String {
        self.path.join(name).display().to_string()
    }
}

#[derive(Debug)]
struct SystemFile(File);

impl DiskFile for SystemFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, position: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(out, position)
    }

    fn write_at(&self, position: u64, data: &[u8]) -> io::Result<()> {
        self.0.write_all_at(data, position)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}
