//! Indexes of the variables that were looked up last, so that many variables cost no more than a few.
//!
//! Derived and never more than a few: what waits pays nothing. Whether there is one changes no result and no step.

use std::cell::RefCell;

use bytes::Bytes;
use feel::json::{self, Indexed};

/// Scopes that are remembered. A command works on one instance, and its scopes have neighbouring keys.
const SCOPES: usize = 4;

/// Smaller documents are scanned as fast.
const BYTES_MIN: usize = 512;

/// Larger ones are scanned too: an index may take five times the document.
const BYTES_MAX: usize = 1 << 20;

/// Making an index takes about as long as so many look-ups.
const LOOK_UPS_MIN: u32 = 3;

#[derive(Clone, Debug, Default)]
pub(super) struct Hot(RefCell<[Option<Known>; SCOPES]>);

#[derive(Clone, Debug)]
enum Known {
    /// Looked up so often.
    Seen(Bytes, u32),
    Indexed(Indexed),
}

impl Known {
    /// Holding on to a document keeps its place in memory from being another's.
    fn is_of(&self, document: &Bytes) -> bool {
        let known = match self {
            Known::Seen(document, _) => document,
            Known::Indexed(indexed) => indexed.object(),
        };
        known.as_ptr() == document.as_ptr() && known.len() == document.len()
    }
}

impl Hot {
    /// The encoded value of a field of a scope's document.
    pub fn get<'d>(&self, scope: u64, document: &'d Bytes, name: &str) -> Option<&'d [u8]> {
        if !(BYTES_MIN..=BYTES_MAX).contains(&document.len()) {
            return json::get(document, name);
        }
        let mut known = self.0.borrow_mut();
        let known = &mut known[scope as usize % SCOPES];
        if !known.as_ref().is_some_and(|known| known.is_of(document)) {
            *known = Some(Known::Seen(document.clone(), 0));
        }
        match known {
            Some(Known::Indexed(indexed)) => document.get(indexed.find(name)?),
            Some(Known::Seen(_, look_ups)) if *look_ups < LOOK_UPS_MIN => {
                *look_ups += 1;
                json::get(document, name)
            }
            Some(Known::Seen(..)) | None => {
                let indexed = Indexed::new(document.clone());
                let found = indexed.find(name);
                *known = Some(Known::Indexed(indexed));
                document.get(found?)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(fields: usize, value: usize) -> Bytes {
        let fields = (0..fields).map(|n| format!("\"field{n}\":{}", n + value));
        let fields = fields.collect::<Vec<_>>().join(",");
        Bytes::from(format!("{{{fields}}}"))
    }

    #[test]
    fn finds_what_scanning_finds_while_documents_change() {
        let hot = Hot::default();
        for round in 0..50usize {
            for scope in 0..9 {
                // Some stay for some rounds, some are new each time, as small as they are large.
                let document = document(3 + scope * 20, round / (scope + 1));
                for look_up in 0..6 {
                    let name = format!("field{}", look_up * 11 + round);
                    let found = hot.get(scope as u64, &document, &name);
                    assert_eq!(found, json::get(&document, &name));
                }
            }
        }
    }

    #[test]
    fn only_what_is_looked_up_often_has_an_index() {
        let (hot, document) = (Hot::default(), document(100, 0));
        let is_indexed = |hot: &Hot| matches!(hot.0.borrow()[1], Some(Known::Indexed(_)));
        for _ in 0..LOOK_UPS_MIN {
            assert!(hot.get(1, &document, "field7").is_some());
            assert!(!is_indexed(&hot));
        }
        assert!(hot.get(1, &document, "field7").is_some());
        assert!(is_indexed(&hot));
        assert!(
            hot.get(5, &Bytes::from(document.to_vec()), "field7")
                .is_some()
        );
        assert!(!is_indexed(&hot), "another document took its place");
    }
}
