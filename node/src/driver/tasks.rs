//! What those who watch user tasks are told of a command.

use engine::{Effect, Outcome};
use proto::record::{UserTask, answer};

use super::{Driver, Output};
use crate::watch::TaskEvent;

impl Driver {
    /// One for each task that the command touched.
    pub(super) fn task_events(&self, offset: u64, at_ms: i64, outcome: &Outcome) -> Vec<Output> {
        let mut keys = Vec::new();
        for effect in &outcome.effects {
            if let Effect::TaskChanged { task } = effect
                && !keys.contains(task)
            {
                keys.push(*task);
            }
        }
        let last = keys.last().copied();
        let event = |key| {
            // The answer to whoever completed the task holds it also when the instance is gone.
            let task = self.state.task(key).or_else(|| answered_task(outcome, key));
            Output::TaskChanged(Box::new(TaskEvent {
                offset,
                is_last: Some(key) == last,
                at_ms,
                key,
                task: task.cloned(),
            }))
        };
        keys.into_iter().map(event).collect()
    }
}

fn answered_task(outcome: &Outcome, key: u64) -> Option<&UserTask> {
    match outcome.answer.as_ref()?.kind.as_ref()? {
        answer::Kind::Task(answer) => answer.task.as_ref().filter(|task| task.key == key),
        answer::Kind::Done(_)
        | answer::Kind::Deployed(_)
        | answer::Kind::InstanceStarted(_)
        | answer::Kind::InstanceResult(_)
        | answer::Kind::MessagePublished(_)
        | answer::Kind::SignalBroadcast(_)
        | answer::Kind::ActivatedJobs(_)
        | answer::Kind::VariablesSet(_)
        | answer::Kind::Decision(_) => None,
    }
}
