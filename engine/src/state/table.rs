//! A table of entries of one kind that knows what changed since it was last drained.
//!
//! An entry that was created and removed between two drains is never reported. Each entry keeps
//! the hash of the bytes that were last reported, so that the running hash of the whole state
//! costs nothing but what is written anyway.

use std::num::NonZeroU64;

use bytes::Bytes;
use prost::Message;
use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::key::{EntryKey, Kind};

/// The net change of an entry: its bytes, or `None` when it is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub key: EntryKey,
    pub value: Option<Bytes>,
}

/// The running hash: the wrapping sum of all entries' hashes, and how many there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Digest {
    pub count: u64,
    pub sum: u64,
}

#[derive(Debug, Clone)]
struct Slot<T> {
    value: T,
    /// Hash of the bytes last reported; `None` when they never were.
    written: Option<NonZeroU64>,
    dirty: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Table<T> {
    kind: Kind,
    /// Boxed: a map is up to half empty, and a new entry's place among a million is in no cache.
    slots: FxHashMap<u64, Box<Slot<T>>>,
    /// Touched entries with the hash that was last reported of them.
    dirty: Vec<(u64, Option<NonZeroU64>)>,
}

impl<T: Message + Default + Clone> Table<T> {
    pub fn new(kind: Kind) -> Table<T> {
        Table {
            kind,
            slots: FxHashMap::default(),
            dirty: Vec::new(),
        }
    }

    pub fn get(&self, number: u64) -> Option<&T> {
        self.slots.get(&number).map(|slot| &slot.value)
    }

    pub fn contains(&self, number: u64) -> bool {
        self.slots.contains_key(&number)
    }

    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// In no particular order: for queries and rebuilding indexes, never for a decision.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.slots.values().map(|slot| &slot.value)
    }

    /// In order of their numbers.
    pub fn in_order(&self) -> impl Iterator<Item = &T> {
        let mut slots = self.slots.iter().collect::<Vec<_>>();
        slots.sort_unstable_by_key(|(number, _)| **number);
        slots.into_iter().map(|(_, slot)| &slot.value)
    }

    /// To change the entry, which is then dirty.
    pub fn get_mut(&mut self, number: u64) -> Option<&mut T> {
        let slot = self.slots.get_mut(&number)?;
        if !slot.dirty {
            slot.dirty = true;
            self.dirty.push((number, slot.written));
        }
        Some(&mut slot.value)
    }

    pub fn insert(&mut self, number: u64, value: T) {
        if let Some(present) = self.get_mut(number) {
            *present = value;
            return;
        }
        self.dirty.push((number, None));
        let slot = Slot {
            value,
            written: None,
            dirty: true,
        };
        self.slots.insert(number, Box::new(slot));
    }

    pub fn remove(&mut self, number: u64) -> Option<T> {
        let slot = self.slots.remove(&number)?;
        if !slot.dirty {
            self.dirty.push((number, slot.written));
        }
        Some(slot.value)
    }

    /// Takes an entry as it was reported, or that it was reported gone; what was taken before does not count any more.
    pub fn load(
        &mut self,
        number: u64,
        bytes: Option<&Bytes>,
        digest: &mut Digest,
    ) -> Result<(), prost::DecodeError> {
        let replaced = match bytes {
            Some(bytes) => {
                let value = match self.kind {
                    // Many small parts of a large entry share it.
                    Kind::Requests => T::decode(bytes.clone())?,
                    _ => T::decode(&bytes[..])?,
                };
                // A clone has no spare room, which decoding leaves in lists.
                let value = value.clone();
                let hash = self.hash(number, bytes);
                digest.add(hash);
                let slot = Slot {
                    value,
                    written: Some(hash),
                    dirty: false,
                };
                self.slots.insert(number, Box::new(slot))
            }
            None => self.slots.remove(&number),
        };
        if let Some(hash) = replaced.and_then(|slot| slot.written) {
            digest.remove(hash);
        }
        Ok(())
    }

    pub fn drain(&mut self, digest: &mut Digest, changes: &mut Vec<Change>) {
        for (number, reported) in std::mem::take(&mut self.dirty) {
            let key = EntryKey {
                kind: self.kind,
                number,
            };
            let Some(slot) = self.slots.get_mut(&number) else {
                if let Some(hash) = reported {
                    digest.remove(hash);
                    changes.push(Change { key, value: None });
                }
                continue;
            };
            if !slot.dirty {
                continue; // Removed and made again: the first of the two marks reported it.
            }
            let bytes = Bytes::from(slot.value.encode_to_vec());
            let hash = hash_entry(key, &bytes);
            if let Some(old) = reported {
                digest.remove(old);
            }
            digest.add(hash);
            slot.dirty = false;
            slot.written = Some(hash);
            changes.push(Change {
                key,
                value: Some(bytes),
            });
        }
    }

