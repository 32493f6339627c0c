//! Processes that wait for the message `go`, and calls.

use bytes::Bytes;
use harness::network::{Network, deployment};
use proto::record::command::Kind;
use proto::record::event::Kind as Fact;
use proto::record::{CancelInstance, CreateInstance, PublishMessage, answer};

pub const HOUR_MS: i64 = 3_600_000;
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// A correlation key whose messages are on the first of three partitions: "c" is 99.
pub const OF_FIRST: &str = "c";

/// A process; `@` in its ids stands for its own.
fn process(id: &str, body: &str) -> String {
    let body = body.replace('@', id);
    format!(
        r#"<process id="{id}" isExecutable="true"><startEvent id="{id}-s">{body}
            <sequenceFlow id="{id}-f" sourceRef="{id}-s" targetRef="{id}-w"/></process>"#
    )
}

fn processes() -> String {
    let waits = r#"</startEvent><receiveTask id="@-w" messageRef="go"/>
        <boundaryEvent id="@-b" attachedToRef="@-w"><timerEventDefinition><timeDuration>PT10S</timeDuration></timerEventDefinition></boundaryEvent>"#;
    let listens = r#"</startEvent><serviceTask id="@-w"><extensionElements><zeebe:taskDefinition type="work"/></extensionElements></serviceTask>
        <boundaryEvent id="@-b" attachedToRef="@-w" cancelActivity="false"><messageEventDefinition messageRef="go"/></boundaryEvent>
        <boundaryEvent id="@-t" attachedToRef="@-w"><timerEventDefinition><timeDuration>PT20S</timeDuration></timerEventDefinition></boundaryEvent>"#;
    let begun = r#"<messageEventDefinition messageRef="begin"/></startEvent>
        <intermediateCatchEvent id="@-w"><timerEventDefinition><timeDuration>PT5S</timeDuration></timerEventDefinition></intermediateCatchEvent>"#;
    let messages = r#"<message id="go" name="go"><extensionElements><zeebe:subscription correlationKey="=id"/></extensionElements></message>
        <message id="begin" name="go"/>"#;
    [
        messages.to_owned(),
        process("one", waits),
        process("other", waits),
        process("many", listens),
        process("begun", begun),
    ]
    .concat()
}

/// Three partitions that know the processes.
pub fn deployed() -> Network {
    let mut network = Network::new(3);
    let deploy = deployment(&processes());
    network.apply(1, deploy).expect("it deploys");
    network.quiet();
    network
}

pub fn create(network: &mut Network, partition: u32, process: &str, id: &str) -> u64 {
    let create = Kind::CreateInstance(CreateInstance {
        process_id: process.to_owned(),
        variables: Bytes::from(format!(r#"{{"id":"{id}"}}"#)),
        ..CreateInstance::default()
    });
    let outcome = network.apply(partition, create).expect("it starts");
    match outcome.answer.and_then(|answer| answer.kind) {
        Some(answer::Kind::InstanceStarted(started)) => started.instance_key,
        other => panic!("not started: {other:?}"),
    }
}

pub fn cancel(network: &mut Network, instance_key: u64) {
    let cancel = Kind::CancelInstance(CancelInstance { instance_key });
    let partition = engine::partition_of(instance_key);
    network.apply(partition, cancel).expect("it runs");
}

/// Gives the key of the message.
pub fn publish(network: &mut Network, id: &str, ttl_ms: i64) -> u64 {
    let publish = Kind::PublishMessage(PublishMessage {
        name: "go".to_owned(),
        correlation_key: id.to_owned(),
        ttl_ms,
        variables: Bytes::from_static(br#"{"came":true}"#),
        ..PublishMessage::default()
    });
    let home = engine::partition_for(id.as_bytes(), 3);
    let outcome = network.apply(home, publish).expect("it is published");
    match outcome.answer.and_then(|answer| answer.kind) {
        Some(answer::Kind::MessagePublished(published)) => published.key,
        other => panic!("not published: {other:?}"),
    }
}

/// What was correlated so far, in order for each instance: message, process, instance. Start events are left out.
pub fn correlated(network: &Network) -> Vec<(u64, String, u64)> {
    let events = network
        .outcomes
        .iter()
        .flat_map(|(_, outcome)| &outcome.events);
    let correlated = events.filter_map(|event| match &event.kind {
        Some(Fact::MessageCorrelated(fact)) => {
            Some((fact.message, fact.process_id.clone(), fact.instance))
        }
        Some(_) | None => None,
    });
    correlated.collect()
}

pub fn is_running(network: &mut Network, instance: u64) -> bool {
    let machine = network.machine(engine::partition_of(instance));
    machine.state.instance(instance).is_some()
}
