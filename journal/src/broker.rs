//! A real Kafka for tests, run by `scripts/kafka` and ended with the process that asked for it.
//!
//! Test support, behind the feature `contract`. A failure to start is a panic: what needs Kafka never skips itself.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A cluster of its own, gone when this is dropped, when the test panics, and when the process dies in any way: the
/// script waits for its standard input to close.
pub struct Broker {
    script: PathBuf,
    /// Its brokers, `host:port,host:port`.
    bootstrap: String,
    folder: String,
    run: Child,
}

impl Broker {
    /// Starts 1 or 3 brokers with these broker properties, each `name=value`, and waits until they are ready.
    ///
    /// # Panics
    /// When the script fails: it says why on standard error.
    #[must_use]
    pub fn start(brokers: u32, properties: &[&str]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/kafka");
        let mut command = Command::new(&script);
        command.args(["run", "--brokers", &brokers.to_string()]);
        for property in properties {
            command.args(["--set", property]);
        }
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut run = piped
            .spawn()
            .unwrap_or_else(|e| panic!("{}: {e}", script.display()));
        let output = run
            .stdout
            .take()
            .unwrap_or_else(|| unreachable!("it is piped"));
        let mut line = String::new();
        let read = BufReader::new(output).read_line(&mut line);
        let Some((bootstrap, folder)) = line.trim().split_once(' ') else {
            panic!(
                "scripts/kafka could not start a broker: {read:?}, {:?}",
                run.wait()
            );
        };
        let (bootstrap, folder) = (bootstrap.to_owned(), folder.to_owned());
        Self {
            script,
            bootstrap,
            folder,
            run,
        }
    }

    /// Where clients connect, `host:port,host:port`.
    #[must_use]
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// Kills a broker (1, 2 or 3) as a power cut does.
    pub fn kill(&self, broker: u32) {
        self.tell("kill", broker);
    }

    /// Stops a broker's clock: it keeps its connections and does nothing.
    pub fn pause(&self, broker: u32) {
        self.tell("pause", broker);
    }

    /// Lets a paused broker go on.
    pub fn resume(&self, broker: u32) {
        self.tell("resume", broker);
    }

    /// Starts a broker again, stopping it first when it runs, and waits until it is ready.
    pub fn restart(&self, broker: u32) {
        self.tell("restart", broker);
    }

    fn tell(&self, command: &str, broker: u32) {
        let told = Command::new(&self.script)
            .args([command, &broker.to_string(), "--dir", &self.folder])
            .status();
        assert!(
            told.as_ref().is_ok_and(|status| status.success()),
            "{command} {broker}: {told:?}"
        );
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        drop(self.run.stdin.take());
        // It ends by itself; nobody is helped by an error here.
        let _ = self.run.wait();
    }
}
