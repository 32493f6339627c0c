//! Servers that share the partitions, and what their logs say of it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use crate::Failing;

/// No change of leaders takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a node has said of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    TakesOver(u32),
    Leads(u32),
    Follows(u32),
    HandsOver(u32),
}

#[derive(Debug, Clone, Copy)]
pub struct Said {
    pub node: usize,
    pub at: Instant,
    pub what: What,
}

struct Node {
    child: Child,
    address: String,
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The servers that run, by the order in which they were started.
pub struct Nodes {
    kafka: String,
    partitions: u32,
    standby: usize,
    running: BTreeMap<usize, Node>,
    started: usize,
    sayings: (Sender<Said>, Receiver<Said>),
    heard: Vec<Said>,
    leads: BTreeMap<u32, usize>,
    follows: BTreeSet<(u32, usize)>,
}

impl Nodes {
    pub fn new(kafka: &str, partitions: u32, standby: usize) -> Nodes {
        Nodes {
            kafka: kafka.to_owned(),
            partitions,
            standby,
            running: BTreeMap::new(),
            started: 0,
            sayings: channel(),
            heard: Vec::new(),
            leads: BTreeMap::new(),
            follows: BTreeSet::new(),
        }
    }

    /// Starts one more and waits until it serves.
    pub fn start(&mut self) -> Failing<usize> {
        let own = std::env::current_exe()?;
        let folder = own.parent().and_then(Path::parent).ok_or("no folder")?;
        let mut child = Command::new(folder.join("weir"))
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "info"])
            .args(["--kafka", &self.kafka])
            .args(["--partitions", &self.partitions.to_string()])
            .args(["--standby", &self.standby.to_string()])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (out, log) = (child.stdout.take(), child.stderr.take());
        let (out, log) = out.zip(log).ok_or("they are piped")?;
        let number = self.started;
        self.started += 1;
        let told = self.sayings.0.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(log).lines().map_while(Result::ok) {
                match said(&line) {
                    Some(what) => {
                        let at = Instant::now();
                        let node = number;
                        // Nobody listens any more when all is over.
                        let _ = told.send(Said { node, at, what });
                    }
                    None if line.contains(" INFO ") => {}
                    None => eprintln!("node {number}: {line}"),
                }
            }
        });
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        let mut words = line.split_whitespace();
        let address = words.find(|word| word.starts_with("http://"));
        let address = address.ok_or("the server has ended")?.to_owned();
        self.running.insert(number, Node { child, address });
        Ok(number)
    }

    /// As a power cut does.
    pub fn kill(&mut self, node: usize) {
        self.running.remove(&node);
        self.leads.retain(|_, leader| *leader != node);
        self.follows.retain(|(_, follower)| *follower != node);
    }

    pub fn address(&self, node: usize) -> &str {
        self.running.get(&node).map_or("", |node| &node.address)
    }

    /// All that was said so far.
    pub fn heard(&self) -> &[Said] {
        &self.heard
    }

    pub fn listen_for(&mut self, time: Duration) {
        let until = Instant::now() + time;
        while let Ok(said) = self.next(until) {
            self.take(said);
        }
    }

    /// Waits until every partition has a leader.
    pub fn settle_leaders(&mut self) -> Failing<()> {
        self.wait_for(|nodes| nodes.leads.len() == nodes.partitions as usize)
    }

    /// Waits until the partitions are shared evenly and all are followed.
    pub fn settle(&mut self) -> Failing<()> {
        self.wait_for(|nodes| {
            let partitions = nodes.partitions as usize;
            let share = partitions / nodes.running.len();
            let led = |node: &usize| {
                nodes
                    .leads
                    .values()
                    .filter(|leader| *leader == node)
                    .count()
            };
            let is_followed = |partition: u32| {
                let mut followers = nodes.follows.iter();
                nodes.standby == 0 || followers.any(|(followed, _)| *followed == partition)
            };
            nodes.leads.len() == partitions
                && nodes.running.keys().all(|node| led(node) >= share)
                && (1..=nodes.partitions).all(is_followed)
        })
    }

    fn wait_for(&mut self, is_so: impl Fn(&Nodes) -> bool) -> Failing<()> {
        let until = Instant::now() + PATIENCE;
        while !is_so(self) {
            let said = self.next(until);
            let said = said.map_err(|_| format!("the nodes do not settle: {:?}", self.leads))?;
            self.take(said);
        }
        Ok(())
    }

    fn next(&self, until: Instant) -> Result<Said, std::sync::mpsc::RecvTimeoutError> {
        let left = until.saturating_duration_since(Instant::now());
        self.sayings.1.recv_timeout(left)
    }

    fn take(&mut self, said: Said) {
        if !self.running.contains_key(&said.node) {
            return;
        }
        self.heard.push(said);
        let node = said.node;
        match said.what {
            What::TakesOver(partition) => drop(self.follows.remove(&(partition, node))),
            What::Leads(partition) => drop(self.leads.insert(partition, node)),
            What::Follows(partition) => drop(self.follows.insert((partition, node))),
            What::HandsOver(partition) => drop(self.leads.remove(&partition)),
        }
    }
}

fn said(line: &str) -> Option<What> {
    let (_, after) = line.split_once("partition=")?;
    let number = after
        .split(|letter: char| !letter.is_ascii_digit())
        .next()?;
    let partition = number.parse().ok()?;
    let sayings = [
        ("taking the partition over", What::TakesOver(partition)),
        ("leading the partition", What::Leads(partition)),
        ("following the partition", What::Follows(partition)),
        ("handing the partition over", What::HandsOver(partition)),
    ];
    let found = sayings.into_iter().find(|(words, _)| line.contains(words));
    found.map(|(_, what)| what)
}
