//! Who is there, who leads what, and who should: what follows from the notices of all nodes.
//!
//! A pure function of the log of the cluster, so that all nodes come to the same plan; its time is the log's. Nothing
//! depends on that they do: a wrong guess costs a fencing, never correctness. Architecture, section 5.

use std::collections::{BTreeMap, BTreeSet};

use proto::node::{Claim, Heartbeat};
use xxhash_rust::xxh3::xxh3_64;

use crate::partition_id::PartitionId;

/// What all nodes have told.
#[derive(Debug, Clone)]
pub struct Membership {
    partitions: u32,
    /// Followers that each partition should have.
    standby: usize,
    /// Who is silent for longer is taken for dead.
    timeout_ms: i64,
    now_ms: i64,
    members: BTreeMap<String, Member>,
    /// Addresses of nodes that have told that they stop, and when: answers may still be on their way.
    left: BTreeMap<String, i64>,
}

/// What a node has told last.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    pub address: String,
    heard_ms: i64,
    leads: BTreeMap<PartitionId, Claimed>,
    takes_over: BTreeSet<PartitionId>,
    follows: BTreeSet<PartitionId>,
    restores: BTreeSet<PartitionId>,
    unable: BTreeSet<PartitionId>,
    is_leaving: bool,
    semantics: u32,
}

/// What a node has told of a partition that it leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Claimed {
    term: u64,
    checkpointed: u64,
    is_ceded: bool,
}

/// Who leads a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leader {
    pub node: String,
    pub address: String,
    pub term: u64,
    /// The first offset that its last checkpoint does not include.
    pub checkpointed: u64,
    /// It only waits for another one that leads.
    pub is_ceded: bool,
}

/// How near a node is to leading a partition, by what it has told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Warmth {
    Cold,
    /// It keeps the state up to date.
    Follows,
    /// It is about to lead.
    TakesOver,
}

/// Who should do what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Every partition that somebody can lead.
    pub leads: BTreeMap<PartitionId, String>,
    pub follows: BTreeSet<(PartitionId, String)>,
}

impl Membership {
    pub fn new(partitions: u32, standby: usize, timeout_ms: i64) -> Membership {
        Membership {
            partitions,
            standby,
            timeout_ms,
            now_ms: i64::MIN,
            members: BTreeMap::new(),
            left: BTreeMap::new(),
        }
    }

    /// Takes in the next notice of the log.
    pub fn hear(&mut self, timestamp_ms: i64, notice: Heartbeat) {
        self.now_ms = self.now_ms.max(timestamp_ms);
        if notice.gone {
            self.members.remove(&notice.node);
            self.left.insert(notice.address, timestamp_ms);
        } else {
            let ids =
                |numbers: Vec<u32>| numbers.into_iter().filter_map(PartitionId::new).collect();
            let leads = notice.leads.iter();
            let member = Member {
                address: notice.address,
                heard_ms: timestamp_ms,
                leads: leads.filter_map(claimed).collect(),
                takes_over: ids(notice.takes_over),
                follows: ids(notice.follows),
                restores: ids(notice.restores),
                unable: ids(notice.unable),
                is_leaving: notice.leaving,
                semantics: notice.semantics,
            };
            self.members.insert(notice.node, member);
        }
        let oldest_ms = self.now_ms.saturating_sub(self.timeout_ms);
        self.members
            .retain(|_, member| member.heard_ms >= oldest_ms);
        self.left.retain(|_, left_ms| *left_ms >= oldest_ms);
    }

    /// Addresses of all nodes that may answer.
    pub fn reachable(&self) -> BTreeSet<String> {
        let members = self.members.values().map(|member| &member.address);
        members.chain(self.left.keys()).cloned().collect()
    }

    /// All that are taken to be alive.
    pub fn members(&self) -> &BTreeMap<String, Member> {
        &self.members
    }

    /// The newest behaviour of the machine that all know who are there; `None` until this node itself was heard.
    pub fn semantics(&self, me: &str) -> Option<u32> {
        let all = self.members.values().map(|member| member.semantics);
        all.min().filter(|_| self.members.contains_key(me))
    }

