//! Both implementations pass the contract; the one in memory also with every fault of a log that a broker has.

use journal::embedded::{EmbeddedJournal, Options};
use journal::memory::{FaultCounts, Faults, MemoryJournal};
use journal::{contract, *};
use std::cell::RefCell;
use std::time::Duration;

#[test]
fn memory() {
    contract::run(|| MemoryJournal::new(2, 1));
}

#[test]
fn memory_with_a_faulty_log() {
    let faults = Faults {
        append_before: 1000,
        append_after: 1000,
        append_prefix: 1000,
        append_late: 1000,
        append_duplicate: 1000,
        append_full: 500,
        gap: 1000,
        delay: 2000,
        ..Faults::default()
    };
    let journals = RefCell::new(Vec::new());
    for seed in 0..20 {
        contract::run(|| {
            let journal = MemoryJournal::new(2, seed);
            journal.set_faults(faults);
            journals.borrow_mut().push(journal.clone());
            journal
        });
    }
    let journals = journals.into_inner();
    for (name, of) in LOG_FAULTS {
        let struck: u64 = journals
            .iter()
            .map(|journal| of(journal.fault_counts()))
            .sum();
        println!("{name}: {struck} times");
        assert!(struck > 100, "{name}");
    }
}

type CountOf = fn(FaultCounts) -> u64;

const LOG_FAULTS: [(&str, CountOf); 8] = [
    ("append_before", |counts| counts.append_before),
    ("append_after", |counts| counts.append_after),
    ("append_prefix", |counts| counts.append_prefix),
    ("append_late", |counts| counts.append_late),
    ("append_duplicate", |counts| counts.append_duplicate),
    ("append_full", |counts| counts.append_full),
    ("gap", |counts| counts.gap),
    ("delay", |counts| counts.delay),
];

