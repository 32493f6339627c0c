//! `for`, `some` and `every` (DMN 1.5, 10.3.2.10 and 10.3.2.11).

use super::{Machine, Outcome, Scope, order};
use crate::EvalError;
use crate::syntax::{Iteration, Node, Source};
use crate::temporal::Date;
use crate::value::{List, Range, Value};

/// What runs for each combination of items; false ends the iteration.
type Body<'b, 'a> = dyn FnMut(&mut Machine<'a>, &Scope<'_, 'a>) -> Result<bool, EvalError> + 'b;

/// What runs for each item of one iteration; `None` makes the whole null.
type Each<'e, 'a> = dyn FnMut(&mut Machine<'a>, Value<'a>) -> Result<Option<bool>, EvalError> + 'e;

/// What an iteration runs over.
enum Items<'a> {
    List(List<'a>),
    /// From, to; up or down.
    Numbers(i64, i64),
    Dates(Date, Date),
    /// Nothing to iterate over: the whole is null.
    None,
}

impl<'a> Machine<'a> {
    pub(super) fn for_(
        &mut self,
        at: u32,
        iterations: &'a [Iteration],
        body: &'a Node,
        scope: &Scope<'_, 'a>,
    ) -> Outcome<'a> {
        let mut results = Vec::new();
        let complete = self.iterate(at, iterations, scope, &mut |machine, scope| {
            let result = machine.eval(body, &Scope::Partial(&results, scope))?;
            results.push(result);
            Ok(true)
        })?;
        match complete {
            Some(_) => self.list(at, results),
            None => {
                self.warn_no_items(at, "for");
                Ok(Value::Null)
            }
        }
    }

    /// `some` (true decides) or `every` (false decides); otherwise null wins over the rest.
    pub(super) fn quantified(
        &mut self,
        at: u32,
        iterations: &'a [Iteration],
        condition: &'a Node,
        decisive: bool,
        scope: &Scope<'_, 'a>,
    ) -> Outcome<'a> {
        let mut result = Some(!decisive);
        let complete = self.iterate(at, iterations, scope, &mut |machine, scope| {
            match machine.eval(condition, scope)? {
                Value::Boolean(truth) if truth == decisive => {
                    result = Some(decisive);
                    return Ok(false);
                }
                Value::Boolean(_) => (),
                _ => result = None,
            }
            Ok(true)
        })?;
        Ok(match complete {
            Some(_) => Value::boolean(result),
            None => {
                self.warn_no_items(at, if decisive { "some" } else { "every" });
                Value::Null
            }
        })
    }

    /// Runs `body` for each combination, the last iteration fastest. `None` when a source is nothing
    /// to iterate over, `Some(false)` when the body ended it.
    fn iterate(
        &mut self,
        at: u32,
        iterations: &'a [Iteration],
        scope: &Scope<'_, 'a>,
        body: &mut Body<'_, 'a>,
    ) -> Result<Option<bool>, EvalError> {
        let Some((iteration, rest)) = iterations.split_first() else {
            return body(self, scope).map(Some);
        };
        let items = self.source(at, &iteration.source, scope)?;
        self.deeper(at, |machine| {
            let name = &*iteration.name;
            let mut each = |machine: &mut Self, item: Value<'a>| {
                machine.charge(at, 1)?;
                machine.iterate(at, rest, &Scope::Bind(name, &item, scope), body)
            };
            match items {
                Items::None => Ok(None),
                Items::List(list) => run(machine, list.iter(), &mut each),
                Items::Numbers(from, to) => {
                    let numbers = count(from, to).map(|n| Value::Number(n.into()));
                    run(machine, numbers, &mut each)
                }
                Items::Dates(from, to) => {
                    let days = count(from.epoch_days(), to.epoch_days())
                        .filter_map(Date::from_epoch_days)
                        .map(Value::Date);
                    run(machine, days, &mut each)
                }
            }
        })
    }

    fn source(
        &mut self,
        at: u32,
        source: &'a Source,
        scope: &Scope<'_, 'a>,
    ) -> Result<Items<'a>, EvalError> {
        let node = match source {
            Source::List(node) => node,
            Source::Count(from, to) => {
                let (from, to) = (self.eval(from, scope)?, self.eval(to, scope)?);
                return Ok(counted(&from, &to));
            }
        };
        Ok(match self.eval(node, scope)? {
            Value::Null => Items::None,
            Value::List(list) => {
                self.charge(at, list.cost() / 4)?;
                Items::List(list)
            }
            Value::Range(range) => {
                if let (Some(start), Some(end)) = (&range.start, &range.end) {
                    self.charge_comparison(at, start, end)?;
                }
                inside(&range)
            }
            single => Items::List(List::new(vec![single]).map_err(|kind| self.error(at, kind))?),
        })
    }
}

fn run<'a>(
    machine: &mut Machine<'a>,
    items: impl Iterator<Item = Value<'a>>,
    each: &mut Each<'_, 'a>,
) -> Result<Option<bool>, EvalError> {
    for item in items {
        match each(machine, item)? {
            Some(true) => (),
            stop @ (Some(false) | None) => return Ok(stop),
        }
    }
    Ok(Some(true))
}

/// From one number to another, up or down, both included.
fn count(from: i64, to: i64) -> Box<dyn Iterator<Item = i64>> {
    match from <= to {
        true => Box::new(from..=to),
        false => Box::new((to..=from).rev()),
    }
}

fn counted<'a>(from: &Value<'a>, to: &Value<'a>) -> Items<'a> {
    match (from, to) {
        (Value::Number(from), Value::Number(to)) => match (from.to_i64(), to.to_i64()) {
            (Some(from), Some(to)) => Items::Numbers(from, to),
            (None, _) | (_, None) => Items::None,
        },
        (Value::Date(from), Value::Date(to)) => Items::Dates(*from, *to),
        _ => Items::None,
    }
}

/// The whole numbers or dates in a range value.
fn inside<'a>(range: &Range<'a>) -> Items<'a> {
    let (Some(start), Some(end)) = (&range.start, &range.end) else {
        return Items::None;
    };
    // A range that runs backwards is a mistake, not an empty list.
    if order(start, end).is_none_or(std::cmp::Ordering::is_gt) {
        return Items::None;
    }
    let (first, last) = (
        i64::from(!range.start_included),
        -i64::from(!range.end_included),
    );
    match counted(start, end) {
        Items::Numbers(from, to) => {
            let (Some(from), Some(to)) = (from.checked_add(first), to.checked_add(last)) else {
                return Items::None;
            };
            match from <= to {
                true => Items::Numbers(from, to),
                false => Items::List(List::encoded(b"[]")),
            }
        }
        Items::Dates(from, to) => match (from.add_days(first), to.add_days(last)) {
            (Some(from), Some(to)) if from <= to => Items::Dates(from, to),
            (_, _) => Items::List(List::encoded(b"[]")),
        },
        Items::List(_) | Items::None => Items::None,
    }
}
