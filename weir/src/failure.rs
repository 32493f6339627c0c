//! What a command says when it did not do what it was asked, and the exit statuses.
//!
//! Owns the translation of a gRPC status into one sentence and one piece of advice. `docs/cli.md` lists the
//! statuses for people; a test compares the two.

use std::fmt;

use serde_json::{Value, json};
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// The exit status of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Ok = 0,
    /// The server refused it, it failed, or what was checked has errors.
    Failed = 1,
    /// The command line is wrong, or a file that it names cannot be read or written.
    Usage = 2,
    /// The server cannot be reached, or went away before it answered.
    Unreachable = 3,
    /// The server had not answered when the time was over; it may still do what it was asked.
    TimedOut = 4,
    /// The data folder cannot be used: in use by another process, damaged, of another version, or the disk is full. Or
    /// the topics in Kafka cannot be.
    Data = 5,
}

/// What tonic says when this end's own time limit has passed.
const GAVE_UP_WAITING: &str = "Timeout expired";
const LOOK_BEFORE: &str = "it may still be done: look before you ask again";

/// Why a command ends with something else than [`Exit::Ok`].
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    /// For scripts: `NOT_FOUND`, `TASK_ALREADY_CLAIMED`, …
    pub reason: String,
    /// One sentence for people, without a full stop at its end.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// What shows more than a sentence.
    pub shown: Option<Box<Shown>>,
}

/// What is wrong, shown.
#[derive(Debug)]
pub struct Shown {
    /// For people, in place of the message: an excerpt.
    pub excerpt: String,
    /// For scripts, beside the message: the same as data.
    pub detail: Value,
}

