//! Followers beside a leader: they agree at every checkpoint, notice when they do not, and lead from what they have.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use journal::memory::MemoryJournal;
use journal::{AppendError, Ended, Error, HistoryPart, Lead};
use proto::record::command::Kind as Command;
use proto::record::{CancelInstance, CreateInstance, DeployResources, deploy_resources::Resource};

use super::*;
use crate::partition::Partition;
use crate::{Caller, Node, driver};

const MODEL: &str = r#"<?xml version="1.0"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t">
  <bpmn:process id="one" isExecutable="true">
    <bpmn:startEvent id="start" />
    <bpmn:task id="manual" />
    <bpmn:userTask id="wait" />
    <bpmn:sequenceFlow id="f" sourceRef="start" targetRef="manual" />
    <bpmn:sequenceFlow id="g" sourceRef="manual" targetRef="wait" />
  </bpmn:process>
</bpmn:definitions>"#;

/// So many looks for what must come.
const LOOKS_MAX: usize = 600;

/// A journal that gives a reader other variables than were written, while it lies.
struct Lying {
    truth: MemoryJournal,
    lies: Arc<AtomicBool>,
}

struct LyingReader(Box<dyn Reader>, Arc<AtomicBool>);

impl Reader for LyingReader {
    fn next(&mut self, wait: Duration) -> Result<Vec<Record>, Error> {
        let mut records = self.0.next(wait)?;
        if self.1.load(Ordering::Acquire) {
            for record in &mut records {
                let text = record.command.to_vec();
                let found = text.windows(4).position(|window| window == b"true");
                if let Some(at) = found {
                    let mut lie = text;
                    lie[at..at + 4].copy_from_slice(b"null");
                    record.command = lie.into();
                }
            }
        }
        Ok(records)
    }
}

impl Journal for Lying {
    fn partitions(&self) -> u32 {
        self.truth.partitions()
    }

    fn append(&self, partition: u32, commands: &[Bytes]) -> Result<(), AppendError> {
        self.truth.append(partition, commands)
    }

    fn read(&self, partition: u32, from: u64) -> Result<Box<dyn Reader>, Error> {
        let reader = self.truth.read(partition, from)?;
        Ok(Box::new(LyingReader(reader, Arc::clone(&self.lies))))
    }

    fn observe(&self, partition: u32) -> Result<Box<dyn Observer>, Error> {
        self.truth.observe(partition)
    }

    fn lead(&self, partition: u32, leader: &str) -> Result<Box<dyn Lead>, Error> {
        self.truth.lead(partition, leader)
    }

    fn history(&self, partition: u32, instance: u64, max: usize) -> Result<HistoryPart, Error> {
        self.truth.history(partition, instance, max)
    }

    fn ended(
        &self,
        partition: u32,
        before: Option<(i64, u64)>,
        limit: usize,
    ) -> Result<Vec<Ended>, Error> {
        self.truth.ended(partition, before, limit)
    }
}

async fn leader(journal: &MemoryJournal) -> Node {
    let config = Config {
        checkpoint_interval: Duration::from_millis(2),
        ..Config::default()
    };
    let node = Node::start(Arc::new(journal.clone()), config).expect("it leads");
    let resource = Resource {
        name: "one.bpmn".to_owned(),
        content: MODEL.into(),
    };
    let deploy = Command::DeployResources(DeployResources {
        resources: vec![resource],
    });
    let deployed = node.submit(&Caller::default(), deploy).await;
    deployed.expect("the model is deployed");
    node
}

