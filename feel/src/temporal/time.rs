//! Times of day and date-times, with an offset, a named zone or neither.

use std::cmp::Ordering;

use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

use super::{DAY, Date, DaysTimeDuration, SECOND, YearsMonthsDuration, text};

/// The largest offset from UTC, in seconds.
const OFFSET_MAX: u32 = 18 * 3600;

/// How a time of day relates to UTC.
#[derive(Clone, Debug, PartialEq)]
pub enum Zone {
    /// Not stated.
    Local,
    /// Seconds east of UTC.
    Offset(i32),
    /// A zone of the IANA time-zone data.
    Named(TimeZone),
}

impl Zone {
    /// A zone by its IANA name.
    pub fn named(name: &str) -> Option<Zone> {
        // Only the bundled data: what a machine has installed must not change a result.
        let zone = jiff::tz::TimeZoneDatabase::bundled().get(name).ok()?;
        Some(Zone::Named(zone))
    }

    /// A zone by its IANA name, or an offset: `Z`, `+02:00`.
    pub fn parse(id: &str) -> Option<Zone> {
        text::whole(id, text::zone_id)
    }

    /// An offset in seconds east of UTC; `None` beyond 18 hours.
    pub fn offset(seconds: i64) -> Option<Zone> {
        let seconds = i32::try_from(seconds).ok()?;
        (seconds.unsigned_abs() <= OFFSET_MAX).then_some(Zone::Offset(seconds))
    }

    /// The zone's IANA name, for a named zone.
    pub fn name(&self) -> Option<&str> {
        match self {
            Zone::Named(zone) => zone.iana_name(),
            Zone::Local | Zone::Offset(_) => None,
        }
    }

    /// Seconds east of UTC when clocks there show `date` and `nanoseconds`; `None` when local. Where
    /// they show it twice, `later` says which one is meant.
    fn offset_at(&self, date: Date, nanoseconds: u64, later: bool) -> Option<i32> {
        let zone = match self {
            Zone::Local => return None,
            Zone::Offset(seconds) => return Some(*seconds),
            Zone::Named(zone) => zone,
        };
        let offset = match shown(zone, date, nanoseconds) {
            Some(AmbiguousOffset::Unambiguous { offset }) => offset,
            Some(AmbiguousOffset::Fold { before, after }) => match later {
                true => after,
                false => before,
            },
            Some(AmbiguousOffset::Gap { before, .. }) => before,
            None => Offset::UTC,
        };
        Some(offset.seconds())
    }
}

/// The offset of a zone when its clocks show this: none where they skip it, two where they show it twice.
fn shown(zone: &TimeZone, date: Date, nanoseconds: u64) -> Option<AmbiguousOffset> {
    // Beyond jiff's years a zone keeps the offset of the last one.
    let year = date.year().clamp(-9000, 9000) as i16;
    let seconds = nanoseconds / SECOND as u64;
    let civil = jiff::civil::DateTime::new(
        year,
        date.month() as i8,
        date.day() as i8,
        (seconds / 3600) as i8,
        (seconds / 60 % 60) as i8,
        (seconds % 60) as i8,
        0,
    )
    .ok()?;
    Some(zone.to_ambiguous_timestamp(civil).offset())
}

/// A time of day to the nanosecond, with an offset or zone or without.
#[derive(Clone, Debug)]
pub struct Time {
    nanoseconds: u64,
    zone: Zone,
}

impl Time {
    /// `None` unless 0 ≤ hour < 24, minute and second < 60, nanosecond < 10⁹, and |offset| ≤ 18 h.
    pub fn new(hour: i64, minute: i64, second: i64, nanosecond: i64, zone: Zone) -> Option<Time> {
        let valid = (0..24).contains(&hour)
            && (0..60).contains(&minute)
            && (0..60).contains(&second)
            && (0..1_000_000_000).contains(&nanosecond)
            && !matches!(zone, Zone::Offset(seconds) if seconds.unsigned_abs() > OFFSET_MAX);
        valid.then(|| {
            let seconds = hour * 3600 + minute * 60 + second;
            Time {
                nanoseconds: seconds as u64 * SECOND as u64 + nanosecond as u64,
                zone,
            }
        })
    }

