//! Who leads what, as clients of the gateway protocol are told.

use std::collections::BTreeMap;

use node::{Node, PartitionClient, Phase};
use proto::gateway::partition::{PartitionBrokerHealth, PartitionBrokerRole};
use proto::gateway::{BrokerInfo, Partition};

use crate::config::Config;
use crate::zeebe::VERSION;

/// This node first, then the others that lead something.
pub(crate) fn brokers(node: &Node, config: &Config) -> Vec<BrokerInfo> {
    let broker = |node_id: usize, host: String, port: u16, partitions: Vec<Partition>| BrokerInfo {
        node_id: i32::try_from(node_id).unwrap_or(i32::MAX),
        host,
        port: i32::from(port),
        partitions,
        version: VERSION.to_owned(),
    };
    let (mut own, mut others) = (Vec::new(), BTreeMap::<String, Vec<Partition>>::new());
    for partition in node.partitions() {
        match partition.leader_elsewhere() {
            Some(address) => others.entry(address).or_default().push(led(partition)),
            None => own.push(here(partition)),
        }
    }
    let (host, port) = (config.advertised_host.clone(), config.advertised_port);
    let mut brokers = vec![broker(0, host, port, own)];
    for (address, partitions) in others {
        let (host, port) = address.rsplit_once(':').unwrap_or((&address, ""));
        let port = port.parse().unwrap_or_default();
        brokers.push(broker(brokers.len(), host.to_owned(), port, partitions));
    }
    brokers
}

fn led(partition: &PartitionClient) -> Partition {
    let (role, health) = (PartitionBrokerRole::Leader, PartitionBrokerHealth::Healthy);
    said(partition, role, health)
}

fn here(partition: &PartitionClient) -> Partition {
    use PartitionBrokerHealth::{Dead, Healthy, Unhealthy};
    use PartitionBrokerRole::{Inactive, Leader};
    let (role, health) = match partition.status().map(|status| status.phase) {
        Some(Phase::Serving) => (Leader, Healthy),
        Some(Phase::Starting) | None => (Inactive, Unhealthy),
        Some(Phase::Failed(_) | Phase::Stopped) => (Inactive, Dead),
    };
    said(partition, role, health)
}

fn said(
    partition: &PartitionClient,
    role: PartitionBrokerRole,
    health: PartitionBrokerHealth,
) -> Partition {
    Partition {
        partition_id: partition.id().number().cast_signed(),
        role: role.into(),
        health: health.into(),
    }
}
