//! Watching: the present state, every change, going on from a position.

use std::collections::BTreeSet;

use proto::usertask::watch_tasks_response::Event;
use proto::usertask::{AddCommentRequest, TaskFilter, TaskState, WatchTasksRequest};
use tokio::task::JoinSet;
use tonic::Code;
use user_tasks::Config;

use crate::support::{
    World, claim, connect_narrow, covers, offsets, on_one_and_on_three, reason, watch,
};

on_one_and_on_three! {
    a_watch_tells_the_state_and_then_every_change,
    ended_tasks_are_watched_too,
    a_watch_goes_on_where_it_was,
    each_position_of_a_watch_can_be_resumed_from,
    a_position_that_is_not_at_hand_gives_the_whole_state,
    a_slow_reader_is_told_so_and_gets_the_state_again,
    the_position_goes_on_without_changes_of_interest,
    a_snapshot_of_many_slices_agrees_with_the_changes_around_it,
    watches_are_bounded_and_end_with_the_node,
}

fn unassigned() -> TaskFilter {
    TaskFilter {
        unassigned: true,
        ..TaskFilter::default()
    }
}

/// Its position.
async fn comment(world: &World, key: u64) -> String {
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
        .expect("commented")
        .into_inner()
        .position
}

async fn a_watch_tells_the_state_and_then_every_change(partitions: u32) {
    let world = World::new(partitions).await;
    let first = world.review("{}").await;
    let taken = world.review(r#"{"assignee":"ben"}"#).await;
    let mut watching = world.watch(unassigned(), "").await;
    assert_eq!(
        watching.snapshot().await,
        ("STARTED".to_owned(), vec![first])
    );
    assert_eq!(offsets(&watching.position).len(), partitions as usize);

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
    for (partition, offset) in offsets(&position) {
        assert_eq!(offsets(&watching.position)[&partition], offset);
    }
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

async fn ended_tasks_are_watched_too(partitions: u32) {
    let world = World::new(partitions).await;
    let key = world.review("{}").await;
    let filter = TaskFilter {
        states: vec![TaskState::Completed.into()],
        ..TaskFilter::default()
    };
    let mut watching = world.watch(filter, "").await;
    assert_eq!(watching.snapshot().await.1, Vec::<u64>::new());
    world.claim(key, "ann").await.expect("claimed");
    world.complete(key, "ann").await.expect("completed");
    assert_eq!(watching.told().await, format!("changed {key} ann"));
}

async fn a_watch_goes_on_where_it_was(partitions: u32) {
    let world = World::new(partitions).await;
    let (stays, goes) = (world.review("{}").await, world.review("{}").await);
    let mut watching = world.watch(unassigned(), "").await;
    watching.snapshot().await;
    let position = watching.position.clone();
    drop(watching);

    world.claim(goes, "ann").await.expect("claimed");
    let new = world.review("{}").await;
    comment(&world, stays).await;
    let mut resumed = world.watch(unassigned(), &position).await;
    let mut told = Vec::new();
    for _ in 0..3 {
        told.push(resumed.told().await);
    }
    // In order within a partition only.
    told.sort_unstable();
    let mut expected = [
        format!("changed {new} "),
        format!("changed {stays} "),
        format!("left {goes} TASK_STATE_CREATED"),
    ];
    expected.sort_unstable();
    assert_eq!(told, expected);
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

async fn each_position_of_a_watch_can_be_resumed_from(partitions: u32) {
    let world = World::new(partitions).await;
    let mut watching = world.watch(unassigned(), "").await;
    watching.snapshot().await;
    // One command that ends a task and makes another.
    let key = world.review("{}").await;
    world.claim(key, "ann").await.expect("claimed");
    world.complete(key, "ann").await.expect("completed");
    let mut states = Vec::new();
    for _ in 0..3 {
        let told = watching.told().await;
        states.push((watching.position.clone(), told));
    }
    for at in 0..3 {
        let mut resumed = world.watch(unassigned(), &states[at].0).await;
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

async fn a_position_that_is_not_at_hand_gives_the_whole_state(partitions: u32) {
    let node = node::Config {
        task_events_max: 3,
        ..Default::default()
    };
    let world = World::with(partitions, node, Config::default()).await;
    let key = world.review("{}").await;
    let mut watching = world.watch(unassigned(), "").await;
    watching.snapshot().await;
    let old = watching.position.clone();
    for _ in 0..5 {
        comment(&world, key).await;
    }
    let mut resumed = world.watch(unassigned(), &old).await;
    assert_eq!(
        resumed.snapshot().await,
        ("POSITION_UNKNOWN".to_owned(), vec![key])
    );
    comment(&world, key).await;
    assert_eq!(resumed.told().await, format!("changed {key} "));
    let future = offsets(&old)
        .into_keys()
        .map(|partition| format!("{partition}:1000000"));
    let future = future.collect::<Vec<_>>().join(",");
    let mut future = world.watch(unassigned(), &future).await;
    assert_eq!(
        future.snapshot().await,
        ("POSITION_UNKNOWN".to_owned(), vec![key])
    );
}

async fn a_slow_reader_is_told_so_and_gets_the_state_again(partitions: u32) {
    let node = node::Config {
        task_events_max: 8,
        ..Default::default()
    };
    let world = World::with(partitions, node, Config::default()).await;
    // HTTP/2 gives up on a connection with many unread frames that are tiny.
    let users = vec![format!("{:?}", "x".repeat(100)); 20].join(",");
    let key = world.review(&format!(r#"{{"users":[{users}]}}"#)).await;
    let others = [world.review("{}").await, world.review("{}").await];
    // A connection of its own, whose windows fill.
    let mut watching = watch(&mut connect_narrow(&world.address).await, unassigned(), "").await;
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

async fn the_position_goes_on_without_changes_of_interest(partitions: u32) {
    let world = World::new(partitions).await;
    let taken = world.review(r#"{"assignee":"ben"}"#).await;
    let mut watching = world.watch(unassigned(), "").await;
    watching.snapshot().await;
    let before = watching.position.clone();
    let mut last = String::new();
    for _ in 0..256 {
        last = comment(&world, taken).await;
    }
    assert_eq!(watching.told().await, "progress");
    assert!(offsets(&watching.position) > offsets(&before));
    assert!(covers(&watching.position, &last));
}

async fn a_snapshot_of_many_slices_agrees_with_the_changes_around_it(partitions: u32) {
    const NUMBER: usize = 3_000;
    let world = World::new(partitions).await;
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
    // Tasks go and come while the snapshot is read.
    let mut claims = JoinSet::new();
    for task in all.iter().step_by(7) {
        let (mut client, key) = (world.client.clone(), task.key);
        let request = claim(key, "ann", &[]);
        claims.spawn(async move { client.claim_task(request).await.map(drop) });
    }
    let mut watching = watch(&mut connect_narrow(&world.address).await, unassigned(), "").await;
    claims.join_all().await;
    world.review("{}").await;
    let mut rest = world.watch(unassigned(), "").await;
    let (_, expected) = rest.snapshot().await;
    let expected = expected.into_iter().collect::<BTreeSet<_>>();
    let (mut shown, mut is_whole) = (BTreeSet::new(), false);
    while !is_whole || shown != expected {
        match watching.event().await {
            Event::Present(task) => assert!(shown.insert(task.key), "shown once"),
            Event::Changed(task) => {
                shown.insert(task.key);
            }
            Event::Left(left) => assert!(shown.remove(&left.task_key), "shown before"),
            Event::Snapshot(_) => assert!(shown.is_empty(), "one snapshot"),
            Event::SnapshotEnd(_) => is_whole = true,
            Event::Progress(_) => {}
        }
    }
}

async fn watches_are_bounded_and_end_with_the_node(partitions: u32) {
    let config = Config {
        watches_max: 1,
        ..Config::default()
    };
    let world = World::with(partitions, node::Config::default(), config).await;
    let key = world.review("{}").await;
    let mut watching = world.watch(unassigned(), "").await;
    watching.snapshot().await;
    let position = watching.position.clone();
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
    let mut resumed = next.watch(unassigned(), &position).await;
    next.claim(key, "ann").await.expect("claimed");
    let mut told = resumed.told().await;
    while told.starts_with("snapshot") || told.starts_with("present") || told == "end" {
        told = resumed.told().await;
    }
    assert_eq!(told, format!("left {key} TASK_STATE_CREATED"));
}
