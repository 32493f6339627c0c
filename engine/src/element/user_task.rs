//! User tasks: work for people, offered by the user-task service (BPMN 2.0 section 13.3.3).

use feel::{json, temporal};
use proto::record::{TaskCreated, TaskRecord, UserTask, event, incident};

use crate::effect::Effect;
use crate::executable::{Evaluated, Template, UserTaskSpec};
use crate::flow::catch;
use crate::scope;
use crate::step::{At, Step, Stuck};

/// The priority of a task whose model says none.
const DEFAULT_PRIORITY: i32 = 50;
const KIND: incident::Type = incident::Type::ExtractValueError;

pub(super) fn activate(step: &mut Step<'_>, at: &At, spec: &UserTaskSpec) -> Result<(), Stuck> {
    let boundary = catch::prepare_boundary(step, at)?;
    let mut task = prepare(step, at, spec)?;
    task.key = step.next_key();
    task.records.push(TaskRecord {
        at_ms: task.created_ms,
        what: "CREATED".to_owned(),
        detail: task.assignee.clone(),
        ..TaskRecord::default()
    });
    let key = task.key;
    step.emit(event::Kind::TaskCreated(Box::new(TaskCreated {
        task: Some(task),
    })));
    // Canceled with the element when a message that waited in the buffer ends it.
    let _is_waiting = catch::open(step, at, boundary);
    step.effects.push(Effect::TaskChanged { task: key });
    Ok(())
}

fn prepare(step: &Step<'_>, at: &At, spec: &UserTaskSpec) -> Result<UserTask, Stuck> {
    Ok(UserTask {
        instance: at.instance,
        element: at.element,
        definition_key: at.executable.key,
        node: at.index,
        assignee: text(step, at, "assignee", &spec.assignee)?,
        candidate_users: names(step, at, "candidate users", &spec.candidate_users)?,
        candidate_groups: names(step, at, "candidate groups", &spec.candidate_groups)?,
        excluded_users: names(step, at, "excluded users", &spec.excluded_users)?,
        due_ms: date(step, at, "due date", &spec.due)?,
        follow_up_ms: date(step, at, "follow-up date", &spec.follow_up)?,
        priority: priority(step, at, &spec.priority)?,
        form_key: text(step, at, "form key", &spec.form_key)?,
        form_id: text(step, at, "form id", &spec.form_id)?,
        external_form: text(step, at, "form reference", &spec.external_form)?,
        created_ms: step.now_ms(),
        ..UserTask::default()
    })
}

fn evaluated(
    step: &Step<'_>,
    at: &At,
    template: &Option<Template>,
) -> Result<Option<Evaluated>, Stuck> {
    let Some(template) = template else {
        return Ok(None);
    };
    match scope::evaluate(step, at, at.element, template, KIND)? {
        Evaluated::Null => Ok(None),
        value @ (Evaluated::Text(_) | Evaluated::Json(_)) => Ok(Some(value)),
    }
}

fn text(step: &Step<'_>, at: &At, what: &str, from: &Option<Template>) -> Result<String, Stuck> {
    let Some(value) = evaluated(step, at, from)? else {
        return Ok(String::new());
    };
    let shown = value.shown();
    value
        .into_text()
        .ok_or_else(|| Stuck::new(KIND, format!("the {what} is {shown}, not text")))
}

/// A list of text, or text with commas.
fn names(
    step: &Step<'_>,
    at: &At,
    what: &str,
    from: &Option<Template>,
) -> Result<Vec<String>, Stuck> {
    let wrong =
        |shown: String| Stuck::new(KIND, format!("the {what} are {shown}, not a list of text"));
    match evaluated(step, at, from)? {
        None | Some(Evaluated::Null) => Ok(Vec::new()),
        Some(Evaluated::Text(text)) => Ok(text
            .split(',')
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty())
            .collect()),
        Some(Evaluated::Json(list)) if list.first() == Some(&b'[') => json::elements(&list)
            .filter(|value| *value != b"null")
            .map(|value| {
                let name = json::string(value).map(|name| name.into_owned());
                name.ok_or_else(|| wrong(String::from_utf8_lossy(&list).into_owned()))
            })
            .collect(),
        Some(other @ Evaluated::Json(_)) => Err(wrong(other.shown())),
    }
}

fn date(step: &Step<'_>, at: &At, what: &str, from: &Option<Template>) -> Result<i64, Stuck> {
    let text = text(step, at, what, from)?;
    if text.is_empty() {
        return Ok(0);
    }
    temporal::parse_date_time(&text)
        .map_err(|error| Stuck::new(KIND, format!("the {what} `{text}`: {error}")))
}

fn priority(step: &Step<'_>, at: &At, from: &Option<Template>) -> Result<i32, Stuck> {
    let text = text(step, at, "priority", from)?;
    if text.is_empty() {
        return Ok(DEFAULT_PRIORITY);
    }
    text.parse()
        .ok()
        .filter(|priority| (0..=100).contains(priority))
        .ok_or_else(|| Stuck::new(KIND, format!("the priority is {text}, not 0 to 100")))
}
