//! What happened, as a line of the story: time, claim, element, who, result.

use proto::admin as api;
use proto::admin::story_event::Type;
use serde_json::Value;

use super::cast;
use crate::moment;
use crate::output::Paint;
use crate::variables::{shorten, value};

const ELEMENT_WIDTH: usize = 22;
const WHO_WIDTH: usize = 24;

/// `18:04:05.1  C-101  Review claim   anna   approve`; `what` may hold colours.
pub fn line(paint: Paint, at_ms: i64, label: &str, element: &str, who: &str, what: &str) -> String {
    let number = cast::place_of_id(label).map_or(0, |(_, number)| number);
    let time = moment::clock_short(at_ms);
    format!(
        "{}  {}  {}  {}  {what}",
        paint.faint(&time),
        paint.label(number, &format!("{:<7}", shorten(label, 12))),
        paint.bold(&fit(element, ELEMENT_WIDTH)),
        fit(who, WHO_WIDTH),
    )
}

fn fit(text: &str, width: usize) -> String {
    format!("{:<width$}", shorten(text, width))
}

/// The line for an event, where it is worth one.
pub fn of_event(
    paint: Paint,
    label: &str,
    event: &api::StoryEvent,
    found: &api::GetInstanceResponse,
) -> Option<String> {
    let (who, what) = words(paint, event, found)?;
    let element = if event.element_name.is_empty() {
        &event.element_id
    } else {
        &event.element_name
    };
    let element = match event.r#type() {
        Type::InstanceCreated | Type::InstanceCompleted | Type::InstanceCanceled => "Claim",
        Type::MessageCorrelated if element.is_empty() => "Message",
        _ => element,
    };
    Some(line(paint, event.at_ms, label, element, &who, &what))
}

fn words(
    paint: Paint,
    event: &api::StoryEvent,
    found: &api::GetInstanceResponse,
) -> Option<(String, String)> {
    let detail = shorten(&event.detail, 80);
    let nobody = String::new;
    let by_actor = |what: String| Some((event.actor.clone(), what));
    match event.r#type() {
        Type::InstanceCreated => Some((nobody(), registered(found))),
        Type::InstanceCompleted => Some((nobody(), ended(paint, found))),
        Type::InstanceCanceled => by_actor(paint.warn("canceled")),
        Type::JobCompleted => by_actor(result(found, event.element_key)),
        Type::JobFailed => {
            let again = match event.until_ms {
                0 => "no try is left".to_owned(),
                until => format!("again in {}", moment::length(until - event.at_ms)),
            };
            by_actor(paint.warn(&format!("failed: {detail}, {again}")))
        }
        Type::JobErrorThrown => by_actor(paint.warn(&format!("{}: {detail}", event.code))),
        Type::JobTimedOut => by_actor(paint.warn("did not answer in time")),
        Type::TaskCreated => Some((nobody(), paint.faint(&waits(found, event.key)))),
        Type::TaskChanged => by_actor(paint.faint(&match detail.as_str() {
            "" => event.code.to_lowercase(),
            detail => format!("{}: {detail}", event.code.to_lowercase()),
        })),
        Type::TaskCompleted => by_actor(decided(found, event, &detail)),
        Type::TaskCanceled => Some((nobody(), paint.faint("taken back"))),
        Type::TimerFired => Some((nobody(), paint.warn("the time is up"))),
        Type::MessageAwaited => Some((
            nobody(),
            paint.faint(&format!("waits for the message {detail}")),
        )),
        Type::MessageCorrelated => Some(("customer".to_owned(), format!("message {detail} came"))),
        Type::SignalCorrelated => Some((nobody(), format!("signal {detail} came"))),
        Type::SignalBroadcast => Some((nobody(), format!("signal {detail} went out to all"))),
        Type::RecordPublished => Some((
            nobody(),
            paint.faint(&format!("published to the topic {detail}")),
        )),
        Type::DecisionEvaluated => Some((nobody(), paint.faint(&format!("decision {detail}")))),
        Type::IncidentRaised => Some((nobody(), paint.bad(&format!("incident: {detail}")))),
        Type::IncidentResolved => by_actor(paint.good("incident resolved")),
        Type::Unspecified
        | Type::ElementActivated
        | Type::ElementCompleted
        | Type::ElementTerminated
        | Type::FlowTaken
        | Type::VariablesWritten
        | Type::StepsPostponed
        | Type::JobCreated
        | Type::JobLeased
        | Type::JobCanceled
        | Type::JobReturned
        | Type::JobRetriesUpdated
        | Type::JobTimeoutUpdated
        | Type::JobBackOffEnded
        | Type::SignalAwaited
        | Type::SignalNoLongerAwaited
        | Type::TimerSet
        | Type::TimerCanceled
        | Type::MessageNoLongerAwaited => None,
    }
}

