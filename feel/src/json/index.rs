//! Where the fields of an object are: for objects with many fields that are asked often.

use std::ops::Range;

use bytes::Bytes;

use super::{escaped_name, raw_fields, scan, word};

/// A normalized object with an index of its fields. Looking up takes the same time however many there are; making the
/// index takes about as long as two look-ups of the last field, and up to 48 bytes for each field.
#[derive(Clone, Debug)]
pub struct Indexed {
    object: Bytes,
    /// A power of two; with none, nothing is indexed.
    slots: Box<[Slot]>,
}

/// A field: its name's hash, and where its name and value begin and its value ends.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    hash: u32,
    name: u32,
    value: u32,
    /// 0 when the slot is free.
    end: u32,
}

/// How many slots a look-up tries. Only names that were chosen to collide have no place in so many; they are found by
/// scanning.
const PROBES: usize = 16;

/// Between a name and its value: `":`.
const BETWEEN: usize = 2;

impl Indexed {
    /// Reads all fields of a normalized object.
    pub fn new(object: Bytes) -> Indexed {
        if u32::try_from(object.len()).is_err() {
            let slots = Box::default();
            return Indexed { object, slots };
        }
        let fields = slots(&object);
        let count = (fields.len() + fields.len() / 2).next_power_of_two();
        let mut slots = vec![Slot::default(); count];
        for field in fields {
            let free = places(field.hash, count).find(|at| slots[*at].end == 0);
            if let Some(at) = free {
                slots[at] = field;
            }
        }
        let slots = slots.into();
        Indexed { object, slots }
    }

    /// The object.
    pub fn object(&self) -> &Bytes {
        &self.object
    }

    /// Where the encoded value of a field is in the object's bytes.
    pub fn find(&self, name: &str) -> Option<Range<usize>> {
        let escaped = escaped_name(name);
        let hash = hash(&escaped);
        for at in places(hash, self.slots.len()) {
            let slot = self.slots.get(at)?;
            let (start, value, end) = (slot.name as usize, slot.value as usize, slot.end as usize);
            if end == 0 {
                return None;
            }
            let name = self.object.get(start..value.saturating_sub(BETWEEN));
            if slot.hash == hash && name == Some(&*escaped) {
                return Some(value..end);
            }
        }
        let value = scan::get(&self.object, name)?;
        let start = value.as_ptr() as usize - self.object.as_ptr() as usize;
        Some(start..start + value.len())
    }
}

/// The slots that a hash may be in, in their order.
fn places(hash: u32, count: usize) -> impl Iterator<Item = usize> {
    let probes = PROBES.min(count);
    (0..probes).map(move |probe| (hash as usize + probe) & (count - 1))
}

fn slots(object: &[u8]) -> Vec<Slot> {
    // Positions follow from lengths: nothing is between the parts of a normalized object.
    let mut at = 1;
    let fields = raw_fields(object).map(|(name, value)| {
        let start = at + 1;
        let begin = start + name.len() + BETWEEN;
        let end = begin + value.len();
        at = end + 1;
        Slot {
            hash: hash(name),
            name: start as u32,
            value: begin as u32,
            end: end as u32,
        }
    });
    fields.collect()
}

/// Of a name as it is between its quotes.
#[inline]
fn hash(name: &[u8]) -> u32 {
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
    let mix = |hash: u64, word: u64| (hash.rotate_left(23) ^ word).wrapping_mul(FACTOR);
    let hash = match name.last_chunk() {
        None => mix(name.len() as u64, word::padded(name, 0)),
        Some(last) => {
            let words = name.chunks_exact(8).filter_map(word::first);
            let hash = words.fold(name.len() as u64, mix);
            mix(hash, u64::from_le_bytes(*last))
        }
    };
    (hash >> 32) as u32
}
