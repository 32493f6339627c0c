//! Functions between types (DMN 1.5, 10.3.4.1, and Camunda's additions). Those to and from JSON are in
//! [`super::json`].

use super::{Builtin, Run};
use crate::Decimal;
use crate::eval::{Call, Outcome};
use crate::value::Value;

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "string",
        forms: &["from: any"],
        fails: "",
        run: Run::Full(string),
    },
    Builtin {
        name: "number",
        forms: &[
            "from: string|number",
            "from: string, grouping separator: string|null, decimal separator?: string|null",
        ],
        fails: "the text is not a number with these separators",
        run: Run::Simple(number),
    },
    Builtin {
        // A mark for whoever reads the model: the value comes from a language model.
        name: "fromAi",
        forms: &["value: any, description?: any, type?: any, schema?: any, options?: any"],
        fails: "",
        run: Run::Simple(|a| a.first().cloned()),
    },
];

fn string<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    match call.value(0).clone() {
        Value::Null => Ok(Value::Null),
        Value::String(text) => Ok(Value::String(text)),
        value => {
            call.charge(value.size() as usize)?;
            let dialect = call.machine.dialect();
            Ok(Value::text(value.to_text(dialect)))
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
    let unsigned = plain.strip_prefix('+').filter(|n| !n.starts_with('-'));
    Some(Value::Number(
        unsigned.unwrap_or(&plain).parse::<Decimal>().ok()?,
    ))
}
