//! What must hold at the end, judged by the log, by what the journal kept, and by what clients were told.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::mem::discriminant;

use engine::State;
use journal::{Bytes, Journal};
use prost::Message;
use proto::record::event::Kind as Fact;
use proto::record::{Event, History, PublishedRecord, answer, command::Kind, user_task};

use super::leader::Leader;
use super::tamper::Bug;
use super::{PARTITION, PARTITIONS, World};
use crate::oracle;

/// What can be violated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// An answer given once is repeated equal for the same request id.
    Answers,
    /// Every acknowledged create exists exactly once, and no create twice.
    Creates,
    /// Each job completes at most once, an acknowledged one exactly once.
    Jobs,
    /// Each user task completes at most once, an acknowledged one exactly once.
    Tasks,
    /// No job is leased while it is leased; what a stream's client got was leased to it.
    Leases,
    /// The history of an instance has no gap and no repetition.
    Histories,
    /// The fold of the history is the state.
    Fold,
    /// Whoever applies the log gets the same state and gives the same answers.
    Replicas,
    /// A restore gives the state that was checkpointed.
    Restored,
    /// Each instance that has ended is listed once, and no other.
    Ends,
    /// What a process publishes is in its topic once; or the topic refused it, and it was parked instead.
    Publications,
    /// Everything finishes once the faults stop.
    Finishes,
    /// The oracle's process took the path that it must.
    Paths,
}

/// How often something happened to a job or a task.
type Count = BTreeMap<u64, u32>;

/// What the journal's history tells.
#[derive(Default)]
struct Told {
    /// Events with the offset of their command, in order.
    events: Vec<(u64, Event)>,
    created: BTreeMap<String, Vec<u64>>,
    instances: BTreeSet<u64>,
    ended: BTreeSet<u64>,
    jobs_completed: Count,
    errors_thrown: Count,
    tasks_completed: Count,
}

impl World {
    /// Judges a run that has come to its end.
    pub(super) fn judge(&mut self) {
        let told = self.check_history();
        self.check_acknowledged(&told);
        self.check_once(&told);
        self.check_leases(&told);
        self.check_ends(&told);
        self.check_publications(&told);
        self.check_path(&told);
        // Checks what it restores against the log.
        if let Err((check, what)) = Leader::new(self, u64::from(u32::MAX)) {
            self.ledger.violate(check, what);
        }
    }

    /// What the journal kept of all instances, by offset: one queue per batch.
    fn kept(&mut self) -> BTreeMap<u64, Vec<VecDeque<Event>>> {
        let mut kept = BTreeMap::<u64, Vec<VecDeque<Event>>>::new();
        let outcomes = self.reference.entries.iter();
        let outcomes = outcomes.filter_map(|entry| entry.result.as_ref().ok());
        let created = outcomes.flat_map(|outcome| &outcome.events);
        let created = created.filter_map(|event| match &event.kind {
            Some(Fact::InstanceCreated(created)) => Some(created.instance.as_ref()?.key),
            _ => None,
        });
        for instance in created.collect::<BTreeSet<_>>() {
            let part = self
                .memory
                .history(PARTITION.in_journal(), instance, usize::MAX);
            let mut last = None;
            for payload in part.unwrap_or_default().payloads {
                let history = History::decode(payload).unwrap_or_default();
                for batch in history.batches {
                    if last >= Some(batch.offset) {
                        let what = format!("instance {instance}: {} after {last:?}", batch.offset);
                        self.ledger.violate(Check::Histories, what);
                    }
                    last = Some(batch.offset);
                    if !self.reference.was_at(&batch) {
                        let what = format!(
                            "instance {instance}: {} at {} by `{}`",
                            batch.offset, batch.at_ms, batch.principal
                        );
                        self.ledger.violate(Check::Histories, what);
                    }
                    kept.entry(batch.offset)
                        .or_default()
                        .push(batch.events.into());
                }
            }
        }
        kept
    }

    /// Walks the log with the history beside it, and folds what the history tells.
    fn check_history(&mut self) -> Told {
        let mut kept = self.kept();
        let mut told = Told::default();
        let mut folded = State::new(PARTITION.number(), PARTITIONS);
        let (mut missing, mut differing) = (Vec::new(), Vec::new());
        for entry in &self.reference.entries {
            let offset = entry.position.offset;
            let mut batches = kept.remove(&offset).unwrap_or_default();
            let events = entry
                .result
                .as_ref()
                .map_or(&[][..], |outcome| &outcome.events);
            for event in events {
                let found = take(&mut batches, event);
                if found.is_none() && !is_of_partition(event) {
                    missing.push(format!("{event:?} at {offset} is not in the history"));
                    continue;
                }
                if let Some(found) = &found {
                    told.note(offset, found);
                }
                folded.evolve(entry.position, found.as_ref().unwrap_or(event));
            }
            for event in batches.into_iter().flatten() {
                missing.push(format!("{event:?} at {offset} is only in the history"));
                told.note(offset, &event);
            }
            // At the end little is left: what differs is seen on the way.
            folded.drain_changes(offset);
            if folded.digest() != entry.digest {
                differing.push(format!("the history gives another state at {offset}"));
            }
        }
        let more = kept.into_keys();
        missing.extend(more.map(|offset| format!("the history has {offset}, the log has not")));
        let missing = missing.into_iter().map(|what| (Check::Histories, what));
        let differing = differing.into_iter().map(|what| (Check::Fold, what));
        for (check, what) in missing.chain(differing) {
            self.ledger.violate(check, what);
        }
        told
    }

