//! What callers are told when a call failed: one code, one reason, the same in every service.

use std::borrow::Cow;
use std::time::Duration;

use engine::Rejection;

use crate::error::SubmitError;

/// After this a request may be repeated that came at a busy moment.
const RETRY_DELAY: Duration = Duration::from_millis(100);

/// A code of gRPC; its number is that of `google.rpc.Code`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    InvalidArgument = 3,
    NotFound = 5,
    AlreadyExists = 6,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Internal = 13,
    Unavailable = 14,
}

impl From<engine::Code> for Code {
    fn from(code: engine::Code) -> Code {
        match code {
            engine::Code::InvalidArgument => Code::InvalidArgument,
            engine::Code::NotFound => Code::NotFound,
            engine::Code::AlreadyExists => Code::AlreadyExists,
            engine::Code::InvalidState => Code::FailedPrecondition,
            engine::Code::PermissionDenied => Code::PermissionDenied,
            engine::Code::ResourceExhausted => Code::ResourceExhausted,
        }
    }
}

/// A failed call as services answer it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub code: Code,
    /// For programs: `OVERLOADED`, `TASK_ALREADY_CLAIMED`.
    pub reason: Cow<'static, str>,
    /// For people.
    pub message: String,
    /// Details for programs: name, value.
    pub metadata: Vec<(Cow<'static, str>, String)>,
    /// When to come back; `None`: repeating it does not help by itself.
    pub retry: Option<Duration>,
}

impl From<SubmitError> for Fault {
    fn from(error: SubmitError) -> Fault {
        let message = error.to_string();
        let fault = |code, reason| Fault {
            code,
            reason: Cow::Borrowed(reason),
            message,
            metadata: Vec::new(),
            retry: None,
        };
        match error {
            SubmitError::Rejected(rejection) => rejected(rejection),
            SubmitError::Overloaded => Fault {
                retry: Some(RETRY_DELAY),
                ..fault(Code::ResourceExhausted, "OVERLOADED")
            },
            SubmitError::Full(_) => fault(Code::ResourceExhausted, "DISK_FULL"),
            SubmitError::TooLarge { size, limit } => Fault {
                metadata: vec![
                    ("size".into(), size.to_string()),
                    ("limit".into(), limit.to_string()),
                ],
                ..fault(Code::InvalidArgument, "COMMAND_TOO_LARGE")
            },
            SubmitError::Unavailable(_) => fault(Code::Unavailable, "UNAVAILABLE"),
            SubmitError::Internal(_) => fault(Code::Internal, "INTERNAL"),
            SubmitError::Stopped => fault(Code::Unavailable, "STOPPING"),
        }
    }
}

fn rejected(rejection: Rejection) -> Fault {
    Fault {
        code: rejection.code.into(),
        reason: rejection.reason,
        message: rejection.message,
        metadata: rejection.metadata,
        retry: None,
    }
}
