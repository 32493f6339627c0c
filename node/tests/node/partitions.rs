//! A node with several partitions: who does what, and what goes from one to another.

use std::collections::BTreeSet;

use journal::memory::MemoryJournal;
use node::{Node, SubmitError};
use proto::record::command::Kind;
use proto::record::{CancelInstance, CreateInstance, PublishMessage};
use tokio_stream::StreamExt;

use crate::support::*;

const PARTITIONS: u32 = 3;

/// Every partition knows the process.
async fn until_deployed(node: &Node, process: &'static str) {
    for partition in node.partitions() {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let knows = move |state: &engine::State| state.definition_key(process, -1).is_some();
        while !partition.query(knows).await.expect("it serves") {
            assert!(tokio::time::Instant::now() < deadline, "never deployed");
            tokio::task::yield_now().await;
        }
    }
}

async fn deployed(journal: &MemoryJournal) -> Node {
    let node = start(journal);
    deploy(&node, "single", WORK).await;
    until_deployed(&node, "single").await;
    node
}

fn partition_of(key: u64) -> u32 {
    engine::partition_of(key)
}

#[tokio::test]
async fn instances_are_spread_and_their_jobs_come_from_everywhere() {
    let node = deployed(&MemoryJournal::new(PARTITIONS, 1)).await;
    let mut instances = BTreeSet::new();
    for _ in 0..6 {
        instances.insert(create(&node, "single").await);
    }
    let homes = instances.iter().map(|key| partition_of(*key));
    assert_eq!(homes.collect::<BTreeSet<_>>(), BTreeSet::from([1, 2, 3]));
    for _ in 0..6 {
        let jobs = lease(&node, 1).await;
        assert_eq!(jobs.len(), 1);
        complete(&node, jobs[0])
            .await
            .expect("the job is completed");
    }
    assert!(lease(&node, 1).await.is_empty());
    let ended = node
        .ended(None, 4)
        .await
        .expect("the ended ones are listed");
    assert_eq!(ended.len(), 4);
    let last = ended.last().expect("there is one");
    let rest = node.ended(Some((last.ended_ms, last.key)), 10).await;
    let all = ended
        .iter()
        .chain(rest.as_ref().expect("a page"))
        .map(|ended| ended.key);
    assert_eq!(all.collect::<BTreeSet<_>>(), instances);
    node.stop().await;
}

#[tokio::test]
async fn a_parked_poll_gets_the_job_of_whichever_partition_has_one() {
    let node = deployed(&MemoryJournal::new(PARTITIONS, 2)).await;
    for _ in 0..PARTITIONS {
        let polling = node.clone();
        let poll =
            tokio::spawn(
                async move { polling.activate_jobs(&NOBODY, activate(5), PATIENCE).await },
            );
        let instance = create(&node, "single").await;
        let jobs = poll.await.expect("no panic").expect("jobs come");
        assert_eq!(jobs.len(), 1);
        assert_eq!(jobs[0].instance_key, instance);
    }
    node.stop().await;
}

#[tokio::test]
async fn one_stream_has_the_jobs_of_all_partitions() {
    let node = deployed(&MemoryJournal::new(PARTITIONS, 3)).await;
    let mut stream = open_stream(&node).await;
    let mut created = BTreeSet::new();
    for _ in 0..9 {
        created.insert(create(&node, "single").await);
    }
    let mut seen = BTreeSet::new();
    while seen.len() < created.len() {
        let job = tokio::time::timeout(PATIENCE, stream.next()).await;
        seen.insert(
            job.expect("a job comes")
                .expect("the stream goes on")
                .instance_key,
        );
    }
    assert_eq!(seen, created);
    drop(stream);
    node.stop().await;
}

#[tokio::test]
async fn a_watch_sees_the_tasks_of_all_partitions_and_resumes_in_each() {
    let node = start(&MemoryJournal::new(PARTITIONS, 4));
    deploy(&node, "human", REVIEW).await;
    until_deployed(&node, "human").await;
    let mut from = Vec::new();
    for partition in node.partitions() {
        let ((), offset) = partition.query_at(|_| ()).await.expect("it serves");
        from.push(offset);
    }
    for _ in 0..PARTITIONS {
        create(&node, "human").await;
    }
    let mut watch = node.watch_tasks(Some(&from));
    let mut seen = BTreeSet::new();
    for _ in 0..PARTITIONS {
        let change = tokio::time::timeout(PATIENCE, watch.next()).await;
        let (partition, event) = change.expect("a change comes").expect("the watch goes on");
        assert_eq!(partition.number(), partition_of(event.key));
        seen.insert(partition.number());
    }
    assert_eq!(seen.len(), 3);
    node.stop().await;
}

