//! Times and durations as people write and read them.

use std::time::Duration;

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp, tz::TimeZone};

/// `2026-11-22 18:04:05` in the time zone of the machine.
pub fn local(ms: i64) -> String {
    format(ms, "%Y-%m-%d %H:%M:%S")
}

/// `18:04:05.123` in the time zone of the machine.
pub fn clock(ms: i64) -> String {
    format(ms, "%H:%M:%S%.3f")
}

/// `18:04:05.1` in the time zone of the machine.
pub fn clock_short(ms: i64) -> String {
    format(ms, "%H:%M:%S%.1f")
}

fn format(ms: i64, pattern: &str) -> String {
    match Timestamp::from_millisecond(ms) {
        Ok(at) => at
            .to_zoned(TimeZone::system())
            .strftime(pattern)
            .to_string(),
        Err(_) => format!("{ms} ms"),
    }
}

/// RFC 3339 in UTC, for scripts; `null` is the caller's to say.
pub fn rfc3339(ms: i64) -> String {
    match Timestamp::from_millisecond(ms) {
        Ok(at) => at.to_string(),
        Err(_) => ms.to_string(),
    }
}

/// `12 ms`, `3.4 s`, `5 min`, `2 h 3 min`, `4 d`.
pub fn length(ms: i64) -> String {
    let ms = ms.max(0);
    let (seconds, minutes, hours) = (ms / 1000, ms / 60_000, ms / 3_600_000);
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{}.{} s", seconds, ms % 1000 / 100),
        60_000..3_600_000 => format!("{minutes} min {} s", seconds % 60),
        3_600_000..172_800_000 => format!("{hours} h {} min", minutes % 60),
        _ => format!("{} d {} h", hours / 24, hours % 24),
    }
}

/// `3 min 4 s ago`, `in 2 d 0 h`.
pub fn relative(ms: i64, now_ms: i64) -> String {
    if ms > now_ms {
        format!("in {}", length(ms - now_ms))
    } else {
        format!("{} ago", length(now_ms - ms))
    }
}

pub fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

/// Reads `7d`, `1h30m`, `500ms` or `PT15M`; a day has 24 hours.
///
/// # Errors
/// A sentence that says what is expected.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let expected =
        || format!("expected a duration such as 500ms, 30s, 1h30m, 7d or PT15M, found '{text}'");
    let span: Span = text.parse().map_err(|_| expected())?;
    let length: SignedDuration = span
        .to_duration(SpanRelativeTo::days_are_24_hours())
        .map_err(|_| expected())?;
    Duration::try_from(length).map_err(|_| format!("a duration cannot be negative: '{text}'"))
}

/// Reads an instant (`2026-11-30T12:00:00Z`) or a duration from now (`2d`); milliseconds since 1970.
///
/// # Errors
/// A sentence that says what is expected.
pub fn parse_instant(text: &str) -> Result<i64, String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at.as_millisecond());
    }
    match parse_duration(text) {
        Ok(from_now) => {
            let ms = i64::try_from(from_now.as_millis()).unwrap_or(i64::MAX);
            Ok(now_ms().saturating_add(ms))
        }
        Err(_) => Err(format!(
            "expected an instant such as 2026-11-30T12:00:00Z or a duration from now such as 2d, found '{text}'"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_two_units_at_most() {
        let shown = [0, 999, 1_250, 61_000, 3_600_000, 7_500_000, 200_000_000, -5].map(length);
        assert_eq!(
            shown,
            [
                "0 ms",
                "999 ms",
                "1.2 s",
                "1 min 1 s",
                "1 h 0 min",
                "2 h 5 min",
                "2 d 7 h",
                "0 ms"
            ]
        );
    }

    #[test]
    fn durations_are_read_as_people_and_machines_write_them() {
        let read = ["500ms", "1h30m", "7d", "PT15M", "0s"]
            .map(|text| parse_duration(text).unwrap().as_millis());
        assert_eq!(read, [500, 5_400_000, 604_800_000, 900_000, 0]);
        for wrong in ["", "7", "-3s", "soon"] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }
}
