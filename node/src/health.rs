//! How a node is, from how each of its partitions is.

use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use crate::partition_id::PartitionId;
use crate::status::Phase;

/// The phases of all partitions, and the one of the node.
#[derive(Debug)]
pub(crate) struct Health {
    phases: Mutex<Vec<Phase>>,
    whole: watch::Sender<Phase>,
}

impl Health {
    pub fn new(partitions: u32) -> Health {
        Health {
            phases: Mutex::new(vec![Phase::Starting; partitions as usize]),
            whole: watch::Sender::new(Phase::Starting),
        }
    }

    /// Called for every batch: it must cost nothing while nothing changes.
    pub fn tell(&self, partition: PartitionId, phase: &Phase) {
        let mut phases = self.phases.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(present) = phases.get_mut(partition.in_journal() as usize) else {
            return;
        };
        if present == phase {
            return;
        }
        present.clone_from(phase);
        self.whole.send_replace(whole(&phases));
    }

    pub fn phases(&self) -> watch::Receiver<Phase> {
        self.whole.subscribe()
    }

    pub fn phase(&self) -> Phase {
        self.whole.borrow().clone()
    }
}

/// A node serves when all its partitions do, and has failed when one has.
fn whole(phases: &[Phase]) -> Phase {
    let rank = |phase: &&Phase| match phase {
        Phase::Failed(_) => 3,
        Phase::Stopped => 2,
        Phase::Starting => 1,
        Phase::Serving => 0,
    };
    phases
        .iter()
        .max_by_key(rank)
        .cloned()
        .unwrap_or(Phase::Serving)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_partition_tells_how_the_node_is() {
        let failed = Phase::Failed("why".to_owned());
        assert_eq!(whole(&[Phase::Serving, Phase::Serving]), Phase::Serving);
        assert_eq!(whole(&[Phase::Serving, Phase::Starting]), Phase::Starting);
        assert_eq!(whole(&[Phase::Stopped, Phase::Starting]), Phase::Stopped);
        assert_eq!(whole(&[failed.clone(), Phase::Serving]), failed);
    }
}
