//! Intermediate timer catch events: wait for a time.

use crate::executable::TimerSpec;
use crate::flow::catch;
use crate::step::{At, Step, Stuck};

pub(super) fn activate(step: &mut Step<'_>, at: &At, timer: &TimerSpec) -> Result<(), Stuck> {
    let prepared = catch::prepare_timer(step, at, at.element, at.index, timer)?;
    // No message can end it here.
    let _is_waiting = catch::open(step, at, vec![prepared]);
    Ok(())
}
