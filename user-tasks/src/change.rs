//! What people do with a task: each request becomes one command of the machine.

use node::Caller;
use proto::record::{
    AssignTask, ClaimTask, CommentTask, CompleteTask, Names, UnclaimTask, UpdateTask, command::Kind,
};
use proto::usertask::{
    AddCommentRequest, AssignTaskRequest, ClaimTaskRequest, CompleteTaskRequest, NamesUpdate,
    UnclaimTaskRequest, UpdateTaskRequest,
};
use tonic::Status;
use tonic::metadata::MetadataMap;

use crate::reason;
use crate::request::Check;

/// A command about a task, and who gives it.
pub(crate) struct Change {
    pub caller: Caller,
    pub task_key: u64,
    pub command: Kind,
}

pub(crate) fn claim(metadata: &MetadataMap, request: ClaimTaskRequest) -> Result<Change, Status> {
    let mut check = Check::new(metadata);
    let user = check.user("user", request.user);
    let groups = check.groups("groups", request.groups);
    let caller = check.caller(&user, &request.request_id);
    check.done()?;
    let claim = ClaimTask {
        task_key: request.task_key,
        user,
        groups,
    };
    Ok(Change {
        caller,
        task_key: claim.task_key,
        command: Kind::ClaimTask(claim),
    })
}

pub(crate) fn unclaim(
    metadata: &MetadataMap,
    request: UnclaimTaskRequest,
) -> Result<Change, Status> {
    let mut check = Check::new(metadata);
    let user = check.user("user", request.user);
    let caller = check.caller(&user, &request.request_id);
    check.done()?;
    let unclaim = UnclaimTask {
        task_key: request.task_key,
        user,
    };
    Ok(Change {
        caller,
        task_key: unclaim.task_key,
        command: Kind::UnclaimTask(unclaim),
    })
}

pub(crate) fn assign(metadata: &MetadataMap, request: AssignTaskRequest) -> Result<Change, Status> {
    let mut check = Check::new(metadata);
    let by = check.user("user", request.user);
    check.name("assignee", &request.assignee);
    if !request.assignee.is_empty() && request.assignee.trim().is_empty() {
        check.wrong(
            "assignee",
            reason::FIELD_INVALID,
            "the name is blank; nobody is the empty text",
        );
    }
    check.name(
        "expected_assignee",
        request.expected_assignee.as_deref().unwrap_or_default(),
    );
    let caller = check.caller(&by, &request.request_id);
    check.done()?;
    let assign = AssignTask {
        task_key: request.task_key,
        assignee: request.assignee,
        by,
        expected_assignee: request.expected_assignee,
    };
    Ok(Change {
        caller,
        task_key: assign.task_key,
        command: Kind::AssignTask(assign),
    })
}

pub(crate) fn update(metadata: &MetadataMap, request: UpdateTaskRequest) -> Result<Change, Status> {
    let mut check = Check::new(metadata);
    let by = check.user("user", request.user);
    check.priority("priority", request.priority);
    let update = UpdateTask {
        task_key: request.task_key,
        due_ms: request
            .due
            .map(|due| check.date("due.date", due.date.as_ref())),
        follow_up_ms: request
            .follow_up
            .map(|at| check.date("follow_up.date", at.date.as_ref())),
        priority: request.priority,
        candidate_users: names(&mut check, "candidate_users.names", request.candidate_users),
        candidate_groups: names(
            &mut check,
            "candidate_groups.names",
            request.candidate_groups,
        ),
        by,
    };
    let caller = check.caller(&update.by, &request.request_id);
    check.done()?;
    Ok(Change {
        caller,
        task_key: update.task_key,
        command: Kind::UpdateTask(update),
    })
}

fn names(check: &mut Check, field: &str, given: Option<NamesUpdate>) -> Option<Names> {
    let NamesUpdate { names } = given?;
    check.names(field, &names);
    Some(Names { names })
}

pub(crate) fn complete(
    metadata: &MetadataMap,
    request: CompleteTaskRequest,
    variables_bytes_max: usize,
) -> Result<Change, Status> {
    let mut check = Check::new(metadata);
    let user = check.user("user", request.user);
    check.name("action", &request.action);
    let caller = check.caller(&user, &request.request_id);
    let variables = check.variables("variables", &request.variables, variables_bytes_max)?;
    check.done()?;
    let complete = CompleteTask {
        task_key: request.task_key,
        user,
        variables,
        action: request.action,
    };
    Ok(Change {
        caller,
        task_key: complete.task_key,
        command: Kind::CompleteTask(complete),
    })
}

pub(crate) fn comment(
    metadata: &MetadataMap,
    request: AddCommentRequest,
) -> Result<Change, Status> {
    let mut check = Check::new(metadata);
    let user = check.user("user", request.user);
    check.comment("text", &request.text);
    let caller = check.caller(&user, &request.request_id);
    check.done()?;
    let comment = CommentTask {
        task_key: request.task_key,
        user,
        text: request.text,
    };
    Ok(Change {
        caller,
        task_key: comment.task_key,
        command: Kind::CommentTask(comment),
    })
}
