//! Whether arguments are of the types that parameters ask for, by the words of the tables.
//!
//! Owns what is done about a call that gave null: lists of one become their items where single values
//! are asked for (DMN 1.5, 10.3.2.9.4), and who listens is told what was wrong. Calls that give
//! something else never come here.

use super::{Builtin, Form, Parameter};
use crate::value::Value;
use crate::warning::{WarningKind, shown};

impl Builtin {
    /// The arguments with lists of one unwrapped, when the function takes them then and did not before.
    pub(crate) fn unwrapped<'a>(&self, arguments: &[Value<'a>]) -> Option<Vec<Value<'a>>> {
        // Nearly every call that gave null ends here.
        if !arguments.iter().any(|a| single(a).is_some()) {
            return None;
        }
        self.forms()
            .filter(|form| form.takes(arguments.len()))
            .find_map(|form| {
                let mut unwrapped = arguments.to_vec();
                while let Some((index, parameter)) = form.first_wrong(&unwrapped) {
                    let argument = unwrapped.get_mut(index)?;
                    *argument = single(argument).filter(|item| parameter.takes(item))?;
                }
                (!form.is_right(arguments)).then_some(unwrapped)
            })
    }

    /// The complaint about a call that gave null; `None` when null is its proper result.
    pub(crate) fn complaint(&self, arguments: &[Value<'_>]) -> Option<(WarningKind, String)> {
        let mut furthest: Option<(usize, Parameter)> = None;
        for form in self.forms().filter(|form| form.takes(arguments.len())) {
            match form.first_wrong(arguments) {
                None if self.fails.is_empty() => return None,
                None => {
                    let message = format!("`{}` gives null: {}", self.name, self.fails);
                    return Some((WarningKind::FunctionFailed, message));
                }
                // The form that fits longest is the one that was meant.
                Some((index, parameter)) => {
                    if furthest.as_ref().is_none_or(|(best, _)| index > *best) {
                        furthest = Some((index, parameter));
                    }
                }
            }
        }
        let (index, parameter) = furthest?;
        let message = format!(
            "`{}` takes {} as `{}`, found {}",
            self.name,
            words(parameter.types),
            parameter.name,
            arguments.get(index).map_or_else(String::new, shown)
        );
        Some((WarningKind::WrongArgument, message))
    }
}

/// The item of a list of one.
fn single<'a>(value: &Value<'a>) -> Option<Value<'a>> {
    let Value::List(list) = value else {
        return None;
    };
    let mut items = list.iter();
    let first = items.next()?;
    items.next().is_none().then_some(first)
}

impl Parameter {
    fn takes(&self, argument: &Value<'_>) -> bool {
        self.types.split('|').any(|type_| is_of(argument, type_))
    }
}

impl Form {
    fn is_right(self, arguments: &[Value<'_>]) -> bool {
        self.first_wrong(arguments).is_none()
    }

    /// The first argument that is not of its parameter's type.
    fn first_wrong(self, arguments: &[Value<'_>]) -> Option<(usize, Parameter)> {
        let mut index = 0;
        for parameter in self.parameters() {
            let end = match parameter.variadic {
                true => arguments.len(),
                false => index + 1,
            };
            while index < end {
                let argument = arguments.get(index)?;
                if !parameter.takes(argument) {
                    return Some((index, parameter));
                }
                index += 1;
            }
        }
        None
    }
}

/// Whether a value is of the type that a word in the tables says.
fn is_of(value: &Value<'_>, type_: &str) -> bool {
    match type_ {
        "any" => true,
        "null" => value.is_null(),
        "string" => matches!(value, Value::String(_)),
        "number" => matches!(value, Value::Number(_)),
        "boolean" => matches!(value, Value::Boolean(_)),
        "context" => matches!(value, Value::Context(_)),
        "date" => matches!(value, Value::Date(_)),
        "time" => matches!(value, Value::Time(_)),
        "date and time" => matches!(value, Value::DateTime(_)),
        "range" => matches!(value, Value::Range(_)),
        "function" => matches!(value, Value::Function(_)),
        "duration" => matches!(
            value,
            Value::DaysTimeDuration(_) | Value::YearsMonthsDuration(_)
        ),
        "days and time duration" => matches!(value, Value::DaysTimeDuration(_)),
        "quantity" => is_quantity(value),
        // A single value stands for a list of one.
        "list" => !value.is_null(),
        "list of strings" => each(value, |v| matches!(v, Value::String(_) | Value::Null)),
        "list of numbers" => each(value, |v| matches!(v, Value::Number(_))),
        "list of quantities" => each(value, is_quantity),
        "list of contexts" => each(value, |v| matches!(v, Value::Context(_))),
        "list of keys" => each(value, |v| matches!(v, Value::String(_))),
        _ => true,
    }
}

fn is_quantity(value: &Value<'_>) -> bool {
    is_of(value, "number") || is_of(value, "duration")
}

fn each(value: &Value<'_>, is: impl Fn(&Value<'_>) -> bool) -> bool {
    match value {
        Value::List(list) => list.iter().all(|item| is(&item)),
        Value::Null => false,
        single => is(single),
    }
}

/// Type words for people: `a string or null`.
fn words(types: &str) -> String {
    let named: Vec<String> = types
        .split('|')
        .map(|type_| match type_ {
            "null" => "null".to_owned(),
            "any" => "a value".to_owned(),
            "quantity" => "a number or duration".to_owned(),
            "list of quantities" => "a list of numbers or of durations".to_owned(),
            type_ => format!("a {type_}"),
        })
        .collect();
    named.join(" or ")
}
