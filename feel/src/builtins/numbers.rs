//! Functions on numbers (DMN 1.5, 10.3.4.5).

use super::{Builtin, Run};
use crate::value::Value;
use crate::{Decimal, Rounding};

/// The scales that rounding functions take (DMN 1.5, table 74).
const SCALES: std::ops::RangeInclusive<i64> = -6111..=6176;

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "decimal",
        forms: &[
            "n: number, scale: number",
            "n: number, scale: number, mode: string",
        ],
        fails: "the scale is not between -6111 and 6176, or there is no such rounding mode",
        run: Run::Simple(decimal),
    },
    Builtin {
        name: "floor",
        forms: &["n: number, scale?: number"],
        fails: "the scale is not between -6111 and 6176, or the result has more than 34 digits",
        run: Run::Simple(|a| rounded(a, Rounding::Floor)),
    },
    Builtin {
        name: "ceiling",
        forms: &["n: number, scale?: number"],
        fails: "the scale is not between -6111 and 6176, or the result has more than 34 digits",
        run: Run::Simple(|a| rounded(a, Rounding::Ceiling)),
    },
    Builtin {
        name: "round up",
        forms: &["n: number, scale?: number"],
        fails: "the scale is not between -6111 and 6176, or the result has more than 34 digits",
        run: Run::Simple(|a| rounded(a, Rounding::Up)),
    },
    Builtin {
        name: "round down",
        forms: &["n: number, scale?: number"],
        fails: "the scale is not between -6111 and 6176, or the result has more than 34 digits",
        run: Run::Simple(|a| rounded(a, Rounding::Down)),
    },
    Builtin {
        name: "round half up",
        forms: &["n: number, scale?: number"],
        fails: "the scale is not between -6111 and 6176, or the result has more than 34 digits",
        run: Run::Simple(|a| rounded(a, Rounding::HalfUp)),
    },
    Builtin {
        name: "round half down",
        forms: &["n: number, scale?: number"],
        fails: "the scale is not between -6111 and 6176, or the result has more than 34 digits",
        run: Run::Simple(|a| rounded(a, Rounding::HalfDown)),
    },
    Builtin {
        name: "abs",
        forms: &["n: number|duration", "number: number|duration"],
        fails: "",
        run: Run::Simple(absolute),
    },
    Builtin {
        name: "modulo",
        forms: &["dividend: number, divisor: number"],
        fails: "the divisor is zero, or the quotient has more than 34 digits",
        run: Run::Simple(|a| Some(Value::Number(number(a, 0)?.modulo(number(a, 1)?)?))),
    },
    Builtin {
        name: "sqrt",
        forms: &["number: number"],
        fails: "the number is negative",
        run: Run::Simple(|a| {
            let root = number(a, 0)?.square_root()?;
            Some(Value::Number(root.normalize()))
        }),
    },
    Builtin {
        name: "log",
        forms: &["number: number"],
        fails: "the number is not above zero",
        run: Run::Simple(|a| Some(Value::Number(number(a, 0)?.natural_log()?))),
    },
    Builtin {
        name: "exp",
        forms: &["number: number"],
        fails: "the result is out of range",
        run: Run::Simple(|a| Some(Value::Number(number(a, 0)?.exponential()?))),
    },
    Builtin {
        name: "even",
        forms: &["number: number"],
        fails: "the number has more than 34 digits before the point",
        run: Run::Simple(|a| Some(Value::Boolean(remainder_of_two(a)?.is_zero()))),
    },
    Builtin {
        name: "odd",
        forms: &["number: number"],
        fails: "the number has more than 34 digits before the point",
        run: Run::Simple(|a| Some(Value::Boolean(remainder_of_two(a)? == Decimal::ONE))),
    },
];

fn number(arguments: &[Value<'_>], index: usize) -> Option<Decimal> {
    arguments.get(index)?.as_number()
}

/// Rounds half to even, or as Camunda's third argument says.
fn decimal<'a>(arguments: &[Value<'a>]) -> Option<Value<'a>> {
    let rounding = match arguments.get(2) {
        None => Rounding::HalfEven,
        Some(mode) => match mode.as_str()?.to_ascii_uppercase().as_str() {
            "UP" => Rounding::Up,
            "DOWN" => Rounding::Down,
            "CEILING" => Rounding::Ceiling,
            "FLOOR" => Rounding::Floor,
            "HALF_UP" => Rounding::HalfUp,
            "HALF_DOWN" => Rounding::HalfDown,
            "HALF_EVEN" => Rounding::HalfEven,
            _ => return None,
        },
    };
    rounded(arguments, rounding)
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
