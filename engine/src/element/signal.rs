//! Signal events: intermediate catch events wait for one, intermediate throw and end events broadcast one.

use crate::command::signals;
use crate::executable::SignalSpec;
use crate::flow::{catch, end};
use crate::step::{self, At, Step, Stuck};

pub(super) fn catch(step: &mut Step<'_>, at: &At, signal: &SignalSpec) -> Result<(), Stuck> {
    let prepared = catch::prepare_signal(step, at, at.element, at.index, signal)?;
    // No message can end it here.
    let _is_waiting = catch::open(step, at, vec![prepared]);
    Ok(())
}

/// It brings what the input mappings have made, as with Zeebe.
pub(super) fn throw(step: &mut Step<'_>, at: &At, signal: &SignalSpec) -> Result<(), Stuck> {
    let name = catch::signal_name(step, at, at.element, signal)?;
    let local = step.state.variables_bytes(at.element).cloned();
    let variables = local.unwrap_or_else(end::no_variables);
    signals::throw(step, at.instance, &name, &variables);
    step.queue(step::complete(at.instance, at.element));
    Ok(())
}
