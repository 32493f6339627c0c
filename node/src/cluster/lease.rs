//! Whether this node may still take itself for the leader of what it leads.
//!
//! A leader that was stopped for a while does not know that another one has taken over. What it answers to commands is
//! right all the same, since they come from the log; what it reads from its memory may be old. So it reads only while
//! the others cannot have taken it for dead.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// A node's right to read what it leads.
#[derive(Debug)]
pub(crate) struct Lease {
    /// When the last heartbeat was sent that came back; `None`: the node is alone and needs none.
    sent: Option<Mutex<Option<Sent>>>,
    length: Duration,
}

/// A moment, by both clocks: the one stands still while the machine is suspended, the other may be set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent(Instant, SystemTime);

impl Sent {
    pub fn now() -> Sent {
        Sent(Instant::now(), SystemTime::now())
    }

    pub fn on_the_wall(self) -> SystemTime {
        self.1
    }

    fn elapsed(self) -> Duration {
        let on_the_wall = self.1.elapsed().unwrap_or(Duration::ZERO);
        self.0.elapsed().max(on_the_wall)
    }
}

impl Lease {
    /// Of a node that nobody else can relieve.
    pub fn of_one() -> Lease {
        Lease {
            sent: None,
            length: Duration::MAX,
        }
    }

    /// Of a node that is taken for dead when it was silent for so long.
    pub fn of_many(timeout: Duration) -> Lease {
        Lease {
            sent: Some(Mutex::new(None)),
            // Clocks do not run equally fast.
            length: timeout * 9 / 10,
        }
    }

    /// A heartbeat that was sent then has come back.
    pub fn renew(&self, at: Sent) {
        if let Some(sent) = &self.sent {
            *sent.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
        }
    }

    pub fn holds(&self) -> bool {
        let Some(sent) = &self.sent else {
            return true;
        };
        let sent = *sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.is_some_and(|sent| sent.elapsed() < self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_holds_from_the_sending_on_and_not_for_ever() {
        assert!(Lease::of_one().holds());
        let lease = Lease::of_many(Duration::from_secs(3_600));
        assert!(!lease.holds(), "nothing has come back yet");
        lease.renew(Sent::now());
        assert!(lease.holds());
        // The machine slept for a day: the one clock has seen it.
        let yesterday = SystemTime::now() - Duration::from_secs(86_400);
        lease.renew(Sent(Instant::now(), yesterday));
        assert!(!lease.holds());
    }
}
