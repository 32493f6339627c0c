//! `weir task list`.

use clap::{Args, ValueEnum};
use proto::usertask as api;
use serde_json::{Value, json};

use super::view;
use crate::client::{Client, ConnectArgs};
use crate::failure::Failure;
use crate::moment;
use crate::output::{Output, Paint, Row, Tone, faint, plain, table, toned};
use crate::paging::{fetch, more_text, page_size};
use crate::variables::{shorten, value};

/// List tasks, by default the open ones, oldest first
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  weir task list
  weir task list --claimable --user anna --group adjusters
  weir task list --process insurance-claim --sort due
  weir task list --where claimId='\"C-1\"' --format json")]
pub struct ListArgs {
    /// Only tasks of this person (repeatable)
    #[arg(long, value_name = "NAME", conflicts_with = "unassigned")]
    assignee: Vec<String>,

    /// Only tasks that nobody has
    #[arg(long)]
    unassigned: bool,

    /// Only tasks with one of these candidate groups (repeatable)
    #[arg(long, value_name = "NAME")]
    group: Vec<String>,

    /// Only tasks with this candidate user
    #[arg(long, value_name = "NAME")]
    candidate: Option<String>,

    /// Only what you (--user), with your groups (--group), could claim
    #[arg(long, conflicts_with = "candidate")]
    claimable: bool,

    /// Only of this process (repeatable)
    #[arg(long, value_name = "PROCESS_ID")]
    process: Vec<String>,

    /// Only of this element of the model (repeatable)
    #[arg(long, value_name = "ELEMENT_ID")]
    element: Vec<String>,

    /// Only of this process instance
    #[arg(long, value_name = "KEY")]
    instance: Option<u64>,

    /// Only in this state (repeatable); ended tasks are kept while their instance runs
    #[arg(long, value_name = "STATE", value_enum)]
    state: Vec<State>,

    /// Only due before this instant, or within this duration
    #[arg(long, value_name = "WHEN", value_parser = moment::parse_instant)]
    due_before: Option<i64>,

    /// Only with at least this priority
    #[arg(long, value_name = "0-100")]
    priority: Option<i32>,

    /// Only where the variable has this JSON value (repeatable)
    #[arg(long = "where", value_name = "NAME=JSON")]
    variables: Vec<String>,

    /// Show this variable, too (repeatable)
    #[arg(long, value_name = "NAME")]
    show: Vec<String>,

    /// In which order
    #[arg(long, value_name = "BY", value_enum, default_value = "created")]
    sort: Sort,

    /// The other way round
    #[arg(long)]
    reverse: bool,

    /// At most so many
    #[arg(long, value_name = "N", default_value = "50")]
    limit: usize,

