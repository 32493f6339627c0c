//! Functions on lists (DMN 1.5, 10.3.4.4, and Camunda's additions). A single value stands for a list
//! of one. Equality here is that of `=`.

use super::{Builtin, Run};
use crate::eval::{Call, Outcome, add};
use crate::value::{List, Value};
use crate::{Decimal, EvalError};

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "list contains",
        forms: &["list, element"],
        run: Run::Full(list_contains),
    },
    Builtin {
        name: "count",
        forms: &["list", "c..."],
        run: Run::Full(|call| {
            let count = match call.arguments {
                [_] => {
                    let list = call.list(0);
                    call.charge(list.as_ref().map_or(0, List::cost))?;
                    list.map(|list| list.len())
                }
                many => Some(many.len()),
            };
            Ok(count.map_or(Value::Null, |n| Value::Number(n.into())))
        }),
    },
    Builtin {
        name: "sum",
        forms: &["list", "n..."],
        run: Run::Full(|call| fold(call, add_all)),
    },
    Builtin {
        name: "product",
        forms: &["list", "n..."],
        run: Run::Full(|call| fold_numbers(call, Decimal::times)),
    },
    Builtin {
        name: "mean",
        forms: &["list", "n..."],
        run: Run::Full(mean),
    },
    Builtin {
        name: "all",
        forms: &["list", "b..."],
        run: Run::Full(|call| logical(call, false)),
    },
    Builtin {
        name: "any",
        forms: &["list", "b..."],
        run: Run::Full(|call| logical(call, true)),
    },
    Builtin {
        name: "sublist",
        forms: &["list, start position, length?"],
        run: Run::Full(sublist),
    },
    Builtin {
        name: "append",
        forms: &["list, item..."],
        run: Run::Full(append),
    },
    Builtin {
        name: "concatenate",
        forms: &["list..."],
        run: Run::Full(concatenate),
    },
    Builtin {
        name: "insert before",
        forms: &["list, position, newItem"],
        run: Run::Full(insert_before),
    },
    Builtin {
        name: "remove",
        forms: &["list, position"],
        run: Run::Full(remove),
    },
    Builtin {
        name: "list replace",
        forms: &["list, position, newItem", "list, match, newItem"],
        run: Run::Full(list_replace),
    },
    Builtin {
        name: "reverse",
        forms: &["list"],
        run: Run::Full(|call| {
            let Some(mut items) = call.items(0)? else {
                return Ok(Value::Null);
            };
            items.reverse();
            call.make_list(items)
        }),
    },
    Builtin {
        name: "index of",
        forms: &["list, match"],
        run: Run::Full(index_of),
    },
    Builtin {
        name: "union",
        forms: &["list..."],
        run: Run::Full(union),
    },
    Builtin {
        name: "distinct values",
        forms: &["list"],
        run: Run::Full(|call| match call.items(0)? {
            Some(items) => distinct(call, items),
            None => Ok(Value::Null),
        }),
    },
    Builtin {
        name: "duplicate values",
        forms: &["list"],
        run: Run::Full(duplicates),
    },
    Builtin {
        name: "flatten",
        forms: &["list"],
        run: Run::Full(flatten),
    },
    Builtin {
        name: "partition",
        forms: &["list, size"],
        run: Run::Full(partition),
    },
    Builtin {
        name: "is empty",
        forms: &["list"],
        run: Run::Full(|call| {
            Ok(match call.value(0) {
                Value::List(list) => Value::Boolean(list.is_empty()),
                Value::Context(context) => Value::Boolean(context.is_empty()),
                Value::String(text) => Value::Boolean(text.is_empty()),
                _ => Value::Null,
            })
        }),
    },
];

fn list_contains<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let Some(items) = call.items(0)? else {
        return Ok(Value::Null);
    };
    let element = call.value(1).clone();
    for item in &items {
        if call.equal(item, &element)? {
            return Ok(Value::Boolean(true));
        }
    }
    Ok(Value::Boolean(false))
}

fn fold<'a>(call: &mut Call<'_, 'a>, of: fn(Vec<Value<'a>>) -> Option<Value<'a>>) -> Outcome<'a> {
    Ok(of(call.variadic()?).unwrap_or(Value::Null))
}

/// The sum of numbers or of durations of one kind; null for an empty list or anything else.
fn add_all(items: Vec<Value<'_>>) -> Option<Value<'_>> {
    let mut sum: Option<Value<'_>> = None;
    for item in items {
        if !matches!(
            item,
            Value::Number(_) | Value::DaysTimeDuration(_) | Value::YearsMonthsDuration(_)
        ) {
            return None;
        }
        sum = Some(match sum {
            None => item,
            Some(sum) => add(&sum, &item),
        });
    }
    sum
}

fn fold_numbers<'a>(
    call: &mut Call<'_, 'a>,
    with: fn(Decimal, Decimal) -> Option<Decimal>,
) -> Outcome<'a> {
    let items = call.variadic()?;
    let mut numbers = items.iter().map(Value::as_number);
    let first = numbers.next().flatten();
    let result = first.and_then(|first| {
        numbers.try_fold(first, |sum, next| next.and_then(|next| with(sum, next)))
    });
    Ok(Value::number(result))
}

