//! Dates, times, durations and BPMN's timers.

use feel::temporal::{
    self, Cycle, Date, DateTime, DaysTimeDuration, Duration, Time, YearsMonthsDuration,
};
use proptest::prelude::*;

const SECOND: i64 = 1000;
const DAY: i64 = 86_400 * SECOND;

fn exact(milliseconds: i64) -> Duration {
    Duration {
        months: 0,
        milliseconds,
    }
}

#[test]
fn durations_of_timers() {
    for (text, expected) in [
        ("PT10S", exact(10 * SECOND)),
        ("PT0.5S", exact(500)),
        ("PT1M", exact(60 * SECOND)),
        ("P1D", exact(DAY)),
        ("P1W", exact(7 * DAY)),
        ("P1WT1S", exact(7 * DAY + SECOND)),
        ("-PT1H", exact(-3600 * SECOND)),
        (
            "P1M",
            Duration {
                months: 1,
                milliseconds: 0,
            },
        ),
        (
            "P1Y2M3DT4H5M6.789S",
            Duration {
                months: 14,
                milliseconds: 3 * DAY + (4 * 3600 + 5 * 60 + 6) * SECOND + 789,
            },
        ),
        ("PT0S", exact(0)),
    ] {
        assert_eq!(temporal::parse_duration(text), Ok(expected), "{text}");
    }
    for text in [
        "",
        "P",
        "PT",
        "P1",
        "1D",
        "PT1D",
        "P1H",
        "P1D1M",
        "P1.5D",
        "PT1.S",
        "P-1D",
        "PT1S ",
        "p1d",
        "PT9999999999999999999S",
        "P9223372036854775807D",
        "ten minutes",
    ] {
        let error = temporal::parse_duration(text).unwrap_err();
        assert!(
            error.to_string().starts_with("expected a duration"),
            "{text}: {error}"
        );
    }
}

#[test]
fn durations_are_added_in_the_calendar_of_utc() {
    let at = |text: &str| temporal::parse_date_time(text).unwrap();
    for (start, duration, expected) in [
        ("2024-01-31T10:00:00Z", "P1M", "2024-02-29T10:00:00Z"),
        ("2023-01-31T10:00:00Z", "P1M", "2023-02-28T10:00:00Z"),
        ("2024-02-29T00:00:00Z", "P1Y", "2025-02-28T00:00:00Z"),
        ("2024-12-31T23:00:00Z", "P1MT2H", "2025-02-01T01:00:00Z"),
        ("2024-03-31T00:00:00Z", "-P1M", "2024-02-29T00:00:00Z"),
        (
            "1969-12-31T23:59:59.999Z",
            "PT0.001S",
            "1970-01-01T00:00:00Z",
        ),
    ] {
        let duration = temporal::parse_duration(duration).unwrap();
        assert_eq!(duration.add_to(at(start)), Some(at(expected)), "{start}");
    }
    assert_eq!(exact(i64::MAX).add_to(1), None);
    assert_eq!(
        Duration {
            months: i64::MAX,
            milliseconds: 0
        }
        .add_to(0),
        None
    );
    assert_eq!(
        Duration {
            months: 1,
            milliseconds: 0
        }
        .add_to(i64::MAX),
        None
    );
    assert!(
        Duration {
            months: 12,
            milliseconds: 0
        }
        .add_to(i64::MIN)
        .is_some()
    );
}

