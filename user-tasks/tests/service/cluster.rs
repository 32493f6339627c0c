//! Nodes that share the partitions: each shows the tasks of all of them.

use std::collections::BTreeSet;
use std::time::Duration;

use journal::memory::MemoryJournal;
use proto::usertask::{
    AddCommentRequest, GetTaskHistoryRequest, GetTaskRequest, GetTaskResponse, HistoryEntry,
    ListTasksRequest, SortField, Task, TaskFilter, VariableFilter,
};

use crate::lists::{DIRECTIONS, pages, request};
use crate::positions::{get, later, reading};
use crate::support::{World, covers};

const PARTITIONS: u32 = 2;

/// Two nodes that lead one partition each, and the model deployed.
async fn cluster() -> [World; 2] {
    let journal = MemoryJournal::new(PARTITIONS, 1);
    journal.set_now(1_000_000);
    journal.run_clock();
    let worlds = [World::joined(&journal).await, World::joined(&journal).await];
    let shared = async {
        while worlds.iter().any(|world| led(world) != 1) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), shared)
        .await
        .expect("the partitions are shared");
    worlds[0].deploy().await;
    worlds
}

/// How many partitions the node leads.
fn led(world: &World) -> usize {
    let partitions = world.node.partitions().iter();
    partitions
        .filter(|partition| partition.status().is_some())
        .count()
}

async fn listed(world: &World, sort_by: SortField) -> [Vec<Task>; 2] {
    let all = async |direction| {
        let request = request(sort_by, direction, 7);
        pages(world, request, async |_| {}).await
    };
    [all(DIRECTIONS[0]).await, all(DIRECTIONS[1]).await]
}

/// The variables of the rows that have this number.
async fn with_number(world: &World, number: &str) -> Vec<String> {
    let number = VariableFilter {
        name: "number".to_owned(),
        value: number.to_owned(),
    };
    let listed = world.page(ListTasksRequest {
        filter: Some(TaskFilter {
            variables: vec![number],
            ..TaskFilter::default()
        }),
        include_variables: vec!["number".to_owned()],
        ..ListTasksRequest::default()
    });
    let rows = listed.await.tasks.into_iter();
    rows.map(|row| row.variables).collect()
}

async fn shown(world: &World, key: u64) -> GetTaskResponse {
    let request = GetTaskRequest {
        task_key: key,
        ..GetTaskRequest::default()
    };
    let found = world.client.clone().get_task(request).await;
    found.expect("a task").into_inner()
}

async fn history(world: &World, key: u64) -> Vec<HistoryEntry> {
    let request = GetTaskHistoryRequest {
        task_key: key,
        ..GetTaskHistoryRequest::default()
    };
    let told = world.client.clone().get_task_history(request).await;
    told.expect("a history").into_inner().entries
}

#[tokio::test(flavor = "multi_thread")]
async fn every_node_shows_the_tasks_of_all_partitions() {
    let [one, two] = cluster().await;
    let mut keys = BTreeSet::new();
    for number in 0..20 {
        let world = if number % 2 == 0 { &one } else { &two };
        keys.insert(world.review(&format!(r#"{{"number":{number}}}"#)).await);
    }
    let homes = keys.iter().map(|key| engine::partition_of(*key));
    assert_eq!(homes.collect::<BTreeSet<_>>(), BTreeSet::from([1, 2]));
    for sort_by in [SortField::Created, SortField::Due, SortField::Name] {
        let [up, down] = listed(&one, sort_by).await;
        assert_eq!(
            up.iter().map(|task| task.key).collect::<BTreeSet<_>>(),
            keys
        );
        assert_eq!(listed(&two, sort_by).await, [up, down], "{sort_by:?}");
    }
    for world in [&one, &two] {
        for number in 0..20 {
            let row = format!(r#"{{"number":{number}}}"#);
            assert_eq!(with_number(world, &format!(" {number}.0")).await, [row]);
        }
    }
    for key in &keys {
        let found = shown(&one, *key).await;
        assert!(found.variables.contains("number"), "{}", found.variables);
        assert_eq!(shown(&two, *key).await, found);
        let told = history(&one, *key).await;
        assert_eq!(history(&two, *key).await, told);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_node_watches_the_tasks_of_all_partitions() {
    let [one, two] = cluster().await;
    let mut keys = BTreeSet::new();
    // Each watcher needs one of each partition.
    let lives_in = |partition| move |key: &&u64| engine::partition_of(**key) == partition;
    while (1..=PARTITIONS).any(|partition| keys.iter().filter(lives_in(partition)).count() < 2) {
        keys.insert(one.review("{}").await);
    }
    let unassigned = || TaskFilter {
        unassigned: true,
        ..TaskFilter::default()
    };
    for world in [&one, &two] {
        let mut watching = world.watch(unassigned(), "").await;
        let (_, present) = watching.snapshot().await;
        assert_eq!(present.into_iter().collect::<BTreeSet<_>>(), keys);
        let mut resumed = world.watch(unassigned(), &watching.position).await;
        for partition in 1..=PARTITIONS {
            let key = *keys.iter().find(lives_in(partition)).expect("one is left");
            two.claim(key, "ann").await.expect("claimed");
            keys.remove(&key);
            let left = format!("left {key} TASK_STATE_CREATED");
            assert_eq!(watching.told().await, left);
            assert_eq!(resumed.told().await, left);
        }
    }
}

/// Adds a comment; gives the position that includes it.
async fn comment(world: &World, key: u64) -> String {
    let comment = AddCommentRequest {
        task_key: key,
        user: "ann".to_owned(),
        text: "one more".to_owned(),
        ..AddCommentRequest::default()
    };
    let commented = world.client.clone().add_comment(comment).await;
    commented.expect("commented").into_inner().position
}

/// Reads a task where the position was not given; it must be Ann's.
async fn seen_elsewhere(world: &World, key: u64, position: &str) {
    let found = world.client.clone().get_task(get(key, position)).await;
    let found = found.expect("found").into_inner();
    assert!(covers(&found.position, position), "{found:?} {position}");
    assert_eq!(found.task.expect("a task").assignee, "ann");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_of_one_node_holds_at_another_and_outlives_the_first() {
    let [one, two] = cluster().await;
    let mut given = Vec::new();
    for partition in 1..=PARTITIONS {
        let key = loop {
            let key = one.review("{}").await;
            if engine::partition_of(key) == partition {
                break key;
            }
        };
        let (_, claimed) = one.claim(key, "ann").await.expect("claimed");
        seen_elsewhere(&two, key, &claimed).await;
        // What is still to come is waited for.
        let wanted = later(&claimed, 3);
        let reading = reading(&two, key, &wanted);
        let mut last = claimed;
        while !covers(&last, &wanted) {
            last = comment(&one, key).await;
        }
        let found = reading.await.expect("no panic").expect("found");
        assert!(covers(&found.position, &wanted), "{found:?} {wanted}");
        given.push((key, last));
    }
    one.node.stop().await;
    for (key, position) in given {
        seen_elsewhere(&two, key, &position).await;
    }
}
