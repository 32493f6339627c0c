//! Functions on dates, times and durations (DMN 1.5, 10.3.4.1, 10.3.4.6 and 10.3.4.8, and Camunda's
//! additions). The present comes from the environment, in UTC.

use super::{Builtin, Run};
use crate::temporal::{Date, DateTime, DaysTimeDuration, SECOND, Time, YearsMonthsDuration, Zone};
use crate::value::Value;
use crate::{Decimal, Rounding};

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "date",
        forms: &[
            "from: string|date|date and time",
            "year: number, month: number, day: number",
        ],
        fails: "there is no such date",
        run: Run::Simple(date),
    },
    Builtin {
        name: "time",
        forms: &[
            "from: string|date|time|date and time",
            "hour: number, minute: number, second: number, offset?: days and time duration|null",
        ],
        fails: "there is no such time of day or zone",
        run: Run::Simple(time),
    },
    Builtin {
        name: "date and time",
        forms: &[
            "from: string|date|date and time",
            "date: date|date and time, time: time",
            "date: date and time, timezone: string",
        ],
        fails: "there is no such date and time or zone",
        run: Run::Simple(date_and_time),
    },
    Builtin {
        name: "duration",
        forms: &["from: string|duration"],
        fails: "the text is not a duration of days and time or of years and months",
        run: Run::Simple(duration),
    },
    Builtin {
        name: "years and months duration",
        forms: &["from: date|date and time, to: date|date and time"],
        fails: "",
        run: Run::Simple(|a| {
            let (from, to) = (date_of(a.first()?)?, date_of(a.get(1)?)?);
            Some(Value::YearsMonthsDuration(YearsMonthsDuration::between(
                from, to,
            )))
        }),
    },
    Builtin {
        name: "now",
        forms: &[""],
        fails: "",
        run: Run::Full(|call| {
            Ok(Value::DateTime(DateTime::from_epoch_ms(
                call.machine.now_ms,
            )))
        }),
    },
    Builtin {
        name: "today",
        forms: &[""],
        fails: "",
        run: Run::Full(|call| Ok(Value::Date(Date::of_epoch_ms(call.machine.now_ms)))),
    },
    Builtin {
        name: "day of year",
        forms: &["date: date|date and time"],
        fails: "",
        run: Run::Simple(|a| Some(integer(date_of(a.first()?)?.day_of_year().into()))),
    },
    Builtin {
        name: "week of year",
        forms: &["date: date|date and time"],
        fails: "",
        run: Run::Simple(|a| Some(integer(date_of(a.first()?)?.week_of_year().into()))),
    },
    Builtin {
        name: "day of week",
        forms: &["date: date|date and time"],
        fails: "",
        run: Run::Simple(|a| {
            const DAYS: [&str; 7] = [
                "Monday",
                "Tuesday",
                "Wednesday",
                "Thursday",
                "Friday",
                "Saturday",
                "Sunday",
            ];
            let weekday = usize::from(date_of(a.first()?)?.weekday());
            Some(Value::String((*DAYS.get(weekday - 1)?).into()))
        }),
    },
    Builtin {
        name: "month of year",
        forms: &["date: date|date and time"],
        fails: "",
        run: Run::Simple(|a| {
            const MONTHS: [&str; 12] = [
                "January",
                "February",
                "March",
                "April",
                "May",
                "June",
                "July",
                "August",
                "September",
                "October",
                "November",
                "December",
            ];
            let month = usize::from(date_of(a.first()?)?.month());
            Some(Value::String((*MONTHS.get(month - 1)?).into()))
        }),
    },
    Builtin {
        name: "last day of month",
        forms: &["date: date|date and time"],
        fails: "",
        run: Run::Simple(|a| Some(Value::Date(date_of(a.first()?)?.last_of_month()))),
    },
];

fn integer<'a>(n: i64) -> Value<'a> {
    Value::Number(n.into())
}

/// The date of a date or date-time.
fn date_of(value: &Value<'_>) -> Option<Date> {
    match value {
        Value::Date(date) => Some(*date),
        Value::DateTime(date_time) => Some(date_time.date()),
        _ => None,
    }
}

/// A number argument without its fraction.
fn whole(arguments: &[Value<'_>], index: usize) -> Option<i64> {
    let number = arguments.get(index)?.as_number()?;
    number.round(0, Rounding::Down)?.to_i64()
}

fn date<'a>(arguments: &[Value<'a>]) -> Option<Value<'a>> {
    let date = match arguments {
        [Value::String(text)] => Date::parse(text)?,
        [value] => date_of(value)?,
        parts => Date::new(whole(parts, 0)?, whole(parts, 1)?, whole(parts, 2)?)?,
    };
    Some(Value::Date(date))
}

fn time<'a>(arguments: &[Value<'a>]) -> Option<Value<'a>> {
    let time = match arguments {
        [Value::String(text)] => Time::parse(text)?,
        [Value::Time(time)] => time.clone(),
        [Value::DateTime(date_time)] => date_time.time().clone(),
        [Value::Date(_)] => Time::from_nanoseconds(0, Zone::UTC),
        [_] => return None,
        parts => time_of_parts(parts)?,
    };
    Some(Value::Time(time))
}

/// Hour, minute, second with a fraction, and the offset as a duration or null.
fn time_of_parts(parts: &[Value<'_>]) -> Option<Time> {
    let seconds: Decimal = parts.get(2)?.as_number()?;
    let second = seconds.round(0, Rounding::Floor)?;
    let fraction = seconds
        .minus(second)?
        .round(9, Rounding::Down)?
        .coefficient_at(-9)?;
    let zone = match parts.get(3) {
        None | Some(Value::Null) => Zone::Local,
        Some(Value::DaysTimeDuration(offset)) => {
            let nanoseconds = offset.nanoseconds();
            if nanoseconds % SECOND != 0 {
                return None;
            }
            Zone::offset(i64::try_from(nanoseconds / SECOND).ok()?)?
        }
        Some(_) => return None,
    };
    Time::new(
        whole(parts, 0)?,
        whole(parts, 1)?,
        second.to_i64()?,
        i64::try_from(fraction).ok()?,
        zone,
    )
}

fn date_and_time<'a>(arguments: &[Value<'a>]) -> Option<Value<'a>> {
    let date_time = match arguments {
        [Value::String(text)] => DateTime::parse(text)?,
        [Value::DateTime(date_time)] => date_time.clone(),
        [Value::Date(date)] => DateTime::new(*date, Time::from_nanoseconds(0, Zone::Local)),
        [date, Value::Time(time)] => DateTime::new(date_of(date)?, time.clone()),
        // Camunda: the same instant in another zone.
        [Value::DateTime(date_time), Value::String(zone)] => {
            date_time.with_zone(Zone::parse(zone)?)?
        }
        _ => return None,
    };
    Some(Value::DateTime(date_time))
}

fn duration<'a>(arguments: &[Value<'a>]) -> Option<Value<'a>> {
    match arguments.first()? {
        Value::String(text) => DaysTimeDuration::parse(text)
            .map(Value::DaysTimeDuration)
            .or_else(|| YearsMonthsDuration::parse(text).map(Value::YearsMonthsDuration)),
        value @ (Value::DaysTimeDuration(_) | Value::YearsMonthsDuration(_)) => Some(value.clone()),
        _ => None,
    }
}
