//! Watching user tasks: a bounded ring of recent changes, read by any number of watchers.

use std::sync::Arc;

use engine::State;
use proto::record::UserTask;

/// A change of a user task.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskEvent {
    /// The command that changed it.
    pub offset: u64,
    /// Whether no other event of the same offset follows: only then a watcher may go on after `offset`.
    pub is_last: bool,
    /// The machine's time.
    pub at_ms: i64,
    pub key: u64,
    /// The task after the command. `None` when it is gone because its instance ended in the same command without
    /// completing it.
    pub task: Option<TaskSnapshot>,
}

/// A user task with what the model says about where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskSnapshot {
    pub task: UserTask,
    pub process_id: Arc<str>,
    pub version: i32,
    pub element_id: String,
    pub element_name: Option<String>,
}

impl TaskSnapshot {
    /// `None` when the definition is not known.
    pub fn of(state: &State, task: &UserTask) -> Option<TaskSnapshot> {
        let executable = state.executable(task.definition_key)?;
        let node = executable.nodes.get(task.node as usize)?;
        Some(TaskSnapshot {
            task: task.clone(),
            process_id: Arc::clone(&executable.process_id),
            version: executable.version,
            element_id: node.id.to_string(),
            element_name: node.name.as_deref().map(str::to_owned),
        })
    }
}

/// Why a watch ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WatchError {
    /// Changes were missed: read the whole state again and watch from its position.
    #[error("the watcher fell too far behind")]
    Lagged,
    /// The node has stopped or failed.
    #[error("the node has stopped")]
    Stopped,
}

/// A position in the changes of user tasks; dropping it ends the watch.
#[derive(Debug)]
pub struct TaskWatch {}

impl TaskWatch {
    /// The next change; waits for it. Cancel safe: a dropped call loses nothing.
    pub async fn next(&mut self) -> Result<Arc<TaskEvent>, WatchError> {
        Err(WatchError::Stopped)
    }
}
