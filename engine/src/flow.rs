//! How tokens move: entering, activating, completing, leaving, ending.
//!
//! Knows no element: what one does is in `element/`. BPMN 2.0 section 13.2.

pub(crate) mod catch;
pub(crate) mod end;
pub(crate) mod error;
pub(crate) mod trigger;

use proto::record::{ElementActivated, ElementCompleted, EnterFlow, FlowTaken, event, work};

use crate::element;
use crate::executable::{FlowIndex, NodeIndex};
use crate::scope;
use crate::state::instance::Elements;
use crate::step::{self, At, Step};

/// The token on a flow reaches the flow's target.
pub(crate) fn enter(step: &mut Step<'_>, enter: &EnterFlow) {
    let EnterFlow {
        instance,
        scope,
        flow,
    } = *enter;
    let Some(found) = step.state.instance(instance) else {
        return;
    };
    if !found.has_token(scope, flow) {
        return; // Its scope ended, or a join has taken it.
    }
    let Some(executable) = step.state.executable(found.definition_key).cloned() else {
        return;
    };
    let target = executable.flow(flow).target;
    if executable.node(target).incoming.len() > 1
        && element::waits_for_others(&executable.node(target).kind)
    {
        element::arrive(step, instance, scope, target, &executable);
        return;
    }
    let element = start(step, instance, scope, target, Some(flow));
    activate(step, instance, element);
}

/// Makes an element instance; it is not active yet.
pub(crate) fn start(
    step: &mut Step<'_>,
    instance: u64,
    scope: u64,
    node: NodeIndex,
    flow: Option<FlowIndex>,
) -> u64 {
    let key = step.next_key();
    step.emit(event::Kind::ElementActivated(ElementActivated {
        instance,
        key,
        node,
        scope,
        flow_plus_one: flow.map_or(0, |flow| flow + 1),
    }));
    key
}

/// Input mappings, then what the element does. Stuck: an incident, and the same again later.
pub(crate) fn activate(step: &mut Step<'_>, instance: u64, element: u64) {
    let Some(at) = step.at(instance, element) else {
        return;
    };
    let activated = scope::apply_inputs(step, &at).and_then(|()| element::activate(step, &at));
    if let Err(stuck) = activated {
        step.raise(&at, stuck, step::activate(instance, element), 0);
    }
}

/// Output mappings, then out by all flows.
pub(crate) fn complete(step: &mut Step<'_>, instance: u64, element: u64) {
    let Some(at) = step.at(instance, element) else {
        return;
    };
    if let Err(stuck) = scope::apply_outputs(step, &at) {
        step.raise(&at, stuck, step::complete(instance, element), 0);
        return;
    }
    if at.scope == 0 {
        if !end::waits_for_topics(step, &at) {
            end::complete_instance(step, &at);
        }
        return;
    }
    leave(step, &at, &at.node().outgoing);
}

/// The element is done; its token goes on by these flows, or ends.
pub(crate) fn leave(step: &mut Step<'_>, at: &At, flows: &[FlowIndex]) {
    end::release(step, at);
    pass(step, at);
    for &flow in flows {
        take(step, at.instance, at.scope, flow);
    }
    if flows.is_empty() {
        end::check_scope(step, at.instance, at.scope);
    }
}

/// The element is done, and where its token goes is not said.
pub(crate) fn pass(step: &mut Step<'_>, at: &At) {
    step.emit(event::Kind::ElementCompleted(ElementCompleted {
        instance: at.instance,
        key: at.element,
        node: at.index,
    }));
}

fn take(step: &mut Step<'_>, instance: u64, scope: u64, flow: FlowIndex) {
    step.emit(event::Kind::FlowTaken(FlowTaken {
        instance,
        scope,
        flow,
    }));
    step.queue(work::Kind::Enter(EnterFlow {
        instance,
        scope,
        flow,
    }));
}
