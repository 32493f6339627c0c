//! Which versions a deployment makes, and which are called.

use harness::machine::Machine;

use super::support::*;

fn names(versions: &[(&str, i32)]) -> Vec<(String, i32)> {
    let names = versions
        .iter()
        .map(|(name, version)| ((*name).to_owned(), *version));
    names.collect()
}

#[test]
fn a_file_gets_a_version_when_its_bytes_are_others() {
    let mut machine = Machine::default();
    let first = deploy(&mut machine, &[file("f", &[("a", "1"), ("b", "2")])]);
    assert_eq!(versions(&first), names(&[("a", 1), ("b", 1), ("f", 1)]));
    let file_of_first = &first.requirements[0];
    assert_eq!(file_of_first.name, "The f");
    assert_eq!(file_of_first.resource_name, "f.dmn");
    let again = deploy(&mut machine, &[file("f", &[("a", "1"), ("b", "2")])]);
    assert_eq!(again.requirements, first.requirements);
    let second = deploy(&mut machine, &[file("f", &[("a", "1"), ("c", "3")])]);
    assert_eq!(versions(&second), names(&[("a", 2), ("c", 1), ("f", 2)]));
    // A decision that the file has no more is there all the same.
    assert_eq!(evaluate(&mut machine, "b", "").output, "2");
    let old = evaluation(file_of_first.decisions[0].decision_key, "", "");
    let old = answer(machine.apply(old).expect("it is deployed"));
    let Some(proto::record::answer::Kind::Decision(old)) = old else {
        panic!("not evaluated: {old:?}");
    };
    assert_eq!(old.evaluation.expect("how it was made").version, 1);
    machine.check_replay_and_restore();
}

#[test]
fn a_decision_that_another_file_has_taken_over_is_taken_back_by_a_new_version() {
    let mut machine = Machine::default();
    deploy(&mut machine, &[file("f", &[("a", "1")])]);
    deploy(&mut machine, &[file("g", &[("a", "2")])]);
    assert_eq!(evaluate(&mut machine, "a", "").output, "2");
    let back = deploy(&mut machine, &[file("f", &[("a", "1")])]);
    assert_eq!(versions(&back), names(&[("a", 3), ("f", 2)]));
    assert_eq!(evaluate(&mut machine, "a", "").output, "1");
}

