//! Signals: to all that wait for them on any partition, at once and never kept (BPMN 2.0 section 10.5.5).
//!
//! The partition that a signal begins on sends it to the others, and is the only one on which it starts instances.

use bytes::Bytes;
use proto::record::{
    BroadcastSignal, Instance, SentSignal, SignalBroadcast, SignalBroadcastAnswer,
    SignalCorrelated, SpreadSignal, answer, event, send, work,
};

use super::{Handled, answered, check_variables, invalid, messages, partition};
use crate::executable::NodeIndex;
use crate::flow::catch;
use crate::step::Step;

pub(super) fn broadcast(step: &mut Step<'_>, broadcast: &BroadcastSignal) -> Handled {
    if broadcast.name.is_empty() {
        return Err(invalid("SIGNAL_NAME_MISSING", "the signal has no name"));
    }
    let variables = check_variables(step, &broadcast.variables)?;
    let key = throw(step, 0, &broadcast.name, &variables);
    answered(answer::Kind::SignalBroadcast(SignalBroadcastAnswer { key }))
}

/// A signal begins: an instance has thrown it, or a caller (0). Gives its key.
pub(crate) fn throw(step: &mut Step<'_>, instance: u64, name: &str, variables: &Bytes) -> u64 {
    for target in partition::others(step) {
        let sent = SentSignal {
            name: name.to_owned(),
            variables: variables.clone(),
        };
        partition::send(step, target, send::Kind::Signal(sent));
    }
    let key = arrive(step, instance, name, variables);
    for (_, definition, node) in step.state.starts_for_signal(name) {
        start(step, key, name, (definition, node), variables);
    }
    key
}

/// A signal that began on another partition.
pub(super) fn receive(step: &mut Step<'_>, sent: &SentSignal) {
    arrive(step, 0, &sent.name, &sent.variables);
}

fn arrive(step: &mut Step<'_>, instance: u64, name: &str, variables: &Bytes) -> u64 {
    let key = step.next_key();
    step.emit(event::Kind::SignalBroadcast(SignalBroadcast {
        signal: key,
        name: name.to_owned(),
        instance,
    }));
    step.queue(work::Kind::SpreadSignal(Box::new(SpreadSignal {
        signal: key,
        name: name.to_owned(),
        variables: variables.clone(),
        after: 0,
    })));
    key
}

/// Gives it to the next of those that waited when it came. Each is a step, so that any number of them may wait.
pub(crate) fn spread(step: &mut Step<'_>, mut spread: Box<SpreadSignal>) {
    let SpreadSignal {
        signal,
        name,
        after,
        ..
    } = &*spread;
    let Some(next) = step.state.signal_subscription(name, *after, *signal) else {
        return;
    };
    let next = next.clone();
    spread.after = next.key;
    catch::signal(step, &next, spread.signal, spread.variables.clone());
    step.queue(work::Kind::SpreadSignal(spread));
}

fn start(
    step: &mut Step<'_>,
    signal: u64,
    name: &str,
    (definition_key, node): (u64, NodeIndex),
    variables: &Bytes,
) {
    let instance = Instance {
        definition_key,
        ..Instance::default()
    };
    let instance = messages::begin_at(step, instance, node, variables);
    step.emit(event::Kind::SignalCorrelated(SignalCorrelated {
        signal,
        name: name.to_owned(),
        instance,
    }));
}
