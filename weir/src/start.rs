//! `weir start`.

use clap::Args;
use proto::gateway::{CreateProcessInstanceRequest, CreateProcessInstanceWithResultRequest};
use serde_json::json;

use crate::client::{Client, ConnectArgs};
use crate::failure::Failure;
use crate::output::Output;
use crate::variables::{VariableArgs, value};

/// Start an instance of a process
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  weir start order --set amount=100 --set customer=anna
  weir start order --variables @order.json --await
  weir start order --process-version 2 --variables '{\"amount\": 100}'")]
pub struct StartArgs {
    /// Id of the process
    process_id: String,

    /// Take this version instead of the latest
    #[arg(
        long,
        value_name = "N",
        default_value = "-1",
        hide_default_value = true
    )]
    process_version: i32,

    /// Wait for the end (as long as --timeout says) and print the variables
    #[arg(long = "await")]
    wait: bool,

    /// A word that the instance can be found by (repeatable)
    #[arg(long, value_name = "TEXT")]
    tag: Vec<String>,

    #[command(flatten)]
    variables: VariableArgs,

    #[command(flatten)]
    connect: ConnectArgs,
}

pub async fn run(args: &StartArgs, output: Output) -> Result<(), Failure> {
    let request = CreateProcessInstanceRequest {
        process_definition_key: 0,
        bpmn_process_id: args.process_id.clone(),
        version: args.process_version,
        variables: args.variables.document()?,
        start_instructions: Vec::new(),
        tenant_id: String::new(),
        operation_reference: None,
        tags: args.tag.clone(),
    };
    if args.wait {
        return start_and_wait(args, request, output).await;
    }
    let client = Client::connect(&args.connect).await?;
    let reply = client.gateway().create_process_instance(request).await;
    let reply = reply.map_err(client.failure())?.into_inner();
    let key = reply.process_instance_key;
    output.show(
        || {
            json!({
                "instanceKey": key.to_string(),
                "processId": reply.bpmn_process_id,
                "version": reply.version,
                "definitionKey": reply.process_definition_key.to_string(),
            })
        },
        |paint| {
            let key = paint.name(&key.to_string());
            format!(
                "Instance {key} of {} version {} is started. `weir instance show {}` tells its story.\n",
                reply.bpmn_process_id, reply.version, reply.process_instance_key
            )
        },
    )
}

async fn start_and_wait(
    args: &StartArgs,
    request: CreateProcessInstanceRequest,
    output: Output,
) -> Result<(), Failure> {
    // The server is to answer before this end gives up waiting.
    let wait_ms = i64::try_from(args.connect.timeout.as_millis()).unwrap_or(i64::MAX);
    let mut connect = args.connect.clone();
    connect.timeout += std::time::Duration::from_secs(2);
    let client = Client::connect(&connect).await?;
    let request = CreateProcessInstanceWithResultRequest {
        request: Some(request),
        request_timeout: wait_ms.max(1),
        fetch_variables: Vec::new(),
    };
    let reply = client
        .gateway()
        .create_process_instance_with_result(request)
        .await;
    let reply = reply.map_err(client.failure())?.into_inner();
    let variables = value(&reply.variables);
    output.show(
        || {
            json!({
                "instanceKey": reply.process_instance_key.to_string(),
                "processId": reply.bpmn_process_id,
                "version": reply.version,
                "definitionKey": reply.process_definition_key.to_string(),
                "variables": variables,
            })
        },
        |paint| {
            let key = paint.name(&reply.process_instance_key.to_string());
            let shown = serde_json::to_string_pretty(&variables).unwrap_or_default();
            format!("Instance {key} has ended.\n{shown}\n")
        },
    )
}
