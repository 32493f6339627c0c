//! Settings that would lose or misread data: each of them is refused, with the command that mends it.

use super::foreign::{make, topic};
use super::*;
use journal::Error;
use journal::kafka::topics::{self, Finding, Severity};
use journal::kafka::{KafkaOptions, examine};
use rdkafka::ClientConfig;

/// Opens with one topic set otherwise; gives what was found.
fn refused(short: &str, setting: &str, value: &str) -> Vec<Finding> {
    // With two copies wanted, one in sync is unsafe; no test has the brokers for more.
    let options = options();
    make(&options, &topic(&options, short), &[(setting, value)]);
    match KafkaJournal::open(options).map(|_| ()) {
        Err(Error::Unsafe(findings)) => findings,
        Ok(()) => panic!("{short}: {setting}={value} was accepted"),
        Err(error) => panic!("{short}: {setting}={value}: {error}"),
    }
}

#[test]
fn each_unsafe_setting_is_refused() {
    for (short, setting, value) in [
        (topics::COMMANDS, "cleanup.policy", "compact"),
        (topics::COMMANDS, "cleanup.policy", "compact,delete"),
        (topics::COMMANDS, "retention.ms", "86400000"),
        (topics::COMMANDS, "retention.bytes", "1073741824"),
        (topics::COMMANDS, "message.timestamp.type", "CreateTime"),
        (topics::COMMANDS, "unclean.leader.election.enable", "true"),
        (topics::COMMANDS, "max.message.bytes", "1048588"),
        (topics::STATE, "cleanup.policy", "delete"),
        (topics::STATE, "min.compaction.lag.ms", "0"),
        (topics::STATE, "delete.retention.ms", "1000"),
        (topics::STATE, "message.timestamp.type", "CreateTime"),
        (topics::STATE, "unclean.leader.election.enable", "true"),
        (topics::HISTORY, "cleanup.policy", "compact"),
        (topics::HISTORY, "retention.ms", "1000"),
        (topics::USER_TASKS, "cleanup.policy", "delete"),
        (topics::CLUSTER, "message.timestamp.type", "CreateTime"),
    ] {
        let findings = refused(short, setting, value);
        let [finding] = &findings[..] else {
            panic!("{short}: {setting}={value}: {findings:?}");
        };
        assert_eq!(
            (finding.setting.as_str(), finding.found.as_str()),
            (setting, value)
        );
        assert!(finding.mend.contains("kafka-configs.sh"), "{finding}");
        assert!(!finding.why.is_empty(), "{finding}");
    }
}

#[test]
fn too_few_copies_are_refused() {
    let one = options();
    drop(open(&one));
    let three = KafkaOptions {
        replication_factor: Some(3),
        ..one
    };
    let Err(Error::Unsafe(findings)) = KafkaJournal::open(three).map(|_| ()) else {
        panic!("there is one copy only");
    };
    let count = |setting: &str| {
        findings
            .iter()
            .filter(|finding| finding.setting == setting)
            .count()
    };
    assert_eq!(
        (count("replication-factor"), count("min.insync.replicas")),
        (8, 8)
    );
}

#[test]
fn missing_topics_are_found_when_they_may_not_be_made() {
    let options = KafkaOptions {
        create_topics: false,
        ..options()
    };
    let findings = examine(&options).expect("examine");
    assert_eq!(findings.len(), 8);
    assert!(
        findings
            .iter()
            .all(|finding| finding.mend.contains("--create --topic"))
    );
    assert!(
        findings
            .iter()
            .all(|finding| finding.severity == Severity::Unsafe)
    );
    assert!(matches!(
        KafkaJournal::open(options).map(|_| ()),
        Err(Error::Unsafe(_))
    ));
}

#[test]
fn what_was_made_by_the_table_is_found_to_be_good() {
    let options = options();
    drop(open(&options));
    assert_eq!(examine(&options), Ok(Vec::new()));
}

#[test]
fn properties_that_promises_depend_on_cannot_be_set() {
    for (name, value) in [
        ("acks", "1"),
        ("isolation.level", "read_uncommitted"),
        ("transactional.id", "x"),
    ] {
        let mut options = options();
        options.properties.insert(name.to_owned(), value.to_owned());
        let refused = KafkaJournal::open(options).map(|_| ());
        assert!(
            matches!(&refused, Err(Error::Failed(reason)) if reason.contains(name)),
            "{refused:?}"
        );
    }
    let mut options = options();
    options
        .properties
        .insert("compression.type".to_owned(), "zstd".to_owned());
    let journal = open(&options);
    append(&journal, &["compressed"]);
    assert_eq!(read(&mut *journal.read(0, 0).expect("read"), 1).len(), 1);
}

#[test]
fn a_broker_that_is_not_there_is_said_so() {
    let options = KafkaOptions {
        bootstrap: "127.0.0.1:1".to_owned(),
        request_timeout: Duration::from_millis(300),
        ..KafkaOptions::default()
    };
    let refused = KafkaJournal::open(options).map(|_| ());
    assert!(
        matches!(&refused, Err(Error::Failed(reason)) if reason.contains("127.0.0.1:1")),
        "{refused:?}"
    );
}

/// What a secured cluster asks for is in the library that is linked, whatever machine it was built on.
#[test]
fn tls_scram_and_oauthbearer_are_built_in() {
    let config = ClientConfig::new().create_native_config();
    let features = config.and_then(|config| config.get("builtin.features"));
    let features = features.expect("librdkafka says what it can do");
    let has = |wanted: &str| features.split(',').any(|feature| feature == wanted);
    for wanted in ["ssl", "sasl_scram", "sasl_oauthbearer"] {
        assert!(has(wanted), "{wanted} is not among {features}");
    }
}