    /// Of those who claim to lead the partition, the one with the highest term.
    pub fn leader(&self, partition: PartitionId) -> Option<Leader> {
        let claim = |(node, member): (&String, &Member)| {
            let claimed = member.leads.get(&partition)?;
            Some(Leader {
                node: node.clone(),
                address: member.address.clone(),
                term: claimed.term,
                checkpointed: claimed.checkpointed,
                is_ceded: claimed.is_ceded,
            })
        };
        self.members
            .iter()
            .filter_map(claim)
            .max_by_key(|leader| leader.term)
    }

    /// How near the node is to leading the partition.
    fn warmth(&self, node: &str, partition: PartitionId) -> Warmth {
        match self.members.get(node) {
            Some(member) if member.takes_over.contains(&partition) => Warmth::TakesOver,
            Some(member) if member.follows.contains(&partition) => Warmth::Follows,
            Some(_) | None => Warmth::Cold,
        }
    }

    /// Who has told that it is about to lead the partition. Another one that began now would only fence it.
    fn successor(&self, partition: PartitionId) -> Option<&String> {
        let mut members = self.members.iter();
        let found = members.find(|(_, member)| member.takes_over.contains(&partition));
        found.map(|(node, _)| node)
    }

    /// Who should do what. A partition stays with its leader; one without gets a new one; and when all have one, at
    /// most one moves at a time, to a node that follows it.
    pub fn plan(&self) -> Plan {
        Planning::new(self).plan()
    }
}

fn claimed(claim: &Claim) -> Option<(PartitionId, Claimed)> {
    let claimed = Claimed {
        term: claim.term,
        checkpointed: claim.checkpointed,
        is_ceded: claim.ceded,
    };
    Some((PartitionId::new(claim.partition)?, claimed))
}

/// A plan being made.
struct Planning<'m> {
    members: &'m Membership,
    /// Nodes that may be given something, with the partitions that they lead or shall lead.
    loads: BTreeMap<&'m str, BTreeSet<PartitionId>>,
    plan: Plan,
}

