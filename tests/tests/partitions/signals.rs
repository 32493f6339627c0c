//! A signal reaches what waits for it on every partition, once, and starts instances on the one where it began.

use bytes::Bytes;
use harness::network::{Network, deployment};
use proto::record::command::Kind;
use proto::record::event::Kind as Fact;
use proto::record::{BroadcastSignal, CompleteJob, answer};

use crate::support::*;

/// Waits for the signal `storm`; is started by it; throws it when a worker has seen one.
const PROCESSES: &str = r#"<signal id="storm" name="storm"/>
    <process id="waits" isExecutable="true"><startEvent id="a"/>
        <sequenceFlow id="ab" sourceRef="a" targetRef="b"/>
        <intermediateCatchEvent id="b"><signalEventDefinition signalRef="storm"/></intermediateCatchEvent>
        <sequenceFlow id="bc" sourceRef="b" targetRef="c"/><endEvent id="c"/></process>
    <process id="begun" isExecutable="true">
        <startEvent id="i"><signalEventDefinition signalRef="storm"/></startEvent>
        <sequenceFlow id="ie" sourceRef="i" targetRef="e"/><userTask id="e"/></process>
    <process id="throws" isExecutable="true"><startEvent id="f"/>
        <sequenceFlow id="fg" sourceRef="f" targetRef="g"/>
        <serviceTask id="g"><extensionElements><zeebe:taskDefinition type="watch"/></extensionElements></serviceTask>
        <sequenceFlow id="gh" sourceRef="g" targetRef="h"/>
        <endEvent id="h"><extensionElements><zeebe:ioMapping><zeebe:input source="=wind" target="force"/></zeebe:ioMapping></extensionElements>
            <signalEventDefinition signalRef="storm"/></endEvent></process>"#;

fn deployed() -> Network {
    let mut network = Network::new(3);
    let deploy = deployment(PROCESSES);
    network.apply(1, deploy).expect("it deploys");
    network.quiet();
    network
}

fn wait(network: &mut Network, partition: u32) -> u64 {
    create(network, partition, "waits", "")
}

fn broadcast(network: &mut Network, partition: u32) {
    let broadcast = Kind::BroadcastSignal(BroadcastSignal {
        name: "storm".to_owned(),
        variables: Bytes::from_static(br#"{"wind":9}"#),
    });
    let outcome = network.apply(partition, broadcast).expect("it goes out");
    let kind = outcome.answer.and_then(|answer| answer.kind);
    assert!(matches!(kind, Some(answer::Kind::SignalBroadcast(_))));
}

/// Instances that the signal has reached or started, in order for each partition.
fn reached(network: &Network) -> Vec<u64> {
    let outcomes = network.outcomes.iter();
    let events = outcomes.flat_map(|(_, outcome)| &outcome.events);
    let reached = events.filter_map(|event| match &event.kind {
        Some(Fact::SignalCorrelated(fact)) => Some(fact.instance),
        Some(_) | None => None,
    });
    reached.collect()
}

fn instances(network: &mut Network, partition: u32) -> usize {
    network.machine(partition).state.instance_keys().len()
}

#[test]
fn a_signal_ends_every_wait_and_starts_instances_where_it_began() {
    let mut network = deployed();
    let waiting =
        [1, 2, 3].map(|partition| [wait(&mut network, partition), wait(&mut network, partition)]);
    broadcast(&mut network, 2);
    // What is on its way is in the state, and survives.
    network.machine(2).restart();
    network.quiet();
    let mut reached = reached(&network);
    let begun = network.machine(2).state.instance_keys().first().copied();
    reached.retain(|instance| Some(*instance) != begun);
    reached.sort_unstable();
    assert_eq!(reached, waiting.concat());
    assert_eq!(
        [1, 2, 3].map(|partition| instances(&mut network, partition)),
        [0, 1, 0]
    );
    network.check();
}

#[test]
fn an_instance_throws_to_all_partitions_what_its_mappings_made() {
    let mut network = deployed();
    let elsewhere = wait(&mut network, 3);
    create(&mut network, 1, "throws", "");
    let job_key = *network
        .machine(1)
        .state
        .activatable_jobs("watch")
        .collect::<Vec<_>>()
        .first()
        .expect("a job");
    let complete = Kind::CompleteJob(CompleteJob {
        job_key,
        variables: Bytes::from_static(br#"{"wind":11}"#),
    });
    network.apply(1, complete).expect("it completes");
    network.quiet();
    assert!(reached(&network).contains(&elsewhere));
    let written = network
        .outcomes
        .iter()
        .flat_map(|(_, outcome)| &outcome.events);
    let written = written.filter_map(|event| match &event.kind {
        Some(Fact::VariablesWritten(fact)) if fact.instance == elsewhere => {
            Some(fact.document.clone())
        }
        Some(_) | None => None,
    });
    assert_eq!(written.last().as_deref(), Some(&br#"{"force":11}"#[..]));
    network.check();
}

#[test]
fn what_comes_twice_counts_once_and_who_waits_later_has_missed_it() {
    let mut network = deployed();
    let early = wait(&mut network, 3);
    broadcast(&mut network, 1);
    let doomed = wait(&mut network, 2);
    cancel(&mut network, doomed);
    for _ in 0..3 {
        network.carry(1, 3, 9);
        network.carry(3, 1, 9);
    }
    let late = wait(&mut network, 3);
    network.quiet();
    let reached = reached(&network);
    assert_eq!(reached.iter().filter(|it| **it == early).count(), 1);
    assert!(!reached.contains(&late) && !reached.contains(&doomed));
    assert!(is_running(&mut network, late));
    network.check();
}
