//! Who did what to a task, when: from the task itself, or once its instance has ended from the instance's history.

use node::Node;
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
    let present = node
        .home(key)
        .query(move |state| state.task(key).map(|task| task.records.clone()));
    let records = match (
        present.await.map_err(fault::refused)?,
        request.process_instance_key,
    ) {
        (Some(records), _) => records,
        (None, 0) => Vec::new(),
        (None, instance) => {
            let story = node.history(instance).await.map_err(fault::refused)?;
            of_batches(key, story.batches)
        }
    };
    match records.is_empty() {
        true => Err(fault::task_not_found(key)),
        false => Ok(records.into_iter().map(entry).collect()),
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
