//! Which claims belong to this run: those of an earlier run that have not ended, or new ones.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use proto::admin as api;
use proto::gateway::CreateProcessInstanceRequest;

use super::cast::{Claim, place};
use super::{PROCESS_ID, Stage};
use crate::failure::Failure;

/// The newest instances that are looked at; a round is a handful.
const INSTANCES_MAX: u32 = 200;

/// The claims of a run, and the instances of those that were started.
pub struct Round {
    pub claims: Vec<Claim>,
    /// Some were started by an earlier run.
    pub is_continued: bool,
    instances: Mutex<BTreeMap<usize, u64>>,
}

impl Round {
    /// Instances by the number of their claim.
    pub fn instances(&self) -> BTreeMap<usize, u64> {
        match self.instances.lock() {
            Ok(instances) => instances.clone(),
            // Nothing that holds the lock can leave the map half-changed.
            Err(poisoned) => poisoned.into_inner().clone(),
        }
    }

    fn started(&self, number: usize, key: u64) {
        match self.instances.lock() {
            Ok(mut instances) => instances.insert(number, key),
            Err(poisoned) => poisoned.into_inner().insert(number, key),
        };
    }
}

/// The last round when something of it is left to do, else the next one.
pub async fn find(stage: &Stage) -> Result<Round, Failure> {
    let request = api::ListInstancesRequest {
        process_id: PROCESS_ID.to_owned(),
        page_size: INSTANCES_MAX,
        ..Default::default()
    };
    let reply = stage.client.admin().list_instances(request).await;
    let found = reply
        .map_err(stage.client.failure())?
        .into_inner()
        .instances;
    let mut rounds: BTreeMap<u32, BTreeMap<usize, (u64, bool)>> = BTreeMap::new();
    for summary in &found {
        if let Some((round, number)) = place(&tags(stage, summary).await?) {
            let is_ended = summary.ended_ms > 0;
            let claims = rounds.entry(round).or_default();
            claims.insert(number, (summary.key, is_ended));
        }
    }
    let Some((&last, started)) = rounds.last_key_value() else {
        return Ok(round(1, BTreeMap::new()));
    };
    let claims = Claim::of_round(last);
    let is_over = started.len() == claims.len() && started.values().all(|&(_, ended)| ended);
    if is_over {
        return Ok(round(last + 1, BTreeMap::new()));
    }
    let instances = started.iter().map(|(&number, &(key, _))| (number, key));
    Ok(round(last, instances.collect()))
}

fn round(number: u32, instances: BTreeMap<usize, u64>) -> Round {
    Round {
        claims: Claim::of_round(number),
        is_continued: !instances.is_empty(),
        instances: Mutex::new(instances),
    }
}

/// The list does not give the tags of ended instances.
async fn tags(stage: &Stage, summary: &api::InstanceSummary) -> Result<Vec<String>, Failure> {
    if !summary.tags.is_empty() || summary.ended_ms == 0 {
        return Ok(summary.tags.clone());
    }
    let request = api::GetInstanceRequest {
        instance_key: summary.key,
        without_story: true,
    };
    match stage.client.admin().get_instance(request).await {
        Ok(reply) => Ok(reply.into_inner().instance.unwrap_or_default().tags),
        // Expired since it was listed.
        Err(status) if status.code() == tonic::Code::NotFound => Ok(Vec::new()),
        Err(status) => Err(stage.client.failure()(status)),
    }
}

/// Registers the claims that are missing, one after the other: after a crash the server knows which were.
pub async fn start_missing(stage: &Arc<Stage>, round: &Round) -> Result<(), Failure> {
    for (number, claim) in round.claims.iter().enumerate() {
        if round.instances().contains_key(&number) {
            continue;
        }
        let request = CreateProcessInstanceRequest {
            bpmn_process_id: PROCESS_ID.to_owned(),
            version: -1,
            variables: claim.variables(stage.auto).to_string(),
            tags: vec!["demo".to_owned(), claim.tag()],
            ..Default::default()
        };
        let reply = stage
            .client
            .gateway()
            .create_process_instance(request)
            .await;
        let reply = reply.map_err(stage.client.failure())?.into_inner();
        let key = u64::try_from(reply.process_instance_key).unwrap_or_default();
        round.started(number, key);
        super::pause(0.4).await;
    }
    Ok(())
}
