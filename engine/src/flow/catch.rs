//! Opening what an element waits for: timers, and subscriptions for messages and signals.
//!
//! Everything is evaluated before anything is opened, so that an element that is stuck has opened
//! nothing.

use bytes::Bytes;
use feel::temporal;
use proto::record::{
    CloseSubscription, MessageCorrelated, OpenSubscription, SignalCorrelated, Subscription,
    SubscriptionClosed, SubscriptionOpened, Timer, TimerCreated, event, incident, send,
};

use crate::command::partition;
use crate::executable::{Kind, MessageSpec, NodeIndex, SignalSpec, TimerKind, TimerSpec};
use crate::scope;
use crate::state::MESSAGE_SEPARATOR;
use crate::step::{self, At, Step, Stuck};

/// An event that is ready to be waited for.
pub(crate) enum Prepared {
    Timer {
        node: NodeIndex,
        when: When,
    },
    Message {
        node: NodeIndex,
        name: String,
        correlation_key: String,
    },
    Signal {
        node: NodeIndex,
        name: String,
    },
}

/// When a timer fires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct When {
    pub due_ms: i64,
    /// Firings after the first; -1: without end.
    pub repetitions: i32,
    pub cycle: String,
}

/// The boundary events of an activity: messages, timers, signals, as with Zeebe. Evaluated outside of the activity.
pub(crate) fn prepare_boundary(step: &Step<'_>, at: &At) -> Result<Vec<Prepared>, Stuck> {
    let mut prepared = Vec::new();
    for &event in &at.node().boundary_events {
        if let Kind::BoundaryMessage { message, .. } = &at.executable.node(event).kind {
            prepared.push(prepare_message(step, at, at.scope, event, message)?);
        }
    }
    for &event in &at.node().boundary_events {
        if let Kind::BoundaryTimer { timer, .. } = &at.executable.node(event).kind {
            prepared.push(prepare_timer(step, at, at.scope, event, timer)?);
        }
    }
    for &event in &at.node().boundary_events {
        if let Kind::BoundarySignal { signal, .. } = &at.executable.node(event).kind {
            prepared.push(prepare_signal(step, at, at.scope, event, signal)?);
        }
    }
    Ok(prepared)
}

pub(crate) fn prepare_message(
    step: &Step<'_>,
    at: &At,
    scope: u64,
    node: NodeIndex,
    message: &MessageSpec,
) -> Result<Prepared, Stuck> {
    let kind = incident::Type::ExtractValueError;
    let name = scope::evaluate(step, at, scope, &message.name, kind)?;
    let key = match &message.correlation_key {
        Some(key) => scope::evaluate(step, at, scope, key, kind)?,
        None => crate::executable::Evaluated::Text(String::new()),
    };
    let shown = (name.shown(), key.shown());
    match (name.into_text(), key.into_text()) {
        (Some(name), Some(_)) if name.is_empty() || name.contains(MESSAGE_SEPARATOR) => {
            Err(Stuck::new(
                kind,
                format!(
                    "the message name is {}: no message has such a name",
                    shown.0
                ),
            ))
        }
        (Some(name), Some(correlation_key)) => Ok(Prepared::Message {
            node,
            name,
            correlation_key,
        }),
        (None, _) => Err(Stuck::new(
            kind,
            format!("the message name is {}, not text", shown.0),
        )),
        (_, None) => {
            let source = message.correlation_key.as_ref().map(|key| key.source());
            Err(Stuck::new(
                kind,
                format!(
                    "the correlation key `{}` gave {}, not text or a number",
                    source.unwrap_or_default(),
                    shown.1
                ),
            ))
        }
    }
}

pub(crate) fn prepare_signal(
    step: &Step<'_>,
    at: &At,
    scope: u64,
    node: NodeIndex,
    signal: &SignalSpec,
) -> Result<Prepared, Stuck> {
    let name = signal_name(step, at, scope, signal)?;
    Ok(Prepared::Signal { node, name })
}

/// What a signal is called, as the scope sees it.
pub(crate) fn signal_name(
    step: &Step<'_>,
    at: &At,
    scope: u64,
    signal: &SignalSpec,
) -> Result<String, Stuck> {
    let kind = incident::Type::ExtractValueError;
    let name = scope::evaluate(step, at, scope, &signal.name, kind)?;
    let shown = name.shown();
    let name = name.into_text().filter(|name| !name.is_empty());
    name.ok_or_else(|| {
        Stuck::new(
            kind,
            format!("the signal name is {shown}: none has such a name"),
        )
    })
}

