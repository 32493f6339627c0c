//! Sorting and paging.

use std::collections::{BTreeMap, BTreeSet};

use proto::record::{CreateInstance, command::Kind};
use proto::usertask::{
    ListTasksRequest, SortDirection, SortField, Task, TaskFilter, UpdateTaskRequest,
};
use tokio::task::JoinSet;
use tonic::Code;

use crate::support::{World, covers, fields, names, offsets, on_one_and_on_three, reason, tasks};

on_one_and_on_three! {
    each_order_in_both_directions_and_pages_of_any_size,
    pages_are_stable_while_tasks_change,
    a_wrong_page_token_is_refused,
    rows_bring_the_variables_asked_for_within_bounds,
    a_list_of_many_slices_is_complete,
}

const FIELDS: [SortField; 4] = [
    SortField::Created,
    SortField::Due,
    SortField::Priority,
    SortField::Name,
];
pub const DIRECTIONS: [SortDirection; 2] = [SortDirection::Ascending, SortDirection::Descending];

pub fn request(field: SortField, direction: SortDirection, page_size: u32) -> ListTasksRequest {
    ListTasksRequest {
        sort_by: field.into(),
        direction: direction.into(),
        page_size,
        ..ListTasksRequest::default()
    }
}

/// Many instances at once, of two processes, with priorities and due dates all over.
async fn fill(world: &World, number: u64) {
    let mut creations = JoinSet::new();
    for at in 0..number {
        world.journal.advance(i64::from(at % 3 == 0));
        let node = world.node.clone();
        let due = match at % 3 {
            0 => String::new(),
            _ => format!(r#","due":"1970-01-{:02}T00:00:00Z""#, at % 28 + 1),
        };
        let variables = format!(r#"{{"n":{at},"priority":{}{due}}}"#, at * 37 % 101);
        let create = CreateInstance {
            process_id: if at % 5 == 0 { "linked" } else { "claim" }.to_owned(),
            variables: variables.into(),
            ..CreateInstance::default()
        };
        creations.spawn(async move {
            let create = Kind::CreateInstance(create);
            node.submit(&node::Caller::default(), create)
                .await
                .map(drop)
        });
    }
    assert!(creations.join_all().await.iter().all(Result::is_ok));
}

pub fn created_ms(task: &Task) -> i64 {
    let at = task.created.expect("a time");
    at.seconds * 1_000 + i64::from(at.nanos / 1_000_000)
}

/// All pages, and how many there were; `between` runs after each page.
pub async fn pages(
    world: &World,
    mut request: ListTasksRequest,
    mut between: impl AsyncFnMut(&[Task]),
) -> Vec<Task> {
    let mut all = Vec::new();
    loop {
        let listed = world.page(request.clone()).await;
        request.page_token.clone_from(&listed.next_page_token);
        let page = tasks(listed);
        assert!(page.len() <= request.page_size as usize);
        between(&page).await;
        all.extend(page);
        if request.page_token.is_empty() {
            return all;
        }
    }
}

/// The order by definition: what has no due date comes last.
fn sorted(mut tasks: Vec<Task>, field: SortField, direction: SortDirection) -> Vec<u64> {
    let value = |task: &Task| match field {
        SortField::Unspecified | SortField::Created => (Some(created_ms(task)), String::new()),
        SortField::Due => (task.due.map(|at| at.seconds), String::new()),
        SortField::Priority => (Some(task.priority.into()), String::new()),
        SortField::Name => (Some(0), task.name.clone()),
    };
    tasks.sort_by_key(|task| (value(task), task.key));
    if direction == SortDirection::Descending {
        tasks.reverse();
    }
    let (dated, undated): (Vec<_>, Vec<_>) = tasks.iter().partition(|task| value(task).0.is_some());
    dated
        .into_iter()
        .chain(undated)
        .map(|task| task.key)
        .collect()
}

async fn each_order_in_both_directions_and_pages_of_any_size(partitions: u32) {
    let world = World::new(partitions).await;
    fill(&world, 60).await;
    let all = world.list(TaskFilter::default()).await;
    assert_eq!(all.len(), 60);
    for field in FIELDS {
        for direction in DIRECTIONS {
            let expected = sorted(all.clone(), field, direction);
            for page_size in [1, 7, 59, 60, 1_000] {
                let listed =
                    pages(&world, request(field, direction, page_size), async |_| {}).await;
                let listed = listed.iter().map(|task| task.key).collect::<Vec<_>>();
                assert_eq!(listed, expected, "{field:?} {direction:?} {page_size}");
            }
        }
    }
    let default = world.page(ListTasksRequest::default()).await;
    assert_eq!(default.tasks.len(), 50);
    assert_eq!(tasks(default), all[..50]);
    let (_, claimed) = world.claim(all[7].key, "ann").await.expect("claimed");
    let position = world.page(ListTasksRequest::default()).await.position;
    assert_eq!(offsets(&position).len(), partitions as usize);
    assert!(covers(&position, &claimed), "{position} {claimed}");
}

async fn pages_are_stable_while_tasks_change(partitions: u32) {
    for field in FIELDS {
        for direction in DIRECTIONS {
            let world = World::new(partitions).await;
            fill(&world, 60).await;
            let before = world.list(TaskFilter::default()).await;
            let mut touched = BTreeSet::new();
            let mut round = 0;
            let listed = pages(&world, request(field, direction, 7), async |page| {
                // One of this page goes, one elsewhere goes, one comes, one moves across the order.
                round += 1;
                let elsewhere = before[(round * 13) % before.len()].key;
                for key in [page.first().map_or(elsewhere, |task| task.key), elsewhere] {
                    touched.insert(key);
                    if world.claim(key, "ann").await.is_ok() {
                        world.complete(key, "ann").await.expect("completed");
                    }
                }
                world
                    .create("claim", r#"{"priority":50,"due":"1970-01-14T00:00:00Z"}"#)
                    .await;
                let moved = before[(round * 29 + 3) % before.len()].key;
                touched.insert(moved);
                let update = UpdateTaskRequest {
                    task_key: moved,
                    user: "lead".to_owned(),
                    priority: Some(i32::try_from(round % 100).expect("small")),
                    due: Some(Default::default()),
                    ..Default::default()
                };
                // It may have gone before.
                drop(world.client.clone().update_task(update).await);
            });
            let mut seen = BTreeMap::new();
            for task in listed.await {
                *seen.entry(task.key).or_insert(0) += 1;
            }
            let untouched = before.iter().filter(|task| !touched.contains(&task.key));
            for task in untouched {
                assert_eq!(
                    seen.get(&task.key),
                    Some(&1),
                    "{field:?} {direction:?} {}",
                    task.key
                );
            }
        }
    }
}

async fn a_wrong_page_token_is_refused(partitions: u32) {
    let world = World::new(partitions).await;
    fill(&world, 10).await;
    let first = world
        .page(request(SortField::Priority, SortDirection::Ascending, 3))
        .await;
    let token = first.next_page_token;
    let with = |field, direction, filter: TaskFilter, page_token: &str| ListTasksRequest {
        filter: Some(filter),
        page_token: page_token.to_owned(),
        ..request(field, direction, 3)
    };
    let (ascending, descending) = (SortDirection::Ascending, SortDirection::Descending);
    let other = TaskFilter {
        unassigned: true,
        ..TaskFilter::default()
    };
    let mut altered = token.clone();
    altered.replace_range(2..3, if &token[2..3] == "x" { "y" } else { "x" });
    for wrong in [
        with(SortField::Name, ascending, TaskFilter::default(), &token),
        with(
            SortField::Priority,
            descending,
            TaskFilter::default(),
            &token,
        ),
        with(SortField::Priority, ascending, other, &token),
        with(
            SortField::Priority,
            ascending,
            TaskFilter::default(),
            &altered,
        ),
        with(
            SortField::Priority,
            ascending,
            TaskFilter::default(),
            "no token",
        ),
    ] {
        let refused = world
            .client
            .clone()
            .list_tasks(wrong)
            .await
            .expect_err("refused");
        let expected = (Code::InvalidArgument, "PAGE_TOKEN_INVALID".to_owned());
        assert_eq!(
            (reason(&refused), fields(&refused)),
            (expected, vec!["page_token".to_owned()])
        );
    }
    // The same question in other words; another page size is no other question.
    let mut right = with(
        SortField::Priority,
        ascending,
        TaskFilter::default(),
        &token,
    );
    right.page_size = 5;
    assert_eq!(world.page(right).await.tasks.len(), 5);
}

async fn rows_bring_the_variables_asked_for_within_bounds(partitions: u32) {
    let world = World::new(partitions).await;
    for number in 0..9 {
        world.journal.advance(1);
        let large = "x".repeat(400_000);
        world
            .create(
                "claim",
                &format!(r#"{{"n":{number},"large":"{large}","order":{{"amount":{number}}}}}"#),
            )
            .await;
    }
    let asked = |variables: &[&str]| ListTasksRequest {
        include_variables: names(variables),
        ..ListTasksRequest::default()
    };
    let listed = world.page(asked(&["amount", "n", "none"])).await;
    let rows = listed
        .tasks
        .iter()
        .map(|row| row.variables.as_str())
        .collect::<Vec<_>>();
    assert_eq!(
        rows[..2],
        [r#"{"n":0,"amount":0}"#, r#"{"n":1,"amount":1}"#]
    );
    assert!(
        world
            .page(asked(&[]))
            .await
            .tasks
            .iter()
            .all(|row| row.variables.is_empty())
    );
    // Pages end before they get too long for a client.
    let mut large = asked(&["large"]);
    let mut sizes = Vec::new();
    loop {
        let listed = world.page(large.clone()).await;
        sizes.push(listed.tasks.len());
        large.page_token = listed.next_page_token;
        if large.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(sizes, [6, 3]);
}

async fn a_list_of_many_slices_is_complete(partitions: u32) {
    const NUMBER: u64 = 9_000;
    let world = World::new(partitions).await;
    fill(&world, NUMBER).await;
    for field in [SortField::Created, SortField::Priority] {
        let listed = pages(
            &world,
            request(field, SortDirection::Descending, 1_000),
            async |_| {},
        )
        .await;
        let keys = listed.iter().map(|task| task.key).collect::<BTreeSet<_>>();
        assert_eq!((listed.len() as u64, keys.len() as u64), (NUMBER, NUMBER));
        let order = |task: &Task| match field {
            SortField::Priority => (task.priority.into(), task.key),
            _ => (created_ms(task), task.key),
        };
        assert!(listed.is_sorted_by(|left, right| order(left) > order(right)));
    }
}