    /// The time this many nanoseconds after midnight, wrapping at the day's end.
    pub(crate) fn from_nanoseconds(nanoseconds: i128, zone: Zone) -> Time {
        Time {
            nanoseconds: nanoseconds.rem_euclid(DAY) as u64,
            zone,
        }
    }

    /// `hh:mm:ss`, optionally with a fraction, and `Z`, `±hh:mm` or `@Zone`.
    pub fn parse(text: &str) -> Option<Time> {
        text::whole(text, text::time)
    }

    /// Nanoseconds since midnight.
    pub fn nanoseconds(&self) -> u64 {
        self.nanoseconds
    }

    /// The hour, 0 to 23.
    pub fn hour(&self) -> u8 {
        (self.nanoseconds / (3600 * SECOND as u64)) as u8
    }

    /// The minute, 0 to 59.
    pub fn minute(&self) -> u8 {
        (self.nanoseconds / (60 * SECOND as u64) % 60) as u8
    }

    /// The second, 0 to 59, without its fraction.
    pub fn second(&self) -> u8 {
        (self.nanoseconds / SECOND as u64 % 60) as u8
    }

    /// The zone.
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Seconds east of UTC. A named zone has no date here, so its offset of 1970-01-01 stands in.
    pub fn offset(&self) -> Option<i32> {
        self.zone
            .offset_at(Date::from_epoch_days(0)?, self.nanoseconds, false)
    }

    /// Which is earlier in the day, on UTC clocks; `None` when only one of them has a zone.
    pub fn compare(&self, other: &Time) -> Option<Ordering> {
        self.since(other).map(|d| d.nanoseconds().cmp(&0))
    }

    /// The time from `other` to `self`; `None` when only one of them has a zone.
    pub fn since(&self, other: &Time) -> Option<DaysTimeDuration> {
        let here = i128::from(self.nanoseconds) - i128::from(self.offset().unwrap_or(0)) * SECOND;
        let there =
            i128::from(other.nanoseconds) - i128::from(other.offset().unwrap_or(0)) * SECOND;
        (self.offset().is_some() == other.offset().is_some())
            .then(|| DaysTimeDuration::from_nanoseconds(here - there))
    }

    /// The time of day this much later, wrapping at midnight.
    #[must_use]
    pub fn add(&self, duration: DaysTimeDuration) -> Time {
        Time::from_nanoseconds(
            i128::from(self.nanoseconds) + duration.nanoseconds() % DAY,
            self.zone.clone(),
        )
    }
}

/// A date with a time of day.
#[derive(Clone, Debug)]
pub struct DateTime {
    date: Date,
    time: Time,
    /// Whether it is the second time that the clocks of its zone show this.
    later: bool,
}

impl DateTime {
    /// A date-time of its parts. Where the clocks of its zone skip an hour it moves on by as much;
    /// where they show an hour twice it is the first one.
    pub fn new(date: Date, time: Time) -> DateTime {
        let given = DateTime {
            date,
            time,
            later: false,
        };
        if let Zone::Named(zone) = &given.time.zone
            && let Some(AmbiguousOffset::Gap { before, after }) =
                shown(zone, date, given.time.nanoseconds)
        {
            let skipped = i128::from(after.seconds() - before.seconds()) * SECOND;
            let moved = DateTime::from_local(given.local() + skipped, given.time.zone.clone());
            return moved.unwrap_or(given);
        }
        given
    }

    /// A date, optionally with `T` and a time.
    pub fn parse(text: &str) -> Option<DateTime> {
        text::whole(text, text::date_time)
    }

