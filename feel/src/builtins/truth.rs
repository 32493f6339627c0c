//! Functions on truth and null (DMN 1.5, 10.3.4.1, 10.3.4.4 and 10.3.4.11, and Camunda's additions).

use super::{Builtin, Run};
use crate::EvalErrorKind;
use crate::eval::{Call, Outcome};
use crate::value::Value;

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "not",
        forms: &["negand: boolean"],
        fails: "",
        run: Run::Simple(|a| Some(Value::Boolean(!a.first()?.as_boolean()?))),
    },
    Builtin {
        name: "all",
        forms: &["list: list", "b...: boolean|null"],
        fails: "",
        run: Run::Full(|call| logical(call, false)),
    },
    Builtin {
        name: "any",
        forms: &["list: list", "b...: boolean|null"],
        fails: "",
        run: Run::Full(|call| logical(call, true)),
    },
    Builtin {
        name: "and",
        forms: &["list: list", "b...: boolean|null"],
        fails: "",
        run: Run::Full(|call| logical(call, false)),
    },
    Builtin {
        name: "or",
        forms: &["list: list", "b...: boolean|null"],
        fails: "",
        run: Run::Full(|call| logical(call, true)),
    },
    Builtin {
        name: "boolean",
        forms: &["from: any"],
        fails: "it is neither true nor false",
        run: Run::Simple(boolean),
    },
    Builtin {
        name: "is defined",
        forms: &["value: any"],
        fails: "",
        run: Run::Simple(|a| Some(Value::Boolean(!a.first()?.is_null()))),
    },
    Builtin {
        name: "is",
        forms: &["value1?: any, value2?: any"],
        fails: "",
        run: Run::Full(is),
    },
    Builtin {
        name: "get or else",
        forms: &["value: any, default: any"],
        fails: "",
        run: Run::Simple(|a| match a.first()? {
            Value::Null => a.get(1).cloned(),
            value => Some(value.clone()),
        }),
    },
    Builtin {
        name: "assert",
        forms: &["value: any, condition: any, cause?: string"],
        fails: "",
        run: Run::Full(assert),
    },
];

/// `any` (true decides) or `all` (false decides) of a list; what is not boolean counts as null.
fn logical<'a>(call: &mut Call<'_, 'a>, decisive: bool) -> Outcome<'a> {
    if let [Value::Null] = call.arguments {
        return Ok(Value::Null);
    }
    let mut result = Some(!decisive);
    for item in call.variadic()? {
        match item {
            Value::Boolean(truth) if truth == decisive => return Ok(Value::Boolean(decisive)),
            Value::Boolean(_) => (),
            _ => result = None,
        }
    }
    Ok(Value::boolean(result))
}

fn boolean<'a>(arguments: &[Value<'a>]) -> Option<Value<'a>> {
    match arguments.first()? {
        Value::Boolean(truth) => Some(Value::Boolean(*truth)),
        value => match value.as_str()? {
            "true" => Some(Value::Boolean(true)),
            "false" => Some(Value::Boolean(false)),
            _ => None,
        },
    }
}

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
