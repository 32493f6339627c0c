//! A timer, message or error reaches what waits for it.

use bytes::Bytes;
use proto::record::{FireTrigger, work};

use super::{end, leave, start};
use crate::executable::NodeIndex;
use crate::scope;
use crate::step::{self, At, Step, Stuck};

/// Fires an event at the element that waits: itself, by its boundary, or behind its gateway.
pub(crate) fn fire(step: &mut Step<'_>, trigger: &FireTrigger) {
    let Some(at) = step.at(trigger.instance, trigger.element) else {
        return; // Something else was faster.
    };
    if let Err(stuck) = check_room(step, &at, trigger) {
        step.raise(&at, stuck, work::Kind::Trigger(trigger.clone()), 0);
        return;
    }
    if trigger.node == at.index {
        scope::deliver(step, &at, &trigger.variables);
        step.queue(step::complete(at.instance, at.element));
        return;
    }
    match at.executable.node(trigger.node).kind.boundary() {
        Some(interrupting) => {
            if interrupting {
                end::terminate(step, &at);
            }
            let element = start(step, at.instance, at.scope, trigger.node, None);
            finish(step, at.instance, element, &trigger.variables);
        }
        None => fire_behind_gateway(step, &at, trigger.node, &trigger.variables),
    }
}

/// Whether the variables that the event brings fit where they go.
fn check_room(step: &Step<'_>, at: &At, trigger: &FireTrigger) -> Result<(), Stuck> {
    if trigger.node == at.index {
        return scope::check_delivery(step, at, &trigger.variables);
    }
    // With output mappings they go into the event's own scope, which is new.
    match at.executable.node(trigger.node).outputs.is_empty() {
        true => scope::check_outward(step, at.instance, at.scope, &trigger.variables),
        false => Ok(()),
    }
}

fn fire_behind_gateway(step: &mut Step<'_>, at: &At, event: NodeIndex, variables: &Bytes) {
    let outgoing = &at.node().outgoing;
    let chosen = outgoing
        .iter()
        .find(|flow| at.executable.flow(**flow).target == event);
    let Some(&flow) = chosen else {
        return; // The compiler made the trigger from this very flow.
    };
    leave(step, at, &[flow]);
    let element = start(step, at.instance, at.scope, event, Some(flow));
    finish(step, at.instance, element, variables);
}

fn finish(step: &mut Step<'_>, instance: u64, element: u64, variables: &Bytes) {
    if let Some(at) = step.at(instance, element) {
        scope::deliver(step, &at, variables);
        step.queue(step::complete(instance, element));
    }
}
