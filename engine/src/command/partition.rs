//! The partition itself: terms, semantics, sends between partitions.

use proto::record::{
    BeginTerm, Outbox, RaiseSemantics, ReceiveSend, SemanticsRaised, Send, SendQueued,
    SendReceived, SendsDelivered, SendsRemoved, StreamClosed, TermBegun, event, send,
};

use super::{Handled, deploy, distribute, done, messages, signals, subscriptions, wrong_state};
use crate::effect::Effect;
use crate::step::Step;

/// A new leader; nobody listens to the streams of the old one any more.
pub(super) fn begin_term(step: &mut Step<'_>, begin: &BeginTerm) -> Handled {
    if begin.term <= step.state.term() {
        let message = format!("term {} is over, this is {}", begin.term, step.state.term());
        return Err(wrong_state("TERM_STALE", message));
    }
    for stream_id in step.state.stream_ids() {
        step.emit(event::Kind::StreamClosed(StreamClosed { stream_id }));
    }
    step.emit(event::Kind::TermBegun(TermBegun {
        term: begin.term,
        leader: begin.leader.clone(),
    }));
    done()
}

pub(super) fn raise_semantics(step: &mut Step<'_>, raise: &RaiseSemantics) -> Handled {
    let present = step.state.semantics();
    if raise.semantics <= present || raise.semantics > step.limits.semantics {
        let message = format!("semantics {} cannot follow {present}", raise.semantics);
        return Err(wrong_state("SEMANTICS_INVALID", message));
    }
    step.emit(event::Kind::SemanticsRaised(SemanticsRaised {
        semantics: raise.semantics,
    }));
    done()
}

/// Queues a send to another partition; it stays until that one has it.
pub(crate) fn send(step: &mut Step<'_>, target: u32, kind: send::Kind) {
    let sequence = step.state.last_sent(target) + 1;
    step.emit(event::Kind::SendQueued(Box::new(SendQueued {
        outbox: Some(Outbox {
            target,
            sequence,
            send: Some(Send { kind: Some(kind) }),
        }),
    })));
    step.effects.push(Effect::SendQueued { target });
}

/// All partitions but this one.
pub(super) fn others(step: &Step<'_>) -> Vec<u32> {
    let own = step.state.partition();
    let all = 1..=step.state.partitions();
    all.filter(|partition| *partition != own).collect()
}

/// Takes the next send of a source; the mark moves on even when the send is refused.
pub(super) fn receive(step: &mut Step<'_>, receive: &ReceiveSend) -> Handled {
    let expected = step.state.last_received(receive.source) + 1;
    if receive.sequence != expected {
        let message = format!(
            "the next send of partition {} is {expected}, not {}",
            receive.source, receive.sequence
        );
        return Err(wrong_state("SEND_OUT_OF_ORDER", message).with("expected", expected));
    }
    step.emit(event::Kind::SendReceived(SendReceived {
        source: receive.source,
        sequence: receive.sequence,
    }));
    match receive.send.as_ref().and_then(|send| send.kind.as_ref()) {
        Some(send::Kind::Deploy(resources)) => deploy::receive(step, resources),
        // Refused is done too: the publisher was answered by its own partition.
        Some(send::Kind::Message(message)) => messages::receive(step, message),
        Some(send::Kind::Signal(signal)) => signals::receive(step, signal),
        Some(send::Kind::OpenSubscription(open)) => {
            subscriptions::open(step, receive.source, open);
        }
        Some(send::Kind::CloseSubscription(close)) => subscriptions::close(step, close),
        Some(send::Kind::CorrelateMessage(correlate)) => {
            subscriptions::correlate(step, receive.source, correlate);
        }
        Some(send::Kind::MessageTaken(taken)) => subscriptions::taken(step, taken),
        None => {}
    }
    done()
}

/// Another partition has taken sends; told again, there is nothing left to do.
pub(super) fn delivered(step: &mut Step<'_>, delivered: &SendsDelivered) -> Handled {
    let (target, through) = (delivered.target, delivered.through);
    let sent = step.state.last_sent(target);
    if through > sent {
        let message = format!("{sent} sends to partition {target} were made, not {through}");
        return Err(wrong_state("SEND_NOT_MADE", message).with("sent", sent));
    }
    let oldest = step.state.outbox(target).next();
    if oldest.is_some_and(|oldest| oldest.sequence <= through) {
        step.emit(event::Kind::SendsRemoved(SendsRemoved { target, through }));
        distribute::settle(step);
    }
    done()
}
