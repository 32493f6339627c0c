//! The command line: every command with its options, as clap reads it.

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Parser, Subcommand};

use crate::output::OutputArgs;
use crate::{
    acls, bench, check_command, completions, decide, demo, deploy, doctor, export, feel_command,
    import, incident, instance, message, render_command, serve, signal, start, task, topics,
};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const AFTER_HELP: &str = "\
Examples:
  weir demo --auto                       watch an insurance claim go through, nothing else is needed
  weir serve                             run a server on ./weir-data
  weir deploy order.bpmn                 give it a process
  weir start order --set amount=100      start an instance of it
  weir task list                         see what waits for people
  weir feel eval 'sum([1, 2, 3])'        try an expression, without a server

Exit status:
  0  done
  1  refused by the server, failed, or errors were found
  2  wrong usage, or a file cannot be read or written
  3  no server can be reached
  4  no answer within the time
  5  the data folder, or what is in Kafka, cannot be used";

/// Weir runs BPMN 2.0 processes.
#[derive(Debug, Parser)]
#[command(
    name = "weir",
    version,
    styles = STYLES,
    after_help = AFTER_HELP,
    max_term_width = 100,
    disable_help_subcommand = true,
    propagate_version = true
)]
pub struct Cli {
    #[command(flatten)]
    pub output: OutputArgs,

    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Serve(serve::ServeArgs),
    Demo(demo::DemoArgs),
    Check(check_command::CheckArgs),
    Decide(decide::DecideArgs),
    Feel(feel_command::FeelArgs),
    Render(render_command::RenderArgs),
    Deploy(deploy::DeployArgs),
    Start(start::StartArgs),
    /// List, show and cancel process instances
    #[command(subcommand)]
    Instance(instance::InstanceCommand),
    /// List, claim and complete the tasks of people
    #[command(subcommand)]
    Task(task::TaskCommand),
    /// Publish messages to waiting processes
    #[command(subcommand)]
    Message(message::MessageCommand),
    /// Broadcast signals to all waiting processes
    #[command(subcommand)]
    Signal(signal::SignalCommand),
    /// List and resolve incidents: instances that need a person to go on
    #[command(subcommand)]
    Incident(incident::IncidentCommand),
    Export(export::ExportArgs),
    Import(import::ImportArgs),
    Doctor(doctor::DoctorArgs),
    Topics(topics::TopicsArgs),
    Acls(acls::AclsArgs),
    Bench(bench::BenchArgs),
    Completions(completions::CompletionsArgs),
}
