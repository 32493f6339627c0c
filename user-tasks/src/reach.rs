//! Waiting until what a caller has seen is here: after a change, or a read somewhere else.

use std::time::Duration;

use node::Node;
use tokio::sync::Semaphore;
use tonic::Status;
use tonic::metadata::MetadataMap;

use crate::fault;
use crate::position::Position;
use crate::reason;

/// Who names no deadline waits for so long.
const PATIENCE: Duration = Duration::from_secs(10);
/// Who names a longer one waits for so long.
const PATIENCE_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Waits until all partitions that are named have come so far.
///
/// # Errors
/// UNAVAILABLE when they have not in time; OVERLOADED when too many wait already.
pub(crate) async fn reached(
    node: &Node,
    waiting: &Semaphore,
    metadata: &MetadataMap,
    position: Option<&Position>,
) -> Result<(), Status> {
    let Some(position) = position else {
        return Ok(());
    };
    let _one = waiting.try_acquire().map_err(|_| fault::overloaded())?;
    let all = async {
        for (partition, offset) in position.pairs() {
            let partition = &node.partitions()[partition.in_journal() as usize];
            partition.applied(*offset).await.map_err(fault::refused)?;
        }
        Ok(())
    };
    let reached = tokio::time::timeout(patience(metadata), all).await;
    reached.unwrap_or_else(|_| Err(not_reached(position)))
}

fn not_reached(position: &Position) -> Status {
    fault::status(
        tonic::Code::Unavailable,
        reason::POSITION_NOT_REACHED,
        format!("the log has not come as far as {position} yet"),
    )
}

fn patience(metadata: &MetadataMap) -> Duration {
    let deadline = metadata.get("grpc-timeout");
    let wait = deadline.and_then(|value| node::wait_for(value.to_str().ok()?));
    wait.map_or(PATIENCE, |wait| wait.min(PATIENCE_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_waits_as_long_as_its_caller() {
        let with = |text: &str| {
            let mut metadata = MetadataMap::new();
            metadata.insert("grpc-timeout", text.parse().expect("metadata"));
            patience(&metadata)
        };
        assert_eq!(with("2S"), Duration::from_millis(1_800));
        assert_eq!(with("99999999H"), PATIENCE_MAX);
        assert_eq!(with("5s"), PATIENCE);
        assert_eq!(patience(&MetadataMap::new()), PATIENCE);
    }
}
