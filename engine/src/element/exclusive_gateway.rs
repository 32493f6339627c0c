//! Exclusive gateway: the first flow whose condition holds, else the default (BPMN 2.0, 13.4.2).

use proto::record::incident;

use crate::executable::FlowIndex;
use crate::flow;
use crate::scope;
use crate::step::{At, Step, Stuck};

pub(super) fn activate(step: &mut Step<'_>, at: &At) -> Result<(), Stuck> {
    let outgoing = &at.node().outgoing;
    let chosen = match outgoing.as_slice() {
        [] => None,
        [only] if at.executable.flow(*only).condition.is_none() => Some(*only),
        _ => Some(choose(step, at)?),
    };
    flow::leave(step, at, chosen.as_slice());
    Ok(())
}

fn choose(step: &Step<'_>, at: &At) -> Result<FlowIndex, Stuck> {
    let node = at.node();
    for &flow in &node.outgoing {
        if Some(flow) == node.default_flow {
            continue;
        }
        if let Some(condition) = &at.executable.flow(flow).condition
            && scope::is_true(step, at, condition)?
        {
            return Ok(flow);
        }
    }
    node.default_flow.ok_or_else(|| {
        Stuck::new(
            incident::Type::ConditionError,
            format!(
                "no condition of `{}` holds and it has no default flow",
                node.id
            ),
        )
    })
}
