//! One partition, wherever it is led.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use engine::State;
use prost::Message;

use crate::error::SubmitError;
use crate::models::Offset;
use crate::partition::Partition;
use crate::partition_id::PartitionId;
use crate::place::{Place, Slot, nowhere};
use crate::query::Query;
use crate::status::Status;

/// A partition of a node's journal, led by the node or by another one.
#[derive(Clone)]
pub struct PartitionClient {
    slots: Arc<[Slot]>,
    id: PartitionId,
    /// How long a call waits for a leader.
    patience: Duration,
}

impl PartitionClient {
    /// All partitions that have a place.
    pub(crate) fn all(slots: &Arc<[Slot]>, patience: Duration) -> Vec<PartitionClient> {
        let client = |slot: &Slot| PartitionClient {
            slots: Arc::clone(slots),
            id: slot.id(),
            patience,
        };
        slots.iter().map(client).collect()
    }

    fn slot(&self) -> &Slot {
        &self.slots[self.id.in_journal() as usize]
    }

    pub fn id(&self) -> PartitionId {
        self.id
    }

    /// How the partition is; `None`: another node leads it, or nobody.
    pub fn status(&self) -> Option<Status> {
        self.slot().here().map(|partition| partition.status())
    }

    /// Where the node that leads the partition is reached, `host:port`; `None`: this node leads it, or nobody.
    pub fn leader_elsewhere(&self) -> Option<String> {
        match self.slot().place() {
            Place::There(peer) => Some(peer.address),
            Place::Here(_) | Place::Nowhere => None,
        }
    }

    /// Asks the partition's leader; the answer includes every command that was answered before. With the last offset
    /// that it includes: a watch from there gives what follows.
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub async fn ask<Q: Query + Clone>(
        &self,
        question: Q,
    ) -> Result<(Q::Answer, u64), SubmitError> {
        self.slot()
            .call(self.patience, |place| {
                let question = question.clone();
                async move {
                    match place {
                        Place::Here(partition) => {
                            partition
                                .query_at(move |state| question.answer(state))
                                .await
                        }
                        Place::There(peer) => {
                            let question = Bytes::from(question.encode_to_vec());
                            let (answer, offset) = peer.ask(Q::NAME, question).await?;
                            let answer = Q::Answer::decode(answer).map_err(|error| {
                                SubmitError::Internal(format!("the answer to {}: {error}", Q::NAME))
                            })?;
                            Ok((answer, offset))
                        }
                        Place::Nowhere => Err(nowhere()),
                    }
                }
            })
            .await
    }

    /// The last offset that the leader has applied.
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub async fn offset(&self) -> Result<u64, SubmitError> {
        let ((), offset) = self.ask(Offset {}).await?;
        Ok(offset)
    }

    /// The partition, if this node leads it.
    pub(crate) fn here(&self) -> Option<Partition> {
        self.slot().here()
    }

    /// Waits until the leader has applied the command at this offset.
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub async fn applied(&self, offset: u64) -> Result<(), SubmitError> {
        self.slot()
            .call(self.patience, |place| async move {
                match place {
                    Place::Here(partition) => partition.applied(offset).await,
                    Place::There(peer) => peer.applied(offset).await,
                    Place::Nowhere => Err(nowhere()),
                }
            })
            .await
    }

    /// Runs a query on the thread of a partition that this node leads; see [`PartitionClient::query_at`].
    ///
    /// # Errors
    /// As [`PartitionClient::query_at`].
    pub fn query<T: Send + 'static>(
        &self,
        query: impl FnOnce(&State) -> T + Send + 'static,
    ) -> impl Future<Output = Result<T, SubmitError>> + Send + 'static {
        let asked = self.query_at(query);
        async { Ok(asked.await?.0) }
    }

    /// Runs a query on the thread of a partition that this node leads, between batches; it sees every command that was
    /// answered before, and nothing is applied while it runs: keep it short. With the last offset that was applied.
    ///
    /// # Errors
    /// [`SubmitError::Overloaded`] when too many wait, [`SubmitError::Internal`] when the query panics, and when the
    /// node does not lead the partition or does not serve.
    pub fn query_at<T: Send + 'static>(
        &self,
        query: impl FnOnce(&State) -> T + Send + 'static,
    ) -> impl Future<Output = Result<(T, u64), SubmitError>> + Send + 'static {
        let partition = self.slot().here().ok_or_else(nowhere);
        async move { partition?.query_at(query).await }
    }
}
