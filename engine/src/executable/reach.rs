//! Which nodes can still send a token to an inclusive join.
//!
//! An inclusive gateway joins when no token elsewhere in its scope can reach it (BPMN 2.0, 13.4.3).
//! A token in a sub-process counts as one at the sub-process; a boundary event is reached from its
//! host. Paths through the join itself do not count.

use super::{Flow, Node, NodeIndex};

/// A set of nodes as bits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct NodeSet(Vec<u64>);

impl NodeSet {
    pub fn with_capacity(nodes: usize) -> NodeSet {
        NodeSet(vec![0; nodes.div_ceil(64)])
    }

    pub fn insert(&mut self, node: NodeIndex) -> bool {
        let (word, bit) = (node as usize / 64, node % 64);
        let fresh = self.0[word] & (1 << bit) == 0;
        self.0[word] |= 1 << bit;
        fresh
    }

    pub fn contains(&self, node: NodeIndex) -> bool {
        let (word, bit) = (node as usize / 64, node % 64);
        self.0.get(word).is_some_and(|word| word & (1 << bit) != 0)
    }
}

/// For each node that is a boundary event, what it is attached to.
pub(super) fn hosts(nodes: &[Node]) -> Vec<Option<NodeIndex>> {
    let mut hosts = vec![None; nodes.len()];
    for (host, node) in nodes.iter().enumerate() {
        for event in &node.boundary_events {
            hosts[*event as usize] = Some(host as NodeIndex);
        }
    }
    hosts
}

/// Walks the flows backwards from `join`; each node is visited once.
pub(super) fn reaching(
    join: NodeIndex,
    nodes: &[Node],
    flows: &[Flow],
    hosts: &[Option<NodeIndex>],
) -> NodeSet {
    let mut set = NodeSet::with_capacity(nodes.len());
    let mut open = vec![join];
    while let Some(node) = open.pop() {
        for &flow in &nodes[node as usize].incoming {
            let source = flows[flow as usize].source;
            if source != join && set.insert(source) {
                open.push(source);
            }
        }
        if let Some(host) = hosts[node as usize]
            && host != join
            && set.insert(host)
        {
            open.push(host);
        }
    }
    set
}
