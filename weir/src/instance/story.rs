//! The story of an instance as a table: each run of an element, and beneath it what happened to it.

use std::collections::{HashMap, HashSet};

use proto::admin as api;
use proto::admin::story_event::Type;

use super::words::name_or_id;
use crate::moment;
use crate::output::{Paint, Row, Tone, faint, plain, table, toned};
use crate::variables::{shorten, value};

const NOTES_PER_RUN_MAX: usize = 20;

pub fn text(paint: Paint, found: &api::GetInstanceResponse, now: i64) -> String {
    let mut notes = notes(found);
    // What belongs to no run of an element stands between the runs.
    let mut loose = loose(&mut notes, found);
    let mut rows = Vec::new();
    for run in found.elements.iter().filter(|run| run.tag != "process") {
        let earlier = loose.partition_point(|(at_ms, _)| *at_ms <= run.started_ms);
        rows.extend(loose.drain(..earlier).map(|(_, row)| row));
        rows.push(row(run, now));
        let notes = notes.get(&run.key).map(Vec::as_slice).unwrap_or_default();
        rows.extend(
            notes
                .iter()
                .take(NOTES_PER_RUN_MAX)
                .map(|(_, row)| row.clone()),
        );
        if notes.len() > NOTES_PER_RUN_MAX {
            let more = format!("and {} events more", notes.len() - NOTES_PER_RUN_MAX);
            rows.push(vec![
                plain(""),
                plain(""),
                plain(""),
                plain(""),
                faint(more),
            ]);
        }
    }
    rows.extend(loose.into_iter().map(|(_, row)| row));
    if rows.is_empty() {
        return String::new();
    }
    let header = ["STARTED", "ELEMENT", "WHO", "TOOK", "WHAT CAME OF IT"];
    let table: String = table(paint, &header, rows)
        .lines()
        .map(|line| format!("  {line}\n"))
        .collect();
    let cut = match found.is_truncated {
        true => paint.faint("  The beginning is left out; --format json has no more either.\n"),
        false => String::new(),
    };
    format!("\n{}\n{cut}{table}", paint.bold("Story"))
}

fn row(run: &api::ElementRun, now: i64) -> Row {
    let (mark, tone) = match run.state() {
        _ if run.open_incidents > 0 => ("!", Tone::Bad),
        api::ElementState::Unspecified => ("?", Tone::Faint),
        api::ElementState::Active => ("▶", Tone::Warn),
        api::ElementState::Completed => ("✓", Tone::Good),
        api::ElementState::Terminated => ("✗", Tone::Faint),
    };
    let end = if run.ended_ms > 0 { run.ended_ms } else { now };
    let name = shorten(name_or_id(&run.name, &run.element_id), 44);
    vec![
        faint(moment::clock(run.started_ms)),
        toned(format!("{mark} {name}"), tone),
        plain(shorten(&run.actor, 30)),
        plain(moment::length(end - run.started_ms)),
        plain(outcome(run)),
    ]
}

fn outcome(run: &api::ElementRun) -> String {
    let mut parts = Vec::new();
    if run.state() == api::ElementState::Terminated {
        parts.push("interrupted".to_owned());
    }
    if !run.action.is_empty() {
        parts.push(shorten(&run.action, 40));
    }
    if !run.error_message.is_empty() {
        parts.push(shorten(&run.error_message, 100));
    }
    if let Some(result) = &run.result {
        if result.omitted_bytes > 0 {
            parts.push(format!("{} bytes", result.omitted_bytes));
        } else if value(&result.json)
            .as_object()
            .is_some_and(|object| !object.is_empty())
        {
            parts.push(shorten(&result.json, 90));
        }
    }
    parts.join("  ")
}

/// A line with the time that it tells of.
type Note = (i64, Row);

/// Takes out what belongs to none of the runs that are shown, oldest first.
fn loose(notes: &mut HashMap<u64, Vec<Note>>, found: &api::GetInstanceResponse) -> Vec<Note> {
    let shown: HashSet<u64> = found.elements.iter().map(|run| run.key).collect();
    let root = found.instance.as_ref().map(|instance| instance.key);
    let is_loose = |key: &u64| !shown.contains(key) || Some(*key) == root;
    let mut loose: Vec<Note> = notes
        .extract_if(|key, _| is_loose(key))
        .flat_map(|(_, notes)| notes)
        .collect();
    loose.sort_by_key(|(at_ms, _)| *at_ms);
    loose
}

