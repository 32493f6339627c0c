//! The largest that callers may bring: whatever becomes of it fits into the journal's records.

use journal::Bytes;
use journal::memory::MemoryJournal;
use node::{Config, Node, SubmitError};
use proto::record::command::Kind;
use proto::record::deploy_resources::Resource;
use proto::record::{CancelInstance, DeployResources, PublishMessage, SetVariables};

use crate::support::*;

const PARTITIONS: u32 = 3;

/// A message with the key `k`, which is on one of the partitions.
const WAITS: &str = r#"
    <bpmn:startEvent id="start" />
    <bpmn:receiveTask id="wait" messageRef="message" />
    <bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="wait" />"#;

/// All partitions have written what they were told to. What they tell each other again changes nothing, and is not
/// worth a checkpoint.
async fn until_all_checkpointed(node: &Node) {
    for partition in node.partitions() {
        let written = async {
            loop {
                let status = partition.status().expect("it is led here");
                if !status.is_ahead {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, written)
            .await
            .expect("checkpoints are written");
    }
}

/// A JSON object of this length with one variable.
fn object(name: &str, bytes: usize) -> Bytes {
    let frame = format!("{{\"{name}\":\"\"}}").len();
    Bytes::from(format!("{{\"{name}\":\"{}\"}}", "x".repeat(bytes - frame)))
}

async fn set(node: &Node, scope_key: u64, variables: Bytes) -> Result<(), SubmitError> {
    let set = SetVariables {
        scope_key,
        variables,
        local: true,
    };
    submit(node, Kind::SetVariables(set)).await.map(|_| ())
}

#[tokio::test]
async fn what_the_largest_commands_become_is_written() {
    let journal = MemoryJournal::new(PARTITIONS, 1);
    let node = start(&journal);
    let limits = Config::default().limits;
    // Sent to the other partitions with its envelope.
    let mut large = model("waits", WAITS);
    let message = r#"<bpmn:message id="message" name="go"><bpmn:extensionElements><zeebe:subscription correlationKey="=&quot;k&quot;" /></bpmn:extensionElements></bpmn:message></bpmn:definitions>"#;
    let text = String::from_utf8(large).expect("text");
    large = text.replace("</bpmn:definitions>", message).into_bytes();
    let padding = Config::default().command_bytes_max - large.len() - 500;
    large.extend(format!("<!--{}-->", "x".repeat(padding)).into_bytes());
    let resource = Resource {
        name: "waits.bpmn".to_owned(),
        content: large.into(),
    };
    let deploy = Kind::DeployResources(DeployResources {
        resources: vec![resource],
    });
    submit(&node, deploy).await.expect("it is deployed");

    // Two documents that are the largest scope together.
    let mut instances = Vec::new();
    for _ in 0..PARTITIONS {
        let instance = create(&node, "waits").await;
        let half = limits.variables_bytes / 2;
        set(&node, instance, object("a", half + 1))
            .await
            .expect("room for the first");
        let more = set(&node, instance, object("c", half + 100)).await;
        assert!(matches!(more, Err(SubmitError::Rejected(_))), "{more:?}");
        set(&node, instance, object("b", half))
            .await
            .expect("room for the second");
        instances.push(instance);
    }
    until_all_checkpointed(&node).await;

    // A message is sent on with its variables, to an instance on another partition that has no room for them.
    let home = engine::partition_for(b"k", PARTITIONS);
    let near = instances
        .iter()
        .find(|key| engine::partition_of(**key) == home);
    let instance_key = *near.expect("one on each partition");
    let cancel = CancelInstance { instance_key };
    submit(&node, Kind::CancelInstance(cancel))
        .await
        .expect("it is canceled");
    let publish = PublishMessage {
        name: "go".to_owned(),
        correlation_key: "k".to_owned(),
        ttl_ms: 600_000,
        variables: object("m", Config::default().command_bytes_max - 200),
        ..PublishMessage::default()
    };
    submit(&node, Kind::PublishMessage(publish))
        .await
        .expect("it is published");
    until_all_checkpointed(&node).await;
    drop(node);
    let again = start(&journal);
    until_all_checkpointed(&again).await;
}
