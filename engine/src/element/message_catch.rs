//! Intermediate message catch events and receive tasks: wait for a message.

use crate::executable::MessageSpec;
use crate::flow::catch;
use crate::step::{At, Step, Stuck};

pub(super) fn activate(step: &mut Step<'_>, at: &At, message: &MessageSpec) -> Result<(), Stuck> {
    let mut prepared = vec![catch::prepare_message(
        step, at, at.element, at.index, message,
    )?];
    prepared.extend(catch::prepare_boundary(step, at)?);
    // A message that waited in the buffer has queued what comes next.
    let _is_waiting = catch::open(step, at, prepared);
    Ok(())
}
