//! `weir task show`: everything about one task, and what can be done with it.

use clap::Args;
use proto::usertask as api;
use proto::usertask::history_entry::What;
use serde_json::{Value, json};

use super::view;
use crate::client::{Client, ConnectArgs};
use crate::failure::Failure;
use crate::moment;
use crate::output::{Output, Paint, Tone, faint, plain, table, toned};
use crate::variables::{short, shorten, value};

/// Show a task with its form, its variables and its history
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  weir task show 2251799813685312
  weir task show 2251799813685312 --format json | jq .form")]
pub struct ShowArgs {
    /// Key of the task
    key: u64,

    #[command(flatten)]
    connect: ConnectArgs,
}

pub async fn run(args: &ShowArgs, output: Output) -> Result<(), Failure> {
    let client = Client::connect(&args.connect).await?;
    let request = api::GetTaskRequest {
        task_key: args.key,
        include_variables: Vec::new(),
        min_position: String::new(),
    };
    let found = client.tasks().get_task(request).await;
    let found = found.map_err(client.failure())?.into_inner();
    let request = api::GetTaskHistoryRequest {
        task_key: args.key,
        process_instance_key: 0,
        // Not older than the task.
        min_position: found.position,
    };
    let history = client.tasks().get_task_history(request).await;
    let history = history.map_err(client.failure())?.into_inner().entries;
    let task = found.task.unwrap_or_default();
    let form = found.form.unwrap_or_default();
    let variables = value(&found.variables);
    output.show(
        || {
            let mut json = view::json(&task);
            if let Some(object) = json.as_object_mut() {
                object.insert("form".to_owned(), form_json(&form));
                object.insert("variables".to_owned(), variables.clone());
                let history = history.iter().map(entry_json).collect();
                object.insert("history".to_owned(), Value::Array(history));
            }
            json
        },
        |paint| {
            let mut text = head(paint, &task);
            text += &form_text(paint, &form);
            text += &variables_text(paint, &variables);
            text += &history_text(paint, &history);
            text += &next_steps(paint, &task, &form);
            text
        },
    )
}

fn head(paint: Paint, task: &api::Task) -> String {
    let now = moment::now_ms();
    let at = |at: &Option<prost_types::Timestamp>| {
        at.as_ref().map(|at| {
            let ms = view::ms(at);
            format!("{} ({})", moment::local(ms), moment::relative(ms, now))
        })
    };
    let process = format!("{} version {}", task.process_name, task.process_version);
    let facts = [
        ("key", Some(task.key.to_string())),
        ("state", Some(view::state(task).to_owned())),
        ("process", Some(shorten(&process, 70))),
        ("instance", Some(task.process_instance_key.to_string())),
        ("element", Some(task.element_id.clone())),
        ("assignee", said(&task.assignee)),
        ("candidates", said(&view::candidates(task))),
        ("excluded", said(&task.excluded_users.join(", "))),
        ("priority", Some(task.priority.to_string())),
        ("created", at(&task.created)),
        ("due", at(&task.due)),
        ("follow up", at(&task.follow_up)),
        ("ended", at(&task.ended)),
        ("completed by", said(&task.completed_by)),
        ("action", said(&task.action)),
    ];
    let mut text = paint.bold(&view::name(task)) + "\n";
    for (name, fact) in facts {
        if let Some(fact) = fact {
            let label = paint.faint(&format!("{name:<12}"));
            text += &format!("  {label}  {}\n", shorten(&fact, 100));
        }
    }
    text
}

