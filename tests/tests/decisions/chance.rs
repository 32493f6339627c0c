//! Chance in expressions comes from the log: no two evaluations have the same, and every replay has.

use std::collections::BTreeSet;

use harness::machine::Machine;

use super::support::*;

fn drawn(machine: &mut Machine) -> Vec<String> {
    let ended = result(machine, "p", "{}").expect("it ends");
    let fields = feel::json::fields(ended.as_bytes());
    let values = fields.map(|(_, value)| String::from_utf8_lossy(value).into_owned());
    values.collect()
}

#[test]
fn no_two_evaluations_draw_the_same() {
    let mappings =
        ["one", "two"].map(|name| format!(r#"<zeebe:output source="=uuid()" target="{name}"/>"#));
    let task = format!(
        r#"<businessRuleTask id="p_t"><extensionElements><zeebe:calledDecision decisionId="a" resultVariable="found"/><zeebe:ioMapping><zeebe:input source="=uuid()" target="given"/>{}<zeebe:output source="=found" target="three"/><zeebe:output source="=given" target="four"/><zeebe:output source="=random number()" target="five"/></zeebe:ioMapping></extensionElements></businessRuleTask>"#,
        mappings.concat()
    );
    let mut machine = Machine::default();
    deploy(
        &mut machine,
        &[process("p", &task), file("f", &[("a", "uuid()")])],
    );
    // At the same time, and at others.
    let mut all = drawn(&mut machine);
    all.extend(drawn(&mut machine));
    machine.now_ms += 1;
    all.extend(drawn(&mut machine));
    assert_eq!(all.len(), 15);
    let different = all.iter().collect::<BTreeSet<_>>();
    assert_eq!(different.len(), all.len(), "{all:?}");
    // The variables are in the state, which a replay compares.
    machine.check_replay_and_restore();
}

#[test]
fn partitions_draw_differently() {
    let drawn = |partition| {
        let mut machine = Machine::of(partition, 2, engine::Limits::default());
        let mut first = Machine::of(1, 2, engine::Limits::default());
        let sent = first.apply(deployment(&[file("f", &[("a", "uuid()")])]));
        sent.expect("it deploys");
        if partition == 1 {
            return evaluate(&mut first, "a", "").output;
        }
        let outbox = first.state.outbox(2).next().expect("it is sent").clone();
        let receive = proto::record::ReceiveSend {
            source: 1,
            sequence: 1,
            send: outbox.send,
        };
        let receive = proto::record::command::Kind::ReceiveSend(receive);
        machine.apply(receive).expect("it comes");
        evaluate(&mut machine, "a", "").output
    };
    // The same offset, and the same time.
    assert_eq!(drawn(1), drawn(1));
    assert_ne!(drawn(1), drawn(2));
}
