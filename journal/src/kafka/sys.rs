//! Calls that the Kafka library's safe interface lacks: describing topics, for their ids and permissions, and giving a
//! client its access token at once.
//!
//! The only unsafe code of the crate. Every object that librdkafka gives is owned by a guard that frees it once.
#![allow(unsafe_code)]

use rdkafka::bindings as c;
use rdkafka::client::{Client, ClientContext, OAuthToken};
use rdkafka::types::RDKafkaRespErr;
use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char, c_int};
use std::time::Duration;

pub(super) use c::rd_kafka_AclOperation_t as Operation;

/// Frees what it holds.
struct Owned<T>(*mut T, unsafe extern "C" fn(*mut T));

impl<T> Owned<T> {
    fn new(pointer: *mut T, free: unsafe extern "C" fn(*mut T)) -> Result<Self, String> {
        if pointer.is_null() {
            return Err("librdkafka gave nothing".to_owned());
        }
        Ok(Self(pointer, free))
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        // SAFETY: the pointer came from the function that belongs to `1`, is not null, and is freed only here.
        unsafe { (self.1)(self.0) }
    }
}

/// Gives a client the token that its connections log in with from now on.
pub(super) fn set_token<C: ClientContext>(
    client: &Client<C>,
    token: &OAuthToken,
) -> Result<(), String> {
    let text_of = |text: &str| CString::new(text).map_err(|error| error.to_string());
    let value = text_of(&token.token)?;
    let name = text_of(&token.principal_name)?;
    let mut reason = [0; 512];
    // SAFETY: the client lives until this returns, and so do the texts, which librdkafka copies; there are no
    // extensions, and the reason is written within its length and ends with a zero byte.
    unsafe {
        let code = c::rd_kafka_oauthbearer_set_token(
            client.native_ptr(),
            value.as_ptr(),
            token.lifetime_ms,
            name.as_ptr(),
            std::ptr::null_mut(),
            0,
            reason.as_mut_ptr(),
            reason.len(),
        );
        match code {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(()),
            _ => Err(format!(
                "the access token is not taken: {}",
                text(reason.as_ptr())
            )),
        }
    }
}

/// The id of each topic, as Kafka writes it; a topic that does not exist is left out.
pub(super) fn topic_ids<C: ClientContext>(
    client: &Client<C>,
    topics: &[String],
    timeout: Duration,
) -> Result<BTreeMap<String, String>, String> {
    let read = |topic: *const c::rd_kafka_TopicDescription_t, error| {
        // SAFETY: `described` gives a description that lives until this returns.
        let id = unsafe { c::rd_kafka_TopicDescription_topic_id(topic) };
        let is_there = error == RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR && !id.is_null();
        // SAFETY: the id is part of the description.
        is_there.then(|| unsafe { text(c::rd_kafka_Uuid_base64str(id)) })
    };
    described(client, topics, false, timeout, read)
}

/// What this client's user may do with each topic; a topic that does not exist is left out, one that may not even be
/// seen has nothing.
pub(super) fn operations<C: ClientContext>(
    client: &Client<C>,
    topics: &[String],
    timeout: Duration,
) -> Result<BTreeMap<String, Vec<Operation>>, String> {
    let read = |topic: *const c::rd_kafka_TopicDescription_t, error| match error {
        // SAFETY: `described` gives a description that lives until this returns.
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR => Some(unsafe { allowed(topic) }),
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED => Some(Vec::new()),
        _ => None,
    };
    described(client, topics, true, timeout, read)
}

/// Those of the topics that would take no record of this client's user, and why.
pub(super) fn refusing_topics<C: ClientContext>(
    client: &Client<C>,
    topics: &[String],
    timeout: Duration,
) -> Result<BTreeMap<String, String>, String> {
    let read = |topic: *const c::rd_kafka_TopicDescription_t, error| {
        let reason = match error {
            // SAFETY: `described` gives a description that lives until this returns.
            RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR => match unsafe { allowed(topic) } {
                // A broker without an authorizer, or an old one, may say nothing.
                allowed if allowed.is_empty() => return None,
                allowed if allowed.contains(&Operation::RD_KAFKA_ACL_OPERATION_WRITE) => {
                    return None;
                }
                _ => "there is no permission to write",
            },
            RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART => "there is no such topic",
            RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION => "no topic can have this name",
            RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED => {
                "there is no permission to see the topic"
            }
            // It passes, or the transaction finds out.
            _ => return None,
        };
        Some(reason.to_owned())
    };
    described(client, topics, true, timeout, read)
}

