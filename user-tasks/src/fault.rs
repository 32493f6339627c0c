//! Errors as gRPC statuses with their reasons. Must not lose what a rejection says.

use std::collections::HashMap;
use std::time::Duration;

use engine::{Code, Rejection};
use node::SubmitError;
use tonic::Status;
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use crate::reason;

/// What to wait before a request is repeated that came at a busy moment.
const RETRY_DELAY: Duration = Duration::from_millis(100);

/// Why the node did not do it.
pub(crate) fn refused(error: SubmitError) -> Status {
    let message = error.to_string();
    match error {
        SubmitError::Rejected(rejection) => rejected(rejection),
        SubmitError::Overloaded => overloaded(message),
        SubmitError::Full(_) => status(
            tonic::Code::ResourceExhausted,
            reason::STORAGE_FULL,
            message,
        ),
        SubmitError::TooLarge { .. } => status(
            tonic::Code::ResourceExhausted,
            reason::REQUEST_TOO_LARGE,
            message,
        ),
        SubmitError::Unavailable(_) => {
            status(tonic::Code::Unavailable, reason::NODE_UNAVAILABLE, message)
        }
        SubmitError::Internal(_) => status(tonic::Code::Internal, reason::INTERNAL, message),
        SubmitError::Stopped => status(tonic::Code::Unavailable, reason::NODE_STOPPED, message),
    }
}

/// The machine's reason, with its metadata.
fn rejected(rejection: Rejection) -> Status {
    let Rejection {
        code,
        reason,
        message,
        metadata,
    } = rejection;
    let metadata = metadata
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    let mut details =
        ErrorDetails::with_error_info(reason, reason::DOMAIN, metadata.collect::<HashMap<_, _>>());
    let code = match code {
        Code::InvalidArgument => {
            details.set_bad_request([violation(field_of(reason), reason, &message)]);
            tonic::Code::InvalidArgument
        }
        Code::NotFound => tonic::Code::NotFound,
        Code::AlreadyExists => tonic::Code::AlreadyExists,
        Code::InvalidState => tonic::Code::FailedPrecondition,
        Code::PermissionDenied => tonic::Code::PermissionDenied,
        Code::ResourceExhausted => tonic::Code::ResourceExhausted,
    };
    Status::with_error_details(code, message, details)
}

/// Which field of the request the machine speaks of; empty: the request as a whole.
fn field_of(reason: &str) -> &'static str {
    match reason {
        reason::USER_MISSING => "user",
        reason::PRIORITY_INVALID => "priority",
        reason::COMMENT_EMPTY | reason::COMMENT_TOO_LONG => "text",
        reason::VARIABLES_INVALID => "variables",
        _ => "",
    }
}

/// Something about a field is wrong.
pub(crate) fn violation(field: &str, reason: &str, description: &str) -> FieldViolation {
    FieldViolation {
        reason: reason.to_owned(),
        ..FieldViolation::new(field, description)
    }
}

/// INVALID_ARGUMENT with all that was found wrong; the reason is theirs when they have the same one.
pub(crate) fn invalid(violations: Vec<FieldViolation>) -> Status {
    let first = violations
        .first()
        .map_or(reason::FIELD_INVALID, |first| first.reason.as_str());
    let same = violations.iter().all(|violation| violation.reason == first);
    let reason = if same {
        first.to_owned()
    } else {
        reason::FIELD_INVALID.to_owned()
    };
    let said = violations
        .iter()
        .map(|violation| format!("{}: {}", violation.field, violation.description));
    let message = said.collect::<Vec<_>>().join("; ");
    let mut details = ErrorDetails::with_error_info(reason, reason::DOMAIN, HashMap::new());
    details.set_bad_request(violations);
    Status::with_error_details(tonic::Code::InvalidArgument, message, details)
}

