//! Several partitions without a journal, and the sends between them, carried when a test says so.
//!
//! As the courier does it: from the oldest send that its source does not know to have arrived, in order, and again when
//! the source was not told.

use bytes::Bytes;
use engine::{Command, Effect, Limits, Outcome, Rejection};
use proto::record::command::Kind;
use proto::record::{ReceiveSend, SendsDelivered};

use crate::machine::{Machine, START_MS};

/// Rounds of carrying after which everything must be quiet.
const ROUNDS_MAX: usize = 1_000;

pub struct Network {
    machines: Vec<Machine>,
    /// What each partition gave, in order: partition and outcome.
    pub outcomes: Vec<(u32, Outcome)>,
}

impl Network {
    pub fn new(partitions: u32) -> Network {
        let machines = 1..=partitions;
        let machine = |partition| Machine::of(partition, partitions, Limits::default());
        Network {
            machines: machines.map(machine).collect(),
            outcomes: Vec::new(),
        }
    }

    pub fn partitions(&self) -> std::ops::RangeInclusive<u32> {
        1..=self.machines.len() as u32
    }

    pub fn machine(&mut self, partition: u32) -> &mut Machine {
        &mut self.machines[partition as usize - 1]
    }

    /// # Errors
    /// The engine's rejection.
    pub fn apply(&mut self, partition: u32, kind: Kind) -> Result<Outcome, Rejection> {
        self.apply_command(
            partition,
            Command {
                kind: Some(kind),
                ..Command::default()
            },
        )
    }

    /// # Errors
    /// The engine's rejection.
    pub fn apply_command(
        &mut self,
        partition: u32,
        command: Command,
    ) -> Result<Outcome, Rejection> {
        let outcome = self.machine(partition).apply_command(command)?;
        self.outcomes.push((partition, outcome.clone()));
        Ok(outcome)
    }

    /// Appends up to so many sends to the log of their target, whether they are there already or not. Gives the
    /// sequence number of the last one; 0 for none.
    pub fn carry(&mut self, source: u32, target: u32, most: usize) -> u64 {
        let sends = self.machine(source).state.outbox(target).take(most);
        let sends = sends.cloned().collect::<Vec<_>>();
        for outbox in &sends {
            let received = self.apply(
                target,
                Kind::ReceiveSend(ReceiveSend {
                    source,
                    sequence: outbox.sequence,
                    send: outbox.send.clone(),
                }),
            );
            if let Err(refused) = received {
                assert_eq!(refused.reason, "SEND_OUT_OF_ORDER", "{refused}");
            }
        }
        sends.last().map_or(0, |last| last.sequence)
    }

    /// Tells the source how far its sends have arrived; gives the correlations that are answered by it.
    pub fn tell(&mut self, source: u32, target: u32, through: u64) -> Vec<u64> {
        if through == 0 {
            return Vec::new();
        }
        let told = Kind::SendsDelivered(SendsDelivered { target, through });
        let outcome = self.apply(source, told).expect("they were made");
        let answered = outcome
            .effects
            .into_iter()
            .filter_map(|effect| match effect {
                Effect::Answer { correlation, .. } => Some(correlation),
                Effect::PushJob { .. }
                | Effect::JobsAvailable { .. }
                | Effect::TaskChanged { .. }
                | Effect::SendQueued { .. } => None,
            });
        answered.collect()
    }

    /// All that waits from one partition to another arrives.
    pub fn deliver(&mut self, source: u32, target: u32) -> Vec<u64> {
        let through = self.carry(source, target, usize::MAX);
        self.tell(source, target, through)
    }

    /// Everybody's time goes on; what is due fires.
    pub fn advance(&mut self, by_ms: i64) {
        for partition in self.partitions() {
            self.machine(partition).now_ms += by_ms;
            self.settle(partition);
        }
    }

    pub fn settle(&mut self, partition: u32) {
        let outcomes = self.machine(partition).settle();
        let outcomes = outcomes.into_iter().map(|outcome| (partition, outcome));
        self.outcomes.extend(outcomes);
    }

    /// Carries everything until nothing is left to carry.
    pub fn quiet(&mut self) {
        for _ in 0..ROUNDS_MAX {
            let mut moved = false;
            for source in self.partitions() {
                self.settle(source);
                for target in self.partitions() {
                    moved |= self.machine(source).state.outbox(target).next().is_some();
                    self.deliver(source, target);
                }
            }
            if !moved {
                return;
            }
        }
        panic!("the partitions never come to rest");
    }

    /// Replays every log and restores every state.
    pub fn check(&mut self) {
        let machines = self.machines.iter_mut();
        machines.for_each(Machine::check_replay_and_restore);
    }

    pub fn now_ms(&self) -> i64 {
        self.machines.first().map_or(START_MS, |first| first.now_ms)
    }
}

/// A deployment of one model.
pub fn deployment(processes: &str) -> Kind {
    let content = format!(
        r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="t">{processes}</definitions>"#
    );
    Kind::DeployResources(proto::record::DeployResources {
        resources: vec![proto::record::deploy_resources::Resource {
            name: "network.bpmn".to_owned(),
            content: Bytes::from(content),
        }],
    })
}
