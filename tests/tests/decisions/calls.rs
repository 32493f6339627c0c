//! Decisions that are asked for, by processes and by themselves.

use engine::Limits;
use harness::machine::Machine;
use proto::record::event::Kind as Fact;
use proto::record::{ResolveIncident, SetVariables, command::Kind, incident};

use super::support::*;

/// The only incident, by its key, type and message.
fn stuck(machine: &Machine) -> (u64, incident::Type, String) {
    let keys = machine.state.incident_keys();
    let key = *keys.first().expect("an incident");
    let incident = machine.state.incident(key).expect("it is there");
    (key, incident.r#type(), incident.message.clone())
}

fn set(machine: &mut Machine, variables: &'static str) {
    let instance = *machine.state.instance_keys().first().expect("it waits");
    let set = Kind::SetVariables(SetVariables {
        scope_key: instance,
        variables: bytes::Bytes::from_static(variables.as_bytes()),
        local: false,
    });
    machine.apply(set).expect("it is set");
}

fn resolve(machine: &mut Machine) -> Option<String> {
    let incident_key = stuck(machine).0;
    let resolve = Kind::ResolveIncident(ResolveIncident { incident_key });
    ended(&machine.apply(resolve).expect("it is resolved"))
}

#[test]
fn what_is_not_deployed_is_an_incident_until_it_is() {
    let mut machine = Machine::default();
    let tagged = r#"decisionId="a" bindingType="versionTag" versionTag="v""#;
    for (called, is_missing) in [
        (r#"decisionId="a""#, "no decision `a`"),
        (tagged, "version tag `v`"),
    ] {
        let mut machine = Machine::default();
        deploy(&mut machine, &[caller("p", called)]);
        assert_eq!(result(&mut machine, "p", "{}"), None);
        let (_, kind, message) = stuck(&machine);
        assert_eq!(kind, incident::Type::CalledDecisionError);
        assert!(message.contains(is_missing), "{message}");
        let tag = r#"<extensionElements><zeebe:versionTag value="v"/></extensionElements>"#;
        let file = file_of("f", &decision("a", "x + 1", tag));
        deploy(&mut machine, &[file]);
        machine.restart();
        set(&mut machine, r#"{"x":1}"#);
        assert_eq!(
            resolve(&mut machine).as_deref(),
            Some(r#"{"x":1,"found":2}"#)
        );
        machine.check_replay_and_restore();
    }
    // A decision that is bound by deployment and named by an expression.
    let bound = caller("p", r#"decisionId="=name" bindingType="deployment""#);
    deploy(&mut machine, &[bound, file("f", &[("a", "1")])]);
    deploy(&mut machine, &[file("g", &[("b", "2")])]);
    assert_eq!(result(&mut machine, "p", r#"{"name":"b"}"#), None);
    assert_eq!(stuck(&machine).1, incident::Type::CalledDecisionError);
    set(&mut machine, r#"{"name":7.5}"#);
    resolve(&mut machine);
    assert_eq!(stuck(&machine).1, incident::Type::CalledDecisionError);
    set(&mut machine, r#"{"name":null}"#);
    resolve(&mut machine);
    assert_eq!(stuck(&machine).1, incident::Type::ExtractValueError);
    set(&mut machine, r#"{"name":"a"}"#);
    let done = resolve(&mut machine);
    assert_eq!(done.as_deref(), Some(r#"{"name":"a","found":1}"#));
    machine.check_replay_and_restore();
}

#[test]
fn a_decision_that_fails_is_told_and_can_be_tried_again() {
    let mut machine = Machine::default();
    let count = "count(for i in 1..n return i)";
    let inner = ("counted", count);
    let needs =
        r##"<informationRequirement><requiredDecision href="#counted"/></informationRequirement>"##;
    let outer = decision("a", "counted + 1", needs);
    let content = format!("{}{outer}", decision(inner.0, inner.1, ""));
    deploy(
        &mut machine,
        &[caller("p", r#"decisionId="a""#), file_of("f", &content)],
    );
    let outcome = machine.apply(create("p", r#"{"n":5000000}"#));
    let outcome = outcome.expect("it starts");
    let (_, kind, message) = stuck(&machine);
    assert_eq!(kind, incident::Type::DecisionEvaluationError);
    assert!(message.contains("`counted`"), "{message}");
    let told = outcome.events.iter().find_map(|event| match &event.kind {
        Some(Fact::DecisionEvaluated(fact)) => fact.evaluation.clone(),
        Some(_) | None => None,
    });
    let told = told.expect("it is told");
    assert_eq!(told.failed_decision_id, "counted");
    assert!(message.contains(&told.failure), "{message}");
    set(&mut machine, r#"{"n":3}"#);
    assert_eq!(
        resolve(&mut machine).as_deref(),
        Some(r#"{"n":3,"found":4}"#)
    );
    machine.check_replay_and_restore();
}

#[test]
fn decisions_share_the_steps_of_their_command() {
    let limits = Limits {
        feel_steps: 1_000,
        ..Limits::default()
    };
    let mut machine = Machine::new(limits);
    let file = file("f", &[("a", "count(for i in 1..n return i)")]);
    deploy(&mut machine, &[caller("p", r#"decisionId="a""#), file]);
    // So much that the next step is another command's, but not too much.
    assert_eq!(result(&mut machine, "p", r#"{"n":200}"#), None);
    let done = machine.settle();
    assert_eq!(
        done.iter().find_map(ended).as_deref(),
        Some(r#"{"n":200,"found":200}"#)
    );
    let made = evaluate(&mut machine, "a", r#"{"n":5000}"#);
    assert_eq!(made.output, "null");
    assert_eq!(made.evaluation.expect("why").failed_decision_id, "a");
    machine.check_replay_and_restore();
}

#[test]
fn a_call_is_answered_with_how_the_decision_was_made() {
    let mut machine = Machine::default();
    deploy(&mut machine, &[file("f", &[("a", "x + 1")])]);
    let made = evaluate(&mut machine, "a", r#"{"x":1}"#);
    assert_eq!(made.output, "2");
    let told = made.evaluation.expect("how");
    assert_eq!((told.decision_id.as_str(), told.version), ("a", 1));
    assert_eq!(
        (told.requirements_id.as_str(), told.failure.as_str()),
        ("f", "")
    );
    let again = evaluate(&mut machine, "a", "").evaluation.expect("how");
    assert!(told.key > 0 && again.key > told.key);
    let [made] = &told.made[..] else {
        panic!("one decision: {told:?}");
    };
    assert_eq!(
        (made.kind.as_str(), &made.output[..]),
        ("LITERAL_EXPRESSION", &b"2"[..])
    );
    for (key, id, reason) in [
        (0, "", "DECISION_MISSING"),
        (0, "b", "DECISION_NOT_FOUND"),
        (7, "", "DECISION_NOT_FOUND"),
    ] {
        let refused = machine.apply(evaluation(key, id, "{}"));
        assert_eq!(refused.expect_err("it is refused").reason, reason);
    }
    let refused = machine.apply(evaluation(0, "a", "[]"));
    assert_eq!(refused.expect_err("no object").reason, "VARIABLES_INVALID");
    machine.check_replay_and_restore();
}

#[test]
fn what_is_told_of_a_decision_is_bounded() {
    let mut machine = Machine::default();
    let needs = |id: &str| {
        format!(
            r##"<informationRequirement><requiredDecision href="#{id}"/></informationRequirement>"##
        )
    };
    let content = [
        decision("large", "x", ""),
        decision("larger", "[large, large]", &needs("large")),
        decision("small", "count(larger)", &needs("larger")),
    ];
    deploy(&mut machine, &[file_of("f", &content.concat())]);
    let text = "y".repeat(600_000);
    let made = evaluate(&mut machine, "small", &format!(r#"{{"x":"{text}"}}"#));
    assert_eq!(made.output, "2");
    let told = made.evaluation.expect("how");
    assert!(told.is_cut);
    assert_eq!(told.made.len(), 1, "only the first fits");
}

#[test]
fn a_result_has_to_fit_into_the_variables() {
    let limits = Limits {
        variables_bytes: 1_000,
        ..Limits::default()
    };
    let mut machine = Machine::new(limits);
    let file = file("f", &[("a", "[x, x, x]")]);
    deploy(&mut machine, &[caller("p", r#"decisionId="a""#), file]);
    let variables = format!(r#"{{"x":"{}"}}"#, "y".repeat(400));
    let made = evaluate(&mut machine, "a", &variables);
    assert_eq!(made.output, "null");
    assert!(made.evaluation.expect("why").failure.contains("1000"));
    assert_eq!(result(&mut machine, "p", &variables), None);
    assert_eq!(stuck(&machine).1, incident::Type::DecisionEvaluationError);
    // Two of them are not too large, but there is no room for them beside `x`.
    deploy(&mut machine, &[file_of("f", &decision("a", "[x, x]", ""))]);
    resolve(&mut machine);
    assert_eq!(stuck(&machine).1, incident::Type::ValueTooLarge);
    machine.check_replay_and_restore();
}
