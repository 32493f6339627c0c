//! Reading and printing temporal values in the forms of ISO 8601 that FEEL has.

use std::fmt;

use super::{DAY, Date, DateTime, DaysTimeDuration, SECOND, Time, YearsMonthsDuration, Zone};

/// Text with a position, consumed from the left.
pub(super) struct Cursor<'t> {
    pub(super) rest: &'t str,
}

impl<'t> Cursor<'t> {
    pub(super) fn eat(&mut self, prefix: char) -> bool {
        match self.rest.strip_prefix(prefix) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn digits(&mut self) -> &'t str {
        let end = self
            .rest
            .bytes()
            .position(|b| !b.is_ascii_digit())
            .unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        digits
    }

    fn two_digits(&mut self) -> Option<i64> {
        let digits = self.rest.get(..2)?;
        self.rest = self.rest.get(2..)?;
        number(digits)
    }

    fn fraction(&mut self) -> Option<i64> {
        if !self.eat('.') {
            return Some(0);
        }
        nanoseconds(self.digits())
    }
}

fn number(digits: &str) -> Option<i64> {
    digits.bytes().all(|b| b.is_ascii_digit()).then_some(())?;
    digits.parse().ok()
}

/// The digits after a point, as nanoseconds; there are no finer ones.
fn nanoseconds(digits: &str) -> Option<i64> {
    if digits.is_empty() || digits.len() > 9 {
        return None;
    }
    let mut value = 0;
    for i in 0..9 {
        let digit = digits.as_bytes().get(i).map_or(0, |b| i64::from(b - b'0'));
        value = value * 10 + digit;
    }
    Some(value)
}

