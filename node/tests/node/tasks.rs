//! Watching user tasks.

use journal::memory::MemoryJournal;
use node::{Config, Node, TaskEvent, TaskWatch, WatchError};
use proto::record::command::Kind;
use proto::record::{AssignTask, CancelInstance, CompleteTask, user_task};

use crate::support::*;

async fn next(watch: &mut TaskWatch) -> TaskEvent {
    let event = tokio::time::timeout(PATIENCE, watch.next()).await;
    let (_, event) = event.expect("a change comes").expect("the watch goes on");
    TaskEvent::clone(&event)
}

async fn assign(node: &Node, task_key: u64, assignee: &str) {
    let command = Kind::AssignTask(AssignTask {
        task_key,
        assignee: assignee.to_owned(),
        by: "boss".to_owned(),
        ..AssignTask::default()
    });
    submit(node, command).await.unwrap();
}

#[tokio::test]
async fn every_change_of_a_task_is_seen_in_order() {
    let node = start(&MemoryJournal::new(1, 1));
    deploy(&node, "human", REVIEW).await;
    let mut watch = node.watch_tasks(None);
    let instance = create(&node, "human").await;
    let created = next(&mut watch).await;
    let task = created.task.clone().unwrap();
    assert_eq!(task.instance, instance);
    assert_eq!(task.assignee, "anna");
    assert!(created.is_last);

    assign(&node, created.key, "bert").await;
    let assigned = next(&mut watch).await;
    assert!(assigned.offset > created.offset);
    assert_eq!(assigned.task.unwrap().assignee, "bert");

    let command = Kind::CompleteTask(CompleteTask {
        task_key: created.key,
        user: "bert".to_owned(),
        ..CompleteTask::default()
    });
    submit(&node, command).await.unwrap();
    let completed = next(&mut watch).await;
    let task = completed.task.unwrap();
    assert_eq!(task.state(), user_task::State::Completed);
    assert!(task.records.is_empty(), "they are in the history");

    let canceled = create(&node, "human").await;
    let created = next(&mut watch).await;
    let command = Kind::CancelInstance(CancelInstance {
        instance_key: canceled,
    });
    submit(&node, command).await.unwrap();
    let gone = next(&mut watch).await;
    assert_eq!(gone.key, created.key);
    let is_open = gone
        .task
        .is_some_and(|task| task.state() == user_task::State::Created);
    assert!(!is_open);
    node.stop().await;
    assert_eq!(watch.next().await, Err(WatchError::Stopped));
}

#[tokio::test]
async fn a_watch_is_resumed_where_it_was() {
    let journal = MemoryJournal::new(1, 2);
    let node = start(&journal);
    deploy(&node, "human", REVIEW).await;
    let (_, before) = node.first().query_at(|_| ()).await.unwrap();
    let mut tasks = Vec::new();
    for _ in 0..3 {
        create(&node, "human").await;
    }
    let mut watch = node.watch_tasks(Some(&[before]));
    for _ in 0..3 {
        tasks.push(next(&mut watch).await);
    }
    let mut watch = node.watch_tasks(Some(&[tasks[0].offset]));
    assert_eq!(next(&mut watch).await, tasks[1]);
    let (_, present) = node.first().query_at(|_| ()).await.unwrap();
    let mut watch = node.watch_tasks(Some(&[present]));
    create(&node, "human").await;
    assert!(next(&mut watch).await.offset > present);

    let mut unknown = node.watch_tasks(Some(&[present + 1_000]));
    assert_eq!(unknown.next().await, Err(WatchError::Lagged));
    until_checkpointed(&node).await;
    drop(node);
    let node = start(&journal);
    let mut early = node.watch_tasks(Some(&[before]));
    assert_eq!(early.next().await, Err(WatchError::Lagged));
}

#[tokio::test]
async fn a_slow_watcher_is_told_that_it_missed_something() {
    let node = start_with(
        &MemoryJournal::new(1, 3),
        Config {
            task_events_max: 4,
            ..config()
        },
    );
    deploy(&node, "human", REVIEW).await;
    let mut watch = node.watch_tasks(None);
    create(&node, "human").await;
    let first = next(&mut watch).await;
    for user in ["a", "b", "c", "d"] {
        assign(&node, first.key, user).await;
    }
    assert_eq!(next(&mut watch).await.task.unwrap().assignee, "a");
    for user in ["e", "f", "g", "h"] {
        assign(&node, first.key, user).await;
    }
    assert_eq!(watch.next().await, Err(WatchError::Lagged));
    assert_eq!(watch.next().await, Err(WatchError::Lagged));
    let mut again = node.watch_tasks(Some(&[first.offset]));
    assert_eq!(again.next().await, Err(WatchError::Lagged));
}
