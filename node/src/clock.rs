//! The journal's time, estimated between two records.
//!
//! Timers are due by the time that the log gives its records, never by this node's own.

use std::time::{Duration, Instant, SystemTime};

/// The time of the last record, and when it was seen.
#[derive(Debug)]
pub(crate) struct JournalClock {
    timestamp_ms: i64,
    seen: Instant,
    seen_wall: SystemTime,
}

impl JournalClock {
    pub fn new() -> JournalClock {
        JournalClock {
            timestamp_ms: i64::MIN,
            seen: Instant::now(),
            seen_wall: SystemTime::now(),
        }
    }

    pub fn observe(&mut self, timestamp_ms: i64) {
        self.timestamp_ms = timestamp_ms;
        self.seen = Instant::now();
        self.seen_wall = SystemTime::now();
    }

    /// Not later than the journal's own time, but for drift. The clock on the wall counts too: the other one stands
    /// still while the machine is suspended. Should it have been set forward, a Tick comes too early and fires nothing.
    pub fn now_ms(&self) -> i64 {
        let on_the_wall = self.seen_wall.elapsed().unwrap_or(Duration::ZERO);
        let elapsed = self.seen.elapsed().max(on_the_wall);
        let elapsed_ms = i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX);
        self.timestamp_ms.saturating_add(elapsed_ms)
    }
}