    fn hash(&self, number: u64, bytes: &[u8]) -> NonZeroU64 {
        let key = EntryKey {
            kind: self.kind,
            number,
        };
        hash_entry(key, bytes)
    }
}

impl Digest {
    fn add(&mut self, hash: NonZeroU64) {
        self.count += 1;
        self.sum = self.sum.wrapping_add(hash.get());
    }

    fn remove(&mut self, hash: NonZeroU64) {
        self.count -= 1;
        self.sum = self.sum.wrapping_sub(hash.get());
    }
}

fn hash_entry(key: EntryKey, bytes: &[u8]) -> NonZeroU64 {
    let hash = xxh3_64_with_seed(bytes, key.number ^ (u64::from(key.kind as u8) << 56));
    NonZeroU64::new(hash).unwrap_or(NonZeroU64::MIN)
}

#[cfg(test)]
mod tests {
    use proto::record::Stream;

    use super::*;

    fn stream(credit: u32) -> Stream {
        Stream {
            credit,
            ..Stream::default()
        }
    }

    fn drained(table: &mut Table<Stream>, digest: &mut Digest) -> Vec<(u64, bool)> {
        let mut changes = Vec::new();
        table.drain(digest, &mut changes);
        changes
            .into_iter()
            .map(|change| (change.key.number, change.value.is_some()))
            .collect()
    }

    #[test]
    fn an_entry_created_and_removed_is_never_reported() {
        let (mut table, mut digest) = (Table::new(Kind::Stream), Digest::default());
        table.insert(1, stream(1));
        table.remove(1);
        assert_eq!(drained(&mut table, &mut digest), vec![]);
        assert_eq!(digest, Digest::default());
    }

    #[test]
    fn a_reported_entry_leaves_a_tombstone() {
        let (mut table, mut digest) = (Table::new(Kind::Stream), Digest::default());
        table.insert(1, stream(1));
        assert_eq!(drained(&mut table, &mut digest), vec![(1, true)]);
        table.get_mut(1).unwrap().credit = 2;
        table.remove(1);
        assert_eq!(drained(&mut table, &mut digest), vec![(1, false)]);
        assert_eq!(digest, Digest::default());
    }

    #[test]
    fn an_entry_removed_and_made_again_is_reported_once() {
        let (mut table, mut digest) = (Table::new(Kind::Stream), Digest::default());
        table.insert(1, stream(1));
        drained(&mut table, &mut digest);
        let before = digest;
        table.remove(1);
        table.insert(1, stream(1));
        assert_eq!(drained(&mut table, &mut digest), vec![(1, true)]);
        assert_eq!(digest, before);
    }

    #[test]
    fn loading_gives_the_same_digest_as_writing() {
        let (mut table, mut digest) = (Table::new(Kind::Stream), Digest::default());
        table.insert(1, stream(7));
        table.insert(2, stream(8));
        let mut changes = Vec::new();
        table.drain(&mut digest, &mut changes);
        let (mut copy, mut copied) = (Table::<Stream>::new(Kind::Stream), Digest::default());
        for change in changes {
            copy.load(change.key.number, change.value.as_ref(), &mut copied)
                .unwrap();
        }
        assert_eq!(digest, copied);
    }

    #[test]
    fn the_last_that_is_loaded_of_an_entry_counts() {
        let (mut table, mut digest) = (Table::<Stream>::new(Kind::Stream), Digest::default());
        let older = Bytes::from(stream(7).encode_to_vec());
        let newer = Bytes::from(stream(8).encode_to_vec());
        for (number, bytes) in [
            (1, Some(&older)),
            (2, Some(&older)),
            (1, Some(&newer)),
            (2, None),
            (3, None),
        ] {
            table.load(number, bytes, &mut digest).unwrap();
        }
        assert_eq!(table.get(1).map(|stream| stream.credit), Some(8));
        assert_eq!(table.len(), 1);
        let (mut alone, mut expected) = (Table::<Stream>::new(Kind::Stream), Digest::default());
        alone.load(1, Some(&newer), &mut expected).unwrap();
        assert_eq!(digest, expected);
    }
}
