//! The narrator: looks at the instances again and again, and tells what is new in their stories.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use proto::admin as api;

use super::rounds::Round;
use super::{PROCESS_ID, Stage, closing, people, sentence};
use crate::failure::Failure;
use crate::moment;

const LIVE_MAX: u32 = 100;

/// How far an instance's story has been told.
#[derive(Default)]
struct Told {
    label: String,
    through: u64,
    is_ended: bool,
}

/// Tells until all claims of the round have ended; without `--auto` for ever.
pub async fn tell(stage: &Arc<Stage>, round: &Round) -> Result<(), Failure> {
    let mut told: BTreeMap<u64, Told> = BTreeMap::new();
    let mut answered = HashSet::new();
    let earlier = round.instances();
    for (&number, &key) in &earlier {
        let mark = resume(stage, &round.claims[number].id, key).await?;
        told.insert(key, mark);
    }
    let mut says_over = true;
    loop {
        for (number, key) in round.instances() {
            let mark = told.entry(key).or_default();
            mark.label.clone_from(&round.claims[number].id);
        }
        if !stage.auto {
            for key in live(stage).await? {
                told.entry(key).or_default();
            }
        }
        for (&key, mark) in &mut told {
            if !mark.is_ended {
                follow(stage, key, mark, &mut answered).await?;
            }
        }
        let is_over = round.instances().len() == round.claims.len()
            && told.values().all(|mark| mark.is_ended);
        if is_over && stage.auto {
            return Ok(());
        }
        if is_over && says_over {
            closing::show(stage, round).await?;
            stage.say(super::guide::goodbye(stage)).await;
            says_over = false;
        }
        super::pause(0.1).await;
    }
}

/// Says where a claim of an earlier run stands.
async fn resume(stage: &Stage, label: &str, key: u64) -> Result<Told, Failure> {
    let found = fetch(stage, key).await?;
    let instance = found.instance.clone().unwrap_or_default();
    let is_ended = instance.ended_ms > 0;
    let paint = stage.output.paint();
    let what = if is_ended {
        format!("had ended: {}", sentence::outcome(&found).0)
    } else {
        format!("goes on at {}", instance.active_elements.join(", "))
    };
    let at = moment::now_ms();
    let line = sentence::line(paint, at, label, "Claim", "", &paint.faint(&what));
    stage.say(line).await;
    Ok(Told {
        label: label.to_owned(),
        through: found.story.last().map_or(0, |event| event.offset),
        is_ended,
    })
}

async fn live(stage: &Stage) -> Result<Vec<u64>, Failure> {
    let request = api::ListInstancesRequest {
        process_id: PROCESS_ID.to_owned(),
        states: vec![
            api::InstanceState::Active.into(),
            api::InstanceState::Incident.into(),
        ],
        page_size: LIVE_MAX,
        page_token: String::new(),
    };
    let reply = stage.client.admin().list_instances(request).await;
    let reply = reply.map_err(stage.client.failure())?.into_inner();
    Ok(reply.instances.iter().map(|summary| summary.key).collect())
}

async fn follow(
    stage: &Arc<Stage>,
    key: u64,
    mark: &mut Told,
    answered: &mut HashSet<u64>,
) -> Result<(), Failure> {
    let found = fetch(stage, key).await?;
    if mark.label.is_empty() {
        let variables = sentence::root_variables(&found);
        let claim = variables["claimId"].as_str().map(str::to_owned);
        mark.label = claim.unwrap_or_else(|| key.to_string());
    }
    let paint = stage.output.paint();
    for event in found
        .story
        .iter()
        .filter(|event| event.offset > mark.through)
    {
        if let Some(line) = sentence::of_event(paint, &mark.label, event, &found) {
            stage.say(line).await;
        }
    }
    mark.through = found
        .story
        .last()
        .map_or(mark.through, |event| event.offset);
    mark.is_ended = found
        .instance
        .as_ref()
        .is_some_and(|instance| instance.ended_ms > 0);
    for awaited in &found.subscriptions {
        if awaited.message_name == "documents-received" && answered.insert(awaited.key) {
            let (stage, label) = (Arc::clone(stage), mark.label.clone());
            tokio::spawn(people::send_documents(stage, label, awaited.clone()));
        }
    }
    Ok(())
}

pub async fn fetch(stage: &Stage, key: u64) -> Result<api::GetInstanceResponse, Failure> {
    let request = api::GetInstanceRequest {
        instance_key: key,
        without_story: false,
    };
    let reply = stage.client.admin().get_instance(request).await;
    Ok(reply.map_err(stage.client.failure())?.into_inner())
}
