//! Settings that would lose or misread data: for each of the table, `weir doctor` finds it, `weir serve` does not start,
//! and the command that both print mends it.

use std::collections::BTreeSet;
use std::time::Instant;

use journal::kafka::topics::{self, Rule, Setting, Severity, Topic};
use journal::kafka::{KafkaOptions, examine};
use serde_json::Value;

use crate::real::weir;
use crate::support::*;

/// Findings of `weir doctor`, and whether it is content.
fn doctor(options: &KafkaOptions, more: &[&str]) -> (bool, Vec<Value>) {
    let mut doctor = weir();
    doctor
        .args(["doctor", "--format", "json"])
        .args(["--kafka", &options.bootstrap])
        .args(["--kafka-namespace", &options.namespace])
        .args(more);
    let ran = doctor.output().expect("the program runs");
    let told: Value =
        serde_json::from_slice(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    let findings = told["findings"].as_array().expect("findings").clone();
    (ran.status.success(), findings)
}

fn text<'a>(finding: &'a Value, field: &str) -> &'a str {
    finding[field].as_str().expect("text")
}

/// A value that must not be accepted.
fn wrong(setting: &Setting) -> String {
    match (setting.rule, setting.name, setting.value.parse::<i64>()) {
        (Rule::Equal, "cleanup.policy", _) => "compact,delete".to_owned(),
        (Rule::Equal, "unclean.leader.election.enable", _) => "true".to_owned(),
        (Rule::Equal, "message.timestamp.type", _) => "CreateTime".to_owned(),
        // Without a limit is the only good value.
        (Rule::Equal | Rule::AtLeast, _, Ok(-1)) => "1073741824".to_owned(),
        (Rule::AtLeast, _, Ok(least)) => (least - 1).to_string(),
        (Rule::AtMost, _, Ok(most)) => (most + 1).to_string(),
        (rule, name, _) => panic!("{name}: which value does {rule:?} refuse?"),
    }
}

/// The settings that data depends on. That one copy is enough for an append cannot be wrong where there is but one.
fn unsafe_settings(topic: &Topic) -> impl Iterator<Item = &Setting> {
    let settings = topic.settings.iter();
    let needed = settings.filter(|setting| setting.severity == Severity::Unsafe);
    needed.filter(|setting| setting.name != "min.insync.replicas")
}

/// Waits until the broker tells so many findings: a setting that was altered is known a moment later.
fn until_found(options: &KafkaOptions, count: usize) {
    let since = Instant::now();
    while examine(options).expect("it answers").len() != count {
        assert!(since.elapsed() < PATIENCE, "{:?}", examine(options));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_unsafe_setting_is_found_refused_and_mended_by_what_is_printed() {
    let options = options(3);
    drop(open(&options));
    let (mut tried, mut ran) = (0, BTreeSet::new());
    for topic in topics::table(&options, 1) {
        for setting in unsafe_settings(&topic) {
            set(&options, &topic, &[(setting.name, &wrong(setting))]).await;
            until_found(&options, 1);
            let mend = found_and_refused(&options, &topic, setting);
            // The same command for another topic is the same command.
            if ran.insert((setting.name, setting.value.clone())) {
                broker().shell(&mend);
            } else {
                set(&options, &topic, &[]).await;
            }
            until_found(&options, 0);
            assert_eq!(doctor(&options, &[]), (true, Vec::new()), "{mend}");
            tried += 1;
        }
    }
    println!("{tried} settings, {} commands", ran.len());
    assert!(tried >= 30, "the table has only {tried} settings");
}

/// Both commands say the same; gives how it is mended.
fn found_and_refused(options: &KafkaOptions, topic: &Topic, setting: &Setting) -> String {
    let (is_content, findings) = doctor(options, &[]);
    let [finding] = &findings[..] else {
        panic!("{}: {}: {findings:?}", topic.name, setting.name);
    };
    assert!(!is_content, "{finding}");
    assert_eq!(text(finding, "severity"), "unsafe");
    assert_eq!(text(finding, "topic"), topic.name);
    let what = text(finding, "what");
    assert!(
        what.starts_with(&format!("{} is {}", setting.name, wrong(setting))),
        "{what}"
    );
    let mend = text(finding, "mend");
    let pair = format!(
        "--entity-name {} --add-config {}={}",
        topic.name, setting.name, setting.value
    );
    assert!(
        mend.starts_with("kafka-configs.sh") && mend.contains(&pair),
        "{mend}"
    );
    let said = refused(options, &[]);
    for words in [&topic.name, what, text(finding, "why"), mend] {
        assert!(said.contains(words), "not `{words}`: {said}");
    }
    mend.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn too_few_copies_are_found_refused_and_mended() {
    let options = options(1);
    drop(open(&options));
    let three = ["--kafka-replication", "3"];
    let (is_content, findings) = doctor(&options, &three);
    assert!(!is_content);
    let said = refused(&options, &three);
    let mut mends = Vec::new();
    for topic in topics::table(&options, 1) {
        let of_topic = findings
            .iter()
            .filter(|found| text(found, "topic") == topic.name);
        let whats = of_topic
            .clone()
            .map(|found| text(found, "what"))
            .collect::<Vec<_>>();
        assert_eq!(
            whats,
            [
                "replication-factor is 1, must be at least 3",
                "min.insync.replicas is 1, must be at least 2"
            ]
        );
        for finding in of_topic {
            assert!(said.contains(text(finding, "mend")), "{said}");
            mends.push(text(finding, "mend"));
        }
    }
    // There are no brokers for more copies: the other way that it names.
    assert!(
        mends[0].contains("set the replication factor to 1"),
        "{}",
        mends[0]
    );
    let (is_content, findings) = doctor(&options, &["--kafka-replication", "1"]);
    assert!(is_content, "{findings:?}");
    broker().shell(mends[1]);
    let (_, findings) = doctor(&options, &three);
    assert_eq!(findings.len(), 15, "{findings:?}");
}

#[test]
fn properties_that_promises_depend_on_are_refused() {
    let options = options(1);
    for property in [
        "acks=1",
        "isolation.level=read_uncommitted",
        "enable.idempotence=false",
    ] {
        let said = refused(&options, &["--kafka-property", property]);
        let name = property.split('=').next().unwrap_or_default();
        assert!(
            said.contains(&format!("the property {name} cannot be set")),
            "{said}"
        );
    }
}