#[tokio::test]
async fn a_wait_for_an_offset_ends_when_it_is_applied_or_with_the_node() {
    let node = deployed(&MemoryJournal::new(PARTITIONS, 9)).await;
    let ((), now) = node.first().query_at(|_| ()).await.expect("it serves");
    node.first().applied(now).await.expect("it is there");
    let wait = |offset| {
        let partition = node.first().clone();
        tokio::spawn(async move { partition.applied(offset).await })
    };
    let next = wait(now + 1);
    deploy(&node, "next", WORK).await;
    assert_eq!(next.await.expect("no panic"), Ok(()));
    let never = wait(u64::MAX);
    node.stop().await;
    assert_eq!(never.await.expect("no panic"), Err(SubmitError::Stopped));
}

#[tokio::test]
async fn a_repeated_creation_comes_where_the_first_is_remembered() {
    let node = deployed(&MemoryJournal::new(PARTITIONS, 5)).await;
    for number in 0..10_u128 {
        let caller = node::Caller {
            request_id: Some((number + 1).to_be_bytes()),
            ..NOBODY.clone()
        };
        let first = node.submit(&caller, create_command("single")).await;
        let again = node.submit(&caller, create_command("single")).await;
        assert_eq!(
            started(&first.expect("it starts")),
            started(&again.expect("it is told again"))
        );
    }
    node.stop().await;
}

#[tokio::test]
async fn a_key_of_no_partition_is_not_found() {
    let node = deployed(&MemoryJournal::new(PARTITIONS, 6)).await;
    for instance_key in [0, 77, 9 << 51 | 1, u64::MAX] {
        let cancel = Kind::CancelInstance(CancelInstance { instance_key });
        let refused = submit(&node, cancel).await;
        assert!(
            matches!(refused, Err(SubmitError::Rejected(_))),
            "{refused:?}"
        );
    }
    node.stop().await;
}

#[tokio::test]
async fn what_was_not_sent_before_a_crash_is_sent_after_it() {
    let journal = MemoryJournal::new(PARTITIONS, 7);
    let gated = Gated::new(journal.clone());
    let node = Node::start(gated.clone(), config()).expect("the node starts");
    deploy(&node, "before", WORK).await;
    until_deployed(&node, "before").await;
    gated.close_for(1);
    let deploying = {
        let node = node.clone();
        tokio::spawn(async move { deploy(&node, "single", WORK).await })
    };
    let waits = tokio::time::timeout(PATIENCE, gated.waiting.notified()).await;
    waits.expect("the second partition is sent to");
    // As in a crash: nothing more comes into the log of the second partition.
    deploying.abort();
    drop(node);
    gated.set_open(true);

    let node = start(&journal);
    until_deployed(&node, "single").await;
    let create = Kind::CreateInstance(CreateInstance {
        process_id: "single".to_owned(),
        ..CreateInstance::default()
    });
    for _ in 0..PARTITIONS {
        submit(&node, create.clone()).await.expect("it starts");
    }
    node.stop().await;
}

/// Waits for the message `go` with its number.
const WAIT: &str = r#"
    <bpmn:startEvent id="start" />
    <bpmn:receiveTask id="wait" messageRef="go" />
    <bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="wait" />
  </bpmn:process>
  <bpmn:message id="go" name="go"><bpmn:extensionElements><zeebe:subscription correlationKey="=number" /></bpmn:extensionElements></bpmn:message>
  <bpmn:process id="unused">"#;

#[tokio::test]
async fn a_message_reaches_the_instance_of_whichever_partition() {
    let node = start(&MemoryJournal::new(PARTITIONS, 8));
    // It is answered once every partition has it: nothing else is waited for.
    deploy(&node, "waits", WAIT).await;
    let mut homes = BTreeSet::new();
    for number in 0..9 {
        let create = Kind::CreateInstance(CreateInstance {
            process_id: "waits".to_owned(),
            variables: format!(r#"{{"number":{number}}}"#).into(),
            ..CreateInstance::default()
        });
        let applied = submit(&node, create).await.expect("it starts");
        homes.insert(partition_of(started(&applied).instance_key));
        let publish = Kind::PublishMessage(PublishMessage {
            name: "go".to_owned(),
            correlation_key: number.to_string(),
            ttl_ms: 3_600_000,
            ..PublishMessage::default()
        });
        submit(&node, publish).await.expect("it is published");
    }
    assert_eq!(homes, BTreeSet::from([1, 2, 3]));
    for partition in node.partitions() {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let is_busy = |state: &engine::State| !state.instance_keys().is_empty();
        while partition.query(is_busy).await.expect("it serves") {
            assert!(tokio::time::Instant::now() < deadline, "a message is lost");
            tokio::task::yield_now().await;
        }
    }
    node.stop().await;
}
