//! A full disk refuses and then goes on; a disk that fails closes the journal for good.

mod simulated;

use journal::embedded::{EmbeddedJournal, Options};
use journal::*;
use simulated::SimulatedDisk;
use std::sync::Arc;
use std::time::Duration;

fn options() -> Options {
    Options {
        segment_bytes: 20_000,
        cache_bytes: 1 << 20,
        reserve_bytes: 0,
        ..Options::default()
    }
}

fn open(disk: &SimulatedDisk, options: &Options) -> EmbeddedJournal {
    EmbeddedJournal::open_on(Arc::new(disk.clone()), options).expect("open")
}

fn command(number: usize) -> Bytes {
    Bytes::from(format!("{number:>1000}"))
}

fn log(journal: &EmbeddedJournal, from: u64) -> Vec<Bytes> {
    let mut reader = journal.read(0, from).expect("read");
    let mut commands = Vec::new();
    loop {
        let records = reader.next(Duration::ZERO).expect("next");
        if records.is_empty() {
            return commands;
        }
        commands.extend(records.into_iter().map(|record| record.command));
    }
}

fn state(journal: &EmbeddedJournal) -> Vec<Change> {
    let mut observer = journal.observe(0).expect("observe");
    let mut entries = Vec::new();
    loop {
        match observer.next(Duration::ZERO).expect("next") {
            Observed::Change(change) => entries.push(change),
            Observed::Checkpoint { .. } => return entries,
            Observed::Idle => panic!("a snapshot ends with a checkpoint"),
        }
    }
}

#[test]
fn appends_are_refused_whole_and_go_on() {
    let disk = SimulatedDisk::new();
    let journal = open(&disk, &options());
    disk.set_capacity(disk.used() + 150_000);
    let mut there = Vec::new();
    let mut refused = 0;
    for number in 0..400 {
        let commands = [command(number), command(number)];
        match journal.append(0, &commands) {
            Ok(()) => there.extend(commands),
            Err(AppendError::Full) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(
        refused > 300 && there.len() > 100,
        "{refused} {}",
        there.len()
    );
    assert_eq!(log(&journal, 0), there);
    disk.set_capacity(disk.used() + 50_000);
    journal
        .append(0, &[command(1000)])
        .expect("there is space again");
    there.push(command(1000));
    assert_eq!(log(&journal, 0), there);
    drop(journal);
    // Not even after a power failure does something come back that was refused.
    let mut random = fastrand::Rng::with_seed(1);
    for _ in 0..50 {
        let journal = open(&disk.after_power_cut(&mut random), &options());
        assert_eq!(log(&journal, 0), there);
    }
}

#[test]
fn checkpoints_are_refused_whole_and_go_on() {
    let disk = SimulatedDisk::new();
    let journal = open(&disk, &options());
    let mut lead = journal.lead(0, "test").expect("lead");
    let change = |number: u32| Change {
        key: Bytes::from(format!("{number:05}")),
        value: Some(Bytes::from(vec![7; 3000])),
    };
    let checkpoint = |number: u32| Checkpoint {
        changes: vec![change(2 * number), change(2 * number + 1)],
        ..Checkpoint::default()
    };
    let mut observer = journal.observe(0).expect("observe");
    disk.set_capacity(disk.used() + 300_000);
    let mut wanted = Vec::new();
    let mut refused = 0;
    for number in 0..100 {
        match lead.checkpoint(&checkpoint(number)) {
            Ok(()) => wanted.extend(checkpoint(number).changes),
            Err(CheckpointError::Full) => refused += 1,
            Err(other) => panic!("{other}"),
        }
        assert_eq!(state(&journal), wanted);
    }
    assert!(
        refused > 10 && wanted.len() > 20,
        "{refused} {}",
        wanted.len()
    );
    disk.set_capacity(u64::MAX);
    lead.checkpoint(&checkpoint(1000))
        .expect("there is space again");
    wanted.extend(checkpoint(1000).changes);
    assert_eq!(state(&journal), wanted);
    let mut seen = 0;
    while let Observed::Change(_) | Observed::Checkpoint { .. } = observer
        .next(Duration::ZERO)
        .expect("observers are not disturbed")
    {
        seen += 1;
    }
    assert_eq!(
        seen,
        1 + wanted.len() + wanted.len() / 2,
        "live: each change, each checkpoint"
    );
    drop(lead);
    drop(observer);
    drop(journal);
    assert_eq!(state(&open(&disk, &options())), wanted);
}

/// Appends stop before the last space is gone, so that a checkpoint finds some and frees segments.
#[test]
fn the_log_leaves_space_for_checkpoints() {
    let disk = SimulatedDisk::new();
    let options = Options {
        reserve_bytes: u64::MAX,
        ..options()
    };
    let journal = open(&disk, &options);
    let mut lead = journal.lead(0, "test").expect("lead");
    disk.set_capacity(8 << 20);
    let mut count = 0;
    while journal.append(0, &[command(0)]).is_ok() {
        count += 1;
        assert!(count < 10_000, "the disk never became full");
    }
    let full = disk.used();
    for _ in 0..100 {
        let checkpoint = Checkpoint {
            next_offset: count,
            changes: vec![Change {
                key: Bytes::from_static(b"key"),
                value: Some(Bytes::from_static(b"value")),
            }],
            ..Checkpoint::default()
        };
        lead.checkpoint(&checkpoint)
            .expect("there is space for this");
        if disk.used() < full / 2 {
            break;
        }
    }
    assert!(
        disk.used() < full / 2,
        "segments were deleted: {} of {full}",
        disk.used()
    );
    journal.append(0, &[command(1)]).expect("appends go on");
}

#[test]
fn a_failed_fsync_of_the_log_closes_the_journal() {
    let disk = SimulatedDisk::new();
    let journal = open(&disk, &options());
    journal.append(0, &[command(1)]).expect("append");
    disk.fail_next_sync();
    let failed = journal.append(0, &[command(2)]);
    assert!(
        matches!(&failed, Err(AppendError::Unknown(why)) if why.contains("fsync")),
        "{failed:?}"
    );
    // The disk says that all is well again; it is not believed.
    let closed = journal.append(0, &[command(3)]);
    assert!(
        matches!(&closed, Err(AppendError::Closed(why)) if why.contains("fsync")),
        "{closed:?}"
    );
    assert!(matches!(
        journal.lead(0, "test").map(|_| ()),
        Err(Error::Closed(_))
    ));
    let mut reader = journal.read(0, 0).expect("what is durable can be read");
    assert_eq!(reader.next(Duration::ZERO).expect("next").len(), 1);
    assert!(matches!(
        reader.next(Duration::from_secs(600)),
        Err(Error::Closed(_))
    ));
}

#[test]
fn a_failed_fsync_of_a_checkpoint_closes_the_journal() {
    let disk = SimulatedDisk::new();
    let journal = open(&disk, &options());
    let mut lead = journal.lead(0, "test").expect("lead");
    let mut observer = journal.observe(0).expect("observe");
    assert!(matches!(
        observer.next(Duration::ZERO),
        Ok(Observed::Checkpoint { .. })
    ));
    disk.fail_next_sync();
    let failed = lead.checkpoint(&Checkpoint::default());
    assert!(
        matches!(&failed, Err(CheckpointError::Failed(why)) if why.contains("fsync")),
        "{failed:?}"
    );
    let closed = journal.append(0, &[command(3)]);
    assert!(
        matches!(&closed, Err(AppendError::Closed(why)) if why.contains("fsync")),
        "{closed:?}"
    );
    assert!(matches!(
        observer.next(Duration::from_secs(600)),
        Err(Error::Closed(_))
    ));
}
