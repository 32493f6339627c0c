//! The command line of Weir: reads the arguments, runs one command, ends with its exit status.
//!
//! A command is a file. It prints through [`output`], fails through [`failure`], and talks to a server through
//! [`client`]; only `serve` (and what starts it: `demo`, `bench`) knows that there is an engine.

mod acls;
mod bench;
mod check;
mod check_command;
mod cli;
mod client;
mod completions;
mod config;
mod decide;
mod decision_files;
mod demo;
mod deploy;
mod doctor;
mod export;
mod failure;
mod feel_command;
mod import;
mod incident;
mod instance;
mod message;
mod moment;
mod output;
mod paging;
mod picture;
mod progress;
mod render;
mod render_command;
mod serve;
mod signal;
mod start;
mod task;
mod topics;
mod variables;

use std::process::ExitCode;

use cli::Command;
use failure::{Exit, Failure};
use output::Output;

fn main() -> ExitCode {
    let (output, cli) = config::command_line(std::env::args_os().collect());
    let exit = match cli.and_then(|cli| run(cli.command, output)) {
        Ok(exit) => exit,
        Err(failure) => {
            output.report(&failure);
            failure.exit
        }
    };
    ExitCode::from(exit as u8)
}

fn run(command: Command, output: Output) -> Result<Exit, Failure> {
    let done = match command {
        Command::Serve(args) => serve::run(&args, output),
        Command::Demo(args) => demo::run(&args, output),
        Command::Check(args) => return check_command::run(&args, output),
        Command::Decide(args) => decide::run(&args, output),
        Command::Feel(args) => feel_command::run(&args, output),
        Command::Render(args) => client_command(render_command::run(&args, output)),
        Command::Bench(args) => client_command(bench::run(&args, output)),
        Command::Topics(args) => topics::run(&args, output),
        Command::Acls(args) => acls::run(&args, output),
        Command::Export(args) => export::run(&args, output),
        Command::Import(args) => import::run(&args, output),
        Command::Doctor(args) => return doctor::run(&args, output),
        Command::Completions(args) => completions::run(&args, output),
        Command::Deploy(args) => client_command(deploy::run(&args, output)),
        Command::Start(args) => client_command(start::run(&args, output)),
        Command::Instance(command) => client_command(instance::run(&command, output)),
        Command::Task(command) => client_command(task::run(&command, output)),
        Command::Message(command) => client_command(message::run(&command, output)),
        Command::Signal(command) => client_command(signal::run(&command, output)),
        Command::Incident(command) => client_command(incident::run(&command, output)),
    };
    done.map(|()| Exit::Ok)
}

/// Runs a command that waits for a server and does nothing else.
fn client_command(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    runtime(tokio::runtime::Builder::new_current_thread())?.block_on(command)
}

/// # Errors
/// When the operating system gives no threads or descriptors.
pub fn runtime(mut builder: tokio::runtime::Builder) -> Result<tokio::runtime::Runtime, Failure> {
    let built = builder.enable_all().build();
    built.map_err(|error| Failure::failed(format!("the runtime cannot be started: {error}")))
}
