//! Errors as gRPC statuses with their reasons. Must not lose what a rejection says.

use std::collections::HashMap;

use node::{Caller, Fault, SubmitError};
use tonic::Status;
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use crate::reason;

/// Why the node did not do it; INVALID_ARGUMENT of the machine also names the field.
pub(crate) fn refused(error: SubmitError) -> Status {
    let is_rejection = matches!(error, SubmitError::Rejected(_));
    let Fault {
        code,
        reason,
        message,
        metadata,
        retry,
    } = error.into();
    let metadata = metadata.into_iter();
    let metadata = metadata.map(|(name, value)| (name.into_owned(), value));
    let mut details = ErrorDetails::with_error_info(
        &*reason,
        reason::DOMAIN,
        metadata.collect::<HashMap<_, _>>(),
    );
    if is_rejection && code == node::Code::InvalidArgument {
        details.set_bad_request([violation(field_of(&reason), &reason, &message)]);
    }
    if retry.is_some() {
        details.set_retry_info(retry);
    }
    Status::with_error_details(tonic::Code::from_i32(code as i32), message, details)
}

/// An answer that does not belong to its command: that of an earlier request with the same id; without an id a defect
/// of the node, said instead of hidden.
pub(crate) fn unexpected_answer(caller: &Caller) -> Status {
    if caller.request_id.is_none() {
        let message = "the command got an answer of another kind";
        return status(tonic::Code::Internal, reason::INTERNAL, message);
    }
    let message = "used for another request: choose a new one";
    invalid(vec![violation(
        "request_id",
        reason::REQUEST_ID_REUSED,
        message,
    )])
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

/// Too many lists at once; says when to come back, as the node does.
pub(crate) fn overloaded() -> Status {
    refused(SubmitError::Overloaded)
}

/// INVALID_ARGUMENT with sizes in bytes.
pub(crate) fn too_large(
    reason: &str,
    message: String,
    sizes: [(&'static str, usize); 2],
) -> Status {
    let sizes = sizes.map(|(name, size)| (name.to_owned(), size.to_string()));
    let details = ErrorDetails::with_error_info(reason, reason::DOMAIN, HashMap::from(sizes));
    Status::with_error_details(tonic::Code::InvalidArgument, message, details)
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
    use std::collections::BTreeSet;

    use engine::Rejection;
    use tonic::Code;

    use super::*;

    #[test]
    fn whatever_the_node_says_has_a_code_and_a_reason() {
        let text = || "why".to_owned();
        let rejection = |code| {
            SubmitError::Rejected(Rejection {
                code,
                reason: "WHY".into(),
                message: text(),
                metadata: vec![("name".into(), text())],
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
                reason::DISK_FULL,
            ),
            (too_large, Code::InvalidArgument, reason::COMMAND_TOO_LARGE),
            (
                SubmitError::Unavailable(text()),
                Code::Unavailable,
                reason::UNAVAILABLE,
            ),
            (
                SubmitError::Internal(text()),
                Code::Internal,
                reason::INTERNAL,
            ),
            (SubmitError::Stopped, Code::Unavailable, reason::STOPPING),
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
                is_rejection && code == Code::InvalidArgument
            );
            let is_busy = reason == reason::OVERLOADED;
            assert_eq!(details.retry_info().is_some(), is_busy);
        }
    }

    /// The reasons are promised in the protocol's own words.
    #[test]
    fn every_reason_is_documented_in_the_protocol() {
        let protocol = include_str!("../../proto/proto/weir/usertask/v1/usertask.proto");
        let table = protocol.lines().take_while(|line| line.starts_with("//"));
        let rows = table.filter_map(|line| line.strip_prefix("//   "));
        // A row begins with a code, or with the space where the code above stands.
        let documented = rows.filter_map(|row| row.get(21..)?.split_whitespace().next());
        let source = include_str!("reason.rs");
        let reasons = source
            .lines()
            .filter(|line| !line.contains("DOMAIN"))
            .filter_map(|line| line.split('"').nth(1));
        assert_eq!(
            reasons.collect::<BTreeSet<_>>(),
            documented.collect::<BTreeSet<_>>()
        );
    }
}