    #[command(flatten)]
    connect: ConnectArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum State {
    Created,
    Completed,
    Canceled,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Sort {
    Created,
    Due,
    Priority,
    Name,
}

pub async fn run(args: &ListArgs, output: Output) -> Result<(), Failure> {
    let request = api::ListTasksRequest {
        filter: Some(filter(args)?),
        sort_by: sort(args.sort).into(),
        direction: direction(args.reverse).into(),
        page_size: page_size(args.limit),
        page_token: String::new(),
        include_variables: args.show.clone(),
        min_position: String::new(),
    };
    let client = Client::connect(&args.connect).await?;
    let page = async |page_token| {
        let request = api::ListTasksRequest {
            page_token,
            ..request.clone()
        };
        let reply = client.tasks().list_tasks(request).await;
        let reply = reply.map_err(client.failure())?.into_inner();
        Ok((reply.tasks, reply.next_page_token))
    };
    let (tasks, more) = fetch(args.limit, page).await?;
    output.show(
        || json!({ "tasks": tasks.iter().map(to_json).collect::<Vec<_>>(), "more": more }),
        |paint| text(paint, args, &tasks, more),
    )
}

fn filter(args: &ListArgs) -> Result<api::TaskFilter, Failure> {
    let user = args.candidate.clone().unwrap_or_default();
    let by_candidate = !args.claimable && (!args.group.is_empty() || !user.is_empty());
    Ok(api::TaskFilter {
        states: args
            .state
            .iter()
            .map(|&found| state(found).into())
            .collect(),
        assignees: args.assignee.clone(),
        unassigned: args.unassigned,
        candidate: by_candidate.then(|| api::Candidate {
            user,
            groups: args.group.clone(),
        }),
        claimable_by: if args.claimable {
            Some(api::Candidate {
                user: args.connect.need_user()?,
                groups: args.group.clone(),
            })
        } else {
            None
        },
        process_ids: args.process.clone(),
        element_ids: args.element.clone(),
        process_instance_key: args.instance.unwrap_or_default(),
        due: args.due_before.map(|before| api::Period {
            from: None,
            before: Some(view::timestamp(before)),
        }),
        follow_up: None,
        created: None,
        priority_min: args.priority,
        priority_max: None,
        variables: args
            .variables
            .iter()
            .map(|pair| variable(pair))
            .collect::<Result<_, _>>()?,
    })
}

fn variable(pair: &str) -> Result<api::VariableFilter, Failure> {
    match pair.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok(api::VariableFilter {
            name: name.to_owned(),
            value: value.to_owned(),
        }),
        Some(_) | None => Err(Failure::usage(format!(
            "--where takes NAME=JSON, found '{pair}'"
        ))),
    }
}

fn state(state: State) -> api::TaskState {
    match state {
        State::Created => api::TaskState::Created,
        State::Completed => api::TaskState::Completed,
        State::Canceled => api::TaskState::Canceled,
    }
}

fn sort(sort: Sort) -> api::SortField {
    match sort {
        Sort::Created => api::SortField::Created,
        Sort::Due => api::SortField::Due,
        Sort::Priority => api::SortField::Priority,
        Sort::Name => api::SortField::Name,
    }
}

fn direction(reverse: bool) -> api::SortDirection {
    if reverse {
        api::SortDirection::Descending
    } else {
        api::SortDirection::Ascending
    }
}

fn to_json(listed: &api::ListedTask) -> Value {
    let mut json = listed.task.as_ref().map(view::json).unwrap_or_default();
    if let (Some(object), false) = (json.as_object_mut(), listed.variables.is_empty()) {
        object.insert("variables".to_owned(), value(&listed.variables));
    }
    json
}

fn text(paint: Paint, args: &ListArgs, tasks: &[api::ListedTask], more: bool) -> String {
    if tasks.is_empty() {
        return "No tasks.\n".to_owned();
    }
    let mut header = vec![
        "KEY",
        "TASK",
        "PROCESS",
        "INSTANCE",
        "ASSIGNEE",
        "CANDIDATES",
        "DUE",
        "CREATED",
    ];
    let with_state = !args.state.is_empty();
    if with_state {
        header.push("STATE");
    }
    header.extend(args.show.iter().map(String::as_str));
    let now = moment::now_ms();
    let rows = tasks
        .iter()
        .filter_map(|listed| Some(row(listed, listed.task.as_ref()?, args, now)))
        .collect();
    table(paint, &header, rows) + &more_text(paint, more)
}

fn row(listed: &api::ListedTask, task: &api::Task, args: &ListArgs, now: i64) -> Row {
    let due = task.due.as_ref().map(view::ms);
    let late = due.is_some_and(|due| due < now);
    let mut row = vec![
        toned(task.key, Tone::Name),
        plain(view::name(task)),
        plain(&task.process_id),
        faint(task.process_instance_key),
        plain(shorten(&task.assignee, 30)),
        plain(view::candidates(task)),
        toned(
            due.map(|due| moment::relative(due, now))
                .unwrap_or_default(),
            if late { Tone::Bad } else { Tone::Plain },
        ),
        faint(
            task.created
                .as_ref()
                .map(|at| moment::relative(view::ms(at), now))
                .unwrap_or_default(),
        ),
    ];
    if !args.state.is_empty() {
        row.push(toned(view::state(task), view::state_tone(task)));
    }
    let variables = value(&listed.variables);
    for name in &args.show {
        let shown = variables
            .get(name)
            .map(|found| shorten(&found.to_string(), 40));
        row.push(plain(shown.unwrap_or_default()));
    }
    row
}
