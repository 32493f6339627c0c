//! Becoming the leader of a partition: fence, restore, begin the term.
//!
//! Owns the order of these steps and how long each may stay silent. It must not answer anybody: what replaying gives
//! goes to whoever called.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use engine::Limits;
use journal::fail_point::{self, FailPoint};
use journal::{AppendError, Change, Journal, Lead, Observed, Observer, Reader};

use crate::driver::{Driver, Halt, Loading, Output, begin_term};
use crate::error::StartError;
use crate::measures::PartitionMeasures;
use crate::partition_id::PartitionId;
use crate::restoring::Restoring;

/// The longest wait for the journal to say anything while restoring.
const SILENCE: Duration = Duration::from_secs(30);
/// So long for the own first command to be seen when nobody knows whether it was appended.
const UNKNOWN_SILENCE: Duration = Duration::from_secs(1);
/// Attempts to append it.
const ATTEMPTS_MAX: usize = 10;
/// Commands that make the machine fail are skipped up to so many.
pub(crate) const SKIPPED_MAX: usize = 100;
/// One look at the journal.
const LOOK: Duration = Duration::from_millis(100);

/// A partition that is led, restored up to its last checkpoint.
pub struct Led {
    pub lead: Box<dyn Lead>,
    pub reader: Box<dyn Reader>,
    pub driver: Driver,
    partition: PartitionId,
}

impl Led {
    pub(crate) fn new(
        lead: Box<dyn Lead>,
        reader: Box<dyn Reader>,
        driver: Driver,
        partition: PartitionId,
    ) -> Led {
        Led {
            lead,
            reader,
            driver,
            partition,
        }
    }
}

/// Fences the previous leader and restores the state of the last committed checkpoint.
///
/// # Errors
/// See [`StartError`]; leading again may help when the journal has failed.
pub fn take_over(
    journal: &dyn Journal,
    partition: PartitionId,
    name: &str,
    limits: Limits,
    skipped: BTreeSet<u64>,
    measures: &PartitionMeasures,
) -> Result<Led, StartError> {
    let lead = journal.lead(partition.in_journal(), name)?;
    let started = Instant::now();
    let mut observer = journal.observe(partition.in_journal())?;
    let mut loading = Loading::new(partition, journal.partitions());
    let is_wanted = |term| term >= lead.term();
    let restored = load(&mut loading, &mut *observer, partition, measures, is_wanted)?;
    let_go(observer);
    if (restored.term, restored.next_offset) != (lead.term(), lead.next_offset()) {
        return Err(StartError::Fenced);
    }
    let driver = loading.finish(lead.next_offset(), limits, skipped)?;
    tracing::info!(
        %partition,
        term = lead.term(),
        entries = driver.state().entry_count(),
        bytes = restored.bytes,
        next_offset = lead.next_offset(),
        elapsed_ms = started.elapsed().as_millis(),
        "restored the last checkpoint"
    );
    let reader = journal.read(partition.in_journal(), lead.next_offset())?;
    Ok(Led::new(lead, reader, driver, partition))
}

/// What was observed is known. Its end may take a moment that nobody has to wait for.
pub(crate) fn let_go(observer: Box<dyn Observer>) {
    std::thread::spawn(move || drop(observer));
}

/// A checkpoint whose state was read.
pub(crate) struct Restored {
    pub next_offset: u64,
    pub term: u64,
    /// What was read.
    pub bytes: u64,
}

/// Reads the state as of the first checkpoint whose term is wanted.
pub(crate) fn load(
    loading: &mut Loading,
    observer: &mut dyn Observer,
    partition: PartitionId,
    measures: &PartitionMeasures,
    is_wanted: impl Fn(u64) -> bool,
) -> Result<Restored, StartError> {
    let restoring = Restoring::begin(partition, measures);
    let put = &mut |change: Change| loading.put(change.key, change.value);
    read_entries(observer, restoring, put, is_wanted)
}

