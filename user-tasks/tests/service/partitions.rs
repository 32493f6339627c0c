//! Tasks of several partitions as one list and one watch.

use std::collections::{BTreeMap, BTreeSet};

use proto::usertask::{SortField, Task, TaskFilter};

use crate::lists::{DIRECTIONS, created_ms, pages, request};
use crate::support::World;

const PARTITIONS: u32 = 3;

fn partition(key: u64) -> u32 {
    engine::partition_of(key)
}

/// A review in each partition, by partition.
async fn one_in_each(world: &World) -> BTreeMap<u32, u64> {
    let mut reviews = BTreeMap::new();
    while reviews.len() < PARTITIONS as usize {
        let key = world.review("{}").await;
        reviews.insert(partition(key), key);
    }
    reviews
}

fn place(task: &Task) -> (i64, u64) {
    (created_ms(task), task.key)
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_by_creation_over_all_partitions_while_tasks_come_and_go() {
    for direction in DIRECTIONS {
        let world = World::new(PARTITIONS).await;
        for number in 0..40 {
            // Several of the same moment in different partitions.
            world.journal.advance(i64::from(number % 4 == 0));
            world.create("claim", "{}").await;
        }
        let before = world.list(TaskFilter::default()).await;
        assert!(before.is_sorted_by_key(place));
        let homes = before.iter().map(|task| partition(task.key));
        assert_eq!(homes.collect::<BTreeSet<_>>().len(), 3);

        let mut gone = BTreeSet::new();
        let by_creation = request(SortField::Created, direction, 7);
        let listed = pages(&world, by_creation, async |page| {
            // The row that the next page begins after, and one further on.
            let last = page.last().expect("no page is empty");
            let further = &before[gone.len() * 3];
            for task in [last, further] {
                if gone.insert(task.key) {
                    world.cancel(task.process_instance_key).await;
                }
            }
            world.create("claim", "{}").await;
        });
        let listed = listed.await;
        let places = listed.iter().map(place).collect::<Vec<_>>();
        let mut sorted = places.clone();
        sorted.sort_unstable();
        sorted.dedup();
        if direction == DIRECTIONS[1] {
            sorted.reverse();
        }
        assert_eq!(places, sorted, "{direction:?}");
        let seen = listed.iter().map(|task| task.key).collect::<BTreeSet<_>>();
        let kept = before.iter().filter(|task| !gone.contains(&task.key));
        for task in kept {
            assert!(seen.contains(&task.key), "{direction:?} {}", task.key);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn large_rows_of_all_partitions_come_in_order_and_once() {
    let world = World::new(PARTITIONS).await;
    let large = "x".repeat(300_000);
    for _ in 0..21 {
        world.journal.advance(1);
        world
            .create("claim", &format!(r#"{{"large":"{large}"}}"#))
            .await;
    }
    let mut large = request(SortField::Created, DIRECTIONS[0], 100);
    large.include_variables = vec!["large".to_owned()];
    let mut sizes = Vec::new();
    let listed = pages(&world, large, async |page| sizes.push(page.len())).await;
    assert_eq!(sizes, [7, 7, 7]);
    assert_eq!(listed.len(), 21);
    assert!(listed.is_sorted_by_key(place));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_goes_on_in_each_partition_where_it_was() {
    let world = World::new(PARTITIONS).await;
    let reviews = one_in_each(&world).await;
    let filter = || TaskFilter {
        unassigned: true,
        ..TaskFilter::default()
    };
    let mut watching = world.watch(filter(), "").await;
    let (_, present) = watching.snapshot().await;
    assert!(reviews.values().all(|key| present.contains(key)));
    let whole = watching.position.clone();

    world.claim(reviews[&2], "ann").await.expect("claimed");
    let left = |number: u32| format!("left {} TASK_STATE_CREATED", reviews[&number]);
    assert_eq!(watching.told().await, left(2));
    let second = watching.position.clone();
    world.claim(reviews[&3], "ann").await.expect("claimed");
    assert_eq!(watching.told().await, left(3));
    world.claim(reviews[&1], "ann").await.expect("claimed");
    assert_eq!(watching.told().await, left(1));

    let mut watches = vec![watching];
    for (from, missed) in [(whole, vec![1, 2, 3]), (second, vec![1, 3])] {
        let mut resumed = world.watch(filter(), &from).await;
        let mut told = BTreeSet::new();
        for _ in &missed {
            told.insert(resumed.told().await);
        }
        let missed = missed.into_iter().map(left).collect::<BTreeSet<_>>();
        assert_eq!(told, missed);
        watches.push(resumed);
    }
    // Nothing else is told again, and all have come to the same position.
    let next = world.review("{}").await;
    let mut positions = BTreeSet::new();
    for mut watching in watches {
        assert_eq!(watching.told().await, format!("changed {next} "));
        positions.insert(watching.position);
    }
    assert_eq!(positions.len(), 1, "{positions:?}");
}
