//! Parallel gateway: waits for a token on each incoming flow, goes out on all (BPMN 2.0, 13.4.1).

use proto::record::{TokensConsumed, event};

use crate::executable::{Executable, NodeIndex};
use crate::flow;
use crate::state::instance::Elements;
use crate::step::{self, At, Step, Stuck};

pub(super) fn activate(step: &mut Step<'_>, at: &At) -> Result<(), Stuck> {
    flow::leave(step, at, &at.node().outgoing);
    Ok(())
}

/// Takes one token of each flow, once there is one on each.
pub(super) fn arrive(
    step: &mut Step<'_>,
    instance: u64,
    scope: u64,
    node: NodeIndex,
    executable: &Executable,
) {
    let incoming = &executable.node(node).incoming;
    let Some(found) = step.state.instance(instance) else {
        return;
    };
    if !incoming.iter().all(|flow| found.has_token(scope, *flow)) {
        return;
    }
    step.emit(event::Kind::TokensConsumed(TokensConsumed {
        instance,
        scope,
        flows: incoming.clone(),
    }));
    let element = flow::start(step, instance, scope, node, None);
    step.queue(step::activate(instance, element));
}
