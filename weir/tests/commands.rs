//! Every client command against a real server: what it does, prints and exits with.

mod weir;

use weir::{Folder, Server, model, run, text};

fn server() -> (Folder, Server) {
    let folder = Folder::new();
    let server = Server::start(&folder.path("data"));
    let files = [model("approval.bpmn"), model("decision.bpmn")];
    server.run(&["deploy", &files[0], &files[1]]).ok();
    (folder, server)
}

#[test]
fn an_instance_goes_from_start_to_end_by_commands_alone() {
    let (_folder, server) = server();
    let key = server.start_instance("approval", &["order=O-1"]);
    let task = server.task_of(&key);
    let claimed = server.json(&[
        "task", "claim", &task, "--user", "anna", "--group", "clerks",
    ]);
    assert_eq!(claimed["assignee"], "anna");
    server
        .run(&["task", "comment", &task, "Looks right", "--user", "anna"])
        .ok();
    let complete = [
        "task", "complete", &task, "--user", "anna", "--action", "approve",
    ];
    let mut with_variables = complete.to_vec();
    with_variables.extend(["--set", "approved=yes"]);
    let done = server.json(&with_variables);
    assert_eq!(
        (done["state"].as_str(), done["action"].as_str()),
        (Some("COMPLETED"), Some("approve"))
    );
    let waiting = server.json(&["instance", "show", &key]);
    assert_eq!(waiting["subscriptions"][0]["correlationKey"], "O-1");
    server
        .run(&[
            "message", "publish", "payment", "--key", "O-1", "--set", "sum=20",
        ])
        .ok();
    let ended = server.json(&["instance", "show", &key]);
    assert_eq!(ended["state"], "COMPLETED");
    let elements = ended["elements"].as_array().expect("elements");
    let run = elements
        .iter()
        .find(|run| run["elementId"] == "approve")
        .expect("the task ran");
    assert_eq!(
        (run["actor"].as_str(), run["action"].as_str()),
        (Some("anna"), Some("approve"))
    );
    let listed = server.json(&["instance", "list", "--state", "completed"]);
    assert_eq!(listed["instances"][0]["key"], key.as_str());
}

#[test]
fn a_signal_reaches_who_waits_for_it() {
    let (_folder, server) = server();
    let file = model("../../../models/elements/signal_catch_event.bpmn");
    server.run(&["deploy", &file]).ok();
    let key = server.start_instance("signal_catch_event", &["place=Kiel"]);
    let waiting = server.json(&["instance", "show", &key]);
    assert_eq!(waiting["subscriptions"][0]["signal"], "storm-Kiel");
    let shown = server.run(&["instance", "show", &key]).ok().out;
    assert!(
        shown.contains("signal") && shown.contains("storm-Kiel"),
        "{shown}"
    );
    let broadcast = ["signal", "broadcast", "storm-Kiel", "--set", "wind=9"];
    let said = server.json(&broadcast);
    assert!(
        said["signalKey"]
            .as_str()
            .is_some_and(|key| key.parse::<u64>().is_ok()),
        "{said}"
    );
    let ended = server.json(&["instance", "show", &key]);
    assert_eq!(ended["state"], "COMPLETED");
    let shown = server.run(&["instance", "show", &key]).ok().out;
    assert!(shown.contains("signal storm-Kiel came"), "{shown}");
}

#[test]
fn an_awaited_instance_gives_its_variables() {
    let (_folder, server) = server();
    let ended = server.json(&[
        "start",
        "decision",
        "--variables",
        r#"{"amount": 60.50}"#,
        "--await",
    ]);
    assert_eq!(ended["variables"]["total"].to_string(), "121.00");
}

#[test]
fn an_instance_that_waits_longer_than_the_caller_is_a_time_out() {
    let (_folder, server) = server();
    let start = [
        "start",
        "approval",
        "--set",
        "order=O-1",
        "--await",
        "--timeout",
        "200ms",
    ];
    let ran = server.run(&start);
    assert_eq!(ran.status, 4, "{ran:?}");
    assert!(ran.err.contains("it may still be done"), "{ran:?}");
}

