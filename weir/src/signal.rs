//! `weir signal`.

use clap::{Args, Subcommand};
use proto::gateway::BroadcastSignalRequest;
use serde_json::json;

use crate::client::{Client, ConnectArgs};
use crate::failure::Failure;
use crate::output::Output;
use crate::variables::{VariableArgs, shorten};

#[derive(Debug, Subcommand)]
pub enum SignalCommand {
    Broadcast(BroadcastArgs),
}

/// Broadcast a signal: to all that waits for its name now
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  weir signal broadcast office-closed
  weir signal broadcast tariff-changed --set year=2027")]
pub struct BroadcastArgs {
    /// Name of the signal
    name: String,

    #[command(flatten)]
    variables: VariableArgs,

    #[command(flatten)]
    connect: ConnectArgs,
}

pub async fn run(command: &SignalCommand, output: Output) -> Result<(), Failure> {
    match command {
        SignalCommand::Broadcast(args) => broadcast(args, output).await,
    }
}

async fn broadcast(args: &BroadcastArgs, output: Output) -> Result<(), Failure> {
    let request = BroadcastSignalRequest {
        signal_name: args.name.clone(),
        variables: args.variables.document()?,
        tenant_id: String::new(),
    };
    let client = Client::connect(&args.connect).await?;
    let reply = client.gateway().broadcast_signal(request).await;
    let key = reply.map_err(client.failure())?.into_inner().key;
    output.show(
        || json!({ "signalKey": key.to_string() }),
        |paint| {
            let key = paint.name(&key.to_string());
            format!("Signal {key} ({}) is broadcast.\n", shorten(&args.name, 60))
        },
    )
}
