//! `weir message`.

use std::time::Duration;

use clap::{Args, Subcommand};
use proto::gateway::PublishMessageRequest;
use serde_json::json;

use crate::client::{Client, ConnectArgs};
use crate::failure::Failure;
use crate::moment;
use crate::output::Output;
use crate::variables::{VariableArgs, shorten};

#[derive(Debug, Subcommand)]
pub enum MessageCommand {
    Publish(PublishArgs),
}

/// Publish a message: to whatever waits for its name and correlation key
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  weir message publish documents-received --key C-1
  weir message publish documents-received --key C-1 --set pages=3 --ttl 1h --id scan-7")]
pub struct PublishArgs {
    /// Name of the message
    name: String,

    /// The correlation key that the waiting process has computed
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    key: String,

    /// For how long it is kept when nothing waits for it yet
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = moment::parse_duration)]
    ttl: Duration,

    /// Of kept messages with the same name, key and id only one is taken
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    id: String,

    #[command(flatten)]
    variables: VariableArgs,

    #[command(flatten)]
    connect: ConnectArgs,
}

pub async fn run(command: &MessageCommand, output: Output) -> Result<(), Failure> {
    match command {
        MessageCommand::Publish(args) => publish(args, output).await,
    }
}

async fn publish(args: &PublishArgs, output: Output) -> Result<(), Failure> {
    let request = PublishMessageRequest {
        name: args.name.clone(),
        correlation_key: args.key.clone(),
        time_to_live: i64::try_from(args.ttl.as_millis()).unwrap_or(i64::MAX),
        message_id: args.id.clone(),
        variables: args.variables.document()?,
        tenant_id: String::new(),
    };
    let client = Client::connect(&args.connect).await?;
    let reply = client.gateway().publish_message(request).await;
    let key = reply.map_err(client.failure())?.into_inner().key;
    output.show(
        || json!({ "messageKey": key.to_string() }),
        |paint| {
            let key = paint.name(&key.to_string());
            format!(
                "Message {key} ({}) is published.\n",
                shorten(&args.name, 60)
            )
        },
    )
}
