//! Script tasks in FEEL: evaluated inside the command that reaches them.

use bytes::Bytes;
use proto::record::incident;

use crate::executable::Template;
use crate::scope::{self, View};
use crate::step::{self, At, Step, Stuck};

pub(super) fn activate(
    step: &mut Step<'_>,
    at: &At,
    expression: &Template,
    result: &str,
) -> Result<(), Stuck> {
    let kind = incident::Type::ExpressionError;
    let Some(instance) = step.instance(at) else {
        return Ok(());
    };
    let view = View::new(step.state, instance, at.element);
    let environment = step.environment(&view);
    let mut value = Vec::new();
    step.evaluating(|steps| expression.write_json(&environment, steps, &mut value))
        .map_err(|error| Stuck::new(kind, format!("`{}`: {error}", expression.source())))?;
    if value.len() > step.limits.variables_bytes {
        let message = format!(
            "the result takes {} bytes, more than the {} allowed",
            value.len(),
            step.limits.variables_bytes
        );
        return Err(Stuck::new(incident::Type::ValueTooLarge, message));
    }
    let document = Bytes::from(scope::object(result, &value));
    scope::check_delivery(step, at, &document)?;
    scope::deliver(step, at, &document);
    step.queue(step::complete(at.instance, at.element));
    Ok(())
}
