//! Bad input: refused, with all fields that are wrong.

use prost_types::Timestamp;
use proto::usertask::{
    Candidate, DateUpdate, ListTasksRequest, NamesUpdate, Period, TaskFilter, UpdateTaskRequest,
    VariableFilter, WatchTasksRequest,
};
use tonic::Code;
use user_tasks::reason as reasons;

use crate::errors::{assert_refused, assign, comment, update};
use crate::support::{World, claim, complete, fields, moment, names, on_one_and_on_three};

on_one_and_on_three! {
    bad_input_names_its_fields,
    a_bad_filter_names_its_fields,
}

async fn bad_input_names_its_fields(partitions: u32) {
    let world = World::new(partitions).await;
    let mut client = world.client.clone();
    let key = world.review("{}").await;
    world.claim(key, "ann").await.expect("claimed");
    let bad = Code::InvalidArgument;
    let status = assert_refused(world.claim(key, " ").await, bad, reasons::USER_MISSING);
    assert_eq!(fields(&status), ["user"]);
    let long = "x".repeat(1_001);
    let status = assert_refused(world.claim(key, &long).await, bad, reasons::FIELD_INVALID);
    assert_eq!(fields(&status), ["user"]);
    let mut identified = claim(key, "", &[""]);
    identified.request_id = "not a UUID".to_owned();
    let several = client.claim_task(identified).await;
    let status = assert_refused(several, bad, reasons::FIELD_INVALID);
    assert_eq!(fields(&status), ["user", "groups", "request_id"]);

    for id in [
        "00000000000000000000000000000000",
        "1-23e4567e89b12d3a456426614174000",
    ] {
        let mut request = claim(key, "ann", &[]);
        request.request_id = id.to_owned();
        let refused = client.claim_task(request).await;
        let status = assert_refused(refused, bad, reasons::FIELD_INVALID);
        assert_eq!(fields(&status), ["request_id"]);
    }
    let mut foreign = tonic::Request::new(claim(key, "ann", &[]));
    let id = tonic::metadata::AsciiMetadataValue::try_from("Jürgen".as_bytes());
    let id = id.expect("opaque bytes");
    foreign.metadata_mut().insert("weir-request-id", id);
    let refused = client.claim_task(foreign).await;
    let status = assert_refused(refused, bad, reasons::FIELD_INVALID);
    assert_eq!(fields(&status), ["weir-request-id"]);

    for (variables, position) in [
        ("[1]", "column 1"),
        (r#"{"a":}"#, "column 6"),
        ("{\"a\":1,\n x}", "line 2"),
    ] {
        let mut request = complete(key, "ann");
        request.variables = variables.to_owned();
        let status = assert_refused(
            client.complete_task(request).await,
            bad,
            reasons::VARIABLES_INVALID,
        );
        assert_eq!(fields(&status), ["variables"]);
        assert!(status.message().contains(position), "{}", status.message());
    }
    let nothing = client.update_task(update(key)).await;
    assert_refused(nothing, bad, reasons::NOTHING_TO_UPDATE);
    for priority in [-1, 101] {
        let wrong = client
            .update_task(UpdateTaskRequest {
                priority: Some(priority),
                ..update(key)
            })
            .await;
        assert_eq!(
            fields(&assert_refused(wrong, bad, reasons::PRIORITY_INVALID)),
            ["priority"]
        );
    }
    for date in [
        moment(0),
        moment(-5),
        Timestamp {
            seconds: 1,
            nanos: -1,
        },
        Timestamp {
            seconds: i64::MAX,
            nanos: 0,
        },
    ] {
        let due = Some(DateUpdate { date: Some(date) });
        let wrong = client
            .update_task(UpdateTaskRequest { due, ..update(key) })
            .await;
        assert_eq!(
            fields(&assert_refused(wrong, bad, reasons::FIELD_INVALID)),
            ["due.date"]
        );
    }
    let many = NamesUpdate {
        names: vec!["x".to_owned(); 1_001],
    };
    let wrong = client
        .update_task(UpdateTaskRequest {
            candidate_users: Some(many),
            ..update(key)
        })
        .await;
    assert_eq!(
        fields(&assert_refused(wrong, bad, reasons::FIELD_INVALID)),
        ["candidate_users.names"]
    );
    let status = assert_refused(
        client.add_comment(comment(key, " ")).await,
        bad,
        reasons::COMMENT_EMPTY,
    );
    assert_eq!(fields(&status), ["text"]);
    let long = "x".repeat((16 << 10) + 1);
    assert_refused(
        client.add_comment(comment(key, &long)).await,
        bad,
        reasons::COMMENT_TOO_LONG,
    );
    let blank = client.assign_task(assign(key, " ", None)).await;
    assert_eq!(
        fields(&assert_refused(blank, bad, reasons::FIELD_INVALID)),
        ["assignee"]
    );
}

async fn a_bad_filter_names_its_fields(partitions: u32) {
    let world = World::new(partitions).await;
    let mut client = world.client.clone();
    let variable = |name: &str, value: &str| VariableFilter {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let filters = [
        (
            TaskFilter {
                states: vec![9],
                ..Default::default()
            },
            "filter.states",
        ),
        (
            TaskFilter {
                candidate: Some(Candidate::default()),
                ..Default::default()
            },
            "filter.candidate",
        ),
        (
            TaskFilter {
                due: Some(Period::default()),
                ..Default::default()
            },
            "filter.due",
        ),
        (
            TaskFilter {
                variables: vec![variable("a", "{")],
                ..Default::default()
            },
            "filter.variables",
        ),
        (
            TaskFilter {
                variables: vec![variable("", "1")],
                ..Default::default()
            },
            "filter.variables",
        ),
        (
            TaskFilter {
                variables: vec![variable("a", "1"); 21],
                ..Default::default()
            },
            "filter.variables",
        ),
        (
            TaskFilter {
                process_ids: names(&[""]),
                ..Default::default()
            },
            "filter.process_ids",
        ),
    ];
    for (filter, field) in filters {
        let listed = client
            .list_tasks(ListTasksRequest {
                filter: Some(filter),
                ..Default::default()
            })
            .await;
        assert_eq!(
            fields(&assert_refused(
                listed,
                Code::InvalidArgument,
                reasons::FIELD_INVALID
            )),
            [field]
        );
    }
    let priority = TaskFilter {
        priority_min: Some(101),
        priority_max: Some(-1),
        ..Default::default()
    };
    let request = ListTasksRequest {
        filter: Some(priority),
        ..Default::default()
    };
    let listed = client.list_tasks(request).await;
    let status = assert_refused(listed, Code::InvalidArgument, reasons::PRIORITY_INVALID);
    assert_eq!(
        fields(&status),
        ["filter.priority_min", "filter.priority_max"]
    );
    let claimable_by = TaskFilter {
        claimable_by: Some(Candidate::default()),
        ..Default::default()
    };
    let listed = client
        .list_tasks(ListTasksRequest {
            filter: Some(claimable_by),
            ..Default::default()
        })
        .await;
    let status = assert_refused(listed, Code::InvalidArgument, reasons::USER_MISSING);
    assert_eq!(fields(&status), ["filter.claimable_by.user"]);
    let listed = client
        .list_tasks(ListTasksRequest {
            sort_by: 9,
            direction: 9,
            ..Default::default()
        })
        .await;
    let status = assert_refused(listed, Code::InvalidArgument, reasons::FIELD_INVALID);
    assert_eq!(fields(&status), ["sort_by", "direction"]);
    let variables = TaskFilter {
        variables: vec![variable("a", "1")],
        ..Default::default()
    };
    let watched = client
        .watch_tasks(WatchTasksRequest {
            filter: Some(variables),
            ..Default::default()
        })
        .await;
    let status = assert_refused(watched, Code::InvalidArgument, reasons::FIELD_INVALID);
    assert_eq!(fields(&status), ["filter.variables"]);
}
