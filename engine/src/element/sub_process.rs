//! The process and embedded sub-processes: scopes that start at their none start event
//! (BPMN 2.0 section 13.3.4).

use crate::executable::NodeIndex;
use crate::flow::{self, catch};
use crate::step::{self, At, Step, Stuck};

pub(super) fn activate(
    step: &mut Step<'_>,
    at: &At,
    start: Option<NodeIndex>,
) -> Result<(), Stuck> {
    let boundary = catch::prepare_boundary(step, at)?;
    if !catch::open(step, at, boundary) {
        return Ok(());
    }
    match start {
        Some(start) => {
            let element = flow::start(step, at.instance, at.element, start, None);
            step.queue(step::activate(at.instance, element));
        }
        None => step.queue(step::complete(at.instance, at.element)),
    }
    Ok(())
}
