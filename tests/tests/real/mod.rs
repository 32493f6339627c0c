//! The real program: a server in a folder, started, killed and asked over gRPC.
//!
//! It takes the binary that stands beside the tests, which `cargo test --workspace` builds; `WEIR_BIN` names another.
#![allow(dead_code)] // Each test program uses a part of it.

pub mod topics;

use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use proto::admin::admin_service_client::AdminServiceClient;
use proto::gateway::gateway_client::GatewayClient;
use proto::gateway::{DeployResourceRequest, DeployResourceResponse, Resource};
use proto::usertask::user_task_service_client::UserTaskServiceClient;
use tempfile::TempDir;
use tonic::Status;
use tonic::transport::{Channel, Endpoint};
use tonic_types::StatusExt;

/// Larger than anything that a test sends or gets.
const MESSAGE_BYTES_MAX: usize = 64 << 20;
/// The longest wait for a line of a server's log.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// The program under test.
pub fn binary() -> PathBuf {
    if let Some(named) = std::env::var_os("WEIR_BIN") {
        return PathBuf::from(named);
    }
    let tests = std::env::current_exe().expect("the test's own path");
    let folder = tests.parent().and_then(Path::parent);
    let binary = folder.expect("a target folder").join("weir");
    assert!(
        binary.exists(),
        "{} is not there: `cargo build -p weir` first, or test the workspace",
        binary.display()
    );
    binary
}

/// The program without the surroundings of whoever runs the tests.
pub fn weir() -> Command {
    let mut command = Command::new(binary());
    for variable in [
        "WEIR_ADDRESS",
        "WEIR_USER",
        "WEIR_LOG",
        "RUST_LOG",
        "COLUMNS",
    ] {
        command.env_remove(variable);
    }
    command.env("NO_COLOR", "1").stdin(Stdio::null());
    command
}

/// A file of the repository.
pub fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Python with what the `requirements.txt` of a folder of `tests/` names, installed from PyPI when it is not yet: once
/// per target folder.
pub fn python(folder: &str) -> PathBuf {
    // Tests of one program install it one after the other, and the second finds it there.
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _installing = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let requirements = file(&format!("tests/{folder}/requirements.txt"));
    let wanted = std::fs::read(&requirements).expect("the requirements");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    let python = folder.join("bin/python");
    let stamp = folder.join("installed.txt");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return python;
    }
    let _ = std::fs::remove_dir_all(&folder);
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder));
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--requirement"]);
    run(install.arg(&requirements));
    std::fs::write(&stamp, wanted).expect("the stamp");
    python
}

fn run(command: &mut Command) {
    let ran = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let told = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{command:?}: {told}");
}

/// Where a server keeps everything.
#[derive(Debug, Clone)]
pub enum Home {
    Folder(PathBuf),
    /// The address of the brokers. What stands on the server's machine goes with it.
    Kafka(String),
    /// A namespace of these brokers.
    Namespace {
        brokers: String,
        name: String,
    },
}

impl Home {
    fn serve(&self, here: &Path) -> Command {
        match self {
            Home::Folder(data) => serve(data),
            Home::Kafka(brokers) => {
                let mut command = serve(here);
                command.args(["--kafka", brokers]).current_dir(here);
                command
            }
            Home::Namespace { brokers, name } => {
                let mut command = Home::Kafka(brokers.clone()).serve(here);
                command.args(["--kafka-namespace", name]);
                command
            }
        }
    }
}

fn serve(data: &Path) -> Command {
    let mut command = weir();
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A server that could not start, or has been told to end.
pub fn serve_to_the_end(data: &Path) -> Output {
    serve(data).output().expect("the program runs")
}

/// The process of a server. It is killed when dropped.
pub struct Process {
    child: Child,
    /// Its working folder.
    here: TempDir,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        // Whatever a server needs is in its home.
        let left = std::fs::read_dir(self.here.path()).map(Iterator::count);
        if !std::thread::panicking() {
            assert_eq!(
                left.ok(),
                Some(0),
                "files in {}",
                self.here.path().display()
            );
        }
    }
}

impl Process {
    /// Waits for its end.
    pub fn ended(mut self) -> ExitStatus {
        self.child.wait().expect("it ends")
    }
}

/// The lines that a server logs.
struct Log(Mutex<Receiver<String>>);

impl Log {
    /// Reads on, whether anybody listens or not: a server whose log is not read would wait for ever.
    fn of(child: ChildStderr) -> Log {
        let (told, heard) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(child).lines().map_while(Result::ok) {
                eprintln!("{line}");
                let _ = told.send(line);
            }
        });
        Log(Mutex::new(heard))
    }

    fn next(&self) -> String {
        let line = self.lines().recv_timeout(SILENCE_MAX);
        line.expect("a line of its log")
    }

    fn lines(&self) -> MutexGuard<'_, Receiver<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A server that starts. It is killed when dropped.
pub struct Starting {
    process: Process,
    out: Lines<BufReader<ChildStdout>>,
    log: Log,
}

impl Starting {
    pub fn new(home: &Home) -> Starting {
        Starting::with(home, &[])
    }

    /// With something more in its environment.
    pub fn with(home: &Home, variables: &[(&str, &str)]) -> Starting {
        let here = tempfile::tempdir().expect("a folder");
        let mut command = home.serve(here.path());
        command.envs(variables.iter().copied());
        let mut child = command.spawn().expect("the program starts");
        let out = child.stdout.take().expect("its output is piped");
        let log = child.stderr.take().expect("its log is piped");
        Starting {
            process: Process { child, here },
            out: BufReader::new(out).lines(),
            log: Log::of(log),
        }
    }