impl<'m> Planning<'m> {
    fn new(members: &'m Membership) -> Planning<'m> {
        let staying = members
            .members
            .iter()
            .filter(|(_, member)| !member.is_leaving);
        Planning {
            members,
            loads: staying
                .map(|(node, _)| (node.as_str(), BTreeSet::new()))
                .collect(),
            plan: Plan::default(),
        }
    }

    fn plan(mut self) -> Plan {
        for partition in PartitionId::all(self.members.partitions) {
            let leader = self.members.leader(partition).map(|leader| leader.node);
            let leader = leader.or_else(|| self.members.successor(partition).cloned());
            if let Some(leader) = leader {
                self.lead(partition, leader);
            }
        }
        let all = PartitionId::all(self.members.partitions).collect::<Vec<_>>();
        let mut is_complete = true;
        for partition in &all {
            is_complete &= self.members.leader(*partition).is_some();
            if !self.plan.leads.contains_key(partition) {
                self.replace(*partition);
            }
        }
        if is_complete {
            self.balance();
        }
        for partition in all {
            self.stand_by(partition);
        }
        self.plan
    }

    fn lead(&mut self, partition: PartitionId, node: String) {
        if let Some(load) = self.loads.get_mut(node.as_str()) {
            load.insert(partition);
        }
        self.plan.leads.insert(partition, node);
    }

    /// Gives a partition without a leader to a node that follows it, else to the one with the least to do.
    fn replace(&mut self, partition: PartitionId) {
        let members = &self.members.members;
        let best = self.loads.iter().max_by_key(|(node, load)| {
            let member = &members[**node];
            (
                !member.unable.contains(&partition),
                member.follows.contains(&partition),
                std::cmp::Reverse(load.len()),
                draw(node, partition),
            )
        });
        if let Some(node) = best.map(|(node, _)| (*node).to_owned()) {
            self.lead(partition, node);
        }
    }

    /// Moves one partition from a node that leaves, or has two more than another, once the other follows it.
    fn balance(&mut self) {
        let Some((to, least)) = self.least() else {
            return;
        };
        let Some(from) = self.giver(least) else {
            return;
        };
        let given = self.plan.leads.iter().filter(|(_, node)| **node == from);
        let partition = given
            .map(|(partition, _)| *partition)
            .max_by_key(|partition| {
                let warmth = self.members.warmth(&to, *partition);
                let leader = self.members.leader(*partition);
                // A move that has begun goes on.
                let is_ceded = leader.is_some_and(|leader| leader.is_ceded);
                (warmth, is_ceded, draw(&to, *partition))
            });
        let Some(partition) = partition else {
            return;
        };
        if !self.may_move(partition, &from, &to) {
            return;
        }
        match self.members.warmth(&to, partition) {
            Warmth::Follows | Warmth::TakesOver => drop(self.plan.leads.insert(partition, to)),
            Warmth::Cold => drop(self.plan.follows.insert((partition, to))),
        }
    }

    /// Who has the least to do, of those who can do what they should.
    fn least(&self) -> Option<(String, usize)> {
        let is_able = |node: &str| self.members.members[node].unable.is_empty();
        let able = self.loads.iter().filter(|(node, _)| is_able(node));
        let least = able.min_by_key(|(_, load)| load.len())?;
        Some(((*least.0).to_owned(), least.1.len()))
    }

    fn giver(&self, least: usize) -> Option<String> {
        let is_leaving = |node: &&String| !self.loads.contains_key(node.as_str());
        if let Some(leaving) = self.plan.leads.values().find(is_leaving) {
            return Some(leaving.clone());
        }
        let (most, load) = self.loads.iter().max_by_key(|(_, load)| load.len())?;
        (load.len() >= least + 2).then(|| (*most).to_owned())
    }

    /// Who restores another partition has no time to spare: only a node that leaves does not wait for that, and a move
    /// that has begun.
    fn may_move(&self, partition: PartitionId, from: &str, to: &str) -> bool {
        let is_leaving = !self.loads.contains_key(from);
        let leader = self.members.leader(partition);
        let has_begun = leader.is_some_and(|leader| leader.is_ceded);
        let mut restored = self.members.members[to].restores.iter();
        is_leaving || has_begun || restored.all(|restored| *restored == partition)
    }

    /// Who follows goes on following; where somebody is missing, the one with the least to do begins.
    fn stand_by(&mut self, partition: PartitionId) {
        let leading = self.members.leader(partition).map(|leader| leader.node);
        let planned = self.plan.leads.get(&partition).cloned();
        let may = |node: &str| Some(node) != leading.as_deref() && Some(node) != planned.as_deref();
        let members = &self.members.members;
        let busy = |node: &str| {
            let follows = self
                .plan
                .follows
                .iter()
                .filter(|(_, follower)| follower == node);
            follows.count() + self.loads.get(node).map_or(0, BTreeSet::len)
        };
        let mut able = self
            .loads
            .keys()
            .filter(|node| may(node))
            .collect::<Vec<_>>();
        able.sort_by_cached_key(|node| {
            let member = &members[**node];
            (
                !member.follows.contains(&partition),
                !member.restores.contains(&partition),
                busy(node),
                std::cmp::Reverse(draw(node, partition)),
            )
        });
        let chosen = able.into_iter().take(self.members.standby);
        let chosen = chosen.map(|node| (partition, (*node).to_owned()));
        let chosen = chosen.collect::<Vec<_>>();
        self.plan.follows.extend(chosen);
    }
}

/// Rendezvous hashing: who draws the highest number gets the partition, and mostly keeps it when others come and go.
fn draw(node: &str, partition: PartitionId) -> u64 {
    xxh3_64(format!("{partition}/{node}").as_bytes())
}

#[cfg(test)]
mod tests;