#[test]
fn the_latest_version_is_called_unless_a_task_is_bound() {
    let mut machine = Machine::default();
    let tagged = |text| {
        let tag = r#"<extensionElements><zeebe:versionTag value="old"/></extensionElements>"#;
        file_of("f", &decision("a", text, tag))
    };
    let latest = caller("latest", r#"decisionId="a""#);
    let tag = caller(
        "tag",
        r#"decisionId="a" bindingType="versionTag" versionTag="old""#,
    );
    let bound = caller("bound", r#"decisionId="a" bindingType="deployment""#);
    deploy(
        &mut machine,
        &[latest, tag, bound.clone(), tagged("\"first\"")],
    );
    deploy(&mut machine, &[file("f", &[("a", "\"second\"")])]);
    let found = |machine: &mut Machine, process| result(machine, process, "{}");
    let is = |text: &str| Some(format!(r#"{{"found":"{text}"}}"#));
    assert_eq!(found(&mut machine, "latest"), is("second"));
    assert_eq!(found(&mut machine, "tag"), is("first"));
    assert_eq!(found(&mut machine, "bound"), is("first"));
    machine.check_replay_and_restore();
    machine.restart();
    assert_eq!(found(&mut machine, "latest"), is("second"));
    assert_eq!(found(&mut machine, "tag"), is("first"));
    assert_eq!(found(&mut machine, "bound"), is("first"));
    // The last that was given a tag has it.
    deploy(&mut machine, &[tagged("\"third\"")]);
    assert_eq!(found(&mut machine, "tag"), is("third"));
}

#[test]
fn what_is_bound_gets_a_version_when_what_it_calls_does() {
    let mut machine = Machine::default();
    let bound = caller(
        "bound",
        r#"decisionId="=&quot;a&quot;" bindingType="deployment""#,
    );
    let latest = caller("latest", r#"decisionId="a""#);
    let (one, other) = (file("f", &[("a", "1")]), file("g", &[("b", "1")]));
    let all = [bound.clone(), latest.clone(), one, other.clone()];
    deploy(&mut machine, &all);
    // The order of the files is nothing to them.
    let mut reversed = all.to_vec();
    reversed.reverse();
    let again = deploy(&mut machine, &reversed);
    assert!(versions(&again).iter().all(|(_, version)| *version == 1));
    let changed = [bound, latest, file("f", &[("a", "2")]), other];
    let changed = deploy(&mut machine, &changed);
    let expected = names(&[
        ("bound", 2),
        ("latest", 1),
        ("a", 2),
        ("f", 2),
        ("b", 1),
        ("g", 1),
    ]);
    assert_eq!(versions(&changed), expected);
    assert_eq!(
        result(&mut machine, "bound", "{}"),
        Some(r#"{"found":2}"#.to_owned())
    );
    machine.check_replay_and_restore();
}

#[test]
fn files_of_a_deployment_import_each_other() {
    let mut machine = Machine::default();
    let outer = |text: &str| {
        let import = r#"<import name="inner" namespace="urn:inner" importType="https://www.omg.org/spec/DMN/20191111/MODEL/"/>"#;
        let needs = r##"<informationRequirement><requiredDecision href="urn:inner#b"/></informationRequirement>"##;
        let decision = format!(
            r#"<decision id="a" name="a"><variable name="a"/>{needs}<literalExpression><text>{text}</text></literalExpression></decision>"#
        );
        file_of("outer", &format!("{import}{decision}"))
    };
    let inner = |text| file("inner", &[("b", text)]);
    let both = [outer("inner.b + 1"), inner("1")];
    let first = deploy(&mut machine, &both);
    assert_eq!(
        versions(&first),
        names(&[("a", 1), ("outer", 1), ("b", 1), ("inner", 1)])
    );
    let again = deploy(&mut machine, &both);
    assert_eq!(again.requirements, first.requirements);
    let made = evaluate(&mut machine, "a", "");
    assert_eq!(made.output, "2");
    // The decision of the other file is told with its own key.
    let told = made.evaluation.expect("how it was made").made;
    let told = told
        .iter()
        .map(|made| (&*made.decision_id, made.decision_key));
    let inner_key = first.requirements[1].decisions[0].decision_key;
    let outer_key = first.requirements[0].decisions[0].decision_key;
    assert_eq!(
        told.collect::<Vec<_>>(),
        [("b", inner_key), ("a", outer_key)]
    );
    // What imports a file that has changed has changed, too.
    let changed = deploy(&mut machine, &[outer("inner.b + 1"), inner("5")]);
    assert_eq!(
        versions(&changed),
        names(&[("a", 2), ("outer", 2), ("b", 2), ("inner", 2)])
    );
    // The version that was compiled with the other file keeps it.
    deploy(&mut machine, &[inner("100")]);
    machine.restart();
    assert_eq!(evaluate(&mut machine, "a", "").output, "6");
    machine.check_replay_and_restore();
    let alone = refused(&[outer("inner.b + 1")]);
    assert_eq!(alone.reason, "MODEL_REFUSED");
    assert!(alone.message.contains("outer.dmn:1:"), "{alone}");
}

#[test]
fn what_is_wrong_is_refused_with_its_place() {
    let wrong = refused(&[
        file("good", &[("g", "1")]),
        file_of(
            "bad",
            "\n<decision id=\"a\" name=\"a\"><variable name=\"a\"/>\n<literalExpression><text>1 +</text></literalExpression></decision>",
        ),
    ]);
    assert_eq!(wrong.reason, "MODEL_REFUSED");
    assert!(wrong.message.contains("bad.dmn:3:"), "{wrong}");
    let cases = [
        (
            vec![file("f", &[("a", "1")]), file("f", &[("b", "1")])],
            "DUPLICATE_REQUIREMENTS_ID",
        ),
        (
            vec![file("f", &[("a", "1")]), file("g", &[("a", "1")])],
            "DUPLICATE_DECISION_ID",
        ),
        (vec![file_of("f", "<decision")], "MODEL_REFUSED"),
        (
            vec![
                caller("p", r#"decisionId="a" bindingType="deployment""#),
                file("f", &[("b", "1")]),
            ],
            "MODEL_REFUSED",
        ),
        (vec![caller("p", r#"decisionId=" ""#)], "MODEL_REFUSED"),
        (
            vec![caller("p", r#"decisionId="a" bindingType="versionTag""#)],
            "MODEL_REFUSED",
        ),
    ];
    for (resources, reason) in cases {
        let refused = refused(&resources);
        assert_eq!(refused.reason, reason, "{refused}");
    }
    let unbound = refused(&[caller("p", r#"decisionId="a" bindingType="deployment""#)]);
    assert!(
        unbound.message.contains("p.bpmn:1:")
            && unbound.message.contains("error[not-deployed-together]"),
        "{unbound}"
    );
}

#[test]
fn a_file_has_so_many_decisions_at_most() {
    let many = |count: usize| {
        let decisions = (0..count).map(|number| decision(&format!("d{number}"), "1", ""));
        file_of("many", &decisions.collect::<String>())
    };
    deploy(&mut Machine::default(), &[many(1_000)]);
    assert_eq!(refused(&[many(1_001)]).reason, "TOO_MANY_DECISIONS");
    let long = decision(&"d".repeat(600_000), "1", "");
    assert_eq!(refused(&[file_of("long", &long)]).reason, "NAMES_TOO_LONG");
}

#[test]
fn files_that_import_each_other_cost_so_much_at_most() {
    let chain = |files: usize| {
        let file = |number: usize| {
            let import = format!(
                r#"<import name="next" namespace="urn:f{}" importType="https://www.omg.org/spec/DMN/20191111/MODEL/"/>"#,
                (number + 1) % files
            );
            let filling = format!("<!-- {} -->", "x".repeat(250_000));
            let decision = decision(&format!("d{number}"), "1", "");
            file_of(
                &format!("f{number}"),
                &format!("{import}{decision}{filling}"),
            )
        };
        (0..files).map(file).collect::<Vec<_>>()
    };
    // Each is read with all of them.
    deploy(&mut Machine::default(), &chain(4));
    assert_eq!(refused(&chain(12)).reason, "TOO_MANY_IMPORTS");
}
