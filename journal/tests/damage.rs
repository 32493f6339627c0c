//! Files that are not as they were written are refused with file and place, or read back exactly the same; a torn
//! tail is no damage.

mod simulated;

use journal::embedded::{EmbeddedJournal, Options};
use journal::*;
use simulated::SimulatedDisk;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

type Files = BTreeMap<String, Vec<u8>>;

fn options() -> Options {
    Options {
        segment_bytes: 600,
        cache_bytes: 1 << 20,
        tail_bytes: 0,
        clock: Arc::new(|| 1_000_000),
        ..Options::default()
    }
}

fn open(files: &Files) -> (Result<EmbeddedJournal, Error>, SimulatedDisk) {
    let disk = SimulatedDisk::with_files(files.clone());
    (
        EmbeddedJournal::open_on(Arc::new(disk.clone()), &options()),
        disk,
    )
}

fn command(number: usize) -> Bytes {
    Bytes::from(format!("command {number:03} {}", "x".repeat(number % 50)))
}

/// Forty commands in some segments, checkpoints up to the 20th, history, ended instances.
fn small_journal() -> Files {
    let disk = SimulatedDisk::new();
    let journal = EmbeddedJournal::open_on(Arc::new(disk.clone()), &options()).expect("open");
    let mut lead = journal.lead(0, "test").expect("lead");
    for round in 0..20 {
        let commands = [command(2 * round), command(2 * round + 1)];
        journal.append(0, &commands).expect("append");
        let number = round as u64;
        let checkpoint = Checkpoint {
            next_offset: number,
            changes: vec![Change {
                key: Bytes::from(format!("key {}", round % 7)),
                value: (round % 3 > 0).then(|| Bytes::from(format!("value {round}"))),
            }],
            history: vec![HistoryRecord {
                instance: number % 5,
                payload: Bytes::from(format!("payload {round}")),
                ended: (round > 14).then(|| (1_000_000 + number as i64, Bytes::from("summary"))),
            }],
            ..Checkpoint::default()
        };
        lead.checkpoint(&checkpoint).expect("checkpoint");
    }
    drop(lead);
    drop(journal);
    disk.files()
}

/// Everything that can be read: the log from the checkpoint on, state, history, ended instances.
#[derive(Debug, PartialEq, Eq)]
struct Content {
    log: Vec<Record>,
    observed: Vec<Observed>,
    history: Vec<HistoryPart>,
    ended: Vec<Ended>,
}

fn content(files: &Files) -> Result<Content, Error> {
    let journal = open(files).0?;
    let mut observer = journal.observe(0)?;
    let mut observed = Vec::new();
    let from = loop {
        observed.push(observer.next(Duration::ZERO)?);
        if let Some(Observed::Checkpoint { next_offset, .. }) = observed.last() {
            break *next_offset;
        }
    };
    let mut reader = journal.read(0, from)?;
    let mut log = Vec::new();
    loop {
        let records = reader.next(Duration::ZERO)?;
        if records.is_empty() {
            break;
        }
        log.extend(records);
    }
    Ok(Content {
        log,
        observed,
        history: (0..5)
            .map(|of| journal.history(0, of, usize::MAX))
            .collect::<Result<_, _>>()?,
        ended: journal.ended(0, None, 100)?,
    })
}

#[test]
fn every_flipped_byte_is_refused_or_harmless() {
    let files = small_journal();
    let whole = content(&files).expect("the undamaged journal");
    assert_eq!(whole.log.len(), 21);
    let (mut refused, mut harmless) = (0, 0);
    for (name, bytes) in &files {
        let before = (refused, harmless);
        for at in interesting(name, bytes) {
            let damaged = flipped(&files, name, at);
            match catch_unwind(AssertUnwindSafe(|| content(&damaged))) {
                Ok(Ok(content)) => {
                    assert_eq!(content, whole, "{name}, byte {at}: silently different");
                    harmless += 1;
                }
                Ok(Err(error)) => {
                    assert!(
                        error.to_string().contains(&format!("simulated/{name}")),
                        "{name}, byte {at}: {error}"
                    );
                    refused += 1;
                }
                Err(_) => panic!("{name}, byte {at}: panicked"),
            }
        }
        println!(
            "{name}: {} refused, {} harmless",
            refused - before.0,
            harmless - before.1
        );
    }
    assert!(refused > 2000, "{refused}");
}

/// Every byte; but of the checkpoint store, which is large and mostly empty, the first page and, in the others, what
/// is not zero and some of what is.
fn interesting(name: &str, bytes: &[u8]) -> Vec<usize> {
    let all = 0..bytes.len();
    if !name.ends_with(".redb") {
        return all.collect();
    }
    let used = |page: &usize| {
        bytes[page * 4096..]
            .iter()
            .take(4096)
            .any(|&byte| byte != 0)
    };
    let pages: Vec<usize> = (0..bytes.len() / 4096).filter(used).collect();
    println!("{} of {} pages are used", pages.len(), bytes.len() / 4096);
    let bytes_of = |page: usize| page * 4096..(page + 1) * 4096;
    let chosen =
        |at: &usize| *at < 512 || bytes[*at] != 0 && at.is_multiple_of(5) || at.is_multiple_of(61);
    pages
        .into_iter()
        .flat_map(bytes_of)
        .filter(chosen)
        .collect()
}

