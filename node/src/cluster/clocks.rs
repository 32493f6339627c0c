//! Whether the clock of this machine and that of the brokers agree.
//!
//! Weir reckons by the brokers' clock: what is due, who is silent. Where this machine's own is used beside it, to know
//! how old a checkpoint is, they must not be far apart; and who reads logs of both wants to know.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Clocks that are further apart are told.
const LIMIT: Duration = Duration::from_secs(5);

/// Compares them with each heartbeat that comes back.
#[derive(Debug, Default)]
pub(super) struct Clocks {
    /// They were apart when they were last compared.
    apart: bool,
}

/// Two clocks that do not agree, in milliseconds since 1970.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Apart {
    /// When the brokers wrote the heartbeat.
    pub brokers_ms: i64,
    /// The time here that is nearest to it: between sending it and hearing it.
    pub own_ms: i64,
}

impl Clocks {
    /// Of a heartbeat of this node's: when it was sent, when the brokers wrote it, when it was heard. Gives what is to
    /// be told: once, until they agree again.
    pub fn compare(
        &mut self,
        sent: SystemTime,
        brokers_ms: i64,
        heard: SystemTime,
    ) -> Option<Apart> {
        let (sent_ms, heard_ms) = (millis(sent), millis(heard));
        // This machine's clock may have been set back in between.
        let own_ms = brokers_ms.clamp(sent_ms.min(heard_ms), sent_ms.max(heard_ms));
        let by = Duration::from_millis(own_ms.abs_diff(brokers_ms));
        let was_apart = std::mem::replace(&mut self.apart, by > LIMIT);
        (self.apart && !was_apart).then_some(Apart { brokers_ms, own_ms })
    }
}

fn millis(at: SystemTime) -> i64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(ms)
    }

    #[test]
    fn clocks_that_are_far_apart_are_told_once() {
        let mut clocks = Clocks::default();
        let mut compare = |brokers_ms| {
            let told = clocks.compare(at(100_000), brokers_ms, at(130_000))?;
            assert_eq!(told.brokers_ms, brokers_ms);
            Some(told.own_ms)
        };
        // However long it was on its way, and a little on either side.
        for agrees in [100_000, 115_000, 130_000, 95_000, 135_000] {
            assert_eq!(compare(agrees), None, "{agrees}");
        }
        assert_eq!(compare(94_999), Some(100_000), "the brokers' is behind");
        assert_eq!(compare(90_000), None, "it was told");
        assert_eq!(compare(110_000), None, "they agree again");
        assert_eq!(compare(135_001), Some(130_000), "the brokers' is ahead");
    }
}
