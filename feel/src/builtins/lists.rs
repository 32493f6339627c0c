//! Functions on whole lists (DMN 1.5, 10.3.4.4, and Camunda's additions). A single value stands for a
//! list of one. Equality here is that of `=`. Those with positions are in [`super::positions`].

use super::{Builtin, Run};
use crate::eval::{Call, Outcome, add};
use crate::value::{List, Value};
use crate::{Decimal, EvalError};

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "list contains",
        forms: &["list: list, element: any"],
        fails: "",
        run: Run::Full(list_contains),
    },
    Builtin {
        name: "count",
        forms: &["list: list", "c...: any"],
        fails: "",
        run: Run::Full(count),
    },
    Builtin {
        name: "sum",
        forms: &["list: list of quantities", "n...: quantity"],
        fails: "",
        run: Run::Full(|call| fold(call, add_all)),
    },
    Builtin {
        name: "product",
        forms: &["list: list of numbers", "n...: number"],
        fails: "",
        run: Run::Full(|call| fold_numbers(call, Decimal::times)),
    },
    Builtin {
        name: "mean",
        forms: &["list: list of numbers", "n...: number"],
        fails: "",
        run: Run::Full(mean),
    },
    Builtin {
        name: "concatenate",
        forms: &["list...: any"],
        fails: "",
        run: Run::Full(concatenate),
    },
    Builtin {
        name: "reverse",
        forms: &["list: list"],
        fails: "",
        run: Run::Full(reverse),
    },
    Builtin {
        name: "union",
        forms: &["list...: any"],
        fails: "",
        run: Run::Full(union),
    },
    Builtin {
        name: "distinct values",
        forms: &["list: list"],
        fails: "",
        run: Run::Full(distinct_values),
    },
    Builtin {
        name: "duplicate values",
        forms: &["list: list"],
        fails: "",
        run: Run::Full(duplicates),
    },
    Builtin {
        name: "flatten",
        forms: &["list: list"],
        fails: "",
        run: Run::Full(flatten),
    },
    Builtin {
        name: "is empty",
        forms: &["list: list"],
        fails: "",
        run: Run::Full(is_empty),
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

fn count<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let count = match call.arguments {
        [_] => {
            let list = call.list(0);
            call.charge(list.as_ref().map_or(0, List::cost))?;
            list.map(|list| list.len())
        }
        many => Some(many.len()),
    };
    Ok(count.map_or(Value::Null, |n| Value::Number(n.into())))
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

fn concatenate<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let items = joined(call)?;
    call.make_list(items)
}

fn joined<'a>(call: &mut Call<'_, 'a>) -> Result<Vec<Value<'a>>, EvalError> {
    let mut all = Vec::new();
    for index in 0..call.arguments.len() {
        match call.items(index)? {
            Some(items) => all.extend(items),
            // What is no list is an item, and so is null.
            None => all.push(Value::Null),
        }
    }
    Ok(all)
}

fn reverse<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let Some(mut items) = call.items(0)? else {
        return Ok(Value::Null);
    };
    items.reverse();
    call.make_list(items)
}

fn union<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let items = joined(call)?;
    distinct(call, items)
}

fn distinct_values<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    match call.items(0)? {
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

fn is_empty<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    Ok(match call.value(0) {
        Value::List(list) => Value::Boolean(list.is_empty()),
        Value::Context(context) => Value::Boolean(context.is_empty()),
        Value::String(text) => Value::Boolean(text.is_empty()),
        _ => Value::Null,
    })
}