/// Reads all of `text`.
pub(super) fn whole<T>(text: &str, read: impl Fn(&mut Cursor<'_>) -> Option<T>) -> Option<T> {
    let mut cursor = Cursor { rest: text };
    let value = read(&mut cursor)?;
    cursor.rest.is_empty().then_some(value)
}

pub(super) fn date(cursor: &mut Cursor<'_>) -> Option<Date> {
    let negative = cursor.eat('-');
    let digits = cursor.digits();
    if digits.len() < 4 || digits.len() > 9 || (digits.len() > 4 && digits.starts_with('0')) {
        return None;
    }
    let year = number(digits)?;
    if !cursor.eat('-') {
        return None;
    }
    let month = cursor.two_digits()?;
    if !cursor.eat('-') {
        return None;
    }
    let day = cursor.two_digits()?;
    Date::new(if negative { -year } else { year }, month, day)
}

pub(super) fn time(cursor: &mut Cursor<'_>) -> Option<Time> {
    let hour = cursor.two_digits()?;
    if !cursor.eat(':') {
        return None;
    }
    let minute = cursor.two_digits()?;
    // Java reads times without seconds, and so does Camunda.
    let (second, fraction) = match cursor.eat(':') {
        true => (cursor.two_digits()?, cursor.fraction()?),
        false => (0, 0),
    };
    let zone = zone(cursor)?;
    match (hour, minute, second, fraction) {
        // The end of a day is its start.
        (24, 0, 0, 0) => Time::new(0, 0, 0, 0, zone),
        _ => Time::new(hour, minute, second, fraction, zone),
    }
}

pub(super) fn date_time(cursor: &mut Cursor<'_>) -> Option<DateTime> {
    let date = date(cursor)?;
    if !cursor.eat('T') {
        return Some(DateTime::new(date, Time::from_nanoseconds(0, Zone::Local)));
    }
    // The end of a day is the start of the next one.
    if let Some(rest) = cursor.rest.strip_prefix("24:00:00") {
        cursor.rest = rest;
        let time = Time::from_nanoseconds(0, zone(cursor)?);
        return Some(DateTime::new(date.add_days(1)?, time));
    }
    Some(DateTime::new(date, time(cursor)?))
}

/// `Z`, `±hh:mm[:ss]`, `@Zone`, an offset with `[Zone]` after it, or nothing.
fn zone(cursor: &mut Cursor<'_>) -> Option<Zone> {
    if cursor.eat('@') {
        let name = std::mem::take(&mut cursor.rest);
        return named(name);
    }
    let sign = match cursor.rest.chars().next() {
        Some('Z' | 'z') => {
            cursor.rest = &cursor.rest[1..];
            return bracketed(cursor, Zone::Offset(0));
        }
        Some('+') => 1,
        Some('-') => -1,
        Some(_) | None => return Some(Zone::Local),
    };
    cursor.rest = &cursor.rest[1..];
    let hours = cursor.two_digits()?;
    if !cursor.eat(':') {
        return None;
    }
    let minutes = cursor.two_digits()?;
    let seconds = if cursor.eat(':') {
        cursor.two_digits()?
    } else {
        0
    };
    if minutes >= 60 || seconds >= 60 {
        return None;
    }
    let offset = Zone::offset(sign * (hours * 3600 + minutes * 60 + seconds))?;
    bracketed(cursor, offset)
}

/// The zone in brackets that Java writes after an offset wins over the offset.
fn bracketed(cursor: &mut Cursor<'_>, offset: Zone) -> Option<Zone> {
    if !cursor.eat('[') {
        return Some(offset);
    }
    let name = cursor.rest.strip_suffix(']')?;
    cursor.rest = "";
    named(name)
}

fn named(name: &str) -> Option<Zone> {
    match name {
        "Z" => Some(Zone::Offset(0)),
        name => Zone::named(name),
    }
}

/// A zone by its name or offset alone: `Europe/Berlin`, `Z`, `+02:00`.
pub(super) fn zone_id(cursor: &mut Cursor<'_>) -> Option<Zone> {
    if cursor.rest.starts_with(['+', '-']) {
        return zone(cursor);
    }
    named(std::mem::take(&mut cursor.rest))
}

/// A duration as written: what it has of each kind.
pub(super) struct DurationParts {
    pub(super) months: Option<i64>,
    pub(super) days_time: Option<DaysTimeDuration>,
}

/// `[-]P[nY][nM][nW][nD][T[nH][nM][n[.n]S]]` with at least one part; weeks only where asked for.
pub(super) fn duration(text: &str, weeks: bool) -> Option<DurationParts> {
    let mut cursor = Cursor { rest: text };
    let negative = cursor.eat('-');
    if !cursor.eat('P') {
        return None;
    }
    let mut months: Option<i64> = None;
    let mut nanos: Option<i128> = None;
    // Units in the order they must have; each at most once.
    let mut units: &[char] = if weeks {
        &['Y', 'M', 'W', 'D']
    } else {
        &['Y', 'M', 'D']
    };
    let mut in_time = false;
    let mut time_parts = 0;
    while !cursor.rest.is_empty() {
        if !in_time && cursor.eat('T') {
            in_time = true;
            units = &['H', 'M', 'S'];
            continue;
        }
        let digits = cursor.digits();
        let value = digits.parse::<i64>().ok()?;
        let fraction = match cursor.rest.starts_with('.') {
            // FEEL reads `PT0.S`, as the lexical form of decimals allows it.
            true if !weeks && cursor.rest.starts_with(".S") => {
                cursor.eat('.');
                Some(0)
            }
            true => Some(cursor.fraction()?),
            false => None,
        };
        let unit = cursor.rest.chars().next()?;
        let index = units.iter().position(|u| *u == unit)?;
        units = &units[index + 1..];
        cursor.rest = &cursor.rest[1..];
        if fraction.is_some() && unit != 'S' {
            return None;
        }
        time_parts += u32::from(in_time);
        let size = match (in_time, unit) {
            (false, 'Y' | 'M') => {
                let each = if unit == 'Y' { 12 } else { 1 };
                let part = value.checked_mul(each)?;
                months = Some(months.unwrap_or(0).checked_add(part)?);
                continue;
            }
            (false, 'W') => 7 * DAY,
            (false, _) => DAY,
            (true, 'H') => 3600 * SECOND,
            (true, 'M') => 60 * SECOND,
            (true, _) => SECOND,
        };
        let part = i128::from(value) * size + i128::from(fraction.unwrap_or(0));
        nanos = Some(nanos.unwrap_or(0) + part);
    }
    if (months.is_none() && nanos.is_none()) || (in_time && time_parts == 0) {
        return None;
    }
    let sign = if negative { -1 } else { 1 };
    if nanos.is_some_and(|n| n / SECOND > i128::from(i64::MAX)) {
        return None;
    }
    Some(DurationParts {
        months: months.map(|m| m * i64::from(sign)),
        days_time: nanos.map(|n| DaysTimeDuration::from_nanoseconds(n * i128::from(sign))),
    })
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.year() < 0 { "-" } else { "" };
        let (year, month, day) = (self.year().abs(), self.month(), self.day());
        write!(f, "{sign}{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute, second) = (self.hour(), self.minute(), self.second());
        write!(f, "{hour:02}:{minute:02}:{second:02}")?;
        write_fraction(f, self.nanoseconds() % SECOND as u64)?;
        write!(f, "{}", self.zone())
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Zone::Local => Ok(()),
            Zone::Offset(0) => f.write_str("Z"),
            Zone::Offset(seconds) => {
                let sign = if *seconds < 0 { '-' } else { '+' };
                let all = seconds.unsigned_abs();
                write!(f, "{sign}{:02}:{:02}", all / 3600, all / 60 % 60)?;
                if all % 60 != 0 {
                    write!(f, ":{:02}", all % 60)?;
                }
                Ok(())
            }
            Zone::Named(zone) => write!(f, "@{}", zone.iana_name().unwrap_or("Z")),
        }
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}T{}", self.date(), self.time())
    }
}

