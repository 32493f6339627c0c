//! What the contract says about journals that are filled from elsewhere, and read as a whole.

use super::{bytes, change, lead, restore, state};
use crate::moving::{Part, Past, Source, Target};
use crate::{Change, Error, HistoryRecord};
use std::collections::BTreeMap;

/// Begins to fill one and the same place, which has two partitions and is empty at first.
pub type Begin<'b> = &'b dyn Fn() -> Result<Box<dyn Target>, Error>;

/// Fills a place, after an attempt that was never finished, and reads it as a whole. `open` is only called for a place
/// that was filled.
///
/// # Panics
/// When something is not as the contract says.
pub fn run_moving(begin: Begin<'_>, open: &dyn Fn() -> Box<dyn Source>) {
    let mut broken = begin().expect("an empty place is taken");
    let lost = Part {
        entries: vec![change("lost", Some("1"))],
        history: vec![past(9, "lost", None)],
        ..Part::default()
    };
    broken.put(0, &lost).expect("put");
    broken.put(1, &lost).expect("put");
    drop(broken);

    let mut target = begin().expect("what was never finished is begun anew");
    assert_eq!(target.partitions(), 2);
    for part in parts() {
        target.put(1, &part).expect("put");
    }
    target.finish(&[3, 5]).expect("finished");
    {
        let journal = open();
        check(&*journal);
    }
    let again = begin().map(|_| "it was taken");
    assert!(matches!(again, Err(Error::NotEmpty(_))), "{again:?}");
}

/// When instance 7 has ended.
fn ended_ms() -> i64 {
    // Not so long ago that it has expired.
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed();
    let now_ms = since.map_or(0, |since| since.as_millis() as i64);
    now_ms - 60_000
}

fn parts() -> [Part; 3] {
    let ended_ms = ended_ms();
    let entries = |entries: &[(&'static str, &'static str)]| -> Vec<Change> {
        let entries = entries.iter();
        entries
            .map(|(key, value)| change(key, Some(value)))
            .collect()
    };
    let ended = Past {
        record: HistoryRecord {
            ended: Some((ended_ms, bytes("seven"))),
            ..past(7, "c", None).record
        },
        written_ms: Some(ended_ms),
    };
    [
        Part {
            entries: entries(&[("a", "1"), ("b", "2")]),
            ..Part::default()
        },
        Part {
            entries: entries(&[("c", "3")]),
            history: vec![past(7, "a", Some(ended_ms)), past(8, "b", None)],
            ..Part::default()
        },
        Part {
            history: vec![ended, past(8, "d", None)],
            ..Part::default()
        },
    ]
}

fn past(instance: u64, payload: &'static str, written_ms: Option<i64>) -> Past {
    Past {
        record: HistoryRecord {
            instance,
            payload: bytes(payload),
            ended: None,
        },
        written_ms,
    }
}

fn check(journal: &dyn Source) {
    let whole = journal.history(1, 7, usize::MAX).expect("history");
    assert_eq!(whole.payloads, [bytes("a"), bytes("c")]);
    let ended = journal.ended(1, None, 10).expect("ended");
    assert_eq!(ended.len(), 1, "{ended:?}");
    assert_eq!((ended[0].instance, &ended[0].summary), (7, &bytes("seven")));
    let stories = stories(journal);
    assert_eq!(
        stories[&7],
        [(bytes("a"), false), (bytes("c"), true)],
        "in order, and the last one says that it has ended"
    );
    assert_eq!(stories[&8], [(bytes("b"), false), (bytes("d"), false)]);
    assert_eq!(stories.len(), 2, "{stories:?}");
    // Nothing of it has come into the other one.
    assert!(journal.ended(0, None, 10).expect("ended").is_empty());

    // The log is empty, and goes on with the terms.
    for (partition, term) in [(0, 4), (1, 6)] {
        let lead = lead(journal, partition);
        assert_eq!(lead.term(), term);
        let mut reader = journal.read(partition, lead.next_offset()).expect("read");
        let records = reader.next(std::time::Duration::ZERO).expect("next");
        assert!(records.is_empty(), "{records:?}");
    }
    let (found, ..) = restore(journal, 1);
    assert_eq!(found, state(&[("a", "1"), ("b", "2"), ("c", "3")]));
    let (found, ..) = restore(journal, 0);
    assert!(found.is_empty(), "{found:?}");
}

type Stories = BTreeMap<u64, Vec<(crate::Bytes, bool)>>;

fn stories(journal: &dyn Source) -> Stories {
    let mut stories = Stories::new();
    let mut each = |past: Past| {
        let story = stories.entry(past.record.instance).or_default();
        let ended = past.record.ended.is_some();
        story.push((past.record.payload, ended));
        true
    };
    let live = &mut std::iter::once(8);
    let told = journal.all_history(1, live, &mut each);
    told.expect("all history");
    stories
}
