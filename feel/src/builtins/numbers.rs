//! Functions on numbers (DMN 1.5, 10.3.4.5).

use super::{Builtin, Run};
use crate::value::Value;
use crate::{Decimal, Rounding};

/// The scales that rounding functions take (DMN 1.5, table 74).
const SCALES: std::ops::RangeInclusive<i64> = -6111..=6176;

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "decimal",
        forms: &["n, scale"],
        run: Run::Simple(|a| rounded(a, Rounding::HalfEven)),
    },
    Builtin {
        name: "floor",
        forms: &["n, scale?"],
        run: Run::Simple(|a| rounded(a, Rounding::Floor)),
    },
    Builtin {
        name: "ceiling",
        forms: &["n, scale?"],
        run: Run::Simple(|a| rounded(a, Rounding::Ceiling)),
    },
    Builtin {
        name: "round up",
        forms: &["n, scale"],
        run: Run::Simple(|a| rounded(a, Rounding::Up)),
    },
    Builtin {
        name: "round down",
        forms: &["n, scale"],
        run: Run::Simple(|a| rounded(a, Rounding::Down)),
    },
    Builtin {
        name: "round half up",
        forms: &["n, scale"],
        run: Run::Simple(|a| rounded(a, Rounding::HalfUp)),
    },
    Builtin {
        name: "round half down",
        forms: &["n, scale"],
        run: Run::Simple(|a| rounded(a, Rounding::HalfDown)),
    },
    Builtin {
        name: "abs",
        forms: &["n", "number"],
        run: Run::Simple(absolute),
    },
    Builtin {
        name: "modulo",
        forms: &["dividend, divisor"],
        run: Run::Simple(|a| Some(Value::Number(number(a, 0)?.modulo(number(a, 1)?)?))),
    },
    Builtin {
        name: "sqrt",
        forms: &["number"],
        run: Run::Simple(|a| {
            let root = number(a, 0)?.square_root()?;
            Some(Value::Number(root.normalize()))
        }),
    },
    Builtin {
        name: "log",
        forms: &["number"],
        run: Run::Simple(|a| Some(Value::Number(number(a, 0)?.natural_log()?))),
    },
    Builtin {
        name: "exp",
        forms: &["number"],
        run: Run::Simple(|a| Some(Value::Number(number(a, 0)?.exponential()?))),
    },
    Builtin {
        name: "even",
        forms: &["number"],
        run: Run::Simple(|a| Some(Value::Boolean(remainder_of_two(a)?.is_zero()))),
    },
    Builtin {
        name: "odd",
        forms: &["number"],
        run: Run::Simple(|a| Some(Value::Boolean(remainder_of_two(a)? == Decimal::ONE))),
    },
];

fn number(arguments: &[Value<'_>], index: usize) -> Option<Decimal> {
    arguments.get(index)?.as_number()
}

fn rounded<'a>(arguments: &[Value<'a>], rounding: Rounding) -> Option<Value<'a>> {
    let n = number(arguments, 0)?;
    let scale = match arguments.get(1) {
        None => 0,
        Some(scale) => scale
            .as_number()?
            .round(0, Rounding::Down)?
            .to_i64()
            .filter(|scale| SCALES.contains(scale))?,
    };
    Some(Value::Number(n.round(scale as i32, rounding)?))
}

fn absolute<'a>(arguments: &[Value<'a>]) -> Option<Value<'a>> {
    use crate::temporal::{DaysTimeDuration, YearsMonthsDuration};
    match arguments.first()? {
        Value::Number(n) => Some(Value::Number(n.absolute())),
        Value::DaysTimeDuration(d) => Some(Value::DaysTimeDuration(
            DaysTimeDuration::from_nanoseconds(d.nanoseconds().checked_abs()?),
        )),
        Value::YearsMonthsDuration(d) => Some(Value::YearsMonthsDuration(
            YearsMonthsDuration::from_months(d.months().checked_abs()?),
        )),
        _ => None,
    }
}

fn remainder_of_two(arguments: &[Value<'_>]) -> Option<Decimal> {
    number(arguments, 0)?.modulo(Decimal::from(2_i64))
}
