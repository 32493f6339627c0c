//! Elements that do nothing but go on: none start and throw events, manual and abstract tasks.

use crate::step::{self, At, Step, Stuck};

pub(super) fn activate(step: &mut Step<'_>, at: &At) -> Result<(), Stuck> {
    step.queue(step::complete(at.instance, at.element));
    Ok(())
}
