//! Checkpoints in the background: one at a time is written while the applier goes on.
//!
//! Owns when one is due and what is not committed yet. A checkpoint that finds the disk full is kept and grows with
//! what follows; one whose outcome is unknown ends the leadership. Architecture, section 5.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use journal::{CheckpointError, Lead};
use proto::record::RefusedRecord;

use crate::config::Config;
use crate::driver::{Draft, Driver};
use crate::error::StartError;
use crate::measures::Measures;
use crate::partition_id::PartitionId;

/// After a full disk, the next attempt comes after so long.
const FULL_PAUSE: Duration = Duration::from_secs(1);
/// So many commands that changed nothing are worth a checkpoint, too: the log before it can go.
const UNCHANGED_MAX: u64 = 10_000;

/// The outcome of the checkpoint that was being written.
pub(crate) type Written = Result<Vec<RefusedRecord>, CheckpointError>;

/// The checkpoints of one leadership.
pub(crate) struct Checkpoints {
    drafts: Sender<Arc<Draft>>,
    pub results: Receiver<Written>,
    writing: Option<Arc<Draft>>,
    held: Option<Draft>,
    /// When the next one may begin.
    not_before: Instant,
    interval: Duration,
    /// The first offset that no committed checkpoint of this leadership or before includes.
    committed: u64,
}

/// What became of a checkpoint, for the applier.
pub(crate) enum Outcome {
    /// Without these records, which their topics refused.
    Committed(Vec<RefusedRecord>),
    /// It is tried again later.
    Full,
    /// Restore.
    Doubt(String),
    /// Resign.
    Fenced,
}

impl Checkpoints {
    /// Starts the thread that writes.
    pub fn start(
        lead: Box<dyn Lead>,
        config: &Config,
        partition: PartitionId,
    ) -> Result<(Checkpoints, JoinHandle<()>), StartError> {
        let committed = lead.next_offset();
        let (drafts, to_write) = bounded::<Arc<Draft>>(1);
        let (told, results) = bounded(1);
        let thread = std::thread::Builder::new().name("weir-checkpoint".to_owned());
        let measures = Arc::clone(&config.measures);
        let thread =
            thread.spawn(move || write_all(lead, &to_write, &told, (&measures, partition)));
        let thread = thread.map_err(|error| StartError::Thread(error.to_string()))?;
        let checkpoints = Checkpoints {
            drafts,
            results,
            writing: None,
            held: None,
            not_before: Instant::now(),
            interval: config.checkpoint_interval,
            committed,
        };
        Ok((checkpoints, thread))
    }

    pub fn committed(&self) -> u64 {
        self.committed
    }

    /// What was taken from the driver and is not committed, oldest first.
    pub fn unwritten(&self) -> impl Iterator<Item = &Draft> {
        self.writing.as_deref().into_iter().chain(&self.held)
    }

    pub fn is_writing(&self) -> bool {
        self.writing.is_some()
    }

    /// Whether something is in memory only that the log alone must bring back.
    pub fn are_behind(&self, driver: &Driver) -> bool {
        self.unwritten().next().is_some() || driver.is_changed()
    }

    /// Commands whose effects are in memory only.
    pub fn unwritten_commands(&self, driver: &Driver) -> u64 {
        let drafts: u64 = self.unwritten().map(Draft::commands).sum();
        drafts + driver.applied()
    }

    /// The bytes of these commands.
    pub fn unwritten_bytes(&self, driver: &Driver) -> u64 {
        let drafts: u64 = self.unwritten().map(Draft::bytes).sum();
        drafts + driver.applied_bytes()
    }

    fn is_wanted(&self, driver: &Driver) -> bool {
        self.held.is_some() || driver.is_changed() || driver.applied() >= UNCHANGED_MAX
    }

    /// When [`Checkpoints::begin_if_due`] will do something; `None` when a command or a result must come first.
    pub fn due(&self, driver: &Driver) -> Option<Instant> {
        (self.writing.is_none() && self.is_wanted(driver)).then_some(self.not_before)
    }

