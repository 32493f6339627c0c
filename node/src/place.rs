//! Where a partition is led at this moment, and calls that follow it when it moves.

use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::error::SubmitError;
use crate::partition::Partition;
use crate::partition_id::PartitionId;
use crate::patience;
use crate::peer::client::Peer;

/// A call that found no leader looks again after so long, if nothing was heard.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Who leads a partition.
#[derive(Clone)]
pub(crate) enum Place {
    /// Nobody, as far as this node knows.
    Nowhere,
    /// This process.
    Here(Partition),
    /// Another node.
    There(Peer),
}

impl Place {
    /// Ends when the node there is taken for dead.
    async fn gone(&self) {
        match self {
            Place::There(peer) => peer.gone().await,
            Place::Nowhere | Place::Here(_) => std::future::pending().await,
        }
    }

    /// Whether a call that was begun there is still at the right place.
    fn is_same(&self, other: &Place) -> bool {
        match (self, other) {
            (Place::Nowhere, Place::Nowhere) => true,
            (Place::Here(one), Place::Here(other)) => one.is_same(other),
            (Place::There(one), Place::There(other)) => one.address == other.address,
            (Place::Nowhere | Place::Here(_) | Place::There(_), _) => false,
        }
    }
}

/// The place of one partition, as it changes.
pub(crate) struct Slot {
    id: PartitionId,
    place: watch::Sender<Place>,
}

impl Slot {
    pub fn new(id: PartitionId, place: Place) -> Slot {
        Slot {
            id,
            place: watch::Sender::new(place),
        }
    }

    pub fn id(&self) -> PartitionId {
        self.id
    }

    pub fn place(&self) -> Place {
        self.place.borrow().clone()
    }

    /// The partition, if this process leads it.
    pub fn here(&self) -> Option<Partition> {
        match &*self.place.borrow() {
            Place::Here(partition) => Some(partition.clone()),
            Place::Nowhere | Place::There(_) => None,
        }
    }

    pub fn move_to(&self, place: Place) {
        self.place.send_if_modified(|present| {
            let moves = !present.is_same(&place);
            if moves {
                *present = place;
            }
            moves
        });
    }

    /// Calls the leader; should it move, or not be there, calls the next one, for as long as `patience`, or as long as
    /// who waits for it says. A call may so be made twice: it must not matter, or carry a request id.
    pub async fn call<T, F>(
        &self,
        patience: Duration,
        mut call: impl FnMut(Place) -> F,
    ) -> Result<T, SubmitError>
    where
        F: Future<Output = Result<T, SubmitError>>,
    {
        let deadline = patience::until(patience);
        let mut places = self.place.subscribe();
        loop {
            let place = places.borrow_and_update().clone();
            let outcome = tokio::select! {
                biased;
                outcome = call(place.clone()) => outcome,
                // It may never answer. One that only leads no longer does.
                () = place.gone() => {
                    let gone = "the node that led the partition has gone";
                    Err(SubmitError::Unavailable(gone.to_owned()))
                }
            };
            let left = deadline.saturating_duration_since(Instant::now());
            match outcome {
                Err(error) if error.may_pass() && !left.is_zero() => {
                    // Heard or not: both end in another look.
                    let _ = tokio::time::timeout(left.min(LOOK_AGAIN), places.changed()).await;
                }
                outcome => return outcome,
            }
        }
    }
}

/// Nobody leads the partition.
pub(crate) fn nowhere() -> SubmitError {
    SubmitError::Unavailable("nobody leads the partition at this moment".to_owned())
}
