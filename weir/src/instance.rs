//! `weir instance`: process instances, running and ended.

mod json;
mod list;
mod show;
mod story;
mod words;

use clap::{Args, Subcommand};
use proto::gateway::CancelProcessInstanceRequest;
use serde_json::json;

use crate::client::{Client, ConnectArgs};
use crate::failure::Failure;
use crate::output::Output;

pub use json::incident_json;

#[derive(Debug, Subcommand)]
pub enum InstanceCommand {
    List(list::ListArgs),
    Show(show::ShowArgs),
    Cancel(CancelArgs),
}

/// End an instance where it stands; what runs in it is terminated
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  weir instance cancel 2251799813685251")]
pub struct CancelArgs {
    /// Key of the instance
    key: u64,

    #[command(flatten)]
    connect: ConnectArgs,
}

pub async fn run(command: &InstanceCommand, output: Output) -> Result<(), Failure> {
    match command {
        InstanceCommand::List(args) => list::run(args, output).await,
        InstanceCommand::Show(args) => show::run(args, output).await,
        InstanceCommand::Cancel(args) => cancel(args, output).await,
    }
}

async fn cancel(args: &CancelArgs, output: Output) -> Result<(), Failure> {
    let client = Client::connect(&args.connect).await?;
    let request = CancelProcessInstanceRequest {
        process_instance_key: wire_key(args.key)?,
        operation_reference: None,
    };
    let reply = client.gateway().cancel_process_instance(request).await;
    reply.map_err(client.failure())?;
    output.show(
        || json!({ "instanceKey": args.key.to_string(), "state": "CANCELED" }),
        |_| format!("Instance {} is canceled.\n", args.key),
    )
}

/// A key as the gateway's protocol has it.
pub fn wire_key(key: u64) -> Result<i64, Failure> {
    i64::try_from(key).map_err(|_| Failure::usage(format!("{key} is too large for a key")))
}