#[test]
fn a_seed_repeats_a_run_of_the_memory_journal() {
    let run = |seed| {
        let journal = MemoryJournal::new(1, seed);
        journal.set_faults(Faults {
            append_late: 2000,
            append_duplicate: 2000,
            gap: 2000,
            delay: 2000,
            ..Faults::default()
        });
        let mut reader = journal.read(0, 0).expect("read");
        let mut steps = Vec::new();
        for number in 0..200 {
            journal.advance(number % 3);
            let appended = journal.append(0, &[Bytes::from(number.to_string())]);
            steps.push((appended, reader.next(Duration::ZERO)));
        }
        (steps, journal.fault_counts())
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn the_memory_journal_has_a_clock_and_deletes_on_demand() {
    let journal = MemoryJournal::new(1, 0);
    let mut lead = journal.lead(0, "test").expect("lead");
    for now_ms in [1000, 2000, 500] {
        journal.set_now(now_ms);
        journal.append(0, &[Bytes::new()]).expect("append");
    }
    let records = journal
        .read(0, 0)
        .expect("read")
        .next(Duration::ZERO)
        .expect("next");
    let times: Vec<i64> = records.iter().map(|record| record.timestamp_ms).collect();
    assert_eq!(times, [1000, 2000, 2000]);
    let checkpoint = Checkpoint {
        next_offset: 2,
        ..Checkpoint::default()
    };
    lead.checkpoint(&checkpoint).expect("checkpoint");
    let mut slow = journal.read(0, 1).expect("read");
    journal.delete_below_checkpoint(0).expect("delete");
    assert!(matches!(
        journal.read(0, 1).map(|_| ()),
        Err(Error::OutOfBounds { first: 2, .. })
    ));
    assert!(matches!(
        slow.next(Duration::ZERO),
        Err(Error::OutOfBounds { from: 1, .. })
    ));
    assert_eq!(
        journal
            .read(0, 2)
            .expect("read")
            .next(Duration::ZERO)
            .expect("next")
            .len(),
        1
    );
}

/// A journal with the directory that it lives in.
struct InDirectory {
    journal: EmbeddedJournal,
    _directory: tempfile::TempDir,
}

impl Journal for InDirectory {
    fn partitions(&self) -> u32 {
        self.journal.partitions()
    }
    fn append(&self, partition: u32, commands: &[Bytes]) -> Result<(), AppendError> {
        self.journal.append(partition, commands)
    }
    fn read(&self, partition: u32, from: u64) -> Result<Box<dyn Reader>, Error> {
        self.journal.read(partition, from)
    }
    fn observe(&self, partition: u32) -> Result<Box<dyn Observer>, Error> {
        self.journal.observe(partition)
    }
    fn lead(&self, partition: u32, leader: &str) -> Result<Box<dyn Lead>, Error> {
        self.journal.lead(partition, leader)
    }
    fn history(
        &self,
        partition: u32,
        instance: u64,
        bytes_max: usize,
    ) -> Result<HistoryPart, Error> {
        self.journal.history(partition, instance, bytes_max)
    }
    fn ended(
        &self,
        partition: u32,
        before: Option<(i64, u64)>,
        limit: usize,
    ) -> Result<Vec<Ended>, Error> {
        self.journal.ended(partition, before, limit)
    }
}

fn embedded(options: &Options) {
    contract::run(|| {
        let directory = tempfile::tempdir().expect("a directory");
        InDirectory {
            journal: EmbeddedJournal::open(directory.path(), options).expect("open"),
            _directory: directory,
        }
    });
}

#[test]
fn embedded_with_usual_options() {
    embedded(&Options {
        partitions: Some(2),
        ..Options::default()
    });
}

/// Everything as small as it goes, so that segments roll, the tail is read from disk, and writes are not batched.
#[test]
fn embedded_with_tiny_options() {
    embedded(&Options {
        partitions: Some(2),
        segment_bytes: 1000,
        batch_bytes_max: 100_000,
        tail_bytes: 200,
        cache_bytes: 1 << 20,
        ..Options::default()
    });
}

/// A faulty checkpoint is either there or not; the leader must not be able to go on in doubt.
#[test]
fn doubtful_checkpoints_are_whole_or_absent() {
    let journal = MemoryJournal::new(1, 3);
    journal.set_faults(Faults {
        checkpoint_before: 2000,
        checkpoint_after: 2000,
        checkpoint_full: 2000,
        fence: 1000,
        ..Faults::default()
    });
    let mut certain = 0;
    let mut term = 0;
    let mut lead = journal.lead(0, "test").expect("lead");
    for round in 1..=500_u64 {
        let value = Bytes::from(round.to_string());
        let change = |key: &'static str| Change {
            key: Bytes::from_static(key.as_bytes()),
            value: Some(value.clone()),
        };
        let checkpoint = Checkpoint {
            changes: vec![change("a"), change("b")],
            ..Checkpoint::default()
        };
        let result = lead.checkpoint(&checkpoint);
        if matches!(result, Err(CheckpointError::Failed(_))) {
            let again = lead.checkpoint(&checkpoint);
            assert!(matches!(
                again,
                Err(CheckpointError::Failed(_) | CheckpointError::Fenced)
            ));
        }
        let mut observer = journal.observe(0).expect("observe");
        let mut seen = Vec::new();
        loop {
            match observer.next(Duration::ZERO).expect("next") {
                Observed::Change(change) => seen.push(change.value),
                Observed::Checkpoint { .. } => break,
                Observed::Idle => panic!("the snapshot ends with a checkpoint"),
            }
        }
        let seen_round = |value: &Bytes| String::from_utf8_lossy(value).parse::<u64>().ok();
        let seen: Vec<_> = seen.iter().flatten().filter_map(seen_round).collect();
        let there = seen.first().copied().unwrap_or(0);
        assert!(
            seen.iter().all(|&other| other == there),
            "half a checkpoint: {seen:?}"
        );
        match result {
            Ok(()) => assert_eq!(there, round),
            Err(CheckpointError::Full | CheckpointError::Fenced | CheckpointError::Refused(_)) => {
                assert_eq!(there, certain)
            }
            Err(CheckpointError::Failed(_)) => assert!(there == certain || there == round),
        }
        certain = there;
        if result.is_err() {
            lead = journal.lead(0, "test").expect("lead");
            assert!(lead.term() > term);
            term = lead.term();
        }
    }
    let counts = journal.fault_counts();
    println!("{counts:?}");
    let struck = [
        counts.checkpoint_before,
        counts.checkpoint_after,
        counts.checkpoint_full,
        counts.fence,
    ];
    assert!(struck.iter().all(|&count| count > 10));
}