    pub fn begin_if_due(&mut self, driver: &mut Driver) {
        if self.due(driver).is_some_and(|due| due <= Instant::now()) {
            self.begin(driver);
        }
    }

    fn begin(&mut self, driver: &mut Driver) {
        let newest = driver.draft();
        let draft = match self.held.take() {
            Some(mut held) => {
                held.merge(newest);
                held
            }
            None => newest,
        };
        let draft = Arc::new(draft);
        self.not_before = Instant::now() + self.interval;
        // A thread that has ended has told why, or its channel is closed: both end this leadership.
        let _ = self.drafts.send(Arc::clone(&draft));
        self.writing = Some(draft);
    }

    /// Takes in what the thread tells.
    pub fn settle(&mut self, written: Written) -> Outcome {
        let Some(draft) = self.writing.take() else {
            return Outcome::Doubt("a checkpoint was told that nobody has begun".to_owned());
        };
        match written {
            Ok(refused) => {
                self.committed = draft.next_offset();
                Outcome::Committed(refused)
            }
            Err(CheckpointError::Full) => match Arc::try_unwrap(draft) {
                Ok(draft) => {
                    self.held = Some(draft);
                    self.not_before = Instant::now() + FULL_PAUSE.max(self.interval);
                    Outcome::Full
                }
                Err(_) => Outcome::Doubt("a checkpoint is still being read".to_owned()),
            },
            Err(error @ (CheckpointError::Failed(_) | CheckpointError::Refused(_))) => {
                Outcome::Doubt(error.to_string())
            }
            Err(CheckpointError::Fenced) => Outcome::Fenced,
        }
    }

    /// Writes all there is and waits for it: the last thing that a leadership does. What cannot be written is still
    /// in the log.
    pub fn finish(&mut self, driver: &mut Driver) {
        if self.wait() && (self.held.is_some() || driver.applied() > 0) {
            self.begin(driver);
            self.wait();
        }
    }

    /// Waits for the one that is being written, if any. Whether another one may follow.
    pub fn wait(&mut self) -> bool {
        if self.writing.is_none() {
            return true;
        }
        let Ok(written) = self.results.recv() else {
            tracing::warn!("the last checkpoint was not written");
            return false;
        };
        if let Err(error) = &written {
            tracing::warn!(%error, "a checkpoint was not written; the log has everything");
        }
        match self.settle(written) {
            // Whoever leads next finds what was refused.
            Outcome::Committed(_) => true,
            Outcome::Full | Outcome::Doubt(_) | Outcome::Fenced => false,
        }
    }
}

/// People should look why.
pub(crate) fn tell_refused(refused: &[RefusedRecord]) {
    if let Some(first) = refused.first() {
        let (records, reason) = (refused.len(), &first.reason);
        let instance = first.record.as_ref().map(|record| record.instance);
        tracing::warn!(
            instance,
            records,
            reason,
            "topics have refused records: they become incidents"
        );
    }
}

fn write_all(
    mut lead: Box<dyn Lead>,
    drafts: &Receiver<Arc<Draft>>,
    told: &Sender<Written>,
    (measures, partition): (&Measures, PartitionId),
) {
    // Kept until the next one comes, so that the many small parts of a draft are freed here and not by the applier.
    let mut _last = None;
    for draft in drafts {
        let begun = Instant::now();
        let written = draft.commit(&mut *lead);
        measures.of(partition).checkpoint.took(begun.elapsed());
        let goes_on = matches!(written, Ok(_) | Err(CheckpointError::Full));
        match &written {
            Ok(_) => _last = Some(draft),
            // The applier takes it back to add to it.
            Err(error) => {
                tracing::debug!(%error, "a checkpoint was not committed");
                drop(draft);
            }
        }
        if told.send(written).is_err() || !goes_on {
            return;
        }
    }
}
