//! Watching: the present state, every change, going on from a position.

use std::collections::BTreeSet;

use proto::usertask::watch_tasks_response::Event;
use proto::usertask::{AddCommentRequest, TaskFilter, TaskState, WatchTasksRequest};
use tokio::task::JoinSet;
use tonic::Code;
use user_tasks::Config;

use crate::support::{World, claim, connect_narrow, reason, watch};

fn unassigned() -> TaskFilter {
    TaskFilter {
        unassigned: true,
        ..TaskFilter::default()
    }
}

async fn comment(world: &World, key: u64) {
    let comment = AddCommentRequest {
        task_key: key,
        user: "ann".to_owned(),
        text: "x".repeat(200),
        ..AddCommentRequest::default()
    };
    world
        .client
        .clone()
        .add_comment(comment)
        .await
        .expect("commented");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_tells_the_state_and_then_every_change() {
    let world = World::new().await;
    let first = world.review("{}").await;
    let taken = world.review(r#"{"assignee":"ben"}"#).await;
    let mut watching = world.watch(unassigned(), None).await;
    assert_eq!(
        watching.snapshot().await,
        ("STARTED".to_owned(), vec![first])
    );
    assert_eq!(watching.position, world.node.first().status().offset);

    let second = world.review("{}").await;
    assert_eq!(watching.told().await, format!("changed {second} "));
    comment(&world, first).await;
    assert_eq!(watching.told().await, format!("changed {first} "));
    let (_, position) = world.claim(first, "ann").await.expect("claimed");
    assert_eq!(
        watching.told().await,
        format!("left {first} TASK_STATE_CREATED")
    );
    // The same positions as those of the replies.
    assert_eq!(watching.position, Some(position));
    // No concern of this watch: neither was it shown, nor does it match.
    comment(&world, taken).await;
    world.complete(first, "ann").await.expect("completed");
    let Event::Changed(pay) = watching.event().await else {
        panic!("the payout is offered");
    };
    assert_eq!(pay.element_id, "pay");
    world
        .cancel(world.task(second).await.process_instance_key)
        .await;
    let left = watching.told().await;
    assert!(
        left == format!("left {second}") || left == format!("left {second} TASK_STATE_CANCELED"),
        "{left}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ended_tasks_are_watched_too() {
    let world = World::new().await;
    let key = world.review("{}").await;
    let filter = TaskFilter {
        states: vec![TaskState::Completed.into()],
        ..TaskFilter::default()
    };
    let mut watching = world.watch(filter, None).await;
    assert_eq!(watching.snapshot().await.1, Vec::<u64>::new());
    world.claim(key, "ann").await.expect("claimed");
    world.complete(key, "ann").await.expect("completed");
    assert_eq!(watching.told().await, format!("changed {key} ann"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_goes_on_where_it_was() {
    let world = World::new().await;
    let (stays, goes) = (world.review("{}").await, world.review("{}").await);
    let mut watching = world.watch(unassigned(), None).await;
    watching.snapshot().await;
    let position = watching.position;
    drop(watching);

    world.claim(goes, "ann").await.expect("claimed");
    let new = world.review("{}").await;
    comment(&world, stays).await;
    let mut resumed = world.watch(unassigned(), position).await;
    assert_eq!(
        resumed.told().await,
        format!("left {goes} TASK_STATE_CREATED")
    );
    assert_eq!(resumed.told().await, format!("changed {new} "));
    assert_eq!(resumed.told().await, format!("changed {stays} "));
    // It knows what the watcher has, though it did not show it.
    world.claim(stays, "ben").await.expect("claimed");
    assert_eq!(
        resumed.told().await,
        format!("left {stays} TASK_STATE_CREATED")
    );
    comment(&world, stays).await;
    comment(&world, new).await;
    assert_eq!(resumed.told().await, format!("changed {new} "));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_position_of_a_watch_can_be_resumed_from() {
    let world = World::new().await;
    let mut watching = world.watch(unassigned(), None).await;
    watching.snapshot().await;
    // One command that ends a task and makes another.
    let key = world.review("{}").await;
    world.claim(key, "ann").await.expect("claimed");
    world.complete(key, "ann").await.expect("completed");
    let mut states = Vec::new();
    for _ in 0..3 {
        let told = watching.told().await;
        states.push((watching.position, told));
    }
    for at in 0..3 {
        let mut resumed = world.watch(unassigned(), states[at].0).await;
        // All that came after is told again, in order; what came before may be.
        let expected = states[at + 1..]
            .iter()
            .map(|state| state.1.clone())
            .collect::<Vec<_>>();
        let mut told = Vec::new();
        while told.len() < expected.len() {
            told.push(resumed.told().await);
            if !expected.contains(&told[told.len() - 1]) {
                told.pop();
            }
        }
        assert_eq!(told, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_that_is_not_at_hand_gives_the_whole_state() {
    let node = node::Config {
        task_events_max: 3,
        ..Default::default()
    };
    let world = World::with(node, Config::default()).await;
    let key = world.review("{}").await;
    let mut watching = world.watch(unassigned(), None).await;
    watching.snapshot().await;
    let old = watching.position;
    for _ in 0..5 {
        comment(&world, key).await;
    }
    let mut resumed = world.watch(unassigned(), old).await;
    assert_eq!(
        resumed.snapshot().await,
        ("POSITION_UNKNOWN".to_owned(), vec![key])
    );
    comment(&world, key).await;
    assert_eq!(resumed.told().await, format!("changed {key} "));
    let mut future = world.watch(unassigned(), Some(1_000_000)).await;
    assert_eq!(
        future.snapshot().await,
        ("POSITION_UNKNOWN".to_owned(), vec![key])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_is_told_so_and_gets_the_state_again() {
    let node = node::Config {
        task_events_max: 8,
        ..Default::default()
    };
    let world = World::with(node, Config::default()).await;
    // HTTP/2 gives up on a connection with many unread frames that are tiny.
    let users = vec![format!("{:?}", "x".repeat(100)); 20].join(",");
    let key = world.review(&format!(r#"{{"users":[{users}]}}"#)).await;
    let others = [world.review("{}").await, world.review("{}").await];
    // A connection of its own, whose windows fill.
    let mut watching = watch(
        &mut connect_narrow(&world.address).await,
        unassigned(),
        None,
    )
    .await;
    watching.snapshot().await;
    for _ in 0..900 {
        comment(&world, key).await;
    }
    world
        .client
        .clone()
        .claim_task(claim(key, &"x".repeat(100), &[]))
        .await
        .expect("claimed");
    loop {
        let told = watching.told().await;
        if told == "snapshot REASON_LAGGED" {
            break;
        }
        assert_eq!(told, format!("changed {key} "));
    }
    // The snapshot may be of a moment before the claim; then the claimed task leaves after it.
    let (mut present, mut is_whole) = (BTreeSet::new(), false);
    while !is_whole || present != BTreeSet::from(others) {
        match watching.event().await {
            Event::Snapshot(_) => {
                present.clear();
                is_whole = false;
            }
            Event::Present(task) | Event::Changed(task) => {
                present.insert(task.key);
            }
            Event::Left(left) => {
                present.remove(&left.task_key);
            }
            Event::SnapshotEnd(_) => is_whole = true,
            Event::Progress(_) => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_position_goes_on_without_changes_of_interest() {
    let world = World::new().await;
    let taken = world.review(r#"{"assignee":"ben"}"#).await;
    let mut watching = world.watch(unassigned(), None).await;
    watching.snapshot().await;
    let before = watching.position;
    for _ in 0..256 {
        comment(&world, taken).await;
    }
    assert_eq!(watching.told().await, "progress");
    assert!(watching.position > before);
    assert_eq!(watching.position, world.node.first().status().offset);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_of_many_slices_agrees_with_the_changes_around_it() {
    const NUMBER: usize = 3_000;
    let world = World::new().await;
    let mut creations = JoinSet::new();
    for _ in 0..NUMBER {
        let create = proto::record::CreateInstance {
            process_id: "linked".to_owned(),
            ..Default::default()
        };
        let node = world.node.clone();
        creations.spawn(async move {
            let create = proto::record::command::Kind::CreateInstance(create);
            node.submit(&node::Caller::default(), create)
                .await
                .map(drop)
        });
    }
    creations.join_all().await;
    let all = world
        .list(TaskFilter {
            process_ids: vec!["linked".to_owned()],
            ..Default::default()
        })
        .await;
    let last = all.last().expect("a task").key;
    // Tasks go and come while the snapshot is read.
    let mut claims = JoinSet::new();
    for task in all.iter().step_by(7) {
        let (mut client, key) = (world.client.clone(), task.key);
        let request = claim(key, "ann", &[]);
        claims.spawn(async move { client.claim_task(request).await.map(drop) });
    }
    let mut watching = watch(
        &mut connect_narrow(&world.address).await,
        unassigned(),
        None,
    )
    .await;
    claims.join_all().await;
    let end = world.review("{}").await;
    let mut shown = BTreeSet::new();
    loop {
        match watching.event().await {
            Event::Present(task) => assert!(shown.insert(task.key), "shown once"),
            Event::Changed(task) => {
                shown.insert(task.key);
                if task.key == end {
                    break;
                }
            }
            Event::Left(left) => assert!(shown.remove(&left.task_key), "shown before"),
            Event::Snapshot(_) | Event::SnapshotEnd(_) | Event::Progress(_) => {}
        }
        if shown.contains(&end) {
            break;
        }
    }
    assert!(end > last);
    // The end was shown after everything before it, whether in the snapshot or as a change.
    let mut rest = world.watch(unassigned(), None).await;
    let (_, expected) = rest.snapshot().await;
    let settled = expected.into_iter().collect::<BTreeSet<_>>();
    while shown != settled {
        match watching.event().await {
            Event::Changed(task) => {
                shown.insert(task.key);
            }
            Event::Left(left) => assert!(shown.remove(&left.task_key), "shown before"),
            Event::Present(_) | Event::Snapshot(_) => panic!("no other snapshot"),
            Event::SnapshotEnd(_) | Event::Progress(_) => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn watches_are_bounded_and_end_with_the_node() {
    let config = Config {
        watches_max: 1,
        ..Config::default()
    };
    let world = World::with(node::Config::default(), config).await;
    let key = world.review("{}").await;
    let mut watching = world.watch(unassigned(), None).await;
    watching.snapshot().await;
    let position = watching.position;
    let full = world
        .client
        .clone()
        .watch_tasks(WatchTasksRequest::default())
        .await;
    let expected = (Code::ResourceExhausted, "WATCHES_FULL".to_owned());
    assert_eq!(reason(&full.expect_err("full")), expected);
    world.node.stop().await;
    let expected = (Code::Unavailable, "STOPPING".to_owned());
    assert_eq!(reason(&watching.error().await), expected);

    // Another node over the same journal knows the same positions.
    let next = World::over(
        world.journal.clone(),
        node::Config::default(),
        Config::default(),
    )
    .await;
    assert_eq!(next.task(key).await.key, key);
    let mut resumed = next.watch(unassigned(), position).await;
    next.claim(key, "ann").await.expect("claimed");
    let mut told = resumed.told().await;
    while told.starts_with("snapshot") || told.starts_with("present") || told == "end" {
        told = resumed.told().await;
    }
    assert_eq!(told, format!("left {key} TASK_STATE_CREATED"));
}
