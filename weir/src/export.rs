//! `weir export`: everything that an installation has, as one file.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use node::moving::{self, Exported};
use serde_json::json;

use crate::config::ConfigArgs;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::{Teller, size};
use crate::serve::{self, Storage, StorageArgs};

/// Write everything that an installation has into one file: to move it, or to keep it
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  weir export weir.export --data ./weir-data
  weir export weir.export --kafka localhost:9092
  weir import weir.export --kafka localhost:9092         the other direction

No server may run on it meanwhile: a folder that is in use and Kafka with a living node are refused.
What is in the file is what a server would have after a start: running instances with their jobs,
tasks, timers and messages, ended ones with their stories. It needs as much memory as serving one
partition. The file is there when it is whole; one that exists is never overwritten.")]
pub struct ExportArgs {
    /// The file to be written
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// The folder that is exported, unless everything is in Kafka
    #[arg(
        long,
        value_name = "DIR",
        env = "WEIR_DATA",
        default_value = "./weir-data"
    )]
    data: PathBuf,

    #[command(flatten)]
    storage: StorageArgs,

    #[command(flatten)]
    config: ConfigArgs,
}

pub fn run(args: &ExportArgs, output: Output) -> Result<(), Failure> {
    serve::start_log(serve::LOG_OF_MOVING, output)?;
    let storage = args.storage.storage(&args.data, Duration::MAX);
    let unwritable =
        |error: &io::Error| Failure::usage(format!("{}: {error}", args.file.display()));
    if args.file.exists() {
        let failure = Failure::usage(format!("{} exists already", args.file.display()));
        return Err(failure.hint("choose another name, or remove the file"));
    }
    // Whoever finds the file under its name finds all of it.
    let draft = draft(&args.file);
    let out = File::create(&draft).map_err(|error| unwritable(&error))?;
    let exported = export(&storage, out, &args.file, output)
        .and_then(|exported| match finish(&draft, &args.file) {
            Ok(()) => Ok(exported),
            Err(error) => Err(unwritable(&error)),
        })
        .inspect_err(|_| {
            // It is worth nothing; that it cannot be removed changes nothing.
            let _ = fs::remove_file(&draft);
        })?;
    show(&exported, &args.file, &storage, output)
}

fn draft(file: &Path) -> PathBuf {
    let mut draft = OsString::from(file.as_os_str());
    draft.push(".part");
    PathBuf::from(draft)
}

fn export(storage: &Storage, out: File, file: &Path, output: Output) -> Result<Exported, Failure> {
    let source = storage.source()?;
    let program = concat!("weir ", env!("CARGO_PKG_VERSION"));
    let mut teller = Teller::new(output, None);
    let mut tell = |progress: &moving::Progress| teller.tell(progress);
    let out = BufWriter::with_capacity(1 << 20, out);
    let exported = moving::export(&*source, storage.has_views(), program, out, &mut tell);
    let name = file.display().to_string();
    let (out, exported) = exported.map_err(|error| storage.unmoved(&error, &name))?;
    let synced = out.get_ref().sync_all();
    synced.map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    Ok(exported)
}

/// Gives the file its name, durably.
fn finish(draft: &Path, file: &Path) -> io::Result<()> {
    fs::rename(draft, file)?;
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    File::open(folder)?.sync_all()
}

fn show(
    exported: &Exported,
    file: &Path,
    storage: &Storage,
    output: Output,
) -> Result<(), Failure> {
    let name = file.display().to_string();
    output.show(
        || {
            json!({
                "file": name,
                "partitions": exported.partitions,
                "entries": exported.entries,
                "stories": exported.stories,
                "bytes": exported.bytes,
            })
        },
        |paint| {
            format!(
                "Exported to {}: {} partitions, {} entries, {} pieces of history, {}  {}\n",
                paint.name(&name),
                exported.partitions,
                exported.entries,
                exported.stories,
                size(exported.bytes),
                paint.faint(&storage.place()),
            )
        },
    )
}
