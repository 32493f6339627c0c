//! Who did what to a task, when: from the task itself, or once its instance has ended from the instance's history.

use engine::State;
use node::{Node, Query};
use prost::Message;
use proto::record::{HistoryBatch, TaskRecord};
use proto::usertask::{
    GetTaskHistoryRequest, HistoryEntry, TaskAssigned, TaskCanceled, TaskClaimed, TaskCommented,
    TaskCompleted, TaskCreated, TaskUnclaimed, TaskUpdated, history_entry::What,
};
use tonic::Status;

use crate::convert;
use crate::fault;

pub(crate) async fn history(
    node: &Node,
    request: GetTaskHistoryRequest,
) -> Result<Vec<HistoryEntry>, Status> {
    let key = request.task_key;
    let present = node.home(key).ask(TaskRecords { key }).await;
    let (present, _) = present.map_err(fault::refused)?;
    let records = match (present.is_there, request.process_instance_key) {
        (true, _) => present.records,
        (false, 0) => Vec::new(),
        (false, instance) => {
            let story = node.history(instance).await.map_err(fault::refused)?;
            of_batches(key, story.batches)
        }
    };
    match records.is_empty() {
        true => Err(fault::task_not_found(key)),
        false => Ok(records.into_iter().map(entry).collect()),
    }
}

/// Asks for what a task itself tells of its past.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct TaskRecords {
    #[prost(uint64, tag = "1")]
    key: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct PresentRecords {
    #[prost(message, repeated, tag = "1")]
    records: Vec<TaskRecord>,
    /// Whether there is the task.
    #[prost(bool, tag = "2")]
    is_there: bool,
}

impl Query for TaskRecords {
    type Answer = PresentRecords;
    const NAME: &'static str = "user_tasks.TaskRecords";

    fn answer(self, state: &State) -> PresentRecords {
        let task = state.task(self.key);
        PresentRecords {
            is_there: task.is_some(),
            records: task.map(|task| task.records.clone()).unwrap_or_default(),
        }
    }
}

/// The newest part, where a very long history has lost its beginning.
fn of_batches(key: u64, batches: Vec<HistoryBatch>) -> Vec<TaskRecord> {
    let events = batches.into_iter().flat_map(|batch| batch.events);
    events
        .flat_map(|event| event.into_records_of(key))
        .collect()
}

fn entry(record: TaskRecord) -> HistoryEntry {
    let TaskRecord {
        at_ms,
        by,
        what,
        detail,
    } = record;
    HistoryEntry {
        at: Some(convert::timestamp(at_ms)),
        user: by,
        what: what_of(&what, detail),
    }
}

/// `None` for what a newer build has written.
fn what_of(what: &str, detail: String) -> Option<What> {
    Some(match what {
        "CREATED" => What::Created(TaskCreated { assignee: detail }),
        "CLAIMED" => What::Claimed(TaskClaimed {}),
        "UNCLAIMED" => What::Unclaimed(TaskUnclaimed {}),
        "ASSIGNED" => What::Assigned(TaskAssigned { assignee: detail }),
        "UPDATED" => What::Updated(TaskUpdated {
            fields: detail.split(',').map(str::to_owned).collect(),
        }),
        "COMMENTED" => What::Commented(TaskCommented { text: detail }),
        "COMPLETED" => What::Completed(TaskCompleted { action: detail }),
        "CANCELED" => What::Canceled(TaskCanceled {}),
        _ => return None,
    })
}
