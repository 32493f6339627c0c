//! Compares a topic as a cluster has it with the table, and says how to mend what differs.

use super::topics::{Rule, Setting, Severity, Topic};
use std::collections::BTreeMap;
use std::fmt;

/// The finding of a topic that is not there.
const EXISTENCE: &str = "existence";

/// One topic as a cluster has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The number of partitions; 0 where the topic does not exist.
    pub partitions: u32,
    /// The fewest copies that any of its partitions has.
    pub replicas: u32,
    /// The effective configuration, defaults included.
    pub settings: BTreeMap<String, String>,
}

/// Something that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The topic's full name.
    pub topic: String,
    /// Kafka's name of the setting, `partitions`, `replication-factor` or `existence`.
    pub setting: String,
    /// What the cluster has.
    pub found: String,
    /// What is needed.
    pub wanted: String,
    /// Why it is needed.
    pub why: String,
    /// What it leads to.
    pub severity: Severity,
    /// The command, or what else a person can do, to mend it.
    pub mend: String,
}

impl Finding {
    /// Whether the topic is not there at all.
    pub(super) fn is_missing(&self) -> bool {
        self.setting == EXISTENCE
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "topic {}: {} is {}, must be {}: {}\n    {}",
            self.topic, self.setting, self.found, self.wanted, self.why, self.mend
        )
    }
}

impl Setting {
    /// Whether a value is accepted.
    #[must_use]
    pub fn accepts(&self, found: &str) -> bool {
        let number = |text: &str| match text.parse::<f64>() {
            Ok(-1.0) => Some(f64::INFINITY),
            Ok(number) => Some(number),
            Err(_) => None,
        };
        match (self.rule, number(found), number(&self.value)) {
            (Rule::Equal, _, _) => found == self.value,
            (Rule::AtLeast, Some(found), Some(wanted)) => found >= wanted,
            (Rule::AtMost, Some(found), Some(wanted)) => found <= wanted,
            (Rule::AtLeast | Rule::AtMost, _, _) => false,
        }
    }
}

impl Topic {
    /// What is wrong with the topic as it is; empty when nothing is.
    #[must_use]
    pub fn check(&self, found: &Found, bootstrap: &str) -> Vec<Finding> {
        if found.partitions == 0 {
            return vec![self.missing(bootstrap)];
        }
        let mut findings: Vec<Finding> = [self.partition_count(found), self.replica_count(found)]
            .into_iter()
            .flatten()
            .collect();
        for setting in &self.settings {
            let value = found
                .settings
                .get(setting.name)
                .map_or("unknown", String::as_str);
            if !setting.accepts(value) {
                findings.push(self.wrong_setting(setting, value, bootstrap));
            }
        }
        findings
    }

    /// The command that makes it.
    #[must_use]
    pub fn create_command(&self, bootstrap: &str) -> String {
        let settings = self
            .settings
            .iter()
            .map(|s| format!(" --config {}={}", s.name, s.value));
        format!(
            "kafka-topics.sh --bootstrap-server {bootstrap} --create --topic {} --partitions {} --replication-factor {}{}",
            self.name,
            self.partitions,
            self.replicas,
            settings.collect::<String>()
        )
    }

    fn finding(&self, setting: &str, found: impl ToString, wanted: impl ToString) -> Finding {
        Finding {
            topic: self.name.clone(),
            setting: setting.to_owned(),
            found: found.to_string(),
            wanted: wanted.to_string(),
            why: String::new(),
            severity: Severity::Unsafe,
            mend: String::new(),
        }
    }

    fn missing(&self, bootstrap: &str) -> Finding {
        Finding {
            why: "it does not exist".to_owned(),
            mend: self.create_command(bootstrap),
            ..self.finding(EXISTENCE, "missing", "there")
        }
    }

    fn partition_count(&self, found: &Found) -> Option<Finding> {
        (found.partitions != self.partitions).then(|| Finding {
            why: "keys and instances belong to a partition for ever".to_owned(),
            mend: format!(
                "set the number of partitions to {}, if it was always that; else move to a new namespace",
                found.partitions
            ),
            ..self.finding("partitions", found.partitions, self.partitions)
        })
    }

    fn replica_count(&self, found: &Found) -> Option<Finding> {
        (found.replicas < self.replicas).then(|| Finding {
            why: "with the brokers that hold it all of it would be lost".to_owned(),
            mend: format!(
                "kafka-reassign-partitions.sh, to {} replicas of {}; or set the replication factor to {}",
                self.replicas, self.name, found.replicas
            ),
            ..self.finding("replication-factor", found.replicas, format!("at least {}", self.replicas))
        })
    }

    fn wrong_setting(&self, setting: &Setting, found: &str, bootstrap: &str) -> Finding {
        let wanted = match setting.rule {
            Rule::Equal => setting.value.clone(),
            Rule::AtLeast => format!("at least {}", setting.value),
            Rule::AtMost => format!("at most {}", setting.value),
        };
        Finding {
            why: setting.why.to_owned(),
            severity: setting.severity,
            mend: format!(
                "kafka-configs.sh --bootstrap-server {bootstrap} --alter --entity-type topics --entity-name {} --add-config {}={}",
                self.name, setting.name, setting.value
            ),
            ..self.finding(setting.name, found, wanted)
        }
    }
}
