//! Where chance in expressions comes from: `uuid()` and `random number()` are functions of a seed, and seeds of the log.
//!
//! A replay gives the same; so nothing that differs between replicas may come in here.

use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::Position;

/// The seed of an evaluation, which counts from 1 in its command. The time tells installations apart that have the
/// same offsets.
pub(crate) fn of(partition: u32, position: Position, evaluation: u64) -> u128 {
    hash([
        u64::from(partition),
        position.offset,
        position.timestamp_ms.cast_unsigned(),
        evaluation,
    ])
}

/// The seed of a timer that starts a process, which is evaluated twice: when it is checked, and when it is armed.
pub(crate) fn of_start(process_id: &str, node: u32, now_ms: i64) -> u128 {
    let process = xxh3_64(process_id.as_bytes());
    hash([process, u64::from(node), now_ms.cast_unsigned(), 0])
}

fn hash(parts: [u64; 4]) -> u128 {
    let mut bytes = [0; 32];
    for (place, part) in bytes.chunks_exact_mut(8).zip(parts) {
        place.copy_from_slice(&part.to_le_bytes());
    }
    xxh3_128(&bytes)
}
