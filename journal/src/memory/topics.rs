//! The topics that processes publish to, as a test sees and sets them.

use std::collections::BTreeMap;

use super::MemoryJournal;
use super::faults::Dice;
use crate::feed::locked;
use crate::{Checkpoint, CheckpointError, OutboundRecord, Refusal};

/// Everything that committed checkpoints brought out, and the topics that take nothing.
#[derive(Default)]
pub(super) struct Topics {
    published: Vec<OutboundRecord>,
    refusing: BTreeMap<String, String>,
}

impl Topics {
    pub(super) fn check(
        &self,
        dice: &mut Dice,
        checkpoint: &Checkpoint,
    ) -> Result<(), CheckpointError> {
        let mut refusals = Vec::new();
        for (index, record) in checkpoint.outbound.iter().enumerate() {
            let by_topic = self.refusing.get(&record.topic).cloned();
            let reason = by_topic.or_else(|| {
                let strikes = dice.strikes(dice.rates.refuse);
                dice.counts.refuse += u64::from(strikes);
                strikes.then(|| "a fault".to_owned())
            });
            refusals.extend(reason.map(|reason| Refusal { index, reason }));
        }
        match refusals.is_empty() {
            true => Ok(()),
            false => Err(CheckpointError::Refused(refusals)),
        }
    }

    pub(super) fn publish(&mut self, checkpoint: &Checkpoint) {
        self.published.extend_from_slice(&checkpoint.outbound);
    }
}

impl MemoryJournal {
    /// From now on the topic refuses every record.
    pub fn refuse_topic(&self, topic: &str, reason: &str) {
        let refusing = &mut locked(&self.shared.world).topics.refusing;
        refusing.insert(topic.to_owned(), reason.to_owned());
    }

    /// The topic takes records again.
    pub fn accept_topic(&self, topic: &str) {
        locked(&self.shared.world).topics.refusing.remove(topic);
    }

    /// What committed checkpoints of all partitions have published, in order.
    #[must_use]
    pub fn published(&self) -> Vec<OutboundRecord> {
        locked(&self.shared.world).topics.published.clone()
    }
}
