//! Who did what to a task, when.

use proto::usertask::{
    AddCommentRequest, AssignTaskRequest, GetTaskHistoryRequest, HistoryEntry, UnclaimTaskRequest,
    UpdateTaskRequest, history_entry::What,
};

use crate::support::{World, complete, on_one_and_on_three, reason};

on_one_and_on_three! {
    a_history_tells_everything_and_outlives_its_instance,
    the_process_takes_a_task_back,
}

fn told(entries: &[HistoryEntry]) -> Vec<String> {
    let entries = entries.iter().map(|entry| {
        let at = entry.at.expect("a time");
        let what = match entry.what.as_ref().expect("what") {
            What::Created(created) => format!("created {}", created.assignee),
            What::Claimed(_) => "claimed".to_owned(),
            What::Unclaimed(_) => "unclaimed".to_owned(),
            What::Assigned(assigned) => format!("assigned {}", assigned.assignee),
            What::Updated(updated) => format!("updated {}", updated.fields.join(" ")),
            What::Commented(commented) => format!("commented {}", commented.text),
            What::Completed(completed) => format!("completed {}", completed.action),
            What::Canceled(_) => "canceled".to_owned(),
        };
        let line = format!("{} {} {what}", at.seconds, entry.user);
        line.trim_end().to_owned()
    });
    entries.collect()
}

async fn a_history_tells_everything_and_outlives_its_instance(partitions: u32) {
    let world = World::new(partitions).await;
    let mut client = world.client.clone();
    let instance = world.create("claim", r#"{"assignee":"zoe"}"#).await;
    let key = world.open_task(instance).await.key;
    let user = "ann".to_owned();
    world.journal.advance(1_000);
    let unclaim = UnclaimTaskRequest {
        task_key: key,
        user: "zoe".to_owned(),
        ..Default::default()
    };
    client.unclaim_task(unclaim).await.expect("unclaimed");
    world.journal.advance(1_000);
    world.claim(key, "ann").await.expect("claimed");
    let assign = AssignTaskRequest {
        task_key: key,
        user: "lead".to_owned(),
        assignee: user.clone(),
        ..Default::default()
    };
    client.assign_task(assign).await.expect("assigned");
    let update = UpdateTaskRequest {
        task_key: key,
        user: "lead".to_owned(),
        priority: Some(3),
        candidate_groups: Some(Default::default()),
        ..Default::default()
    };
    client.update_task(update).await.expect("updated");
    let comment = AddCommentRequest {
        task_key: key,
        user,
        text: "Looks\ngood".to_owned(),
        ..Default::default()
    };
    client.add_comment(comment).await.expect("commented");
    let mut approve = complete(key, "ann");
    approve.action = "approve".to_owned();
    client.complete_task(approve).await.expect("completed");

    let expected = [
        "1000  created zoe",
        "1001 zoe unclaimed",
        "1002 ann claimed",
        "1002 lead assigned ann",
        "1002 lead updated priority candidate_groups",
        "1002 ann commented Looks\ngood",
        "1002 ann completed approve",
    ];
    let request = |process_instance_key| GetTaskHistoryRequest {
        task_key: key,
        process_instance_key,
        ..Default::default()
    };
    let live = client
        .get_task_history(request(0))
        .await
        .expect("a history")
        .into_inner();
    assert_eq!(told(&live.entries), expected);

    let pay = world.open_task(instance).await.key;
    world.claim(pay, "ben").await.expect("claimed");
    world.complete(pay, "ben").await.expect("completed");
    let ended = client
        .get_task_history(request(instance))
        .await
        .expect("a history")
        .into_inner();
    assert_eq!(told(&ended.entries), expected);
    let unknown = client
        .get_task_history(request(0))
        .await
        .expect_err("which instance?");
    assert_eq!(reason(&unknown).1, "TASK_NOT_FOUND");
}

async fn the_process_takes_a_task_back(partitions: u32) {
    let world = World::new(partitions).await;
    let key = world.review(r#"{"claimId":"c1"}"#).await;
    world.withdraw("c1").await;
    let request = GetTaskHistoryRequest {
        task_key: key,
        ..Default::default()
    };
    let history = world
        .client
        .clone()
        .get_task_history(request)
        .await
        .expect("a history")
        .into_inner();
    assert_eq!(told(&history.entries), ["1000  created", "1000  canceled"]);
}