impl DateTime {
    /// As displayed, but for a named zone in the form of Java and of Camunda's JSON, which gives the
    /// offset, too: `2024-07-01T14:00:00+02:00[Europe/Berlin]`.
    pub(crate) fn to_json_text(&self) -> String {
        match (self.time().zone().name(), self.offset()) {
            (Some(name), Some(seconds)) => {
                let time = Time::from_nanoseconds(self.time().nanoseconds().into(), Zone::Local);
                let offset = Zone::Offset(seconds);
                format!("{}T{time}{offset}[{name}]", self.date())
            }
            (None, _) | (_, None) => self.to_string(),
        }
    }
}

impl fmt::Display for DaysTimeDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.nanoseconds().unsigned_abs();
        if all == 0 {
            return f.write_str("P0D");
        }
        let (day, second) = (DAY.unsigned_abs(), SECOND.unsigned_abs());
        f.write_str(if self.nanoseconds() < 0 { "-P" } else { "P" })?;
        if all >= day {
            write!(f, "{}D", all / day)?;
        }
        let rest = all % day;
        if rest == 0 {
            return Ok(());
        }
        f.write_str("T")?;
        let hours = rest / (3600 * second);
        if hours > 0 {
            write!(f, "{hours}H")?;
        }
        let minutes = rest / (60 * second) % 60;
        if minutes > 0 {
            write!(f, "{minutes}M")?;
        }
        let seconds = rest % (60 * second);
        if seconds > 0 {
            write!(f, "{}", seconds / second)?;
            write_fraction(f, (seconds % second) as u64)?;
            f.write_str("S")?;
        }
        Ok(())
    }
}

impl fmt::Display for YearsMonthsDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.months().unsigned_abs();
        f.write_str(if self.months() < 0 { "-P" } else { "P" })?;
        match (all / 12, all % 12) {
            (0, 0) => f.write_str("0Y"),
            (0, months) => write!(f, "{months}M"),
            (years, 0) => write!(f, "{years}Y"),
            (years, months) => write!(f, "{years}Y{months}M"),
        }
    }
}

/// A point and the digits of a second's fraction, without trailing zeros; nothing for zero.
fn write_fraction(f: &mut fmt::Formatter<'_>, nanoseconds: u64) -> fmt::Result {
    if nanoseconds == 0 {
        return Ok(());
    }
    let digits = format!("{nanoseconds:09}");
    write!(f, ".{}", digits.trim_end_matches('0'))
}
