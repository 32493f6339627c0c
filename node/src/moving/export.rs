//! Out of a journal into a file.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use engine::Limits;
use journal::moving::{Past, Source};
use journal::{Change, Checkpoint, CheckpointError, ClusterLog, Journal, Lead};
use prost::Message;
use proto::archive::{Ended, Entry, Header, Partition, Story};
use proto::node::Heartbeat;

use super::{MoveError, Progress, Step};
use crate::archive::{ArchiveError, VERSION, Writer};
use crate::error::StartError;
use crate::leadership::{CatchUpError, Led, SKIPPED_MAX, catch_up, read_entries, take_over};
use crate::measures::PartitionMeasures;
use crate::partition_id::PartitionId;
use crate::restoring::Restoring;

/// How an export is called in the log that it ends.
const NAME: &str = "export";
/// A node that lives tells so several times within this.
const HEARING: Duration = Duration::from_secs(1);
/// The longest wait for the own notice.
const SILENCE: Duration = Duration::from_secs(30);
/// One look at the log of the cluster.
const LOOK: Duration = Duration::from_millis(100);
/// Progress is told after so many records.
const STRIDE: u64 = 256;

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exported {
    pub partitions: u32,
    pub entries: u64,
    pub stories: u64,
    pub bytes: u64,
}

/// Writes everything that a journal has. `has_views`: the checkpoint that comes first brings public views up to date.
///
/// # Errors
/// See [`MoveError`]; what was written then is no export.
pub fn export<W: Write>(
    source: &dyn Source,
    has_views: bool,
    program: &str,
    out: W,
    tell: &mut dyn FnMut(&Progress),
) -> Result<(W, Exported), MoveError> {
    if let Some(cluster) = source.cluster()
        && let Some(address) = occupant(&*cluster)?
    {
        return Err(MoveError::Served(address));
    }
    let partitions = source.partitions();
    let header = Header {
        version: VERSION,
        partitions,
        semantics: engine::SEMANTICS,
        program: program.to_owned(),
        written_ms: now_ms(),
    };
    let mut work = Work {
        source,
        writer: Writer::begin(out, header)?,
        progress: Progress {
            step: Step::Restore,
            partition: 0,
            partitions,
            entries: 0,
            stories: 0,
            bytes: 0,
        },
        tell,
    };
    let mut leads = Vec::with_capacity(partitions as usize);
    for id in PartitionId::all(partitions) {
        leads.push(work.partition(id, has_views)?);
    }
    // Whoever led since has fenced one of them, and the parts do not fit together.
    leads.iter_mut().try_for_each(|lead| confirm(&mut **lead))?;
    let (out, end) = work.writer.finish()?;
    let exported = Exported {
        partitions,
        entries: end.entries,
        stories: end.stories,
        bytes: work.progress.bytes,
    };
    Ok((out, exported))
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}

struct Work<'w, W> {
    source: &'w dyn Source,
    writer: Writer<W>,
    progress: Progress,
    tell: &'w mut dyn FnMut(&Progress),
}

impl<W: Write> Work<'_, W> {
    /// Gives the leadership, to see at the end that nobody else has led.
    fn partition(&mut self, id: PartitionId, has_views: bool) -> Result<Box<dyn Lead>, MoveError> {
        self.progress.partition = id.number();
        self.step(Step::Restore);
        let (lead, live) = settle(self.source, id, has_views)?;
        self.step(Step::Export);
        let term = lead.term();
        self.writer.partition(Partition {
            number: id.number(),
            term,
        })?;
        self.entries(id, &*lead)?;
        self.stories(id, live)?;
        Ok(lead)
    }

    fn entries(&mut self, id: PartitionId, lead: &dyn Lead) -> Result<(), MoveError> {
        let mut observer = self.source.observe(id.in_journal())?;
        let nobodys = PartitionMeasures::default();
        let restoring = Restoring::begin(id, &nobodys);
        // In order of their keys.
        let mut entries = BTreeMap::new();
        let put = &mut |change: Change| match change.value {
            Some(value) => drop(entries.insert(change.key, value)),
            None => drop(entries.remove(&change.key)),
        };
        let restored = read_entries(&mut *observer, restoring, put, |term| term >= lead.term())?;
        if (restored.term, restored.next_offset) != (lead.term(), lead.next_offset()) {
            return Err(StartError::Fenced.into());
        }
        for (key, value) in entries {
            self.writer.entry(Entry { key, value })?;
            self.progress.entries += 1;
            self.tell_sometimes(self.progress.entries);
        }
        Ok(())
    }

    fn stories(&mut self, id: PartitionId, live: BTreeSet<u64>) -> Result<(), MoveError> {
        let source = self.source;
        let mut failed = None;
        let mut each = |past: Past| {
            if let Err(error) = self.writer.story(story(past)) {
                failed = Some(error);
                return false;
            }
            self.progress.stories += 1;
            self.tell_sometimes(self.progress.stories);
            true
        };
        source.all_history(id.in_journal(), &mut live.into_iter(), &mut each)?;
        failed.map_or(Ok(()), |error: ArchiveError| Err(error.into()))
    }

    fn step(&mut self, step: Step) {
        self.progress.step = step;
        self.progress.bytes = self.writer.bytes();
        (self.tell)(&self.progress);
    }

    fn tell_sometimes(&mut self, count: u64) {
        if count.is_multiple_of(STRIDE) {
            self.step(Step::Export);
        }
    }
}

