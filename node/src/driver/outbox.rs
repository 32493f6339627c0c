//! What the partition sends to others: which of it is to be appended to their logs now.
//!
//! Owns which sends are under way: for each target one window at a time, so that they come into its log in order.
//! Sending one twice does no harm, since the receiver counts. Architecture, The engine.

use bytes::Bytes;
use engine::State;
use proto::record::{ReceiveSend, SendsDelivered, command::Kind};
use rustc_hash::FxHashSet;

use super::encode;
use crate::config::Caller;
use crate::partition_id::PartitionId;

/// Sends that are under way to one target at a time.
const WINDOW_MAX: usize = 256;
/// Their bytes, unless one alone is longer.
const WINDOW_BYTES_MAX: usize = 1 << 20;

/// Commands for the log of another partition, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sending {
    pub target: PartitionId,
    /// The sequence number of the last one.
    pub through: u64,
    pub commands: Vec<Bytes>,
}

impl Sending {
    /// The command for the own log, once these are in the target's.
    pub fn delivered(&self) -> Kind {
        Kind::SendsDelivered(SendsDelivered {
            target: self.target.number(),
            through: self.through,
        })
    }
}

/// Which sends are under way.
#[derive(Debug)]
pub(super) struct Outbox {
    /// There may be sends that are not under way.
    is_due: bool,
    targets: FxHashSet<u32>,
}

impl Default for Outbox {
    /// After a restore there may be any.
    fn default() -> Outbox {
        Outbox {
            is_due: true,
            targets: FxHashSet::default(),
        }
    }
}

impl Outbox {
    pub fn queued(&mut self) {
        self.is_due = true;
    }

    pub fn delivered(&mut self, target: u32) {
        self.targets.remove(&target);
        self.is_due = true;
    }

    pub fn forget(&mut self) {
        self.targets.clear();
        self.is_due = true;
    }

    pub fn take(&mut self, state: &State) -> Vec<Sending> {
        if !std::mem::take(&mut self.is_due) {
            return Vec::new();
        }
        let targets = PartitionId::all(state.partitions());
        let free = targets.filter(|target| !self.targets.contains(&target.number()));
        let windows = free.map(|target| window(state, target));
        let windows: Vec<_> = windows
            .filter(|window| !window.commands.is_empty())
            .collect();
        let targets = windows.iter().map(|window| window.target.number());
        self.targets.extend(targets);
        windows
    }
}

/// The next sends to a target.
fn window(state: &State, target: PartitionId) -> Sending {
    let mut window = Sending {
        target,
        through: 0,
        commands: Vec::new(),
    };
    let mut bytes = 0;
    for outbox in state.outbox(target.number()).take(WINDOW_MAX) {
        let receive = ReceiveSend {
            source: state.partition(),
            sequence: outbox.sequence,
            send: outbox.send.clone(),
        };
        let command = encode(&Caller::default(), 0, Kind::ReceiveSend(receive));
        bytes += command.len();
        if bytes > WINDOW_BYTES_MAX && !window.commands.is_empty() {
            break;
        }
        window.through = outbox.sequence;
        window.commands.push(command);
    }
    window
}
