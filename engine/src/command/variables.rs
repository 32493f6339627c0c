//! Setting variables from outside.

use proto::record::{SetVariables, VariablesSetAnswer, answer};

use super::{Handled, answered, check_variables, not_found};
use crate::scope;
use crate::step::Step;

pub(super) fn set(step: &mut Step<'_>, set: &SetVariables) -> Handled {
    let scope = set.scope_key;
    let Some(instance) = step.state.instance_of(scope) else {
        return Err(not_found(
            "ELEMENT_NOT_FOUND",
            format!("no element instance has the key {scope}"),
        ));
    };
    let variables = check_variables(step, &set.variables)?;
    let key = step.next_key();
    match set.local {
        true => scope::write(step, instance, scope, variables),
        false => scope::propagate(step, instance, scope, variables),
    }
    answered(answer::Kind::VariablesSet(VariablesSetAnswer { key }))
}