#[test]
fn date_times_of_timers() {
    for (text, expected) in [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.123Z", 123),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-02", DAY),
        ("1970-01-01T00:00:01", SECOND),
        ("1970-01-01T00:01Z", 60 * SECOND),
        ("1970-01-01T00:01", 60 * SECOND),
        (
            "2024-07-01T14:00:00+02:00[Europe/Berlin]",
            1_719_835_200_000,
        ),
        ("2024-07-01T14:00:00@Europe/Berlin", 1_719_835_200_000),
        ("1969-12-31T23:59:59Z", -SECOND),
    ] {
        assert_eq!(temporal::parse_date_time(text), Ok(expected), "{text}");
    }
    for text in [
        "",
        "now",
        "2024-02-30T00:00:00Z",
        "2024-01-01T24:01:00Z",
        "2024-01-01 10:00:00",
        "10:00:00",
        "2024-01-01T10",
        "2024-01-01T10:00:00+1",
        "2024-01-01T10:00:00@Mars/Base",
    ] {
        assert!(temporal::parse_date_time(text).is_err(), "{text}");
    }
}

#[test]
fn cycles() {
    let ten = exact(10 * SECOND);
    for (text, repetitions, start) in [
        ("R3/PT10S", Some(3), None),
        ("R/PT10S", None, None),
        ("R-1/PT10S", None, None),
        ("R0/PT10S", Some(0), None),
        ("R2/1970-01-01T00:00:05Z/PT10S", Some(2), Some(5 * SECOND)),
        ("R//PT10S", None, None),
    ] {
        let expected = Cycle {
            repetitions,
            start,
            interval: ten,
        };
        assert_eq!(temporal::parse_cycle(text), Ok(expected), "{text}");
    }
    for text in [
        "",
        "R",
        "R3",
        "R3/",
        "3/PT10S",
        "Rx/PT10S",
        "R3/PT10S/x",
        "R3/PT0S",
        "R3/-PT1S",
        "R3/a/b/c",
        "R99999999999/PT1S",
        "0 0 * * * *",
    ] {
        assert!(temporal::parse_cycle(text).is_err(), "{text}");
    }
}

#[test]
fn values_convert_to_timers() {
    let days = DaysTimeDuration::parse("P1DT0.0015S").unwrap();
    assert_eq!(Duration::from(days), exact(DAY + 1));
    let months = YearsMonthsDuration::parse("P1Y").unwrap();
    assert_eq!(
        Duration::from(months),
        Duration {
            months: 12,
            milliseconds: 0
        }
    );
    let at = DateTime::parse("1970-01-01T00:00:01.5+00:00").unwrap();
    assert_eq!(at.to_epoch_ms(), Some(1500));
    assert_eq!(
        DateTime::parse("999999999-01-01T00:00:00Z")
            .unwrap()
            .to_epoch_ms(),
        None
    );
    assert_eq!(
        DateTime::from_epoch_ms(-1).to_string(),
        "1969-12-31T23:59:59.999Z"
    );
    assert!(!DateTime::from_epoch_ms(i64::MAX).to_string().is_empty());
    assert!(!DateTime::from_epoch_ms(i64::MIN).to_string().is_empty());
}

