//! Tests with a planted panic: one command takes neither the node nor another command along.

use std::sync::Arc;

use journal::memory::MemoryJournal;
use proto::record::command::Kind;
use proto::record::{CreateInstance, DeployResources, Tick, deploy_resources::Resource};

use crate::driver::PLANTED;
use crate::{Caller, Config, Node, Phase, SubmitError};

const MODEL: &str = r#"<?xml version="1.0"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t">
  <bpmn:process id="one" isExecutable="true">
    <bpmn:startEvent id="start" />
    <bpmn:receiveTask id="wait" messageRef="m" />
    <bpmn:sequenceFlow id="f" sourceRef="start" targetRef="wait" />
  </bpmn:process>
  <bpmn:message id="m" name="go"><bpmn:extensionElements>
    <zeebe:subscription xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" correlationKey="=&quot;k&quot;" />
  </bpmn:extensionElements></bpmn:message>
</bpmn:definitions>"#;

fn planted() -> Caller {
    Caller {
        principal: PLANTED.to_owned(),
        ..Caller::default()
    }
}

fn create() -> Kind {
    Kind::CreateInstance(CreateInstance {
        process_id: "one".to_owned(),
        ..CreateInstance::default()
    })
}

async fn deployed(journal: &MemoryJournal) -> Node {
    let node = Node::start(Arc::new(journal.clone()), Config::default()).unwrap();
    let resource = Resource {
        name: "one.bpmn".to_owned(),
        content: MODEL.into(),
    };
    let deploy = Kind::DeployResources(DeployResources {
        resources: vec![resource],
    });
    node.submit(&Caller::default(), deploy).await.unwrap();
    node
}

#[tokio::test]
async fn a_command_that_panics_is_skipped_and_nothing_else() {
    let journal = MemoryJournal::new(1, 1);
    let node = deployed(&journal).await;
    let calls = (0..30).map(|number| {
        let node = node.clone();
        tokio::spawn(async move {
            let caller = match number % 10 {
                5 => planted(),
                _ => Caller::default(),
            };
            node.submit(&caller, create()).await
        })
    });
    let calls: Vec<_> = calls.collect();
    let (mut created, mut failed) = (0, 0);
    for call in calls {
        match call.await.unwrap() {
            Ok(_) => created += 1,
            Err(SubmitError::Internal(_)) => failed += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!((created, failed), (27, 3));
    let live = node
        .first()
        .query(|state| state.instance_keys().len())
        .await;
    assert_eq!(live, Ok(27));
    assert_eq!(node.phase(), Phase::Serving);
    drop(node);

    // It is still in the log: starting again meets it again, or a checkpoint has gone past it.
    let node = Node::start(Arc::new(journal), Config::default()).unwrap();
    let live = node
        .first()
        .query(|state| state.instance_keys().len())
        .await;
    assert_eq!(live, Ok(27));
    node.stop().await;
}

#[tokio::test]
async fn too_many_commands_that_panic_end_the_node() {
    let journal = MemoryJournal::new(1, 2);
    let node = deployed(&journal).await;
    for _ in 0..=100 {
        let _ = node.submit(&planted(), Kind::Tick(Tick {})).await;
    }
    assert!(matches!(node.phase(), Phase::Failed(_)));
    node.stop().await;
}