    fn check_acknowledged(&mut self, told: &Told) {
        let ledger = &self.ledger;
        let mut violations = Vec::new();
        for (kind, answer) in &ledger.acknowledged {
            let (check, is_there) = match kind {
                Kind::CreateInstance(create) => {
                    let started = match &answer.kind {
                        Some(answer::Kind::InstanceStarted(started)) => Some(started),
                        Some(answer::Kind::InstanceResult(result)) => result.instance.as_ref(),
                        _ => None,
                    };
                    let key = started.map(|started| started.instance_key);
                    let keys = create.tags.first().and_then(|tag| told.created.get(tag));
                    (
                        Check::Creates,
                        keys.is_some_and(|keys| keys.iter().copied().eq(key)),
                    )
                }
                Kind::CompleteJob(done) => (
                    Check::Jobs,
                    told.jobs_completed.get(&done.job_key) == Some(&1),
                ),
                Kind::ThrowJobError(done) => (
                    Check::Jobs,
                    told.errors_thrown.get(&done.job_key) == Some(&1),
                ),
                Kind::CompleteTask(done) => (
                    Check::Tasks,
                    told.tasks_completed.get(&done.task_key) == Some(&1),
                ),
                _ => continue,
            };
            if !is_there {
                violations.push((
                    check,
                    format!("acknowledged, but not done once: {kind:?}, {answer:?}"),
                ));
            }
        }
        for (check, what) in violations {
            self.ledger.violate(check, what);
        }
    }

    fn check_once(&mut self, told: &Told) {
        for (tag, keys) in told.created.iter().filter(|(_, keys)| keys.len() > 1) {
            self.ledger
                .violate(Check::Creates, format!("{tag} was created as {keys:?}"));
        }
        let counts = [
            (Check::Jobs, &told.jobs_completed),
            (Check::Tasks, &told.tasks_completed),
        ];
        for (check, count) in counts {
            for (key, times) in count.iter().filter(|(_, times)| **times > 1) {
                self.ledger
                    .violate(check, format!("{key} completed {times} times"));
            }
        }
    }

    fn check_leases(&mut self, told: &Told) {
        let mut leases = BTreeSet::new();
        let mut held = BTreeSet::new();
        for (offset, event) in &told.events {
            match &event.kind {
                Some(Fact::JobLeased(lease)) => {
                    leases.insert((*offset, lease.stream_id, lease.job));
                    if !held.insert(lease.job) {
                        let what = format!("at {offset}, while it is held: {lease:?}");
                        self.ledger.violate(Check::Leases, what);
                    }
                }
                Some(
                    Fact::JobCompleted(proto::record::JobCompleted { job, .. })
                    | Fact::JobFailed(proto::record::JobFailed { job, .. })
                    | Fact::JobErrorThrown(proto::record::JobErrorThrown { job, .. })
                    | Fact::JobCanceled(proto::record::JobCanceled { job, .. })
                    | Fact::JobTimedOut(proto::record::JobTimedOut { job, .. })
                    | Fact::JobReturned(proto::record::JobReturned { job, .. }),
                ) => {
                    held.remove(job);
                }
                Some(_) | None => {}
            }
        }
        for delivery in std::mem::take(&mut self.ledger.deliveries) {
            if !leases.remove(&delivery) {
                let (offset, stream, job) = delivery;
                let what = format!("at {offset} stream {stream:x} got job {job}, not leased to it");
                self.ledger.violate(Check::Leases, what);
            }
        }
    }

    fn check_ends(&mut self, told: &Told) {
        let listed = self
            .memory
            .ended(PARTITION.in_journal(), None, journal::ENDED_LIMIT_MAX);
        let listed = listed
            .unwrap_or_default()
            .into_iter()
            .map(|ended| ended.instance);
        let listed = listed.collect::<Vec<_>>();
        let distinct = listed.iter().copied().collect::<BTreeSet<_>>();
        if distinct != told.ended || distinct.len() != listed.len() {
            let what = format!("{listed:?} are listed, {:?} have ended", told.ended);
            self.ledger.violate(Check::Ends, what);
        }
        if told.ended != told.instances {
            let what = format!("{:?} began, {:?} have ended", told.instances, told.ended);
            self.ledger.violate(Check::Finishes, what);
        }
    }

    fn check_publications(&mut self, told: &Told) {
        let mut expected = BTreeMap::<_, i32>::new();
        for (_, event) in &told.events {
            if let Some(Fact::RecordPublished(published)) = &event.kind
                && let Some(record) = &published.record
            {
                *expected.entry(identity(record)).or_default() += 1;
            }
        }
        for record in &self.reference.parked {
            *expected.entry(identity(record)).or_default() -= 1;
        }
        for record in self.memory.published() {
            let key = record.key.unwrap_or_default();
            let identity = (record.topic, key, record.value.unwrap_or_default());
            *expected.entry(identity).or_default() -= 1;
        }
        for ((topic, key, _), times) in expected.into_iter().filter(|(_, times)| *times != 0) {
            let what = format!("{topic} {key:?}: {times} too few");
            self.ledger.violate(Check::Publications, what);
        }
    }

