//! `weir import`: an installation out of the file of an export.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use node::moving::{self, Progress};
use serde_json::json;

use crate::config::ConfigArgs;
use crate::failure::Failure;
use crate::moment;
use crate::output::Output;
use crate::progress::Teller;
use crate::serve::{self, StorageArgs};

/// Fill an empty Kafka namespace, or an empty folder, with what an export has
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  weir export weir.export --data ./weir-data             out of a folder
  weir import weir.export --kafka localhost:9092         into Kafka
  weir import weir.export --kafka localhost:9092 --kafka-namespace claims
  weir import weir.export --data ./restored              a backup into a folder

The file is checked to its end before anything is changed. Where there is an installation already,
nothing is imported; the number of partitions is that of the export. An import that is broken off
leaves nothing that a server would start on in Kafka, and an empty folder: import again. It needs as
much memory as serving one partition, and the import into Kafka may take 15 minutes at most.

Offsets begin anew: positions and page tokens that clients keep from before mean nothing any more.
Letters in <ns>.dead-letters are not part of an export.")]
pub struct ImportArgs {
    /// The file that `weir export` has written
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// The folder that is filled, unless it is Kafka; it is made when missing
    #[arg(
        long,
        value_name = "DIR",
        env = "WEIR_DATA",
        default_value = "./weir-data"
    )]
    data: PathBuf,

    #[command(flatten)]
    storage: StorageArgs,

    /// How long ended instances stay listed, with their stories
    #[arg(long, value_name = "DURATION", default_value = "7d", env = "WEIR_KEEP_ENDED", value_parser = moment::parse_duration)]
    keep_ended: Duration,

    #[command(flatten)]
    config: ConfigArgs,
}

pub fn run(args: &ImportArgs, output: Output) -> Result<(), Failure> {
    serve::start_log(serve::LOG_OF_MOVING, output)?;
    let storage = args.storage.storage(&args.data, args.keep_ended);
    let name = args.file.display().to_string();
    let unmoved = |error| storage.unmoved(&error, &name);
    let (file, length) = open(&args.file)?;
    let mut teller = Teller::new(output, Some(length));
    let mut tell = |progress: &Progress| teller.tell(progress);
    let checked = moving::check(file, &mut tell).map_err(unmoved)?;
    let target = storage.target(checked.partitions())?;
    let (file, _) = open(&args.file)?;
    moving::import(file, &checked, target, &mut tell).map_err(unmoved)?;
    output.show(
        || {
            json!({
                "data": storage.name(),
                "partitions": checked.partitions(),
                "entries": checked.entries(),
                "stories": checked.stories(),
            })
        },
        |paint| {
            format!(
                "Imported {} partitions, {} entries, {} pieces of history  {}\n",
                checked.partitions(),
                checked.entries(),
                checked.stories(),
                paint.faint(&storage.place()),
            )
        },
    )
}

fn open(path: &Path) -> Result<(BufReader<File>, u64), Failure> {
    let unreadable = |error| Failure::usage(format!("{}: {error}", path.display()));
    let file = File::open(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    Ok((BufReader::with_capacity(1 << 20, file), length))
}
