//! Functions that order the items of a list: minimum, maximum, median, mode, deviation, sorting.

use std::cmp::Ordering;

use super::{Builtin, Run};
use crate::eval::{Call, Outcome, order};
use crate::value::Value;
use crate::{Decimal, EvalError};

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "min",
        forms: &["list: list", "c...: any"],
        fails: "",
        run: Run::Full(|call| extreme(call, Ordering::Less)),
    },
    Builtin {
        name: "max",
        forms: &["list: list", "c...: any"],
        fails: "",
        run: Run::Full(|call| extreme(call, Ordering::Greater)),
    },
    Builtin {
        name: "median",
        forms: &["list: list of numbers", "n...: number"],
        fails: "",
        run: Run::Full(median),
    },
    Builtin {
        name: "mode",
        forms: &["list: list of numbers", "n...: number"],
        fails: "",
        run: Run::Full(mode),
    },
    Builtin {
        name: "stddev",
        forms: &["list: list of numbers", "n...: number"],
        fails: "there are fewer than two numbers",
        run: Run::Full(standard_deviation),
    },
    Builtin {
        name: "sort",
        forms: &["list: list, precedes?: function|null"],
        fails: "the items do not compare, or the function does not give true or false",
        run: Run::Full(sort),
    },
];

const UNORDERED: &str = "the values do not compare with each other";

/// The item that comes first or last; null unless all are of one ordered type.
fn extreme<'a>(call: &mut Call<'_, 'a>, wanted: Ordering) -> Outcome<'a> {
    let mut best: Option<Value<'a>> = None;
    for item in call.variadic()? {
        best = match best {
            None if order(&item, &item).is_none() => return call.fail(UNORDERED),
            None => Some(item),
            Some(best) => match call.order(&item, &best)? {
                None => return call.fail(UNORDERED),
                Some(found) if found == wanted => Some(item),
                Some(_) => Some(best),
            },
        };
    }
    Ok(best.unwrap_or(Value::Null))
}

/// The arguments as sorted numbers; `None` when one is not a number.
fn sorted_numbers(call: &mut Call<'_, '_>) -> Result<Option<Vec<Decimal>>, EvalError> {
    let items = call.variadic()?;
    call.charge(items.len() * sort_rounds(items.len()))?;
    let numbers: Option<Vec<Decimal>> = items.iter().map(Value::as_number).collect();
    Ok(numbers.map(|mut numbers| {
        numbers.sort();
        numbers
    }))
}

/// How often sorting looks at each item.
fn sort_rounds(length: usize) -> usize {
    length.checked_ilog2().unwrap_or(0) as usize + 1
}

fn median<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let Some(numbers) = sorted_numbers(call)? else {
        return Ok(Value::Null);
    };
    let middle = numbers.len() / 2;
    let at = |index: usize| numbers.get(index).copied();
    let median = match numbers.len() % 2 {
        1 => at(middle),
        _ => middle
            .checked_sub(1)
            .and_then(at)
            .zip(at(middle))
            .and_then(|(low, high)| low.plus(high)?.divided_by(Decimal::from(2_i64))),
    };
    Ok(Value::number(median))
}

/// The most frequent numbers, in ascending order.
fn mode<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let Some(numbers) = sorted_numbers(call)? else {
        return Ok(Value::Null);
    };
    let mut most = 0;
    let mut modes = Vec::new();
    for run in numbers.chunk_by(|a, b| a == b) {
        if run.len() > most {
            most = run.len();
            modes.clear();
        }
        if run.len() == most {
            modes.extend(run.first().map(|n| Value::Number(*n)));
        }
    }
    call.make_list(modes)
}

/// The standard deviation of a sample: of at least two numbers.
fn standard_deviation<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let numbers = sorted_numbers(call)?.unwrap_or_default();
    Ok(Value::number(deviation(&numbers)))
}

fn deviation(numbers: &[Decimal]) -> Option<Decimal> {
    if numbers.len() < 2 {
        return None;
    }
    let sum = |numbers: &mut dyn Iterator<Item = Option<Decimal>>| {
        let mut sum = Decimal::ZERO;
        for n in numbers {
            sum = sum.plus(n?)?;
        }
        Some(sum)
    };
    let mean = sum(&mut numbers.iter().copied().map(Some))?.divided_by(numbers.len().into())?;
    let squares = sum(&mut numbers.iter().map(|n| {
        let distance = n.minus(mean)?;
        distance.times(distance)
    }))?;
    let root = squares
        .divided_by((numbers.len() - 1).into())?
        .square_root()?;
    Some(root.normalize())
}

/// Sorts by `function(a, b)`, which says whether a comes before b, or without one by natural order.
/// A stable merge sort: any function ends it, and equal items keep their order.
fn sort<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let Some(items) = call.items(0)? else {
        return Ok(Value::Null);
    };
    let precedes = call.value(1).clone();
    if !matches!(precedes, Value::Null | Value::Function(_)) {
        return Ok(Value::Null);
    }
    let mut runs: Vec<Vec<Value<'a>>> = items.into_iter().map(|item| vec![item]).collect();
    while runs.len() > 1 {
        let mut merged = Vec::with_capacity(runs.len() / 2 + 1);
        let mut rest = runs.into_iter();
        while let Some(left) = rest.next() {
            let Some(right) = rest.next() else {
                merged.push(left);
                break;
            };
            match merge(call, &precedes, left, right)? {
                Some(run) => merged.push(run),
                None => return Ok(Value::Null),
            }
        }
        runs = merged;
    }
    call.make_list(runs.pop().unwrap_or_default())
}

/// Two sorted runs as one; `None` when two items do not compare.
fn merge<'a>(
    call: &mut Call<'_, 'a>,
    precedes: &Value<'a>,
    left: Vec<Value<'a>>,
    right: Vec<Value<'a>>,
) -> Result<Option<Vec<Value<'a>>>, EvalError> {
    let mut run = Vec::with_capacity(left.len() + right.len());
    let mut left = left.into_iter().peekable();
    let mut right = right.into_iter().peekable();
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        call.charge(1)?;
        let right_first = match precedes {
            Value::Function(function) => {
                let pair = [b.clone(), a.clone()];
                call.machine.apply(call.at, function, &pair)?.as_boolean()
            }
            _ => call.order(b, a)?.map(Ordering::is_lt),
        };
        match right_first {
            Some(true) => run.extend(right.next()),
            Some(false) => run.extend(left.next()),
            None => return Ok(None),
        }
    }
    run.extend(left);
    run.extend(right);
    Ok(Some(run))
}
