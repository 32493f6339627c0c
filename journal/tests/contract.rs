//! Both implementations pass the contract; the one in memory also with every fault of a log that a broker has.

use journal::embedded::{EmbeddedJournal, Options};
use journal::memory::{Faults, MemoryJournal};
use journal::{contract, *};
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
    for seed in 0..20 {
        contract::run(|| {
            let journal = MemoryJournal::new(2, seed);
            journal.set_faults(faults);
            journal
        });
    }
}

/// A journal with the directory that it lives in.
struct InDirectory {
    journal: EmbeddedJournal,
    _directory: tempfile::TempDir,
}

impl Journal for InDirectory {
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
    fn history(&self, partition: u32, instance: u64) -> Result<Vec<Bytes>, Error> {
        self.journal.history(partition, instance)
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
        partitions: 2,
        ..Options::default()
    });
}

/// Everything as small as it goes, so that segments roll, the tail is read from disk, and writes are not batched.
#[test]
fn embedded_with_tiny_options() {
    embedded(&Options {
        partitions: 2,
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
            Err(CheckpointError::Full | CheckpointError::Fenced) => assert_eq!(there, certain),
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