/// What is worth a line of its own, by the run it belongs to.
fn notes(found: &api::GetInstanceResponse) -> HashMap<u64, Vec<Note>> {
    let mut notes: HashMap<u64, Vec<Note>> = HashMap::new();
    for event in &found.story {
        if let Some((sentence, tone)) = sentence(event) {
            let row = vec![
                faint(moment::clock(event.at_ms)),
                plain(""),
                plain(shorten(&event.actor, 30)),
                plain(""),
                toned(sentence, tone),
            ];
            let notes = notes.entry(event.element_key).or_default();
            notes.push((event.at_ms, row));
        }
    }
    notes
}

fn sentence(event: &api::StoryEvent) -> Option<(String, Tone)> {
    let detail = shorten(&event.detail, 100);
    let found = match event.r#type() {
        Type::JobFailed => {
            let again = match (event.retries, event.until_ms) {
                (..=0, _) => "no try is left".to_owned(),
                (retries, 0) => format!("{retries} tries left"),
                (retries, until) => {
                    format!("{retries} tries left, the next at {}", moment::clock(until))
                }
            };
            (format!("failed: {detail} ({again})"), Tone::Warn)
        }
        Type::JobErrorThrown => {
            let code = shorten(&event.code, 40);
            (format!("error {code}: {detail}"), Tone::Warn)
        }
        Type::JobTimedOut => ("the worker did not answer in time".to_owned(), Tone::Warn),
        Type::JobRetriesUpdated => (format!("tries set to {}", event.retries), Tone::Plain),
        Type::TaskChanged => (task_change(event, &detail), Tone::Faint),
        Type::TimerFired => ("the time is up".to_owned(), Tone::Warn),
        Type::MessageCorrelated => (format!("message {detail} came"), Tone::Name),
        Type::SignalCorrelated => (format!("signal {detail} came"), Tone::Name),
        Type::SignalBroadcast => (format!("signal {detail} went out to all"), Tone::Name),
        Type::RecordPublished => {
            let key = match event.code.as_str() {
                "" => String::new(),
                key => format!(" with the key {}", shorten(key, 40)),
            };
            (format!("published to the topic {detail}{key}"), Tone::Name)
        }
        Type::DecisionEvaluated if event.document.is_none() => return None,
        Type::DecisionEvaluated => {
            let rules = match event.code.as_str() {
                "" => String::new(),
                rules => format!(" by rule {}", shorten(rules, 40)),
            };
            (format!("decision {detail} made{rules}"), Tone::Name)
        }
        Type::IncidentRaised => {
            let kind = shorten(&event.code, 40);
            (
                format!("incident {} {kind}: {detail}", event.key),
                Tone::Bad,
            )
        }
        Type::IncidentResolved => (format!("incident {} resolved", event.key), Tone::Good),
        Type::Unspecified
        | Type::InstanceCreated
        | Type::InstanceCompleted
        | Type::InstanceCanceled
        | Type::ElementActivated
        | Type::ElementCompleted
        | Type::ElementTerminated
        | Type::FlowTaken
        | Type::VariablesWritten
        | Type::StepsPostponed
        | Type::SignalAwaited
        | Type::SignalNoLongerAwaited
        | Type::JobCreated
        | Type::JobLeased
        | Type::JobCompleted
        | Type::JobCanceled
        | Type::JobReturned
        | Type::JobTimeoutUpdated
        | Type::JobBackOffEnded
        | Type::TaskCreated
        | Type::TaskCompleted
        | Type::TaskCanceled
        | Type::TimerSet
        | Type::TimerCanceled
        | Type::MessageAwaited
        | Type::MessageNoLongerAwaited => return None,
    };
    Some(found)
}

fn task_change(event: &api::StoryEvent, detail: &str) -> String {
    let what = event.code.to_lowercase();
    match (event.code.as_str(), detail) {
        ("ASSIGNED", assignee) => format!("assigned to {assignee}"),
        ("COMMENTED", text) => format!("commented: {text}"),
        (_, "") => what,
        (_, detail) => format!("{what}: {detail}"),
    }
}