fn story(past: Past) -> Story {
    let ended = past.record.ended;
    Story {
        instance: past.record.instance,
        history: past.record.payload,
        written_ms: past.written_ms.unwrap_or(0),
        ended: ended.map(|(at_ms, summary)| Ended { at_ms, summary }),
    }
}

/// Leads the partition and writes a checkpoint that includes its whole log. Gives the instances that live.
fn settle(
    journal: &dyn Journal,
    id: PartitionId,
    has_views: bool,
) -> Result<(Box<dyn Lead>, BTreeSet<u64>), StartError> {
    let mut skipped = BTreeSet::new();
    let measures = PartitionMeasures::default();
    loop {
        let limits = Limits::default();
        let mut led = take_over(journal, id, NAME, limits, skipped.clone(), &measures)?;
        if has_views {
            led.driver.publish_views();
        }
        match catch_up(journal, &mut led, NAME, &mut |_, _| true) {
            Ok(()) => return checkpointed(led),
            Err(CatchUpError::Start(error)) => return Err(error),
            // A server would have passed over it, too.
            Err(CatchUpError::Panicked { offset, .. }) => skipped.insert(offset),
        };
        if skipped.len() > SKIPPED_MAX {
            return Err(StartError::TooManyFailures(skipped.len()));
        }
    }
}

fn checkpointed(mut led: Led) -> Result<(Box<dyn Lead>, BTreeSet<u64>), StartError> {
    let draft = led.driver.draft();
    draft.commit(&mut *led.lead).map_err(refused)?;
    Ok((led.lead, led.driver.state().instance_keys().clone()))
}

/// Whether it still leads.
fn confirm(lead: &mut dyn Lead) -> Result<(), StartError> {
    let nothing = Checkpoint {
        next_offset: lead.next_offset(),
        ..Checkpoint::default()
    };
    lead.checkpoint(&nothing).map_err(refused)
}

fn refused(error: CheckpointError) -> StartError {
    match error {
        CheckpointError::Fenced => StartError::Fenced,
        CheckpointError::Full => journal::Error::Full.into(),
        CheckpointError::Failed(_) | CheckpointError::Refused(_) => {
            journal::Error::Failed(error.to_string()).into()
        }
    }
}

/// The address of a node that is there.
fn occupant(cluster: &dyn ClusterLog) -> Result<Option<String>, StartError> {
    let mut log = cluster.listen()?;
    let own = Heartbeat {
        node: format!("{NAME}-{:016x}", fastrand::u64(..)),
        gone: true,
        ..Heartbeat::default()
    };
    cluster.tell(&own.node, &Bytes::from(own.encode_to_vec()))?;
    // What stands before the own notice may be of nodes that have gone since.
    let mut until = Instant::now() + SILENCE;
    let mut is_now = false;
    while Instant::now() < until {
        for notice in log.next(LOOK)? {
            let Ok(heard) = Heartbeat::decode(notice.command) else {
                continue;
            };
            if heard.node == own.node {
                (is_now, until) = (true, Instant::now() + HEARING);
            } else if is_now && !heard.gone {
                return Ok(Some(heard.address));
            }
        }
    }
    match is_now {
        true => Ok(None),
        false => Err(StartError::Silent("the other nodes were listened for")),
    }
}
