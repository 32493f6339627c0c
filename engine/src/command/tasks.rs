//! What people do with user tasks. Every wrong transition has a reason of its own.

use bytes::Bytes;
use feel::json;
use proto::record::{
    AssignTask, ClaimTask, CommentTask, CompleteTask, TaskAnswer, TaskChanged, TaskEnded,
    TaskRecord, UnclaimTask, UpdateTask, UserTask, answer, event, user_task,
};

use super::{Handled, answered, check_variables, invalid, no_room, not_found, wrong_state};
use crate::effect::Effect;
use crate::rejection::{Code, Rejection};
use crate::scope;
use crate::step::{self, Step};

/// Records kept of one task, comments among them.
const RECORDS_MAX: usize = 1_000;
/// What the records of one task take, in bytes of text.
const RECORDS_BYTES_MAX: usize = 256 << 10;
/// What the record of a comment says was done.
const COMMENTED: &str = "COMMENTED";
/// A comment's length in bytes.
const COMMENT_BYTES_MAX: usize = 16 << 10;

fn open(step: &Step<'_>, key: u64) -> Result<UserTask, Rejection> {
    let Some(task) = step.state.task(key) else {
        return Err(
            not_found("TASK_NOT_FOUND", format!("there is no user task {key}"))
                .with("task_key", key),
        );
    };
    let (reason, state) = match task.state() {
        user_task::State::Created => return Ok(without_records(task)),
        user_task::State::Completed => ("TASK_ALREADY_COMPLETED", "completed"),
        user_task::State::Canceled => ("TASK_CANCELED", "canceled"),
    };
    Err(wrong_state(reason, format!("user task {key} was {state} already")).with("task_key", key))
}

fn named(user: &str) -> Result<(), Rejection> {
    match user.trim().is_empty() {
        true => Err(invalid("USER_MISSING", "no user is named")),
        false => Ok(()),
    }
}

fn check_not_excluded(task: &UserTask, user: &str) -> Result<(), Rejection> {
    if !task.excluded_users.iter().any(|excluded| excluded == user) {
        return Ok(());
    }
    let message = format!("the model excludes `{user}` from user task {}", task.key);
    Err(
        Rejection::new(Code::PermissionDenied, "USER_EXCLUDED", message)
            .with("task_key", task.key)
            .with("user", user),
    )
}

/// Candidates are asked where the model names any and the caller says who the user is.
fn check_candidate(task: &UserTask, claim: &ClaimTask) -> Result<(), Rejection> {
    let anybody = task.candidate_users.is_empty() && task.candidate_groups.is_empty();
    let by_name = task.candidate_users.contains(&claim.user);
    let by_group = claim
        .groups
        .iter()
        .any(|group| task.candidate_groups.contains(group));
    let unknown = claim.groups.is_empty() && !task.candidate_groups.is_empty();
    if anybody || by_name || by_group || unknown {
        return Ok(());
    }
    let message = format!(
        "`{}` is no candidate for user task {}",
        claim.user, task.key
    );
    Err(
        Rejection::new(Code::PermissionDenied, "NOT_A_CANDIDATE", message)
            .with("task_key", task.key),
    )
}

fn held_by(task: &UserTask, user: &str) -> Result<(), Rejection> {
    if task.assignee == user {
        return Ok(());
    }
    if task.assignee.is_empty() {
        let message = format!("nobody has claimed user task {}", task.key);
        return Err(wrong_state("TASK_NOT_CLAIMED", message).with("task_key", task.key));
    }
    let message = format!(
        "user task {} is assigned to `{}`, not to `{user}`",
        task.key, task.assignee
    );
    Err(wrong_state("TASK_ASSIGNED_TO_OTHER", message)
        .with("task_key", task.key)
        .with("assignee", &task.assignee))
}

pub(super) fn claim(step: &mut Step<'_>, claim: &ClaimTask) -> Handled {
    let mut task = open(step, claim.task_key)?;
    named(&claim.user)?;
    check_not_excluded(&task, &claim.user)?;
    check_candidate(&task, claim)?;
    if !task.assignee.is_empty() {
        let message = format!("`{}` has user task {} already", task.assignee, task.key);
        return Err(wrong_state("TASK_ALREADY_CLAIMED", message)
            .with("task_key", task.key)
            .with("assignee", &task.assignee));
    }
    task.assignee.clone_from(&claim.user);
    change(step, task, &claim.user, "CLAIMED", String::new())
}

pub(super) fn unclaim(step: &mut Step<'_>, unclaim: &UnclaimTask) -> Handled {
    let mut task = open(step, unclaim.task_key)?;
    named(&unclaim.user)?;
    held_by(&task, &unclaim.user)?;
    task.assignee.clear();
    change(step, task, &unclaim.user, "UNCLAIMED", String::new())
}

pub(super) fn assign(step: &mut Step<'_>, assign: &AssignTask) -> Handled {
    let mut task = open(step, assign.task_key)?;
    named(&assign.by)?;
    check_not_excluded(&task, &assign.assignee)?;
    if let Some(expected) = &assign.expected_assignee
        && *expected != task.assignee
    {
        let message = format!(
            "user task {} is assigned to `{}`, not to `{expected}`",
            task.key, task.assignee
        );
        return Err(wrong_state("TASK_ASSIGNEE_CHANGED", message)
            .with("task_key", task.key)
            .with("assignee", &task.assignee));
    }
    task.assignee.clone_from(&assign.assignee);
    change(step, task, &assign.by, "ASSIGNED", assign.assignee.clone())
}

