//! `weir topics` and `weir acls`: what they print is run by people on clusters that matter.

mod weir;

use weir::run;

#[test]
fn the_commands_that_make_topics() {
    let arguments = [
        "topics",
        "--kafka",
        "broker:9092",
        "--kafka-namespace",
        "claims",
        "--partitions",
        "12",
    ];
    insta::assert_snapshot!("topics", run(&arguments).ok().out);
    let with_format = [&arguments[..], &["--format", "json"]].concat();
    let table = run(&with_format).ok().json();
    let commands = &table["topics"][0];
    assert_eq!(commands["name"], "claims.commands");
    assert_eq!(commands["partitions"], 12);
    insta::assert_json_snapshot!("topics-json", commands);
}

#[test]
fn the_commands_that_give_permissions() {
    let arguments = ["acls", "--principal", "User:weir"];
    insta::assert_snapshot!("acls", run(&arguments).ok().out);
    let more = [
        "acls",
        "--principal",
        "User:CN=o'weir, OU=x",
        "--topics-exist",
        "--topic",
        "payments",
    ];
    insta::assert_snapshot!("acls-more", run(&more).ok().out);
    let with_format = [&more[..], &["--format", "json"]].concat();
    insta::assert_json_snapshot!("acls-json", run(&with_format).ok().json());
}

#[test]
fn what_a_shell_would_take_for_itself_is_refused() {
    for arguments in [
        ["topics", "--kafka-namespace", "a;b"],
        ["topics", "--kafka", "$(reboot)"],
        ["topics", "--partitions", "0"],
        ["acls", "--principal", "weir"],
    ] {
        assert_eq!(run(&arguments).status, 2, "{arguments:?}");
    }
    let topic = run(&["acls", "--principal", "User:weir", "--topic", "a b"]);
    assert_eq!(topic.status, 2, "{topic:?}");
}
