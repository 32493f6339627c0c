//! A measured server: a child process of its own.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{self, Command, Stdio};
use std::time::{Duration, Instant};

use crate::failure::Failure;

/// A restore of millions of instances is part of a start.
const READY_WITHIN: Duration = Duration::from_secs(180);

/// A `weir serve` that has been started. Killed when dropped.
pub struct Child {
    process: process::Child,
}

impl Child {
    /// Starts a server that writes its port to a file. What the environment says of settings is not measured.
    pub fn start(arguments: &[OsString], port_file: &Path) -> Result<Self, Failure> {
        let program = std::env::current_exe()
            .map_err(|error| Failure::failed(format!("the own program is not found: {error}")))?;
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("WEIR_")) {
                command.env_remove(name);
            }
        }
        let process = command
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "warn"])
            .arg("--port-file")
            .arg(port_file)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| Failure::failed(format!("the server does not start: {error}")))?;
        Ok(Self { process })
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits until it serves; tells its address.
    pub fn wait_until_ready(&mut self, port_file: &Path) -> Result<String, Failure> {
        let deadline = Instant::now() + READY_WITHIN;
        while Instant::now() < deadline {
            let text = fs::read_to_string(port_file).unwrap_or_default();
            if let Some(port) = text.strip_suffix('\n') {
                return Ok(format!("http://127.0.0.1:{port}"));
            }
            if let Ok(Some(status)) = self.process.try_wait() {
                return Err(Failure::failed(format!("the server has ended: {status}")));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Err(Failure::failed(format!(
            "the server was not ready within {} s",
            READY_WITHIN.as_secs()
        )))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