    /// Waits for a line of its log: something to be counted by.
    pub fn hear_line(&mut self) {
        self.log.next();
    }

    /// Waits until it serves.
    pub fn serving(mut self) -> Server {
        let Some(Ok(line)) = self.out.next() else {
            panic!("the server has ended: {:?}", self.process.ended());
        };
        Server {
            process: self.process,
            address: address(&line),
            log: self.log,
        }
    }

    /// Tells its address once it serves, and its end, which may come before, as `None`.
    pub fn watched(self, mut tell: impl FnMut(Option<String>) + Send + 'static) -> Process {
        let out = self.out;
        std::thread::spawn(move || {
            for line in out.map_while(Result::ok) {
                tell(Some(address(&line)));
            }
            tell(None);
        });
        self.process
    }
}

/// Where a server says that it serves.
fn address(line: &str) -> String {
    let mut words = line.split_whitespace();
    let address = words.find(|word| word.starts_with("http://"));
    address.expect("an address").to_owned()
}

/// A server that serves. It is killed when dropped.
pub struct Server {
    process: Process,
    pub address: String,
    log: Log,
}

impl Server {
    pub fn start(data: &Path) -> Server {
        Server::at(&Home::Folder(data.to_owned()))
    }

    pub fn at(home: &Home) -> Server {
        Server::with(home, &[])
    }

    /// With something more in its environment.
    pub fn with(home: &Home, variables: &[(&str, &str)]) -> Server {
        Starting::with(home, variables).serving()
    }

    /// Connects with the first call.
    pub fn channel(&self) -> Channel {
        let endpoint = Endpoint::from_shared(self.address.clone()).expect("an address");
        endpoint.connect_lazy()
    }

    pub fn gateway(&self) -> GatewayClient<Channel> {
        gateway(self.channel())
    }

    pub fn tasks(&self) -> UserTaskServiceClient<Channel> {
        UserTaskServiceClient::new(self.channel())
    }

    pub fn admin(&self) -> AdminServiceClient<Channel> {
        admin(self.channel())
    }

    /// Deploys a model.
    pub async fn deploy(
        &self,
        name: &str,
        content: Vec<u8>,
    ) -> Result<DeployResourceResponse, Status> {
        let resource = Resource {
            name: name.to_owned(),
            content,
        };
        let request = DeployResourceRequest {
            resources: vec![resource],
            tenant_id: String::new(),
        };
        let deployed = self.gateway().deploy_resource(request).await;
        Ok(deployed?.into_inner())
    }

    /// Deploys a model of the repository.
    pub async fn deploy_file(&self, path: &str) {
        let content = std::fs::read(file(path)).expect("the model");
        let deployed = self.deploy(path, content).await;
        deployed.expect("a good model");
    }

    /// The most memory that it has held so far, in bytes.
    pub fn peak_bytes(&self) -> u64 {
        let held = self.status("VmHWM:");
        let digits = held.split_whitespace().next();
        let kib: u64 = digits.and_then(|text| text.parse().ok()).expect("a number");
        kib << 10
    }

    /// What the system says of the process under this name.
    fn status(&self, name: &str) -> String {
        let path = format!("/proc/{}/status", self.process.child.id());
        let status = std::fs::read_to_string(path).expect("the server lives");
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.expect("it is said").trim().to_owned()
    }

    /// Sends it a signal, `STOP` or `CONT`.
    pub fn signal(&self, name: &str) {
        let mut kill = Command::new("kill");
        kill.args([&format!("-{name}"), &self.process.child.id().to_string()]);
        assert!(kill.status().expect("it is sent").success());
    }

    pub fn is_alive(&mut self) -> bool {
        let ended = self.process.child.try_wait();
        ended.expect("its state").is_none()
    }

    /// Whether SIGSTOP holds it.
    pub fn is_stopped(&self) -> bool {
        self.status("State:").starts_with('T')
    }

    /// Waits until it logs this.
    pub fn hear(&self, text: &str) {
        while !self.log.next().contains(text) {}
    }

    /// Lines of its log so far that nobody has heard.
    pub fn heard(&self) -> Vec<String> {
        self.log.lines().try_iter().collect()
    }

    /// Tells it to end, as a person does, and waits until it has written everything.
    pub fn stop(self) {
        self.signal("TERM");
        let ended = self.process.ended();
        assert!(ended.success(), "{ended}");
    }

    /// Runs a command against it.
    pub fn run(&self, arguments: &[&str]) -> Output {
        let mut command = weir();
        command.args(arguments).env("WEIR_ADDRESS", &self.address);
        command.output().expect("the program runs")
    }
}

pub fn gateway(channel: Channel) -> GatewayClient<Channel> {
    GatewayClient::new(channel)
        .max_decoding_message_size(MESSAGE_BYTES_MAX)
        .max_encoding_message_size(MESSAGE_BYTES_MAX)
}

pub fn admin(channel: Channel) -> AdminServiceClient<Channel> {
    AdminServiceClient::new(channel).max_decoding_message_size(MESSAGE_BYTES_MAX)
}

/// A name for a request that may be repeated.
pub fn request_id(random: &mut fastrand::Rng) -> String {
    format!("{:032x}", random.u128(1..))
}

/// Code and `reason` of a refusal.
pub fn why(status: &Status) -> (tonic::Code, String) {
    let details = status.get_error_details();
    let reason = details.error_info().map(|info| info.reason.clone());
    (status.code(), reason.unwrap_or_default())
}