pub(crate) fn prepare_timer(
    step: &Step<'_>,
    at: &At,
    scope: u64,
    node: NodeIndex,
    timer: &TimerSpec,
) -> Result<Prepared, Stuck> {
    let kind = incident::Type::ExtractValueError;
    let value = scope::evaluate(step, at, scope, &timer.value, kind)?;
    let shown = value.shown();
    let text = value.into_text().ok_or_else(|| {
        Stuck::new(
            kind,
            format!("the timer `{}` gave {shown}", timer.value.source()),
        )
    })?;
    let when =
        first_due(timer.kind, &text, step.now_ms()).map_err(|message| Stuck::new(kind, message))?;
    Ok(Prepared::Timer { node, when })
}

/// The first firing of a timer that is set now.
pub(crate) fn first_due(kind: TimerKind, text: &str, now_ms: i64) -> Result<When, String> {
    let beyond = || format!("`{text}` is beyond what a clock can show");
    let once = |due_ms| When {
        due_ms,
        repetitions: 0,
        cycle: String::new(),
    };
    match kind {
        TimerKind::Date => temporal::parse_date_time(text)
            .map(once)
            .map_err(|error| error.to_string()),
        TimerKind::Duration => {
            let duration = temporal::parse_duration(text).map_err(|error| error.to_string())?;
            duration.add_to(now_ms).map(once).ok_or_else(beyond)
        }
        TimerKind::Cycle => {
            let cycle = temporal::parse_cycle(text).map_err(|error| error.to_string())?;
            if cycle.repetitions == Some(0) {
                return Err(format!("`{text}` never fires"));
            }
            if cycle
                .interval
                .add_to(0)
                .is_none_or(|interval_ms| interval_ms <= 0)
            {
                return Err(format!("`{text}` has no interval"));
            }
            let due_ms = match cycle.start {
                Some(start) => start,
                None => cycle.interval.add_to(now_ms).ok_or_else(beyond)?,
            };
            let repetitions = cycle
                .repetitions
                .map_or(-1, |times| i32::try_from(times - 1).unwrap_or(i32::MAX));
            Ok(When {
                due_ms,
                repetitions,
                cycle: text.to_owned(),
            })
        }
    }
}

/// The next firing of a cycle; 0 when it was the last one.
pub(crate) fn next_due_ms(timer: &Timer) -> i64 {
    if timer.repetitions == 0 {
        return 0;
    }
    let cycle = temporal::parse_cycle(&timer.cycle);
    let next = cycle
        .ok()
        .and_then(|cycle| cycle.interval.add_to(timer.due_ms));
    next.unwrap_or(0)
}

/// Opens what was prepared; a message in the buffer comes at once.
///
/// False when such a message ends the element: nothing more is opened then, so that no other message
/// is taken in vain.
#[must_use]
pub(crate) fn open(step: &mut Step<'_>, at: &At, prepared: Vec<Prepared>) -> bool {
    for prepared in prepared {
        match prepared {
            Prepared::Timer { node, when } => open_timer(step, at, node, when),
            Prepared::Signal { node, name } => {
                open_subscription(step, at, node, name, None);
            }
            Prepared::Message {
                node,
                name,
                correlation_key,
            } => {
                let opened = open_subscription(step, at, node, name, Some(correlation_key));
                if !take_waiting(step, at, &opened) {
                    return false;
                }
            }
        }
    }
    true
}

fn open_timer(step: &mut Step<'_>, at: &At, node: NodeIndex, when: When) {
    let timer = Timer {
        key: step.next_key(),
        instance: at.instance,
        element: at.element,
        definition_key: at.executable.key,
        node,
        due_ms: when.due_ms,
        repetitions: when.repetitions,
        cycle: when.cycle,
    };
    step.emit(event::Kind::TimerCreated(Box::new(TimerCreated {
        timer: Some(timer),
    })));
}

