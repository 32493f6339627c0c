//! The timers of BPMN: dates, durations and cycles, as instants in milliseconds.
//!
//! Reads more than FEEL does: weeks, calendar and exact parts in one duration, date-times without
//! seconds. Calendar months are added in UTC, so that every replica computes the same instant.

use std::fmt;

use super::text::{self, Cursor};
use super::{Date, DateTime, DaysTimeDuration, Time, YearsMonthsDuration, Zone};

/// Any ISO 8601 duration: calendar months and an exact part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duration {
    /// Calendar months (a year is twelve).
    pub months: i64,
    /// The exact part in milliseconds (a day is 24 hours, a week seven days).
    pub milliseconds: i64,
}

impl Duration {
    /// The instant this long after `epoch_ms`: first the months, in the UTC calendar (a missing day
    /// becomes the month's last), then the exact part. `None` outside the range of `i64`.
    pub fn add_to(self, epoch_ms: i64) -> Option<i64> {
        if self.months == 0 {
            return epoch_ms.checked_add(self.milliseconds);
        }
        let months = YearsMonthsDuration::from_months(self.months);
        let later = DateTime::from_epoch_ms(epoch_ms).add_months(months)?;
        later.to_epoch_ms()?.checked_add(self.milliseconds)
    }

    /// Whether adding it leaves every instant where it is.
    pub fn is_zero(self) -> bool {
        self.months == 0 && self.milliseconds == 0
    }
}

impl From<DaysTimeDuration> for Duration {
    /// Cuts to milliseconds; what is beyond an `i64` becomes the largest.
    fn from(duration: DaysTimeDuration) -> Self {
        let milliseconds = duration.nanoseconds() / 1_000_000;
        let limit = if milliseconds < 0 { i64::MIN } else { i64::MAX };
        Duration {
            months: 0,
            milliseconds: i64::try_from(milliseconds).unwrap_or(limit),
        }
    }
}

impl From<YearsMonthsDuration> for Duration {
    fn from(duration: YearsMonthsDuration) -> Self {
        Duration {
            months: duration.months(),
            milliseconds: 0,
        }
    }
}

/// A repeating interval: `R5/PT10S`, `R/2026-01-01T00:00:00Z/P1D`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cycle {
    /// How often it fires; `None` is without end.
    pub repetitions: Option<u32>,
    /// The first time, in milliseconds since the epoch; `None` is one interval after it is set.
    pub start: Option<i64>,
    /// The time between two.
    pub interval: Duration,
}

/// Why a text is not a temporal value, and what was expected. Displays as one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemporalError {
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for TemporalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for TemporalError {}

/// Parses an ISO 8601 duration of years, months, weeks, days, hours, minutes and seconds.
pub fn parse_duration(text: &str) -> Result<Duration, TemporalError> {
    let parts = text::duration(text, true)
        .ok_or_else(|| expected(text, "a duration like `PT10S`, `P1DT2H` or `P1M`"))?;
    let exact = parts
        .days_time
        .unwrap_or(DaysTimeDuration::from_nanoseconds(0));
    let milliseconds = i64::try_from(exact.nanoseconds() / 1_000_000)
        .map_err(|_| expected(text, "a duration of at most 292 million years"))?;
    Ok(Duration {
        months: parts.months.unwrap_or(0),
        milliseconds,
    })
}

/// Parses an ISO 8601 date-time, with or without seconds, to milliseconds since the epoch. Without an
/// offset or zone it is taken as UTC; a date alone is its midnight.
pub fn parse_date_time(text: &str) -> Result<i64, TemporalError> {
    text::whole(text, text::date_time)
        .or_else(|| text::whole(text, minute_date_time))
        .and_then(|date_time| date_time.to_epoch_ms())
        .ok_or_else(|| expected(text, "a date and time like `2026-03-01T09:30:00Z`"))
}

/// `2026-03-01T09:30Z`: a form of ISO 8601 that FEEL's own function refuses.
fn minute_date_time(cursor: &mut Cursor<'_>) -> Option<DateTime> {
    let (date, rest) = cursor.rest.split_once('T')?;
    let date = Date::parse(date)?;
    let (minute, zone) = rest.split_at_checked(5)?;
    let time: Time = text::whole(&format!("{minute}:00{zone}"), text::time)?;
    cursor.rest = "";
    Some(DateTime::new(date, time))
}

/// Parses a repeating interval: `R[n]/duration` or `R[n]/start/duration`. The interval is longer than
/// nothing.
pub fn parse_cycle(text: &str) -> Result<Cycle, TemporalError> {
    let wrong = || {
        expected(
            text,
            "a cycle like `R3/PT10S` or `R/2026-03-01T09:30:00Z/P1D`",
        )
    };
    let mut parts = text.split('/');
    let count = parts
        .next()
        .and_then(|r| r.strip_prefix('R'))
        .ok_or_else(wrong)?;
    let (first, second, end) = (parts.next(), parts.next(), parts.next());
    if end.is_some() {
        return Err(wrong());
    }
    let repetitions = match count {
        "" | "-1" => None,
        digits if digits.bytes().all(|b| b.is_ascii_digit()) => {
            Some(digits.parse().map_err(|_| wrong())?)
        }
        _ => return Err(wrong()),
    };
    let (start, interval) = match (first, second) {
        (Some(interval), None) => (None, interval),
        (Some(start), Some(interval)) => (Some(start), interval),
        (None, _) => return Err(wrong()),
    };
    let start = match start {
        Some("") | None => None,
        Some(start) => Some(parse_date_time(start)?),
    };
    let interval = parse_duration(interval)?;
    if interval.months < 0 || interval.milliseconds < 0 || interval.is_zero() {
        return Err(expected(text, "an interval longer than nothing"));
    }
    Ok(Cycle {
        repetitions,
        start,
        interval,
    })
}

fn expected(text: &str, what: &str) -> TemporalError {
    let shown: String = text.chars().take(60).collect();
    TemporalError {
        message: format!("expected {what}, found `{shown}`"),
    }
}

impl Zone {
    /// UTC
    pub const UTC: Zone = Zone::Offset(0);
}
