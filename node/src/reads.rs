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
) -> Result<Vec<HistoryBatch>, SubmitError> {
    let payloads = journal.history(partition.in_journal(), instance);
    let mut batches = Vec::new();
    for payload in payloads.map_err(unreadable)? {
        batches.extend(History::decode(payload).map_err(unreadable)?.batches);
    }
    Ok(batches)
}

/// One story of two parts that may overlap.
pub(crate) fn join(
    mut written: Vec<HistoryBatch>,
    unwritten: Vec<HistoryBatch>,
) -> Vec<HistoryBatch> {
    let last = written.last().map(|batch| batch.offset);
    let newer = unwritten.into_iter();
    written.extend(newer.filter(|batch| Some(batch.offset) > last));
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
