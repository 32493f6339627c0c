//! `weir deploy`.

use std::path::PathBuf;

use clap::Args;
use proto::gateway::deployment::Metadata;
use proto::gateway::{
    DecisionMetadata, DecisionRequirementsMetadata, DeployResourceRequest, Deployment,
    ProcessMetadata, Resource,
};
use serde_json::{Value, json};

use crate::client::{Client, ConnectArgs};
use crate::failure::Failure;
use crate::output::{Output, Row, Tone, plain, table, toned};
use crate::variables::shorten;

/// Give the server processes and decisions: all files in one deployment, or none
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  weir deploy order.bpmn
  weir deploy order.bpmn discount.dmn --format json

A model that has not changed keeps its version. `weir check` tells beforehand what would be refused.")]
pub struct DeployArgs {
    /// BPMN and DMN files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    connect: ConnectArgs,
}

pub async fn run(args: &DeployArgs, output: Output) -> Result<(), Failure> {
    let mut resources = Vec::new();
    for path in &args.files {
        let content = std::fs::read(path).map_err(|error| {
            Failure::usage(format!("{} cannot be read: {error}", path.display()))
        })?;
        let name = path.file_name().unwrap_or(path.as_os_str());
        resources.push(Resource {
            name: name.to_string_lossy().into_owned(),
            content,
        });
    }
    let client = Client::connect(&args.connect).await?;
    let request = DeployResourceRequest {
        resources,
        tenant_id: String::new(),
    };
    let reply = client.gateway().deploy_resource(request).await;
    let reply = reply.map_err(client.failure())?.into_inner();
    let deployed = Deployed::of(reply.deployments);
    output.show(
        || deployed.json(reply.key),
        |paint| {
            let mut shown = String::new();
            if !deployed.processes.is_empty() {
                shown += &table(
                    paint,
                    &["PROCESS", "VERSION", "KEY", "FILE"],
                    deployed.processes(),
                );
            }
            if !deployed.decisions.is_empty() {
                let header = ["DECISION", "VERSION", "KEY", "FILE"];
                shown += &table(paint, &header, deployed.decisions());
            }
            shown
        },
    )
}

/// What the server has made of the files.
#[derive(Default)]
struct Deployed {
    processes: Vec<ProcessMetadata>,
    decisions: Vec<DecisionMetadata>,
    /// The files of the decisions.
    requirements: Vec<DecisionRequirementsMetadata>,
}

impl Deployed {
    fn of(deployments: Vec<Deployment>) -> Deployed {
        let mut deployed = Deployed::default();
        for deployment in deployments {
            match deployment.metadata {
                Some(Metadata::Process(process)) => deployed.processes.push(process),
                Some(Metadata::Decision(decision)) => deployed.decisions.push(decision),
                Some(Metadata::DecisionRequirements(file)) => deployed.requirements.push(file),
                Some(Metadata::Form(_)) | None => {}
            }
        }
        deployed
    }

    fn file_of(&self, decision: &DecisionMetadata) -> &str {
        let mut files = self.requirements.iter();
        let key = decision.decision_requirements_key;
        let found = files.find(|file| file.decision_requirements_key == key);
        found.map_or("", |file| &file.resource_name)
    }

    fn json(&self, key: i64) -> Value {
        let processes = self.processes.iter().map(|process| {
            json!({
                "processId": process.bpmn_process_id,
                "version": process.version,
                "definitionKey": process.process_definition_key.to_string(),
                "resource": process.resource_name,
            })
        });
        let decisions = self.decisions.iter().map(|decision| {
            json!({
                "decisionId": decision.dmn_decision_id,
                "version": decision.version,
                "decisionKey": decision.decision_key.to_string(),
                "resource": self.file_of(decision),
            })
        });
        json!({
            "key": key.to_string(),
            "processes": processes.collect::<Vec<_>>(),
            "decisions": decisions.collect::<Vec<_>>(),
        })
    }

    fn processes(&self) -> Vec<Row> {
        let rows = self.processes.iter().map(|process| {
            vec![
                toned(shorten(&process.bpmn_process_id, 60), Tone::Name),
                plain(process.version),
                plain(process.process_definition_key),
                plain(shorten(&process.resource_name, 60)),
            ]
        });
        rows.collect()
    }

    fn decisions(&self) -> Vec<Row> {
        let rows = self.decisions.iter().map(|decision| {
            vec![
                toned(shorten(&decision.dmn_decision_id, 60), Tone::Name),
                plain(decision.version),
                plain(decision.decision_key),
                plain(shorten(self.file_of(decision), 60)),
            ]
        });
        rows.collect()
    }
}
