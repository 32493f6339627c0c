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
//! | `TAGS_INVALID` | INVALID_ARGUMENT | more than 10 tags, or one of more than 100 characters |
//! | `REQUEST_ID_REUSED` | INVALID_ARGUMENT | the request id was used for another request |
//! | `REQUEST_MISSING` | INVALID_ARGUMENT | `CreateProcessInstanceWithResult` without its request |
//! | `COMMAND_TOO_LARGE` | INVALID_ARGUMENT | all parts together exceed the log's limit: `size` of `limit` bytes |
//! | `MESSAGE_TOO_LARGE` | RESOURCE_EXHAUSTED | a message exceeds the server's limit |
//! | `OVERLOADED` | RESOURCE_EXHAUSTED | too much is under way; try again, see `google.rpc.RetryInfo` |
//! | `DISK_FULL` | RESOURCE_EXHAUSTED | the log has no space |
//! | `UNAVAILABLE`, `STOPPING` | UNAVAILABLE | try again, with the same request id |
//! | `RESULT_TIMEOUT` | DEADLINE_EXCEEDED | the instance has not ended yet; it goes on |
//! | `INSTANCE_CANCELED` | FAILED_PRECONDITION | the instance whose result was awaited was canceled |
//! | `INTERNAL` | INTERNAL | the machine failed on the command, which changed nothing |
//! | `RPC_NOT_SERVED` | UNIMPLEMENTED | a call of the protocol that Weir does not serve yet |

use std::collections::HashMap;

use node::{Caller, Fault, SubmitError};
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

/// An answer that does not belong to its command: that of an earlier request with the same id; without an id a defect
/// of the node, said instead of hidden.
pub(crate) fn unexpected_answer(caller: &Caller, intent: &str) -> Status {
    if caller.request_id.is_some() {
        let message = "the request id was used for another request: choose a new one";
        return invalid("REQUEST_ID_REUSED", message);
    }
    let message = format!("command '{intent}' got an answer of another kind");
    with_reason(Code::Internal, "INTERNAL", message, [])
}

/// Why a command has no answer. `intent` is the name that Zeebe gives the command.
pub(crate) fn submit_failed(intent: &str, error: SubmitError) -> Status {
    let kind = match &error {
        SubmitError::Rejected(rejection) => Some(kind_of(rejection.code)),
        SubmitError::Overloaded
        | SubmitError::Full(_)
        | SubmitError::TooLarge { .. }
        | SubmitError::Unavailable(_)
        | SubmitError::Internal(_)
        | SubmitError::Stopped => None,
    };
    let mut fault = Fault::from(error);
    if let Some(mut kind) = kind {
        // Zeebe's clients know only NOT_FOUND from ResolveIncident.
        if fault.reason == engine::JOB_WITHOUT_RETRIES {
            (fault.code, kind) = (node::Code::NotFound, "NOT_FOUND");
        }
        fault.message = format!(
            "Command '{intent}' rejected with code '{kind}': {}",
            fault.message
        );
    }
    said(fault)
}

fn said(fault: Fault) -> Status {
    let metadata = fault.metadata.into_iter();
    let metadata = metadata.map(|(name, value)| (name.into_owned(), value));
    let mut details =
        ErrorDetails::with_error_info(fault.reason, DOMAIN, metadata.collect::<HashMap<_, _>>());
    if fault.retry.is_some() {
        details.set_retry_info(fault.retry);
    }
    Status::with_error_details(Code::from_i32(fault.code as i32), fault.message, details)
}

/// The rejection type as Zeebe spells it.
fn kind_of(code: engine::Code) -> &'static str {
    match code {
        engine::Code::InvalidArgument => "INVALID_ARGUMENT",
        engine::Code::NotFound => "NOT_FOUND",
        engine::Code::AlreadyExists => "ALREADY_EXISTS",
        engine::Code::InvalidState => "INVALID_STATE",
        engine::Code::PermissionDenied => "FORBIDDEN",
        engine::Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
    }
}
