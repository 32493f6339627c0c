//! Functions on lists that take positions (DMN 1.5, 10.3.4.4, and Camunda's additions). Positions count
//! from 1, and from the end when negative; a fraction is cut.

use super::{Builtin, Run};
use crate::eval::{Call, Outcome};
use crate::value::Value;
use crate::{Decimal, Rounding};

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "sublist",
        forms: &[
            "list: list, start position: number, length?: number",
            "list: list, start: number, length?: number",
        ],
        fails: "the start position is 0",
        run: Run::Full(sublist),
    },
    Builtin {
        name: "append",
        forms: &["list: list, item...: any", "list: list, items...: any"],
        fails: "",
        run: Run::Full(append),
    },
    Builtin {
        name: "insert before",
        forms: &["list: list, position: number, newItem: any"],
        fails: "the position is 0",
        run: Run::Full(insert_before),
    },
    Builtin {
        name: "remove",
        forms: &["list: list, position: number"],
        fails: "the position is 0",
        run: Run::Full(remove),
    },
    Builtin {
        name: "list replace",
        forms: &[
            "list: list, position: number, newItem: any",
            "list: list, match: function, newItem: any",
        ],
        fails: "the position is outside of the list, or the function does not give true or false",
        run: Run::Full(list_replace),
    },
    Builtin {
        name: "index of",
        forms: &["list: list, match: any"],
        fails: "",
        run: Run::Full(index_of),
    },
    Builtin {
        name: "partition",
        forms: &["list: list, size: number"],
        fails: "the size is below 1",
        run: Run::Full(partition),
    },
];

/// What lies within the list: a start before it is its start, an end behind it its end.
fn sublist<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let (Some(items), Some(start)) = (call.items(0)?, call.number(1).and_then(whole)) else {
        return Ok(Value::Null);
    };
    let length = match call.arguments.get(2) {
        None => i64::MAX,
        Some(length) => match length.as_number().and_then(whole) {
            Some(length) => length,
            None => return Ok(Value::Null),
        },
    };
    let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let from = match start {
        0 => return Ok(Value::Null),
        1.. => start - 1,
        _ => start.saturating_add(count),
    };
    let to = from.saturating_add(length).clamp(0, count);
    let from = from.clamp(0, to);
    let part = items.get(from as usize..to as usize).unwrap_or_default();
    call.make_list(part.to_vec())
}

/// The index from 0 of a position from 1, or from the end when negative; `None` outside.
fn position(position: Decimal, length: usize) -> Option<usize> {
    let index = match position.round(0, Rounding::Down)?.to_i64()? {
        0 => None,
        n @ 1.. => usize::try_from(n - 1).ok(),
        n => length.checked_sub(usize::try_from(n.unsigned_abs()).ok()?),
    };
    index.filter(|index| *index < length)
}

/// The number without its fraction.
fn whole(number: Decimal) -> Option<i64> {
    number.round(0, Rounding::Down)?.to_i64()
}

fn append<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let Some(mut items) = call.items(0)? else {
        return Ok(Value::Null);
    };
    items.extend_from_slice(call.arguments.get(1..).unwrap_or_default());
    call.make_list(items)
}

/// Before the first item when the position lies before the list, at the end when behind it.
fn insert_before<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let (items, at) = (call.items(0)?, call.number(1).and_then(whole));
    let (Some(mut items), Some(at @ (..=-1 | 1..))) = (items, at) else {
        return Ok(Value::Null);
    };
    let distance = usize::try_from(at.unsigned_abs()).unwrap_or(usize::MAX);
    let index = match at > 0 {
        true => (distance - 1).min(items.len()),
        false => items.len().saturating_sub(distance),
    };
    items.insert(index, call.value(2).clone());
    call.make_list(items)
}

/// The list as it is when the position is outside of it.
fn remove<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let (items, at) = (call.items(0)?, call.number(1));
    let (Some(mut items), Some(at)) = (items, at) else {
        return Ok(Value::Null);
    };
    match position(at, items.len()) {
        Some(index) => drop(items.remove(index)),
        None if whole(at).is_none_or(|at| at == 0) => return Ok(Value::Null),
        None => (),
    }
    call.make_list(items)
}

/// Replaces the item at a position, or each item for which `function(item, newItem)` is true.
fn list_replace<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let Some(mut items) = call.items(0)? else {
        return Ok(Value::Null);
    };
    let new_item = call.value(2).clone();
    match call.value(1).clone() {
        Value::Number(at) => match position(at, items.len()) {
            Some(index) => items[index] = new_item,
            None => return Ok(Value::Null),
        },
        Value::Function(function) => {
            for item in &mut items {
                let pair = [item.clone(), new_item.clone()];
                match call.machine.apply(call.at, &function, &pair)? {
                    Value::Boolean(true) => *item = new_item.clone(),
                    Value::Boolean(false) => (),
                    _ => return Ok(Value::Null),
                }
            }
        }
        _ => return Ok(Value::Null),
    }
    call.make_list(items)
}

fn index_of<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let Some(items) = call.items(0)? else {
        return Ok(Value::Null);
    };
    let wanted = call.value(1).clone();
    let mut found = Vec::new();
    for (i, item) in items.iter().enumerate() {
        if call.equal(item, &wanted)? {
            found.push(Value::Number((i + 1).into()));
        }
    }
    call.make_list(found)
}

fn partition<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let size = call.number(1).and_then(whole);
    let size = size
        .and_then(|size| usize::try_from(size).ok())
        .filter(|size| *size > 0);
    let (Some(items), Some(size)) = (call.items(0)?, size) else {
        return Ok(Value::Null);
    };
    let mut parts = Vec::new();
    for part in items.chunks(size) {
        parts.push(call.make_list(part.to_vec())?);
    }
    call.make_list(parts)
}
