//! What the clients of a run are and what they are to do.

use bytes::Bytes;
use engine::State;
use fastrand::Rng;
use proto::record::deploy_resources::Resource;
use proto::record::{
    BroadcastSignal, CreateInstance, DeployResources, PublishMessage, command::Kind,
};

use super::client::Client;
use super::roles::{Role, Worker};
use crate::oracle::{self, Case};

/// A process with a job, a task, a message, a signal, timers, a race of events, a decision, another job, and records for topics.
const MODEL: &str = include_str!("errand.bpmn");
/// The decision draws random numbers.
const DECISIONS: &str = include_str!("errand.dmn");
pub const ERRAND: &str = "errand";
pub const PACK: &str = "pack";
pub const SHIP: &str = "ship";
/// The error that the first job may throw.
pub const TROUBLE: &str = "TROUBLE";
/// Messages wait for whoever comes late.
const TTL_MS: i64 = 3_600_000;

/// The clients, and the oracle's case that one of them follows: not with jumps of the clock.
pub fn clients(random: &mut Rng) -> (Vec<Client>, Option<Case>) {
    let number = random.usize(1..4);
    let mut starts = (0..number)
        .map(|number| errand(number, false))
        .collect::<Vec<_>>();
    let mut roles = vec![
        Role::Sender(vec![deploy(&[
            ("errand.bpmn", MODEL.as_bytes()),
            ("errand.dmn", DECISIONS.as_bytes()),
        ])]),
        Role::Worker(Worker::new("poller", &[PACK, SHIP], false)),
        Role::Worker(Worker::new("packer", &[PACK], true)),
        Role::Worker(Worker::new("shipper", &[SHIP], true)),
        Role::Person("ann".to_owned()),
        Role::Person("bob".to_owned()),
        Role::Canceler(random.u32(0..2)),
        Role::Operator,
    ];
    let mut ids = number;
    if random.u32(0..3) == 0 {
        // Somebody who waits for the end.
        roles.push(Role::Sender(vec![errand(number, true)]));
        ids += 1;
    }
    let case = random.bool().then(|| {
        let size = random.u32(1..8);
        oracle::generate(random.u64(..), size)
    });
    if let Some(case) = &case {
        roles.push(Role::Conductor(case.plan.clone()));
        roles.push(Role::Sender(vec![deploy(&[(
            "oracle.bpmn",
            case.xml.as_bytes(),
        )])]));
        starts.push(started(oracle::PROCESS, "oracle", &case.variables, false));
    }
    random.shuffle(&mut starts);
    roles.push(Role::Sender(starts));
    let mut messages = Vec::new();
    for id in 0..ids {
        messages.push(message("paid", id));
        if random.bool() {
            messages.push(message("hurry", id));
        }
    }
    if random.bool() {
        // Who has nothing to approve yet misses it.
        messages.push(Kind::BroadcastSignal(BroadcastSignal {
            name: "rush".to_owned(),
            ..BroadcastSignal::default()
        }));
    }
    random.shuffle(&mut messages);
    roles.push(Role::Sender(messages));
    (roles.into_iter().map(Client::new).collect(), case)
}

/// Whether it has a chance: nobody starts what is not deployed yet.
pub fn may_be_sent(kind: &Kind, state: &State) -> bool {
    match kind {
        Kind::CreateInstance(create) => state.definition_key(&create.process_id, -1).is_some(),
        _ => true,
    }
}

fn deploy(files: &[(&str, &[u8])]) -> Kind {
    let resources = files.iter().map(|(name, content)| Resource {
        name: (*name).to_owned(),
        content: Bytes::copy_from_slice(content),
    });
    Kind::DeployResources(DeployResources {
        resources: resources.collect(),
    })
}

fn errand(number: usize, await_result: bool) -> Kind {
    let variables = format!("{{\"id\":\"errand-{number}\"}}");
    started(
        ERRAND,
        &format!("errand-{number}"),
        &variables,
        await_result,
    )
}

/// The tag tells which request an instance came from.
fn started(process_id: &str, tag: &str, variables: &str, await_result: bool) -> Kind {
    let limits = feel::json::Limits::default();
    let variables = feel::json::normalize_object(variables.as_bytes(), &limits);
    Kind::CreateInstance(CreateInstance {
        process_id: process_id.to_owned(),
        version: -1,
        variables: variables.unwrap_or_default(),
        tags: vec![tag.to_owned()],
        await_result,
        ..CreateInstance::default()
    })
}

fn message(name: &str, number: usize) -> Kind {
    Kind::PublishMessage(PublishMessage {
        name: name.to_owned(),
        correlation_key: format!("errand-{number}"),
        ttl_ms: TTL_MS,
        ..PublishMessage::default()
    })
}
