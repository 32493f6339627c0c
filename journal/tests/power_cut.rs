//! The power goes at any moment: what was acknowledged is there, in order and whole; what was not is there whole or
//! not at all, as far as the contract promises.

mod simulated;

use journal::embedded::{EmbeddedJournal, Options};
use journal::*;
use simulated::SimulatedDisk;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

const SEEDS: u64 = 1000;
const LIVES: usize = 4;

type State = BTreeMap<Bytes, Bytes>;

/// What must be on the disk.
#[derive(Default)]
struct Truth {
    /// By offset; acknowledged, or seen after a restart.
    log: Vec<Bytes>,
    /// The append that was under way when the power went.
    doubtful: Vec<Bytes>,
    /// The last checkpoint that is certain, and the one under way when the power went.
    certain: Version,
    attempt: Option<Version>,
    term: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Version {
    number: u64,
    next_offset: u64,
    state: State,
}

struct Life<'a> {
    random: &'a mut fastrand::Rng,
    truth: &'a mut Truth,
    journal: EmbeddedJournal,
    lead: Box<dyn Lead>,
}

#[test]
fn what_was_acknowledged_survives() {
    let mut cuts: BTreeMap<&str, u32> = BTreeMap::new();
    let mut totals = (0, 0, 0);
    for seed in 0..SEEDS {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut truth = Truth::default();
        let mut disk = SimulatedDisk::new();
        let clock = Arc::new(AtomicI64::new(1_000_000));
        for life in 0..LIVES {
            let now = Arc::clone(&clock);
            let options = Options {
                segment_bytes: random.u64(500..4000),
                tail_bytes: random.usize(0..2000),
                cache_bytes: 1 << 20,
                retention: Duration::from_millis(random.u64(1..5000)),
                clock: Arc::new(move || now.fetch_add(10, Ordering::Relaxed)),
                ..Options::default()
            };
            // Mostly in the middle of work, now and then while opening, now and then never.
            let most = if random.bool() { 40 } else { 1200 };
            disk.burn_after(random.u64(0..most));
            println!("seed {seed}, life {life}");
            live(&disk, &options, &mut random, &mut truth);
            *cuts
                .entry(disk.cut_at().unwrap_or("after the last operation"))
                .or_default() += 1;
            if random.u32(0..3) == 0 {
                // Only the process dies: what it wrote is still there, though not durable.
                disk.restart();
            } else {
                disk = disk.after_power_cut(&mut random);
            }
        }
        live(&disk, &Options::default(), &mut random, &mut truth);
        totals.0 += truth.log.len();
        totals.1 += truth.certain.number;
        totals.2 += truth.term;
    }
    println!(
        "stops by operation: {cuts:?}; commands, checkpoints and terms in the end: {totals:?}"
    );
    assert!(cuts.values().sum::<u32>() >= 4000);
    for what in [
        "write",
        "sync",
        "sync directory",
        "remove",
        "open",
        "set length",
    ] {
        assert!(
            cuts.get(what).is_some_and(|&count| count > 0),
            "{what} was never hit"
        );
    }
}

/// Opens, checks everything, works until the power goes or the day is over.
fn live(disk: &SimulatedDisk, options: &Options, random: &mut fastrand::Rng, truth: &mut Truth) {
    let journal = match EmbeddedJournal::open_on(Arc::new(disk.clone()), options) {
        Ok(journal) => journal,
        Err(error) if disk.cut_at().is_some() => {
            assert!(matches!(error, Error::Failed(_)), "{error}");
            return;
        }
        Err(error) => panic!("cannot be opened: {error}"),
    };
    let lead = match journal.lead(0, "test") {
        Ok(lead) => lead,
        Err(error) => {
            assert!(disk.cut_at().is_some(), "{error}");
            return;
        }
    };
    assert!(lead.term() > truth.term, "a term was given twice");
    truth.term = lead.term();
    let mut life = Life {
        random,
        truth,
        journal,
        lead,
    };
    if life.check().is_none() {
        assert!(disk.cut_at().is_some(), "cannot be read");
        return;
    }
    let steps = if life.random.bool() { 30 } else { 2 };
    for _ in 0..steps {
        if !life.step() {
            assert!(disk.cut_at().is_some(), "failed while the power was on");
            return;
        }
    }
}

