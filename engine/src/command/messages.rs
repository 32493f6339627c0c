//! Messages: correlated with what waits for them, started with, kept for their time to live.
//!
//! One message reaches each process (whatever its version) at most once, through a subscription or
//! a start event.

use std::collections::BTreeSet;

use bytes::Bytes;
use proto::record::{
    Instance, Message, MessageCorrelated, MessagePublished, MessagePublishedAnswer, Origin,
    PublishMessage, SentMessage, answer, event,
};

use super::{Handled, answered, check_variables, instances, invalid, subscriptions, wrong_state};
use crate::executable::NodeIndex;
use crate::flow::{self, catch};
use crate::rejection::{Code, Rejection};
use crate::scope;
use crate::state::{MESSAGE_SEPARATOR, Waiting};
use crate::step::{self, At, Step};

pub(super) fn publish(step: &mut Step<'_>, publish: &PublishMessage) -> Handled {
    check_partition(step, &publish.correlation_key)?;
    let message = check(step, publish)?;
    let key = message.key;
    spread(step, &message, publish.ttl_ms > 0);
    answered(answer::Kind::MessagePublished(MessagePublishedAnswer {
        key,
    }))
}

/// A message that another partition was asked to publish.
pub(super) fn receive(step: &mut Step<'_>, sent: &SentMessage) {
    let publish = PublishMessage {
        name: sent.name.clone(),
        correlation_key: sent.correlation_key.clone(),
        ttl_ms: sent.ttl_ms,
        message_id: sent.message_id.clone(),
        variables: sent.variables.clone(),
    };
    if let Ok(message) = check(step, &publish) {
        spread(step, &message, publish.ttl_ms > 0);
    }
}

/// To the buffer, to what waits, to what it starts.
///
/// Without a time to live it is kept only while it is on its way to other partitions, and under no id.
fn spread(step: &mut Step<'_>, message: &Message, has_ttl: bool) {
    let (name, correlation_key) = (&message.name, &message.correlation_key);
    let recipients = step.state.recipients(name, correlation_key);
    let is_sent = recipients.iter().any(|(_, waiting)| waiting.is_elsewhere());
    let buffered = has_ttl || is_sent;
    if buffered {
        let mut message = message.clone();
        if !has_ttl {
            message.message_id.clear();
        }
        step.emit(event::Kind::MessagePublished(Box::new(MessagePublished {
            message: Some(message),
        })));
    } else {
        super::use_key(step, message.key);
    }
    for (_, waiting) in &recipients {
        give(step, waiting, message, buffered);
    }
    let reached = recipients.into_iter().map(|(process_id, _)| process_id);
    let reached = reached.collect::<BTreeSet<_>>();
    for (process_id, definition, node) in step.state.starts_for(&message.name) {
        if !reached.contains(&process_id) {
            start(step, message, &process_id, definition, node, buffered);
        }
    }
}

fn give(step: &mut Step<'_>, waiting: &Waiting, message: &Message, buffered: bool) {
    match waiting {
        Waiting::Here(subscription) => {
            let variables = message.variables.clone();
            catch::correlate(step, subscription, message.key, variables, buffered);
        }
        Waiting::Elsewhere(remote) => subscriptions::reserve(step, remote, message),
    }
}

/// A message in the buffer that a process has not taken after all.
pub(super) fn offer(step: &mut Step<'_>, message: u64, process_id: &str) {
    let Some(message) = step.state.message(message).cloned() else {
        return;
    };
    let (name, correlation_key) = (&message.name, &message.correlation_key);
    if let Some(waiting) = step.state.recipient(name, correlation_key, process_id) {
        give(step, &waiting, &message, true);
        return;
    }
    let mut starts = step.state.starts_for(name).into_iter();
    if let Some((_, definition, node)) = starts.find(|(of, ..)| of == process_id) {
        start(step, &message, process_id, definition, node, true);
    }
}

/// Elsewhere the message would not meet what waits for it.
fn check_partition(step: &Step<'_>, correlation_key: &str) -> Result<(), Rejection> {
    let owner = step.state.message_partition(correlation_key);
    if owner == step.state.partition() {
        return Ok(());
    }
    let message = format!(
        "partition {owner} takes messages with this correlation key, not {}",
        step.state.partition()
    );
    Err(wrong_state("MESSAGE_PARTITION", message))
}

fn check(step: &mut Step<'_>, publish: &PublishMessage) -> Result<Message, Rejection> {
    if publish.name.is_empty() {
        return Err(invalid("MESSAGE_NAME_MISSING", "the message has no name"));
    }
    if publish.name.contains(MESSAGE_SEPARATOR) {
        return Err(invalid(
            "MESSAGE_NAME_INVALID",
            "the message's name contains a NUL character",
        ));
    }
    let variables = check_variables(step, &publish.variables)?;
    let (name, id) = (&publish.name, &publish.message_id);
    if step.state.is_buffered(name, &publish.correlation_key, id) {
        let message = format!(
            "a message `{}` with the id `{}` is buffered already",
            publish.name, publish.message_id
        );
        return Err(Rejection::new(
            Code::AlreadyExists,
            "MESSAGE_EXISTS",
            message,
        ));
    }
    Ok(Message {
        key: step.next_key(),
        name: publish.name.clone(),
        correlation_key: publish.correlation_key.clone(),
        message_id: publish.message_id.clone(),
        variables,
        until_ms: step.now_ms().saturating_add(publish.ttl_ms.max(0)),
        correlated_processes: Vec::new(),
        reservations: Vec::new(),
    })
}

/// Starts an instance; with a correlation key only one at a time.
fn start(
    step: &mut Step<'_>,
    message: &Message,
    process_id: &str,
    definition: u64,
    node: NodeIndex,
    buffered: bool,
) {
    let correlation_key = &message.correlation_key;
    if step.state.is_started(process_id, correlation_key) {
        return;
    }
    let origin = (!correlation_key.is_empty()).then(|| Origin {
        correlation_key: correlation_key.clone(),
        ..Origin::default()
    });
    let instance = Instance {
        definition_key: definition,
        origin: origin.map(Box::new),
        ..Instance::default()
    };
    let key = begin_at(step, instance, node, &message.variables);
    step.emit(event::Kind::MessageCorrelated(MessageCorrelated {
        message: message.key,
        name: message.name.clone(),
        instance: key,
        process_id: process_id.to_owned(),
        buffered,
    }));
}

/// An instance that a start event makes, with what the event brings.
pub(super) fn begin_at(
    step: &mut Step<'_>,
    instance: Instance,
    node: NodeIndex,
    variables: &Bytes,
) -> u64 {
    let key = instances::begin(step, instance, Bytes::from_static(b"{}"));
    let element = flow::start(step, key, key, node, None);
    if let Some(at) = step.at(key, element) {
        scope::deliver(step, &at, variables);
    }
    step.queue(step::complete(key, element));
    key
}

/// An instance that a message had started has ended: the oldest one that waited starts the next.
pub(crate) fn start_next(step: &mut Step<'_>, ended: &At, correlation_key: &str) {
    if correlation_key.is_empty() {
        return;
    }
    let process_id = ended.executable.process_id.to_string();
    for (name, definition, node) in step.state.start_messages_of(&process_id) {
        let oldest = step
            .state
            .oldest_message(&name, correlation_key, &process_id);
        if let Some(message) = oldest.cloned() {
            start(step, &message, &process_id, definition, node, true);
            return;
        }
    }
}