pub(super) fn update(step: &mut Step<'_>, update: &UpdateTask) -> Handled {
    let mut task = open(step, update.task_key)?;
    named(&update.by)?;
    let mut changed = Vec::new();
    if let Some(due_ms) = update.due_ms {
        task.due_ms = due_ms;
        changed.push("due");
    }
    if let Some(follow_up_ms) = update.follow_up_ms {
        task.follow_up_ms = follow_up_ms;
        changed.push("follow_up");
    }
    if let Some(priority) = update.priority {
        if !(0..=100).contains(&priority) {
            return Err(invalid(
                "PRIORITY_INVALID",
                format!("a priority is 0 to 100, not {priority}"),
            ));
        }
        task.priority = priority;
        changed.push("priority");
    }
    if let Some(users) = &update.candidate_users {
        task.candidate_users.clone_from(&users.names);
        changed.push("candidate_users");
    }
    if let Some(groups) = &update.candidate_groups {
        task.candidate_groups.clone_from(&groups.names);
        changed.push("candidate_groups");
    }
    if changed.is_empty() {
        return Err(invalid("NOTHING_TO_UPDATE", "the update names no field"));
    }
    change(step, task, &update.by, "UPDATED", changed.join(","))
}

pub(super) fn comment(step: &mut Step<'_>, comment: &CommentTask) -> Handled {
    let task = open(step, comment.task_key)?;
    named(&comment.user)?;
    if comment.text.trim().is_empty() {
        return Err(invalid("COMMENT_EMPTY", "the comment is empty"));
    }
    if comment.text.len() > COMMENT_BYTES_MAX {
        let message = format!("a comment has {COMMENT_BYTES_MAX} bytes at most");
        return Err(invalid("COMMENT_TOO_LONG", message));
    }
    change(step, task, &comment.user, COMMENTED, comment.text.clone())
}

pub(super) fn complete(step: &mut Step<'_>, complete: &CompleteTask) -> Handled {
    let task = open(step, complete.task_key)?;
    named(&complete.user)?;
    check_not_excluded(&task, &complete.user)?;
    held_by(&task, &complete.user)?;
    let variables = check_variables(step, &complete.variables)?;
    let at = step.at(task.instance, task.element).ok_or_else(|| {
        not_found(
            "TASK_NOT_FOUND",
            format!("user task {} is no longer active", task.key),
        )
    })?;
    let variables = delivered(&at, complete, variables);
    scope::check_delivery(step, &at, &variables).map_err(no_room)?;
    let record = TaskRecord {
        at_ms: step.now_ms(),
        by: complete.user.clone(),
        what: "COMPLETED".to_owned(),
        detail: complete.action.clone(),
    };
    step.emit(event::Kind::TaskEnded(TaskEnded {
        task: task.key,
        instance: task.instance,
        state: user_task::State::Completed.into(),
        action: complete.action.clone(),
        record: Some(record),
    }));
    let task = task.key;
    step.effects.push(Effect::TaskChanged { task });
    let answer = told(step, task);
    scope::deliver(step, &at, &variables);
    step.queue(step::complete(at.instance, at.element));
    answer
}

/// The task's variables; output mappings also see who completed it and by which action.
fn delivered(at: &step::At, complete: &CompleteTask, variables: Bytes) -> Bytes {
    if at.node().outputs.is_empty() {
        return variables;
    }
    let mut said = Vec::new();
    let mut writer = json::ObjectWriter::new(&mut said);
    writer.string("completedBy", &complete.user);
    writer.string("action", &complete.action);
    writer.end();
    Bytes::from(json::merge(&variables, &said))
}

/// The task as its caller learns of it: without its records, which a query reads.
fn told(step: &Step<'_>, key: u64) -> Handled {
    let task = step.state.task(key).map(without_records);
    answered(answer::Kind::Task(TaskAnswer { task }))
}

/// Comments may make records much larger than the rest, so that they are not copied around.
fn without_records(task: &UserTask) -> UserTask {
    UserTask {
        assignee: task.assignee.clone(),
        candidate_users: task.candidate_users.clone(),
        candidate_groups: task.candidate_groups.clone(),
        excluded_users: task.excluded_users.clone(),
        form_key: task.form_key.clone(),
        form_id: task.form_id.clone(),
        external_form: task.external_form.clone(),
        completed_by: task.completed_by.clone(),
        action: task.action.clone(),
        records: Vec::new(),
        ..*task
    }
}

fn change(
    step: &mut Step<'_>,
    mut task: UserTask,
    by: &str,
    what: &str,
    detail: String,
) -> Handled {
    let record = TaskRecord {
        at_ms: step.now_ms(),
        by: by.to_owned(),
        what: what.to_owned(),
        detail,
    };
    let key = task.key;
    check_records(step, key, &record)?;
    task.records.clear();
    task.comments += u32::from(what == COMMENTED);
    step.emit(event::Kind::TaskChanged(Box::new(TaskChanged {
        task: Some(task),
        record: Some(record),
    })));
    step.effects.push(Effect::TaskChanged { task: key });
    told(step, key)
}

/// Whether the task has room for one more record.
fn check_records(step: &Step<'_>, key: u64, record: &TaskRecord) -> Result<(), Rejection> {
    let present = step.state.task(key).map(|task| task.records.as_slice());
    let present = present.unwrap_or_default();
    let bytes = |record: &TaskRecord| record.by.len() + record.what.len() + record.detail.len();
    let total = present.iter().chain([record]).map(bytes).sum::<usize>();
    if present.len() < RECORDS_MAX && total <= RECORDS_BYTES_MAX {
        return Ok(());
    }
    let message = format!(
        "user task {key} has {} records already: {RECORDS_MAX} are kept, {RECORDS_BYTES_MAX} bytes together",
        present.len()
    );
    Err(Rejection::new(
        Code::ResourceExhausted,
        "TASK_RECORDS_FULL",
        message,
    ))
}
