//! Who did what to a task, when: from the task itself, or once its instance has ended from the instance's history.

use node::Node;
use proto::record::{Event, HistoryBatch, TaskRecord, event};
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
    let present = node.first().query(move |state| state.task(key).map(|task| task.records.clone()));
    let records = match (
        present.await.map_err(fault::refused)?,
        request.process_instance_key,
    ) {
        (Some(records), _) => records,
        (None, 0) => Vec::new(),
        (None, instance) => of_batches(key, node.history(instance).await.map_err(fault::refused)?),
    };
    match records.is_empty() {
        true => Err(fault::task_not_found(key)),
        false => Ok(records.into_iter().map(entry).collect()),
    }
}

fn of_batches(key: u64, batches: Vec<HistoryBatch>) -> Vec<TaskRecord> {
    let events = batches.into_iter().flat_map(|batch| batch.events);
    events.flat_map(|event| of_event(key, event)).collect()
}

fn of_event(key: u64, event: Event) -> Vec<TaskRecord> {
    match event.kind {
        Some(event::Kind::TaskCreated(created)) => {
            let task = created.task.filter(|task| task.key == key);
            task.map(|task| task.records).unwrap_or_default()
        }
        Some(event::Kind::TaskChanged(changed)) => {
            let is_it = changed.task.is_some_and(|task| task.key == key);
            changed.record.filter(|_| is_it).into_iter().collect()
        }
        Some(event::Kind::TaskEnded(ended)) => {
            let is_it = ended.task == key;
            ended.record.filter(|_| is_it).into_iter().collect()
        }
        // Only these three speak of tasks.
        _ => Vec::new(),
    }
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
