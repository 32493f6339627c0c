//! Positions: reads that must include what their caller has seen.

use std::time::Duration;

use proto::usertask::{
    AddCommentRequest, GetTaskHistoryRequest, GetTaskRequest, GetTaskResponse, ListTasksRequest,
    WatchTasksRequest,
};
use tonic::{Code, Request, Status};
use user_tasks::{Config, reason as reasons};

use crate::errors::assert_refused;
use crate::support::{World, covers, fields, offsets, on_one_and_on_three};

on_one_and_on_three! {
    a_position_that_is_none_is_refused,
    a_read_includes_what_its_caller_has_seen,
    a_read_waits_for_what_is_to_come,
    a_read_does_not_wait_for_ever,
    a_read_ends_with_the_node,
    reads_that_wait_are_bounded,
}

pub fn get(task_key: u64, min_position: &str) -> GetTaskRequest {
    GetTaskRequest {
        task_key,
        min_position: min_position.to_owned(),
        ..Default::default()
    }
}

fn list(min_position: &str) -> ListTasksRequest {
    ListTasksRequest {
        min_position: min_position.to_owned(),
        ..Default::default()
    }
}

fn history(task_key: u64, min_position: &str) -> GetTaskHistoryRequest {
    GetTaskHistoryRequest {
        task_key,
        min_position: min_position.to_owned(),
        ..Default::default()
    }
}

fn watch(from_position: &str) -> WatchTasksRequest {
    WatchTasksRequest {
        from_position: from_position.to_owned(),
        ..Default::default()
    }
}

/// Each read in turn.
async fn reads(world: &World, key: u64, min_position: &str) -> [Result<(), Status>; 3] {
    let mut client = world.client.clone();
    [
        client.get_task(get(key, min_position)).await.map(drop),
        client.list_tasks(list(min_position)).await.map(drop),
        client
            .get_task_history(history(key, min_position))
            .await
            .map(drop),
    ]
}

/// The positions of a partition that come after this one by so many offsets.
pub fn later(position: &str, by: u64) -> String {
    let later = offsets(position).into_iter();
    let later = later.map(|(partition, offset)| format!("{partition}:{}", offset + by));
    later.collect::<Vec<_>>().join(",")
}

async fn a_position_that_is_none_is_refused(partitions: u32) {
    let world = World::new(partitions).await;
    let key = world.review("{}").await;
    let unknown = format!("1:1,{}:1", partitions + 1);
    let (code, expected) = (Code::InvalidArgument, reasons::POSITION_INVALID);
    for wrong in ["1", "garbage", "1:01", "1:1,", "0:1", "1:2,1:1", &unknown] {
        for read in reads(&world, key, wrong).await {
            let refused = assert_refused(read, code, expected);
            assert_eq!(fields(&refused), ["min_position"]);
        }
        let watched = world.client.clone().watch_tasks(watch(wrong)).await;
        let refused = assert_refused(watched, code, expected);
        assert_eq!(fields(&refused), ["from_position"]);
    }
    // Of a reply, which is about one partition.
    let (_, position) = world.claim(key, "ann").await.expect("claimed");
    let watched = world.client.clone().watch_tasks(watch(&position)).await;
    assert_eq!(watched.is_err(), partitions > 1);
}

async fn a_read_includes_what_its_caller_has_seen(partitions: u32) {
    let world = World::new(partitions).await;
    let key = world.review("{}").await;
    let (_, claimed) = world.claim(key, "ann").await.expect("claimed");
    assert_eq!(offsets(&claimed).len(), 1);
    let listed = world.page(list(&claimed)).await;
    assert!(covers(&listed.position, &claimed));
    assert_eq!(offsets(&listed.position).len(), partitions as usize);
    for read in reads(&world, key, &listed.position).await {
        read.expect("it is there");
    }
}

pub fn reading(world: &World, key: u64, min: &str) -> tokio::task::JoinHandle<Read> {
    let (mut client, request) = (world.client.clone(), get(key, min));
    tokio::spawn(async move { Ok(client.get_task(request).await?.into_inner()) })
}

pub type Read = Result<GetTaskResponse, Status>;

async fn a_read_waits_for_what_is_to_come(partitions: u32) {
    let world = World::new(partitions).await;
    let key = world.review("{}").await;
    let (_, claimed) = world.claim(key, "ann").await.expect("claimed");
    let wanted = later(&claimed, 3);
    let reading = reading(&world, key, &wanted);
    let mut last = claimed;
    while !covers(&last, &wanted) {
        let comment = AddCommentRequest {
            task_key: key,
            user: "ann".to_owned(),
            text: "one more".to_owned(),
            ..Default::default()
        };
        let commented = world.client.clone().add_comment(comment).await;
        last = commented.expect("commented").into_inner().position;
    }
    let found = reading.await.expect("no panic").expect("found");
    assert!(covers(&found.position, &wanted), "{found:?} {wanted}");
    assert!(found.task.expect("a task").comment_count > 0);
}

async fn a_read_does_not_wait_for_ever(partitions: u32) {
    let world = World::new(partitions).await;
    let key = world.review("{}").await;
    let (_, claimed) = world.claim(key, "ann").await.expect("claimed");
    let mut request = Request::new(get(key, &later(&claimed, 1_000_000)));
    request.set_timeout(Duration::from_secs(2));
    let read = world.client.clone().get_task(request).await;
    assert_refused(read, Code::Unavailable, reasons::POSITION_NOT_REACHED);
}

async fn a_read_ends_with_the_node(partitions: u32) {
    let world = World::new(partitions).await;
    let key = world.review("{}").await;
    let (_, claimed) = world.claim(key, "ann").await.expect("claimed");
    let reading = reading(&world, key, &later(&claimed, 1_000_000));
    world.node.stop().await;
    let read = reading.await.expect("no panic");
    assert_refused(read, Code::Unavailable, reasons::STOPPING);
}

async fn reads_that_wait_are_bounded(partitions: u32) {
    let config = Config {
        waits_max: 0,
        ..Config::default()
    };
    let world = World::with(partitions, node::Config::default(), config).await;
    let key = world.review("{}").await;
    let (_, claimed) = world.claim(key, "ann").await.expect("claimed");
    for read in reads(&world, key, &claimed).await {
        assert_refused(read, Code::ResourceExhausted, reasons::OVERLOADED);
    }
}
