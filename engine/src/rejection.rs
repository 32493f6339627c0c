//! The caller was wrong: nothing changed, and this says why.

use std::borrow::Cow;
use std::fmt;

/// How a rejection maps to a status of gRPC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    InvalidArgument,
    NotFound,
    AlreadyExists,
    /// FAILED_PRECONDITION.
    InvalidState,
    PermissionDenied,
    ResourceExhausted,
}

/// The reason for which an incident of a job is not resolved.
pub const JOB_WITHOUT_RETRIES: &str = "JOB_WITHOUT_RETRIES";

/// Why a command was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    pub code: Code,
    /// For programs: `TASK_ALREADY_CLAIMED`.
    pub reason: Cow<'static, str>,
    /// For people.
    pub message: String,
    /// Details for programs: name, value.
    pub metadata: Vec<(Cow<'static, str>, String)>,
}

impl Rejection {
    pub(crate) fn new(code: Code, reason: &'static str, message: impl Into<String>) -> Rejection {
        Rejection {
            code,
            reason: Cow::Borrowed(reason),
            message: message.into(),
            metadata: Vec::new(),
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl ToString) -> Rejection {
        self.metadata.push((Cow::Borrowed(name), value.to_string()));
        self
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.reason, self.message)
    }
}

impl std::error::Error for Rejection {}
