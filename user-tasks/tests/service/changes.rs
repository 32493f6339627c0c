//! What people do with a task, and what GetTask shows of it.

use proto::usertask::{
    AddCommentRequest, AssignTaskRequest, DateUpdate, GetTaskRequest, NamesUpdate, TaskState,
    UnclaimTaskRequest, UpdateTaskRequest,
};
use tokio::task::JoinSet;
use tonic::{Code, Request};

use crate::support::{
    World, claim, complete, connect, moment, names, offsets, on_one_and_on_three, reason,
};

on_one_and_on_three! {
    a_claim_goes_through_both_people,
    exactly_one_of_fifty_claims_wins,
    a_task_is_given_back_and_given_to_others,
    an_update_changes_what_is_present_and_nothing_else,
    the_metadata_names_who_the_request_does_not,
    a_repeated_request_gets_the_first_answer,
    a_request_id_of_another_task_is_refused,
    a_task_brings_its_form_and_what_it_sees,
}

async fn a_claim_goes_through_both_people(partitions: u32) {
    let world = World::new(partitions).await;
    let mut client = world.client.clone();
    let instance = world.create("claim", r#"{"order":{"amount":12.50}}"#).await;
    let review = world.open_task(instance).await;
    assert_eq!(
        (review.name.as_str(), review.element_id.as_str()),
        ("Review the claim", "review")
    );
    assert_eq!(
        (review.process_id.as_str(), review.process_name.as_str()),
        ("claim", "Insurance claim")
    );
    assert_eq!(
        (review.process_version, review.process_instance_key),
        (1, instance)
    );
    assert_eq!(
        (review.priority, review.created),
        (50, Some(moment(1_000_000)))
    );
    assert_eq!(
        (review.due, review.follow_up, review.ended),
        (None, None, None)
    );

    let (claimed, at_claim) = world.claim(review.key, "ann").await.expect("claimed");
    assert_eq!(claimed.assignee, "ann");
    world.journal.advance(5);
    let mut request = complete(review.key, "ann");
    request.variables = r#"{ "approved" : true, "sum": 10.00 }"#.to_owned();
    request.action = "approve".to_owned();
    let completed = client
        .complete_task(request)
        .await
        .expect("completed")
        .into_inner();
    assert!(offsets(&completed.position) > offsets(&at_claim));
    let completed = completed.task.expect("a task");
    assert_eq!(completed.state(), TaskState::Completed);
    assert_eq!(
        (completed.completed_by.as_str(), completed.action.as_str()),
        ("ann", "approve")
    );
    assert_eq!(completed.ended, Some(moment(1_000_005)));

    // Listed at once, with what the first one wrote.
    let pay = world.open_task(instance).await;
    assert_eq!(pay.element_id, "pay");
    let found = client.get_task(GetTaskRequest {
        task_key: pay.key,
        ..GetTaskRequest::default()
    });
    let found = found.await.expect("found").into_inner();
    assert_eq!(
        found.variables,
        r#"{"order":{"amount":12.50},"approved":true,"sum":10.00}"#
    );
    world.claim(pay.key, "ben").await.expect("claimed");
    world.complete(pay.key, "ben").await.expect("completed");
    let gone = client.get_task(GetTaskRequest {
        task_key: pay.key,
        ..GetTaskRequest::default()
    });
    assert_eq!(reason(&gone.await.expect_err("gone")).1, "TASK_NOT_FOUND");
}

async fn exactly_one_of_fifty_claims_wins(partitions: u32) {
    let world = World::new(partitions).await;
    for _ in 0..5 {
        let key = world.review("{}").await;
        let mut clients = Vec::new();
        for _ in 0..5 {
            clients.push(connect(&world.address).await);
        }
        let mut claims = JoinSet::new();
        for number in 0..50 {
            let mut client = clients[number % clients.len()].clone();
            let user = format!("user-{number}");
            claims.spawn(async move { (client.claim_task(claim(key, &user, &[])).await, user) });
        }
        let (mut winners, mut losers) = (Vec::new(), 0);
        for (answer, user) in claims.join_all().await {
            match answer {
                Ok(_) => winners.push(user),
                Err(status) => {
                    let expected = (Code::FailedPrecondition, "TASK_ALREADY_CLAIMED".to_owned());
                    assert_eq!(reason(&status), expected);
                    losers += 1;
                }
            }
        }
        assert_eq!((winners.len(), losers), (1, 49));
        assert_eq!(world.task(key).await.assignee, winners[0]);
    }
}

async fn a_task_is_given_back_and_given_to_others(partitions: u32) {
    let world = World::new(partitions).await;
    let mut client = world.client.clone();
    let key = world.review("{}").await;
    world.claim(key, "ann").await.expect("claimed");
    let unclaim = UnclaimTaskRequest {
        task_key: key,
        user: "ann".to_owned(),
        ..Default::default()
    };
    let given_back = client
        .unclaim_task(unclaim)
        .await
        .expect("unclaimed")
        .into_inner();
    assert_eq!(given_back.task.expect("a task").assignee, "");
    for (expected, assignee) in [
        (Some(""), "ben"),
        (Some("ben"), "cat"),
        (None, "dan"),
        (None, ""),
    ] {
        let assign = AssignTaskRequest {
            task_key: key,
            user: "lead".to_owned(),
            assignee: assignee.to_owned(),
            expected_assignee: expected.map(str::to_owned),
            ..Default::default()
        };
        let assigned = client
            .assign_task(assign)
            .await
            .expect("assigned")
            .into_inner();
        assert_eq!(assigned.task.expect("a task").assignee, assignee);
    }
}

async fn an_update_changes_what_is_present_and_nothing_else(partitions: u32) {
    let world = World::new(partitions).await;
    let mut client = world.client.clone();
    let key = world
        .review(r#"{"groups":["clerks"],"users":["ann"],"priority":10}"#)
        .await;
    let update = UpdateTaskRequest {
        task_key: key,
        user: "lead".to_owned(),
        due: Some(DateUpdate {
            date: Some(moment(86_400_123)),
        }),
        priority: Some(90),
        candidate_groups: Some(NamesUpdate {
            names: names(&["leads", "heads"]),
        }),
        ..Default::default()
    };
    let updated = client
        .update_task(update)
        .await
        .expect("updated")
        .into_inner()
        .task
        .expect("a task");
    assert_eq!(
        (updated.due, updated.follow_up),
        (Some(moment(86_400_123)), None)
    );
    assert_eq!(
        (updated.priority, updated.candidate_users),
        (90, names(&["ann"]))
    );
    assert_eq!(updated.candidate_groups, names(&["leads", "heads"]));
    let clear = UpdateTaskRequest {
        task_key: key,
        user: "lead".to_owned(),
        due: Some(DateUpdate { date: None }),
        follow_up: Some(DateUpdate {
            date: Some(moment(7_000)),
        }),
        candidate_users: Some(NamesUpdate::default()),
        ..Default::default()
    };
    let cleared = client
        .update_task(clear)
        .await
        .expect("updated")
        .into_inner()
        .task
        .expect("a task");
    assert_eq!(
        (cleared.due, cleared.follow_up),
        (None, Some(moment(7_000)))
    );
    assert_eq!((cleared.priority, cleared.candidate_users.len()), (90, 0));
    assert_eq!(cleared, world.task(key).await);
}

async fn the_metadata_names_who_the_request_does_not(partitions: u32) {
    let world = World::new(partitions).await;
    let mut client = world.client.clone();
    let key = world.review(r#"{"groups":["clerks"]}"#).await;
    let with = |groups: &'static str| {
        let mut request = Request::new(claim(key, "", &[]));
        request
            .metadata_mut()
            .insert("weir-user", "ann".parse().expect("ASCII"));
        request
            .metadata_mut()
            .insert("weir-groups", groups.parse().expect("ASCII"));
        request
    };
    let refused = client
        .claim_task(with("drivers, cooks"))
        .await
        .expect_err("no candidate");
    assert_eq!(
        reason(&refused),
        (Code::PermissionDenied, "NOT_A_CANDIDATE".to_owned())
    );
    let claimed = client
        .claim_task(with("drivers, clerks"))
        .await
        .expect("claimed")
        .into_inner();
    assert_eq!(claimed.task.expect("a task").assignee, "ann");
    let mut unclaim = Request::new(UnclaimTaskRequest {
        task_key: key,
        user: "ann".to_owned(),
        ..Default::default()
    });
    // The field counts.
    unclaim
        .metadata_mut()
        .insert("weir-user", "ben".parse().expect("ASCII"));
    client.unclaim_task(unclaim).await.expect("unclaimed");
}

async fn a_repeated_request_gets_the_first_answer(partitions: u32) {
    let world = World::new(partitions).await;
    let mut client = world.client.clone();
    let key = world.review("{}").await;
    let mut request = claim(key, "ann", &[]);
    request.request_id = "123e4567-e89b-12d3-a456-426614174000".to_owned();
    let first = client
        .claim_task(request.clone())
        .await
        .expect("claimed")
        .into_inner();
    let again = client
        .claim_task(request)
        .await
        .expect("the same answer")
        .into_inner();
    assert_eq!(first.task, again.task);
    let other = client
        .claim_task(claim(key, "ann", &[]))
        .await
        .expect_err("claimed already");
    assert_eq!(reason(&other).1, "TASK_ALREADY_CLAIMED");

    let mut comment = Request::new(AddCommentRequest {
        task_key: key,
        user: "ann".to_owned(),
        text: "once".to_owned(),
        ..Default::default()
    });
    let id = "00000000000000000000000000000001".parse().expect("ASCII");
    comment.metadata_mut().insert("weir-request-id", id);
    let (metadata, extensions, message) = comment.into_parts();
    for _ in 0..2 {
        let comment = Request::from_parts(metadata.clone(), extensions.clone(), message.clone());
        let commented = client
            .add_comment(comment)
            .await
            .expect("commented")
            .into_inner();
        assert_eq!(commented.task.expect("a task").comment_count, 1);
    }
    assert_eq!(world.task(key).await.comment_count, 1);
}

async fn a_request_id_of_another_task_is_refused(partitions: u32) {
    let world = World::new(partitions).await;
    let mut client = world.client.clone();
    let one = world.review("{}").await;
    // Ids are remembered by partition.
    let other = world.neighbour(one).await;
    for (key, is_taken) in [(one, true), (other, false)] {
        let mut request = claim(key, "ann", &[]);
        request.request_id = "123e4567-e89b-12d3-a456-426614174000".to_owned();
        let claimed = client
            .claim_task(request)
            .await
            .map_err(|status| reason(&status));
        let expected = (Code::InvalidArgument, "REQUEST_ID_REUSED".to_owned());
        assert_eq!(claimed.err(), (!is_taken).then_some(expected));
    }
    assert_eq!(world.task(other).await.assignee, "");
}

async fn a_task_brings_its_form_and_what_it_sees(partitions: u32) {
    let world = World::new(partitions).await;
    let mut client = world.client.clone();
    let review = world.review(r#"{"order":{"amount":1e2},"zip":"01"}"#).await;
    let get = |task_key, names_: &[&str]| GetTaskRequest {
        task_key,
        include_variables: names(names_),
        ..Default::default()
    };
    let found = client
        .get_task(get(review, &[]))
        .await
        .expect("found")
        .into_inner();
    let form = found.form.expect("a form");
    assert_eq!(form.form_key, "camunda-forms:bpmn:review-form");
    assert_eq!(form.embedded_json, r#"{"type":"default","components":[]}"#);
    assert_eq!(
        (form.form_id.as_str(), form.external_reference.as_str()),
        ("", "")
    );
    // The input mapping's local variable, too.
    assert_eq!(
        found.variables,
        r#"{"order":{"amount":1e2},"zip":"01","amount":1e2}"#
    );
    let some = client
        .get_task(get(review, &["amount", "zip", "none"]))
        .await
        .expect("found")
        .into_inner();
    assert_eq!(some.variables, r#"{"zip":"01","amount":1e2}"#);

    world.claim(review, "ann").await.expect("claimed");
    world.complete(review, "ann").await.expect("completed");
    let ended = client
        .get_task(get(review, &[]))
        .await
        .expect("found")
        .into_inner();
    assert_eq!(ended.variables, r#"{"order":{"amount":1e2},"zip":"01"}"#);
    let instance = ended.task.expect("a task").process_instance_key;
    let pay = world.open_task(instance).await;
    let form = client
        .get_task(get(pay.key, &[]))
        .await
        .expect("found")
        .into_inner()
        .form
        .expect("a form");
    assert_eq!(
        (form.form_key.as_str(), form.embedded_json.as_str()),
        ("plain", r#"{"type":"plain"}"#)
    );

    let ask = world.create("linked", "{}").await;
    let ask = world.open_task(ask).await;
    let form = client
        .get_task(get(ask.key, &[]))
        .await
        .expect("found")
        .into_inner()
        .form
        .expect("a form");
    assert_eq!((form.form_id.as_str(), ask.has_form), ("ask-form", true));
    let look = world.create("external", "{}").await;
    let look = world.open_task(look).await;
    let form = client
        .get_task(get(look.key, &[]))
        .await
        .expect("found")
        .into_inner()
        .form
        .expect("a form");
    assert_eq!(form.external_reference, "https://forms.example/look");

    let withdrawn = world.create("claim", r#"{"claimId":"c1"}"#).await;
    world.withdraw("c1").await;
    let file = world.open_task(withdrawn).await;
    assert_eq!((file.name.as_str(), file.has_form), ("file", false));
    assert_eq!(
        client
            .get_task(get(file.key, &[]))
            .await
            .expect("found")
            .into_inner()
            .form,
        None
    );
}
