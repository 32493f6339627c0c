//! How a leadership ends that was told to stop: what it has accepted is answered, and what nobody takes goes back.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::core::Core;
use crate::error::SubmitError;

/// How long stopping waits for commands that were appended to be seen.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long it waits for callers to take, or give back, the jobs that they were given.
const POLLS_PATIENCE: Duration = Duration::from_secs(1);

/// Since when.
#[derive(Debug, Default)]
pub(super) struct Stopping(Option<Instant>);

impl Stopping {
    /// Whether nothing is left to do. To be asked again and again.
    pub fn is_done(&mut self, core: &Core) -> bool {
        let since = self.0.get_or_insert_with(Instant::now).elapsed();
        // Some that were asking have found nothing since the last time.
        core.polls.refuse(&SubmitError::Stopped);
        let waits = core.waiters.in_flight() > 0 && since < PATIENCE;
        let polls = core.polling.load(Ordering::Acquire) > 0 && since < POLLS_PATIENCE;
        if waits || polls {
            return false;
        }
        core.queue.finish();
        core.orders.appender_ended.load(Ordering::Acquire) || since >= PATIENCE
    }
}