fn registered(found: &api::GetInstanceResponse) -> String {
    let variables = root_variables(found);
    let customer = variables["customer"].as_str().unwrap_or("somebody");
    match variables.get("amount") {
        Some(amount) => format!("registered: {} claims {amount}", shorten(customer, 40)),
        None => "registered".to_owned(),
    }
}

pub fn root_variables(found: &api::GetInstanceResponse) -> Value {
    let root = found.instance.as_ref().map(|instance| instance.key);
    let scope = found
        .variables
        .iter()
        .find(|scope| Some(scope.scope_key) == root);
    let document = scope.and_then(|scope| scope.variables.as_ref());
    document.map_or(Value::Null, |document| value(&document.json))
}

fn ended(paint: Paint, found: &api::GetInstanceResponse) -> String {
    let (outcome, reason) = outcome(found);
    match reason.as_str() {
        "" => paint_outcome(paint, &outcome),
        reason => format!("{} {}", paint_outcome(paint, &outcome), paint.faint(reason)),
    }
}

fn paint_outcome(paint: Paint, outcome: &str) -> String {
    match outcome {
        "APPROVED" => paint.good(outcome),
        "REJECTED" => paint.bad(outcome),
        other => paint.warn(other),
    }
}

/// The outcome and the reason that the end event wrote.
pub fn outcome(found: &api::GetInstanceResponse) -> (String, String) {
    for run in found.elements.iter().rev() {
        let result = run
            .result
            .as_ref()
            .map_or(Value::Null, |result| value(&result.json));
        if let Some(outcome) = result["outcome"].as_str() {
            let reason = result["reason"].as_str().unwrap_or_default();
            return (outcome.to_owned(), shorten(reason, 80));
        }
    }
    ("ended".to_owned(), String::new())
}

fn result(found: &api::GetInstanceResponse, element_key: u64) -> String {
    let run = found.elements.iter().find(|run| run.key == element_key);
    let result = run.and_then(|run| run.result.as_ref());
    let result = result.map_or(Value::Null, |result| value(&result.json));
    let fields: Vec<String> = result
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    if fields.is_empty() {
        "done".to_owned()
    } else {
        shorten(&fields.join(", "), 80)
    }
}

/// The groups whose people may take the task.
fn waits(found: &api::GetInstanceResponse, key: u64) -> String {
    let task = found.user_tasks.iter().find(|task| task.key == key);
    let groups = task.map(|task| task.candidate_groups.join(" or "));
    match groups.as_deref() {
        None | Some("") => "waits for somebody".to_owned(),
        Some(groups) => format!("waits for {}", shorten(groups, 60)),
    }
}

/// The button and what was said to it.
fn decided(found: &api::GetInstanceResponse, event: &api::StoryEvent, action: &str) -> String {
    let run = found
        .elements
        .iter()
        .find(|run| run.key == event.element_key);
    let result = run.and_then(|run| run.result.as_ref());
    let result = result.map_or(Value::Null, |result| value(&result.json));
    let comment = ["review", "approval"]
        .iter()
        .find_map(|name| result[name]["comment"].as_str())
        .or_else(|| result["comment"].as_str());
    match comment {
        None | Some("") => action.to_owned(),
        Some(comment) => format!("{action}: {}", shorten(comment, 60)),
    }
}