fn flipped(files: &Files, name: &str, at: usize) -> Files {
    let mut files = files.clone();
    let byte = files.get_mut(name).and_then(|bytes| bytes.get_mut(at));
    *byte.expect("in the file") ^= [0x01, 0x80, 0xff][at % 3];
    files
}

fn without(files: &Files, name: &str) -> Files {
    let mut files = files.clone();
    files.remove(name).expect("the file is there");
    files
}

/// The names of the log's segments in order.
fn segments(files: &Files) -> Vec<String> {
    files
        .keys()
        .filter(|name| name.ends_with(".log"))
        .cloned()
        .collect()
}

/// After a power failure the mark may be gone; then the last write is all that damage can be mistaken about.
#[test]
fn without_its_mark_only_the_last_write_is_in_doubt() {
    let files = without(&small_journal(), "0.mark");
    let whole = content(&files).expect("the mark is not needed");
    let mut shortened = 0;
    for name in segments(&files) {
        for at in 0..files[&name].len() {
            let Ok(content) = content(&flipped(&files, &name, at)) else {
                continue;
            };
            let missing = whole.log.len() - content.log.len();
            assert!(missing <= 2, "{name}, byte {at}");
            assert_eq!(content.log[..], whole.log[..content.log.len()]);
            shortened += u32::from(missing > 0);
        }
    }
    println!("{shortened} times the last write was taken for torn");
}

#[test]
fn a_torn_tail_is_cut_and_overwritten() {
    let files = small_journal();
    let whole = content(&files).expect("the undamaged journal");
    let last = segments(&files).pop().expect("a segment");
    let length = files[&last].len();
    let mut kept = Vec::new();
    for cut in 32..length {
        let mut torn = files.clone();
        torn.get_mut(&last).expect("the segment").truncate(cut);
        let refused = content(&torn).expect_err("the mark knows that there was more");
        assert!(matches!(refused, Error::Damaged { .. }), "{refused}");
        torn.remove("0.mark");
        let (journal, disk) = open(&torn);
        let journal = journal.expect("nothing knows that there was more");
        let new = Bytes::from_static(b"after the cut");
        journal
            .append(0, std::slice::from_ref(&new))
            .expect("append");
        drop(journal);
        let log = content(&disk.files()).expect("the mended journal").log;
        let (appended, before) = log.split_last().expect("not empty");
        assert_eq!(appended.command, new);
        assert_eq!(*before, whole.log[..before.len()]);
        kept.push(before.len());
    }
    assert!(kept.is_sorted() && kept.first() < kept.last(), "{kept:?}");
}

#[test]
fn an_unfinished_segment_is_made_again() {
    let files = small_journal();
    let whole = content(&files).expect("the undamaged journal");
    for length in 0..=32 {
        let mut torn = files.clone();
        torn.insert(format!("0-{:020}.log", 40), vec![0; length]);
        assert_eq!(content(&torn).as_ref(), Ok(&whole));
    }
}

#[test]
fn what_is_missing_is_refused() {
    let files = small_journal();
    let mut needed = segments(&files);
    assert!(needed.len() >= 3);
    needed.extend(["0.redb", "format"].map(str::to_owned));
    for name in needed {
        let error = content(&without(&files, &name)).expect_err(&name);
        println!("without {name}: {error}");
        assert!(matches!(error, Error::Damaged { .. }), "{name}: {error}");
        // Without the mark the others tell, too, except about the last segment and the store.
        let doubly = without(&without(&files, "0.mark"), &name);
        let last = segments(&files).last() == Some(&name);
        assert!(
            last || name == "0.redb" || content(&doubly).is_err(),
            "{name}"
        );
    }
    let whole = content(&files);
    assert_eq!(content(&without(&files, "0.mark")), whole);
}

#[test]
fn a_segment_in_the_place_of_another_is_refused() {
    let files = small_journal();
    let names = segments(&files);
    let (one, other) = (&names[0], &names[1]);
    let mut swapped = files.clone();
    swapped.insert(one.clone(), files[other].clone());
    swapped.insert(other.clone(), files[one].clone());
    let error = content(&swapped).expect_err("swapped");
    assert!(
        matches!(
            error,
            Error::Damaged {
                place: Place::Byte(0),
                ..
            }
        ),
        "{error}"
    );
}

/// Damage that comes while the journal is open is found when it is read.
#[test]
fn damage_behind_the_back_of_an_open_journal_is_found() {
    let files = small_journal();
    let (journal, disk) = open(&files);
    let journal = journal.expect("open");
    let last = segments(&files).pop().expect("a segment");
    let file = journal::embedded::Disk::open(&disk, &last, false).expect("the segment");
    let middle = files[&last].len() as u64 / 2;
    file.write_at(middle, b"?!").expect("damage");
    let mut reader = journal.read(0, 32).expect("read");
    let error = reader.next(Duration::ZERO).expect_err("damaged");
    assert!(
        matches!(error, Error::Damaged { place: Place::Byte(at), .. } if at <= middle),
        "{error}"
    );
}
