//! Messages for instances of other partitions.
//!
//! A message lives where its correlation key belongs, an instance where it was created. The instance's partition sends
//! `OpenSubscription` and `CloseSubscription`, the message's keeps a remote subscription in between. A message is
//! reserved for one and sent with `CorrelateMessage`; if the subscription is still there, it takes the message and
//! answers `MessageTaken`, else it says nothing more: its `CloseSubscription` was sent before. Sends keep their order,
//! so when that one comes, what is reserved and not confirmed never will be, and is given to the next subscription of
//! the process in the same order, or goes back into the buffer.

use proto::record::{
    CloseSubscription, CorrelateMessage, Message, MessageExpired, MessageReserved, MessageTaken,
    OpenSubscription, RemoteSubscription, RemoteSubscriptionClosed, RemoteSubscriptionOpened,
    ReservationConfirmed, ReservationReleased, event, send,
};

use super::{messages, partition};
use crate::flow::catch;
use crate::step::Step;

/// An instance of another partition waits: it gets what is in the buffer, one message or all.
pub(super) fn open(step: &mut Step<'_>, source: u32, open: &OpenSubscription) {
    let remote = RemoteSubscription {
        key: step.next_key(),
        subscription: open.subscription,
        name: open.name.clone(),
        correlation_key: open.correlation_key.clone(),
        process_id: open.process_id.clone(),
        partition: source,
        takes_many: open.takes_many,
    };
    step.emit(event::Kind::RemoteSubscriptionOpened(Box::new(
        RemoteSubscriptionOpened {
            subscription: Some(remote.clone()),
        },
    )));
    while let Some(message) = oldest(step, &remote) {
        reserve(step, &remote, &message);
    }
}

fn oldest(step: &Step<'_>, remote: &RemoteSubscription) -> Option<Message> {
    if step.state.is_busy(remote) {
        return None;
    }
    let RemoteSubscription {
        name,
        correlation_key,
        process_id,
        ..
    } = remote;
    let state = &step.state;
    state
        .oldest_message(name, correlation_key, process_id)
        .cloned()
}

/// Sends a message that is kept here; until the answer comes no other subscription of the process gets it.
pub(super) fn reserve(step: &mut Step<'_>, remote: &RemoteSubscription, message: &Message) {
    step.emit(event::Kind::MessageReserved(MessageReserved {
        message: message.key,
        subscription: remote.key,
        process_id: remote.process_id.clone(),
    }));
    let correlate = CorrelateMessage {
        subscription: remote.subscription,
        message: message.key,
        variables: message.variables.clone(),
    };
    let correlate = send::Kind::CorrelateMessage(correlate);
    partition::send(step, remote.partition, correlate);
}

/// A message that another partition has reserved for an own instance.
pub(super) fn correlate(step: &mut Step<'_>, source: u32, correlate: &CorrelateMessage) {
    let subscription = step.state.subscription(correlate.subscription);
    let Some(subscription) = subscription.cloned() else {
        return; // Closed, which the source learns: it gives the message to another.
    };
    let taken = MessageTaken {
        subscription: correlate.subscription,
        message: correlate.message,
    };
    partition::send(step, source, send::Kind::MessageTaken(taken));
    let variables = correlate.variables.clone();
    catch::correlate(step, &subscription, correlate.message, variables, false);
}

/// The instance has the message.
pub(super) fn taken(step: &mut Step<'_>, taken: &MessageTaken) {
    let message = taken.message;
    let Some(subscription) = step.state.remote(taken.subscription).map(|found| found.key) else {
        return;
    };
    if !step
        .state
        .reserved_for(subscription)
        .any(|reserved| reserved == message)
    {
        return;
    }
    step.emit(event::Kind::ReservationConfirmed(ReservationConfirmed {
        message,
        subscription,
    }));
    forget(step, message);
}

/// The instance waits no more; what it has not taken by now it never will.
pub(super) fn close(step: &mut Step<'_>, close: &CloseSubscription) {
    let Some(remote) = step.state.remote(close.subscription).cloned() else {
        return;
    };
    let reserved = step.state.reserved_for(remote.key).collect::<Vec<_>>();
    for message in &reserved {
        step.emit(event::Kind::ReservationReleased(ReservationReleased {
            message: *message,
            subscription: remote.key,
        }));
    }
    step.emit(event::Kind::RemoteSubscriptionClosed(
        RemoteSubscriptionClosed { key: remote.key },
    ));
    for message in reserved {
        messages::offer(step, message, &remote.process_id);
        forget(step, message);
    }
}

/// Its time was over, and nobody is left to answer.
fn forget(step: &mut Step<'_>, message: u64) {
    let now_ms = step.now_ms();
    let is_over = |message: &Message| message.reservations.is_empty() && message.until_ms <= now_ms;
    if step.state.message(message).is_some_and(is_over) {
        step.emit(event::Kind::MessageExpired(MessageExpired { message }));
    }
}
