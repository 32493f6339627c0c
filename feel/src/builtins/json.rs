//! Functions from and to JSON, which are Camunda's.

use super::{Builtin, Run};
use crate::EvalError;
use crate::eval::{Call, Outcome};
use crate::json;
use crate::value::{Entry, Value};

/// What a text may hold at most; the budget is charged for its length besides.
const LIMITS: json::Limits = json::Limits {
    bytes: 4 << 20,
    depth: 128,
};

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "to json",
        forms: &["value: any"],
        fails: "",
        run: Run::Full(to_json),
    },
    Builtin {
        name: "from json",
        forms: &["value: string"],
        fails: "",
        run: Run::Full(from_json),
    },
];

fn to_json<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let value = call.value(0);
    call.charge(value.size() as usize)?;
    let mut json = Vec::new();
    value.write_json(&mut json);
    Ok(Value::text(String::from_utf8_lossy(&json)))
}

fn from_json<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let Some(text) = call.value(0).as_str() else {
        return Ok(Value::Null);
    };
    call.charge(text.len() / 16)?;
    match json::normalize(text.as_bytes(), &LIMITS) {
        Ok(normalized) => decoded(call, &normalized),
        Err(error) => call.fail(&format!("the text is not JSON: {error}")),
    }
}

/// The value of normalized JSON, decoded to its leaves: the text does not outlive the call. As deep as
/// [`LIMITS`] allows at most.
fn decoded<'a>(call: &mut Call<'_, 'a>, value: &[u8]) -> Outcome<'a> {
    match value.first() {
        Some(b'[') => {
            let items: Result<Vec<Value<'a>>, EvalError> = json::elements(value)
                .map(|item| decoded(call, item))
                .collect();
            call.make_list(items?)
        }
        Some(b'{') => {
            let mut entries: Vec<Entry<'a>> = Vec::new();
            for (name, value) in json::fields(value) {
                let name = crate::Text::Shared(name.into());
                entries.push((name, decoded(call, value)?));
            }
            call.machine.context(call.at, entries)
        }
        _ => Ok(Value::decode(value).into_owned()),
    }
}
