//! The brokers of a measured server: their share of the work, when they run on this machine, and what they were given.

use std::collections::BTreeSet;
use std::fs;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use journal::kafka::{self, KafkaOptions, Mark, Volume};

use super::usage::Usage;
use crate::failure::{Exit, Failure};

/// As the kernel's tables of sockets say that one listens.
const LISTENS: &str = "0A";

/// Some topics of their own in a Kafka cluster. They are deleted when this is dropped.
pub struct Brokers {
    options: KafkaOptions,
    /// The processes, when they are all on this machine.
    pids: Option<Vec<u32>>,
}

impl Brokers {
    pub fn new(bootstrap: &str) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now_ms = now.unwrap_or_default().as_millis();
        Self {
            options: KafkaOptions {
                bootstrap: bootstrap.to_owned(),
                namespace: format!("weir-bench-{}-{now_ms}", std::process::id()),
                request_timeout: Duration::from_secs(10),
                ..KafkaOptions::default()
            },
            pids: bootstrap.split(',').map(listener).collect(),
        }
    }

    pub fn bootstrap(&self) -> &str {
        &self.options.bootstrap
    }

    pub fn namespace(&self) -> &str {
        &self.options.namespace
    }

    pub fn usage(&self) -> Usage {
        Usage::of_all(self.pids.iter().flatten().copied())
    }

    pub fn mark(&self) -> Result<Mark, Failure> {
        Mark::now(&self.options).map_err(|error| failed(&error))
    }

    pub fn volumes(&self, since: &Mark) -> Result<Vec<Volume>, Failure> {
        since.since(&self.options).map_err(|error| failed(&error))
    }
}

impl Drop for Brokers {
    fn drop(&mut self) {
        if let Err(error) = kafka::remove(&self.options) {
            let namespace = self.namespace();
            eprintln!("the topics {namespace}.* are still there: {error}");
        }
    }
}

fn failed(error: &journal::Error) -> Failure {
    Failure::new(Exit::Data, "KAFKA", error.to_string())
}

/// The process that listens at `host:port`, if that is on this machine and may be looked at.
fn listener(address: &str) -> Option<u32> {
    let addresses: Vec<SocketAddr> = address.trim().to_socket_addrs().ok()?.collect();
    let is_here = |address: &SocketAddr| address.ip().is_loopback();
    let port = addresses.iter().find(|address| is_here(address))?.port();
    let sockets = ["/proc/net/tcp", "/proc/net/tcp6"].map(|table| sockets(table, port));
    let sockets: BTreeSet<String> = sockets.into_iter().flatten().collect();
    let processes = fs::read_dir("/proc").ok()?;
    processes.flatten().find_map(|process| {
        let pid = process.file_name().to_str()?.parse().ok()?;
        has_one_of(&process.path(), &sockets).then_some(pid)
    })
}

/// What listens at a port, as the descriptors of processes name it.
fn sockets(table: &str, port: u16) -> Vec<String> {
    let text = fs::read_to_string(table).unwrap_or_default();
    let at = format!(":{port:04X}");
    let listening = text.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        match fields[..] {
            [_, local, _, LISTENS, _, _, _, _, _, inode, ..] if local.ends_with(&at) => {
                Some(format!("socket:[{inode}]"))
            }
            _ => None,
        }
    });
    listening.collect()
}

fn has_one_of(process: &Path, sockets: &BTreeSet<String>) -> bool {
    let Ok(descriptors) = fs::read_dir(process.join("fd")) else {
        return false;
    };
    descriptors.flatten().any(|descriptor| {
        let target = fs::read_link(descriptor.path()).unwrap_or_default();
        target.to_str().is_some_and(|name| sockets.contains(name))
    })
}
