//! Failures and callers as they go between nodes.

use std::borrow::Cow;

use engine::Rejection;
use proto::node::failure::Kind;
use proto::node::{Detail, Failure};
use proto::record::{Command, command};

use crate::config::Caller;
use crate::error::SubmitError;

/// As the other node is told.
pub(super) fn failure(error: SubmitError) -> Failure {
    let of = |kind: Kind, message: String| Failure {
        kind: kind.into(),
        message,
        ..Failure::default()
    };
    match error {
        SubmitError::Rejected(rejection) => Failure {
            code: code_number(rejection.code),
            reason: rejection.reason.into_owned(),
            details: rejection.metadata.into_iter().map(detail).collect(),
            ..of(Kind::Rejected, rejection.message)
        },
        SubmitError::Overloaded => of(Kind::Overloaded, String::new()),
        SubmitError::Full(message) => of(Kind::Full, message),
        SubmitError::TooLarge { size, limit } => Failure {
            size: size as u64,
            limit: limit as u64,
            ..of(Kind::TooLarge, String::new())
        },
        SubmitError::Unavailable(message) => of(Kind::Unavailable, message),
        SubmitError::Internal(message) => of(Kind::Internal, message),
        SubmitError::Stopped => of(Kind::Stopped, String::new()),
    }
}

pub(super) fn not_leader() -> Failure {
    Failure {
        kind: Kind::NotLeader.into(),
        ..Failure::default()
    }
}

/// As it was at the other node. What is only that node's own trouble may pass here: it is `Unavailable`.
pub(super) fn error(failure: Failure) -> SubmitError {
    match failure.kind() {
        Kind::Rejected => match code(failure.code) {
            Some(code) => SubmitError::Rejected(Rejection {
                code,
                reason: Cow::Owned(failure.reason),
                message: failure.message,
                metadata: failure
                    .details
                    .into_iter()
                    .map(|detail| (Cow::Owned(detail.name), detail.value))
                    .collect(),
            }),
            None => SubmitError::Internal(failure.message),
        },
        Kind::Overloaded => SubmitError::Overloaded,
        Kind::Full => SubmitError::Full(failure.message),
        Kind::TooLarge => SubmitError::TooLarge {
            size: failure.size as usize,
            limit: failure.limit as usize,
        },
        Kind::Unavailable => SubmitError::Unavailable(failure.message),
        Kind::Internal => SubmitError::Internal(failure.message),
        Kind::Stopped => SubmitError::Unavailable("the leader is stopping".to_owned()),
        Kind::NotLeader | Kind::Unspecified => {
            SubmitError::Unavailable("the leader is another node now".to_owned())
        }
    }
}

fn detail((name, value): (Cow<'static, str>, String)) -> Detail {
    Detail {
        name: name.into_owned(),
        value,
    }
}

const CODES: [engine::Code; 6] = [
    engine::Code::InvalidArgument,
    engine::Code::NotFound,
    engine::Code::AlreadyExists,
    engine::Code::InvalidState,
    engine::Code::PermissionDenied,
    engine::Code::ResourceExhausted,
];

fn code_number(code: engine::Code) -> i32 {
    crate::fault::Code::from(code) as i32
}

fn code(number: i32) -> Option<engine::Code> {
    CODES.into_iter().find(|code| code_number(*code) == number)
}

/// A command with its caller, to be submitted by the other node.
pub(super) fn command(caller: &Caller, kind: command::Kind) -> Command {
    Command {
        request_id: caller
            .request_id
            .map_or_else(bytes::Bytes::new, |id| bytes::Bytes::copy_from_slice(&id)),
        principal: caller.principal.clone(),
        tenant: caller.tenant.clone(),
        traceparent: caller.traceparent.clone(),
        kind: Some(kind),
        ..Command::default()
    }
}

/// Whose command it is, and which.
pub(super) fn caller(command: Command) -> (Caller, Option<command::Kind>) {
    let caller = Caller {
        principal: command.principal,
        tenant: command.tenant,
        request_id: command.request_id.as_ref().try_into().ok(),
        traceparent: command.traceparent,
    };
    (caller, command.kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_arrives_as_it_was_sent() {
        for original in [
            SubmitError::Overloaded,
            SubmitError::Full("no space".to_owned()),
            SubmitError::TooLarge { size: 3, limit: 2 },
            SubmitError::Unavailable("later".to_owned()),
            SubmitError::Internal("why".to_owned()),
        ] {
            assert_eq!(error(failure(original.clone())), original);
        }
        for code in CODES {
            let rejected = SubmitError::Rejected(Rejection {
                code,
                reason: Cow::Borrowed("TASK_ALREADY_CLAIMED"),
                message: "no".to_owned(),
                metadata: vec![(Cow::Borrowed("assignee"), "anna".to_owned())],
            });
            assert_eq!(error(failure(rejected.clone())), rejected);
        }
        // The caller's own node has not stopped.
        let stopped = error(failure(SubmitError::Stopped));
        assert!(matches!(stopped, SubmitError::Unavailable(_)), "{stopped}");
    }
}
