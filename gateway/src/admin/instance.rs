//! One instance, running or ended, with its story.

use engine::Executable;
use node::{Node, Story};
use prost::Message;
use proto::admin::{
    GetInstanceRequest, GetInstanceResponse, InstanceState, InstanceSummary, TakenFlow,
};
use proto::record::{HistoryBatch, Instance, event::Kind as Fact};
use rustc_hash::FxHashSet;
use tonic::Status;

use super::fold::Fold;
use super::live::{self, FindInstance, Live};
use super::{failed, instances, not_found};

pub(super) async fn get(
    node: &Node,
    request: &GetInstanceRequest,
    bytes_max: usize,
) -> Result<GetInstanceResponse, Status> {
    let key = request.instance_key;
    let asked = node.home(key).ask(FindInstance { key }).await;
    let (live, offset) = asked.map_err(failed)?;
    let mut story = node.history(key).await.map_err(failed)?;
    if live.summary.is_some() {
        // What has happened since the state was asked would not fit to it.
        story.batches.retain(|batch| batch.offset <= offset);
    }
    let mut found = match live.summary.clone() {
        Some(summary) => {
            let executable = node.executable(summary.definition_key).await;
            let executable = executable.map_err(failed)?;
            running(summary, live, executable.as_deref(), &story)
        }
        None => ended(node, key, &story).await?,
    };
    found.is_truncated |= story.is_cut;
    if request.without_story {
        found.story.clear();
    }
    fit(&mut found, bytes_max);
    Ok(found)
}

fn running(
    summary: InstanceSummary,
    live: Live,
    executable: Option<&Executable>,
    story: &Story,
) -> GetInstanceResponse {
    let mut fold = Fold::new(executable);
    story.batches.iter().for_each(|batch| fold.add(batch));
    for element in &live.elements {
        // Known from the history, unless that has lost its beginning.
        let (key, scope) = (element.key, element.scope);
        fold.runs.begin(key, element.node, scope, element.since_ms);
    }
    let mut found = folded(summary, fold, executable);
    add_missing(&mut found.user_tasks, live.user_tasks, |task| task.key);
    add_missing(&mut found.incidents, live.incidents, |incident| {
        incident.key
    });
    GetInstanceResponse {
        waiting_tokens: live.waiting_tokens,
        variables: live.variables,
        jobs: live.jobs,
        timers: live.timers,
        subscriptions: live.subscriptions,
        is_truncated: found.is_truncated || live.is_cut,
        ..found
    }
}

/// Adds what the history did not tell, since it has lost its beginning.
fn add_missing<T>(told: &mut Vec<T>, present: Vec<T>, key: impl Fn(&T) -> u64) {
    let known = told.iter().map(&key).collect::<FxHashSet<_>>();
    told.extend(
        present
            .into_iter()
            .filter(|entry| !known.contains(&key(entry))),
    );
    told.sort_by_key(key);
}

async fn ended(node: &Node, key: u64, story: &Story) -> Result<GetInstanceResponse, Status> {
    let summary = match created(&story.batches) {
        Some(created) => Some(of_creation(created)),
        None => of_end(node, key, &story.batches).await?,
    };
    let Some(summary) = summary else {
        let message = format!("no instance has the key {key}, or its history has expired");
        return Err(not_found("INSTANCE_NOT_FOUND", message));
    };
    let executable = node.executable(summary.definition_key).await;
    let executable = executable.map_err(failed)?;
    let executable = executable.as_deref();
    let mut fold = Fold::new(executable);
    story.batches.iter().for_each(|batch| fold.add(batch));
    // Without its end in the history the instance is one that ends at this moment.
    let (state, ended_ms) = fold.ended.unwrap_or((InstanceState::Active, 0));
    let mut summary = InstanceSummary {
        state: state.into(),
        ended_ms,
        ..summary
    };
    if let Some(model) = executable {
        summary.process_id = live::process_id(executable);
        summary.version = model.version;
        summary.process_name = live::name_of(model);
    }
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

fn of_creation(created: &Instance) -> InstanceSummary {
    let (created_by, tags) = live::origin(created);
    InstanceSummary {
        key: created.key,
        definition_key: created.definition_key,
        created_ms: created.created_ms,
        created_by,
        tags,
        ..InstanceSummary::default()
    }
}

/// What the list of ended instances has of one whose history has lost its beginning.
async fn of_end(
    node: &Node,
    key: u64,
    history: &[HistoryBatch],
) -> Result<Option<InstanceSummary>, Status> {
    let is_end = |batch: &&HistoryBatch| {
        batch.events.iter().any(|event| {
            matches!(
                event.kind,
                Some(Fact::InstanceCompleted(_) | Fact::InstanceCanceled(_))
            )
        })
    };
    let Some(end) = history.iter().rev().find(is_end) else {
        return Ok(None);
    };
    let listed = node.ended(Some((end.at_ms, key.saturating_add(1))), 1);
    let listed = listed.await.map_err(failed)?.into_iter();
    let mut listed = listed.filter(|ended| ended.key == key);
    Ok(listed.next().map(instances::summary))
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
    let tasks = fold.tasks.values().map(|task| live::user_task(task, model));
    let is_truncated = fold.story.is_truncated || fold.is_cut;
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

/// Leaves out the beginning of the story, then of the runs and of the other lists, until a message holds the rest.
fn fit(found: &mut GetInstanceResponse, bytes_max: usize) {
    // Ends: each turn halves a list, and none has more than some thousand entries.
    while found.encoded_len() > bytes_max {
        let is_halved = halve(&mut found.story)
            || halve(&mut found.elements)
            || halve(&mut found.user_tasks)
            || halve(&mut found.incidents)
            || halve(&mut found.jobs)
            || halve(&mut found.timers)
            || halve(&mut found.subscriptions)
            || halve(&mut found.waiting_tokens)
            || halve(&mut found.variables)
            || halve(&mut found.flows);
        if !is_halved {
            return;
        }
        found.is_truncated = true;
    }
}

/// Leaves out the first half; false when nothing is there.
fn halve<T>(entries: &mut Vec<T>) -> bool {
    let half = entries.len().div_ceil(2);
    entries.drain(..half);
    half > 0
}

#[cfg(test)]
mod tests {
    use proto::admin::{ElementRun, Incident, Job, Subscription, Timer, UserTask, WaitingToken};

    use super::*;

    #[test]
    fn whichever_list_is_long_a_message_holds_the_answer() {
        let long = "x".repeat(1_000);
        let text = || long.clone();
        let mut found = GetInstanceResponse {
            instance: Some(InstanceSummary::default()),
            ..GetInstanceResponse::default()
        };
        for key in 0..100 {
            found.elements.push(ElementRun {
                key,
                name: text(),
                ..ElementRun::default()
            });
            found.user_tasks.push(UserTask {
                candidate_users: vec![text()],
                ..UserTask::default()
            });
            found.incidents.push(Incident {
                message: text(),
                ..Incident::default()
            });
            found.jobs.push(Job {
                error_message: text(),
                ..Job::default()
            });
            found.timers.push(Timer {
                element_id: text(),
                ..Timer::default()
            });
            found.subscriptions.push(Subscription {
                correlation_key: text(),
                ..Subscription::default()
            });
            found.waiting_tokens.push(WaitingToken {
                flow_id: text(),
                ..WaitingToken::default()
            });
        }
        for bytes_max in [650_000, 300_000, 10_000, 100] {
            fit(&mut found, bytes_max);
            assert!(found.encoded_len() <= bytes_max, "{bytes_max}");
            assert!(found.is_truncated && found.instance.is_some());
        }
    }
}
