//! None, terminate and error end events (BPMN 2.0 section 13.5.6).

use proto::record::{incident, work};

use crate::executable::Template;
use crate::flow::{self, end};
use crate::scope;
use crate::step::{self, At, Step, Stuck};

pub(super) fn none(step: &mut Step<'_>, at: &At) -> Result<(), Stuck> {
    step.queue(step::complete(at.instance, at.element));
    Ok(())
}

/// Ends everything else in the scope, and so the scope.
pub(super) fn terminate(step: &mut Step<'_>, at: &At) -> Result<(), Stuck> {
    end::release(step, at);
    flow::pass(step, at);
    end::terminate_children(step, at.instance, at.scope);
    end::check_scope(step, at.instance, at.scope);
    Ok(())
}

pub(super) fn error(step: &mut Step<'_>, at: &At, code: &Template) -> Result<(), Stuck> {
    let kind = incident::Type::ExtractValueError;
    let code = scope::evaluate(step, at, at.element, code, kind)?;
    let shown = code.shown();
    let code = code
        .into_text()
        .ok_or_else(|| Stuck::new(kind, format!("the error code is {shown}, not text")))?;
    let thrown = step::throw(at, code, String::new(), end::no_variables());
    step.queue(work::Kind::ThrowError(thrown));
    Ok(())
}
