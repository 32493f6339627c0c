//! Functions between types, and about truth and null (DMN 1.5, 10.3.4.1 and 10.3.4.2, and Camunda's
//! additions).

use super::{Builtin, Run};
use crate::eval::{Call, Outcome};
use crate::value::Value;
use crate::{Decimal, EvalErrorKind};

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "not",
        forms: &["negand"],
        run: Run::Simple(|a| Some(Value::Boolean(!a.first()?.as_boolean()?))),
    },
    Builtin {
        name: "string",
        forms: &["from"],
        run: Run::Full(string),
    },
    Builtin {
        name: "number",
        forms: &["from", "from, grouping separator, decimal separator"],
        run: Run::Simple(number),
    },
    Builtin {
        name: "boolean",
        forms: &["from"],
        run: Run::Simple(|a| match a.first()? {
            Value::Boolean(truth) => Some(Value::Boolean(*truth)),
            value => match value.as_str()? {
                "true" => Some(Value::Boolean(true)),
                "false" => Some(Value::Boolean(false)),
                _ => None,
            },
        }),
    },
    Builtin {
        name: "is defined",
        forms: &["value"],
        run: Run::Simple(|a| Some(Value::Boolean(!a.first()?.is_null()))),
    },
    Builtin {
        name: "is",
        forms: &["value1, value2"],
        run: Run::Full(is),
    },
    Builtin {
        name: "get or else",
        forms: &["value, default"],
        run: Run::Simple(|a| match a.first()? {
            Value::Null => a.get(1).cloned(),
            value => Some(value.clone()),
        }),
    },
    Builtin {
        name: "assert",
        forms: &["value, condition, cause?"],
        run: Run::Full(assert),
    },
    Builtin {
        name: "to json",
        forms: &["value"],
        run: Run::Full(|call| {
            let value = call.value(0).clone();
            call.charge(value.size() as usize)?;
            let mut json = Vec::new();
            value.write_json(&mut json);
            Ok(Value::text(String::from_utf8_lossy(&json)))
        }),
    },
];

/// Whether two values are the same in all parts: times in the same zone, not at the same instant.
fn is<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let (a, b) = (call.value(0), call.value(1));
    let same = match (a, b) {
        (Value::Time(a), Value::Time(b)) => {
            a.nanoseconds() == b.nanoseconds() && a.zone() == b.zone()
        }
        (Value::DateTime(a), Value::DateTime(b)) => {
            a.date() == b.date()
                && a.time().nanoseconds() == b.time().nanoseconds()
                && a.time().zone() == b.time().zone()
        }
        (a, b) => call.equal(a, b)?,
    };
    Ok(Value::Boolean(same))
}

fn string<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    match call.value(0).clone() {
        Value::Null => Ok(Value::Null),
        Value::String(text) => Ok(Value::String(text)),
        value => {
            call.charge(value.size() as usize)?;
            Ok(Value::text(value.to_string_value()))
        }
    }
}

/// A number from text, with or without separators. A number is given back.
fn number<'a>(arguments: &[Value<'a>]) -> Option<Value<'a>> {
    if let [Value::Number(n)] = arguments {
        return Some(Value::Number(*n));
    }
    let text = arguments.first()?.as_str()?;
    let separator = |index: usize, allowed: &[&str]| match arguments.get(index) {
        None | Some(Value::Null) => Some(None),
        Some(value) => {
            let separator = value.as_str()?;
            allowed
                .contains(&separator)
                .then(|| Some(separator.to_owned()))
        }
    };
    let grouping = separator(1, &[" ", ",", "."])?;
    let decimal = separator(2, &[",", "."])?;
    if grouping.is_some() && grouping == decimal {
        return None;
    }
    let mut plain = text.to_owned();
    if let Some(grouping) = grouping {
        plain = plain.replace(&grouping, "");
    }
    if let Some(decimal) = decimal.filter(|d| d != ".") {
        // A point that is not the decimal separator does not belong into the number.
        if plain.contains('.') {
            return None;
        }
        plain = plain.replace(&decimal, ".");
    }
    Some(Value::Number(plain.parse::<Decimal>().ok()?))
}

/// The value when the condition is true; otherwise the evaluation fails with the cause.
fn assert<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    if call.value(1).as_boolean() == Some(true) {
        return Ok(call.value(0).clone());
    }
    let cause = match call.value(2).as_str() {
        Some(cause) => cause.to_owned(),
        None => "the assertion is not fulfilled".to_owned(),
    };
    Err(call
        .machine
        .error_with(call.at, EvalErrorKind::Assertion, cause))
}
