//! The position record: what closes every checkpoint in the state topic, and what a new leader starts from.
//!
//! A position means something only on the cluster and the topics that it was written for.

use super::setup::Identity;
use super::tail::Tail;
use super::{Shared, topics};
use crate::Error;
use rdkafka::Message;
use serde::{Deserialize, Serialize};

/// The key of the position record; no entry may have it.
pub const POSITION_KEY: &[u8] = b"\xffweir.position";

/// A first look back from the end of the state topic reads so many offsets; each further one 16 times as many.
const LOOK_BACK: i64 = 64;

/// What the value of a position record says, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    /// The first offset of the command log that the checkpoint does not include.
    pub(super) next_offset: u64,
    pub(super) term: u64,
    pub(super) leader: String,
    /// Counts the checkpoints of a partition.
    pub(super) checkpoint: u64,
    /// How many entries the checkpoint changed.
    pub(super) changes: usize,
    pub(super) partitions: u32,
    pub(super) cluster_id: String,
    pub(super) commands_id: String,
    pub(super) state_id: String,
    /// An import was begun, and what it brings is not there: nobody may lead.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) import: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}

impl Position {
    /// Before anything was checkpointed.
    pub(super) fn start(identity: &Identity, partitions: u32) -> Self {
        let Identity {
            cluster_id,
            commands_id,
            state_id,
        } = identity.clone();
        Self {
            next_offset: 0,
            term: 0,
            leader: String::new(),
            checkpoint: 0,
            changes: 0,
            partitions,
            cluster_id,
            commands_id,
            state_id,
            import: false,
        }
    }

    pub(super) fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    pub(super) fn decode(value: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(value)
            .map_err(|error| format!("a position record cannot be read: {error}"))
    }

    /// Why this position does not belong to the topics at hand; `None` when it does.
    pub(super) fn foreign(&self, identity: &Identity, partitions: u32) -> Option<String> {
        let pairs = [
            (
                "the cluster",
                &self.cluster_id,
                &identity.cluster_id,
                "it was mirrored from another cluster",
            ),
            (
                "the topic of commands",
                &self.commands_id,
                &identity.commands_id,
                "it was made anew",
            ),
            (
                "the topic of states",
                &self.state_id,
                &identity.state_id,
                "it was made anew",
            ),
        ];
        for (what, written, found, guess) in pairs {
            if written != found {
                return Some(format!(
                    "{what} had the id {written} when the last checkpoint was written and has {found} now: {guess}"
                ));
            }
        }
        (self.partitions != partitions).then(|| {
            format!(
                "the last checkpoint was written with {} partitions, now there are {partitions}",
                self.partitions
            )
        })
    }
}

/// The last committed position of a partition, if there is one. Reads backwards from the end: the record that closes
/// the last checkpoint is behind nothing but markers and aborted records. `tail` reads the state topic.
pub(super) fn last(
    shared: &Shared,
    partition: u32,
    tail: &Tail,
) -> Result<Option<Position>, Error> {
    let (low, target) = shared.committed_end(topics::STATE, partition)?;
    if target.offset <= low {
        return Ok(None);
    }
    let mut back = LOOK_BACK;
    loop {
        let from = (target.offset - back).max(low);
        let mut found = None;
        tail.seek(from)?;
        tail.scan(target, shared.options.request_timeout, |message| {
            if message.key() == Some(POSITION_KEY) {
                found = message.payload().map(Position::decode);
            }
        })?;
        match found {
            Some(position) => return position.map(Some).map_err(Error::Failed),
            None if from == low => return Ok(None),
            None => back = back.saturating_mul(16),
        }
    }
}
