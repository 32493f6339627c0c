//! Arithmetic on numbers, text and time (DMN 1.5, 10.3.2.14 and tables 45 to 49).

use super::{Machine, Outcome, Scope};
use crate::Decimal;
use crate::syntax::{ArithmeticOp, Node};
use crate::temporal::{DateTime, DaysTimeDuration, SECOND, Time, YearsMonthsDuration, Zone};
use crate::value::Value;
use crate::warning::{WarningKind, shown};

impl<'a> Machine<'a> {
    pub(super) fn negate(&mut self, operand: &'a Node, scope: &Scope<'_, 'a>) -> Outcome<'a> {
        Ok(match self.eval(operand, scope)? {
            Value::Number(n) => Value::Number(n.negate()),
            Value::DaysTimeDuration(d) => Value::DaysTimeDuration(negative(d)),
            Value::YearsMonthsDuration(d) => months(d.months().checked_neg()),
            other => {
                self.warn(operand.at, WarningKind::WrongType, || {
                    format!("`-` takes a number or duration, found {}", shown(&other))
                });
                Value::Null
            }
        })
    }

    pub(super) fn arithmetic(
        &mut self,
        first: &'a Node,
        rest: &'a [(ArithmeticOp, Node)],
        scope: &Scope<'_, 'a>,
    ) -> Outcome<'a> {
        let mut result = self.eval(first, scope)?;
        for (op, node) in rest {
            let right = self.eval(node, scope)?;
            let next = match (op, &result, &right) {
                (ArithmeticOp::Add, Value::String(left), Value::String(right)) => {
                    self.charge_text(node.at, left.len() + right.len())?;
                    Value::text([left.as_str(), right.as_str()].concat())
                }
                (ArithmeticOp::Add, left, right) => add(left, right),
                (ArithmeticOp::Subtract, left, right) => subtract(left, right),
                (ArithmeticOp::Multiply, left, right) => multiply(left, right),
                (ArithmeticOp::Divide, left, right) => divide(left, right),
                (ArithmeticOp::Power, Value::Number(left), Value::Number(right)) => {
                    // Powers are the one operation that is not nearly constant in time.
                    self.charge(node.at, 20)?;
                    Value::number(left.power(*right))
                }
                (ArithmeticOp::Power, ..) => Value::Null,
            };
            if next.is_null() {
                self.warn_operator(node.at, op.symbol(), &result, &right);
            }
            result = next;
        }
        Ok(result)
    }
}

/// The sum, except of text, which costs steps.
pub(crate) fn add<'a>(left: &Value<'a>, right: &Value<'a>) -> Value<'a> {
    use Value::{Date, DateTime, DaysTimeDuration, Number, Time, YearsMonthsDuration};
    match (left, right) {
        (Number(a), Number(b)) => Value::number(a.plus(*b)),
        (DaysTimeDuration(a), DaysTimeDuration(b)) => {
            days(a.nanoseconds().checked_add(b.nanoseconds()))
        }
        (YearsMonthsDuration(a), YearsMonthsDuration(b)) => {
            months(a.months().checked_add(b.months()))
        }
        (Date(date), YearsMonthsDuration(d)) | (YearsMonthsDuration(d), Date(date)) => {
            date.add_months(d.months()).map_or(Value::Null, Date)
        }
        (Date(date), DaysTimeDuration(d)) | (DaysTimeDuration(d), Date(date)) => {
            let days = d.nanoseconds().div_euclid(crate::temporal::DAY);
            let later = i64::try_from(days)
                .ok()
                .and_then(|days| date.add_days(days));
            later.map_or(Value::Null, Date)
        }
        (DateTime(at), YearsMonthsDuration(d)) | (YearsMonthsDuration(d), DateTime(at)) => {
            at.add_months(*d).map_or(Value::Null, DateTime)
        }
        (DateTime(at), DaysTimeDuration(d)) | (DaysTimeDuration(d), DateTime(at)) => {
            at.add(*d).map_or(Value::Null, DateTime)
        }
        (Time(at), DaysTimeDuration(d)) | (DaysTimeDuration(d), Time(at)) => Time(at.add(*d)),
        _ => Value::Null,
    }
}

