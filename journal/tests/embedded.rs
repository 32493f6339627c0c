//! The embedded journal in a real directory: the lock, restarts, retention, deletion of segments, many callers.

use journal::embedded::{EmbeddedImport, EmbeddedJournal, Options};
use journal::*;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

fn open(directory: &Path, options: &Options) -> EmbeddedJournal {
    EmbeddedJournal::open(directory, options).expect("open")
}

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory")
}

fn segments(directory: &Path) -> usize {
    let names = std::fs::read_dir(directory).expect("the directory");
    let is_segment = |name: std::ffi::OsString| name.to_string_lossy().ends_with(".log");
    names
        .filter(|entry| {
            entry
                .as_ref()
                .is_ok_and(|entry| is_segment(entry.file_name()))
        })
        .count()
}

fn read_to_end(journal: &EmbeddedJournal, from: u64) -> Vec<Record> {
    let mut reader = journal.read(0, from).expect("read");
    let mut all = Vec::new();
    loop {
        let records = reader.next(Duration::ZERO).expect("next");
        if records.is_empty() {
            return all;
        }
        all.extend(records);
    }
}

#[test]
fn a_directory_in_use_is_refused_with_its_pid() {
    let directory = directory();
    let journal = open(directory.path(), &Options::default());
    let error = EmbeddedJournal::open(directory.path(), &Options::default()).map(|_| ());
    let Err(Error::InUse {
        directory: named,
        pid,
    }) = &error
    else {
        panic!("{error:?}");
    };
    assert_eq!(*named, directory.path().display().to_string());
    assert_eq!(*pid, std::process::id().to_string());
    drop(journal);
    // A reader that is left over keeps the directory, since it still reads files.
    let journal = open(directory.path(), &Options::default());
    let mut reader = journal.read(0, 0).expect("read");
    drop(journal);
    assert!(matches!(
        reader.next(Duration::from_secs(600)),
        Err(Error::Closed(_))
    ));
    assert!(EmbeddedJournal::open(directory.path(), &Options::default()).is_err());
    drop(reader);
    open(directory.path(), &Options::default());
}

#[test]
fn another_number_of_partitions_is_refused() {
    let directory = directory();
    let with = |partitions| Options {
        partitions,
        ..Options::default()
    };
    drop(open(directory.path(), &with(Some(2))));
    let error = EmbeddedJournal::open(directory.path(), &with(Some(3)))
        .map(|_| ())
        .expect_err("altered");
    let (found, wanted) = (2, 3);
    assert_eq!(error, Error::Partitions { found, wanted });
    // Who does not choose gets what there is.
    assert_eq!(open(directory.path(), &with(None)).partitions(), 2);
    drop(open(directory.path(), &with(Some(2))));
}

#[test]
fn a_restart_finds_everything() {
    let directory = directory();
    let options = Options {
        segment_bytes: 2000,
        ..Options::default()
    };
    for round in 0..5_u64 {
        let journal = open(directory.path(), &options);
        let mut lead = journal.lead(0, "test").expect("lead");
        assert_eq!((lead.term(), lead.next_offset()), (round + 1, round * 60));
        let all = read_to_end(&journal, lead.next_offset());
        assert_eq!(all.len() as u64, round * 40, "what no checkpoint includes");
        for number in 0..100 {
            let command = Bytes::from(format!("{round} {number} and some more text"));
            journal.append(0, &[command]).expect("append");
        }
        let checkpoint = Checkpoint {
            next_offset: (round + 1) * 60,
            changes: vec![Change {
                key: format!("{round}").into(),
                value: Some(format!("value {round}").into()),
            }],
            history: vec![HistoryRecord {
                instance: 1,
                payload: format!("{round}").into(),
                ended: None,
            }],
            ..Checkpoint::default()
        };
        lead.checkpoint(&checkpoint).expect("checkpoint");
        assert_eq!(
            journal
                .history(0, 1, usize::MAX)
                .expect("history")
                .payloads
                .len() as u64,
            round + 1
        );
        let next = (round + 1) * 100;
        assert!(matches!(
            journal.read(0, next + 1).map(|_| ()),
            Err(Error::OutOfBounds { .. })
        ));
        assert!(journal.read(0, next).is_ok());
    }
}

