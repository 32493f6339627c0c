//! `weir demo`: an insurance claim from its registration to its end, with a server, workers and people.
//!
//! Everything speaks gRPC to the server as any client would. Nothing of the story is kept here: what has happened and
//! what is to be done next is asked from the server, so that a demo that was killed goes on where it was.

mod cast;
mod closing;
mod guide;
mod narrator;
mod people;
mod rounds;
mod sentence;
mod workers;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use proto::gateway::{DeployResourceRequest, Resource};
use tokio::sync::mpsc;

use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::serve::{Server, Settings, Storage, StorageArgs, start_log, told_to_stop};

/// Watch an insurance claim go through: checks, people, messages, timers, a payout
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  weir demo --auto                 every role is played; over in less than 20 seconds
  weir demo                        you play the adjusters from a second terminal
  weir demo --data /tmp/claims
  weir demo --auto --kafka localhost:9092      the same with everything in Kafka

Kill it whenever you like, also with kill -9: started again in the same folder it goes on where it
was. When all claims of the folder have ended, the next start brings new ones.")]
pub struct DemoArgs {
    /// Play every role, and end when all claims have ended
    #[arg(long)]
    auto: bool,

    /// The folder for data and pictures; it is made when missing
    #[arg(long, value_name = "DIR", default_value = "./weir-demo")]
    data: PathBuf,

    #[command(flatten)]
    storage: StorageArgs,

    /// Where to listen [default: 127.0.0.1:26500, or a free port when that one is taken]
    #[arg(long, value_name = "IP:PORT")]
    listen: Option<SocketAddr>,
}

pub const PROCESS_ID: &str = "insurance-claim";
const MODEL: &[u8] = include_bytes!("../../models/examples/insurance-claim.bpmn");
const DEFAULT_LISTEN: ([u8; 4], u16) = ([127, 0, 0, 1], 26500);
/// Lines that wait for a slow terminal; then the players wait.
const LINES_MAX: usize = 100;
/// Far more than `--auto` takes on a slow machine.
const AUTO_MAX: Duration = Duration::from_secs(180);
/// Long enough to look at a claim again after a holiday.
const KEEP_ENDED: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What all players share.
pub struct Stage {
    pub client: Client,
    pub output: Output,
    pub auto: bool,
    /// How a reader calls this program in another terminal.
    pub program: String,
    /// What to add to every command, such as the address.
    pub options: String,
    pub folder: PathBuf,
    /// Where everything is kept, in words.
    pub place: String,
    lines: mpsc::Sender<String>,
}

impl Stage {
    /// Tells a line of the story. With `--format json` nobody listens.
    pub async fn say(&self, line: impl Into<String>) {
        // After the end nobody listens either.
        let _ = self.lines.send(line.into()).await;
    }
}

/// People and machines take time for their work, in seconds.
pub async fn pause(seconds: f64) {
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
}

pub fn run(args: &DemoArgs, output: Output) -> Result<(), Failure> {
    start_log("warn", output)?;
    let runtime = crate::runtime(tokio::runtime::Builder::new_multi_thread())?;
    runtime.block_on(demo(args, output))
}

async fn demo(args: &DemoArgs, output: Output) -> Result<(), Failure> {
    std::fs::create_dir_all(&args.data).map_err(|error| {
        let text = format!("{} cannot be made: {error}", args.data.display());
        Failure::new(Exit::Data, "DATA_FOLDER", text).hint("name another folder with --data")
    })?;
    let mut server = start_server(args).await?;
    let told_to_stop = told_to_stop()?;
    let (lines, mut spoken) = mpsc::channel::<String>(LINES_MAX);
    let stage = Arc::new(Stage {
        client: Client::connect_to(&server.url()).await?,
        output,
        auto: args.auto,
        program: guide::program(),
        options: guide::options(&server.url()),
        folder: args.data.clone(),
        place: args.storage().place(),
        lines,
    });
    let printing = tokio::spawn(async move {
        while let Some(line) = spoken.recv().await {
            if !output.is_json() {
                output.print(&(line + "\n"))?;
            }
        }
        Ok::<(), Failure>(())
    });
    let played = tokio::select! {
        played = play(&stage) => played,
        failure = server.failed() => Err(failure),
        () = told_to_stop => {
            stage.say("\nStopped. Start it again to go on.").await;
            Ok(())
        }
    };
    // The players have gone with `play`; the printer ends with the last one who could speak.
    drop(stage);
    let printed = printing.await.unwrap_or(Ok(()));
    let stopped = server.stop().await;
    played.and(printed).and(stopped)
}

/// Plays until all has ended; without `--auto` for ever.
async fn play(stage: &Arc<Stage>) -> Result<(), Failure> {
    deploy(&stage.client).await?;
    let round = rounds::find(stage).await?;
    stage.say(guide::welcome(stage, &round)).await;
    let _workers = workers::start(stage).await?;
    let _people = people::start(stage);
    let claims = rounds::start_missing(stage, &round);
    let told = narrator::tell(stage, &round);
    let began = Instant::now();
    tokio::select! {
        both = async { tokio::try_join!(claims, told) } => { both?; }
        () = tokio::time::sleep(AUTO_MAX), if stage.auto => {
            return Err(Failure::failed(format!(
                "the claims have not ended after {} s", began.elapsed().as_secs()
            )).hint("serve the folder and look with `weir instance list`"));
        }
    }
    closing::show(stage, &round).await
}

async fn deploy(client: &Client) -> Result<(), Failure> {
    let request = DeployResourceRequest {
        resources: vec![Resource {
            name: format!("{PROCESS_ID}.bpmn"),
            content: MODEL.to_vec(),
        }],
        tenant_id: String::new(),
    };
    let reply = client.gateway().deploy_resource(request).await;
    reply.map_err(client.failure()).map(|_| ())
}

impl DemoArgs {
    fn storage(&self) -> Storage {
        self.storage.storage(&data_folder(&self.data), KEEP_ENDED)
    }
}

async fn start_server(args: &DemoArgs) -> Result<Server, Failure> {
    let default = SocketAddr::from(DEFAULT_LISTEN);
    let mut settings = Settings {
        storage: args.storage(),
        listen: args.listen.unwrap_or(default),
        checkpoint_interval: Duration::from_millis(100),
        metrics: None,
        advertise: None,
        standby: 1,
    };
    if args.listen.is_none() && is_taken(default) {
        settings.listen.set_port(0);
    }
    Server::start(&settings).await
}

/// The journal has a folder of its own beside the pictures.
fn data_folder(folder: &Path) -> PathBuf {
    folder.join("data")
}

fn is_taken(address: SocketAddr) -> bool {
    let bound = std::net::TcpListener::bind(address);
    bound.is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse)
}
