//! What can go wrong at the journal, by who must act: the caller, the leader, or a person at the machine.

use crate::kafka::topics::Finding;

/// Why an append did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// No space is left. Nothing was appended; the same call may succeed once there is space.
    #[error("no space is left for the command log; nothing was appended")]
    Full,
    /// One command, or all commands of one call together, exceed the limit (both in bytes). Nothing was appended.
    #[error("{size} bytes are too large for one append, the limit is {limit} bytes")]
    TooLarge {
        /// What the caller gave, in bytes.
        size: usize,
        /// What is allowed, in bytes.
        limit: usize,
    },
    /// Nobody knows. None, a prefix or all of the commands are, or will be, in the log, possibly more than once;
    /// only the request id inside a command tells, once the log is read.
    #[error("the outcome of the append is unknown: {0}")]
    Unknown(String),
    /// The journal has no such partition. Nothing was appended.
    #[error("there is no partition {0}")]
    UnknownPartition(u32),
    /// The journal takes nothing any more, for the reason given. Nothing was appended.
    #[error("the journal is closed: {0}")]
    Closed(String),
}

/// Why a checkpoint was not committed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Somebody else leads now. Nothing was written. Resign and follow; do not lead again on your own accord,
    /// or two nodes fence each other for ever.
    #[error("another leader has taken over")]
    Fenced,
    /// The checkpoint may or may not be committed. Throw the partition's memory away and rebuild; this [`crate::Lead`]
    /// refuses any further checkpoint.
    #[error("the outcome of the checkpoint is unknown: {0}")]
    Failed(String),
    /// No space is left. Nothing was written; the same checkpoint may be tried again.
    #[error("no space is left for the checkpoint; nothing was written")]
    Full,
    /// Topics of the user's refuse these outbound records, and will again. Nothing was written; the checkpoint may be
    /// tried again without them. There is one at least.
    #[error("{}", refused(.0))]
    Refused(Vec<Refusal>),
}

/// An outbound record that its topic does not take: the topic is not there, the record is not permitted or too large.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which of [`crate::Checkpoint::outbound`].
    pub index: usize,
    /// For people.
    pub reason: String,
}

fn refused(refusals: &[Refusal]) -> String {
    let first = refusals.first().map_or("", |refusal| &refusal.reason);
    format!("{} outbound records were refused: {first}", refusals.len())
}

/// Why something could not be read, observed, led or opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The journal has no such partition.
    #[error("there is no partition {0}")]
    UnknownPartition(u32),
    /// The log does not contain this position: it was deleted below a checkpoint, or has never existed. It is
    /// refused, because starting anywhere else would skip commands.
    #[error(
        "partition {partition}: position {from} is outside the log, which goes from {first} to {next}"
    )]
    OutOfBounds {
        /// The partition that was read.
        partition: u32,
        /// The offset that was asked for.
        from: u64,
        /// The smallest offset that may be asked for.
        first: u64,
        /// The largest offset that may be asked for: the next record will have this one or a greater one.
        next: u64,
    },
    /// The observer did not keep up and changes were dropped. Observe again from the start.
    #[error("partition {0}: the observer fell too far behind, it must start again")]
    Lagged(u32),
    /// Topics of the cluster are unsafe or not what this installation needs; each finding says how it is mended.
    #[error("the topics are not as they must be:{}", lines(.0))]
    Unsafe(Vec<Finding>),
    /// The last checkpoint does not belong to the command log at hand: topics were mirrored, made anew, truncated or
    /// given another number of partitions. Reading on would apply wrong commands, or skip some.
    #[error("partition {partition}: {reason}")]
    Foreign {
        /// The partition that was to be led.
        partition: u32,
        /// What is different from when the checkpoint was written.
        reason: String,
    },
    /// What was to be filled with another installation's content holds one already.
    #[error("there is an installation in {0} already")]
    NotEmpty(String),
    /// An import into the installation was begun and not finished: there is nothing in it that could be used.
    #[error("an import into {0} was not finished")]
    Unfinished(String),
    /// The data was begun with another number of partitions, which is fixed.
    #[error("it was begun with {found} partitions, which cannot become {wanted}")]
    Partitions {
        /// How many there are.
        found: u32,
        /// How many were asked for.
        wanted: u32,
    },
    /// Stored data is not what was written. A person must look at the file; nothing is repaired silently.
    #[error("{file} is damaged at {place}: {reason}")]
    Damaged {
        /// Path of the damaged file.
        file: String,
        /// Where in the file.
        place: Place,
        /// What is wrong there.
        reason: String,
    },
    /// Another process has opened the directory.
    #[error(
        "{directory} is in use by the process with pid {pid}; stop that one or choose another directory"
    )]
    InUse {
        /// The directory that was to be opened.
        directory: String,
        /// Process id of the owner as its lock file tells it, or `unknown`.
        pid: String,
    },
    /// No space is left. Nothing was changed.
    #[error("no space is left")]
    Full,
    /// The machinery failed: I/O, network, permission. Trying again may help.
    #[error("{0}")]
    Failed(String),
    /// The journal does nothing any more, for the reason given.
    #[error("the journal is closed: {0}")]
    Closed(String),
}

fn lines(findings: &[Finding]) -> String {
    findings
        .iter()
        .map(|finding| format!("\n  {finding}"))
        .collect()
}

/// Where in a file damage was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// So many bytes from the start of the file.
    Byte(u64),
    /// A row of a table; the key in hexadecimal digits.
    Row {
        /// Name of the table.
        table: &'static str,
        /// The row's key, or empty where the table as a whole is wrong.
        key: String,
    },
    /// The file as a whole: missing, of a wrong length, or not readable by the storage library.
    File,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Byte(at) => write!(f, "byte {at}"),
            Place::Row { table, key } if key.is_empty() => write!(f, "table {table}"),
            Place::Row { table, key } => write!(f, "table {table}, key {key}"),
            Place::File => f.write_str("no particular byte"),
        }
    }
}
