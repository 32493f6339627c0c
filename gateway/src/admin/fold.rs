//! The history of an instance, folded into its runs, flows, tasks, incidents and story.

mod catch;
mod job;
mod result;

use std::collections::BTreeMap;

use engine::{Executable, PROCESS_NODE};
use proto::admin::story_event::Type;
use proto::admin::{ElementState, Incident, InstanceState, StoryEvent};
use proto::record::{
    DecisionEvaluated, ElementActivated, HistoryBatch, Instance, MadeDecision, UserTask,
    VariablesWritten, event::Kind as Fact,
};
use rustc_hash::FxHashMap;

use super::run::Runs;
use super::story::{Cause, Story};
use super::{document, incidents, live};
use result::Results;

/// What a history says.
pub(super) struct Fold<'a> {
    model: Option<&'a Executable>,
    pub created: Option<Instance>,
    pub ended: Option<(InstanceState, i64)>,
    pub runs: Runs<'a>,
    pub story: Story,
    /// How often each flow was taken.
    pub flows: BTreeMap<u32, u32>,
    pub tasks: BTreeMap<u64, UserTask>,
    pub incidents: BTreeMap<u64, Incident>,
    /// The first tasks or incidents were left out.
    pub is_cut: bool,
    /// Open ones, with their elements and workers.
    jobs: FxHashMap<u64, (u64, String)>,
    /// Elements that wait for them.
    timers: FxHashMap<u64, u64>,
    /// And whether for a signal.
    subscriptions: FxHashMap<u64, (u64, bool)>,
    results: Results,
}

