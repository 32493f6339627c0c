//! The people: adjusters, leads and accounting watch their tasks; the customer sends what was asked for.

use std::collections::HashSet;
use std::sync::Arc;

use proto::admin;
use proto::gateway::PublishMessageRequest;
use proto::usertask as api;
use proto::usertask::watch_tasks_response::Event;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::cast::{self, Act};
use super::{PROCESS_ID, Stage, guide, sentence};
use crate::moment;
use crate::variables::value;

/// Lets the people watch for tasks; they go home when the result is dropped.
pub fn start(stage: &Arc<Stage>) -> JoinSet<()> {
    let mut people = JoinSet::new();
    people.spawn(watch(Arc::clone(stage)));
    people
}

async fn watch(stage: Arc<Stage>) {
    let mut seen = HashSet::new();
    let mut busy = JoinSet::new();
    loop {
        let request = api::WatchTasksRequest {
            filter: Some(api::TaskFilter {
                process_ids: vec![PROCESS_ID.to_owned()],
                ..Default::default()
            }),
            from_position: String::new(),
        };
        if let Ok(reply) = stage.client.tasks().watch_tasks(request).await {
            let mut events = reply.into_inner();
            while let Ok(Some(event)) = events.message().await {
                while busy.try_join_next().is_some() {}
                if let Some(Event::Present(task) | Event::Changed(task)) = event.event
                    && seen.insert(task.key)
                {
                    busy.spawn(meet(Arc::clone(&stage), task));
                }
            }
        }
        // The server restores: watch again.
        super::pause(0.2).await;
    }
}

/// Somebody of the cast does the task, or the reader is told how; what fails is tried again for a while.
async fn meet(stage: Arc<Stage>, task: api::Task) {
    const TRIES_MAX: usize = 20;
    for _ in 0..TRIES_MAX {
        let Err(status) = attend(&stage, task.key).await else {
            return;
        };
        tracing::debug!(task = task.key, %status, "a task could not be done");
        super::pause(0.5).await;
    }
    tracing::warn!(task = task.key, "a task was given up");
}

/// Goes by what the task is now: a call that failed before may have done its work.
async fn attend(stage: &Stage, key: u64) -> Result<(), Status> {
    let request = api::GetTaskRequest {
        task_key: key,
        include_variables: Vec::new(),
        min_position: String::new(),
    };
    let found = match stage.client.tasks().get_task(request).await {
        Ok(found) => found.into_inner(),
        Err(gone) if gone.code() == Code::NotFound => return Ok(()),
        Err(status) => return Err(status),
    };
    let is_open = |task: &api::Task| task.state() == api::TaskState::Created;
    let Some(task) = found.task.filter(is_open) else {
        return Ok(());
    };
    let variables = value(&found.variables);
    match cast::act(&task.element_id, &variables, stage.auto) {
        None if stage.auto => Ok(()),
        None => {
            stage.say(guide::your_turn(stage, &task, &variables)).await;
            Ok(())
        }
        Some(act) => perform(stage, &task, &act, &variables).await,
    }
}

async fn perform(
    stage: &Stage,
    task: &api::Task,
    act: &Act,
    variables: &Value,
) -> Result<(), Status> {
    let mut tasks = stage.client.tasks();
    super::pause(0.8).await;
    if task.assignee.is_empty() {
        if let Some(refused) = act.refused {
            let reply = tasks.claim_task(claim(task, refused, act)).await;
            if let Err(status) = reply {
                stage
                    .say(refusal(stage, task, refused, &status, variables))
                    .await;
            }
            super::pause(0.8).await;
        }
        tasks.claim_task(claim(task, act.who, act)).await?;
    }
    super::pause(0.6).await;
    let mut given = act.variables.clone();
    given["comment"] = Value::from(act.comment);
    let request = api::CompleteTaskRequest {
        task_key: task.key,
        user: act.who.to_owned(),
        variables: given.to_string(),
        action: act.action.to_owned(),
        request_id: String::new(),
    };
    tasks.complete_task(request).await.map(|_| ())
}

fn claim(task: &api::Task, who: &str, act: &Act) -> api::ClaimTaskRequest {
    api::ClaimTaskRequest {
        task_key: task.key,
        user: who.to_owned(),
        groups: act.groups.iter().map(|&group| group.to_owned()).collect(),
        request_id: String::new(),
    }
}

fn refusal(
    stage: &Stage,
    task: &api::Task,
    who: &str,
    status: &Status,
    variables: &Value,
) -> String {
    let reason = status
        .get_details_error_info()
        .map(|info| info.reason)
        .unwrap_or_default();
    let text = format!(
        "may not: {} ({reason})",
        status.message().trim_end_matches('.')
    );
    let label = variables["claimId"].as_str().unwrap_or_default();
    let paint = stage.output.paint();
    sentence::line(
        paint,
        moment::now_ms(),
        label,
        &task.name,
        who,
        &paint.warn(&text),
    )
}

/// The customer answers what the claim waits for, after a look into the attic.
pub async fn send_documents(stage: Arc<Stage>, claim: String, awaited: admin::Subscription) {
    super::pause(1.0).await;
    let request = PublishMessageRequest {
        name: awaited.message_name,
        correlation_key: awaited.correlation_key,
        // The claim waits for it now; and the id keeps a second one from being taken.
        time_to_live: 10_000,
        message_id: format!("{claim}-{}", awaited.key),
        variables: json!({ "documents": ["roof-1.jpg", "roof-2.jpg"] }).to_string(),
        tenant_id: String::new(),
    };
    if let Err(status) = stage.client.gateway().publish_message(request).await {
        tracing::debug!(%claim, %status, "the documents could not be sent");
    }
}
