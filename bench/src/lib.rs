//! What the benchmarks share: a machine with one process, driven without a journal.

use bytes::Bytes;
use engine::{Command, Limits, Outcome, Position, State, apply};
use proto::record::command::Kind;
use proto::record::deploy_resources::Resource;
use proto::record::{CompleteJob, CreateInstance, DeployResources, event};

/// Commands between two drains of the changes: about one checkpoint under load.
pub const CHECKPOINT: u64 = 1_000;

/// A partition with one deployed process.
pub struct Partition {
    pub state: State,
    limits: Limits,
    offset: u64,
    /// Bytes of state entries that checkpoints would have written.
    pub written: u64,
}

impl Partition {
    /// # Panics
    /// When the model cannot be deployed.
    pub fn with(model: &str) -> Partition {
        let mut partition = Partition {
            state: State::new(1, 1),
            limits: Limits::default(),
            offset: 0,
            written: 0,
        };
        partition.apply(Kind::DeployResources(DeployResources {
            resources: vec![Resource {
                name: "bench.bpmn".to_owned(),
                content: Bytes::copy_from_slice(model.as_bytes()),
            }],
        }));
        partition
    }

    /// Applies a command and drains the changes when it is time.
    ///
    /// # Panics
    /// When the command is rejected.
    pub fn apply(&mut self, kind: Kind) -> Outcome {
        let position = Position {
            offset: self.offset,
            timestamp_ms: 1_767_225_600_000 + self.offset as i64,
        };
        let command = Command {
            kind: Some(kind),
            ..Command::default()
        };
        let outcome = apply(&mut self.state, position, &command, &self.limits);
        self.offset += 1;
        if self.offset.is_multiple_of(CHECKPOINT) {
            let changes = self.state.drain_changes(self.offset);
            let values = changes.iter().filter_map(|change| change.value.as_ref());
            self.written += values.map(|value| value.len() as u64).sum::<u64>();
        }
        outcome.expect("the command is accepted")
    }

    /// One instance from its start to the end of its single job: two commands.
    pub fn one_task(&mut self, variables: &Bytes) {
        let job_key = self.park(variables);
        self.apply(Kind::CompleteJob(CompleteJob {
            job_key,
            variables: Bytes::new(),
        }));
    }

    /// Starts an instance that waits for its job; gives the job.
    pub fn park(&mut self, variables: &Bytes) -> u64 {
        let outcome = self.apply(Kind::CreateInstance(CreateInstance {
            process_id: "bench".to_owned(),
            version: -1,
            variables: variables.clone(),
            ..CreateInstance::default()
        }));
        let created = outcome.events.iter().find_map(|event| match &event.kind {
            Some(event::Kind::JobCreated(created)) => created.job.as_ref(),
            _ => None,
        });
        created.map_or(0, |job| job.key)
    }
}

/// A JSON object of about so many bytes, ten fields.
pub fn variables(bytes: usize) -> Bytes {
    let value = "x".repeat((bytes / 10).saturating_sub(14));
    let fields = (0..10).map(|index| format!("\"field-{index}\":\"{value}\""));
    Bytes::from(format!("{{{}}}", fields.collect::<Vec<_>>().join(",")))
}

/// start → `tasks` service tasks → end.
pub fn model(tasks: usize) -> String {
    let mut body = String::from(r#"<bpmn:startEvent id="start" />"#);
    let mut last = "start".to_owned();
    for task in 0..tasks {
        body.push_str(&format!(
            r#"<bpmn:serviceTask id="t{task}"><bpmn:extensionElements><zeebe:taskDefinition type="work" /></bpmn:extensionElements></bpmn:serviceTask><bpmn:sequenceFlow id="f{task}" sourceRef="{last}" targetRef="t{task}" />"#
        ));
        last = format!("t{task}");
    }
    format!(
        r#"<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="bench"><bpmn:process id="bench" isExecutable="true">{body}<bpmn:endEvent id="end" /><bpmn:sequenceFlow id="last" sourceRef="{last}" targetRef="end" /></bpmn:process></bpmn:definitions>"#
    )
}