/// The difference.
fn subtract<'a>(left: &Value<'a>, right: &Value<'a>) -> Value<'a> {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => Value::number(a.minus(*b)),
        (Value::Time(a), Value::Time(b)) => a.since(b).map_or(Value::Null, Value::DaysTimeDuration),
        (Value::Date(a), Value::Date(b)) => {
            let days_between = i128::from(a.epoch_days() - b.epoch_days());
            days(days_between.checked_mul(crate::temporal::DAY))
        }
        (Value::DateTime(a), Value::DateTime(b)) => between(a, b),
        (Value::DateTime(a), Value::Date(b)) => between(a, &midnight(*b)),
        (Value::Date(a), Value::DateTime(b)) => between(&midnight(*a), b),
        (left, Value::DaysTimeDuration(d)) => add(left, &Value::DaysTimeDuration(negative(*d))),
        (left, Value::YearsMonthsDuration(d)) => add(left, &months(d.months().checked_neg())),
        _ => Value::Null,
    }
}

fn multiply<'a>(left: &Value<'a>, right: &Value<'a>) -> Value<'a> {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => Value::number(a.times(*b)),
        (Value::DaysTimeDuration(d), Value::Number(n))
        | (Value::Number(n), Value::DaysTimeDuration(d)) => {
            scaled_days(*d, |seconds| seconds.times(*n))
        }
        (Value::YearsMonthsDuration(d), Value::Number(n))
        | (Value::Number(n), Value::YearsMonthsDuration(d)) => {
            scaled_months(*d, |months| months.times(*n))
        }
        _ => Value::Null,
    }
}

fn divide<'a>(left: &Value<'a>, right: &Value<'a>) -> Value<'a> {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => Value::number(a.divided_by(*b)),
        (Value::DaysTimeDuration(d), Value::Number(n)) => {
            scaled_days(*d, |seconds| seconds.divided_by(*n))
        }
        (Value::YearsMonthsDuration(d), Value::Number(n)) => {
            scaled_months(*d, |months| months.divided_by(*n))
        }
        (Value::DaysTimeDuration(a), Value::DaysTimeDuration(b)) => {
            let (a, b) = (seconds(*a), seconds(*b));
            Value::number(a.zip(b).and_then(|(a, b)| a.divided_by(b)))
        }
        (Value::YearsMonthsDuration(a), Value::YearsMonthsDuration(b)) => {
            Value::number(Decimal::from(a.months()).divided_by(Decimal::from(b.months())))
        }
        _ => Value::Null,
    }
}

fn between<'a>(a: &DateTime, b: &DateTime) -> Value<'a> {
    a.since(b).map_or(Value::Null, Value::DaysTimeDuration)
}

/// A date beside a date-time: the start of its day in UTC.
pub(super) fn midnight(date: crate::temporal::Date) -> DateTime {
    DateTime::new(date, Time::from_nanoseconds(0, Zone::UTC))
}

fn negative(duration: DaysTimeDuration) -> DaysTimeDuration {
    DaysTimeDuration::from_nanoseconds(duration.nanoseconds().saturating_neg())
}

fn days<'a>(nanoseconds: Option<i128>) -> Value<'a> {
    match nanoseconds {
        // Whole days must fit an i64, so that the parts of a duration do.
        Some(n) if (n / SECOND).unsigned_abs() <= i64::MAX as u128 => {
            Value::DaysTimeDuration(DaysTimeDuration::from_nanoseconds(n))
        }
        Some(_) | None => Value::Null,
    }
}

fn months<'a>(months: Option<i64>) -> Value<'a> {
    months.map_or(Value::Null, |months| {
        Value::YearsMonthsDuration(YearsMonthsDuration::from_months(months))
    })
}

fn seconds(duration: DaysTimeDuration) -> Option<Decimal> {
    Decimal::new(duration.nanoseconds(), -9)
}

fn scaled_days<'a>(
    duration: DaysTimeDuration,
    scale: impl Fn(Decimal) -> Option<Decimal>,
) -> Value<'a> {
    let nanoseconds = seconds(duration)
        .and_then(scale)
        .and_then(|s| s.round(9, crate::Rounding::Down))
        .and_then(|s| s.coefficient_at(-9));
    days(nanoseconds)
}

fn scaled_months<'a>(
    duration: YearsMonthsDuration,
    scale: impl Fn(Decimal) -> Option<Decimal>,
) -> Value<'a> {
    let scaled = scale(Decimal::from(duration.months()))
        .and_then(|n| n.round(0, crate::Rounding::Down))
        .and_then(Decimal::to_i64);
    months(scaled)
}
