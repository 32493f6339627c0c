//! What one command may cost and one entry may hold: models and calls that ask for more are refused.

use std::fmt::Write;

use bytes::Bytes;
use engine::{Command, Kind as Entry, Limits, Outcome, Position, Rejection, State, apply};
use harness::machine::{Machine, START_MS};
use proto::record::command::Kind;
use proto::record::deploy_resources::Resource;
use proto::record::{
    CommentTask, CreateInstance, DeployResources, PublishMessage, SendsDelivered, SetVariables,
    answer,
};

fn deployment(definitions: &str) -> Kind {
    let content = format!(
        r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="t">{definitions}</definitions>"#
    );
    Kind::DeployResources(DeployResources {
        resources: vec![Resource {
            name: "limits.bpmn".to_owned(),
            content: Bytes::from(content),
        }],
    })
}

fn process(id: &str, body: &str) -> String {
    format!(r#"<process id="{id}" isExecutable="true">{body}</process>"#)
}

fn deployed(definitions: &str) -> Machine {
    let mut machine = Machine::default();
    machine.apply(deployment(definitions)).expect("it deploys");
    machine
}

fn refused(definitions: &str) -> Rejection {
    let outcome = Machine::default().apply(deployment(definitions));
    outcome.expect_err("it is refused")
}

fn flow(out: &mut String, id: &str, source: &str, target: &str) {
    let _ = write!(
        out,
        r#"<sequenceFlow id="{id}" sourceRef="{source}" targetRef="{target}"/>"#
    );
}

/// Inclusive gateways, each behind a task; with `joins` two flows lead from the task to its gateway.
fn chain(gateways: usize, joins: bool) -> String {
    let mut body = r#"<startEvent id="g0"/>"#.to_owned();
    for number in 1..=gateways {
        let (from, task, to) = (
            format!("g{}", number - 1),
            format!("t{number}"),
            format!("g{number}"),
        );
        let _ = write!(
            body,
            r#"<manualTask id="{task}"/><inclusiveGateway id="{to}"/>"#
        );
        flow(&mut body, &format!("a{number}"), &from, &task);
        flow(&mut body, &format!("b{number}"), &task, &to);
        if joins {
            flow(&mut body, &format!("c{number}"), &task, &to);
        }
    }
    process("chain", &body)
}

#[test]
fn a_long_chain_of_inclusive_gateways_deploys() {
    deployed(&chain(10_000, false));
    deployed(&chain(500, true));
}

#[test]
fn too_many_inclusive_joins_are_refused() {
    let refused = refused(&chain(4_000, true));
    assert_eq!(refused.reason, "MODEL_REFUSED");
    assert!(
        refused.message.contains("process-too-large"),
        "{}",
        refused.message
    );
}

fn processes(number: usize) -> String {
    let start = |number| format!(r#"<startEvent id="start{number}"/>"#);
    (0..number)
        .map(|number| process(&format!("p{number}"), &start(number)))
        .collect()
}

#[test]
fn a_resource_has_a_hundred_processes_at_most() {
    let mut machine = deployed(&processes(100));
    for process_id in ["p0", "p99"] {
        let create = CreateInstance {
            process_id: process_id.to_owned(),
            ..CreateInstance::default()
        };
        machine
            .apply(Kind::CreateInstance(create))
            .expect("it starts");
    }
    machine.check_replay_and_restore();
    assert_eq!(refused(&processes(101)).reason, "TOO_MANY_PROCESSES");
}

#[test]
fn an_element_has_a_thousand_mappings_at_most() {
    let task = |mappings: usize| {
        let inputs = r#"<zeebe:input source="=1" target="a"/>"#.repeat(mappings);
        process(
            "mapped",
            &format!(
                r#"<startEvent id="start"/><manualTask id="task"><extensionElements><zeebe:ioMapping>{inputs}</zeebe:ioMapping></extensionElements></manualTask><sequenceFlow id="flow" sourceRef="start" targetRef="task"/>"#
            ),
        )
    };
    deployed(&task(1_000));
    let refused = refused(&task(1_001));
    assert!(
        refused.message.contains("1000 mappings"),
        "{}",
        refused.message
    );
}

#[test]
fn the_message_that_starts_a_process_has_a_constant_name() {
    let started_by = |name: &str| {
        let start =
            r#"<startEvent id="start"><messageEventDefinition messageRef="m"/></startEvent>"#;
        format!(r#"<message id="m" name='{name}'/>"#) + &process("started", start)
    };
    deployed(&started_by("order"));
    deployed(&started_by(r#"="or" + "der""#));
    let refused = refused(&started_by("=order"));
    assert!(
        refused.message.contains("must be a constant"),
        "{}",
        refused.message
    );
}

#[test]
fn start_timers_share_one_budget() {
    let mut timers = String::new();
    for number in 0..20 {
        let _ = write!(
            timers,
            r#"<startEvent id="t{number}"><timerEventDefinition><timeDate>=if count(for i in 1..400000 return i) > 0 then "2030-01-01T00:00:00Z" else null</timeDate></timerEventDefinition></startEvent>"#
        );
    }
    let refused = refused(&process("timed", &timers));
    assert_eq!(refused.reason, "TIMER_INVALID", "{}", refused.message);
}

#[test]
fn the_comments_of_a_task_are_bounded_in_bytes_and_not_repeated_in_answers() {
    let mut machine = deployed(&process(
        "reviewed",
        r#"<startEvent id="start"/><userTask id="review"><extensionElements><zeebe:userTask/></extensionElements></userTask><sequenceFlow id="flow" sourceRef="start" targetRef="review"/>"#,
    ));
    let create = CreateInstance {
        process_id: "reviewed".to_owned(),
        ..CreateInstance::default()
    };
    machine
        .apply(Kind::CreateInstance(create))
        .expect("it starts");
    let task_key = *machine.state.task_keys().first().expect("a task");
    let mut comments = 0;
    let refused = loop {
        let comment = CommentTask {
            task_key,
            user: "ann".to_owned(),
            text: "x".repeat(16 << 10),
        };
        match machine.apply(Kind::CommentTask(comment)) {
            Ok(outcome) => {
                comments += 1;
                let answered = outcome.answer.and_then(|answer| answer.kind);
                let Some(answer::Kind::Task(told)) = answered else {
                    panic!("the task is the answer");
                };
                let told = told.task.expect("the task");
                assert_eq!((told.comments, told.records.len()), (comments, 0));
            }
            Err(refused) => break refused,
        }
    };
    assert_eq!((&*refused.reason, comments), ("TASK_RECORDS_FULL", 15));
}

fn key(outcome: Outcome) -> u64 {
    match outcome.answer.and_then(|answer| answer.kind) {
        Some(answer::Kind::VariablesSet(set)) => set.key,
        Some(answer::Kind::Deployed(deployed)) => deployed.key,
        Some(answer::Kind::MessagePublished(published)) => published.key,
        other => panic!("{other:?} has no key"),
    }
}

#[test]
fn no_key_is_given_twice() {
    let waiting = process(
        "waiting",
        r#"<startEvent id="start"/><userTask id="wait"><extensionElements><zeebe:userTask/></extensionElements></userTask><sequenceFlow id="flow" sourceRef="start" targetRef="wait"/>"#,
    );
    let mut machine = deployed(&waiting);
    let create = CreateInstance {
        process_id: "waiting".to_owned(),
        ..CreateInstance::default()
    };
    machine
        .apply(Kind::CreateInstance(create))
        .expect("it starts");
    let scope_key = *machine.state.instance_keys().first().expect("an instance");
    let set = SetVariables {
        scope_key,
        ..SetVariables::default()
    };
    let publish = PublishMessage {
        name: "nobody waits".to_owned(),
        ..PublishMessage::default()
    };
    let mut keys = Vec::new();
    for _ in 0..2 {
        for kind in [
            deployment(&waiting),
            Kind::SetVariables(set.clone()),
            Kind::PublishMessage(publish.clone()),
        ] {
            keys.push(key(machine.apply(kind).expect("it is done")));
        }
    }
    let given = keys.len();
    keys.dedup();
    assert_eq!(keys.len(), given, "{keys:?}");
    assert!(keys.is_sorted());
}

#[test]
fn remembered_answers_of_one_moment_are_several_entries() {
    let mut state = State::new(1, 1);
    let mut send = |offset: u64, kind: Kind, request_id: Bytes| {
        let position = Position {
            offset,
            timestamp_ms: START_MS,
        };
        let command = Command {
            kind: Some(kind),
            request_id,
            ..Command::default()
        };
        apply(&mut state, position, &command, &Limits::default()).expect("it is done")
    };
    send(0, deployment(&processes(1)), Bytes::new());
    for offset in 1..3_000 {
        let create = CreateInstance {
            process_id: "p0".to_owned(),
            ..CreateInstance::default()
        };
        let request_id = Bytes::copy_from_slice(&u128::from(offset).to_be_bytes());
        send(offset, Kind::CreateInstance(create), request_id);
    }
    let changes = state.drain_changes(3_000);
    let entries = changes
        .iter()
        .filter(|change| change.key.kind == Entry::Requests)
        .filter_map(|change| change.value.as_ref())
        .map(Bytes::len)
        .collect::<Vec<_>>();
    assert!(entries.len() > 1, "{entries:?}");
    assert!(entries.iter().all(|bytes| *bytes < 80 << 10), "{entries:?}");
}

fn told(state: &mut State, kind: Kind) -> Result<Outcome, Rejection> {
    let position = Position {
        offset: 0,
        timestamp_ms: START_MS,
    };
    let command = Command {
        kind: Some(kind),
        ..Command::default()
    };
    apply(state, position, &command, &Limits::default())
}

#[test]
fn only_the_first_partition_takes_deployments() {
    let mut state = State::new(2, 2);
    let refused = told(&mut state, deployment(&processes(1)));
    assert_eq!(refused.expect_err("refused").reason, "DEPLOYMENT_PARTITION");
}

#[test]
fn sends_are_removed_once_and_not_before_they_were_made() {
    let mut state = State::new(1, 2);
    let mut tell = |through| {
        let delivered = SendsDelivered { target: 2, through };
        told(&mut state, Kind::SendsDelivered(delivered))
    };
    assert_eq!(tell(1).expect_err("refused").reason, "SEND_NOT_MADE");
    let mut state = State::new(1, 2);
    told(&mut state, deployment(&processes(1))).expect("it deploys");
    assert_eq!(state.outbox(2).count(), 1);
    assert_eq!(state.outbox(1).count(), 0);
    let sent = state.outbox(2).next().cloned().expect("a send");
    let delivered = SendsDelivered {
        target: 2,
        through: 1,
    };
    // With the first one goes the answer to the deployment.
    for removed in [2, 0] {
        let outcome = told(&mut state, Kind::SendsDelivered(delivered));
        assert_eq!(outcome.expect("it is taken").events.len(), removed);
    }
    // The keys of what came are the other partition's and leave this one's counter alone.
    let mut second = State::new(2, 2);
    let receive = proto::record::ReceiveSend {
        source: 1,
        sequence: 1,
        send: sent.send,
    };
    let before = second.digest().1;
    told(&mut second, Kind::ReceiveSend(receive)).expect("it is taken");
    assert_eq!(second.digest().1, before);
    assert!(second.definition_key("p0", -1).is_some());
}

/// Thirty large messages come at once and the command has no steps left for them: no entry holds them all.
#[test]
fn what_is_left_for_later_is_kept_in_pieces() {
    const MESSAGES: usize = 30;
    const VARIABLES_BYTES: usize = 300 << 10;
    let body = r#"
        <startEvent id="start"/>
        <sequenceFlow id="f1" sourceRef="start" targetRef="work"/>
        <serviceTask id="work"><extensionElements><zeebe:taskDefinition type="work"/></extensionElements></serviceTask>
        <boundaryEvent id="told" attachedToRef="work" cancelActivity="false"><messageEventDefinition messageRef="m"/></boundaryEvent>
        <sequenceFlow id="f2" sourceRef="told" targetRef="note"/>
        <manualTask id="note"/>"#;
    let message = r#"<message id="m" name="go"><extensionElements><zeebe:subscription correlationKey="=&quot;k&quot;"/></extensionElements></message>"#;
    let mut machine = Machine::new(Limits {
        steps: 5,
        continuations: 1_000,
        ..Limits::default()
    });
    let deploy = deployment(&(message.to_owned() + &process("notes", body)));
    machine.apply(deploy).expect("it deploys");
    for number in 0..MESSAGES {
        let text = format!("{number:02}").repeat(VARIABLES_BYTES / 2);
        let publish = PublishMessage {
            name: "go".to_owned(),
            correlation_key: "k".to_owned(),
            ttl_ms: 1_000_000,
            variables: Bytes::from(format!("{{\"m\":\"{text}\"}}")),
            ..PublishMessage::default()
        };
        machine
            .apply(Kind::PublishMessage(publish))
            .expect("it is published");
    }
    let create = CreateInstance {
        process_id: "notes".to_owned(),
        ..CreateInstance::default()
    };
    machine
        .apply(Kind::CreateInstance(create))
        .expect("it starts");
    assert!(machine.count(Entry::Continuation) > 5);
    assert!(machine.longest() < 2 << 20, "{}", machine.longest());
    machine.settle();
    for (kind, expected) in [
        (Entry::Continuation, 0),
        (Entry::Incident, 0),
        (Entry::Job, 1),
    ] {
        assert_eq!(machine.count(kind), expected, "{kind:?}");
    }
    // They came in their order.
    let instance = machine.state.instance_keys().first().copied();
    let variables = instance.and_then(|instance| machine.state.variables(instance));
    let last = format!("{{\"m\":\"{:02}", MESSAGES - 1);
    assert!(variables.is_some_and(|text| text.starts_with(last.as_bytes())));
    machine.check_replay_and_restore();
}
