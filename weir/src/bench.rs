//! `weir bench`: what a server costs on this machine.
//!
//! The server is a child process of its own, so that its CPU time, memory and disk writes are counted apart from the
//! load's. It is the one that `weir serve` starts: durable, over gRPC on loopback. Nothing here is a test.

mod child;
mod flight;
mod load;
mod report;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use proto::gateway::{DeployResourceRequest, Resource};

use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use child::Child;
use report::Report;

/// Measure a server on this machine: throughput, latency, CPU time, memory, disk writes
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  weir bench                              one task per instance, 32 instances at a time
  weir bench --tasks 10
  weir bench --rate 2000                  half load: instances begin at a fixed rate
  weir bench --long-poll --outstanding 128
  weir bench --format json

It starts `weir serve` on a folder of its own, which it removes. Run it on an idle machine, several
times, in a release build, and compare CPU-seconds rather than single wall-clock figures.")]
pub struct BenchArgs {
    /// So many instances are measured
    #[arg(long, value_name = "N", default_value = "20000", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub instances: u64,

    /// So many go before and are not measured
    #[arg(long, value_name = "N", default_value = "2000")]
    pub warm_up: u64,

    /// Service tasks of an instance, one after the other
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub tasks: u32,

    /// Instances under way at the same time
    #[arg(long, value_name = "N", default_value = "32", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub outstanding: u32,

    /// Size of an instance's variables as JSON
    #[arg(long, value_name = "BYTES", default_value = "1000", value_parser = clap::value_parser!(u32).range(16..=1_000_000))]
    pub variables_bytes: u32,

    /// Begin instances at this rate per second, whatever has ended (open loop)
    #[arg(long, value_name = "PER_SECOND", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub rate: Option<u32>,

    /// The worker polls for jobs instead of having them pushed
    #[arg(long)]
    pub long_poll: bool,

    /// Put the server's folder into this one instead of the system's for temporary files
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,

    /// Let the server begin a checkpoint so often
    #[arg(long, value_name = "DURATION", value_parser = crate::moment::parse_duration)]
    pub checkpoint_interval: Option<Duration>,
}

pub const JOB_TYPE: &str = "bench";
pub const PROCESS_ID: &str = "bench";

pub async fn run(args: &BenchArgs, output: Output) -> Result<(), Failure> {
    if args.long_poll && args.rate.is_some() {
        return Err(Failure::usage(
            "--rate is for pushed jobs: leave out --long-poll",
        ));
    }
    let folder = folder(args.folder.as_deref())?;
    let child = Child::start(folder.path(), args.checkpoint_interval)?;
    let client = Client::connect_to(child.address()).await?;
    deploy(&client, args.tasks).await?;
    let idle = child.usage();

    load::drive(&child, args, args.warm_up).await?;
    let before = child.usage();
    let load = load::drive(&child, args, args.instances).await?;
    let after = child.usage();

    let report = Report::new(args, &child, load, &idle, &before, &after);
    output.show(|| report.json(), |paint| report.text(paint))
}

fn folder(within: Option<&Path>) -> Result<tempfile::TempDir, Failure> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("weir-bench-");
    let made = match within {
        Some(within) => builder.tempdir_in(within),
        None => builder.tempdir(),
    };
    made.map_err(|error| {
        Failure::new(
            Exit::Data,
            "DATA_FOLDER",
            format!("no folder can be made: {error}"),
        )
        .hint("name one that can be written to with --folder")
    })
}

async fn deploy(client: &Client, tasks: u32) -> Result<(), Failure> {
    let request = DeployResourceRequest {
        resources: vec![Resource {
            name: "bench.bpmn".to_owned(),
            content: model(tasks).into_bytes(),
        }],
        tenant_id: String::new(),
    };
    let reply = client.gateway().deploy_resource(request).await;
    reply.map_err(client.failure()).map(|_| ())
}

/// A process with so many service tasks in a row.
fn model(tasks: u32) -> String {
    let mut body = String::from("<startEvent id=\"start\"/>");
    let mut last = "start".to_owned();
    for number in 1..=tasks {
        let task = format!("task-{number}");
        body += &format!(
            "<sequenceFlow id=\"to-{task}\" sourceRef=\"{last}\" targetRef=\"{task}\"/>\
             <serviceTask id=\"{task}\"><extensionElements>\
             <zeebe:taskDefinition type=\"{JOB_TYPE}\"/></extensionElements></serviceTask>"
        );
        last = task;
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" \
         xmlns:zeebe=\"http://camunda.org/schema/zeebe/1.0\" targetNamespace=\"http://weir.dev/bench\">\
         <process id=\"{PROCESS_ID}\" isExecutable=\"true\">{body}\
         <sequenceFlow id=\"to-end\" sourceRef=\"{last}\" targetRef=\"end\"/><endEvent id=\"end\"/>\
         </process></definitions>"
    )
}
