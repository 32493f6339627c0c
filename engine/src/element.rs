//! The elements of BPMN, one file each: what each does when it becomes active.

mod business_rule_task;
mod end_event;
mod event_based_gateway;
mod exclusive_gateway;
pub(crate) mod inclusive_gateway;
pub(crate) mod job_task;
mod message_catch;
mod parallel_gateway;
mod pass_through;
pub(crate) mod publication;
mod script_task;
mod signal;
mod sub_process;
mod timer_catch;
mod user_task;

use crate::executable::{Executable, Kind, NodeIndex};
use crate::step::{At, Step, Stuck};

/// Does what the element does; everything that may be stuck comes before the first change.
pub(crate) fn activate(step: &mut Step<'_>, at: &At) -> Result<(), Stuck> {
    match &at.node().kind {
        Kind::Scope { start } => sub_process::activate(step, at, *start),
        // Boundary events and triggered start events are completed by what triggers them.
        Kind::PassThrough
        | Kind::MessageStart(_)
        | Kind::SignalStart(_)
        | Kind::TimerStart(_)
        | Kind::BoundaryMessage { .. }
        | Kind::BoundarySignal { .. }
        | Kind::BoundaryTimer { .. }
        | Kind::BoundaryError { .. } => pass_through::activate(step, at),
        Kind::NoneEnd => end_event::none(step, at),
        Kind::TerminateEnd => end_event::terminate(step, at),
        Kind::ErrorEnd { code } => end_event::error(step, at, code),
        Kind::BusinessRuleTask(spec) => business_rule_task::activate(step, at, spec),
        Kind::JobTask(spec) => job_task::activate(step, at, spec),
        Kind::Publication(spec) => publication::activate(step, at, spec),
        Kind::UserTask(spec) => user_task::activate(step, at, spec),
        Kind::ScriptTask { expression, result } => {
            script_task::activate(step, at, expression, result)
        }
        Kind::MessageCatch(message) => message_catch::activate(step, at, message),
        Kind::SignalCatch(signal) => signal::catch(step, at, signal),
        Kind::TimerCatch(timer) => timer_catch::activate(step, at, timer),
        Kind::SignalThrow(signal) => signal::throw(step, at, signal),
        Kind::ExclusiveGateway => exclusive_gateway::activate(step, at),
        Kind::ParallelGateway => parallel_gateway::activate(step, at),
        Kind::InclusiveGateway { .. } => inclusive_gateway::activate(step, at),
        Kind::EventBasedGateway => event_based_gateway::activate(step, at),
    }
}

/// Whether a token waits at this element for those of its other flows.
pub(crate) fn waits_for_others(kind: &Kind) -> bool {
    matches!(kind, Kind::ParallelGateway | Kind::InclusiveGateway { .. })
}

/// A token has come to a join.
pub(crate) fn arrive(
    step: &mut Step<'_>,
    instance: u64,
    scope: u64,
    node: NodeIndex,
    executable: &Executable,
) {
    // An inclusive join decides when all is quiet: see `inclusive_gateway::join`.
    if matches!(executable.node(node).kind, Kind::ParallelGateway) {
        parallel_gateway::arrive(step, instance, scope, node, executable);
    }
}