/// Too much at once; says when to come back.
pub(crate) fn overloaded(message: impl Into<String>) -> Status {
    let mut details =
        ErrorDetails::with_error_info(reason::OVERLOADED, reason::DOMAIN, HashMap::new());
    details.set_retry_info(Some(RETRY_DELAY));
    Status::with_error_details(tonic::Code::ResourceExhausted, message, details)
}

/// No such task.
pub(crate) fn task_not_found(key: u64) -> Status {
    let metadata = HashMap::from([("task_key".to_owned(), key.to_string())]);
    let details = ErrorDetails::with_error_info(reason::TASK_NOT_FOUND, reason::DOMAIN, metadata);
    let message = format!("there is no user task {key}");
    Status::with_error_details(tonic::Code::NotFound, message, details)
}

/// A status with a reason and nothing else.
pub(crate) fn status(code: tonic::Code, reason: &str, message: impl Into<String>) -> Status {
    let details = ErrorDetails::with_error_info(reason, reason::DOMAIN, HashMap::new());
    Status::with_error_details(code, message, details)
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;

    #[test]
    fn whatever_the_node_says_has_a_code_and_a_reason() {
        let text = || "why".to_owned();
        let rejection = |code| {
            SubmitError::Rejected(Rejection {
                code,
                reason: "WHY",
                message: text(),
                metadata: vec![("name", text())],
            })
        };
        let too_large = SubmitError::TooLarge { size: 2, limit: 1 };
        let cases = [
            (
                SubmitError::Overloaded,
                Code::ResourceExhausted,
                reason::OVERLOADED,
            ),
            (
                SubmitError::Full(text()),
                Code::ResourceExhausted,
                reason::STORAGE_FULL,
            ),
            (
                too_large,
                Code::ResourceExhausted,
                reason::REQUEST_TOO_LARGE,
            ),
            (
                SubmitError::Unavailable(text()),
                Code::Unavailable,
                reason::NODE_UNAVAILABLE,
            ),
            (
                SubmitError::Internal(text()),
                Code::Internal,
                reason::INTERNAL,
            ),
            (
                SubmitError::Stopped,
                Code::Unavailable,
                reason::NODE_STOPPED,
            ),
            (
                rejection(engine::Code::InvalidArgument),
                Code::InvalidArgument,
                "WHY",
            ),
            (rejection(engine::Code::NotFound), Code::NotFound, "WHY"),
            (
                rejection(engine::Code::AlreadyExists),
                Code::AlreadyExists,
                "WHY",
            ),
            (
                rejection(engine::Code::InvalidState),
                Code::FailedPrecondition,
                "WHY",
            ),
            (
                rejection(engine::Code::PermissionDenied),
                Code::PermissionDenied,
                "WHY",
            ),
            (
                rejection(engine::Code::ResourceExhausted),
                Code::ResourceExhausted,
                "WHY",
            ),
        ];
        for (error, code, reason) in cases {
            let is_rejection = matches!(error, SubmitError::Rejected(_));
            let status = refused(error);
            let details = status.get_error_details();
            let info = details.error_info().expect("ErrorInfo");
            assert_eq!((status.code(), info.reason.as_str()), (code, reason));
            assert_eq!(info.domain, reason::DOMAIN);
            assert_eq!(info.metadata.contains_key("name"), is_rejection);
            assert_eq!(
                details.bad_request().is_some(),
                code == Code::InvalidArgument
            );
        }
    }

    /// The reasons are promised in the protocol's own words.
    #[test]
    fn every_reason_is_documented_in_the_protocol() {
        let protocol = include_str!("../../proto/proto/weir/usertask/v1/usertask.proto");
        let source = include_str!("reason.rs");
        let reasons = source
            .lines()
            .filter_map(|line| line.split('"').nth(1))
            .skip(1);
        let documented = |reason: &&str| protocol.contains(&format!(" {reason} "));
        assert_eq!(reasons.clone().count(), 27);
        assert_eq!(
            reasons
                .filter(|reason| !documented(reason))
                .collect::<Vec<_>>(),
            Vec::<&str>::new()
        );
    }
}
