//! User tasks, timers, messages, signals and incidents in the history.

use proto::admin::StoryEvent;
use proto::admin::story_event::Type;
use proto::record::{
    IncidentRaised, IncidentResolved, PublishedRecord, Subscription, TaskChanged, TaskEnded, Timer,
    UserTask, user_task,
};

use super::{Cause, Fold, incidents, live};
use crate::admin::document::{self, cut};

impl Fold<'_> {
    pub(super) fn timer_created(&mut self, cause: Cause<'_>, timer: Option<&Timer>) {
        let Some(timer) = timer else {
            return;
        };
        self.timers.insert(timer.key, timer.element);
        let (element, due_ms) = (timer.element, timer.due_ms);
        self.wait(cause, Type::TimerSet, element, timer.key, due_ms);
    }

    pub(super) fn timer_fired(&mut self, cause: Cause<'_>, timer: u64, next_due_ms: i64) {
        let element = self.timers.get(&timer).copied().unwrap_or(0);
        self.wait(cause, Type::TimerFired, element, timer, next_due_ms);
    }

    pub(super) fn timer_canceled(&mut self, cause: Cause<'_>, timer: u64) {
        let element = self.timers.remove(&timer).unwrap_or(0);
        self.wait(cause, Type::TimerCanceled, element, timer, 0);
    }

    pub(super) fn subscription_opened(&mut self, cause: Cause<'_>, open: Option<&Subscription>) {
        let Some(open) = open else {
            return;
        };
        self.subscriptions
            .insert(open.key, (open.element, open.is_signal));
        let kind = match open.is_signal {
            true => Type::SignalAwaited,
            false => Type::MessageAwaited,
        };
        let event = self.event(cause, kind, open.element);
        self.story.push(StoryEvent {
            key: open.key,
            detail: cut(&open.name),
            code: cut(&open.correlation_key),
            ..event
        });
    }

    pub(super) fn subscription_closed(&mut self, cause: Cause<'_>, key: u64) {
        let (element, is_signal) = self.subscriptions.remove(&key).unwrap_or_default();
        self.results.answer(element);
        let kind = match is_signal {
            true => Type::SignalNoLongerAwaited,
            false => Type::MessageNoLongerAwaited,
        };
        self.wait(cause, kind, element, key, 0);
    }

    /// A message or signal has come, or a signal went out.
    pub(super) fn named(&mut self, cause: Cause<'_>, kind: Type, key: u64, name: &str) {
        let event = self.event(cause, kind, 0);
        self.story.push(StoryEvent {
            key,
            detail: cut(name),
            ..event
        });
    }

    fn wait(&mut self, cause: Cause<'_>, kind: Type, element: u64, key: u64, until_ms: i64) {
        let event = self.event(cause, kind, element);
        self.story.push(StoryEvent {
            key,
            until_ms,
            ..event
        });
    }

    pub(super) fn task_created(&mut self, cause: Cause<'_>, task: Option<&UserTask>) {
        let Some(task) = task else {
            return;
        };
        self.runs.change(task.element, |run| {
            run.actor.clone_from(&task.assignee);
        });
        let event = self.event(cause, Type::TaskCreated, task.element);
        self.story.push(StoryEvent {
            key: task.key,
            detail: task.assignee.clone(),
            ..event
        });
        self.tasks.insert(task.key, task.clone());
    }

    pub(super) fn task_changed(&mut self, cause: Cause<'_>, changed: &TaskChanged) {
        let Some(task) = &changed.task else {
            return;
        };
        self.runs.change(task.element, |run| {
            run.actor.clone_from(&task.assignee);
        });
        let event = self.event(cause, Type::TaskChanged, task.element);
        let record = changed.record.clone().unwrap_or_default();
        self.story.push(StoryEvent {
            key: task.key,
            actor: record.by,
            code: record.what,
            detail: cut(&record.detail),
            ..event
        });
        self.tasks.insert(task.key, task.clone());
    }

    pub(super) fn task_ended(&mut self, cause: Cause<'_>, ended: &TaskEnded) {
        let by = ended.record.as_ref().map(|record| record.by.clone());
        let by = by.unwrap_or_default();
        let kind = match ended.state() {
            user_task::State::Completed => Type::TaskCompleted,
            user_task::State::Created | user_task::State::Canceled => Type::TaskCanceled,
        };
        let mut element = 0;
        if let Some(task) = self.tasks.get_mut(&ended.task) {
            element = task.element;
            task.set_state(ended.state());
            task.ended_ms = cause.at_ms;
            task.action.clone_from(&ended.action);
            if kind == Type::TaskCompleted {
                task.completed_by.clone_from(&by);
            }
        }
        if kind == Type::TaskCompleted {
            self.results.answer(element);
            self.runs.change(element, |run| {
                run.actor.clone_from(&by);
                run.action.clone_from(&ended.action);
            });
        }
        let event = self.event(cause, kind, element);
        self.story.push(StoryEvent {
            key: ended.task,
            actor: by,
            detail: ended.action.clone(),
            ..event
        });
    }

    pub(super) fn record_published(&mut self, cause: Cause<'_>, record: Option<&PublishedRecord>) {
        let Some(record) = record else {
            return;
        };
        let shown = |value| document::within(value, document::STORY_BYTES_MAX);
        let key = record.key.as_deref().map(String::from_utf8_lossy);
        let event = self.event(cause, Type::RecordPublished, record.element);
        self.story.push(StoryEvent {
            detail: record.topic.clone(),
            code: cut(&key.unwrap_or_default()),
            document: record.value.as_deref().map(shown),
            ..event
        });
    }

    pub(super) fn incident_raised(&mut self, cause: Cause<'_>, raised: &IncidentRaised) {
        let Some(record) = &raised.incident else {
            return;
        };
        let mut incident = incidents::of_record(record);
        incident.element_id = live::element_id(self.model, record.node);
        let model = self.model;
        incident.process_id = live::process_id(model);
        self.runs.change(record.element, |run| {
            run.open_incidents += 1;
            run.error_message.clone_from(&incident.message);
        });
        let event = self.event(cause, Type::IncidentRaised, record.element);
        self.story.push(StoryEvent {
            key: record.key,
            code: incident.r#type.clone(),
            detail: incident.message.clone(),
            ..event
        });
        self.incidents.insert(record.key, incident);
    }

    pub(super) fn incident_resolved(&mut self, cause: Cause<'_>, resolved: &IncidentResolved) {
        let mut element = 0;
        if let Some(incident) = self.incidents.get_mut(&resolved.incident) {
            element = incident.element_key;
            incident.resolved_ms = cause.at_ms;
            incident.resolved_by.clone_from(&resolved.by);
        }
        self.runs.change(element, |run| {
            run.open_incidents = run.open_incidents.saturating_sub(1);
        });
        let event = self.event(cause, Type::IncidentResolved, element);
        self.story.push(StoryEvent {
            key: resolved.incident,
            actor: resolved.by.clone(),
            ..event
        });
    }
}
