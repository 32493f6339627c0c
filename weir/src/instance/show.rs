//! `weir instance show`: where an instance stands and what led there.

use clap::Args;
use proto::admin as api;

use super::json::instance_json;
use super::story;
use super::words::{instance_state, name_or_id};
use crate::client::{Client, ConnectArgs};
use crate::failure::Failure;
use crate::moment;
use crate::output::{Output, Paint, Tone, plain, table, toned};
use crate::variables::{short, shorten, value};

/// Tell the story of an instance: what ran, when, how long, who did it, with which result
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  weir instance show 2251799813685251
  weir instance show 2251799813685251 --format json | jq '.elements[] | select(.state == \"ACTIVE\")'

To see it drawn: weir render --instance 2251799813685251 -o instance.svg")]
pub struct ShowArgs {
    /// Key of the instance
    key: u64,

    #[command(flatten)]
    connect: ConnectArgs,
}

pub async fn run(args: &ShowArgs, output: Output) -> Result<(), Failure> {
    let client = Client::connect(&args.connect).await?;
    let found = fetch(&client, args.key).await?;
    output.show(|| instance_json(&found), |paint| text(paint, &found))
}

async fn fetch(client: &Client, key: u64) -> Result<api::GetInstanceResponse, Failure> {
    let request = api::GetInstanceRequest {
        instance_key: key,
        without_story: false,
    };
    let reply = client.admin().get_instance(request).await;
    Ok(reply.map_err(client.failure())?.into_inner())
}

fn text(paint: Paint, found: &api::GetInstanceResponse) -> String {
    let now = moment::now_ms();
    let mut text = head(paint, found, now);
    text += &story::text(paint, found, now);
    text += &section(paint, "Waits for people", tasks(paint, found, now));
    text += &section(paint, "Waits for workers", jobs(paint, found, now));
    text += &section(
        paint,
        "Waits for time and messages",
        catches(paint, found, now),
    );
    text += &section(paint, "Incidents", incidents(paint, found, now));
    text += &section(paint, "Variables", variables(paint, found));
    text
}

fn head(paint: Paint, found: &api::GetInstanceResponse, now: i64) -> String {
    let Some(instance) = &found.instance else {
        return String::new();
    };
    let (state, tone) = instance_state(instance.state());
    let title = name_or_id(&instance.process_name, &instance.process_id);
    let mut text = format!(
        "{} {} {}\n",
        paint.bold(&shorten(title, 80)),
        paint.name(&instance.key.to_string()),
        paint.by_tone(tone, state)
    );
    let started = format!(
        "{} ({})",
        moment::local(instance.created_ms),
        moment::relative(instance.created_ms, now)
    );
    let ended = (instance.ended_ms > 0).then(|| {
        let took = moment::length(instance.ended_ms - instance.created_ms);
        format!("{}, after {took}", moment::local(instance.ended_ms))
    });
    let process = format!("{} version {}", instance.process_id, instance.version);
    let facts = [
        ("process", Some(process)),
        ("started", Some(started)),
        ("by", said(&instance.created_by)),
        ("ended", ended),
        ("tags", said(&instance.tags.join(", "))),
    ];
    for (name, fact) in facts {
        if let Some(fact) = fact {
            let label = paint.faint(&format!("{name:<8}"));
            text += &format!("  {label} {}\n", shorten(&fact, 100));
        }
    }
    text
}