fn said(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// The fields that people fill in: of a form-js form those with a key.
fn form_text(paint: Paint, form: &api::Form) -> String {
    if form.embedded_json.is_empty() {
        let reference = [&form.form_id, &form.external_reference, &form.form_key];
        return match reference.into_iter().find(|text| !text.is_empty()) {
            Some(name) => format!("\n{}\n  {}\n", paint.bold("Form"), shorten(name, 100)),
            None => String::new(),
        };
    }
    let text = |field: &Value, name: &str| {
        let found = field.get(name).and_then(Value::as_str).unwrap_or_default();
        shorten(found, 60)
    };
    let rows = fields(form)
        .iter()
        .map(|field| {
            vec![
                toned(text(field, "key"), Tone::Name),
                plain(text(field, "label")),
                faint(text(field, "type")),
                plain(shorten(&choices(field), 80)),
            ]
        })
        .collect::<Vec<_>>();
    if rows.is_empty() {
        return String::new();
    }
    let table = table(paint, &["FIELD", "LABEL", "TYPE", "VALUES"], rows);
    format!("\n{}\n{}", paint.bold("Form"), indent(&table))
}

/// The fields of an embedded form that a person fills in.
fn fields(form: &api::Form) -> Vec<Value> {
    let is_set = |field: &Value, name: &str| field.get(name).and_then(Value::as_bool) == Some(true);
    let form = value(&form.embedded_json);
    let components = form.get("components").and_then(Value::as_array);
    let components = components.into_iter().flatten();
    components
        .filter(|field| field.get("key").is_some_and(Value::is_string))
        .filter(|field| !is_set(field, "readonly") && !is_set(field, "disabled"))
        .cloned()
        .collect()
}

/// What a field can be set to, where the form lists it.
fn choices(field: &Value) -> String {
    let Some(values) = field.get("values").and_then(Value::as_array) else {
        return String::new();
    };
    let names: Vec<&str> = values
        .iter()
        .filter_map(|value| value.get("value").and_then(Value::as_str))
        .collect();
    names.join(" | ")
}

fn variables_text(paint: Paint, variables: &Value) -> String {
    let Some(object) = variables.as_object().filter(|object| !object.is_empty()) else {
        return String::new();
    };
    let rows = object
        .iter()
        .map(|(name, value)| {
            vec![
                toned(shorten(name, 40), Tone::Name),
                plain(short(value, 90)),
            ]
        })
        .collect();
    let table = table(paint, &["VARIABLE", "VALUE"], rows);
    format!("\n{}\n{}", paint.bold("Variables"), indent(&table))
}

fn history_text(paint: Paint, history: &[api::HistoryEntry]) -> String {
    if history.is_empty() {
        return String::new();
    }
    let rows = history
        .iter()
        .map(|entry| {
            let (what, detail) = words(entry);
            let at = entry.at.as_ref().map(view::ms).unwrap_or_default();
            vec![
                faint(moment::local(at)),
                plain(what),
                toned(shorten(&entry.user, 30), Tone::Name),
                plain(shorten(&detail, 80)),
            ]
        })
        .collect();
    let table = table(paint, &["WHEN", "WHAT", "WHO", ""], rows);
    format!("\n{}\n{}", paint.bold("History"), indent(&table))
}

fn words(entry: &api::HistoryEntry) -> (&'static str, String) {
    let none = String::new;
    match &entry.what {
        None => ("unknown", none()),
        Some(What::Created(created)) => match created.assignee.as_str() {
            "" => ("created", none()),
            assignee => ("created", format!("for {assignee}")),
        },
        Some(What::Claimed(_)) => ("claimed", none()),
        Some(What::Unclaimed(_)) => ("given back", none()),
        Some(What::Assigned(assigned)) => match assigned.assignee.as_str() {
            "" => ("assigned", "to nobody".to_owned()),
            assignee => ("assigned", format!("to {assignee}")),
        },
        Some(What::Updated(updated)) => ("updated", updated.fields.join(", ")),
        Some(What::Commented(comment)) => ("commented", comment.text.clone()),
        Some(What::Completed(completed)) => ("completed", completed.action.clone()),
        Some(What::Canceled(_)) => ("canceled", none()),
    }
}

fn entry_json(entry: &api::HistoryEntry) -> Value {
    let (what, detail) = words(entry);
    json!({
        "at": view::instant(entry.at.as_ref()),
        "user": view::some(&entry.user),
        "what": what,
        "detail": view::some(&detail),
    })
}

fn form_json(form: &api::Form) -> Value {
    json!({
        "formKey": view::some(&form.form_key),
        "embedded": value(&form.embedded_json),
        "formId": view::some(&form.form_id),
        "externalReference": view::some(&form.external_reference),
    })
}

/// The commands that somebody would type now.
fn next_steps(paint: Paint, task: &api::Task, form: &api::Form) -> String {
    if task.state() != api::TaskState::Created {
        return String::new();
    }
    let key = task.key;
    let step = if task.assignee.is_empty() {
        format!("weir task claim {key} --user NAME")
    } else {
        let fields: String = fields(form)
            .iter()
            .filter_map(|field| field.get("key")?.as_str())
            .map(|key| format!(" --set {key}=…"))
            .collect();
        format!("weir task complete {key} --user {}{fields}", task.assignee)
    };
    format!("\n{}\n  {}\n", paint.bold("Next"), shorten(&step, 200))
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}
