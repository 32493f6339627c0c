//! The edge: who calls, for which tenant, with which documents. Everything from outside is checked here.

use bytes::Bytes;
use feel::json;
use node::Caller;
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};

use crate::config::Config;
use crate::status::{invalid, with_reason};

/// The one tenant there is.
pub(crate) const TENANT: &str = "<default>";

/// Tags of an instance.
pub(crate) const TAGS_MAX: usize = 10;
/// Of one tag.
const TAG_CHARACTERS_MAX: usize = 100;

/// Chosen by a caller that may repeat the call: 32 hexadecimal digits, or a UUID.
const REQUEST_ID: &str = "weir-request-id";
/// Who calls; ASCII.
const USER: &str = "weir-user";
/// W3C trace context.
const TRACEPARENT: &str = "traceparent";

/// Reads the caller from the call's metadata.
pub(crate) fn caller(metadata: &MetadataMap) -> Result<Caller, Status> {
    let id = text(metadata, REQUEST_ID)?;
    Ok(Caller {
        principal: text(metadata, USER)?.unwrap_or_default().to_owned(),
        tenant: String::new(),
        request_id: id.map(request_id).transpose()?,
        traceparent: text(metadata, TRACEPARENT)?.unwrap_or_default().to_owned(),
    })
}

fn text<'a>(metadata: &'a MetadataMap, name: &'static str) -> Result<Option<&'a str>, Status> {
    let Some(value) = metadata.get(name) else {
        return Ok(None);
    };
    let text = value.to_str();
    text.map(Some)
        .map_err(|_| metadata_invalid(name, "is not ASCII text"))
}

fn metadata_invalid(name: &'static str, what: &str) -> Status {
    let message = format!("the metadata `{name}` {what}");
    let metadata = [("name", name.to_owned())];
    with_reason(Code::InvalidArgument, "METADATA_INVALID", message, metadata)
}

fn request_id(text: &str) -> Result<[u8; 16], Status> {
    node::parse_request_id(text).map_err(|wrong| metadata_invalid(REQUEST_ID, &wrong.to_string()))
}

/// Refuses every tenant but the default one.
pub(crate) fn check_tenant(tenant: &str) -> Result<(), Status> {
    if tenant.is_empty() || tenant == TENANT {
        return Ok(());
    }
    let message = format!("there is no tenant `{tenant}`: multi-tenancy is disabled");
    let metadata = [("tenant", tenant.to_owned())];
    let code = Code::InvalidArgument;
    Err(with_reason(code, "TENANT_UNKNOWN", message, metadata))
}

/// Checks and minifies variables; an empty text stands for `{}`.
pub(crate) fn document(config: &Config, text: &str) -> Result<Bytes, Status> {
    let limits = json::Limits {
        bytes: config.variables_bytes_max,
        depth: config.variables_depth_max,
    };
    if text.len() > limits.bytes {
        let (size, limit) = (text.len(), limits.bytes);
        let message = format!("the variables take {size} bytes, {limit} are allowed");
        let sizes = [("size", size.to_string()), ("limit", limit.to_string())];
        let code = Code::InvalidArgument;
        return Err(with_reason(code, "VARIABLES_TOO_LARGE", message, sizes));
    }
    json::normalize_object(text.as_bytes(), &limits).map_err(|error| {
        let message = format!("the variables are not a JSON object: {error}");
        let place = [
            ("line", error.line.to_string()),
            ("column", error.column.to_string()),
        ];
        with_reason(Code::InvalidArgument, "VARIABLES_INVALID", message, place)
    })
}

/// A key as the machine numbers it. None is negative or 0, so those are found nowhere.
pub(crate) fn key(key: i64) -> u64 {
    u64::try_from(key).unwrap_or(0)
}

/// Refuses what no worker may ask for, before the call is parked.
pub(crate) fn check_worker(job_type: &str, timeout_ms: i64) -> Result<(), Status> {
    if job_type.trim().is_empty() {
        return Err(invalid("JOB_TYPE_MISSING", "the job type is blank"));
    }
    if timeout_ms < 1 {
        let message = format!("the timeout must be at least 1 ms, not {timeout_ms}");
        return Err(invalid("TIMEOUT_INVALID", message));
    }
    Ok(())
}

/// Refuses more or longer tags than an instance may have.
pub(crate) fn check_tags(tags: &[String]) -> Result<(), Status> {
    let longest = tags.iter().map(|tag| tag.chars().count()).max();
    if tags.len() <= TAGS_MAX && longest.unwrap_or(0) <= TAG_CHARACTERS_MAX {
        return Ok(());
    }
    let message = format!(
        "an instance has at most {TAGS_MAX} tags of at most {TAG_CHARACTERS_MAX} characters each"
    );
    Err(invalid("TAGS_INVALID", message))
}
