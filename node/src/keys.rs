//! Looking for a place among the keys of a partition, whose entries are ordered by time as well.

use std::collections::BTreeSet;

/// The first key for which `is_behind` holds; it must hold for all keys after that one, too. Asks about as many keys
/// as a key has bits, however many there are.
pub fn first_key(keys: &BTreeSet<u64>, mut is_behind: impl FnMut(u64) -> bool) -> Option<u64> {
    let (first, last) = (*keys.first()?, *keys.last()?);
    if !is_behind(last) {
        return None;
    }
    // What is looked for is the first key from a number in here on.
    let (mut low, mut high) = (first, last);
    while low < high {
        let middle = low + (high - low) / 2;
        let key = keys.range(middle..).next().copied().unwrap_or(last);
        match is_behind(key) {
            true => high = middle,
            false => low = key + 1,
        }
    }
    keys.range(low..).next().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_key_behind_a_place_is_found_with_few_questions() {
        let keys = (0..1_000_u64)
            .map(|at| at * at * 7)
            .collect::<BTreeSet<_>>();
        for place in (0..=7_000_000).step_by(1_789).chain([u64::MAX]) {
            let mut asked = 0;
            let found = first_key(&keys, |key| {
                asked += 1;
                key >= place
            });
            assert_eq!(found, keys.range(place..).next().copied(), "{place}");
            assert!(asked <= 24, "{asked}");
        }
        assert_eq!(first_key(&BTreeSet::new(), |_| true), None);
        let ends = BTreeSet::from([0, u64::MAX]);
        assert_eq!(first_key(&ends, |_| true), Some(0));
        assert_eq!(first_key(&ends, |key| key > 0), Some(u64::MAX));
    }
}
