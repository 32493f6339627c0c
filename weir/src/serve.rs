//! `weir serve`: a server, alone or as one node of several, until it is told to stop.

mod figures;
mod metrics;
mod server;
mod storage;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde_json::json;
use tracing_subscriber::EnvFilter;

use crate::config::{self, ConfigArgs};
use crate::failure::Failure;
use crate::moment;
use crate::output::Output;

/// What commands log that move an installation: what is wrong, and how far a long restore is.
pub const LOG_OF_MOVING: &str = "warn,node::leadership=info";

pub use server::{Server, Settings};
pub use storage::{PARTITIONS_IN_KAFKA, Storage, StorageArgs, partitions};

/// Run a server: everything it knows is in one folder, or in Kafka
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  weir serve
  weir serve --data /var/lib/weir --listen 0.0.0.0:26500 --keep-ended 90d
  weir serve --listen 127.0.0.1:0 --port-file ./port     any free port
  weir serve --kafka localhost:9092                      everything in Kafka, nothing here
  weir serve --kafka localhost:9092 --partitions 12      spread wider; fixed for ever
  weir serve --kafka broker:9093 --kafka-property security.protocol=SSL
  weir serve --kafka localhost:9092 --listen 127.0.0.1:0  one more node beside it
  weir serve --config weir.toml --print-config           what holds, and who says so

It stops on SIGINT and SIGTERM: calls under way are answered and a last checkpoint is written.
Killing it loses nothing either. There is no authentication yet: listen where only friends can connect.")]
pub struct ServeArgs {
    /// The folder for all data, unless it is kept in Kafka; it is made when missing
    #[arg(
        long,
        value_name = "DIR",
        env = "WEIR_DATA",
        default_value = "./weir-data"
    )]
    data: PathBuf,

    #[command(flatten)]
    storage: StorageArgs,

    /// Where to listen; port 0 takes a free one
    #[arg(
        long,
        value_name = "IP:PORT",
        env = "WEIR_LISTEN",
        default_value = "127.0.0.1:26500"
    )]
    listen: SocketAddr,

    /// Where other nodes on the same Kafka reach this one [default: where it listens]
    #[arg(long, value_name = "HOST:PORT", env = "WEIR_ADVERTISE")]
    advertise: Option<String>,

    /// How many nodes keep the state of each partition at hand beside its leader, so that they can take over at once
    #[arg(long, value_name = "N", env = "WEIR_STANDBY", default_value = "1")]
    standby: usize,

    /// How long ended instances stay listed, with their stories
    #[arg(long, value_name = "DURATION", env = "WEIR_KEEP_ENDED", default_value = "7d", value_parser = moment::parse_duration)]
    keep_ended: Duration,

    /// How often a checkpoint is written while there is work
    #[arg(long, value_name = "DURATION", env = "WEIR_CHECKPOINT_INTERVAL", default_value = "100ms", value_parser = moment::parse_duration)]
    checkpoint_interval: Duration,

    /// What is logged on standard error: error, warn, info, debug, trace, or a filter such as node=debug
    #[arg(
        long,
        env = "WEIR_LOG",
        value_name = "LEVEL",
        default_value = "info",
        hide_env_values = true
    )]
    log: String,

    /// Write the port to this file once the server is ready
    #[arg(long, value_name = "FILE", env = "WEIR_PORT_FILE")]
    port_file: Option<PathBuf>,

    /// Answer /metrics, /health/live and /health/ready there, over HTTP; port 0 takes a free one
    #[arg(long, value_name = "IP:PORT", env = "WEIR_METRICS")]
    metrics: Option<SocketAddr>,

    #[command(flatten)]
    config: ConfigArgs,

    /// Print the settings that hold, each with where it is from, and end
    #[arg(long)]
    print_config: bool,

    /// What all this comes to.
    #[arg(skip)]
    pub effective: Vec<config::Setting>,
}

pub fn run(args: &ServeArgs, output: Output) -> Result<(), Failure> {
    if args.print_config {
        return config::show(&args.effective, output);
    }
    start_log(&args.log, output)?;
    let runtime = crate::runtime(tokio::runtime::Builder::new_multi_thread())?;
    runtime.block_on(serve(args, output))
}

/// Logs go to standard error; only one log per process.
pub fn start_log(level: &str, output: Output) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(level).map_err(|error| {
        Failure::usage(format!("'{level}' is not a log level or filter: {error}"))
    })?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(output.colours_errors());
    // A second one in a process would be refused; the first goes on.
    let _ = subscriber.try_init();
    Ok(())
}

async fn serve(args: &ServeArgs, output: Output) -> Result<(), Failure> {
    let settings = Settings {
        storage: args.storage.storage(&args.data, args.keep_ended),
        listen: args.listen,
        checkpoint_interval: args.checkpoint_interval,
        metrics: args.metrics,
        advertise: args.advertise.clone(),
        standby: args.standby,
    };
    let mut server = Server::start(&settings).await?;
    // From here on: whoever has read where it serves may stop it.
    let told_to_stop = told_to_stop()?;
    let address = server.url();
    let partitions = server.partitions();
    let metrics = server.metrics_url();
    output.show(
        || {
            json!({
                "address": address,
                "data": settings.storage.name(),
                "partitions": partitions,
                "metrics": metrics,
            })
        },
        |paint| {
            let partitions = match partitions {
                1 => "1 partition".to_owned(),
                several => format!("{several} partitions"),
            };
            let data = paint.faint(&format!("{}, {partitions}", settings.storage.place()));
            let metrics = metrics.as_ref().map(|url| format!("Metrics on {url}\n"));
            let metrics = metrics.unwrap_or_default();
            format!("Weir serves on {}  {data}\n{metrics}", paint.name(&address))
        },
    )?;
    if let Some(file) = &args.port_file {
        write_port(file, server.port())?;
    }
    tokio::select! {
        failure = server.failed() => {
            let _ = server.stop().await;
            Err(failure)
        }
        () = told_to_stop => {
            tracing::info!("stopping");
            server.stop().await
        }
    }
}

/// Whoever waits for the file finds the whole port in it or no file.
fn write_port(file: &Path, port: u16) -> Result<(), Failure> {
    let mut draft = file.as_os_str().to_owned();
    draft.push(".new");
    std::fs::write(&draft, format!("{port}\n"))
        .and_then(|()| std::fs::rename(&draft, file))
        .map_err(|error| Failure::usage(format!("{} cannot be written: {error}", file.display())))
}

/// Ends with the first SIGINT or SIGTERM that comes from now on.
pub fn told_to_stop() -> Result<impl Future<Output = ()>, Failure> {
    let failed = |error| Failure::failed(format!("signals cannot be waited for: {error}"));
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        Ok(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    {
        let mut interrupt = tokio::signal::windows::ctrl_c().map_err(failed)?;
        Ok(async move { drop(interrupt.recv().await) })
    }
}