fn mean<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let items = call.variadic()?;
    let count = Decimal::from(items.len());
    Ok(match add_all(items) {
        Some(Value::Number(sum)) => Value::number(sum.divided_by(count)),
        _ => Value::Null,
    })
}

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

fn sublist<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let Some(items) = call.items(0)? else {
        return Ok(Value::Null);
    };
    let length = match call.value(2) {
        Value::Null => Some(items.len()),
        length => length.as_number().and_then(whole),
    };
    let range = call
        .number(1)
        .and_then(|start| position(start, items.len()))
        .zip(length)
        .and_then(|(start, length)| {
            let most = items.len() - start;
            match call.arguments.len() {
                0..=2 => Some(start..items.len()),
                _ => (length <= most).then_some(start..start + length),
            }
        });
    match range.and_then(|range| items.get(range)) {
        Some(part) => call.make_list(part.to_vec()),
        None => Ok(Value::Null),
    }
}

/// The index from 0 of a position from 1, or from the end when negative; `None` outside.
fn position(position: Decimal, length: usize) -> Option<usize> {
    let index = match position.to_i64()? {
        0 => None,
        n @ 1.. => usize::try_from(n - 1).ok(),
        n => length.checked_sub(usize::try_from(n.unsigned_abs()).ok()?),
    };
    index.filter(|index| *index < length)
}

fn whole(number: Decimal) -> Option<usize> {
    usize::try_from(number.to_i64()?).ok()
}

fn append<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let mut items = match call.value(0) {
        // Appending to null makes a list of one, as null is an item like any other.
        Value::Null => vec![Value::Null],
        _ => call.items(0)?.unwrap_or_default(),
    };
    items.extend_from_slice(call.arguments.get(1..).unwrap_or_default());
    call.make_list(items)
}

fn concatenate<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    match joined(call)? {
        Some(items) => call.make_list(items),
        None => Ok(Value::Null),
    }
}

fn joined<'a>(call: &mut Call<'_, 'a>) -> Result<Option<Vec<Value<'a>>>, EvalError> {
    let mut all = Vec::new();
    for index in 0..call.arguments.len() {
        match call.items(index)? {
            Some(items) => all.extend(items),
            None => return Ok(None),
        }
    }
    Ok(Some(all))
}

fn insert_before<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let (items, at) = (call.items(0)?, call.number(1));
    let (Some(mut items), Some(at)) = (items, at) else {
        return Ok(Value::Null);
    };
    // One past the end is a position too.
    let end = Decimal::from(items.len() + 1);
    let index = match at == end {
        true => Some(items.len()),
        false => position(at, items.len()),
    };
    let Some(index) = index else {
        return Ok(Value::Null);
    };
    items.insert(index, call.value(2).clone());
    call.make_list(items)
}

fn remove<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let (items, at) = (call.items(0)?, call.number(1));
    let (Some(mut items), Some(at)) = (items, at) else {
        return Ok(Value::Null);
    };
    let Some(index) = position(at, items.len()) else {
        return Ok(Value::Null);
    };
    items.remove(index);
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

fn union<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    match joined(call)? {
        Some(items) => distinct(call, items),
        None => Ok(Value::Null),
    }
}

/// Each value once, where it stood first.
fn distinct<'a>(call: &mut Call<'_, 'a>, items: Vec<Value<'a>>) -> Outcome<'a> {
    let mut kept: Vec<Value<'a>> = Vec::new();
    for item in items {
        if !contains(call, &kept, &item)? {
            kept.push(item);
        }
    }
    call.make_list(kept)
}

fn contains<'a>(
    call: &mut Call<'_, 'a>,
    items: &[Value<'a>],
    wanted: &Value<'a>,
) -> Result<bool, EvalError> {
    for item in items {
        if call.equal(item, wanted)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Each value that is there more than once, once.
fn duplicates<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let Some(items) = call.items(0)? else {
        return Ok(Value::Null);
    };
    let mut found: Vec<Value<'a>> = Vec::new();
    for (i, item) in items.iter().enumerate() {
        if contains(call, &items[i + 1..], item)? && !contains(call, &found, item)? {
            found.push(item.clone());
        }
    }
    call.make_list(found)
}

/// The items of lists within lists, in order. Keeps its own stack: encoded lists nest as they like.
fn flatten<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let Some(items) = call.items(0)? else {
        return Ok(Value::Null);
    };
    let mut flat = Vec::new();
    let mut open: Vec<std::vec::IntoIter<Value<'a>>> = vec![items.into_iter()];
    while let Some(items) = open.last_mut() {
        match items.next() {
            None => {
                open.pop();
            }
            Some(Value::List(list)) => {
                let items = call.machine.items(call.at, &list)?;
                call.charge(1)?;
                open.push(items.into_iter());
            }
            Some(item) => flat.push(item),
        }
    }
    call.make_list(flat)
}

fn partition<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let size = call.number(1).and_then(whole).filter(|size| *size > 0);
    let (Some(items), Some(size)) = (call.items(0)?, size) else {
        return Ok(Value::Null);
    };
    let mut parts = Vec::new();
    for part in items.chunks(size) {
        parts.push(call.make_list(part.to_vec())?);
    }
    call.make_list(parts)
}