#[test]
fn segments_below_the_checkpoint_are_deleted() {
    let directory = directory();
    let options = Options {
        segment_bytes: 1000,
        tail_bytes: 0,
        ..Options::default()
    };
    let journal = open(directory.path(), &options);
    for number in 0..100 {
        journal
            .append(0, &[Bytes::from(format!("{number:>200}"))])
            .expect("append");
    }
    assert!(segments(directory.path()) > 15);
    let mut slow = journal.read(0, 0).expect("read");
    let first = slow.next(Duration::ZERO).expect("next");
    let mut lead = journal.lead(0, "test").expect("lead");
    for _ in 0..5 {
        let checkpoint = Checkpoint {
            next_offset: 90,
            ..Checkpoint::default()
        };
        lead.checkpoint(&checkpoint).expect("checkpoint");
    }
    assert!(
        segments(directory.path()) < 5,
        "{}",
        segments(directory.path())
    );
    assert_eq!(read_to_end(&journal, 90).len(), 10);
    // Who was too slow is told so, and is not given what comes after the hole.
    let next = first.last().expect("records").offset + 1;
    let refused = slow.next(Duration::ZERO);
    assert!(
        matches!(refused, Err(Error::OutOfBounds { from, .. }) if from == next),
        "{refused:?}"
    );
    assert!(matches!(
        journal.read(0, 0).map(|_| ()),
        Err(Error::OutOfBounds { .. })
    ));
}

#[test]
fn ended_instances_expire_in_steps() {
    let directory = directory();
    let clock = Arc::new(AtomicI64::new(0));
    let now = Arc::clone(&clock);
    let options = Options {
        retention: Duration::from_millis(1000),
        clock: Arc::new(move || now.load(Ordering::Relaxed)),
        ..Options::default()
    };
    let journal = open(directory.path(), &options);
    let mut lead = journal.lead(0, "test").expect("lead");
    let piece = |instance, ended: Option<i64>| HistoryRecord {
        instance,
        payload: Bytes::from_static(b"payload"),
        ended: ended.map(|at_ms| (at_ms, Bytes::new())),
    };
    let mut commit = |history: Vec<HistoryRecord>| {
        let checkpoint = Checkpoint {
            history,
            ..Checkpoint::default()
        };
        lead.checkpoint(&checkpoint).expect("checkpoint");
    };
    // One with very much history, a thousand with little, one that goes on.
    for _ in 0..700 {
        commit(vec![piece(5000, None)]);
    }
    commit(vec![piece(5000, Some(100)), piece(6000, None)]);
    commit((0..1000).map(|number| piece(number, Some(200))).collect());
    commit(vec![piece(7000, Some(900))]);
    clock.store(1500, Ordering::Relaxed);
    commit(Vec::new());
    let listed = |limit| journal.ended(0, None, limit).expect("ended").len();
    assert!(
        !journal
            .history(0, 5000, usize::MAX)
            .expect("history")
            .payloads
            .is_empty(),
        "not all at once"
    );
    for _ in 0..10 {
        commit(Vec::new());
    }
    assert_eq!(listed(1000), 1, "only the one that ended last is left");
    assert_eq!(
        journal.history(0, 5000, usize::MAX),
        Ok(HistoryPart::default())
    );
    assert_eq!(
        journal.history(0, 500, usize::MAX),
        Ok(HistoryPart::default())
    );
    assert_eq!(
        journal
            .history(0, 6000, usize::MAX)
            .expect("history")
            .payloads
            .len(),
        1,
        "it has not ended"
    );
    assert_eq!(
        journal
            .history(0, 7000, usize::MAX)
            .expect("history")
            .payloads
            .len(),
        1
    );
}

#[test]
fn an_observer_that_does_not_keep_up_must_start_again() {
    let directory = directory();
    let journal = open(directory.path(), &Options::default());
    let mut lead = journal.lead(0, "test").expect("lead");
    let mut observer = journal.observe(0).expect("observe");
    let large = Bytes::from(vec![1; 6 << 20]);
    for checkpoint in ["a", "b", "c"] {
        let change = |number| Change {
            key: format!("{checkpoint}{number}").into(),
            value: Some(large.clone()),
        };
        let checkpoint = Checkpoint {
            changes: (0..5).map(change).collect(),
            ..Checkpoint::default()
        };
        lead.checkpoint(&checkpoint)
            .expect("the leader is not held up");
    }
    assert!(matches!(
        observer.next(Duration::ZERO),
        Ok(Observed::Checkpoint { .. })
    ));
    assert_eq!(observer.next(Duration::ZERO), Err(Error::Lagged(0)));
    let mut again = journal.observe(0).expect("observe");
    for _ in 0..3 {
        assert!(matches!(
            again.next(Duration::ZERO),
            Ok(Observed::Change(_))
        ));
    }
}

