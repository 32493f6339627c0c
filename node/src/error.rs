//! Why a node does not start, and why a call gets no answer.

use engine::{Rejection, RestoreError};

/// Why a command was not applied, or its answer is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// The caller was wrong; nothing changed.
    #[error("{0}")]
    Rejected(Rejection),
    /// A bound of [`crate::Config`] is reached; nothing was submitted. Later it may go.
    #[error("the node is overloaded: too much is under way")]
    Overloaded,
    /// The journal has no space left; nothing was submitted. Once there is space it will go.
    #[error("{0}")]
    Full(String),
    /// The encoded command is too long, in bytes; nothing was submitted.
    #[error("the command takes {size} bytes, {limit} are allowed")]
    TooLarge { size: usize, limit: usize },
    /// Nobody knows whether the command was or will be applied, or the node serves nothing at this moment. Repeat
    /// with the same request id.
    #[error("{0}")]
    Unavailable(String),
    /// The machine failed on this command; it was skipped and changed nothing.
    #[error("{0}")]
    Internal(String),
    /// The node is stopping, or has stopped. Nothing was submitted.
    #[error("the node has stopped")]
    Stopped,
}

impl SubmitError {
    /// Whether another leader, or the same one a little later, may do it.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            SubmitError::Unavailable(_) | SubmitError::Stopped => true,
            SubmitError::Rejected(_)
            | SubmitError::Overloaded
            | SubmitError::Full(_)
            | SubmitError::TooLarge { .. }
            | SubmitError::Internal(_) => false,
        }
    }
}

/// Why a node cannot lead its partition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// The journal cannot be read or led.
    #[error("{0}")]
    Journal(#[from] journal::Error),
    /// The first command of the term could not be appended.
    #[error("{0}")]
    Append(#[from] journal::AppendError),
    /// The checkpointed state is not what was written, or not for this build.
    #[error("{0}")]
    Restore(#[from] RestoreError),
    /// The log holds a command of a newer build.
    #[error(
        "the command at offset {offset} is of a newer build: it asks for semantics {found}, this build knows up to {known}"
    )]
    NewerSemantics { offset: u64, found: u32, known: u32 },
    /// Somebody else leads the partition now.
    #[error("another leader has taken over")]
    Fenced,
    /// The journal is silent: the checkpoint or the own first command did not come.
    #[error("the journal gave nothing for too long while {0}")]
    Silent(&'static str),
    /// More commands make the machine fail than are skipped.
    #[error("{0} commands made the machine fail, no more are skipped")]
    TooManyFailures(usize),
    /// A thread could not be started.
    #[error("cannot start a thread: {0}")]
    Thread(String),
    /// The node was stopped meanwhile.
    #[error("the node was stopped")]
    Stopped,
}

impl StartError {
    /// Whether space on a disk would help.
    pub(crate) fn is_full(&self) -> bool {
        matches!(
            self,
            StartError::Append(journal::AppendError::Full)
                | StartError::Journal(journal::Error::Full)
        )
    }

    /// Whether what is stored is not for this node; a person must look.
    pub(crate) fn is_broken(&self) -> bool {
        match self {
            StartError::Fenced | StartError::Stopped => false,
            StartError::Journal(_)
            | StartError::Append(_)
            | StartError::Restore(_)
            | StartError::NewerSemantics { .. }
            | StartError::Silent(_)
            | StartError::TooManyFailures(_)
            | StartError::Thread(_) => self.is_final(),
        }
    }

    /// Whether a newer build is asked for.
    pub(crate) fn is_newer(&self) -> bool {
        matches!(
            self,
            StartError::NewerSemantics { .. }
                | StartError::Restore(RestoreError::NewerSemantics { .. })
        )
    }

    /// Whether leading again cannot help.
    pub(crate) fn is_final(&self) -> bool {
        match self {
            StartError::Journal(error) => match error {
                journal::Error::UnknownPartition(_)
                | journal::Error::Damaged { .. }
                | journal::Error::InUse { .. }
                | journal::Error::Unsafe(_)
                | journal::Error::Foreign { .. }
                | journal::Error::Partitions { .. }
                | journal::Error::NotEmpty(_)
                | journal::Error::Unfinished(_)
                | journal::Error::Closed(_) => true,
                journal::Error::OutOfBounds { .. }
                | journal::Error::Lagged(_)
                | journal::Error::Full
                | journal::Error::Failed(_) => false,
            },
            StartError::Append(error) => match error {
                journal::AppendError::TooLarge { .. }
                | journal::AppendError::UnknownPartition(_)
                | journal::AppendError::Closed(_) => true,
                journal::AppendError::Full | journal::AppendError::Unknown(_) => false,
            },
            StartError::Silent(_) => false,
            StartError::Restore(_)
            | StartError::NewerSemantics { .. }
            | StartError::Fenced
            | StartError::TooManyFailures(_)
            | StartError::Thread(_)
            | StartError::Stopped => true,
        }
    }
}
