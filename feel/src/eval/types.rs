//! `instance of` and the types of parameters (DMN 1.5, 10.3.2.9).

use super::Machine;
use crate::EvalError;
use crate::syntax::{Type, TypeName};
use crate::value::{FunctionKind, Value};

impl<'a> Machine<'a> {
    /// Whether a value is of a type. Null is of type Null only.
    pub(super) fn instance_of(
        &mut self,
        at: u32,
        value: &Value<'a>,
        type_: &Type,
    ) -> Result<bool, EvalError> {
        self.charge(at, 1)?;
        match (type_, value) {
            (Type::Named(name), value) => Ok(is_named(*name, value)),
            (Type::List(inner), Value::List(list)) => {
                self.charge(at, list.cost())?;
                for item in list.iter() {
                    if !self.conforms(at, &item, inner)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Type::Range(inner), Value::Range(range)) => {
                for end in range.start.iter().chain(&range.end) {
                    if !self.instance_of(at, end, inner)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Type::Context(members), Value::Context(context)) => {
                for (name, inner) in members {
                    self.charge(at, context.cost() / 16)?;
                    let Some(member) = context.get(name) else {
                        return Ok(false);
                    };
                    if !self.conforms(at, &member, inner)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Type::Function(parameters, _), Value::Function(function)) => {
                Ok(match &function.kind {
                    FunctionKind::Closure { lambda, .. } => {
                        lambda.parameters.len() == parameters.len()
                    }
                    FunctionKind::Builtin(builtin) => {
                        builtin.forms().any(|form| form.takes(parameters.len()))
                    }
                    FunctionKind::Printed(_) => false,
                })
            }
            (Type::List(_) | Type::Range(_) | Type::Context(_) | Type::Function(..), _) => {
                Ok(false)
            }
        }
    }

    /// Whether a value may stand where the type is asked for: of the type, or null.
    pub(super) fn conforms(
        &mut self,
        at: u32,
        value: &Value<'a>,
        type_: &Type,
    ) -> Result<bool, EvalError> {
        if value.is_null() {
            return Ok(true);
        }
        self.deeper(at, |machine| machine.instance_of(at, value, type_))
    }
}

fn is_named(name: TypeName, value: &Value<'_>) -> bool {
    match name {
        TypeName::Any => !value.is_null(),
        TypeName::Null => value.is_null(),
        TypeName::Number => matches!(value, Value::Number(_)),
        TypeName::String => matches!(value, Value::String(_)),
        TypeName::Boolean => matches!(value, Value::Boolean(_)),
        TypeName::Date => matches!(value, Value::Date(_)),
        TypeName::Time => matches!(value, Value::Time(_)),
        TypeName::DateTime => matches!(value, Value::DateTime(_)),
        TypeName::DaysTimeDuration => matches!(value, Value::DaysTimeDuration(_)),
        TypeName::YearsMonthsDuration => matches!(value, Value::YearsMonthsDuration(_)),
        TypeName::List => matches!(value, Value::List(_)),
        TypeName::Context => matches!(value, Value::Context(_)),
        TypeName::Range => matches!(value, Value::Range(_)),
        TypeName::Function => matches!(value, Value::Function(_)),
    }
}
