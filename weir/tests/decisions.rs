//! Expressions and decisions tried out without a server: what is printed, where, and how it ends.

mod weir;

use std::io::Write;
use std::process::Stdio;

use weir::{Folder, Ran, model, run, weir};

fn example() -> String {
    concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../models/examples/claim-routing.dmn"
    )
    .to_owned()
}

const CLAIM: &str = r#"{"amount": 4000, "earlierClaims": 1, "covered": true}"#;

/// Output and errors, without the folder that the models are in.
fn shown(ran: &Ran) -> String {
    let folder = model("");
    let text = format!(
        "status {}\n--- out\n{}--- err\n{}",
        ran.status, ran.out, ran.err
    );
    text.replace(&folder, "")
}

/// Runs with lines on standard input.
fn fed(arguments: &[&str], lines: &str) -> Ran {
    let mut command = weir();
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut input = child.stdin.take().expect("its input is piped");
    input.write_all(lines.as_bytes()).expect("it reads");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    Ran {
        status: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[test]
fn an_expression_is_evaluated_and_explained() {
    let order = r#"{"order": {"total": "12"}}"#;
    let expression = "order.total > 10 and order.paid";
    for (name, arguments) in [
        ("value", &["{a: @\"2026-11-23\", b: [1.10, \"x\"]}"][..]),
        ("null", &["nothing.here", "--explain"]),
        ("explained", &[expression, "--context", order, "--explain"]),
        ("fine", &["1 + 1", "--explain"]),
        ("syntax", &["if amount > 5 them 1 else 2"]),
        ("syntax-lines", &["[1,\n  2,\n  3"]),
        ("endless", &["count(for i in 1..10000000 return i)"]),
        (
            "assertion",
            &["assert(a, a > 1, \"too small\")", "--set", "a=1"],
        ),
    ] {
        let ran = run(&[&["feel", "eval"], arguments].concat());
        insta::assert_snapshot!(format!("feel-{name}"), shown(&ran));
    }
}

#[test]
fn scripts_get_values_as_json() {
    let format = ["--format", "json"];
    let value = |arguments: &[&str]| run(&[&["feel", "eval"], arguments, &format].concat());
    let sum = value(&["a + 0.10", "--set", "a=12345678901234567890"]).ok();
    assert_eq!(
        sum.out, "{\n  \"value\": 12345678901234567890.10\n}\n",
        "numbers keep their digits"
    );
    let explained = value(&["1 + x", "--explain"]).ok().json();
    assert_eq!(explained["value"], serde_json::Value::Null);
    assert_eq!(explained["warnings"][0]["kind"], "NO_VARIABLE_FOUND");
    assert_eq!(explained["warnings"][0]["column"], 5);
    let wrong = value(&["1 +"]);
    assert_eq!((wrong.status, wrong.out.as_str()), (1, ""));
    let error: serde_json::Value = serde_json::from_str(&wrong.err).expect("JSON");
    assert_eq!(error["error"]["reason"], "NOT_FEEL");
    assert_eq!(error["error"]["detail"]["column"], 4);
}

#[test]
fn options_stand_anywhere() {
    for arguments in [
        &["feel", "--explain", "--set", "x=1", "eval", "-x"][..],
        &["feel", "eval", "--explain", "--set", "x=1", "-x"],
        &["feel", "eval", "-x", "--set", "x=1", "--explain"],
    ] {
        let ran = run(arguments).ok();
        assert_eq!(ran.out, "-1\nnothing became null\n", "{arguments:?}");
    }
    let both = run(&["feel", "eval", "1", "--unary", "1", "--explain"]);
    assert_eq!(both.status, 2, "{both:?}");
    assert_eq!(run(&["feel", "--context-file", "-"]).status, 2);
}

#[test]
fn the_clock_can_be_told() {
    let at = ["--now", "2026-11-30T12:00:00Z"];
    let ran = run(&[&["feel", "eval", "today()"], &at[..]].concat()).ok();
    assert_eq!(ran.out, "@\"2026-11-30\"\n");
}

#[test]
fn cells_are_tested() {
    let tested = |tests: &str, value: &str| {
        let ran = run(&["feel", "eval", tests, "--unary", value, "--set", "limit=5"]);
        ran.ok().out
    };
    assert_eq!(tested("< limit, [10..20]", "12"), "true\n");
    assert_eq!(tested("< limit, [10..20]", "-1"), "true\n");
    assert_eq!(tested("not(\"a\", \"b\")", "\"b\""), "false\n");
    assert_eq!(tested("-", "null"), "true\n");
    assert_eq!(tested("odd(?)", "limit"), "true\n");
    let wrong = run(&["feel", "eval", "< ", "--unary", "1"]);
    assert_eq!(wrong.status, 1);
    assert!(wrong.err.contains("tests:1:"), "{}", wrong.err);
}

#[test]
fn variables_come_from_files_and_standard_input() {
    let folder = Folder::new();
    let path = folder.path("order.json");
    std::fs::write(&path, r#"{"Order Total": 12.50}"#).expect("a file");
    let file = path.display().to_string();
    let eval = ["feel", "eval", "Order Total * 2"];
    let ran = run(&[&eval[..], &["--context-file", &file]].concat()).ok();
    assert_eq!(ran.out, "25.00\n");
    let ran = fed(
        &[&eval[..], &["--context-file", "-"]].concat(),
        r#"{"Order Total": 2}"#,
    );
    assert_eq!(ran.ok().out, "4\n");
    for wrong in [
        &["--context", "{"][..],
        &["--context", "[1]"],
        &["--context-file", "/nowhere.json"],
        &["--context", "{}", "--context-file", &file],
        &["--set", "=1"],
        &["--now", "soon"],
    ] {
        let ran = run(&[&eval[..], wrong].concat());
        assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{wrong:?}");
    }
}

#[test]
fn a_dialogue_reads_lines() {
    let lines = "\
amount = 100
Tax Rate = 0.19
amount * (1 + Tax Rate)

order = {total: amount, day: @\"2026-11-23\"}
order.day
(amount = 100)
:explain on
amount + \"x\"
:explain off
:context
:functions substring
:context {\"amount\": 7}
amount
f = function(x) x
1 +
:fly
:quit
never read
";
    let ran = fed(&["feel"], lines);
    insta::assert_snapshot!("feel-dialogue", shown(&ran));
    let ran = fed(&["feel", "repl", "--format", "json"], "1 + 1\n1 +\n:quit\n");
    assert_eq!(ran.out, "{\"value\":2}\n");
    assert_eq!(ran.err.lines().count(), 2, "{}", ran.err);
    assert_eq!(ran.status, 1);
    let good = fed(&["feel", "--context", "{\"a\": 1}"], "a\n");
    assert_eq!(good.ok().out, "1\n");
}

#[test]
fn a_decision_is_made_and_explained() {
    let file = example();
    let decide = ["decide", &file, "--context", CLAIM, "--decision"];
    let ran = run(&[&decide[..], &["route", "--explain"]].concat());
    insta::assert_snapshot!("decide-explained", shown(&ran));
    let ran = run(&[&decide[..], &["risk"]].concat()).ok();
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("\"medium\"\n", ""));
    let json = ["route", "--explain", "--format", "json"];
    let ran = run(&[&decide[..], &json].concat()).ok().json();
    assert_eq!(ran["output"]["handler"], "adjuster");
    assert_eq!(ran["decisions"][0]["id"], "risk");
    let matched = &ran["decisions"][1]["matched"][0];
    assert_eq!(
        (matched["rule"].as_u64(), matched["id"].as_str()),
        (Some(3), Some("checked"))
    );
    let none = run(&["decide", &file, "--decision", "risk", "--explain"]).ok();
    assert!(none.out.contains("none matched"), "{}", none.out);
}

#[test]
fn decisions_are_found_by_their_ids() {
    let file = example();
    for (arguments, told) in [
        (&["--decision", "routes"][..], "route (Who handles a claim)"),
        (&[], "2 decisions"),
    ] {
        let ran = run(&[&["decide", &file], arguments].concat());
        assert_eq!((ran.status, ran.out.as_str()), (2, ""));
        assert!(ran.err.contains(told), "{}", ran.err);
        assert!(ran.err.contains("risk (Risk of a claim)"), "{}", ran.err);
    }
    assert_eq!(run(&["decide", "/nowhere.dmn"]).status, 2);
    let process = run(&["decide", &model("approval.bpmn")]);
    assert_eq!(process.status, 1, "{process:?}");
}

#[test]
fn what_is_wrong_is_shown_where_it_is() {
    for name in ["broken.dmn", "contradiction.dmn"] {
        let ran = run(&["decide", &model(name), "--set", "sum=70", "--explain"]);
        let name = name.trim_end_matches(".dmn");
        insta::assert_snapshot!(format!("decide-{name}"), shown(&ran));
    }
    let ran = run(&["decide", &model("broken.dmn"), "--format", "json"]);
    let error: serde_json::Value = serde_json::from_str(&ran.err).expect("JSON");
    let found = &error["error"]["detail"]["diagnostics"];
    assert_eq!(found[0]["code"], "bad-expression", "{found}");
}

#[test]
fn files_import_files() {
    let (shipping, rates) = (model("shipping.dmn"), model("rates.dmn"));
    let weight = ["--set", "Parcel Weight=3"];
    let alone = run(&[&["decide", &shipping], &weight[..]].concat());
    assert_eq!(alone.status, 1);
    assert!(alone.err.contains("missing-import"), "{}", alone.err);
    let both = run(&[&["decide", &shipping, "--with", &rates], &weight[..]].concat());
    assert_eq!(both.ok().out, "11.7810\n");
    assert_eq!(run(&["check", &shipping]).status, 1);
    assert_eq!(run(&["check", &shipping, &rates]).ok().status, 0);
}

#[test]
fn decision_files_are_checked_as_processes_are() {
    let files = [model("approval.bpmn"), example(), model("broken.dmn")];
    let ran = run(&["check", &files[0], &files[1], &files[2]]);
    assert_eq!(ran.status, 1);
    assert!(ran.err.is_empty(), "{}", ran.err);
    assert!(ran.out.contains("broken.dmn:"), "{}", ran.out);
    assert!(
        ran.out.contains("failed: 3 files checked: 1 error"),
        "{}",
        ran.out
    );
    let json = run(&["check", &files[2], "--format", "json"]).json();
    assert_eq!(json["files"][0]["diagnostics"][0]["code"], "bad-expression");
}
