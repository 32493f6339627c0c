//! Every reason of an error, with its code.

use proto::usertask::{
    AddCommentRequest, AssignTaskRequest, GetTaskHistoryRequest, GetTaskRequest, ListTasksRequest,
    NamesUpdate, UnclaimTaskRequest, UpdateTaskRequest,
};
use tokio::task::JoinSet;
use tonic::{Code, Status};
use tonic_types::StatusExt;
use user_tasks::{Config, reason as reasons};

use crate::support::{World, claim, complete, on_one_and_on_three, reason};

on_one_and_on_three! {
    every_wrong_transition_has_its_reason,
    an_unknown_task_is_not_found,
    whom_the_model_excludes_may_do_nothing,
    what_is_too_large_or_too_much_is_refused,
    the_records_of_a_task_are_bounded,
    what_the_journal_cannot_do_is_said,
}

pub fn assert_refused<T: std::fmt::Debug>(
    answer: Result<T, Status>,
    code: Code,
    expected: &str,
) -> Status {
    let status = answer.expect_err(expected);
    assert_eq!(
        reason(&status),
        (code, expected.to_owned()),
        "{}",
        status.message()
    );
    status
}

pub fn metadata(status: &Status) -> Vec<(String, String)> {
    let details = status.get_error_details();
    let info = details.error_info().expect("ErrorInfo");
    let mut metadata = info.metadata.clone().into_iter().collect::<Vec<_>>();
    metadata.sort();
    metadata
}

pub fn unclaim(key: u64, user: &str) -> UnclaimTaskRequest {
    UnclaimTaskRequest {
        task_key: key,
        user: user.to_owned(),
        ..Default::default()
    }
}

pub fn assign(key: u64, assignee: &str, expected: Option<&str>) -> AssignTaskRequest {
    AssignTaskRequest {
        task_key: key,
        user: "lead".to_owned(),
        assignee: assignee.to_owned(),
        expected_assignee: expected.map(str::to_owned),
        ..Default::default()
    }
}

pub fn update(key: u64) -> UpdateTaskRequest {
    UpdateTaskRequest {
        task_key: key,
        user: "lead".to_owned(),
        ..Default::default()
    }
}

pub fn comment(key: u64, text: &str) -> AddCommentRequest {
    AddCommentRequest {
        task_key: key,
        user: "ann".to_owned(),
        text: text.to_owned(),
        ..Default::default()
    }
}

async fn every_wrong_transition_has_its_reason(partitions: u32) {
    let world = World::new(partitions).await;
    let mut client = world.client.clone();
    let key = world.review("{}").await;
    let wrong = Code::FailedPrecondition;
    assert_refused(
        client.unclaim_task(unclaim(key, "ann")).await,
        wrong,
        reasons::TASK_NOT_CLAIMED,
    );
    assert_refused(
        world.complete(key, "ann").await,
        wrong,
        reasons::TASK_NOT_CLAIMED,
    );
    world.claim(key, "ann").await.expect("claimed");
    let status = assert_refused(
        world.claim(key, "ben").await,
        wrong,
        reasons::TASK_ALREADY_CLAIMED,
    );
    let expected = [
        ("assignee", "ann".to_owned()),
        ("task_key", key.to_string()),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value));
    assert_eq!(metadata(&status), expected);
    for answer in [
        client.unclaim_task(unclaim(key, "ben")).await.map(drop),
        world.complete(key, "ben").await.map(drop),
    ] {
        let status = assert_refused(answer, wrong, reasons::TASK_ASSIGNED_TO_OTHER);
        assert_eq!(metadata(&status), expected);
    }
    let changed = client.assign_task(assign(key, "ben", Some("cat"))).await;
    let status = assert_refused(changed, wrong, reasons::TASK_ASSIGNEE_CHANGED);
    assert_eq!(metadata(&status), expected);

    world.complete(key, "ann").await.expect("completed");
    let ended = [
        world.claim(key, "ann").await.map(drop),
        world.complete(key, "ann").await.map(drop),
        client.unclaim_task(unclaim(key, "ann")).await.map(drop),
        client.assign_task(assign(key, "ann", None)).await.map(drop),
        client
            .update_task(UpdateTaskRequest {
                priority: Some(1),
                ..update(key)
            })
            .await
            .map(drop),
        client.add_comment(comment(key, "late")).await.map(drop),
    ];
    for answer in ended {
        assert_refused(answer, wrong, reasons::TASK_ALREADY_COMPLETED);
    }
    let withdrawn = world.review(r#"{"claimId":"c1"}"#).await;
    world.withdraw("c1").await;
    assert_refused(
        world.claim(withdrawn, "ann").await,
        wrong,
        reasons::TASK_CANCELED,
    );
}

