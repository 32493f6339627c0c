//! What the contract says about appending and reading.

use super::{WAIT, append, bytes, commands, end, first_seen, read_all, read_on};
use crate::{AppendError, Bytes, Error, Journal};
use std::time::Duration;

pub(super) fn appends_are_read_in_order(journal: &dyn Journal) {
    append(journal, 0, &[]);
    let all = commands("c", 0..200);
    for part in all.chunks(7) {
        append(journal, 0, part);
    }
    append(journal, 0, &[Bytes::new()]);
    let mut wanted = all.clone();
    wanted.push(Bytes::new());
    let records = read_all(journal, 0, 0, &wanted);
    assert_eq!(first_seen(&records), wanted);
}

pub(super) fn reading_starts_anywhere(journal: &dyn Journal) {
    let all = commands("c", 0..50);
    append(journal, 0, &all);
    let records = read_all(journal, 0, 0, &all);
    let mut from = 0;
    for record in &records {
        // Every offset up to this one, those in a gap included, leads to this record.
        for start in [from, record.offset] {
            let mut reader = journal.read(0, start).expect("read");
            let again = read_on(&mut *reader, std::slice::from_ref(&record.command));
            assert_eq!(again.first(), Some(record));
        }
        from = record.offset + 1;
    }
}

pub(super) fn a_reader_at_the_end_waits(journal: &dyn Journal) {
    let first = commands("a", 0..3);
    append(journal, 0, &first);
    let mut reader = journal
        .read(0, end(&read_all(journal, 0, 0, &first)))
        .expect("read");
    let late = commands("b", 0..3);
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| read_on(&mut *reader, &late));
        append(journal, 0, &late);
        let records = reading.join().expect("the reader's thread");
        let news: Vec<Bytes> = first_seen(&records)
            .into_iter()
            .filter(|command| !first.contains(command))
            .collect();
        assert_eq!(news, late);
    });
    let nothing = journal.read(1, 0).expect("read").next(Duration::ZERO);
    assert_eq!(nothing, Ok(Vec::new()), "an empty log has nothing");
}

pub(super) fn outside_is_refused(journal: &dyn Journal) {
    let all = commands("c", 0..3);
    append(journal, 0, &all);
    let beyond = end(&read_all(journal, 0, 0, &all)) + 1_000_000;
    match journal.read(0, beyond).map(|_| ()) {
        Err(Error::OutOfBounds {
            partition: 0,
            from,
            next,
            ..
        }) => {
            assert_eq!(from, beyond);
            assert!(next < beyond);
        }
        other => panic!("a position beyond the end: {other:?}"),
    }
    let unknown = 1_000_000;
    let error = Some(Error::UnknownPartition(unknown));
    assert_eq!(
        journal.append(unknown, &all),
        Err(AppendError::UnknownPartition(unknown))
    );
    assert_eq!(journal.read(unknown, 0).err(), error);
    assert_eq!(journal.observe(unknown).err(), error);
    assert_eq!(journal.lead(unknown, "nobody").err(), error);
    assert_eq!(journal.history(unknown, 0, 0).err(), error);
    assert_eq!(journal.ended(unknown, None, 1).err(), error);
}

pub(super) fn partitions_are_apart(journal: &dyn Journal) {
    let (zero, one) = (commands("zero", 0..10), commands("one", 0..10));
    append(journal, 0, &zero);
    append(journal, 1, &one);
    assert_eq!(first_seen(&read_all(journal, 0, 0, &zero)), zero);
    assert_eq!(first_seen(&read_all(journal, 1, 0, &one)), one);
}

pub(super) fn timestamps_never_go_back(journal: &dyn Journal) {
    let all = commands("c", 0..100);
    for command in &all {
        append(journal, 0, std::slice::from_ref(command));
    }
    // The check is in reading itself.
    assert!(read_all(journal, 0, 0, &all).len() >= all.len());
}

pub(super) fn too_large_appends_nothing(journal: &dyn Journal) {
    let small = bytes("small");
    let large = Bytes::from(vec![7; 64 << 20]);
    match journal.append(0, &[small, large]) {
        Err(AppendError::TooLarge { size, limit }) => assert!(size > limit),
        other => panic!("64 MiB: {other:?}"),
    }
    let after = [bytes("after")];
    append(journal, 0, &after);
    let seen = first_seen(&read_all(journal, 0, 0, &after));
    assert_eq!(seen, after, "nothing of a refused append is in the log");
}

pub(super) fn many_append_at_once(journal: &dyn Journal) {
    const THREADS: usize = 8;
    const EACH: usize = 40;
    let of = |thread: usize| commands(&format!("{thread}."), 0..EACH);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                for pair in of(thread).chunks(2) {
                    append(journal, 0, pair);
                }
            });
        }
    });
    let all: Vec<Bytes> = (0..THREADS).flat_map(of).collect();
    let seen = first_seen(&read_all(journal, 0, 0, &all));
    assert_eq!(seen.len(), all.len());
    for thread in 0..THREADS {
        let prefix = format!("{thread}.");
        let own: Vec<Bytes> = seen
            .iter()
            .filter(|command| command.starts_with(prefix.as_bytes()))
            .cloned()
            .collect();
        assert_eq!(own, of(thread), "what one caller appends keeps its order");
    }
    let two = [
        journal.read(0, 0).expect("read").next(WAIT),
        journal.read(0, 0).expect("read").next(WAIT),
    ];
    let [one, other] = two.map(|records| records.expect("next"));
    let both = one.len().min(other.len());
    assert_eq!(
        one.get(..both),
        other.get(..both),
        "all readers see one order"
    );
}
