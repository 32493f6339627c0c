//! Setting variables from outside.

use proto::record::{SetVariables, VariablesSetAnswer, answer};

use super::{Handled, answered, check_variables, no_room, not_found, use_key};
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
    match set.local {
        true => scope::check_local(step, scope, &variables),
        false => scope::check_outward(step, instance, scope, &variables),
    }
    .map_err(no_room)?;
    let key = step.next_key();
    use_key(step, key);
    match set.local {
        true => scope::write(step, instance, scope, variables),
        false => scope::propagate(step, instance, scope, variables),
    }
    answered(answer::Kind::VariablesSet(VariablesSetAnswer { key }))
}
