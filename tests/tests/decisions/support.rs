//! Files with decisions, processes that call them, and calls.

use bytes::Bytes;
use engine::{Outcome, Rejection};
use harness::machine::Machine;
use proto::record::command::Kind;
use proto::record::deploy_resources::Resource;
use proto::record::{
    CreateInstance, DecisionAnswer, DeployResources, Deployed, EvaluateDecision, answer,
};

/// A file whose decisions are given as their ids and FEEL.
pub fn file(id: &str, decisions: &[(&str, &str)]) -> Resource {
    let decisions = decisions.iter().map(|(id, text)| decision(id, text, ""));
    let decisions = decisions.collect::<String>();
    file_of(id, &decisions)
}

/// A decision with something more in it.
pub fn decision(id: &str, text: &str, more: &str) -> String {
    format!(
        r#"<decision id="{id}" name="{id}">{more}<variable name="{id}"/><literalExpression><text>{text}</text></literalExpression></decision>"#
    )
}

pub fn file_of(id: &str, content: &str) -> Resource {
    let content = format!(
        r#"<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="{id}" name="The {id}" namespace="urn:{id}">{content}</definitions>"#
    );
    Resource {
        name: format!("{id}.dmn"),
        content: Bytes::from(content),
    }
}

/// A process of this id that calls a decision; its result is `found`.
pub fn caller(id: &str, called: &str) -> Resource {
    let body = format!(
        r#"<businessRuleTask id="{id}_t"><extensionElements><zeebe:calledDecision {called} resultVariable="found"/></extensionElements></businessRuleTask>"#
    );
    process(id, &body)
}

/// A process with one element between its start and its end.
pub fn process(id: &str, body: &str) -> Resource {
    let content = format!(
        r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="t"><process id="{id}" isExecutable="true"><startEvent id="{id}_s"/>{body}<sequenceFlow id="{id}_f" sourceRef="{id}_s" targetRef="{id}_t"/></process></definitions>"#
    );
    Resource {
        name: format!("{id}.bpmn"),
        content: Bytes::from(content),
    }
}

pub fn deployment(resources: &[Resource]) -> Kind {
    Kind::DeployResources(DeployResources {
        resources: resources.to_vec(),
    })
}

/// Deploys to the only partition.
pub fn deploy(machine: &mut Machine, resources: &[Resource]) -> Deployed {
    let outcome = machine.apply(deployment(resources)).expect("it deploys");
    match answer(outcome) {
        Some(answer::Kind::Deployed(deployed)) => deployed,
        other => panic!("not deployed: {other:?}"),
    }
}

pub fn answer(outcome: Outcome) -> Option<answer::Kind> {
    outcome.answer.and_then(|answer| answer.kind)
}

/// The rejection of a deployment.
pub fn refused(resources: &[Resource]) -> Rejection {
    let outcome = Machine::default().apply(deployment(resources));
    outcome.expect_err("it is refused")
}

/// The version of each process, decision and file that an answer names, in its order.
pub fn versions(deployed: &Deployed) -> Vec<(String, i32)> {
    let processes = deployed.processes.iter();
    let processes = processes.map(|process| (process.process_id.clone(), process.version));
    let requirements = deployed.requirements.iter();
    let requirements = requirements.flat_map(|file| {
        let decisions = file.decisions.iter();
        let decisions = decisions.map(|decision| (decision.decision_id.clone(), decision.version));
        let file = (file.requirements_id.clone(), file.version);
        decisions.chain([file])
    });
    processes.chain(requirements).collect()
}

pub fn create(process: &str, variables: &str) -> Kind {
    Kind::CreateInstance(CreateInstance {
        process_id: process.to_owned(),
        variables: Bytes::copy_from_slice(variables.as_bytes()),
        await_result: true,
        ..CreateInstance::default()
    })
}

/// What an instance ends with; `None` when it does not.
pub fn result(machine: &mut Machine, process: &str, variables: &str) -> Option<String> {
    let outcome = machine
        .apply(create(process, variables))
        .expect("it starts");
    ended(&outcome)
}

/// The variables of the instance that ends with a command and whose result somebody awaits.
pub fn ended(outcome: &Outcome) -> Option<String> {
    outcome.effects.iter().find_map(|effect| match effect {
        engine::Effect::Answer { answer, .. } => match &answer.kind {
            Some(answer::Kind::InstanceResult(result)) => {
                Some(String::from_utf8_lossy(&result.variables).into_owned())
            }
            Some(_) | None => None,
        },
        engine::Effect::PushJob { .. }
        | engine::Effect::JobsAvailable { .. }
        | engine::Effect::TaskChanged { .. }
        | engine::Effect::SendQueued { .. } => None,
    })
}

pub fn evaluation(key: u64, id: &str, variables: &str) -> Kind {
    Kind::EvaluateDecision(EvaluateDecision {
        decision_key: key,
        decision_id: id.to_owned(),
        variables: Bytes::copy_from_slice(variables.as_bytes()),
    })
}

/// What the latest version of a decision says.
pub fn evaluate(machine: &mut Machine, id: &str, variables: &str) -> DecisionAnswer {
    let outcome = machine.apply(evaluation(0, id, variables));
    match answer(outcome.expect("it is deployed")) {
        Some(answer::Kind::Decision(made)) => made,
        other => panic!("not evaluated: {other:?}"),
    }
}