    /// The instant in UTC.
    pub fn from_epoch_ms(epoch_ms: i64) -> DateTime {
        let nanoseconds = i128::from(epoch_ms) * 1_000_000;
        let date = Date::of_epoch_ms(epoch_ms);
        DateTime::new(date, Time::from_nanoseconds(nanoseconds, Zone::UTC))
    }

    /// What clocks show this many nanoseconds after they showed the epoch.
    fn from_local(nanoseconds: i128, zone: Zone) -> Option<DateTime> {
        let days = i64::try_from(nanoseconds.div_euclid(DAY)).ok()?;
        Some(DateTime {
            date: Date::from_epoch_days(days)?,
            time: Time::from_nanoseconds(nanoseconds, zone),
            later: false,
        })
    }

    /// The instant, shown by the clocks of `zone`.
    fn from_instant(nanoseconds: i128, zone: Zone) -> Option<DateTime> {
        let offset = match &zone {
            Zone::Local => 0,
            Zone::Offset(seconds) => *seconds,
            Zone::Named(named) => {
                let seconds = i64::try_from(nanoseconds.div_euclid(SECOND)).ok()?;
                let limit = 253_402_207_200;
                let instant = jiff::Timestamp::from_second(seconds.clamp(-limit, limit)).ok()?;
                named.to_offset(instant).seconds()
            }
        };
        let local = nanoseconds + i128::from(offset) * SECOND;
        let mut date_time = DateTime::from_local(local, zone)?;
        date_time.later = date_time.offset().is_some_and(|first| first != offset);
        Some(date_time)
    }

    /// The date.
    pub fn date(&self) -> Date {
        self.date
    }

    /// The time of day.
    pub fn time(&self) -> &Time {
        &self.time
    }

    /// Seconds east of UTC at this date-time; `None` without a zone.
    pub fn offset(&self) -> Option<i32> {
        let Time { nanoseconds, zone } = &self.time;
        zone.offset_at(self.date, *nanoseconds, self.later)
    }

    /// Milliseconds since 1970-01-01T00:00Z; without an offset or zone the time is taken as UTC.
    /// `None` outside the range of `i64`.
    pub fn to_epoch_ms(&self) -> Option<i64> {
        i64::try_from(self.instant().div_euclid(1_000_000)).ok()
    }

    fn local(&self) -> i128 {
        i128::from(self.date.epoch_days()) * DAY + i128::from(self.time.nanoseconds)
    }

    fn instant(&self) -> i128 {
        self.local() - i128::from(self.offset().unwrap_or(0)) * SECOND
    }

    /// The same instant on the clocks of another zone; a local one just gets the zone.
    pub fn with_zone(&self, zone: Zone) -> Option<DateTime> {
        match self.time.zone {
            Zone::Local => {
                let nanoseconds = self.time.nanoseconds;
                Some(DateTime::new(self.date, Time { nanoseconds, zone }))
            }
            Zone::Offset(_) | Zone::Named(_) => DateTime::from_instant(self.instant(), zone),
        }
    }

    /// Which is earlier; `None` when only one of them has a zone.
    pub fn compare(&self, other: &DateTime) -> Option<Ordering> {
        self.since(other).map(|d| d.nanoseconds().cmp(&0))
    }

    /// The time from `other` to `self`; `None` when only one of them has a zone.
    pub fn since(&self, other: &DateTime) -> Option<DaysTimeDuration> {
        (self.offset().is_some() == other.offset().is_some())
            .then(|| DaysTimeDuration::from_nanoseconds(self.instant() - other.instant()))
    }

    /// The instant this much later.
    pub fn add(&self, duration: DaysTimeDuration) -> Option<DateTime> {
        let instant = self.instant().checked_add(duration.nanoseconds())?;
        DateTime::from_instant(instant, self.time.zone.clone())
    }

    /// The same time of day this many months later; a missing day becomes the month's last.
    pub fn add_months(&self, duration: YearsMonthsDuration) -> Option<DateTime> {
        let date = self.date.add_months(duration.months())?;
        Some(DateTime::new(date, self.time.clone()))
    }
}
