//! Inclusive gateway: all flows whose condition holds; joins when no other token can come
//! (BPMN 2.0 section 13.4.3).

use proto::record::{FlowToken, Instance, TokensConsumed, event, incident};

use crate::executable::{Executable, FlowIndex, Kind, NodeIndex};
use crate::flow;
use crate::scope;
use crate::step::{self, At, Step, Stuck};

pub(super) fn activate(step: &mut Step<'_>, at: &At) -> Result<(), Stuck> {
    let chosen = choose(step, at)?;
    flow::leave(step, at, &chosen);
    Ok(())
}

fn choose(step: &Step<'_>, at: &At) -> Result<Vec<FlowIndex>, Stuck> {
    let node = at.node();
    if let [only] = node.outgoing.as_slice()
        && at.executable.flow(*only).condition.is_none()
    {
        return Ok(vec![*only]);
    }
    let mut chosen = Vec::new();
    for &flow in &node.outgoing {
        if Some(flow) == node.default_flow {
            continue;
        }
        let holds = match &at.executable.flow(flow).condition {
            Some(condition) => scope::is_true(step, at, condition)?,
            None => true,
        };
        if holds {
            chosen.push(flow);
        }
    }
    match (chosen.is_empty(), node.default_flow) {
        (false, _) => Ok(chosen),
        (true, Some(default)) => Ok(vec![default]),
        (true, None) if node.outgoing.is_empty() => Ok(chosen),
        (true, None) => Err(Stuck::new(
            incident::Type::ConditionError,
            format!(
                "no condition of `{}` holds and it has no default flow",
                node.id
            ),
        )),
    }
}

/// All is quiet in an instance: lets the first inclusive join go on that nothing can reach any
/// more.
pub(crate) fn join(step: &mut Step<'_>, instance: u64) {
    let Some(found) = step.state.instance(instance) else {
        return;
    };
    let Some(executable) = step.state.executable(found.definition_key).cloned() else {
        return;
    };
    let waiting = waiting_joins(found, &executable);
    let free = waiting
        .iter()
        .find(|join| blocker(found, &executable, **join) == Blocker::None)
        // Joins that wait for nothing but each other: the first one breaks the ring.
        .or_else(|| {
            waiting
                .iter()
                .find(|join| blocker(found, &executable, **join) == Blocker::Join)
                .filter(|_| {
                    !waiting
                        .iter()
                        .any(|join| blocker(found, &executable, *join) == Blocker::Live)
                })
        });
    let Some(&(scope, node)) = free else {
        return;
    };
    let incoming = &executable.node(node).incoming;
    let flows = incoming.iter().copied();
    let flows = flows.filter(|flow| found.tokens.contains(&FlowToken { scope, flow: *flow }));
    let flows = flows.collect();
    step.emit(event::Kind::TokensConsumed(TokensConsumed {
        instance,
        scope,
        flows,
    }));
    let element = flow::start(step, instance, scope, node, None);
    step.queue(step::activate(instance, element));
}

/// (scope, join) of all inclusive joins where a token waits, in a fixed order.
fn waiting_joins(instance: &Instance, executable: &Executable) -> Vec<(u64, NodeIndex)> {
    let mut joins = Vec::new();
    for token in &instance.tokens {
        let target = executable.flow(token.flow).target;
        if executable.inclusive_joins.contains(&target) {
            joins.push((token.scope, target));
        }
    }
    joins.sort_unstable();
    joins.dedup();
    joins
}

/// What may still send a token to a join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blocker {
    None,
    /// Only tokens that wait at other inclusive joins.
    Join,
    Live,
}

fn blocker(instance: &Instance, executable: &Executable, join: (u64, NodeIndex)) -> Blocker {
    let (scope, node) = join;
    let Kind::InclusiveGateway { reached_from } = &executable.node(node).kind else {
        return Blocker::Live;
    };
    let live = instance
        .elements
        .iter()
        .any(|element| element.scope == scope && reached_from.contains(element.node));
    if live {
        return Blocker::Live;
    }
    let mut blocker = Blocker::None;
    for token in instance.tokens.iter().filter(|token| token.scope == scope) {
        let target = executable.flow(token.flow).target;
        if target == node || !reached_from.contains(target) {
            continue;
        }
        if !executable.inclusive_joins.contains(&target) {
            return Blocker::Live;
        }
        blocker = Blocker::Join;
    }
    blocker
}