    fn check_path(&mut self, told: &Told) {
        let Some(case) = &self.case else {
            return;
        };
        let mut expected = case.expected.clone();
        if self.plan.bug == Some(Bug::ExpectsMore) {
            *expected.completed.entry("start".to_owned()).or_default() += 1;
        }
        let state = self.reference.state();
        let definition = state.definition_key(oracle::PROCESS, -1);
        let Some(executable) = definition.and_then(|key| state.executable(key)) else {
            return;
        };
        let instance = told.created.get("oracle").and_then(|keys| keys.first());
        let mut counts = oracle::Counts::default();
        for (_, event) in &told.events {
            let (list, of, node) = match &event.kind {
                Some(Fact::ElementCompleted(fact)) => {
                    (&mut counts.completed, fact.instance, fact.node)
                }
                Some(Fact::ElementTerminated(fact)) => {
                    (&mut counts.terminated, fact.instance, fact.node)
                }
                Some(_) | None => continue,
            };
            if Some(&of) == instance
                && let Some(node) = executable.nodes.get(node as usize)
            {
                *list.entry(node.id.to_string()).or_default() += 1;
            }
        }
        if counts != expected {
            let what = format!("found {counts:?}, expected {expected:?}\n{}", case.xml);
            self.ledger.violate(Check::Paths, what);
        }
    }
}

impl Told {
    fn note(&mut self, offset: u64, event: &Event) {
        match &event.kind {
            Some(Fact::InstanceCreated(created)) => {
                if let Some(instance) = &created.instance {
                    self.instances.insert(instance.key);
                    let tags = instance.origin.as_ref().map(|origin| &origin.tags);
                    let tag = tags.and_then(|tags| tags.first()).cloned();
                    let tag = tag.unwrap_or_default();
                    self.created.entry(tag).or_default().push(instance.key);
                }
            }
            Some(Fact::InstanceCompleted(ended)) => {
                self.ended.insert(ended.instance);
            }
            Some(Fact::InstanceCanceled(ended)) => {
                self.ended.insert(ended.instance);
            }
            Some(Fact::JobCompleted(done)) => {
                *self.jobs_completed.entry(done.job).or_default() += 1;
            }
            Some(Fact::JobErrorThrown(thrown)) => {
                *self.errors_thrown.entry(thrown.job).or_default() += 1;
            }
            Some(Fact::TaskEnded(ended)) if ended.state() == user_task::State::Completed => {
                *self.tasks_completed.entry(ended.task).or_default() += 1;
            }
            Some(_) | None => {}
        }
        self.events.push((offset, event.clone()));
    }
}

/// What tells a record from others of its process: topic, key, value.
fn identity(record: &PublishedRecord) -> (String, Bytes, Bytes) {
    let key = record.key.clone().unwrap_or_default();
    let value = record.value.clone().unwrap_or_default();
    (record.topic.clone(), key, value)
}

/// The event as a batch has it: the same, or one of its kind that stands in its place.
fn take(batches: &mut [VecDeque<Event>], event: &Event) -> Option<Event> {
    let equal = batches
        .iter()
        .position(|batch| batch.front() == Some(event));
    let kind = event.kind.as_ref().map(discriminant);
    let alike = || {
        batches.iter().position(|batch| {
            let front = batch.front().and_then(|front| front.kind.as_ref());
            front.map(discriminant) == kind
        })
    };
    let place = match equal {
        Some(place) => Some(place),
        None if is_of_partition(event) => None,
        None => alike(),
    };
    batches.get_mut(place?)?.pop_front()
}

/// Whether an event belongs to no instance.
fn is_of_partition(event: &Event) -> bool {
    match &event.kind {
        Some(
            Fact::ResourceAdded(_)
            | Fact::DefinitionAdded(_)
            | Fact::DecisionRequirementsAdded(_)
            | Fact::DecisionAdded(_)
            | Fact::StreamOpened(_)
            | Fact::StreamCredited(_)
            | Fact::StreamClosed(_)
            | Fact::MessagePublished(_)
            | Fact::MessageExpired(_)
            | Fact::RequestAnswered(_)
            | Fact::RequestsForgotten(_)
            | Fact::TermBegun(_)
            | Fact::KeyUsed(_),
        ) => true,
        Some(Fact::RecordParked(parked)) => parked.instance == 0,
        Some(Fact::SignalBroadcast(broadcast)) => broadcast.instance == 0,
        // Of a signal on its way to many.
        Some(Fact::ContinuationSaved(saved)) => saved
            .continuation
            .as_ref()
            .is_some_and(|it| it.instance == 0),
        Some(Fact::ContinuationTaken(taken)) => taken.instance == 0,
        Some(_) | None => false,
    }
}
