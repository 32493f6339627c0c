//! Eight bytes at a time: most names and values are so short that a call into memchr costs more.

const ONES: u64 = u64::MAX / 255;
const HIGH_BITS: u64 = ONES << 7;

/// The first eight bytes, the first one lowest; `None` when there are fewer.
#[inline(always)]
pub(super) fn first(bytes: &[u8]) -> Option<u64> {
    bytes.first_chunk().map(|chunk| u64::from_le_bytes(*chunk))
}

/// Fewer than eight bytes, and `padding` behind them.
#[inline(always)]
pub(super) fn padded(bytes: &[u8], padding: u8) -> u64 {
    let padding = ONES * u64::from(padding);
    let append = |word, byte: &u8| word << 8 | u64::from(*byte);
    bytes.iter().rev().fold(padding, append)
}

/// The high bit of each byte of the word that is `byte`. Above the first one there may be others.
#[inline(always)]
pub(super) fn places(word: u64, byte: u8) -> u64 {
    let word = word ^ (ONES * u64::from(byte));
    word.wrapping_sub(ONES) & !word & HIGH_BITS
}

/// The index of the first byte that is marked.
#[inline(always)]
pub(super) fn first_place(places: u64) -> usize {
    (places.trailing_zeros() / 8) as usize
}

/// Whether a string has nothing that is escaped between quotes.
#[inline]
pub(super) fn is_plain(text: &[u8]) -> bool {
    let Some(last) = text.last_chunk() else {
        return escapes(padded(text, b' ')) == 0;
    };
    let words = text.chunks_exact(8).filter_map(first);
    let found = words.fold(0, |found, word| found | escapes(word));
    found | escapes(u64::from_le_bytes(*last)) == 0
}

#[inline(always)]
fn escapes(word: u64) -> u64 {
    let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH_BITS;
    control | places(word, b'"') | places(word, b'\\')
}
