//! Functions on contexts (DMN 1.5, 10.3.4.10, and Camunda's additions).

use super::{Builtin, Run};
use crate::EvalError;
use crate::eval::{Call, Outcome};
use crate::value::{Context, Entry, Text, Value};

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "get value",
        forms: &[
            "context: context, key: string",
            "m: context, key: string",
            "context: context, keys: list of keys",
        ],
        fails: "",
        run: Run::Full(get_value),
    },
    Builtin {
        name: "get entries",
        forms: &["context: context", "m: context"],
        fails: "",
        run: Run::Full(get_entries),
    },
    Builtin {
        name: "context",
        forms: &["entries: list of contexts"],
        fails: "an entry has no `key` and `value`, or a key is there twice",
        run: Run::Full(context),
    },
    Builtin {
        name: "context put",
        forms: &[
            "context: context, key: string, value: any",
            "context: context, keys: list of keys, value: any",
        ],
        fails: "there are no keys, or what stands at one of them is not a context",
        run: Run::Full(context_put),
    },
    Builtin {
        name: "put",
        forms: &["context: context, key: string, value: any"],
        fails: "",
        run: Run::Full(context_put),
    },
    Builtin {
        name: "context merge",
        forms: &["contexts: list of contexts", "contexts...: context"],
        fails: "",
        run: Run::Full(context_merge),
    },
    Builtin {
        name: "put all",
        forms: &["contexts: list of contexts", "contexts...: context"],
        fails: "",
        run: Run::Full(context_merge),
    },
];

/// The value at a key, or at a path of keys.
fn get_value<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let keys = match call.value(1) {
        key @ Value::String(_) => vec![key.clone()],
        Value::List(list) => call.machine.items(call.at, list)?,
        _ => return Ok(Value::Null),
    };
    if keys.is_empty() {
        return Ok(Value::Null);
    }
    let mut value = call.value(0).clone();
    for key in &keys {
        let (Value::Context(context), Some(key)) = (&value, key.as_str()) else {
            return Ok(Value::Null);
        };
        call.charge(1 + context.cost() / 16)?;
        value = context.get(key).unwrap_or(Value::Null);
    }
    Ok(value)
}

/// Each entry as `{key, value}`.
fn get_entries<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let Value::Context(context) = call.value(0).clone() else {
        return Ok(Value::Null);
    };
    call.charge(context.cost())?;
    let mut entries = Vec::new();
    for (key, value) in context.iter() {
        let entry = vec![("key".into(), Value::String(key)), ("value".into(), value)];
        entries.push(call.machine.context(call.at, entry)?);
    }
    call.make_list(entries)
}

/// A context of `{key, value}` entries; null when a key is missing or there twice.
fn context<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let Some(items) = call.items(0)? else {
        return Ok(Value::Null);
    };
    let mut entries: Vec<Entry<'a>> = Vec::new();
    for item in &items {
        let Value::Context(item) = item else {
            return Ok(Value::Null);
        };
        call.charge(1 + item.cost())?;
        if let Some(Value::String(key)) = item.get("key") {
            call.charge(search(&entries, &key))?;
        }
        match (item.get("key"), item.get("value")) {
            (Some(Value::String(key)), Some(value)) if find(&entries, &key).is_none() => {
                entries.push((key, value));
            }
            _ => return Ok(Value::Null),
        }
    }
    call.machine.context(call.at, entries)
}

/// The context with one value set, at a key or at a path of keys; what is missing on the way is made.
fn context_put<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let Value::Context(context) = call.value(0).clone() else {
        return Ok(Value::Null);
    };
    let keys = match call.value(1) {
        Value::String(key) => vec![key.clone()],
        Value::List(list) => {
            let items = call.machine.items(call.at, list)?;
            let keys = items.into_iter().map(|item| match item {
                Value::String(key) => Some(key),
                _ => None,
            });
            match keys.collect::<Option<Vec<Text<'a>>>>() {
                Some(keys) if !keys.is_empty() => keys,
                Some(_) | None => return Ok(Value::Null),
            }
        }
        _ => return Ok(Value::Null),
    };
    put_path(call, context, &keys)
}

/// Sets the third argument at a path: down along the keys, then up again, wrapping.
fn put_path<'a>(call: &mut Call<'_, 'a>, context: Context<'a>, keys: &[Text<'a>]) -> Outcome<'a> {
    let mut levels: Vec<Vec<Entry<'a>>> = Vec::new();
    let mut next = Some(context);
    for key in keys {
        let entries = match next.take() {
            Some(context) => entries_of(call, &context)?,
            None => Vec::new(),
        };
        call.charge(2 * search(&entries, key))?;
        next = match find(&entries, key) {
            Some(Value::Context(inner)) => Some(inner.clone()),
            Some(_) if levels.len() + 1 < keys.len() => return Ok(Value::Null),
            Some(_) | None => None,
        };
        levels.push(entries);
    }
    let mut value = call.value(2).clone();
    for (mut entries, key) in levels.into_iter().zip(keys).rev() {
        set(&mut entries, key.clone(), value);
        value = call.machine.context(call.at, entries)?;
    }
    Ok(value)
}

/// All entries of a list of contexts, later ones replacing earlier ones.
fn context_merge<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let mut merged: Vec<Entry<'a>> = Vec::new();
    for item in call.variadic()? {
        let Value::Context(context) = item else {
            return Ok(Value::Null);
        };
        for (key, value) in entries_of(call, &context)? {
            call.charge(1 + search(&merged, &key))?;
            set(&mut merged, key, value);
        }
    }
    call.machine.context(call.at, merged)
}

fn entries_of<'a>(
    call: &mut Call<'_, 'a>,
    context: &Context<'a>,
) -> Result<Vec<Entry<'a>>, EvalError> {
    call.charge(1 + context.cost())?;
    Ok(context.iter().collect())
}

/// What looking for a key costs, in steps.
fn search(entries: &[Entry<'_>], key: &str) -> usize {
    entries.len() / 4 * (1 + key.len() / 256)
}

fn find<'e, 'a>(entries: &'e [Entry<'a>], key: &str) -> Option<&'e Value<'a>> {
    entries
        .iter()
        .find(|(name, _)| name.as_str() == key)
        .map(|(_, value)| value)
}

fn set<'a>(entries: &mut Vec<Entry<'a>>, key: Text<'a>, value: Value<'a>) {
    match entries
        .iter_mut()
        .find(|(name, _)| name.as_str() == key.as_str())
    {
        Some((_, old)) => *old = value,
        None => entries.push((key, value)),
    }
}