/// # Safety
/// The description must live until this returns.
unsafe fn allowed(topic: *const c::rd_kafka_TopicDescription_t) -> Vec<Operation> {
    let mut count = 0;
    // SAFETY: the caller's promise; the array is part of the description.
    unsafe {
        let first = c::rd_kafka_TopicDescription_authorized_operations(topic, &mut count);
        (0..count).map(|index| *first.add(index)).collect()
    }
}

/// What `read` makes of the description of each topic, which is only valid for the call, and of its error.
fn described<C: ClientContext, T>(
    client: &Client<C>,
    topics: &[String],
    with_operations: bool,
    timeout: Duration,
    read: impl Fn(*const c::rd_kafka_TopicDescription_t, RDKafkaRespErr) -> Option<T>,
) -> Result<BTreeMap<String, T>, String> {
    let names: Vec<CString> = topics
        .iter()
        .map(|name| CString::new(name.as_str()).map_err(|error| error.to_string()))
        .collect::<Result<_, _>>()?;
    let mut pointers: Vec<*const c_char> = names.iter().map(|name| name.as_ptr()).collect();
    let native = client.native_ptr();
    let millis = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: `native` lives as long as `client`, which outlives this function, and every pointer that is handed over
    // is owned above or by a guard here. librdkafka copies the names. The guards drop in reverse order: the event
    // before the queue that it came from.
    unsafe {
        let collection =
            c::rd_kafka_TopicCollection_of_topic_names(pointers.as_mut_ptr(), pointers.len());
        let collection = Owned::new(collection, c::rd_kafka_TopicCollection_destroy)?;
        let operation = c::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS;
        let options = c::rd_kafka_AdminOptions_new(native, operation);
        let options = Owned::new(options, c::rd_kafka_AdminOptions_destroy)?;
        // Refused only when out of range; then the default holds, and the wait below is bounded all the same.
        c::rd_kafka_AdminOptions_set_request_timeout(options.0, millis, std::ptr::null_mut(), 0);
        let wanted = c_int::from(with_operations);
        // As above; no error to free comes of 0 and 1.
        c::rd_kafka_AdminOptions_set_include_authorized_operations(options.0, wanted);
        let queue = Owned::new(c::rd_kafka_queue_new(native), c::rd_kafka_queue_destroy)?;
        c::rd_kafka_DescribeTopics(native, collection.0, options.0, queue.0);
        let event = c::rd_kafka_queue_poll(queue.0, millis);
        let event = Owned::new(event, c::rd_kafka_event_destroy)
            .map_err(|_| "no broker described the topics in time".to_owned())?;
        if c::rd_kafka_event_error(event.0) != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
            return Err(text(c::rd_kafka_event_error_string(event.0)));
        }
        let result = c::rd_kafka_event_DescribeTopics_result(event.0);
        if result.is_null() {
            return Err("librdkafka gave another result than it was asked for".to_owned());
        }
        let mut count = 0;
        let described = c::rd_kafka_DescribeTopics_result_topics(result, &mut count);
        let mut found = BTreeMap::new();
        for index in 0..count {
            let topic = *described.add(index);
            let error = c::rd_kafka_error_code(c::rd_kafka_TopicDescription_error(topic));
            if let Some(value) = read(topic, error) {
                found.insert(text(c::rd_kafka_TopicDescription_name(topic)), value);
            }
        }
        Ok(found)
    }
}

/// A copy of a string of librdkafka's.
///
/// # Safety
/// Null, or a string that ends with a zero byte and lives until this returns.
unsafe fn text(pointer: *const c_char) -> String {
    if pointer.is_null() {
        return String::new();
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(pointer) }
        .to_string_lossy()
        .into_owned()
}
