//! The measured server: a child process, and what the kernel counts of it.

use std::fs;
use std::path::Path;
use std::process::{self, Command, Stdio};
use std::time::{Duration, Instant};

use crate::failure::Failure;

/// Ticks per second in /proc: the same on every Linux that Rust's standard library runs on.
const TICKS_PER_SECOND: f64 = 100.0;
const READY_WITHIN: Duration = Duration::from_secs(30);

/// A running `weir serve`. Killed when dropped; its folder is temporary.
pub struct Child {
    process: process::Child,
    address: String,
    ready_after: Duration,
}

/// What a process has used so far; `None` where the system does not tell.
#[derive(Debug, Clone, Default)]
pub struct Usage {
    pub cpu_seconds: Option<f64>,
    pub resident_bytes: Option<u64>,
    pub written_bytes: Option<u64>,
}

impl Child {
    /// Starts the server on `folder` and waits until it serves.
    pub fn start(folder: &Path, checkpoint_interval: Option<Duration>) -> Result<Self, Failure> {
        let program = std::env::current_exe()
            .map_err(|error| Failure::failed(format!("the own program is not found: {error}")))?;
        let port_file = folder.join("port");
        let mut command = Command::new(program);
        command
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--log",
                "warn",
                "--data",
            ])
            .arg(folder.join("data"))
            .arg("--port-file")
            .arg(&port_file)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        if let Some(interval) = checkpoint_interval {
            command.arg("--checkpoint-interval");
            command.arg(format!("{}ms", interval.as_millis()));
        }
        let started = Instant::now();
        let mut process = command
            .spawn()
            .map_err(|error| Failure::failed(format!("the server does not start: {error}")))?;
        let port = match wait_for_port(&mut process, &port_file, started) {
            Ok(port) => port,
            Err(failure) => {
                let _ = process.kill();
                let _ = process.wait();
                return Err(failure);
            }
        };
        Ok(Self {
            process,
            address: format!("http://127.0.0.1:{port}"),
            ready_after: started.elapsed(),
        })
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    /// From its start until it served.
    pub fn ready_after(&self) -> Duration {
        self.ready_after
    }

    pub fn usage(&self) -> Usage {
        let folder = format!("/proc/{}", self.process.id());
        Usage::read(Path::new(&folder))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Usage {
    pub fn of_this_process() -> Self {
        Self::read(Path::new("/proc/self"))
    }

    fn read(folder: &Path) -> Self {
        let field = |file: &str, name: &str| {
            let text = fs::read_to_string(folder.join(file)).ok()?;
            let line = text.lines().find(|line| line.starts_with(name))?;
            line.split_whitespace().nth(1)?.parse::<u64>().ok()
        };
        Self {
            cpu_seconds: cpu_seconds(folder),
            resident_bytes: field("status", "VmRSS:").map(|kilobytes| kilobytes * 1024),
            written_bytes: field("io", "write_bytes:"),
        }
    }
}

fn cpu_seconds(folder: &Path) -> Option<f64> {
    let text = fs::read_to_string(folder.join("stat")).ok()?;
    // The program's name stands in parentheses and may hold anything; utime and stime are fields 14 and 15.
    let (_, after_name) = text.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_SECOND)
}

fn wait_for_port(
    process: &mut process::Child,
    file: &Path,
    started: Instant,
) -> Result<u16, Failure> {
    while started.elapsed() < READY_WITHIN {
        let text = fs::read_to_string(file).unwrap_or_default();
        if let Some(port) = text.strip_suffix('\n').and_then(|port| port.parse().ok()) {
            return Ok(port);
        }
        if let Ok(Some(status)) = process.try_wait() {
            return Err(Failure::failed(format!("the server has ended: {status}")));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Err(Failure::failed(format!(
        "the server was not ready within {} s",
        READY_WITHIN.as_secs()
    )))
}
