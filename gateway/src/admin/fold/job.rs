//! Jobs in the history.

use proto::admin::StoryEvent;
use proto::admin::story_event::Type;
use proto::record::{
    Job, JobErrorThrown, JobFailed, JobLeased, JobRetriesUpdated, JobTimeoutUpdated,
};

use super::{Cause, Fold};
use crate::admin::document::cut;

impl Fold<'_> {
    pub(super) fn job_created(&mut self, cause: Cause<'_>, job: Option<&Job>) {
        let Some(job) = job else {
            return;
        };
        self.jobs.insert(job.key, (job.element, String::new()));
        let event = self.job_event(cause, Type::JobCreated, job.key);
        self.story.push(StoryEvent {
            detail: job.r#type.clone(),
            retries: job.retries,
            ..event
        });
    }

    pub(super) fn job_leased(&mut self, cause: Cause<'_>, leased: &JobLeased) {
        self.set_worker(leased.job, &leased.worker);
        let event = self.job_event(cause, Type::JobLeased, leased.job);
        self.story.push(StoryEvent {
            until_ms: leased.until_ms,
            ..event
        });
    }

    pub(super) fn job_completed(&mut self, cause: Cause<'_>, job: u64) {
        let event = self.job_event(cause, Type::JobCompleted, job);
        self.results.answer(event.element_key);
        self.story.push(event);
        self.jobs.remove(&job);
    }

    pub(super) fn job_canceled(&mut self, cause: Cause<'_>, job: u64) {
        let event = self.job_event(cause, Type::JobCanceled, job);
        self.story.push(event);
        self.jobs.remove(&job);
    }

    /// Nobody has the job any more, and it may be had.
    pub(super) fn job_free(&mut self, cause: Cause<'_>, kind: Type, job: u64) {
        let event = self.job_event(cause, kind, job);
        self.story.push(event);
        self.set_worker(job, "");
    }

    pub(super) fn job_failed(&mut self, cause: Cause<'_>, failed: &JobFailed) {
        let event = self.job_event(cause, Type::JobFailed, failed.job);
        self.results.answer(event.element_key);
        let message = cut(&failed.error_message);
        self.runs.change(event.element_key, |run| {
            run.error_message.clone_from(&message);
        });
        self.story.push(StoryEvent {
            detail: message,
            retries: failed.retries,
            until_ms: failed.until_ms,
            ..event
        });
    }

    pub(super) fn job_error_thrown(&mut self, cause: Cause<'_>, thrown: &JobErrorThrown) {
        let event = self.job_event(cause, Type::JobErrorThrown, thrown.job);
        let message = cut(&thrown.error_message);
        self.runs.change(event.element_key, |run| {
            run.error_message = match message.is_empty() {
                true => thrown.error_code.clone(),
                false => format!("{}: {message}", thrown.error_code),
            };
        });
        self.story.push(StoryEvent {
            code: thrown.error_code.clone(),
            detail: message,
            ..event
        });
        if thrown.caught {
            self.jobs.remove(&thrown.job);
        }
    }

    pub(super) fn job_retries_updated(&mut self, cause: Cause<'_>, updated: &JobRetriesUpdated) {
        let event = self.job_event(cause, Type::JobRetriesUpdated, updated.job);
        self.story.push(StoryEvent {
            retries: updated.retries,
            ..event
        });
    }

    pub(super) fn job_timeout_updated(&mut self, cause: Cause<'_>, updated: &JobTimeoutUpdated) {
        let event = self.job_event(cause, Type::JobTimeoutUpdated, updated.job);
        self.story.push(StoryEvent {
            until_ms: updated.until_ms,
            ..event
        });
    }

    /// An event about a job, with the worker that has it.
    fn job_event(&self, cause: Cause<'_>, kind: Type, job: u64) -> StoryEvent {
        let (element, worker) = match self.jobs.get(&job) {
            Some((element, worker)) => (*element, worker.clone()),
            None => (0, String::new()),
        };
        StoryEvent {
            key: job,
            actor: worker,
            ..self.event(cause, kind, element)
        }
    }

    fn set_worker(&mut self, job: u64, name: &str) {
        if let Some((element, worker)) = self.jobs.get_mut(&job) {
            name.clone_into(worker);
            self.runs
                .change(*element, |run| name.clone_into(&mut run.actor));
        }
    }
}
