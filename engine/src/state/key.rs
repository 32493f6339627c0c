//! Keys of state entries, and of everything that a partition numbers.
//!
//! A key is `partition << 51 | counter` (Zeebe's layout, which its clients decode): 13 bits of
//! partition, a counter from 1. The key of an entry in the state topic is one byte of kind and
//! eight bytes of number, big endian.

use bytes::Bytes;

/// Low bits of a key that hold the counter.
pub const COUNTER_BITS: u32 = 51;
/// Low bits of an outbox entry's number that hold the sequence.
const SEQUENCE_BITS: u32 = 48;

/// The kinds of entries; the discriminant is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    Meta = 1,
    Resource = 2,
    Definition = 3,
    Instance = 4,
    Variables = 5,
    Job = 6,
    UserTask = 7,
    Timer = 8,
    Message = 9,
    Subscription = 10,
    Incident = 11,
    Continuation = 12,
    Stream = 13,
    Requests = 14,
    Outbox = 15,
    PendingDeployment = 16,
    RemoteSubscription = 17,
    DecisionRequirements = 18,
    Decision = 19,
}

impl Kind {
    const ALL: [Kind; 19] = [
        Kind::Meta,
        Kind::Resource,
        Kind::Definition,
        Kind::Instance,
        Kind::Variables,
        Kind::Job,
        Kind::UserTask,
        Kind::Timer,
        Kind::Message,
        Kind::Subscription,
        Kind::Incident,
        Kind::Continuation,
        Kind::Stream,
        Kind::Requests,
        Kind::Outbox,
        Kind::PendingDeployment,
        Kind::RemoteSubscription,
        Kind::DecisionRequirements,
        Kind::Decision,
    ];
}

/// Names one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryKey {
    pub kind: Kind,
    pub number: u64,
}

impl EntryKey {
    /// Nine bytes.
    pub fn encode(self) -> Bytes {
        let mut bytes = [0; 9];
        bytes[0] = self.kind as u8;
        bytes[1..].copy_from_slice(&self.number.to_be_bytes());
        Bytes::copy_from_slice(&bytes)
    }

    /// `None` for bytes that no build of this semantics number wrote.
    pub fn decode(bytes: &[u8]) -> Option<EntryKey> {
        let (tag, number) = bytes.split_first()?;
        let kind = Kind::ALL.into_iter().find(|kind| *kind as u8 == *tag)?;
        Some(EntryKey {
            kind,
            number: u64::from_be_bytes(number.try_into().ok()?),
        })
    }
}

/// The number of an outbox entry.
pub(crate) fn outbox_number(target: u32, sequence: u64) -> u64 {
    u64::from(target) << SEQUENCE_BITS | sequence
}

/// The keys of a partition are greater than this, and those of the partitions before it smaller.
pub fn first_key_of(partition: u32) -> u64 {
    u64::from(partition) << COUNTER_BITS
}

/// The partition that made a key.
pub fn partition_of(key: u64) -> u32 {
    (key >> COUNTER_BITS) as u32
}

/// The partition, from 1, that owns what has no key yet: messages by their correlation keys, requests by their ids.
/// As Zeebe spreads messages (`SubscriptionUtil`); it must never change for a given number of partitions.
pub fn partition_for(bytes: &[u8], partitions: u32) -> u32 {
    let hash = |hash: i32, byte: &u8| {
        hash.wrapping_mul(31)
            .wrapping_add(i32::from(byte.cast_signed()))
    };
    let hash = bytes.iter().fold(0, hash);
    let remainder = i64::from(hash) % i64::from(partitions.max(1));
    remainder.unsigned_abs() as u32 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_spread_as_zeebe_does() {
        assert_eq!(partition_for(b"", 3), 1);
        // "a" is 97, "ab" is 97 * 31 + 98 = 3105.
        assert_eq!(partition_for(b"a", 10), 8);
        assert_eq!(partition_for(b"ab", 10), 6);
        assert_eq!(partition_for("\u{e9}".as_bytes(), 1), 1);
        assert!((1..=7).contains(&partition_for(&[0xff; 40], 7)));
    }
}