impl Life<'_> {
    /// `None` when the power went.
    fn check(&mut self) -> Option<()> {
        self.check_state()?;
        self.check_log()
    }

    fn history(&self, instance: u64) -> Option<Vec<Bytes>> {
        let part = self.journal.history(0, instance, usize::MAX);
        Some(part.ok()?.payloads)
    }

    fn check_state(&mut self) -> Option<()> {
        let mut observer = self.journal.observe(0).ok()?;
        let mut state = State::new();
        let next_offset = loop {
            match observer.next(Duration::ZERO).ok()? {
                Observed::Change(change) => state.insert(
                    change.key,
                    change.value.expect("no tombstones in a snapshot"),
                ),
                Observed::Checkpoint { next_offset, .. } => break next_offset,
                Observed::Idle => panic!("a snapshot ends with a checkpoint"),
            };
        };
        assert_eq!(next_offset, self.lead.next_offset());
        let number = state.get(&b"version"[..]).map_or(0, |value| {
            String::from_utf8_lossy(value).parse().expect("a number")
        });
        let found = Version {
            number,
            next_offset,
            state,
        };
        match self.truth.attempt.take() {
            Some(attempt) if found == attempt => self.truth.certain = attempt,
            Some(_) | None => assert_eq!(found, self.truth.certain, "not the last checkpoint"),
        }
        let history = self.history(1_000_000 + number)?;
        if number > 0 {
            assert_eq!(history, [format!("a {number}"), format!("b {number}")]);
        }
        let next = self.history(1_000_000 + number + 1)?;
        assert_eq!(
            next,
            Vec::<Bytes>::new(),
            "history of a checkpoint that is not there"
        );
        let ended = self.journal.ended(0, None, 1000).ok()?;
        assert!(ended.iter().all(|ended| ended.instance <= number));
        let newest = ended.iter().map(|ended| ended.instance).max();
        // The newest may have expired, but not while an older one is there.
        assert!(
            newest.is_none() || newest == Some(number),
            "{newest:?} {number}"
        );
        Some(())
    }

    fn check_log(&mut self) -> Option<()> {
        let from = self.lead.next_offset();
        let mut reader = self.journal.read(0, from).ok()?;
        let mut next = from;
        let doubtful = std::mem::take(&mut self.truth.doubtful);
        let mut may_follow = doubtful.iter();
        loop {
            let records = reader.next(Duration::ZERO).ok()?;
            if records.is_empty() {
                break;
            }
            for record in records {
                assert_eq!(record.offset, next, "a hole");
                next += 1;
                match self.truth.log.get(record.offset as usize) {
                    Some(known) => assert_eq!(record.command, *known),
                    None => {
                        assert_eq!(Some(&record.command), may_follow.next(), "from nowhere");
                        self.truth.log.push(record.command);
                    }
                }
            }
        }
        assert_eq!(
            next,
            self.truth.log.len() as u64,
            "acknowledged commands are missing"
        );
        Some(())
    }

    fn step(&mut self) -> bool {
        match self.random.u32(0..100) {
            0..55 => self.append(),
            55..90 => self.checkpoint(),
            90..100 => self.check().is_some(),
            100.. => true,
        }
    }

    fn append(&mut self) -> bool {
        let command = |random: &mut fastrand::Rng| {
            let length = random.usize(0..900);
            Bytes::from_iter(std::iter::repeat_with(|| random.u8(..)).take(length))
        };
        let count = self.random.usize(1..5);
        let commands: Vec<Bytes> = (0..count).map(|_| command(self.random)).collect();
        match self.journal.append(0, &commands) {
            Ok(()) => self.truth.log.extend(commands),
            Err(AppendError::Unknown(_)) => {
                self.truth.doubtful = commands;
                return false;
            }
            Err(_) => return false,
        }
        true
    }

    fn checkpoint(&mut self) -> bool {
        let mut version = self.truth.certain.clone();
        version.number += 1;
        let number = version.number;
        version.next_offset = self
            .random
            .u64(version.next_offset..=self.truth.log.len() as u64);
        let text = Bytes::from(number.to_string());
        let mut changes = vec![(Bytes::from_static(b"version"), Some(text))];
        for _ in 0..self.random.usize(0..12) {
            let key = Bytes::from(format!("key {}", self.random.u32(0..40)));
            let length = self.random.usize(0..600);
            let value = self
                .random
                .bool()
                .then(|| Bytes::from(vec![number as u8; length]));
            changes.push((key, value));
        }
        for (key, value) in &changes {
            match value {
                Some(value) => version.state.insert(key.clone(), value.clone()),
                None => version.state.remove(key),
            };
        }
        let piece = |text: &str, instance, ended| HistoryRecord {
            instance,
            payload: format!("{text} {number}").into(),
            ended,
        };
        let checkpoint = Checkpoint {
            next_offset: version.next_offset,
            changes: changes
                .into_iter()
                .map(|(key, value)| Change { key, value })
                .collect(),
            history: vec![
                // Once among those that do not expire, once among those that do.
                piece("a", 1_000_000 + number, None),
                piece("b", 1_000_000 + number, None),
                piece(
                    "end",
                    number,
                    Some((1_000_000 + number as i64, Bytes::new())),
                ),
            ],
            ..Checkpoint::default()
        };
        match self.lead.checkpoint(&checkpoint) {
            Ok(()) => self.truth.certain = version,
            Err(CheckpointError::Failed(_)) => {
                self.truth.attempt = Some(version);
                return false;
            }
            Err(error) => panic!("{error}"),
        }
        true
    }
}
