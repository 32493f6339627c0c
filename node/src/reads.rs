//! Histories and ended instances: what the journal has, joined with what no checkpoint has written yet.
//!
//! Owns that nothing is told twice or left out: memory is read first, so that what a checkpoint moves from there to
//! the journal meanwhile is found in both, and told once.

use std::cmp::Reverse;

use journal::Journal;
use prost::Message;
use proto::record::{EndedInstance, History, HistoryBatch};

use crate::core::View;
use crate::error::SubmitError;
use crate::partition_id::PartitionId;

/// What is read of a history in the journal, in bytes: the newest part.
const HISTORY_BYTES_MAX: usize = 16 << 20;

/// What happened to an instance.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Story {
    /// In order.
    pub batches: Vec<HistoryBatch>,
    /// The history is longer than what is read of it: its beginning was left out.
    pub is_cut: bool,
}

/// What happened to an instance and is not in the journal.
pub(crate) fn story(view: &View<'_>, instance: u64) -> Vec<HistoryBatch> {
    let stories = view.unwritten.iter();
    let stories = stories.filter_map(|history| history.story(instance));
    stories.flat_map(|story| story.batches.clone()).collect()
}

pub(crate) fn written_story(
    journal: &dyn Journal,
    partition: PartitionId,
    instance: u64,
) -> Result<Story, SubmitError> {
    let part = journal.history(partition.in_journal(), instance, HISTORY_BYTES_MAX);
    let part = part.map_err(unreadable)?;
    let mut story = Story {
        is_cut: part.is_cut,
        ..Story::default()
    };
    for payload in part.payloads {
        let history = History::decode(payload).map_err(unreadable)?;
        story.batches.extend(history.batches);
    }
    Ok(story)
}

/// One story of two parts that may overlap.
pub(crate) fn join(mut written: Story, unwritten: Vec<HistoryBatch>) -> Story {
    let last = written.batches.last().map(|batch| batch.offset);
    let newer = unwritten.into_iter();
    let newer = newer.filter(|batch| Some(batch.offset) > last);
    written.batches.extend(newer);
    written
}

/// How a list of ended instances is sorted: newest first, ties by the greater key first.
fn rank(ended: &EndedInstance) -> Reverse<(i64, u64)> {
    Reverse((ended.ended_ms, ended.key))
}

/// Instances that have ended and are not in the journal.
pub(crate) fn ended(
    view: &View<'_>,
    before: Option<(i64, u64)>,
    limit: usize,
) -> Vec<EndedInstance> {
    let all = view.unwritten.iter().flat_map(|history| history.ended());
    let is_wanted =
        |ended: &&EndedInstance| before.is_none_or(|before| (ended.ended_ms, ended.key) < before);
    let mut found: Vec<_> = all.filter(is_wanted).collect();
    if found.len() > limit && limit > 0 {
        found.select_nth_unstable_by_key(limit - 1, |ended| rank(ended));
    }
    found.truncate(limit);
    found.into_iter().cloned().collect()
}

pub(crate) fn written_ended(
    journal: &dyn Journal,
    partition: PartitionId,
    before: Option<(i64, u64)>,
    limit: usize,
) -> Result<Vec<EndedInstance>, SubmitError> {
    let found = journal.ended(partition.in_journal(), before, limit);
    let summaries = found.map_err(unreadable)?.into_iter();
    let summaries = summaries.map(|ended| EndedInstance::decode(ended.summary));
    summaries.collect::<Result<_, _>>().map_err(unreadable)
}

/// One page of two that may overlap.
pub(crate) fn merge(
    mut written: Vec<EndedInstance>,
    unwritten: Vec<EndedInstance>,
    limit: usize,
) -> Vec<EndedInstance> {
    written.extend(unwritten);
    written.sort_by_key(rank);
    written.dedup_by_key(|ended| ended.key);
    written.truncate(limit);
    written
}

fn unreadable(error: impl std::fmt::Display) -> SubmitError {
    SubmitError::Internal(format!("the history cannot be read: {error}"))
}