impl<'a> Fold<'a> {
    pub fn new(model: Option<&'a Executable>) -> Fold<'a> {
        Fold {
            model,
            created: None,
            ended: None,
            runs: Runs::new(model),
            story: Story::default(),
            flows: BTreeMap::new(),
            tasks: BTreeMap::new(),
            incidents: BTreeMap::new(),
            is_cut: false,
            jobs: FxHashMap::default(),
            timers: FxHashMap::default(),
            subscriptions: FxHashMap::default(),
            results: Results::default(),
        }
    }

    pub fn add(&mut self, batch: &HistoryBatch) {
        let cause = Cause::of(batch);
        for fact in batch.events.iter().filter_map(|event| event.kind.as_ref()) {
            self.fact(cause, fact);
        }
        self.results.forget();
        self.is_cut |= limit(&mut self.tasks);
        self.is_cut |= limit(&mut self.incidents);
    }

    fn fact(&mut self, cause: Cause<'_>, fact: &Fact) {
        if !matches!(fact, Fact::VariablesWritten(_)) {
            self.results.interrupt();
        }
        match fact {
            Fact::InstanceCreated(fact) => self.instance_created(cause, fact.instance.as_ref()),
            Fact::InstanceCompleted(fact) => self.instance_completed(cause, fact.instance),
            Fact::InstanceCanceled(fact) => self.instance_canceled(cause, fact.instance, &fact.by),
            Fact::ElementActivated(fact) => self.element_activated(cause, fact),
            Fact::ElementCompleted(fact) => self.element_completed(cause, fact.key),
            Fact::ElementTerminated(fact) => self.element_terminated(cause, fact.key),
            Fact::FlowTaken(fact) => self.flow_taken(cause, fact.scope, fact.flow),
            Fact::VariablesWritten(fact) => self.variables_written(cause, fact),
            Fact::DecisionEvaluated(fact) => self.decision_evaluated(cause, fact),
            Fact::ContinuationSaved(_) => self.tell(cause, Type::StepsPostponed, 0),
            Fact::JobCreated(fact) => self.job_created(cause, fact.job.as_ref()),
            Fact::JobLeased(fact) => self.job_leased(cause, fact),
            Fact::JobCompleted(fact) => self.job_completed(cause, fact.job),
            Fact::JobFailed(fact) => self.job_failed(cause, fact),
            Fact::JobErrorThrown(fact) => self.job_error_thrown(cause, fact),
            Fact::JobCanceled(fact) => self.job_canceled(cause, fact.job),
            Fact::JobTimedOut(fact) => self.job_free(cause, Type::JobTimedOut, fact.job),
            Fact::JobReturned(fact) => self.job_free(cause, Type::JobReturned, fact.job),
            Fact::JobBackOffEnded(fact) => self.job_free(cause, Type::JobBackOffEnded, fact.job),
            Fact::JobRetriesUpdated(fact) => self.job_retries_updated(cause, fact),
            Fact::JobTimeoutUpdated(fact) => self.job_timeout_updated(cause, fact),
            Fact::TaskCreated(fact) => self.task_created(cause, fact.task.as_ref()),
            Fact::TaskChanged(fact) => self.task_changed(cause, fact),
            Fact::TaskEnded(fact) => self.task_ended(cause, fact),
            Fact::TimerCreated(fact) => self.timer_created(cause, fact.timer.as_ref()),
            Fact::TimerFired(fact) => self.timer_fired(cause, fact.timer, fact.next_due_ms),
            Fact::TimerCanceled(fact) => self.timer_canceled(cause, fact.timer),
            Fact::MessageCorrelated(fact) => {
                self.named(cause, Type::MessageCorrelated, fact.message, &fact.name);
            }
            Fact::SignalCorrelated(fact) => {
                self.named(cause, Type::SignalCorrelated, fact.signal, &fact.name);
            }
            Fact::SignalBroadcast(fact) => {
                self.named(cause, Type::SignalBroadcast, fact.signal, &fact.name);
            }
            Fact::SubscriptionOpened(fact) => {
                self.subscription_opened(cause, fact.subscription.as_ref());
            }
            Fact::SubscriptionClosed(fact) => self.subscription_closed(cause, fact.subscription),
            Fact::RecordPublished(fact) => self.record_published(cause, fact.record.as_ref()),
            Fact::IncidentRaised(fact) => self.incident_raised(cause, fact),
            Fact::IncidentResolved(fact) => self.incident_resolved(cause, fact),
            // Of the partition, or nothing that people follow.
            Fact::TokensConsumed(_)
            | Fact::RecordParked(_)
            | Fact::ContinuationTaken(_)
            | Fact::ResultAwaited(_)
            | Fact::ResourceAdded(_)
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
            | Fact::SemanticsRaised(_)
            | Fact::SendQueued(_)
            | Fact::SendReceived(_)
            | Fact::SendsRemoved(_)
            | Fact::DeploymentPended(_)
            | Fact::DeploymentAwaited(_)
            | Fact::DeploymentSettled(_)
            | Fact::RemoteSubscriptionOpened(_)
            | Fact::RemoteSubscriptionClosed(_)
            | Fact::MessageReserved(_)
            | Fact::ReservationConfirmed(_)
            | Fact::ReservationReleased(_)
            | Fact::KeyUsed(_) => {}
        }
    }

    fn event(&self, cause: Cause<'_>, kind: Type, element: u64) -> StoryEvent {
        cause.event(kind, &self.runs, element)
    }

    fn tell(&mut self, cause: Cause<'_>, kind: Type, element: u64) {
        let event = self.event(cause, kind, element);
        self.story.push(event);
    }

    fn instance_created(&mut self, cause: Cause<'_>, instance: Option<&Instance>) {
        let Some(instance) = instance else {
            return;
        };
        self.runs
            .begin(instance.key, PROCESS_NODE, 0, instance.created_ms);
        let created_by = instance.origin.as_ref().map(|it| it.created_by.clone());
        self.story.push(StoryEvent {
            actor: created_by.unwrap_or_default(),
            ..self.event(cause, Type::InstanceCreated, instance.key)
        });
        self.created = Some(instance.clone());
    }

    fn instance_completed(&mut self, cause: Cause<'_>, key: u64) {
        self.runs.end(key, ElementState::Completed, cause.at_ms);
        self.ended = Some((InstanceState::Completed, cause.at_ms));
        self.tell(cause, Type::InstanceCompleted, key);
    }

    fn instance_canceled(&mut self, cause: Cause<'_>, key: u64, by: &str) {
        self.runs.end(key, ElementState::Terminated, cause.at_ms);
        self.ended = Some((InstanceState::Canceled, cause.at_ms));
        self.story.push(StoryEvent {
            actor: by.to_owned(),
            ..self.event(cause, Type::InstanceCanceled, key)
        });
    }

    fn element_activated(&mut self, cause: Cause<'_>, activated: &ElementActivated) {
        let ElementActivated {
            key, node, scope, ..
        } = *activated;
        self.results.begin(key);
        self.runs.begin(key, node, scope, cause.at_ms);
        self.tell(cause, Type::ElementActivated, key);
    }

    fn element_completed(&mut self, cause: Cause<'_>, key: u64) {
        for document in self.results.claim() {
            self.runs.add_result(key, &document);
        }
        self.runs.end(key, ElementState::Completed, cause.at_ms);
        self.tell(cause, Type::ElementCompleted, key);
    }

    fn element_terminated(&mut self, cause: Cause<'_>, key: u64) {
        self.runs.end(key, ElementState::Terminated, cause.at_ms);
        self.tell(cause, Type::ElementTerminated, key);
    }

    fn flow_taken(&mut self, cause: Cause<'_>, scope: u64, flow: u32) {
        self.results.forget();
        *self.flows.entry(flow).or_default() += 1;
        self.story.push(StoryEvent {
            flow_id: live::flow_id(self.model, flow),
            ..self.event(cause, Type::FlowTaken, scope)
        });
    }

    fn decision_evaluated(&mut self, cause: Cause<'_>, evaluated: &DecisionEvaluated) {
        // Its result is written next.
        self.results.answer(evaluated.element);
        let Some(evaluation) = &evaluated.evaluation else {
            return;
        };
        // It is the last, or was left out.
        let is_asked = |last: &&MadeDecision| last.decision_key == evaluation.decision_key;
        let last = evaluation.made.last().filter(is_asked);
        let asked = last.filter(|_| evaluation.failure.is_empty());
        let rules = asked.into_iter().flat_map(|made| &made.rules);
        let rules = rules.map(|rule| rule.index.to_string());
        self.story.push(StoryEvent {
            detail: document::cut(&evaluation.decision_id),
            code: document::cut(&rules.collect::<Vec<_>>().join(", ")),
            document: asked.map(|made| document::within(&made.output, document::STORY_BYTES_MAX)),
            ..self.event(cause, Type::DecisionEvaluated, evaluated.element)
        });
    }

    fn variables_written(&mut self, cause: Cause<'_>, written: &VariablesWritten) {
        if let Some(author) = self.results.written(written.scope, &written.document) {
            self.runs.add_result(author, &written.document);
        }
        let shown = document::within(&written.document, document::STORY_BYTES_MAX);
        self.story.push(StoryEvent {
            document: Some(shown),
            ..self.event(cause, Type::VariablesWritten, written.scope)
        });
    }
}

/// Keeps the last ones; whether others were left out.
fn limit<T>(entries: &mut BTreeMap<u64, T>) -> bool {
    let is_cut = entries.len() > live::LIST_MAX;
    while entries.len() > live::LIST_MAX {
        entries.pop_first();
    }
    is_cut
}
