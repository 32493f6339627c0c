//! `weir doctor` on a real broker; what `weir topics` and `weir acls` print is run by Kafka's own tools.

mod weir;

use std::sync::OnceLock;

use journal::broker::Broker;
use weir::{Ran, run};

/// One broker for all tests here, each with a namespace of its own. It ends with this process.
fn cluster() -> &'static Broker {
    static BROKER: OnceLock<Broker> = OnceLock::new();
    let start = || {
        Broker::start(
            1,
            &[
                "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                // Who connects without a name may do everything, except with what has an entry of its own.
                "allow.everyone.if.no.acl.found=true",
            ],
        )
    };
    BROKER.get_or_init(start)
}

fn broker() -> &'static str {
    cluster().bootstrap()
}

/// Runs a script that uses Kafka's tools.
fn shell(script: &str) {
    cluster().shell(script);
}

fn topics(namespace: &str) -> String {
    let arguments = [
        "topics",
        "--kafka",
        broker(),
        "--kafka-namespace",
        namespace,
        "--kafka-replication",
        "1",
    ];
    run(&arguments).ok().out
}

fn doctor(namespace: &str) -> Ran {
    let arguments = [
        "doctor",
        "--kafka",
        broker(),
        "--kafka-namespace",
        namespace,
        "--format",
        "json",
    ];
    run(&arguments)
}

#[test]
fn an_unsafe_setting_is_found_and_the_command_mends_it() {
    shell(&topics("mended"));
    let good = doctor("mended").ok().json();
    assert_eq!(good["findings"], serde_json::json!([]));
    assert_eq!(good["brokers"][0], broker());
    assert!(!weir::text(&good["clusterId"]).is_empty(), "{good}");

    shell(&format!(
        "kafka-configs.sh --bootstrap-server {} --alter --entity-type topics --entity-name mended.commands \
         --add-config retention.ms=86400000,segment.bytes=1073741824",
        broker()
    ));
    let ill = doctor("mended");
    assert_eq!(ill.status, 1, "{ill:?}");
    let found = ill.json();
    assert_eq!(found["unsafe"], 1, "{found}");
    let findings = found["findings"].as_array().expect("findings");
    let [retention, segment] = &findings[..] else {
        panic!("{found}");
    };
    assert_eq!(
        (&retention["topic"], &retention["severity"]),
        (&"mended.commands".into(), &"unsafe".into())
    );
    assert_eq!(retention["what"], "retention.ms is 86400000, must be -1");
    assert_eq!(segment["severity"], "advice");

    shell(&weir::text(&retention["mend"]));
    let mended = doctor("mended").ok().json();
    assert_eq!(mended["findings"].as_array().map(Vec::len), Some(1));
}

#[test]
fn the_number_of_partitions_is_that_of_the_topics() {
    assert_eq!(doctor("fresh").ok().json()["partitions"], 3);
    let three = topics("spread");
    shell(&three.replace("--partitions 3", "--partitions 5"));
    let found = doctor("spread").ok().json();
    assert_eq!(found["partitions"], 5);
    let arguments = [
        "doctor",
        "--kafka",
        broker(),
        "--kafka-namespace",
        "spread",
        "--partitions",
        "3",
        "--format",
        "json",
    ];
    let other = run(&arguments);
    assert_eq!(other.status, 1, "{other:?}");
    let found = other.json();
    assert_eq!(found["findings"][0]["what"], "partitions is 5, must be 3");
}

#[test]
fn topics_that_are_not_there_are_a_fault_only_beside_others() {
    let fresh = doctor("fresh").ok().json();
    let findings = fresh["findings"].as_array().expect("findings");
    assert_eq!((findings.len(), &fresh["unsafe"]), (8, &0.into()));

    let first = topics("partly");
    let first: Vec<&str> = first.lines().take(3).collect();
    shell(&first.join("\n"));
    let partly = doctor("partly");
    assert_eq!(partly.status, 1, "{partly:?}");
    assert_eq!(partly.json()["unsafe"], 7);
}

#[test]
fn a_missing_permission_is_found_and_the_command_mends_it() {
    shell(&topics("locked"));
    // From now on, nobody else may do anything with this topic.
    shell(&format!(
        "kafka-acls.sh --bootstrap-server {} --add --allow-principal User:other --operation Read --topic locked.commands",
        broker()
    ));
    let ill = doctor("locked");
    assert_eq!(ill.status, 1, "{ill:?}");
    let found = ill.json();
    let problem = &found["findings"][0];
    assert_eq!(problem["topic"], "locked.commands", "{found}");
    let what = "this user lacks Read, Write, Describe, DescribeConfigs, Delete";
    assert_eq!(problem["what"], what);
    assert_eq!(found["unsafe"], 1, "{found}");

    shell(&weir::text(&problem["mend"]).replace("User:NAME", "User:ANONYMOUS"));
    doctor("locked").ok();
}

#[test]
fn the_permissions_that_are_printed_are_those_that_are_needed() {
    shell(&topics("granted"));
    shell(&format!(
        "kafka-acls.sh --bootstrap-server {} --add --allow-principal User:other --operation Read --topic granted. \
         --resource-pattern-type prefixed",
        broker()
    ));
    assert_eq!(doctor("granted").status, 1);
    let grants = [
        "acls",
        "--principal",
        "User:ANONYMOUS",
        "--kafka",
        broker(),
        "--kafka-namespace",
        "granted",
    ];
    // What concerns the whole cluster would shut out the other tests.
    let grants = run(&grants).ok().out;
    let grants = grants.lines().filter(|line| !line.ends_with("--cluster"));
    shell(&grants.collect::<Vec<_>>().join("\n"));
    doctor("granted").ok();
}

#[test]
fn brokers_that_do_not_answer_are_said_with_their_address() {
    let silent = run(&["doctor", "--kafka", "127.0.0.1:1"]);
    assert_eq!(silent.status, 3, "{silent:?}");
    for words in ["127.0.0.1:1", "Connection refused", "--kafka-property"] {
        assert!(silent.err.contains(words), "{}", silent.err);
    }
}

#[test]
fn what_can_be_told_without_a_broker_is_wrong_usage() {
    let nothing = run(&["doctor"]);
    assert_eq!(nothing.status, 2, "{nothing:?}");
    assert!(nothing.err.contains("--kafka"), "{}", nothing.err);
    let reserved = [
        "doctor",
        "--kafka",
        "127.0.0.1:1",
        "--kafka-property",
        "acks=1",
    ];
    let reserved = run(&reserved);
    assert_eq!(reserved.status, 2, "{reserved:?}");
}
