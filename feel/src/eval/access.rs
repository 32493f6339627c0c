//! Paths and filters (DMN 1.5, 10.3.2.5 and tables 58 and 59).

use super::{Machine, Outcome, Scope};
use crate::syntax::Node;
use crate::temporal::{Date, SECOND, Time};
use crate::value::{List, Range, Value};
use crate::warning::{WarningKind, shown};
use crate::{Decimal, EvalError, Rounding};

impl<'a> Machine<'a> {
    pub(super) fn path(
        &mut self,
        at: u32,
        subject: &'a Node,
        name: &'a str,
        scope: &Scope<'_, 'a>,
    ) -> Outcome<'a> {
        let value = self.eval(subject, scope)?;
        let Value::List(list) = value else {
            return self.property(at, &value, name);
        };
        self.charge(at, list.cost())?;
        let mut items = Vec::new();
        for item in list.iter() {
            items.push(self.property(at, &item, name)?);
        }
        self.list(at, items)
    }

    /// A member of a context, or a property of a temporal value or range; null when there is none.
    fn property(&mut self, at: u32, value: &Value<'a>, name: &str) -> Outcome<'a> {
        let property = match value {
            Value::Context(context) => {
                self.charge(at, context.cost() / 16)?;
                match context.get(name) {
                    Some(member) => member,
                    None => {
                        self.warn(at, WarningKind::NoContextEntry, || {
                            format!("the context has no entry `{name}`: {}", shown(value))
                        });
                        Value::Null
                    }
                }
            }
            Value::Date(date) => integer(date_property(*date, name)),
            Value::Time(time) => time_property(time, time.offset(), name),
            Value::DateTime(date_time) => match date_property(date_time.date(), name) {
                Some(n) => integer(Some(n)),
                None => time_property(date_time.time(), date_time.offset(), name),
            },
            Value::DaysTimeDuration(duration) => match name {
                "days" => integer(Some(duration.days())),
                "hours" => integer(Some(duration.hours())),
                "minutes" => integer(Some(duration.minutes())),
                "seconds" => {
                    // Whole ones, as everywhere: the fraction is in the duration itself.
                    let seconds = i128::from(duration.nanoseconds_of_minute()) / SECOND;
                    Value::number(Decimal::new(seconds, 0))
                }
                _ => Value::Null,
            },
            Value::YearsMonthsDuration(duration) => match name {
                "years" => integer(Some(duration.months() / 12)),
                "months" => integer(Some(duration.months() % 12)),
                _ => Value::Null,
            },
            Value::Range(range) => range_property(range, name),
            Value::Null
            | Value::Boolean(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::List(_)
            | Value::Function(_) => Value::Null,
        };
        if property.is_null() && !matches!(value, Value::Context(_)) {
            self.warn(at, WarningKind::NoProperty, || {
                format!("{} has no property `{name}`", shown(value))
            });
        }
        Ok(property)
    }

    /// An index, from 1 or from the end by a minus, or a condition on each item.
    pub(super) fn filter(
        &mut self,
        at: u32,
        pair: &'a (Node, Node),
        scope: &Scope<'_, 'a>,
    ) -> Outcome<'a> {
        let list = match self.eval(&pair.0, scope)? {
            Value::Null => return Ok(Value::Null),
            Value::List(list) => list,
            single => List::new(vec![single]).map_err(|kind| self.error(at, kind))?,
        };
        self.charge(at, list.cost() / 4)?;
        let mut kept = Vec::new();
        for (i, item) in list.iter().enumerate() {
            match self.eval(&pair.1, &Scope::Item(&item, scope))? {
                Value::Boolean(true) => kept.push(item),
                Value::Number(index) if i == 0 => {
                    let item = item_at(&list, index);
                    if item.is_null() {
                        self.warn_outside(at, &list, index);
                    }
                    return Ok(item);
                }
                _ => (),
            }
        }
        if list.is_empty()
            && let Value::Number(index) = self.eval(&pair.1, &Scope::Item(&Value::Null, scope))?
        {
            self.warn_outside(at, &list, index);
            return Ok(Value::Null);
        }
        self.list(at, kept)
    }

    /// The items of a list as a vector, decoded where they were not.
    pub(crate) fn items(&mut self, at: u32, list: &List<'a>) -> Result<Vec<Value<'a>>, EvalError> {
        self.charge(at, list.cost())?;
        Ok(match list.as_slice() {
            Some(items) => items.to_vec(),
            None => list.iter().collect(),
        })
    }
}

/// The item at an index from 1, or from the end when negative; null outside. A fraction is cut.
pub(crate) fn item_at<'a>(list: &List<'a>, index: Decimal) -> Value<'a> {
    let index = index.round(0, Rounding::Down);
    let Some(index) = index.and_then(Decimal::to_i64) else {
        return Value::Null;
    };
    let from_start = match index {
        0 => None,
        1.. => usize::try_from(index - 1).ok(),
        _ => usize::try_from(index.unsigned_abs())
            .ok()
            .and_then(|back| list.len().checked_sub(back)),
    };
    from_start
        .and_then(|i| match list.as_slice() {
            Some(items) => items.get(i).cloned(),
            None => list.iter().nth(i),
        })
        .unwrap_or(Value::Null)
}

fn integer<'a>(n: Option<i64>) -> Value<'a> {
    n.map_or(Value::Null, |n| Value::Number(n.into()))
}

fn date_property(date: Date, name: &str) -> Option<i64> {
    match name {
        "year" => Some(date.year().into()),
        "month" => Some(date.month().into()),
        "day" => Some(date.day().into()),
        "weekday" => Some(date.weekday().into()),
        _ => None,
    }
}

fn time_property<'a>(time: &Time, offset: Option<i32>, name: &str) -> Value<'a> {
    match name {
        "hour" => integer(Some(time.hour().into())),
        "minute" => integer(Some(time.minute().into())),
        "second" => integer(Some(time.second().into())),
        "time offset" => offset.map_or(Value::Null, |seconds| {
            let nanoseconds = i128::from(seconds) * crate::temporal::SECOND;
            Value::DaysTimeDuration(crate::temporal::DaysTimeDuration::from_nanoseconds(
                nanoseconds,
            ))
        }),
        "timezone" => time.zone().name().map_or(Value::Null, Value::text),
        _ => Value::Null,
    }
}

fn range_property<'a>(range: &Range<'a>, name: &str) -> Value<'a> {
    match name {
        "start" => range.start.clone().unwrap_or(Value::Null),
        "end" => range.end.clone().unwrap_or(Value::Null),
        "start included" => Value::Boolean(range.start_included),
        "end included" => Value::Boolean(range.end_included),
        _ => Value::Null,
    }
}