/// Gives what the state consists of as of the first checkpoint whose term is wanted: of each entry what the last change
/// says.
pub(crate) fn read_entries(
    observer: &mut dyn Observer,
    mut restoring: Restoring<'_>,
    put: &mut dyn FnMut(Change),
    is_wanted: impl Fn(u64) -> bool,
) -> Result<Restored, StartError> {
    let mut heard = Instant::now();
    // Ends with the entries, which are as many as the state has, or with the silence after them.
    loop {
        match observer.next(LOOK)? {
            Observed::Change(change) => {
                restoring.read(&change, || observer.extent());
                fail_point::pass(FailPoint::AmidRestore);
                put(change);
            }
            Observed::Checkpoint { term, next_offset } if is_wanted(term) => {
                return Ok(Restored {
                    next_offset,
                    term,
                    bytes: restoring.end().bytes,
                });
            }
            Observed::Checkpoint { .. } => {}
            Observed::Idle if heard.elapsed() < SILENCE => continue,
            Observed::Idle => return Err(StartError::Silent("it was read")),
        }
        heard = Instant::now();
    }
}

/// Why the rest of the log could not be applied.
#[derive(Debug)]
pub enum CatchUpError {
    Start(StartError),
    /// Take over again and skip this offset.
    Panicked {
        offset: u64,
        message: String,
    },
}

impl From<StartError> for CatchUpError {
    fn from(error: StartError) -> CatchUpError {
        CatchUpError::Start(error)
    }
}

impl From<journal::Error> for CatchUpError {
    fn from(error: journal::Error) -> CatchUpError {
        CatchUpError::Start(error.into())
    }
}

/// Appends the first command of the term and applies the log up to it. `outputs` gets what each batch gave, with the
/// driver that gave it, and says whether to go on.
///
/// # Errors
/// The driver is behind the log's end; take over again.
pub fn catch_up(
    journal: &dyn Journal,
    led: &mut Led,
    name: &str,
    outputs: &mut dyn FnMut(&Driver, Vec<Output>) -> bool,
) -> Result<(), CatchUpError> {
    let term = led.lead.term();
    let begin = begin_term(term, name);
    for _ in 0..ATTEMPTS_MAX {
        let patience =
            match journal.append(led.partition.in_journal(), std::slice::from_ref(&begin)) {
                Ok(()) => SILENCE,
                // It is seen or not; appended twice, the second one is refused.
                Err(AppendError::Unknown(_)) => UNKNOWN_SILENCE,
                Err(error) => return Err(StartError::Append(error).into()),
            };
        let mut heard = Instant::now();
        while heard.elapsed() < patience {
            let records = led.reader.next(LOOK)?;
            if !records.is_empty() {
                heard = Instant::now();
            }
            apply(&mut led.driver, &records, outputs)?;
            match led.driver.state().term().cmp(&term) {
                Ordering::Less => {}
                Ordering::Equal => return Ok(()),
                Ordering::Greater => return Err(StartError::Fenced.into()),
            }
        }
    }
    Err(StartError::Silent("the first command of the term was awaited").into())
}

fn apply(
    driver: &mut Driver,
    records: &[journal::Record],
    outputs: &mut dyn FnMut(&Driver, Vec<Output>) -> bool,
) -> Result<(), CatchUpError> {
    let mut given = Vec::new();
    let mut halted = None;
    for record in records {
        if let Err(halt) = driver.apply(record, &mut given) {
            halted = Some(halt);
            break;
        }
    }
    // What came before a halt was applied, and its callers wait.
    let goes_on = outputs(driver, given);
    match halted {
        Some(Halt::Panicked { offset, message }) => Err(CatchUpError::Panicked { offset, message }),
        Some(Halt::NewerSemantics { offset, found }) => Err(newer(offset, found).into()),
        None if !goes_on => Err(StartError::Stopped.into()),
        None => Ok(()),
    }
}

pub(crate) fn newer(offset: u64, found: u32) -> StartError {
    StartError::NewerSemantics {
        offset,
        found,
        known: engine::SEMANTICS,
    }
}
