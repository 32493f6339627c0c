//! Dates, times and durations (ISO 8601), deterministic: no clock, no local time zone.
//!
//! Owns the temporal values of FEEL (DMN 1.5, 10.3.2.3.4 and following) and the reading of BPMN's
//! timers. Named zones come from the time-zone data that is compiled in, never from the machine.

mod date;
mod duration;
mod text;
mod time;
mod timer;

pub use date::Date;
pub use duration::{DaysTimeDuration, YearsMonthsDuration};
pub use time::{DateTime, Time, Zone};
pub use timer::{Cycle, Duration, TemporalError, parse_cycle, parse_date_time, parse_duration};

/// Nanoseconds in a second.
pub(crate) const SECOND: i128 = 1_000_000_000;
/// Nanoseconds in a day.
pub(crate) const DAY: i128 = 86_400 * SECOND;
