//! `weir deploy`.

use std::path::PathBuf;

use clap::Args;
use proto::gateway::deployment::Metadata;
use proto::gateway::{DeployResourceRequest, Resource};
use serde_json::{Value, json};

use crate::client::{Client, ConnectArgs};
use crate::failure::Failure;
use crate::output::{Output, Tone, plain, table, toned};
use crate::variables::shorten;

/// Give the server processes: all files in one deployment, or none
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  weir deploy order.bpmn
  weir deploy order.bpmn payment.bpmn --format json

A model that has not changed keeps its version. `weir check` tells beforehand what would be refused.")]
pub struct DeployArgs {
    /// BPMN files
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
    let processes: Vec<_> = reply
        .deployments
        .into_iter()
        .filter_map(|deployment| match deployment.metadata {
            Some(Metadata::Process(process)) => Some(process),
            Some(Metadata::Decision(_) | Metadata::DecisionRequirements(_) | Metadata::Form(_))
            | None => None,
        })
        .collect();
    output.show(
        || {
            let processes: Vec<Value> = processes
                .iter()
                .map(|process| {
                    json!({
                        "processId": process.bpmn_process_id,
                        "version": process.version,
                        "definitionKey": process.process_definition_key.to_string(),
                        "resource": process.resource_name,
                    })
                })
                .collect();
            json!({ "key": reply.key.to_string(), "processes": processes })
        },
        |paint| {
            let rows = processes
                .iter()
                .map(|process| {
                    vec![
                        toned(shorten(&process.bpmn_process_id, 60), Tone::Name),
                        plain(process.version),
                        plain(process.process_definition_key),
                        plain(shorten(&process.resource_name, 60)),
                    ]
                })
                .collect();
            table(paint, &["PROCESS", "VERSION", "KEY", "FILE"], rows)
        },
    )
}
