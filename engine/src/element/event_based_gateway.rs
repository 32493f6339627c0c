//! Event-based gateway: waits for the first of the events behind it (BPMN 2.0 section 13.4.4).

use crate::executable::Kind;
use crate::flow::catch;
use crate::step::{At, Step, Stuck};

pub(super) fn activate(step: &mut Step<'_>, at: &At) -> Result<(), Stuck> {
    let mut prepared = Vec::new();
    for &flow in &at.node().outgoing {
        let target = at.executable.flow(flow).target;
        // The parser allows nothing else behind this gateway.
        let event = &at.executable.node(target).kind;
        if let Kind::MessageCatch(message) = event {
            prepared.push(catch::prepare_message(
                step, at, at.element, target, message,
            )?);
        } else if let Kind::TimerCatch(timer) = event {
            prepared.push(catch::prepare_timer(step, at, at.element, target, timer)?);
        } else if let Kind::SignalCatch(signal) = event {
            prepared.push(catch::prepare_signal(step, at, at.element, target, signal)?);
        }
    }
    // A message that waited in the buffer has queued what comes next.
    let _is_waiting = catch::open(step, at, prepared);
    Ok(())
}
