//! Dates, times and durations (ISO 8601), deterministic: no clock, no local time zone.
//!
//! Owns the temporal values of FEEL and the reading of the timers of BPMN.

use std::fmt;

/// A calendar date (proleptic Gregorian).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: i32,
    month: u8,
    day: u8,
}

/// A time of day, with an offset or zone or without.
#[derive(Clone, Debug)]
pub struct Time {
    nanoseconds: u64,
}

/// A date with a time of day.
#[derive(Clone, Debug)]
pub struct DateTime {
    date: Date,
    time: Time,
}

impl DateTime {
    /// Milliseconds since 1970-01-01T00:00Z; without an offset or zone the time is taken as UTC.
    /// `None` outside the range of `i64`.
    pub fn to_epoch_ms(&self) -> Option<i64> {
        None
    }
}

/// A length of time, exact to the nanosecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DaysTimeDuration {
    nanoseconds: i128,
}

/// A length of time in calendar months.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct YearsMonthsDuration {
    months: i64,
}

/// Any ISO 8601 duration: calendar months and an exact part, as timers use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duration {
    /// Calendar months (a year is twelve).
    pub months: i64,
    /// The exact part in milliseconds (a day is 24 hours, a week seven days).
    pub milliseconds: i64,
}

impl Duration {
    /// The instant this long after `epoch_ms`; months are added in the UTC calendar, a missing day
    /// becomes the month's last. `None` outside the range of `i64`.
    pub fn add_to(self, epoch_ms: i64) -> Option<i64> {
        let _ = epoch_ms;
        None
    }
}

impl From<DaysTimeDuration> for Duration {
    fn from(duration: DaysTimeDuration) -> Self {
        Duration {
            months: 0,
            milliseconds: i64::try_from(duration.nanoseconds / 1_000_000).unwrap_or(i64::MAX),
        }
    }
}

impl From<YearsMonthsDuration> for Duration {
    fn from(duration: YearsMonthsDuration) -> Self {
        Duration {
            months: duration.months,
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

/// Parses an ISO 8601 duration, of weeks, years, months, days, hours, minutes and seconds.
pub fn parse_duration(text: &str) -> Result<Duration, TemporalError> {
    Err(unread(text))
}

/// Parses an ISO 8601 date-time to milliseconds since the epoch. Without an offset it is UTC.
pub fn parse_date_time(text: &str) -> Result<i64, TemporalError> {
    Err(unread(text))
}

/// Parses a repeating interval: `R[n]/duration` or `R[n]/start/duration`.
pub fn parse_cycle(text: &str) -> Result<Cycle, TemporalError> {
    Err(unread(text))
}

fn unread(text: &str) -> TemporalError {
    TemporalError {
        message: format!("`{text}` is not read yet"),
    }
}
