//! Which topics an installation has and how each must be set: one table for creating, checking, printing and
//! `docs/topics.md`.
//!
//! Pure; what is wrong with a topic as a cluster has it says [`super::findings`].

pub use super::findings::{Finding, Found};

use super::KafkaOptions;
use super::options::RECORD_OVERHEAD_BYTES;
use std::time::Duration;

/// Names without the namespace.
pub const COMMANDS: &str = "commands";
/// The entries of the state and the position of the last checkpoint.
pub const STATE: &str = "state";
/// What happened, per instance.
pub const HISTORY: &str = "history";
/// View: instances.
pub const INSTANCES: &str = "instances";
/// View: user tasks.
pub const USER_TASKS: &str = "user-tasks";
/// View: incidents.
pub const INCIDENTS: &str = "incidents";
/// Records that could not be applied.
pub const DEAD_LETTERS: &str = "dead-letters";
/// Heartbeats of nodes.
pub const CLUSTER: &str = "cluster";

/// One topic as it must be.
#[derive(Clone, Debug, PartialEq)]
pub struct Topic {
    /// The full name, `<namespace>.<short>`.
    pub name: String,
    /// The name without the namespace.
    pub short: &'static str,
    /// The number of partitions; fixed for ever.
    pub partitions: u32,
    /// Copies of each partition.
    pub replicas: u32,
    /// What is in it.
    pub purpose: &'static str,
    /// What is set when it is made, and what of it is checked.
    pub settings: Vec<Setting>,
}

/// One configuration of a topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Kafka's name for it.
    pub name: &'static str,
    /// The value that a new topic gets.
    pub value: String,
    /// Which values are accepted.
    pub rule: Rule,
    /// What another value leads to.
    pub severity: Severity,
    /// Why it must be so.
    pub why: &'static str,
}

/// Which values of a setting are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Exactly the value.
    Equal,
    /// The value, as a number, or more. -1 is unlimited, where Kafka says so.
    AtLeast,
    /// The value, as a number, or less.
    AtMost,
}

/// What a finding leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Data would be lost or misread: the journal does not open.
    Unsafe,
    /// It works, but slower or larger than it should.
    Advice,
}

/// All topics of an installation on a cluster with so many brokers.
#[must_use]
pub fn table(options: &KafkaOptions, brokers: u32) -> Vec<Topic> {
    let replicas = options.replication_factor.unwrap_or(3.min(brokers.max(1)));
    let purposes = [
        (COMMANDS, "the command log", commands()),
        (
            STATE,
            "entries of the state and the position of the last checkpoint",
            state(options),
        ),
        (HISTORY, "what happened, per instance", history(options)),
        (INSTANCES, "view: instances", view()),
        (USER_TASKS, "view: user tasks", view()),
        (INCIDENTS, "view: incidents", view()),
        (
            DEAD_LETTERS,
            "records that could not be applied",
            dead_letters(),
        ),
        (CLUSTER, "heartbeats of nodes", cluster()),
    ];
    let topic = |(short, purpose, own): (&'static str, _, Vec<Setting>)| {
        let mut settings = own;
        settings.extend(common(options, replicas));
        Topic {
            name: options.topic(short),
            short,
            partitions: match short {
                DEAD_LETTERS | CLUSTER => 1,
                _ => options.partitions,
            },
            replicas,
            purpose,
            settings,
        }
    };
    purposes.into_iter().map(topic).collect()
}

fn setting(
    name: &'static str,
    value: impl ToString,
    rule: Rule,
    severity: Severity,
    why: &'static str,
) -> Setting {
    let value = value.to_string();
    Setting {
        name,
        value,
        rule,
        severity,
        why,
    }
}

fn needed(name: &'static str, value: impl ToString, rule: Rule, why: &'static str) -> Setting {
    setting(name, value, rule, Severity::Unsafe, why)
}

fn advised(name: &'static str, value: impl ToString, rule: Rule, why: &'static str) -> Setting {
    setting(name, value, rule, Severity::Advice, why)
}