async fn an_unknown_task_is_not_found(partitions: u32) {
    let world = World::new(partitions).await;
    let mut client = world.client.clone();
    let get = GetTaskRequest {
        task_key: 7,
        ..Default::default()
    };
    let history = GetTaskHistoryRequest {
        task_key: 7,
        process_instance_key: 8,
        ..Default::default()
    };
    for answer in [
        client.get_task(get).await.map(drop),
        client.get_task_history(history).await.map(drop),
        client.claim_task(claim(7, "ann", &[])).await.map(drop),
        client.unclaim_task(unclaim(7, "ann")).await.map(drop),
        client.assign_task(assign(7, "ann", None)).await.map(drop),
        client
            .update_task(UpdateTaskRequest {
                priority: Some(1),
                ..update(7)
            })
            .await
            .map(drop),
        client.complete_task(complete(7, "ann")).await.map(drop),
        client.add_comment(comment(7, "hello")).await.map(drop),
    ] {
        let status = assert_refused(answer, Code::NotFound, reasons::TASK_NOT_FOUND);
        assert_eq!(metadata(&status), [("task_key".to_owned(), "7".to_owned())]);
    }
}

async fn whom_the_model_excludes_may_do_nothing(partitions: u32) {
    let world = World::new(partitions).await;
    let mut client = world.client.clone();
    let key = world
        .review(r#"{"excluded":["ann"],"groups":["clerks"],"users":["cat"]}"#)
        .await;
    let denied = Code::PermissionDenied;
    let by_group = client.claim_task(claim(key, "ann", &["clerks"])).await;
    let status = assert_refused(by_group, denied, reasons::USER_EXCLUDED);
    let expected = [("task_key", key.to_string()), ("user", "ann".to_owned())];
    assert_eq!(
        metadata(&status),
        expected.map(|(name, value)| (name.to_owned(), value))
    );
    let assigned = client.assign_task(assign(key, "ann", None)).await;
    assert_refused(assigned, denied, reasons::USER_EXCLUDED);
    assert_refused(
        world.complete(key, "ann").await,
        denied,
        reasons::USER_EXCLUDED,
    );
    let stranger = client.claim_task(claim(key, "ben", &["drivers"])).await;
    assert_refused(stranger, denied, reasons::NOT_A_CANDIDATE);
    client
        .claim_task(claim(key, "cat", &["drivers"]))
        .await
        .expect("a candidate by name");
}

async fn what_is_too_large_or_too_much_is_refused(partitions: u32) {
    let node = node::Config {
        command_bytes_max: 20_000,
        ..Default::default()
    };
    let config = Config {
        lists_max: 0,
        variables_bytes_max: 10_000,
        ..Config::default()
    };
    let world = World::with(partitions, node, config).await;
    let mut client = world.client.clone();
    let instance = world.create("claim", "{}").await;
    let find = world
        .node
        .first()
        .query(move |state| state.instance(instance).map(|found| found.elements.clone()));
    let elements = find.await.expect("a query").expect("an instance");
    let key = elements
        .iter()
        .map(|element| element.task)
        .find(|task| *task != 0)
        .expect("a task");
    world.claim(key, "ann").await.expect("claimed");
    let full = Code::ResourceExhausted;

    let mut request = complete(key, "ann");
    request.variables = format!(r#"{{"a":"{}"}}"#, "x".repeat(10_000));
    assert_refused(
        client.complete_task(request).await,
        Code::InvalidArgument,
        reasons::VARIABLES_TOO_LARGE,
    );
    let users = Some(NamesUpdate {
        names: vec!["x".repeat(1_000); 30],
    });
    let large = client
        .update_task(UpdateTaskRequest {
            candidate_users: users,
            ..update(key)
        })
        .await;
    let status = assert_refused(large, Code::InvalidArgument, reasons::COMMAND_TOO_LARGE);
    let names = metadata(&status).into_iter().map(|(name, _)| name);
    assert_eq!(names.collect::<Vec<_>>(), ["limit", "size"]);
    let busy = client.list_tasks(ListTasksRequest::default()).await;
    let status = assert_refused(busy, full, reasons::OVERLOADED);
    assert!(status.get_error_details().retry_info().is_some());
}

async fn the_records_of_a_task_are_bounded(partitions: u32) {
    let world = World::new(partitions).await;
    let key = world.review("{}").await;
    let mut comments = JoinSet::new();
    for number in 0..1_000 {
        let mut client = world.client.clone();
        comments.spawn(async move { client.add_comment(comment(key, &number.to_string())).await });
    }
    let answers = comments.join_all().await;
    // The creation is a record too.
    let refused = answers
        .into_iter()
        .filter_map(Result::err)
        .collect::<Vec<_>>();
    assert_eq!(refused.len(), 1, "{refused:?}");
    let code = (
        Code::ResourceExhausted,
        reasons::TASK_RECORDS_FULL.to_owned(),
    );
    assert_eq!(reason(&refused[0]), code);
    assert_eq!(world.task(key).await.comment_count, 999);
}

async fn what_the_journal_cannot_do_is_said(partitions: u32) {
    let world = World::new(partitions).await;
    let key = world.review("{}").await;
    let faults = journal::memory::Faults {
        append_full: 10_000,
        ..Default::default()
    };
    world.journal.set_faults(faults);
    assert_refused(
        world.claim(key, "ann").await,
        Code::ResourceExhausted,
        reasons::DISK_FULL,
    );
    world.journal.set_faults(journal::memory::Faults::default());
    world.claim(key, "ann").await.expect("there is space again");
    world.node.stop().await;
    let stopped = world.complete(key, "ann").await;
    assert_refused(stopped, Code::Unavailable, reasons::STOPPING);
}
