//! Jobs and their leases.

use proto::record::{Job, job};

use crate::state::State;
use crate::state::instance::Elements;

impl State {
    pub(super) fn job_created(&mut self, created: &proto::record::JobCreated) {
        if let Some(job) = &created.job {
            self.add_job(job);
        }
    }

    pub(super) fn job_leased(&mut self, leased: &proto::record::JobLeased) {
        self.change_job(leased.job, |job| {
            job.set_state(job::State::Leased);
            job.worker.clone_from(&leased.worker);
            job.until_ms = leased.until_ms;
            job.stream_id = leased.stream_id;
        });
        if let Some(stream) = self.streams.get_mut(leased.stream_id) {
            self.index.remove_stream(stream);
            stream.credit = stream.credit.saturating_sub(1);
            self.index.add_stream(stream);
        }
    }

    pub(super) fn job_completed(&mut self, completed: &proto::record::JobCompleted) {
        self.remove_job(completed.job);
    }

    pub(super) fn job_canceled(&mut self, canceled: &proto::record::JobCanceled) {
        self.remove_job(canceled.job);
    }

    pub(super) fn job_error_thrown(&mut self, thrown: &proto::record::JobErrorThrown) {
        if thrown.caught {
            self.remove_job(thrown.job);
            return;
        }
        self.change_job(thrown.job, |job| {
            release(job, job::State::ErrorThrown);
            job.error_message.clone_from(&thrown.error_message);
        });
    }

    pub(super) fn job_failed(&mut self, failed: &proto::record::JobFailed) {
        self.change_job(failed.job, |job| {
            let state = match (failed.retries, failed.until_ms) {
                (..=0, _) => job::State::Failed,
                (_, 0) => job::State::Activatable,
                (_, _) => job::State::BackingOff,
            };
            release(job, state);
            job.retries = failed.retries;
            job.until_ms = failed.until_ms;
            job.error_message.clone_from(&failed.error_message);
        });
    }

    pub(super) fn job_timed_out(&mut self, timed_out: &proto::record::JobTimedOut) {
        self.change_job(timed_out.job, |job| {
            release(job, job::State::Activatable);
        });
    }

    pub(super) fn job_returned(&mut self, returned: &proto::record::JobReturned) {
        self.change_job(returned.job, |job| {
            release(job, job::State::Activatable);
        });
    }

    pub(super) fn job_back_off_ended(&mut self, ended: &proto::record::JobBackOffEnded) {
        self.change_job(ended.job, |job| {
            release(job, job::State::Activatable);
        });
    }

    pub(super) fn job_retries_updated(&mut self, updated: &proto::record::JobRetriesUpdated) {
        self.change_job(updated.job, |job| {
            job.retries = updated.retries;
        });
    }

    pub(super) fn job_timeout_updated(&mut self, updated: &proto::record::JobTimeoutUpdated) {
        self.change_job(updated.job, |job| {
            job.until_ms = updated.until_ms;
        });
    }

    fn add_job(&mut self, job: &Job) {
        self.use_key(job.key);
        self.index.add_job(job);
        if let Some(instance) = self.instances.get_mut(job.instance)
            && let Some(element) = instance.element_mut(job.element)
        {
            element.job = job.key;
        }
        self.jobs.insert(job.key, job.clone());
    }

    fn remove_job(&mut self, key: u64) {
        let Some(job) = self.jobs.remove(key) else {
            return;
        };
        self.index.remove_job(&job);
        if let Some(instance) = self.instances.get_mut(job.instance)
            && let Some(element) = instance.element_mut(job.element)
        {
            element.job = 0;
        }
    }

    fn change_job(&mut self, key: u64, change: impl FnOnce(&mut Job)) {
        if let Some(job) = self.jobs.get_mut(key) {
            self.index.remove_job(job);
            change(job);
            self.index.add_job(job);
        }
    }
}

fn release(job: &mut Job, state: job::State) {
    job.set_state(state);
    job.until_ms = 0;
    job.stream_id = 0;
    job.worker.clear();
}