/// Only what a signal is awaited by has no correlation key.
fn open_subscription(
    step: &mut Step<'_>,
    at: &At,
    node: NodeIndex,
    name: String,
    correlation_key: Option<String>,
) -> Subscription {
    let subscription = Subscription {
        key: step.next_key(),
        name,
        is_signal: correlation_key.is_none(),
        correlation_key: correlation_key.unwrap_or_default(),
        instance: at.instance,
        element: at.element,
        definition_key: at.executable.key,
        node,
    };
    step.emit(event::Kind::SubscriptionOpened(Box::new(
        SubscriptionOpened {
            subscription: Some(subscription.clone()),
        },
    )));
    subscription
}

/// Messages that are there already. False when one of them ends the element.
fn take_waiting(step: &mut Step<'_>, at: &At, subscription: &Subscription) -> bool {
    if let Some(partition) = step.state.elsewhere(subscription) {
        let open = send::Kind::OpenSubscription(OpenSubscription {
            subscription: subscription.key,
            name: subscription.name.clone(),
            correlation_key: subscription.correlation_key.clone(),
            process_id: at.executable.process_id.to_string(),
            takes_many: takes_many(at, subscription.node),
        });
        partition::send(step, partition, open);
        return true;
    }
    // A non-interrupting event takes all that wait, an interrupting one the oldest.
    while let Some((message, variables)) = oldest(step, at, subscription) {
        correlate(step, subscription, message, variables, true);
        if step.state.subscription(subscription.key).is_none() {
            return false;
        }
    }
    true
}

fn oldest(step: &Step<'_>, at: &At, subscription: &Subscription) -> Option<(u64, Bytes)> {
    let Subscription {
        name,
        correlation_key,
        ..
    } = subscription;
    let process_id = &at.executable.process_id;
    let message = step
        .state
        .oldest_message(name, correlation_key, process_id)?;
    Some((message.key, message.variables.clone()))
}

/// The element ends, perhaps only with a later command: until then it takes no other message.
fn close_subscriptions(step: &mut Step<'_>, at: &At) {
    let owned = step.element(at).and_then(|element| element.owned.as_ref());
    let open = owned.map_or_else(Vec::new, |owned| owned.subscriptions.clone());
    for subscription in open {
        close(step, at.instance, subscription);
    }
}

/// Closes a subscription here, and where its messages are.
pub(crate) fn close(step: &mut Step<'_>, instance: u64, subscription: u64) {
    let found = step.state.subscription(subscription);
    let elsewhere = found.and_then(|found| step.state.elsewhere(found));
    step.emit(event::Kind::SubscriptionClosed(SubscriptionClosed {
        subscription,
        instance,
    }));
    if let Some(partition) = elsewhere {
        let close = CloseSubscription { subscription };
        partition::send(step, partition, send::Kind::CloseSubscription(close));
    }
}

/// Only a non-interrupting boundary event takes more than one message or signal.
fn takes_many(at: &At, event: NodeIndex) -> bool {
    at.executable.node(event).kind.boundary() == Some(false)
}

/// Gives a message to a subscription.
pub(crate) fn correlate(
    step: &mut Step<'_>,
    subscription: &Subscription,
    message: u64,
    variables: Bytes,
    buffered: bool,
) {
    let Some(at) = step.at(subscription.instance, subscription.element) else {
        return;
    };
    step.emit(event::Kind::MessageCorrelated(MessageCorrelated {
        message,
        name: subscription.name.clone(),
        instance: subscription.instance,
        process_id: at.executable.process_id.to_string(),
        buffered,
    }));
    hand_over(step, &at, subscription, variables);
}

/// Gives a signal to a subscription.
pub(crate) fn signal(
    step: &mut Step<'_>,
    subscription: &Subscription,
    signal: u64,
    variables: Bytes,
) {
    let Some(at) = step.at(subscription.instance, subscription.element) else {
        return;
    };
    step.emit(event::Kind::SignalCorrelated(SignalCorrelated {
        signal,
        name: subscription.name.clone(),
        instance: subscription.instance,
    }));
    hand_over(step, &at, subscription, variables);
}

fn hand_over(step: &mut Step<'_>, at: &At, subscription: &Subscription, variables: Bytes) {
    if !takes_many(at, subscription.node) {
        close_subscriptions(step, at);
    }
    step.queue(step::trigger(
        subscription.instance,
        subscription.element,
        subscription.node,
        variables,
    ));
}
