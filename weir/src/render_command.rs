//! `weir render`: a model, or an instance with the path that it took, as an SVG picture.

use std::path::PathBuf;

use clap::{ArgGroup, Args};
use proto::admin as api;
use serde_json::json;

use crate::client::{Client, ConnectArgs};
use crate::failure::Failure;
use crate::output::Output;
use crate::picture;

/// Draw a model, or an instance with its tokens and the path that it took, as SVG
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").required(true).args(["file", "instance"])))]
#[command(after_help = "\
Examples:
  weir render order.bpmn -o order.svg
  weir render --instance 2251799813685251 -o instance.svg
  weir render order.bpmn --process order > order.svg")]
pub struct RenderArgs {
    /// A BPMN file
    file: Option<PathBuf>,

    /// Key of an instance
    #[arg(long, value_name = "KEY")]
    instance: Option<u64>,

    /// The process to draw where the file has several diagrams
    #[arg(long, value_name = "PROCESS_ID", conflicts_with = "instance")]
    process: Option<String>,

    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,

    #[command(flatten)]
    connect: ConnectArgs,
}

pub async fn run(args: &RenderArgs, output: Output) -> Result<(), Failure> {
    let svg = match (&args.file, args.instance) {
        (Some(file), _) => {
            let xml = std::fs::read(file).map_err(|error| {
                Failure::usage(format!("{} cannot be read: {error}", file.display()))
            })?;
            picture::of_model(&xml, &file.display().to_string(), args.process.as_deref())?
        }
        (None, Some(key)) => of_instance(args, key).await?,
        (None, None) => {
            return Err(Failure::usage(
                "name a file, or an instance with --instance",
            ));
        }
    };
    let Some(out) = &args.out else {
        return output.print(&svg);
    };
    std::fs::write(out, svg)
        .map_err(|error| Failure::usage(format!("{} cannot be written: {error}", out.display())))?;
    let name = out.display().to_string();
    output.show(
        || json!({ "file": name }),
        |_| format!("{name} is drawn.\n"),
    )
}

async fn of_instance(args: &RenderArgs, key: u64) -> Result<String, Failure> {
    let client = Client::connect(&args.connect).await?;
    let request = api::GetInstanceRequest {
        instance_key: key,
        without_story: true,
    };
    let reply = client.admin().get_instance(request).await;
    let found = reply.map_err(client.failure())?.into_inner();
    picture::of_instance(&client, &found).await
}