proptest! {
    #[test]
    fn dates_are_those_of_another_calendar(days in -719_000_i64..2_900_000) {
        let Some(date) = Date::from_epoch_days(days) else { return Err(TestCaseError::fail("no date")) };
        let epoch = jiff::civil::date(1970, 1, 1);
        let Ok(theirs) = epoch.checked_add(jiff::Span::new().days(days)) else { return Ok(()) };
        prop_assert_eq!(date.to_string(), theirs.to_string());
        prop_assert_eq!(date.epoch_days(), days);
        prop_assert_eq!(i16::try_from(date.day_of_year()).unwrap(), theirs.day_of_year());
        prop_assert_eq!(i8::try_from(date.weekday()).unwrap(), theirs.weekday().to_monday_one_offset());
        prop_assert_eq!(i8::try_from(date.week_of_year()).unwrap(), theirs.iso_week_date().week());
        prop_assert_eq!(i8::try_from(date.last_of_month().day()).unwrap(), theirs.days_in_month());
        prop_assert_eq!(Date::parse(&date.to_string()).is_some(), date.year().abs() < 10_000);
    }

    #[test]
    fn months_are_added_as_another_calendar_does(days in -680_000_i64..700_000, months in -500_i64..5000) {
        let ours = Date::from_epoch_days(days).and_then(|d| d.add_months(months)).map(|d| d.to_string());
        let theirs = jiff::civil::date(1970, 1, 1)
            .checked_add(jiff::Span::new().days(days)).unwrap()
            .checked_add(jiff::Span::new().months(months)).unwrap();
        prop_assert_eq!(ours, Some(theirs.to_string()));
    }

    #[test]
    fn printed_values_read_back(ms in any::<i64>(), nanos in any::<i64>(), months in any::<i64>()) {
        let at = DateTime::from_epoch_ms(ms / 1_000_000);
        prop_assert_eq!(DateTime::parse(&at.to_string()).and_then(|d| d.to_epoch_ms()), Some(ms / 1_000_000));
        let duration = DaysTimeDuration::from_nanoseconds(i128::from(nanos));
        prop_assert_eq!(DaysTimeDuration::parse(&duration.to_string()), Some(duration));
        let duration = YearsMonthsDuration::from_months(months / 12);
        prop_assert_eq!(YearsMonthsDuration::parse(&duration.to_string()), Some(duration));
    }

    #[test]
    fn zones_are_those_of_another_library(seconds in -2_000_000_000_i64..4_000_000_000) {
        for zone in ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"] {
            let at = DateTime::from_epoch_ms(seconds * 1000)
                .with_zone(temporal::Zone::named(zone).unwrap()).unwrap();
            let theirs = jiff::Timestamp::from_second(seconds).unwrap().in_tz(zone).unwrap();
            prop_assert_eq!(at.time().hour() as i8, theirs.hour());
            prop_assert_eq!(at.time().minute() as i8, theirs.minute());
            prop_assert_eq!(at.date().to_string(), theirs.date().to_string());
        }
    }

    #[test]
    fn text_never_panics(text in "[-+PTRYMWDHS0-9:.@Z/]{0,30}") {
        let _ = temporal::parse_duration(&text);
        let _ = temporal::parse_date_time(&text);
        let _ = temporal::parse_cycle(&text);
        let _ = Time::parse(&text);
        let _ = Date::parse(&text);
    }
}

/// Numbers at the end of their range name no date, time or offset, and overflow nothing.
#[test]
fn the_largest_numbers_are_out_of_range() {
    use feel::temporal::Zone;
    assert_eq!(Date::new(i64::MIN, 1, 1), None);
    assert_eq!(Date::from_epoch_days(i64::MIN), None);
    assert_eq!(Date::from_epoch_days(i64::MAX), None);
    for n in [i64::MIN, i64::MAX] {
        assert!(Time::new(n, 0, 0, 0, Zone::Local).is_none());
        assert!(Time::new(0, n, n, n, Zone::Local).is_none());
        assert_eq!(Zone::offset(n), None);
    }
    assert!(Time::new(0, 0, 0, 0, Zone::Offset(i32::MIN)).is_none());
    assert_eq!(Zone::offset(18 * 3600), Some(Zone::Offset(64_800)));
    assert_eq!(Zone::offset(18 * 3600 + 1), None);
    assert!(!Zone::Offset(i32::MIN).to_string().is_empty());
    assert!(DateTime::parse("2026-01-01T24:00:00+18:00").is_some());
    assert!(DateTime::parse("2026-01-01T24:00:00+99:00").is_none());
    assert!(Time::parse("00:00:00-18:00:01").is_none());
    for text in [
        "date(-9223372036854775808, 1, 1)",
        "time(9223372036854775807, 0, 0)",
        "time(0, 0, 0, @\"-P24855DT3H14M8S\")",
        "date and time(\"2026-01-01T24:00:00+99:00\")",
    ] {
        let expression = feel::parse(text).unwrap();
        let value = expression.evaluate(&feel::Environment::new(&(), 0));
        assert!(value.unwrap().is_null(), "{text}");
    }
}
