//! `instance of` and the types of parameters (DMN 1.5, 10.3.2.9).

use super::{Machine, Outcome, Scope};
use crate::EvalError;
use crate::program::DeclaredType;
use crate::syntax::{Type, TypeName};
use crate::value::{FunctionKind, List, Value};

/// Whether a value must pass the tests of its type, beside being made as the type says.
#[derive(Clone, Copy)]
enum Allowed {
    All,
    Tested,
}

impl<'a> Machine<'a> {
    /// Whether a value is of a type, whatever values the type allows. Null is of type Null only.
    pub(super) fn instance_of(
        &mut self,
        at: u32,
        value: &Value<'a>,
        type_: &'a Type,
    ) -> Result<bool, EvalError> {
        self.is_of(at, value, type_, Allowed::All)
    }

    fn is_of(
        &mut self,
        at: u32,
        value: &Value<'a>,
        type_: &'a Type,
        allowed: Allowed,
    ) -> Result<bool, EvalError> {
        self.charge(at, 1)?;
        match (type_, value) {
            (Type::Named(name), value) => Ok(is_named(*name, value)),
            (Type::Declared(number, _), value) => self.is_declared(at, value, *number, allowed),
            (Type::List(inner), Value::List(list)) => {
                self.charge(at, list.cost())?;
                for item in list.iter() {
                    if !self.conforms(at, &item, inner, allowed)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Type::Range(inner), Value::Range(range)) => {
                for end in range.start.iter().chain(&range.end) {
                    if !self.is_of(at, end, inner, allowed)? {
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
                    if !self.conforms(at, &member, inner, allowed)? {
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
                    FunctionKind::Service(service) => service.parameters.len() == parameters.len(),
                    FunctionKind::Printed(_) => false,
                })
            }
            (Type::List(_) | Type::Range(_) | Type::Context(_) | Type::Function(..), _) => {
                Ok(false)
            }
        }
    }

    fn is_declared(
        &mut self,
        at: u32,
        value: &Value<'a>,
        number: u32,
        allowed: Allowed,
    ) -> Result<bool, EvalError> {
        let Some(declared) = self.declared(number) else {
            return Ok(false);
        };
        if !self.deeper(at, |machine| {
            machine.is_of(at, value, &declared.type_, allowed)
        })? {
            return Ok(false);
        }
        match (&declared.allowed, allowed) {
            (Some(tests), Allowed::Tested) => self.passes(value, tests, &Scope::Root),
            (Some(_), Allowed::All) | (None, _) => Ok(true),
        }
    }

    fn declared(&self, number: u32) -> Option<&'a DeclaredType> {
        self.program?.types.get(number as usize)
    }

    /// The value where this type is asked for (DMN 1.5, 10.3.2.9.4): as it is, as or from a list of one, a date as the
    /// midnight that it begins with; null when it does not conform.
    pub(super) fn converted(&mut self, at: u32, value: Value<'a>, type_: &'a Type) -> Outcome<'a> {
        if self.conforms(at, &value, type_, Allowed::Tested)? {
            return Ok(value);
        }
        let other = match &value {
            Value::List(list) if list.len() == 1 => list.iter().next(),
            Value::List(_) => None,
            Value::Date(date) if self.is_date_time(type_) => {
                Some(Value::DateTime(super::arithmetic::midnight(*date)))
            }
            single => List::new(vec![single.clone()]).ok().map(Value::List),
        };
        match other {
            Some(other) if self.conforms(at, &other, type_, Allowed::Tested)? => Ok(other),
            Some(_) | None => Ok(Value::Null),
        }
    }

    fn is_date_time(&self, type_: &Type) -> bool {
        match type_ {
            Type::Named(name) => *name == TypeName::DateTime,
            Type::Declared(number, _) => {
                let declared = self.declared(*number);
                declared.is_some_and(|declared| declared.type_ == Type::Named(TypeName::DateTime))
            }
            Type::List(_) | Type::Range(_) | Type::Context(_) | Type::Function(..) => false,
        }
    }

    /// Whether a value may stand where the type is asked for: of the type, or null.
    fn conforms(
        &mut self,
        at: u32,
        value: &Value<'a>,
        type_: &'a Type,
        allowed: Allowed,
    ) -> Result<bool, EvalError> {
        if value.is_null() {
            return Ok(true);
        }
        self.deeper(at, |machine| machine.is_of(at, value, type_, allowed))
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
