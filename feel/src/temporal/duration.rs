//! The two durations of FEEL: days with time, and years with months.

use super::{DAY, Date, SECOND, text};

/// A length of time in days, hours, minutes and seconds, exact to the nanosecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DaysTimeDuration {
    /// Rounded down; the order of the fields is the order of durations.
    seconds: i64,
    /// 0 to 999 999 999.
    nanosecond: u32,
}

impl DaysTimeDuration {
    /// A duration of nanoseconds; beyond 292 000 million years either way it is the longest one.
    pub fn from_nanoseconds(nanoseconds: i128) -> Self {
        let limit = if nanoseconds < 0 { i64::MIN } else { i64::MAX };
        DaysTimeDuration {
            seconds: i64::try_from(nanoseconds.div_euclid(SECOND)).unwrap_or(limit),
            nanosecond: nanoseconds.rem_euclid(SECOND) as u32,
        }
    }

    /// `P1DT2H3M4.5S`, optionally with a minus before it.
    pub fn parse(text: &str) -> Option<Self> {
        let parts = text::duration(text, false)?;
        parts.days_time.filter(|_| parts.months.is_none())
    }

    /// All of it in nanoseconds.
    pub fn nanoseconds(self) -> i128 {
        i128::from(self.seconds) * SECOND + i128::from(self.nanosecond)
    }

    /// Whole days, with the duration's sign.
    pub fn days(self) -> i64 {
        (self.nanoseconds() / DAY) as i64
    }

    /// The hours beyond whole days, with the duration's sign.
    pub fn hours(self) -> i64 {
        (self.nanoseconds() % DAY / (3600 * SECOND)) as i64
    }

    /// The minutes beyond whole hours, with the duration's sign.
    pub fn minutes(self) -> i64 {
        (self.nanoseconds() / (60 * SECOND) % 60) as i64
    }

    /// The nanoseconds beyond whole minutes, with the duration's sign.
    pub fn nanoseconds_of_minute(self) -> i64 {
        (self.nanoseconds() % (60 * SECOND)) as i64
    }
}

/// A length of time in calendar months; a year is twelve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct YearsMonthsDuration {
    months: i64,
}

impl YearsMonthsDuration {
    /// A duration of months.
    pub fn from_months(months: i64) -> Self {
        YearsMonthsDuration { months }
    }

    /// `P1Y2M`, optionally with a minus before it.
    pub fn parse(text: &str) -> Option<Self> {
        let parts = text::duration(text, false)?;
        let months = parts.months.filter(|_| parts.days_time.is_none())?;
        Some(YearsMonthsDuration { months })
    }

    /// The whole months between two dates, negative when `to` is before `from`.
    pub fn between(from: Date, to: Date) -> Self {
        let count = |d: Date| i64::from(d.year()) * 12 + i64::from(d.month());
        let mut months = count(to) - count(from);
        if months > 0 && to.day() < from.day() {
            months -= 1;
        } else if months < 0 && to.day() > from.day() {
            months += 1;
        }
        YearsMonthsDuration { months }
    }

    /// All of it in months.
    pub fn months(self) -> i64 {
        self.months
    }
}