/// A value is checked when it is read, also where the store as a whole is not.
#[test]
fn a_damaged_value_is_refused_with_its_table_and_key() {
    let directory = directory();
    let options = Options {
        verify_on_open: false,
        ..Options::default()
    };
    let journal = open(directory.path(), &options);
    let checkpoint = Checkpoint {
        changes: vec![Change {
            key: "key".into(),
            value: Some("the value that is found".into()),
        }],
        history: vec![HistoryRecord {
            instance: 9,
            payload: "the payload that is found".into(),
            ended: Some((i64::MAX, "the summary that is found".into())),
        }],
        ..Checkpoint::default()
    };
    let mut lead = journal.lead(0, "test").expect("lead");
    lead.checkpoint(&checkpoint).expect("checkpoint");
    drop((lead, journal));
    let path = directory.path().join("0.redb");
    let mut bytes = std::fs::read(&path).expect("the store");
    for text in [
        "the value that is found",
        "the payload that is found",
        "the summary that is found",
    ] {
        let mut damaged = 0;
        for at in 0..bytes.len() - text.len() {
            if &bytes[at..at + text.len()] == text.as_bytes() {
                bytes[at + text.len() - 1] = b'!';
                damaged += 1;
            }
        }
        assert!(damaged > 0);
    }
    std::fs::write(&path, bytes).expect("damage");
    let journal = open(directory.path(), &options);
    let observed = journal
        .observe(0)
        .expect("observe")
        .next(Duration::ZERO)
        .map(|_| ());
    let history = journal.history(0, 9, usize::MAX).map(|_| ());
    let ended = journal.ended(0, None, 1).map(|_| ());
    for (result, wanted, start) in [
        (observed, "state", "6b6579"),
        (history, "history", "0000000000000009"),
        (ended, "ended", "7fffffffffffffff0000000000000009"),
    ] {
        let Err(Error::Damaged {
            file,
            place: Place::Row { table, key },
            ..
        }) = &result
        else {
            panic!("{result:?}");
        };
        assert_eq!(
            (file.as_str(), *table),
            (path.to_str().expect("a path"), wanted)
        );
        assert!(key.starts_with(start), "{key}");
    }
    drop(journal);
    let error = EmbeddedJournal::open(directory.path(), &Options::default()).map(|_| ());
    assert!(
        matches!(error, Err(Error::Damaged { .. })),
        "checked as a whole: {error:?}"
    );
}

#[test]
fn many_append_while_others_read() {
    const THREADS: usize = 16;
    const EACH: usize = 60;
    let directory = directory();
    let options = Options {
        segment_bytes: 5000,
        tail_bytes: 2000,
        ..Options::default()
    };
    let journal = open(directory.path(), &options);
    let read = |journal: &EmbeddedJournal| {
        let mut reader = journal.read(0, 0).expect("read");
        let mut all = Vec::new();
        while all.len() < THREADS * EACH {
            let records = reader.next(Duration::from_secs(600)).expect("next");
            assert!(!records.is_empty(), "woken for nothing");
            all.extend(records);
        }
        all
    };
    let (one, other) = std::thread::scope(|scope| {
        let journal = &journal;
        let readers = [
            scope.spawn(move || read(journal)),
            scope.spawn(move || read(journal)),
        ];
        for thread in 0..THREADS {
            scope.spawn(move || {
                for number in 0..EACH {
                    let command = Bytes::from(format!("{thread} {number}"));
                    journal.append(0, &[command]).expect("append");
                }
            });
        }
        let [one, other] = readers.map(|reader| reader.join().expect("a reader"));
        (one, other)
    });
    assert_eq!(one, other);
    assert!(
        one.iter()
            .zip(0..)
            .all(|(record, offset)| record.offset == offset)
    );
    let distinct: BTreeSet<_> = one.iter().map(|record| &record.command).collect();
    assert_eq!(distinct.len(), THREADS * EACH);
    drop(journal);
    assert_eq!(
        read_to_end(&open(directory.path(), &options), 0),
        one,
        "after a restart"
    );
}

#[test]
fn an_import_is_there_as_a_whole() {
    let directory = directory();
    let options = Options::default();
    let begin = || {
        let begun = EmbeddedImport::begin(directory.path(), 2, &options);
        begun.map(|target| Box::new(target) as _)
    };
    contract::run_moving(&begin, &|| Box::new(open(directory.path(), &options)));
}
