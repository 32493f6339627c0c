//! Calendar dates: the proleptic Gregorian calendar, years up to nine digits.

use super::text;

/// The largest year, as XML Schema and FEEL bound it.
const YEAR_MAX: i64 = 999_999_999;

/// A calendar date (proleptic Gregorian), years -999 999 999 to 999 999 999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: i32,
    month: u8,
    day: u8,
}

impl Date {
    /// `None` when there is no such day.
    pub fn new(year: i64, month: i64, day: i64) -> Option<Date> {
        if !(-YEAR_MAX..=YEAR_MAX).contains(&year) || !(1..=12).contains(&month) {
            return None;
        }
        let (year, month) = (year as i32, month as u8);
        (1..=i64::from(days_in_month(year, month)))
            .contains(&day)
            .then_some(Date {
                year,
                month,
                day: day as u8,
            })
    }

    /// `YYYY-MM-DD`, with a minus before it or more digits in the year where needed.
    pub fn parse(text: &str) -> Option<Date> {
        text::whole(text, text::date)
    }

    /// The date this many days after 1970-01-01.
    pub fn from_epoch_days(days: i64) -> Option<Date> {
        let (year, month, day) = civil(days)?;
        Date::new(year, month, day)
    }

    /// The UTC date of an instant. An `i64` of milliseconds is within 300 million years, so that
    /// there always is one.
    pub(crate) fn of_epoch_ms(epoch_ms: i64) -> Date {
        let (year, month, day) = civil(epoch_ms.div_euclid(86_400_000)).unwrap_or((1970, 1, 1));
        Date {
            year: year as i32,
            month: month as u8,
            day: day as u8,
        }
    }

    /// Days since 1970-01-01.
    pub fn epoch_days(self) -> i64 {
        let month = i64::from(self.month);
        let year = i64::from(self.year) - i64::from(month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let shifted_month = (month + 9) % 12;
        let day_of_year = (153 * shifted_month + 2) / 5 + i64::from(self.day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }

    /// The date this many days later.
    pub fn add_days(self, days: i64) -> Option<Date> {
        Date::from_epoch_days(self.epoch_days().checked_add(days)?)
    }

    /// The same day this many months later; a missing day becomes the month's last.
    pub fn add_months(self, months: i64) -> Option<Date> {
        let total = (i64::from(self.year) * 12 + i64::from(self.month) - 1).checked_add(months)?;
        let year = i32::try_from(total.div_euclid(12)).ok()?;
        let month = (total.rem_euclid(12) + 1) as u8;
        let day = self.day.min(days_in_month(year, month));
        Date::new(i64::from(year), i64::from(month), i64::from(day))
    }

    /// The year; negative before the year 0.
    pub fn year(self) -> i32 {
        self.year
    }

    /// The month, 1 to 12.
    pub fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, from 1.
    pub fn day(self) -> u8 {
        self.day
    }

    /// The day of the week, 1 (Monday) to 7 (Sunday).
    pub fn weekday(self) -> u8 {
        ((self.epoch_days() + 3).rem_euclid(7) + 1) as u8
    }

    /// The day of the year, from 1.
    pub fn day_of_year(self) -> u16 {
        let first = Date {
            month: 1,
            day: 1,
            ..self
        };
        (self.epoch_days() - first.epoch_days() + 1) as u16
    }

    /// The week of the year by ISO 8601: the week with the year's first Thursday is 1.
    pub fn week_of_year(self) -> u8 {
        let to_thursday = 4 - i64::from(self.weekday());
        match self.add_days(to_thursday) {
            Some(thursday) => ((thursday.day_of_year() - 1) / 7 + 1) as u8,
            // Only the last days of the calendar have no Thursday after them.
            None => 52,
        }
    }

    /// The last day of the date's month.
    #[must_use]
    pub fn last_of_month(self) -> Date {
        Date {
            day: days_in_month(self.year, self.month),
            ..self
        }
    }
}

fn days_in_month(year: i32, month: u8) -> u8 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Year, month and day of a number of days since the epoch; `None` far outside the calendar.
fn civil(days: i64) -> Option<(i64, i64, i64)> {
    const DAYS_MAX: i64 = 366 * (YEAR_MAX + 1);
    if !(-DAYS_MAX..=DAYS_MAX).contains(&days) {
        return None;
    }
    // Counted in 400-year eras that start in March, so that the leap day ends a year.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Some((year, month, day))
}
