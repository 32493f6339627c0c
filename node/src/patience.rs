//! For how long a call follows the leader of a partition: for as long as its caller waits.
//!
//! Known while a step of the caller's own call runs; what is done elsewhere has the patience that the node is set to.

use std::time::{Duration, Instant};

/// A caller that waits longer is told before: by then a request may have been repeated for so long. Its first answer is
/// remembered for a minute, and the last repetition may take half of that until it is in the log.
const REPEATED_MAX: Duration = Duration::from_secs(20);

tokio::task_local! {
    static UNTIL: Option<Instant>;
}

/// How long to wait on behalf of a call that has this `grpc-timeout`: up to eight digits and a unit, as gRPC over HTTP/2
/// has it. A tenth of the time is left for the answer: the deadline itself would end the call without a reason.
pub fn wait_for(grpc_timeout: &str) -> Option<Duration> {
    let (at, unit) = grpc_timeout.char_indices().last()?;
    let number = &grpc_timeout[..at];
    if number.len() > 8 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = number.parse().ok()?;
    let timeout = match unit {
        'H' => Duration::from_secs(number * 3_600),
        'M' => Duration::from_secs(number * 60),
        'S' => Duration::from_secs(number),
        'm' => Duration::from_millis(number),
        'u' => Duration::from_micros(number),
        'n' => Duration::from_nanos(number),
        _ => return None,
    };
    Some(timeout * 9 / 10)
}

/// Until when a caller waits.
#[derive(Debug, Clone, Copy)]
pub struct Patience(Option<Instant>);

impl Patience {
    /// Of a call that begins now; `None`: it does not say how long it waits.
    pub fn of(wait: Option<Duration>) -> Patience {
        Patience(wait.map(|wait| Instant::now() + wait.min(REPEATED_MAX)))
    }

    /// Runs a step of the call: what it asks of the node is repeated until then.
    pub fn hold<T>(self, step: impl FnOnce() -> T) -> T {
        UNTIL.sync_scope(self.0, step)
    }
}

/// Until when a call is repeated by a node that else does so for `patience`; one that is alone never does.
pub(crate) fn until(patience: Duration) -> Instant {
    let own = Instant::now() + patience;
    if patience.is_zero() {
        return own;
    }
    let callers = UNTIL.try_with(|until| *until);
    callers.ok().flatten().unwrap_or(own)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;

    use crate::error::SubmitError;
    use crate::partition_id::PartitionId;
    use crate::place::{Place, Slot, nowhere};

    /// Longer than a test may take.
    const FOR_EVER: Duration = Duration::from_secs(3_600);

    /// Calls a partition that nobody leads, from within a call that says how long it waits.
    async fn call(wait: Option<Duration>, patience: Duration) -> Result<(), SubmitError> {
        let slot = Slot::new(PartitionId::FIRST, Place::Nowhere);
        let held = Patience::of(wait);
        let mut called = pin!(slot.call(patience, |_| async { Err(nowhere()) }));
        std::future::poll_fn(|context| held.hold(|| called.as_mut().poll(context))).await
    }

    #[tokio::test]
    async fn a_call_is_repeated_for_as_long_as_its_caller_waits() {
        let (moment, all) = (Duration::from_millis(1), Duration::from_secs(60));
        let soon = tokio::time::timeout(all, call(Some(moment), FOR_EVER)).await;
        assert_eq!(soon.expect("the caller has gone"), Err(nowhere()));
        let soon = tokio::time::timeout(all, call(None, moment)).await;
        assert_eq!(soon.expect("it is set so"), Err(nowhere()));
        let alone = tokio::time::timeout(all, call(Some(FOR_EVER), Duration::ZERO)).await;
        assert_eq!(alone.expect("nobody else will lead"), Err(nowhere()));
    }

    #[test]
    fn a_deadline_leaves_time_for_the_answer() {
        assert_eq!(wait_for("200m"), Some(Duration::from_millis(180)));
        assert_eq!(wait_for("2S"), Some(Duration::from_millis(1_800)));
        assert_eq!(wait_for("0n"), Some(Duration::ZERO));
        let longest = Duration::from_secs(99_999_999 * 3_600) * 9 / 10;
        assert_eq!(wait_for("99999999H"), Some(longest));
        for none in ["", "5", "m", "-1S", "1.5S", "5s", "123456789m", "1 S"] {
            assert_eq!(wait_for(none), None, "{none}");
        }
    }
}