#[test]
fn a_server_that_does_not_answer_is_a_time_out() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("http://{}", silent.local_addr().expect("its address"));
    let ran = run(&["task", "list", "--address", &address, "--timeout", "100ms"]);
    assert_eq!(ran.status, 4, "{ran:?}");
    assert!(ran.err.contains("gave no answer"), "{}", ran.err);
}

#[test]
fn an_incident_is_found_and_resolved() {
    let (_folder, server) = server();
    let key = server.start_instance("decision", &["amount=10"]);
    let listed = server.json(&["incident", "list", "--instance", &key]);
    let incident = &listed["incidents"][0];
    assert_eq!(incident["elementId"], "choose");
    let shown = server.run(&["instance", "show", &key]).ok();
    assert!(shown.out.contains("Incidents"), "{}", shown.out);
    // Nothing was mended: the same comes back under another key.
    server
        .run(&["incident", "resolve", &text(&incident["key"])])
        .ok();
    let again = server.json(&["incident", "list", "--process", "decision"]);
    assert_ne!(again["incidents"][0]["key"], incident["key"]);
    let gone = server.run(&["incident", "resolve", &text(&incident["key"])]);
    assert_eq!(gone.status, 1);
    assert!(gone.err.contains("INCIDENT_NOT_FOUND"), "{}", gone.err);
}

#[test]
fn a_canceled_instance_takes_its_tasks_along() {
    let (_folder, server) = server();
    let key = server.start_instance("approval", &["order=O-1"]);
    server.run(&["instance", "cancel", &key]).ok();
    assert_eq!(
        server.json(&["task", "list"])["tasks"]
            .as_array()
            .map(Vec::len),
        Some(0)
    );
    assert_eq!(
        server.json(&["instance", "show", &key])["state"],
        "CANCELED"
    );
    assert_eq!(server.run(&["instance", "cancel", &key]).status, 1);
}

#[test]
fn tasks_are_given_back_and_assigned() {
    let (_folder, server) = server();
    let task = server.task_of(&server.start_instance("approval", &["order=O-1"]));
    server
        .run(&["task", "assign", &task, "bert", "--user", "lea"])
        .ok();
    let stolen = server.run(&["task", "claim", &task, "--user", "anna"]);
    assert_eq!(stolen.status, 1);
    assert!(
        stolen.err.contains("TASK_ALREADY_CLAIMED"),
        "{}",
        stolen.err
    );
    server
        .run(&["task", "unclaim", &task, "--user", "bert"])
        .ok();
    let listed = server.json(&["task", "list", "--unassigned", "--show", "order"]);
    assert_eq!(listed["tasks"][0]["variables"]["order"], "O-1");
    let outsider = server.run(&[
        "task", "claim", &task, "--user", "max", "--group", "drivers",
    ]);
    assert!(outsider.err.contains("NOT_A_CANDIDATE"), "{}", outsider.err);
    let nobody = server.run(&["task", "claim", &task]);
    assert_eq!(nobody.status, 2);
    assert!(nobody.err.contains("WEIR_USER"), "{}", nobody.err);
}

#[test]
fn failures_are_one_sentence_and_a_status() {
    let (_folder, server) = server();
    let unknown = server.run(&["start", "nowhere"]);
    assert_eq!((unknown.status, unknown.out.as_str()), (1, ""));
    assert!(unknown.err.starts_with("error: "), "{}", unknown.err);
    assert!(unknown.err.contains("nowhere"), "{}", unknown.err);

    let json = server.run(&["task", "show", "1", "--format", "json"]);
    let error: serde_json::Value = serde_json::from_str(&json.err).expect("JSON on standard error");
    assert_eq!(error["error"]["reason"], "TASK_NOT_FOUND");
    assert_eq!(error["error"]["exitStatus"], 1);

    assert_eq!(
        server
            .run(&["start", "decision", "--variables", "{"])
            .status,
        2
    );
    assert_eq!(server.run(&["deploy", "/nowhere.bpmn"]).status, 2);
    assert_eq!(server.run(&["task", "fly"]).status, 2);
    assert_eq!(
        run(&["task", "list", "--address", "not an address"]).status,
        2
    );
    // Nothing listens on port 1.
    let unreachable = run(&["task", "list", "--address", "http://127.0.0.1:1"]);
    assert_eq!(unreachable.status, 3);
    assert!(
        unreachable.err.contains("weir serve"),
        "{}",
        unreachable.err
    );
}