fn said(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn section(paint: Paint, title: &str, table: Option<String>) -> String {
    match table {
        None => String::new(),
        Some(table) => {
            let lines: String = table.lines().map(|line| format!("  {line}\n")).collect();
            format!("\n{}\n{lines}", paint.bold(title))
        }
    }
}

fn tasks(paint: Paint, found: &api::GetInstanceResponse, now: i64) -> Option<String> {
    let rows: Vec<_> = found
        .user_tasks
        .iter()
        .filter(|task| task.state == "CREATED")
        .map(|task| {
            let candidates: Vec<&str> = task
                .candidate_users
                .iter()
                .chain(&task.candidate_groups)
                .map(String::as_str)
                .collect();
            let due = match task.due_ms {
                0 => String::new(),
                due => moment::relative(due, now),
            };
            vec![
                toned(task.key, Tone::Name),
                plain(element_name(found, &task.element_id)),
                plain(shorten(&task.assignee, 30)),
                plain(shorten(&candidates.join(", "), 40)),
                toned(
                    due,
                    if task.due_ms < now {
                        Tone::Bad
                    } else {
                        Tone::Plain
                    },
                ),
            ]
        })
        .collect();
    let header = ["TASK", "ELEMENT", "ASSIGNEE", "CANDIDATES", "DUE"];
    (!rows.is_empty()).then(|| table(paint, &header, rows))
}

fn jobs(paint: Paint, found: &api::GetInstanceResponse, now: i64) -> Option<String> {
    let rows: Vec<_> = found
        .jobs
        .iter()
        .map(|job| {
            let until = match job.until_ms {
                0 => String::new(),
                until => moment::relative(until, now),
            };
            vec![
                toned(job.key, Tone::Name),
                plain(element_name(found, &job.element_id)),
                plain(shorten(&job.r#type, 40)),
                plain(&job.state),
                plain(job.retries),
                plain(shorten(&job.worker, 30)),
                plain(until),
                toned(shorten(&job.error_message, 80), Tone::Bad),
            ]
        })
        .collect();
    let header = [
        "JOB", "ELEMENT", "TYPE", "STATE", "RETRIES", "WORKER", "UNTIL", "ERROR",
    ];
    (!rows.is_empty()).then(|| table(paint, &header, rows))
}

fn catches(paint: Paint, found: &api::GetInstanceResponse, now: i64) -> Option<String> {
    let timers = found.timers.iter().map(|timer| {
        vec![
            plain(element_name(found, &timer.element_id)),
            plain("timer"),
            plain(format!("due {}", moment::relative(timer.due_ms, now))),
        ]
    });
    let named = found.subscriptions.iter().map(|awaited| {
        let (noun, what) = match awaited.signal_name.as_str() {
            "" => {
                let name = shorten(&awaited.message_name, 40);
                let key = shorten(&awaited.correlation_key, 40);
                ("message", format!("{name} for {key}"))
            }
            name => ("signal", shorten(name, 40)),
        };
        let element = element_name(found, &awaited.element_id);
        vec![plain(element), plain(noun), plain(what)]
    });
    let rows: Vec<_> = timers.chain(named).collect();
    (!rows.is_empty()).then(|| table(paint, &["ELEMENT", "WAITS FOR", ""], rows))
}

fn incidents(paint: Paint, found: &api::GetInstanceResponse, now: i64) -> Option<String> {
    let rows: Vec<_> = found
        .incidents
        .iter()
        .filter(|incident| incident.resolved_ms == 0)
        .map(|incident| {
            vec![
                toned(incident.key, Tone::Name),
                plain(element_name(found, &incident.element_id)),
                toned(&incident.r#type, Tone::Bad),
                plain(shorten(&incident.message, 160)),
                plain(moment::relative(incident.created_ms, now)),
            ]
        })
        .collect();
    let header = ["INCIDENT", "ELEMENT", "TYPE", "MESSAGE", "SINCE"];
    (!rows.is_empty()).then(|| table(paint, &header, rows))
}

fn variables(paint: Paint, found: &api::GetInstanceResponse) -> Option<String> {
    let mut rows = Vec::new();
    for scope in &found.variables {
        let root = found
            .instance
            .as_ref()
            .is_some_and(|instance| instance.key == scope.scope_key);
        let place = if root {
            String::new()
        } else {
            element_name(found, &scope.element_id)
        };
        let document = scope.variables.clone().unwrap_or_default();
        if document.omitted_bytes > 0 {
            let size = format!("{} bytes, too large to show", document.omitted_bytes);
            rows.push(vec![
                toned("…", Tone::Faint),
                toned(size, Tone::Faint),
                plain(place),
            ]);
            continue;
        }
        for (name, value) in value(&document.json).as_object().into_iter().flatten() {
            rows.push(vec![
                toned(shorten(name, 40), Tone::Name),
                plain(short(value, 100)),
                plain(&place),
            ]);
        }
    }
    (!rows.is_empty()).then(|| table(paint, &["NAME", "VALUE", "IN"], rows))
}

/// The name of an element that has run, or its id.
fn element_name(found: &api::GetInstanceResponse, id: &str) -> String {
    let run = found.elements.iter().find(|run| run.element_id == id);
    shorten(run.map_or(id, |run| name_or_id(&run.name, id)), 40)
}
