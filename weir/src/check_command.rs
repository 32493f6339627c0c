//! `weir check`: the arguments of [`crate::check`].

use std::path::PathBuf;

use clap::Args;

use crate::check;
use crate::failure::{Exit, Failure};
use crate::output::Output;

/// Tell what is wrong with models, and what Weir does not execute yet
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  weir check order.bpmn
  weir check models/                 every .bpmn and .dmn file below the folder
  weir check order.bpmn --format json
  weir check routing.dmn rates.dmn   DMN files may import each other

Exit status: 0 nothing keeps the models from being deployed, 1 something does, 2 a file cannot be read.")]
pub struct CheckArgs {
    /// BPMN and DMN files, or folders with some
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub fn run(args: &CheckArgs, output: Output) -> Result<Exit, Failure> {
    let mut text = Vec::new();
    let colour = output.paint().colour;
    let status = check::run(&args.files, output.is_json(), colour, &mut text)
        .map_err(|error| Failure::failed(format!("the result cannot be written: {error}")))?;
    output.print(&String::from_utf8_lossy(&text))?;
    Ok(match status {
        0 => Exit::Ok,
        1 => Exit::Failed,
        _ => Exit::Usage,
    })
}