#[test]
fn colours_are_for_terminals_and_for_those_who_ask() {
    let (_folder, server) = server();
    server.start_instance("approval", &["order=O-1"]);
    let coloured = |arguments: &[&str], no_color: Option<&str>| {
        let mut command = server.command(arguments);
        if let Some(value) = no_color {
            command.env("NO_COLOR", value);
        }
        weir::finish(&mut command).ok().out.contains('\u{1b}')
    };
    assert!(!coloured(&["task", "list"], None), "a pipe is no terminal");
    assert!(coloured(&["task", "list", "--color", "always"], None));
    assert!(
        coloured(&["task", "list", "--color", "always"], Some("1")),
        "the option outranks"
    );
    assert!(!coloured(&["task", "list"], Some("1")));
    assert!(!coloured(&["task", "list", "--color", "never"], None));
}

#[test]
fn what_processes_say_cannot_drive_the_terminal() {
    let (_folder, server) = server();
    let key = server.start_instance("approval", &["order=\"\\u001b[2J\""]);
    for arguments in [
        &["instance", "show", &key][..],
        &["task", "list", "--show", "order"],
        &["task", "show", &server.task_of(&key)],
    ] {
        let shown = server.run(arguments).ok();
        assert!(!shown.out.contains('\u{1b}'), "{arguments:?}");
    }
}

#[test]
fn an_instance_is_drawn_with_the_path_it_took() {
    let folder = Folder::new();
    let server = Server::start(&folder.path("data"));
    let claim = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../models/examples/insurance-claim.bpmn"
    );
    server.run(&["deploy", claim]).ok();
    let set = ["claimId=C-1", "customer=Ann", "policy=P-1", "amount=10"];
    let key = server.start_instance("insurance-claim", &set);
    let file = folder.path("claim.svg");
    let out = file.display().to_string();
    server.run(&["render", "--instance", &key, "-o", &out]).ok();
    let svg = std::fs::read_to_string(&file).expect("the picture");
    let plain = run(&["render", claim]).ok().out;
    assert!(
        svg.starts_with("<svg") || svg.starts_with("<?xml"),
        "{}",
        &svg[..80]
    );
    assert_ne!(svg, plain, "the token is not drawn");
    let no_diagram = run(&["render", &model("approval.bpmn")]);
    assert_eq!(no_diagram.status, 1);
    assert!(no_diagram.err.contains("no diagram"), "{}", no_diagram.err);
}

#[test]
fn a_model_is_checked_without_a_server() {
    let checked = run(&["check", &model("approval.bpmn"), &model("decision.bpmn")]);
    assert_eq!(checked.status, 0, "{checked:?}");
    assert_eq!(run(&["check", "/nowhere.bpmn"]).status, 2);
}

#[test]
fn expressions_that_cannot_work_are_found_with_their_place() {
    let checked = run(&["check", &model("expressions.bpmn")]);
    assert_eq!(checked.status, 1, "{checked:?}");
    let told = format!("{}{}", checked.out, checked.err);
    for expected in [
        "there is no function `summ`; did you mean `sum`?",
        "`substring` takes",
        "line 1, column 14: `count(amounts)` is a number and `\"3\"` is text: comparing them is never true",
    ] {
        assert!(told.contains(expected), "{expected}: {told}");
    }
}