fn common(options: &KafkaOptions, replicas: u32) -> Vec<Setting> {
    let insync = replicas.min(2);
    let record_bytes = options.record_bytes_max + RECORD_OVERHEAD_BYTES;
    vec![
        needed(
            "min.insync.replicas",
            insync,
            Rule::AtLeast,
            "what was confirmed by one broker alone is lost with it",
        ),
        needed(
            "unclean.leader.election.enable",
            "false",
            Rule::Equal,
            "a replica that missed records could become leader and cut them off",
        ),
        needed(
            "max.message.bytes",
            record_bytes,
            Rule::AtLeast,
            "a record that its topic refuses fails the whole checkpoint",
        ),
    ]
}

fn commands() -> Vec<Setting> {
    vec![
        needed(
            "cleanup.policy",
            "delete",
            Rule::Equal,
            "compaction would remove commands",
        ),
        needed(
            "retention.ms",
            -1,
            Rule::Equal,
            "commands that no checkpoint includes would be deleted; the leader deletes the others itself",
        ),
        needed(
            "retention.bytes",
            -1,
            Rule::Equal,
            "commands that no checkpoint includes would be deleted; the leader deletes the others itself",
        ),
        needed(
            "message.timestamp.type",
            "LogAppendTime",
            Rule::Equal,
            "the record's time is the engine's clock; a producer's own clock may be wrong",
        ),
        advised(
            "segment.bytes",
            128 << 20,
            Rule::AtMost,
            "deleted commands free whole segments only",
        ),
    ]
}

fn state(options: &KafkaOptions) -> Vec<Setting> {
    let limit = options.restore_limit.as_millis();
    let kept = Duration::from_secs(3600)
        .max(options.restore_limit)
        .as_millis();
    vec![
        needed(
            "cleanup.policy",
            "compact",
            Rule::Equal,
            "deletion by age would remove entries that still count",
        ),
        needed(
            "min.compaction.lag.ms",
            limit,
            Rule::AtLeast,
            "a restore would miss entries that are replaced while it reads (restore_limit)",
        ),
        setting(
            "delete.retention.ms",
            kept,
            Rule::AtLeast,
            Severity::Unsafe,
            "a restore that misses a tombstone brings removed entries back",
        ),
        needed(
            "message.timestamp.type",
            "LogAppendTime",
            Rule::Equal,
            "compaction and observers reckon by the brokers' clock",
        ),
        advised(
            "segment.bytes",
            64 << 20,
            Rule::AtMost,
            "what is in the active segment is never compacted",
        ),
        advised(
            "segment.ms",
            600_000,
            Rule::AtMost,
            "what is in the active segment is never compacted",
        ),
        advised(
            "max.compaction.lag.ms",
            kept,
            Rule::AtMost,
            "a restore reads what was not compacted yet",
        ),
        advised(
            "min.cleanable.dirty.ratio",
            "0.2",
            Rule::AtMost,
            "a restore reads what was not compacted yet",
        ),
    ]
}

fn history(options: &KafkaOptions) -> Vec<Setting> {
    let retention = options.history_retention.as_millis();
    vec![
        needed(
            "cleanup.policy",
            "delete",
            Rule::Equal,
            "compaction would keep one record of each instance",
        ),
        needed(
            "retention.ms",
            retention,
            Rule::AtLeast,
            "the history would expire before its time",
        ),
        needed(
            "retention.bytes",
            -1,
            Rule::AtLeast,
            "the history would expire before its time",
        ),
    ]
}

fn view() -> Vec<Setting> {
    vec![needed(
        "cleanup.policy",
        "compact",
        Rule::Equal,
        "a view holds the last version of each key",
    )]
}

fn dead_letters() -> Vec<Setting> {
    const MONTH_MS: u64 = 30 * 24 * 3600 * 1000;
    vec![
        needed(
            "cleanup.policy",
            "delete",
            Rule::Equal,
            "each record stands for itself",
        ),
        advised(
            "retention.ms",
            MONTH_MS,
            Rule::AtLeast,
            "somebody should find the time to look at them",
        ),
    ]
}

fn cluster() -> Vec<Setting> {
    vec![
        needed(
            "cleanup.policy",
            "delete",
            Rule::Equal,
            "each record stands for itself",
        ),
        needed(
            "message.timestamp.type",
            "LogAppendTime",
            Rule::Equal,
            "nodes compare their heartbeats by one clock",
        ),
        advised(
            "retention.ms",
            3_600_000,
            Rule::AtMost,
            "old heartbeats mean nothing",
        ),
        advised(
            "segment.bytes",
            16 << 20,
            Rule::AtMost,
            "old heartbeats mean nothing",
        ),
    ]
}
