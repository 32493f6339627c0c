//! The measured servers, and where they keep everything: a folder that is made for them, or topics in Kafka.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, Instant};

use proto::gateway::TopologyRequest;
use tempfile::TempDir;

use super::BenchArgs;
use super::broker::Brokers;
use super::child::Child;
use super::usage::Usage;
use crate::client::Client;
use crate::failure::{Exit, Failure};

/// How long the nodes may take to share the partitions among them.
const BALANCED_WITHIN: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(50);

/// All nodes. They are killed when dropped, and what they kept is removed.
pub struct Servers {
    nodes: Vec<Child>,
    addresses: Vec<String>,
    arguments: Vec<OsString>,
    count: usize,
    starts: u32,
    /// From their start until all of them served.
    pub ready_after: Duration,
    brokers: Option<Brokers>,
    folder: TempDir,
}

impl Servers {
    pub async fn start(args: &BenchArgs) -> Result<Self, Failure> {
        let folder = folder(args.folder.as_deref())?;
        let brokers = args.kafka.as_deref().map(Brokers::new);
        let mut servers = Self {
            nodes: Vec::new(),
            addresses: Vec::new(),
            arguments: arguments(args, folder.path(), brokers.as_ref()),
            count: args.nodes as usize,
            starts: 0,
            ready_after: Duration::ZERO,
            brokers,
            folder,
        };
        servers.run()?;
        servers.wait_until_balanced().await?;
        Ok(servers)
    }

    /// Kills all nodes and starts them again on what they have left.
    pub fn restart(&mut self) -> Result<(), Failure> {
        self.nodes.clear();
        self.run()
    }

    fn run(&mut self) -> Result<(), Failure> {
        self.starts += 1;
        let port_file = |node: usize| format!("port-{}-{node}", self.starts);
        let files = (0..self.count).map(port_file);
        let files: Vec<_> = files.map(|name| self.folder.path().join(name)).collect();
        let started = Instant::now();
        let nodes = files.iter().map(|file| Child::start(&self.arguments, file));
        self.nodes = nodes.collect::<Result<_, _>>()?;
        let waits = self.nodes.iter_mut().zip(&files);
        let addresses = waits.map(|(node, file)| node.wait_until_ready(file));
        self.addresses = addresses.collect::<Result<_, _>>()?;
        self.ready_after = started.elapsed();
        Ok(())
    }

    /// Nodes that start together take what they find; then they share.
    async fn wait_until_balanced(&self) -> Result<(), Failure> {
        let client = Client::connect_to(self.address()).await?;
        let deadline = Instant::now() + BALANCED_WITHIN;
        while Instant::now() < deadline {
            let topology = client.gateway().topology(TopologyRequest {}).await;
            let topology = topology.map_err(client.failure())?.into_inner();
            let led: Vec<usize> = topology
                .brokers
                .iter()
                .map(|b| b.partitions.len())
                .collect();
            let partitions: usize = led.iter().sum();
            let least = partitions / self.count;
            let sharing = led.iter().filter(|led| **led >= least.max(1)).count();
            if sharing >= self.count.min(partitions) {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
        Err(Failure::failed("the nodes do not share the partitions"))
    }

    /// Of the first node.
    pub fn address(&self) -> &str {
        self.addresses.first().map_or("", String::as_str)
    }

    pub fn addresses(&self) -> &[String] {
        &self.addresses
    }

    pub fn brokers(&self) -> Option<&Brokers> {
        self.brokers.as_ref()
    }

    /// Of all nodes together.
    pub fn usage(&self) -> Usage {
        Usage::of_all(self.nodes.iter().map(Child::id))
    }
}

fn folder(within: Option<&Path>) -> Result<TempDir, Failure> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("weir-bench-");
    let made = match within {
        Some(within) => builder.tempdir_in(within),
        None => builder.tempdir(),
    };
    made.map_err(|error| {
        Failure::new(
            Exit::Data,
            "DATA_FOLDER",
            format!("no folder can be made: {error}"),
        )
        .hint("name one that can be written to with --folder")
    })
}

fn arguments(args: &BenchArgs, folder: &Path, brokers: Option<&Brokers>) -> Vec<OsString> {
    let mut settings: BTreeMap<&str, OsString> = BTreeMap::new();
    match brokers {
        None => drop(settings.insert("--data", folder.join("data").into())),
        Some(brokers) => {
            settings.insert("--kafka", brokers.bootstrap().into());
            settings.insert("--kafka-namespace", brokers.namespace().into());
        }
    }
    if let Some(partitions) = args.partitions {
        settings.insert("--partitions", partitions.to_string().into());
    }
    if let Some(interval) = args.checkpoint_interval {
        let interval = format!("{}ms", interval.as_millis());
        settings.insert("--checkpoint-interval", interval.into());
    }
    let settings = settings.into_iter();
    settings
        .flat_map(|(name, value)| [name.into(), value])
        .collect()
}
