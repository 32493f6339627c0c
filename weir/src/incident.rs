//! `weir incident`: instances that need a person to go on.

use clap::{Args, Subcommand};
use proto::admin as api;
use proto::gateway::{ResolveIncidentRequest, UpdateJobRetriesRequest};
use serde_json::json;

use crate::client::{Client, ConnectArgs};
use crate::failure::{Exit, Failure};
use crate::instance::{incident_json, wire_key};
use crate::moment;
use crate::output::{Output, Paint, Tone, faint, plain, table, toned};
use crate::paging::{PAGE_SIZE, fetch, more_text, page_size};
use crate::variables::shorten;

#[derive(Debug, Subcommand)]
pub enum IncidentCommand {
    List(ListArgs),
    Resolve(ResolveArgs),
}

/// List the incidents that wait for a decision, the newest first
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  weir incident list
  weir incident list --process order --type JOB_NO_RETRIES")]
pub struct ListArgs {
    /// Only of this process
    #[arg(long, value_name = "PROCESS_ID")]
    process: Option<String>,

    /// Only of this instance
    #[arg(long, value_name = "KEY")]
    instance: Option<u64>,

    /// Only of this type, such as JOB_NO_RETRIES
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,

    /// At most so many
    #[arg(long, value_name = "N", default_value = "50")]
    limit: usize,

    #[command(flatten)]
    connect: ConnectArgs,
}

/// Resolve an incident: what had failed is tried again
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  weir incident resolve 2251799813685400
  weir incident resolve 2251799813685400 --retries 3

Mend the cause first: set variables, repair the worker. Else the incident comes back.")]
pub struct ResolveArgs {
    /// Key of the incident
    key: u64,

    /// How often the job, if it is one that failed, is tried
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(i32).range(1..))]
    retries: i32,

    #[command(flatten)]
    connect: ConnectArgs,
}

pub async fn run(command: &IncidentCommand, output: Output) -> Result<(), Failure> {
    match command {
        IncidentCommand::List(args) => list(args, output).await,
        IncidentCommand::Resolve(args) => resolve(args, output).await,
    }
}

async fn list(args: &ListArgs, output: Output) -> Result<(), Failure> {
    let client = Client::connect(&args.connect).await?;
    let request = api::ListIncidentsRequest {
        instance_key: args.instance.unwrap_or_default(),
        process_id: args.process.clone().unwrap_or_default(),
        r#type: args.kind.clone().unwrap_or_default(),
        page_size: page_size(args.limit),
        page_token: String::new(),
    };
    let page = async |page_token| {
        let request = api::ListIncidentsRequest {
            page_token,
            ..request.clone()
        };
        let reply = client.admin().list_incidents(request).await;
        let reply = reply.map_err(client.failure())?.into_inner();
        Ok((reply.incidents, reply.next_page_token))
    };
    let (found, more) = fetch(args.limit, page).await?;
    output.show(
        || json!({ "incidents": found.iter().map(incident_json).collect::<Vec<_>>(), "more": more }),
        |paint| text(paint, &found, more),
    )
}

fn text(paint: Paint, incidents: &[api::Incident], more: bool) -> String {
    if incidents.is_empty() {
        return "No incidents.\n".to_owned();
    }
    let now = moment::now_ms();
    let rows = incidents
        .iter()
        .map(|incident| {
            vec![
                toned(incident.key, Tone::Name),
                plain(shorten(&incident.process_id, 40)),
                faint(incident.instance_key),
                plain(shorten(&incident.element_id, 40)),
                toned(&incident.r#type, Tone::Bad),
                plain(shorten(&incident.message, 120)),
                faint(moment::relative(incident.created_ms, now)),
            ]
        })
        .collect();
    let header = [
        "KEY", "PROCESS", "INSTANCE", "ELEMENT", "TYPE", "MESSAGE", "SINCE",
    ];
    table(paint, &header, rows) + &more_text(paint, more)
}

async fn resolve(args: &ResolveArgs, output: Output) -> Result<(), Failure> {
    let client = Client::connect(&args.connect).await?;
    let incident = find(&client, args.key).await?;
    if incident.r#type == "JOB_NO_RETRIES" && incident.job_key != 0 {
        let request = UpdateJobRetriesRequest {
            job_key: wire_key(incident.job_key)?,
            retries: args.retries,
            operation_reference: None,
        };
        let reply = client.gateway().update_job_retries(request).await;
        reply.map_err(client.failure())?;
    }
    let request = ResolveIncidentRequest {
        incident_key: wire_key(args.key)?,
        operation_reference: None,
    };
    let reply = client.gateway().resolve_incident(request).await;
    reply.map_err(client.failure())?;
    output.show(
        || json!({ "incidentKey": args.key.to_string(), "instanceKey": incident.instance_key.to_string() }),
        |_| {
            format!(
                "Incident {} is resolved; {} is tried again.\n",
                args.key,
                shorten(&incident.element_id, 60)
            )
        },
    )
}

/// The incident, by going through the list: a person looks for one of a few.
async fn find(client: &Client, key: u64) -> Result<api::Incident, Failure> {
    const PAGES_MAX: usize = 200;
    let mut request = api::ListIncidentsRequest {
        page_size: PAGE_SIZE,
        ..Default::default()
    };
    for _ in 0..PAGES_MAX {
        let reply = client.admin().list_incidents(request.clone()).await;
        let reply = reply.map_err(client.failure())?.into_inner();
        if let Some(found) = reply
            .incidents
            .into_iter()
            .find(|incident| incident.key == key)
        {
            return Ok(found);
        }
        request.page_token = reply.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    Err(Failure::new(
        Exit::Failed,
        "INCIDENT_NOT_FOUND",
        format!("there is no open incident {key}"),
    )
    .hint("`weir incident list` shows those that there are"))
}