impl Failure {
    pub fn new(exit: Exit, reason: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            exit,
            reason: reason.to_owned(),
            message: message.trim_end_matches('.').to_owned(),
            hint: None,
            shown: None,
        }
    }

    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "USAGE", message)
    }

    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, "FAILED", message)
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Shows what is wrong, to people as an excerpt and to scripts as data.
    pub fn shown(mut self, excerpt: String, detail: Value) -> Self {
        self.shown = Some(Box::new(Shown { excerpt, detail }));
        self
    }

    /// A failure of the server at `address`.
    pub fn of_status(status: &Status, address: &str) -> Self {
        let (exit, fallback) = of_code(status.code());
        let info = status.get_details_error_info();
        let reason = match &info {
            Some(info) => info.reason.clone(),
            None => fallback.to_owned(),
        };
        if status.code() == Code::Cancelled && status.message() == GAVE_UP_WAITING {
            let text = format!("{address} gave no answer within the time");
            let failure = Self::new(Exit::TimedOut, "DEADLINE_EXCEEDED", text);
            return failure.hint(LOOK_BEFORE);
        }
        // What a server says has details; what is said of a connection has none.
        if exit == Exit::Unreachable && info.is_none() {
            return Self::unreachable(address, status.message());
        }
        let message = match status.message() {
            "" => format!("the server answered {fallback} without a reason"),
            text => reason_of_rejection(text).to_owned(),
        };
        let mut failure = Self::new(exit, &reason, message);
        failure.hint = hint_for(status.code(), &reason).map(str::to_owned);
        failure
    }

    /// No server answers at `address`; `detail` is what the transport says.
    pub fn unreachable(address: &str, detail: &str) -> Self {
        let detail = match detail {
            "" | "transport error" | "tcp connect error" => String::new(),
            other => format!(" ({other})"),
        };
        Self::new(
            Exit::Unreachable,
            "UNAVAILABLE",
            format!("no Weir server answers at {address}{detail}"),
        )
        .hint("start one with `weir serve`, or name another with --address or WEIR_ADDRESS")
    }

    pub fn json(&self) -> Value {
        let mut error = json!({
            "reason": self.reason,
            "message": self.message,
            "hint": self.hint,
            "exitStatus": self.exit as i32,
        });
        if let Some(shown) = &self.shown {
            error["detail"] = shown.detail.clone();
        }
        json!({ "error": error })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

/// The gateway's protocol wraps why a command was refused into words about the command.
fn reason_of_rejection(text: &str) -> &str {
    let rest = text
        .strip_prefix("Command '")
        .and_then(|rest| rest.split_once("': "));
    match rest {
        Some((command, reason)) if command.contains("' rejected with code '") => reason,
        Some(_) | None => text,
    }
}

fn of_code(code: Code) -> (Exit, &'static str) {
    match code {
        Code::Ok => (Exit::Ok, "OK"),
        Code::Cancelled => (Exit::Failed, "CANCELLED"),
        Code::Unknown => (Exit::Failed, "UNKNOWN"),
        Code::InvalidArgument => (Exit::Failed, "INVALID_ARGUMENT"),
        Code::DeadlineExceeded => (Exit::TimedOut, "DEADLINE_EXCEEDED"),
        Code::NotFound => (Exit::Failed, "NOT_FOUND"),
        Code::AlreadyExists => (Exit::Failed, "ALREADY_EXISTS"),
        Code::PermissionDenied => (Exit::Failed, "PERMISSION_DENIED"),
        Code::ResourceExhausted => (Exit::Failed, "RESOURCE_EXHAUSTED"),
        Code::FailedPrecondition => (Exit::Failed, "FAILED_PRECONDITION"),
        Code::Aborted => (Exit::Failed, "ABORTED"),
        Code::OutOfRange => (Exit::Failed, "OUT_OF_RANGE"),
        Code::Unimplemented => (Exit::Failed, "UNIMPLEMENTED"),
        Code::Internal => (Exit::Failed, "INTERNAL"),
        Code::Unavailable => (Exit::Unreachable, "UNAVAILABLE"),
        Code::DataLoss => (Exit::Failed, "DATA_LOSS"),
        Code::Unauthenticated => (Exit::Failed, "UNAUTHENTICATED"),
    }
}

fn hint_for(code: Code, reason: &str) -> Option<&'static str> {
    match code {
        Code::ResourceExhausted => match reason {
            "OVERLOADED" => Some("the server has too much to do: try again in a while"),
            "DISK_FULL" => Some("the server's disk is full: make space, then try again"),
            _ => None,
        },
        Code::Unavailable => Some("the server starts or stops: try again in a while"),
        Code::DeadlineExceeded => Some(LOOK_BEFORE),
        Code::Unimplemented => Some(
            "the server is of another version than this command line, or it is not a Weir server",
        ),
        Code::Ok
        | Code::Cancelled
        | Code::Unknown
        | Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::OutOfRange
        | Code::Internal
        | Code::DataLoss
        | Code::Unauthenticated => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use tonic_types::{ErrorDetails, FieldViolation};

    use super::*;

    fn said(code: Code, reason: &str) -> Failure {
        let details = ErrorDetails::with_error_info(reason, "weir", HashMap::new());
        let status = Status::with_error_details(code, "so it is", details);
        Failure::of_status(&status, "http://somewhere")
    }

    #[test]
    fn a_server_that_answers_is_not_absent() {
        let failure = said(Code::Unavailable, "STOPPING");
        assert_eq!(failure.exit, Exit::Unreachable);
        assert_eq!(
            (&*failure.reason, &*failure.message),
            ("STOPPING", "so it is")
        );
        let absent = Status::unavailable("tcp connect error");
        let failure = Failure::of_status(&absent, "http://somewhere");
        assert!(
            failure.message.contains("no Weir server answers"),
            "{failure}"
        );
    }

    #[test]
    fn only_what_may_go_later_is_to_be_tried_again() {
        for (reason, is_told) in [
            ("OVERLOADED", true),
            ("DISK_FULL", true),
            ("TASK_RECORDS_FULL", false),
            ("MESSAGE_TOO_LARGE", false),
        ] {
            let failure = said(Code::ResourceExhausted, reason);
            assert_eq!(failure.hint.is_some(), is_told, "{reason}");
        }
    }

    #[test]
    fn a_wrong_field_is_said_once() {
        let mut details = ErrorDetails::with_error_info("FIELD_INVALID", "weir", HashMap::new());
        details.set_bad_request([FieldViolation::new("user", "1001 bytes")]);
        let status = Status::with_error_details(Code::InvalidArgument, "user: 1001 bytes", details);
        let failure = Failure::of_status(&status, "http://somewhere");
        assert_eq!(
            (&*failure.message, failure.hint),
            ("user: 1001 bytes", None)
        );
    }
}
