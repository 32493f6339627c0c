//! What leading a partition takes, with its connections made while the partition is only followed: they take longer
//! than everything else that happens between a leader's end and the next one's beginning.

use super::tail::Tail;
use super::transaction::Transaction;
use super::{KafkaOptions, topics};
use crate::Error;

pub(super) struct Candidate {
    /// Has fenced nobody yet.
    pub(super) transaction: Transaction,
    /// Reads the state topic, from nowhere yet.
    pub(super) tail: Tail,
}

impl Candidate {
    /// The producer connects in the background.
    pub(super) fn new(options: &KafkaOptions, partition: u32) -> Result<Self, Error> {
        let transaction = Transaction::new(options, &options.transactional_id(partition))?;
        Self::with(transaction, options, partition)
    }

    /// Waits for the connections.
    pub(super) fn connected(options: &KafkaOptions, partition: u32) -> Result<Self, Error> {
        let transaction = Transaction::connected(options, &options.transactional_id(partition))?;
        Self::with(transaction, options, partition)
    }

    fn with(
        transaction: Transaction,
        options: &KafkaOptions,
        partition: u32,
    ) -> Result<Self, Error> {
        let state = options.topic(topics::STATE);
        let tail = Tail::look_up(options, &state, partition)?;
        Ok(Self { transaction, tail })
    }
}
