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
/// A caller's deadline that is longer is taken for this.
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

/// A tenth of the caller's time is left for the answer: the deadline itself would end the call without a reason.
fn patience(metadata: &MetadataMap) -> Duration {
    let deadline = metadata.get("grpc-timeout");
    let deadline = deadline.and_then(|value| timeout(value.to_str().ok()?));
    deadline.map_or(PATIENCE, |deadline| deadline.min(PATIENCE_MAX) * 9 / 10)
}

/// Up to eight digits and a unit, as gRPC over HTTP/2 has it.
fn timeout(text: &str) -> Option<Duration> {
    let (at, unit) = text.char_indices().last()?;
    let number = &text[..at];
    if number.len() > 8 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = number.parse().ok()?;
    match unit {
        'H' => Some(Duration::from_secs(number * 3_600)),
        'M' => Some(Duration::from_secs(number * 60)),
        'S' => Some(Duration::from_secs(number)),
        'm' => Some(Duration::from_millis(number)),
        'u' => Some(Duration::from_micros(number)),
        'n' => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_leaves_time_for_the_answer() {
        let with = |text: &str| {
            let mut metadata = MetadataMap::new();
            metadata.insert("grpc-timeout", text.parse().expect("metadata"));
            patience(&metadata)
        };
        assert_eq!(with("200m"), Duration::from_millis(180));
        assert_eq!(with("2S"), Duration::from_millis(1_800));
        assert_eq!(with("99999999H"), PATIENCE_MAX * 9 / 10);
        assert_eq!(with("0n"), Duration::ZERO);
        for no_deadline in ["", "5", "m", "-1S", "1.5S", "5s", "123456789m", "1 S"] {
            assert_eq!(with(no_deadline), PATIENCE, "{no_deadline}");
        }
        assert_eq!(patience(&MetadataMap::new()), PATIENCE);
    }
}
