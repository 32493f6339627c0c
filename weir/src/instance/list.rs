//! `weir instance list`.

use clap::{Args, ValueEnum};
use proto::admin as api;
use serde_json::json;

use super::json::summary_json;
use super::words::instance_state;
use crate::client::{Client, ConnectArgs};
use crate::failure::Failure;
use crate::moment;
use crate::output::{Output, Paint, Row, Tone, faint, plain, table, toned};
use crate::paging::{fetch, more_text, page_size};
use crate::variables::shorten;

/// List process instances: running ones, then ended ones, the newest first
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  weir instance list
  weir instance list --process insurance-claim --state active --state incident
  weir instance list --format json | jq -r '.instances[].key'")]
pub struct ListArgs {
    /// Only of this process
    #[arg(long, value_name = "PROCESS_ID")]
    process: Option<String>,

    /// Only in this state (repeatable)
    #[arg(long, value_name = "STATE", value_enum)]
    state: Vec<State>,

    /// At most so many
    #[arg(long, value_name = "N", default_value = "50")]
    limit: usize,

    #[command(flatten)]
    connect: ConnectArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum State {
    Active,
    Incident,
    Completed,
    Canceled,
}

pub async fn run(args: &ListArgs, output: Output) -> Result<(), Failure> {
    let client = Client::connect(&args.connect).await?;
    let request = api::ListInstancesRequest {
        process_id: args.process.clone().unwrap_or_default(),
        states: args
            .state
            .iter()
            .map(|&found| state(found).into())
            .collect(),
        page_size: page_size(args.limit),
        page_token: String::new(),
    };
    let page = async |page_token| {
        let request = api::ListInstancesRequest {
            page_token,
            ..request.clone()
        };
        let reply = client.admin().list_instances(request).await;
        let reply = reply.map_err(client.failure())?.into_inner();
        Ok((reply.instances, reply.next_page_token))
    };
    let (instances, more) = fetch(args.limit, page).await?;
    output.show(
        || json!({ "instances": instances.iter().map(summary_json).collect::<Vec<_>>(), "more": more }),
        |paint| text(paint, &instances, more),
    )
}

fn state(state: State) -> api::InstanceState {
    match state {
        State::Active => api::InstanceState::Active,
        State::Incident => api::InstanceState::Incident,
        State::Completed => api::InstanceState::Completed,
        State::Canceled => api::InstanceState::Canceled,
    }
}

fn text(paint: Paint, instances: &[api::InstanceSummary], more: bool) -> String {
    if instances.is_empty() {
        return "No instances.\n".to_owned();
    }
    let header = [
        "KEY", "PROCESS", "VERSION", "STATE", "STARTED", "TOOK", "NOW AT",
    ];
    let now = moment::now_ms();
    let rows = instances.iter().map(|found| row(found, now)).collect();
    table(paint, &header, rows) + &more_text(paint, more)
}

fn row(found: &api::InstanceSummary, now: i64) -> Row {
    let (state, tone) = instance_state(found.state());
    let end = if found.ended_ms > 0 {
        found.ended_ms
    } else {
        now
    };
    vec![
        toned(found.key, Tone::Name),
        plain(shorten(&found.process_id, 40)),
        plain(found.version),
        toned(state, tone),
        faint(moment::relative(found.created_ms, now)),
        plain(moment::length(end - found.created_ms)),
        plain(shorten(&found.active_elements.join(", "), 60)),
    ]
}
