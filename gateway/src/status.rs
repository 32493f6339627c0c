//! Errors as clients read them: the gRPC code, Zeebe's text, and `google.rpc.ErrorInfo`.
//!
//! Reasons are those of the engine's rejections and, for what is found before the engine is asked:
//!
//! | reason | code | cause |
//! |---|---|---|
//! | `VARIABLES_INVALID` | INVALID_ARGUMENT | not a JSON object; `line` and `column` say where |
//! | `VARIABLES_TOO_LARGE` | INVALID_ARGUMENT | `size` of `limit` bytes |
//! | `TENANT_UNKNOWN` | INVALID_ARGUMENT | any tenant but `<default>` |
//! | `METADATA_INVALID` | INVALID_ARGUMENT | `weir-request-id`, `weir-user` or `traceparent` is unreadable |
//! | `JOB_TYPE_MISSING`, `TIMEOUT_INVALID`, `MAX_JOBS_INVALID` | INVALID_ARGUMENT | as the engine would say |
//! | `REQUEST_MISSING` | INVALID_ARGUMENT | `CreateProcessInstanceWithResult` without its request |
//! | `COMMAND_TOO_LARGE` | INVALID_ARGUMENT | all parts together exceed the log's limit |
//! | `MESSAGE_TOO_LARGE` | RESOURCE_EXHAUSTED | a message exceeds the server's limit |
//! | `OVERLOADED` | RESOURCE_EXHAUSTED | too much is under way; try again |
//! | `DISK_FULL` | RESOURCE_EXHAUSTED | the log has no space |
//! | `UNAVAILABLE`, `STOPPING` | UNAVAILABLE | try again, with the same request id |
//! | `RESULT_TIMEOUT` | DEADLINE_EXCEEDED | the instance has not ended yet; it goes on |
//! | `INSTANCE_CANCELED` | FAILED_PRECONDITION | the instance whose result was awaited was canceled |
//! | `INTERNAL` | INTERNAL | the machine failed on the command, which changed nothing |
//! | `RPC_NOT_SERVED` | UNIMPLEMENTED | a call of the protocol that Weir does not serve yet |

use std::collections::HashMap;

use engine::Rejection;
use node::SubmitError;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// The domain of every reason.
pub(crate) const DOMAIN: &str = "weir";

/// A status with its reason, and details for programs.
pub(crate) fn with_reason(
    code: Code,
    reason: &str,
    message: impl Into<String>,
    metadata: impl IntoIterator<Item = (&'static str, String)>,
) -> Status {
    let metadata = metadata.into_iter();
    let metadata = metadata.map(|(name, value)| (name.to_owned(), value));
    let details =
        ErrorDetails::with_error_info(reason, DOMAIN, metadata.collect::<HashMap<_, _>>());
    Status::with_error_details(code, message, details)
}

pub(crate) fn invalid(reason: &str, message: impl Into<String>) -> Status {
    with_reason(Code::InvalidArgument, reason, message, [])
}

pub(crate) fn unavailable(reason: &str, message: impl Into<String>) -> Status {
    with_reason(Code::Unavailable, reason, message, [])
}

pub(crate) fn not_served(rpc: &str) -> Status {
    let message = format!("{rpc} is not served by this version of Weir");
    with_reason(Code::Unimplemented, "RPC_NOT_SERVED", message, [])
}

/// An answer that does not belong to its command: a defect of the node, said instead of hidden.
pub(crate) fn unexpected_answer(intent: &str) -> Status {
    let message = format!("command '{intent}' got an answer of another kind");
    with_reason(Code::Internal, "INTERNAL", message, [])
}

/// Why a command has no answer. `intent` is the name that Zeebe gives the command.
pub(crate) fn submit_failed(intent: &str, error: SubmitError) -> Status {
    let message = error.to_string();
    match error {
        SubmitError::Rejected(rejection) => rejected(intent, rejection),
        SubmitError::Overloaded => with_reason(Code::ResourceExhausted, "OVERLOADED", message, []),
        SubmitError::Full(_) => with_reason(Code::ResourceExhausted, "DISK_FULL", message, []),
        SubmitError::TooLarge { size, limit } => {
            let sizes = [("size", size.to_string()), ("limit", limit.to_string())];
            with_reason(Code::InvalidArgument, "COMMAND_TOO_LARGE", message, sizes)
        }
        SubmitError::Unavailable(_) => unavailable("UNAVAILABLE", message),
        SubmitError::Internal(_) => with_reason(Code::Internal, "INTERNAL", message, []),
        SubmitError::Stopped => unavailable("STOPPING", message),
    }
}

fn rejected(intent: &str, rejection: Rejection) -> Status {
    let (code, kind) = kind_of(&rejection);
    let message = format!(
        "Command '{intent}' rejected with code '{kind}': {}",
        rejection.message
    );
    with_reason(code, rejection.reason, message, rejection.metadata)
}

/// The gRPC code, and the rejection type as Zeebe spells it.
fn kind_of(rejection: &Rejection) -> (Code, &'static str) {
    // Zeebe's clients know only NOT_FOUND from ResolveIncident.
    if rejection.reason == "JOB_WITHOUT_RETRIES" {
        return (Code::NotFound, "NOT_FOUND");
    }
    match rejection.code {
        engine::Code::InvalidArgument => (Code::InvalidArgument, "INVALID_ARGUMENT"),
        engine::Code::NotFound => (Code::NotFound, "NOT_FOUND"),
        engine::Code::AlreadyExists => (Code::AlreadyExists, "ALREADY_EXISTS"),
        engine::Code::InvalidState => (Code::FailedPrecondition, "INVALID_STATE"),
        engine::Code::PermissionDenied => (Code::PermissionDenied, "FORBIDDEN"),
        engine::Code::ResourceExhausted => (Code::ResourceExhausted, "RESOURCE_EXHAUSTED"),
    }
}
