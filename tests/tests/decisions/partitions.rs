//! Every partition has all decisions.

use harness::network::Network;
use proto::record::answer::Kind as Answer;

use super::support::*;

#[test]
fn decisions_are_made_on_every_partition_once_the_deployment_is_answered() {
    let mut network = Network::new(3);
    let called = caller("p", r#"decisionId="a" bindingType="deployment""#);
    let both = [called, file("f", &[("a", "x * 2")])];
    let outcome = network.apply(1, deployment(&both)).expect("it deploys");
    assert!(answer(outcome).is_none(), "the others do not have it");
    assert!(network.apply(2, evaluation(0, "a", "{}")).is_err());
    network.quiet();
    for partition in network.partitions() {
        network.machine(partition).restart();
        let outcome = network.apply(partition, create("p", r#"{"x":4}"#));
        let found = ended(&outcome.expect("it starts"));
        assert_eq!(found.as_deref(), Some(r#"{"x":4,"found":8}"#));
        let outcome = network.apply(partition, evaluation(0, "a", r#"{"x":1}"#));
        let Some(Answer::Decision(made)) = answer(outcome.expect("it is there")) else {
            panic!("it is not answered at once");
        };
        let evaluation = made.evaluation.expect("how");
        assert_eq!(made.output, "2");
        // Decisions have their keys from the first, calls from their own.
        assert_eq!(engine::partition_of(evaluation.decision_key), 1);
        assert_eq!(engine::partition_of(evaluation.key), partition);
    }
    // Nothing is new: nothing is sent.
    let outcome = network.apply(1, deployment(&both)).expect("it deploys");
    assert!(answer(outcome).is_some());
    network.check();
}