/// Starts instances; the offset of the last.
async fn create(node: &Node, count: usize) -> u64 {
    let mut last = 0;
    for _ in 0..count {
        let create = Command::CreateInstance(CreateInstance {
            process_id: "one".to_owned(),
            variables: Bytes::from_static(br#"{"fair":true}"#),
            ..CreateInstance::default()
        });
        let applied = node.submit(&Caller::default(), create).await;
        last = applied.expect("the instance starts").offset;
    }
    last
}

fn follow(journal: &dyn Journal) -> Follower {
    let (limits, measures) = (Limits::default(), PartitionMeasures::default());
    let (partition, skipped) = (PartitionId::FIRST, BTreeSet::new());
    let restored = Follower::restore(journal, partition, limits, skipped, &measures);
    restored.expect("the state is restored")
}

/// Steps until everything up to an offset is included.
fn keep_up(follower: &mut Follower, offset: u64) -> Result<(), FollowError> {
    for _ in 0..LOOKS_MAX {
        if follower.driver.next_offset() > offset {
            return Ok(());
        }
        follower.step(LOOK)?;
    }
    panic!("no checkpoint included {offset}");
}

/// The follower takes over.
async fn lead_with(journal: &MemoryJournal, follower: Follower) -> Partition {
    let shared = crate::core::Shared {
        health: Arc::new(crate::health::Health::new(1)),
        tasks_grown: Arc::new(tokio::sync::watch::Sender::new(())),
        lease: Arc::new(crate::cluster::lease::Lease::of_one()),
        semantics: Arc::default(),
    };
    let journal = Arc::new(journal.clone());
    let led = tokio::task::spawn_blocking(move || {
        let (id, config) = (PartitionId::FIRST, Config::default());
        Partition::start(id, journal, config, shared, Some(follower))
    });
    led.await.expect("it ends").expect("it leads")
}

#[tokio::test]
async fn a_follower_has_what_the_leader_has_and_leads_from_it() {
    let journal = MemoryJournal::new(1, 1);
    let node = leader(&journal).await;
    let mut follower = follow(&journal);
    for _ in 0..5 {
        let offset = create(&node, 4).await;
        keep_up(&mut follower, offset).expect("it agrees with every checkpoint");
    }
    assert_eq!(follower.driver.state().instance_keys().len(), 20);
    // As if it were killed: what it had not written is in the log.
    create(&node, 3).await;
    drop(node);
    let led = lead_with(&journal, follower).await;
    let counted = led.query_at(|state| state.instance_keys().len()).await;
    assert_eq!(counted.expect("it serves").0, 23);
    assert_eq!(led.status().term, 2);
}

/// What a checkpoint has written and a later command has removed needs a tombstone, or the next restore has it again.
#[tokio::test]
async fn what_went_after_the_last_checkpoint_of_a_dead_leader_does_not_come_back() {
    let journal = MemoryJournal::new(1, 2);
    let node = leader(&journal).await;
    let mut follower = follow(&journal);
    let offset = create(&node, 3).await;
    keep_up(&mut follower, offset).expect("it agrees");
    node.stop().await;
    let oldest = follower.driver.state().instance_keys().first().copied();
    let cancel = Command::CancelInstance(CancelInstance {
        instance_key: oldest.expect("there are three"),
    });
    let cancel = driver::encode(&Caller::default(), 0, cancel);
    journal.append(0, &[cancel]).expect("it is in the log");
    let led = lead_with(&journal, follower).await;
    led.stop().await;
    let restored = follow(&journal);
    assert_eq!(restored.driver.state().instance_keys().len(), 2);
}

#[tokio::test]
async fn a_follower_that_has_another_state_than_was_written_notices_and_restores() {
    let truth = MemoryJournal::new(1, 1);
    let lies = Arc::new(AtomicBool::new(false));
    let lying = Lying {
        truth: truth.clone(),
        lies: Arc::clone(&lies),
    };
    let node = leader(&truth).await;
    let mut follower = follow(&lying);
    let offset = create(&node, 2).await;
    keep_up(&mut follower, offset).expect("it agrees");
    lies.store(true, Ordering::Release);
    let offset = create(&node, 2).await;
    let told = keep_up(&mut follower, offset).expect_err("its state is another one");
    assert!(matches!(told, FollowError::Diverged { .. }), "{told}");
    lies.store(false, Ordering::Release);
    let mut follower = follow(&lying);
    let offset = create(&node, 2).await;
    keep_up(&mut follower, offset).expect("it agrees again");
    assert_eq!(follower.driver.state().instance_keys().len(), 6);
}
