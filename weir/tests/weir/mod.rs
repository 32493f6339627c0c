//! Runs the real program: commands to their end, servers and demos until they are dropped.
#![allow(dead_code)] // Each test program uses a part of it.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use serde_json::Value;

/// What a command left.
#[derive(Debug)]
pub struct Ran {
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The output of a command that must succeed.
    pub fn ok(self) -> Ran {
        assert_eq!(self.status, 0, "{self:?}");
        self
    }
}

/// The program without the surroundings of whoever runs the tests.
pub fn weir() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    for (variable, _) in std::env::vars_os() {
        let name = variable.to_string_lossy();
        if name.starts_with("WEIR_") || ["NO_COLOR", "COLUMNS", "RUST_LOG"].contains(&&*name) {
            command.env_remove(variable);
        }
    }
    command.env("TZ", "UTC").stdin(Stdio::null());
    command
}

pub fn run(arguments: &[&str]) -> Ran {
    finish(weir().args(arguments))
}

pub fn finish(command: &mut Command) -> Ran {
    let output = command.output().expect("the program runs");
    Ran {
        status: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

pub fn model(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/models")
        .join(name);
    path.display().to_string()
}

/// A program that runs until it is told otherwise. Killed when dropped.
pub struct Running {
    child: Child,
    lines: BufReader<ChildStdout>,
    /// Everything read so far.
    pub told: String,
}

impl Running {
    pub fn start(command: &mut Command) -> Running {
        let command = command.stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().expect("the program starts");
        let out = child.stdout.take().expect("its output is piped");
        Running {
            child,
            lines: BufReader::new(out),
            told: String::new(),
        }
    }

    /// Reads on until a line holds `text`, and gives that line.
    pub fn until(&mut self, text: &str) -> String {
        loop {
            let mut line = String::new();
            let read = self.lines.read_line(&mut line).expect("its output is text");
            assert!(read > 0, "it ended before it said {text:?}:\n{}", self.told);
            self.told += &line;
            if line.contains(text) {
                return line;
            }
        }
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it is gone");
    }

    /// SIGTERM, then waits for the end.
    pub fn terminate(mut self) -> ExitStatus {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(sent.expect("kill runs").success());
        self.finish().0
    }

    /// Waits for the end; the status and all that was said.
    pub fn finish(&mut self) -> (ExitStatus, String) {
        let mut rest = String::new();
        self.lines
            .read_to_string(&mut rest)
            .expect("its output is text");
        self.told += &rest;
        (self.child.wait().expect("it ends"), self.told.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server in a folder, and commands to it.
pub struct Server {
    pub running: Running,
    pub address: String,
}

impl Server {
    pub fn start(data: &Path) -> Server {
        let mut command = weir();
        command
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--log",
                "warn",
                "--data",
            ])
            .arg(data);
        let mut running = Running::start(&mut command);
        let line = running.until("Weir serves on ");
        let address = line
            .split_whitespace()
            .find(|word| word.starts_with("http://"));
        Server {
            address: address.expect("an address").to_owned(),
            running,
        }
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = weir();
        command.args(arguments).env("WEIR_ADDRESS", &self.address);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        finish(&mut self.command(arguments))
    }

    /// The JSON that a command prints, which must succeed.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let mut all = arguments.to_vec();
        all.extend(["--format", "json"]);
        self.run(&all).ok().json()
    }

    /// Starts an instance of a deployed process; its key.
    pub fn start_instance(&self, process: &str, set: &[&str]) -> String {
        let mut arguments = vec!["start", process];
        for pair in set {
            arguments.extend(["--set", pair]);
        }
        text(&self.json(&arguments)["instanceKey"])
    }

    /// The key of the only open task of an instance.
    pub fn task_of(&self, instance: &str) -> String {
        let listed = self.json(&["task", "list", "--instance", instance]);
        let tasks = listed["tasks"].as_array().expect("tasks");
        assert_eq!(tasks.len(), 1, "{listed}");
        text(&tasks[0]["key"])
    }
}

pub fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("not a text: {value}"))
        .to_owned()
}

/// A folder that is removed with the test.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Folder {
        Folder(tempfile::tempdir().expect("a temporary folder"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}
