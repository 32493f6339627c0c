//! One instance, running or ended, with its story.

use engine::Executable;
use node::Node;
use prost::Message;
use proto::admin::{
    GetInstanceRequest, GetInstanceResponse, InstanceState, InstanceSummary, TakenFlow, UserTask,
};
use proto::record::{self, HistoryBatch, Instance, event::Kind as Fact};
use tonic::Status;

use super::fold::Fold;
use super::live::{self, Live};
use super::{failed, not_found};

pub(super) async fn get(
    node: &Node,
    request: &GetInstanceRequest,
    bytes_max: usize,
) -> Result<GetInstanceResponse, Status> {
    let key = request.instance_key;
    let queried = node.first().query_at(move |state| live::instance(state, key)).await;
    let (live, offset) = queried.map_err(failed)?;
    let mut history = node.history(key).await.map_err(failed)?;
    if live.is_some() {
        // What has happened since the state was asked would not fit to it.
        history.retain(|batch| batch.offset <= offset);
    }
    let mut found = match live {
        Some(live) => running(live, &history),
        None => ended(node, key, &history).await?,
    };
    if request.without_story {
        found.story.clear();
    }
    fit(&mut found, bytes_max);
    Ok(found)
}

fn running(live: Live, history: &[HistoryBatch]) -> GetInstanceResponse {
    let executable = live.executable.as_deref();
    let mut fold = Fold::new(executable);
    history.iter().for_each(|batch| fold.add(batch));
    for element in &live.elements {
        // Known from the history, unless that has lost its beginning.
        let (key, scope) = (element.key, element.scope);
        fold.runs.begin(key, element.node, scope, element.since_ms);
    }
    GetInstanceResponse {
        waiting_tokens: live.waiting_tokens,
        variables: live.variables,
        jobs: live.jobs,
        timers: live.timers,
        subscriptions: live.subscriptions,
        ..folded(live.summary, fold, executable)
    }
}

async fn ended(
    node: &Node,
    key: u64,
    history: &[HistoryBatch],
) -> Result<GetInstanceResponse, Status> {
    let Some(created) = created(history) else {
        let message = format!("no instance has the key {key}, or its history has expired");
        return Err(not_found("INSTANCE_NOT_FOUND", message));
    };
    let definition = created.definition_key;
    let executable = node.first().query(move |state| state.executable(definition).cloned());
    let executable = executable.await.map_err(failed)?;
    let executable = executable.as_deref();
    let mut fold = Fold::new(executable);
    history.iter().for_each(|batch| fold.add(batch));
    let summary = summary(created, &fold, executable);
    Ok(folded(summary, fold, executable))
}

fn created(history: &[HistoryBatch]) -> Option<&Instance> {
    let events = history.iter().flat_map(|batch| &batch.events);
    let created = events.filter_map(|event| match &event.kind {
        Some(Fact::InstanceCreated(created)) => created.instance.as_ref(),
        Some(_) | None => None,
    });
    created.into_iter().next()
}

fn summary(created: &Instance, fold: &Fold<'_>, model: Option<&Executable>) -> InstanceSummary {
    // Without its end in the history the instance is one that ends at this moment.
    let (state, ended_ms) = fold.ended.unwrap_or((InstanceState::Active, 0));
    InstanceSummary {
        key: created.key,
        definition_key: created.definition_key,
        process_id: model.map_or_else(String::new, |model| model.process_id.to_string()),
        version: model.map_or(0, |model| model.version),
        process_name: model.map_or_else(String::new, live::name_of),
        state: state.into(),
        created_ms: created.created_ms,
        ended_ms,
        created_by: created.created_by.clone(),
        tags: created.tags.clone(),
        open_incidents: 0,
        active_elements: Vec::new(),
    }
}

fn folded(
    instance: InstanceSummary,
    fold: Fold<'_>,
    model: Option<&Executable>,
) -> GetInstanceResponse {
    let flows = fold.flows.iter().map(|(flow, count)| TakenFlow {
        flow_id: live::flow_id(model, *flow),
        count: *count,
    });
    let flows = flows.collect();
    let tasks = fold.tasks.into_values().map(|task| shown(task, model));
    let is_truncated = fold.story.is_truncated;
    let (elements, is_cut) = fold.runs.into_vec();
    GetInstanceResponse {
        instance: Some(instance),
        elements,
        flows,
        incidents: fold.incidents.into_values().collect(),
        user_tasks: tasks.collect(),
        story: fold.story.into_vec(),
        is_truncated: is_truncated || is_cut,
        ..GetInstanceResponse::default()
    }
}

fn shown(task: record::UserTask, model: Option<&Executable>) -> UserTask {
    UserTask {
        key: task.key,
        element_key: task.element,
        element_id: live::element_id(model, task.node),
        state: task.state().as_str_name().to_owned(),
        assignee: task.assignee,
        candidate_users: task.candidate_users,
        candidate_groups: task.candidate_groups,
        due_ms: task.due_ms,
        priority: task.priority,
        created_ms: task.created_ms,
        ended_ms: task.ended_ms,
        completed_by: task.completed_by,
        action: task.action,
    }
}

/// Leaves out the beginning of the story, then of the runs, until a message holds the rest.
fn fit(found: &mut GetInstanceResponse, bytes_max: usize) {
    // Ends: each turn halves a list, and neither has more than a few thousand entries.
    while found.encoded_len() > bytes_max {
        if !found.story.is_empty() {
            let half = found.story.len().div_ceil(2);
            found.story.drain(..half);
        } else if !found.elements.is_empty() {
            let half = found.elements.len().div_ceil(2);
            found.elements.drain(..half);
        } else {
            return;
        }
        found.is_truncated = true;
    }
}
