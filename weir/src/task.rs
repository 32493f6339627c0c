//! `weir task`: what waits for people.

mod list;
mod show;
mod view;

use clap::{Args, Subcommand};
use proto::usertask as api;

use crate::client::{Client, ConnectArgs};
use crate::failure::Failure;
use crate::output::Output;
use crate::variables::VariableArgs;

#[derive(Debug, Subcommand)]
pub enum TaskCommand {
    List(list::ListArgs),
    Show(show::ShowArgs),
    Claim(ClaimArgs),
    Unclaim(UnclaimArgs),
    Assign(AssignArgs),
    Complete(CompleteArgs),
    Comment(CommentArgs),
}

/// Take a task: from now on it is yours
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  weir task claim 2251799813685312 --user anna
  weir task claim 2251799813685312 --user anna --group adjusters")]
pub struct ClaimArgs {
    /// Key of the task
    key: u64,

    /// A group that you are in; with one, the task's candidates are enforced (repeatable)
    #[arg(long, value_name = "NAME")]
    group: Vec<String>,

    #[command(flatten)]
    connect: ConnectArgs,
}

/// Give your task back
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  weir task unclaim 2251799813685312 --user anna")]
pub struct UnclaimArgs {
    /// Key of the task
    key: u64,

    #[command(flatten)]
    connect: ConnectArgs,
}

/// Give a task to somebody, whoever has it
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  weir task assign 2251799813685312 bert --user anna
  weir task assign 2251799813685312 --nobody --user anna")]
pub struct AssignArgs {
    /// Key of the task
    key: u64,

    /// Who gets it
    #[arg(required_unless_present = "nobody", conflicts_with = "nobody")]
    assignee: Option<String>,

    /// Nobody gets it: it can be claimed again
    #[arg(long)]
    nobody: bool,

    /// Only while it is still this one's (with '': nobody's)
    #[arg(long, value_name = "NAME")]
    expect: Option<String>,

    #[command(flatten)]
    connect: ConnectArgs,
}

/// Complete your task: the process goes on
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  weir task complete 2251799813685312 --user anna --action approve
  weir task complete 2251799813685312 --user anna --set approved=true --set note='looks right'")]
pub struct CompleteArgs {
    /// Key of the task
    key: u64,

    /// Which button you press; `weir task show` tells what the form offers
    #[arg(long, value_name = "NAME")]
    action: Option<String>,

    #[command(flatten)]
    variables: VariableArgs,

    #[command(flatten)]
    connect: ConnectArgs,
}

/// Write a comment on a task
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  weir task comment 2251799813685312 'The photos are missing' --user anna")]
pub struct CommentArgs {
    /// Key of the task
    key: u64,

    /// What you have to say
    text: String,

    #[command(flatten)]
    connect: ConnectArgs,
}

pub async fn run(command: &TaskCommand, output: Output) -> Result<(), Failure> {
    match command {
        TaskCommand::List(args) => list::run(args, output).await,
        TaskCommand::Show(args) => show::run(args, output).await,
        TaskCommand::Claim(args) => claim(args, output).await,
        TaskCommand::Unclaim(args) => unclaim(args, output).await,
        TaskCommand::Assign(args) => assign(args, output).await,
        TaskCommand::Complete(args) => complete(args, output).await,
        TaskCommand::Comment(args) => comment(args, output).await,
    }
}

async fn claim(args: &ClaimArgs, output: Output) -> Result<(), Failure> {
    let user = args.connect.need_user()?;
    let client = Client::connect(&args.connect).await?;
    let request = api::ClaimTaskRequest {
        task_key: args.key,
        user: user.clone(),
        groups: args.group.clone(),
        request_id: String::new(),
    };
    let reply = client.tasks().claim_task(request).await;
    let reply = reply.map_err(client.failure())?.into_inner();
    told(output, reply.task, |name| {
        format!(
            "{name} is yours, {user}. Complete it with `weir task complete {}`.",
            args.key
        )
    })
}

async fn unclaim(args: &UnclaimArgs, output: Output) -> Result<(), Failure> {
    let user = args.connect.need_user()?;
    let client = Client::connect(&args.connect).await?;
    let request = api::UnclaimTaskRequest {
        task_key: args.key,
        user,
        request_id: String::new(),
    };
    let reply = client.tasks().unclaim_task(request).await;
    let reply = reply.map_err(client.failure())?.into_inner();
    told(output, reply.task, |name| {
        format!("{name} can be claimed by others again.")
    })
}

async fn assign(args: &AssignArgs, output: Output) -> Result<(), Failure> {
    let user = args.connect.need_user()?;
    let client = Client::connect(&args.connect).await?;
    let assignee = args.assignee.clone().unwrap_or_default();
    let request = api::AssignTaskRequest {
        task_key: args.key,
        user,
        assignee: assignee.clone(),
        expected_assignee: args.expect.clone(),
        request_id: String::new(),
    };
    let reply = client.tasks().assign_task(request).await;
    let reply = reply.map_err(client.failure())?.into_inner();
    told(output, reply.task, |name| match assignee.as_str() {
        "" => format!("{name} is nobody's now."),
        assignee => format!("{name} is {assignee}'s now."),
    })
}

async fn complete(args: &CompleteArgs, output: Output) -> Result<(), Failure> {
    let user = args.connect.need_user()?;
    let variables = args.variables.document()?;
    let client = Client::connect(&args.connect).await?;
    let request = api::CompleteTaskRequest {
        task_key: args.key,
        user,
        variables,
        action: args.action.clone().unwrap_or_default(),
        request_id: String::new(),
    };
    let reply = client.tasks().complete_task(request).await;
    let reply = reply.map_err(client.failure())?.into_inner();
    told(output, reply.task, |name| match args.action.as_deref() {
        Some(action) => format!("{name} is completed: {action}."),
        None => format!("{name} is completed."),
    })
}

async fn comment(args: &CommentArgs, output: Output) -> Result<(), Failure> {
    let user = args.connect.need_user()?;
    let client = Client::connect(&args.connect).await?;
    let request = api::AddCommentRequest {
        task_key: args.key,
        user,
        text: args.text.clone(),
        request_id: String::new(),
    };
    let reply = client.tasks().add_comment(request).await;
    let reply = reply.map_err(client.failure())?.into_inner();
    told(output, reply.task, |name| {
        format!("Your comment on {name} is kept.")
    })
}

/// The reply to a change: the task for scripts, a sentence about it for people.
fn told(
    output: Output,
    task: Option<api::Task>,
    sentence: impl FnOnce(&str) -> String,
) -> Result<(), Failure> {
    let task = task.unwrap_or_default();
    output.show(
        || view::json(&task),
        |paint| sentence(&paint.bold(&view::name(&task))) + "\n",
    )
}
