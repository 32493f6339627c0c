//! What people see: tables and stories, with keys and times made equal.

mod weir;

use weir::{Folder, Server, model};

/// Keys, times and widths change from run to run.
fn redacted(text: &str, check: impl FnOnce(&str)) {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"\d{16}", "<key>");
    settings.add_filter(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "<date>");
    settings.add_filter(r"\d\d:\d\d:\d\d\.\d{3}", "<time>");
    settings.add_filter(r"\d+ ms|\d+\.\d s", "<length>");
    settings.add_filter(r" {2,}", "  ");
    settings.bind(|| check(text));
}

#[test]
fn tables_and_stories() {
    let folder = Folder::new();
    let server = Server::start(&folder.path("data"));
    let deployed = server
        .run(&["deploy", &model("approval.bpmn"), &model("decision.bpmn")])
        .ok();
    redacted(&deployed.out, |text| {
        insta::assert_snapshot!("deploy", text)
    });

    let key = server.start_instance("approval", &["order=O-1", "amount=12.50"]);
    server.start_instance("decision", &["amount=1"]);
    let task = server.task_of(&key);
    server.run(&["task", "claim", &task, "--user", "anna"]).ok();
    server
        .run(&["task", "comment", &task, "Looks right", "--user", "anna"])
        .ok();

    let shown: [(&str, &[&str]); 6] = [
        ("task-list", &["task", "list", "--show", "order"]),
        ("task-show", &["task", "show", &task]),
        ("instance-list", &["instance", "list"]),
        ("incident-list", &["incident", "list"]),
        ("instance-show-waiting", &["instance", "show", &key]),
        ("task-list-empty", &["task", "list", "--assignee", "nobody"]),
    ];
    for (name, arguments) in shown {
        let ran = server.run(arguments).ok();
        redacted(&ran.out, |text| insta::assert_snapshot!(name, text));
    }

    let complete = [
        "task", "complete", &task, "--user", "anna", "--action", "approve",
    ];
    server.run(&complete).ok();
    server
        .run(&[
            "message", "publish", "payment", "--key", "O-1", "--set", "sum=20",
        ])
        .ok();
    let ended = server.run(&["instance", "show", &key]).ok();
    redacted(&ended.out, |text| {
        insta::assert_snapshot!("instance-show-ended", text)
    });
}
