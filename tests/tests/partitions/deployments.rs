//! A deployment is answered once every partition has it.

use bytes::Bytes;
use engine::{Command, Kind as Entry};
use harness::network::{Network, deployment};
use proto::record::answer;
use proto::record::command::Kind;

const PROCESS: &str = r#"<process id="p" isExecutable="true"><startEvent id="s"/></process>"#;

fn deploy(request_id: &'static [u8], correlation: u64) -> Command {
    Command {
        request_id: Bytes::from_static(request_id),
        correlation,
        kind: Some(deployment(PROCESS)),
        ..Command::default()
    }
}

/// Whether it is answered at once.
fn is_answered(network: &mut Network, command: Command) -> bool {
    let outcome = network.apply_command(1, command).expect("it deploys");
    let answer = outcome.answer.and_then(|answer| answer.kind);
    assert!(matches!(answer, None | Some(answer::Kind::Deployed(_))));
    answer.is_some()
}

#[test]
fn it_is_answered_after_both_others_have_it() {
    let mut network = Network::new(3);
    assert!(!is_answered(&mut network, deploy(b"first", 7)));
    assert_eq!(network.deliver(1, 3), Vec::<u64>::new());
    // Repeated, it waits in the place of the first; after a crash too.
    assert!(!is_answered(&mut network, deploy(b"first", 8)));
    network.machine(1).restart();
    let through = network.carry(1, 2, 9);
    assert_eq!(network.machine(1).count(Entry::PendingDeployment), 1);
    assert_eq!(network.tell(1, 2, through), vec![8]);
    assert_eq!(network.machine(1).count(Entry::PendingDeployment), 0);
    for partition in network.partitions() {
        let state = &network.machine(partition).state;
        assert!(state.definition_key("p", -1).is_some());
    }
    assert!(is_answered(&mut network, deploy(b"first", 9)));
    assert_eq!(network.machine(1).state.definitions().len(), 1);
    network.check();
}

#[test]
fn what_is_deployed_already_is_waited_for_while_it_is_on_its_way() {
    let mut network = Network::new(3);
    assert!(!is_answered(&mut network, deploy(b"", 1)));
    assert!(!is_answered(&mut network, deploy(b"", 2)));
    assert_eq!(network.deliver(1, 2), Vec::<u64>::new());
    assert_eq!(network.deliver(1, 3), vec![1, 2]);
    assert!(is_answered(&mut network, deploy(b"", 3)));
    network.check();
}

#[test]
fn one_partition_alone_answers_at_once() {
    let mut network = Network::new(1);
    assert!(is_answered(&mut network, deploy(b"first", 1)));
    assert_eq!(network.machine(1).count(Entry::PendingDeployment), 0);
    let told = Kind::Tick(proto::record::Tick {});
    network.apply(1, told).expect("it goes on");
}
