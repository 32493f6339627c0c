//! `weir acls`: the commands that give Weir's user what it needs, and nothing more.
//!
//! What is needed and why is in `docs/topics.md`, "Permissions".

use std::fmt::Write;

use clap::Args;
use journal::kafka::topics::COMMANDS;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::{Output, Paint};
use crate::topics::{ClusterArgs, is_name, quoted};

/// Print the commands that give Weir's user its permissions
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  weir acls --principal User:weir
  weir acls --principal User:weir --topic payments --topic letters     processes publish to these
  weir acls --principal User:weir --topics-exist --kafka broker:9092

Nothing is connected to. With --topics-exist Weir may not make topics: make them with `weir topics`.")]
pub struct AclsArgs {
    /// The user that Weir's servers are to the brokers
    #[arg(long, value_name = "TYPE:NAME", value_parser = principal)]
    principal: String,

    /// A topic that processes publish to; may be repeated
    #[arg(long, value_name = "NAME")]
    topic: Vec<String>,

    /// Leave out the permission to make topics
    #[arg(long)]
    topics_exist: bool,

    #[command(flatten)]
    cluster: ClusterArgs,
}

fn principal(text: &str) -> Result<String, String> {
    match text.split_once(':') {
        Some((kind, name)) if !kind.is_empty() && !name.is_empty() => Ok(text.to_owned()),
        Some(_) | None => Err("a principal is TYPE:NAME, such as User:weir".to_owned()),
    }
}

pub fn run(args: &AclsArgs, output: Output) -> Result<(), Failure> {
    let options = args.cluster.options()?;
    let mut grants = needed(&options.namespace, !args.topics_exist);
    for topic in &args.topic {
        is_name(topic)?;
        grants.push(Grant::publish(topic));
    }
    let command = |grant: &Grant| grant.command(&options.bootstrap, &args.principal);
    output.show(
        || {
            let grants: Vec<Value> = grants.iter().map(|g| g.json(&command(g))).collect();
            json!({ "principal": args.principal, "grants": grants })
        },
        |paint| script(&grants, command, paint),
    )
}

/// A script: what is for people is a comment.
fn script(grants: &[Grant], command: impl Fn(&Grant) -> String, paint: Paint) -> String {
    let mut text = paint.faint("# On a secured cluster add --command-config FILE to each command.");
    text.push('\n');
    for grant in grants {
        let comment = paint.faint(&format!("# {}", grant.why));
        let _ = writeln!(text, "{comment}\n{}", command(grant));
    }
    text
}

/// Operations on some things of a cluster.
pub struct Grant {
    on: On,
    operations: Vec<&'static str>,
    why: &'static str,
}

enum On {
    Topic(String),
    /// All topics whose names begin so.
    Topics(String),
    /// All transactional ids that begin so.
    TransactionalIds(String),
    Cluster,
}

/// What an installation needs for itself.
fn needed(namespace: &str, creates: bool) -> Vec<Grant> {
    let mut on_topics = vec!["Read", "Write", "Describe", "DescribeConfigs"];
    if creates {
        on_topics.push("Create");
    }
    vec![
        Grant {
            on: On::Topics(format!("{namespace}.")),
            operations: on_topics,
            why: "its own topics",
        },
        Grant {
            on: On::Topic(format!("{namespace}.{COMMANDS}")),
            operations: vec!["Delete"],
            why: "deletes records that a checkpoint includes; it never deletes topics",
        },
        Grant {
            on: On::TransactionalIds(format!("{namespace}-")),
            operations: vec!["Write", "Describe"],
            why: "each checkpoint is a transaction, and fences former leaders",
        },
        Grant {
            on: On::Cluster,
            operations: vec!["IdempotentWrite"],
            why: "only brokers before Kafka 2.8 ask for this",
        },
    ]
}

impl Grant {
    fn publish(topic: &str) -> Self {
        Self {
            on: On::Topic(topic.to_owned()),
            operations: vec!["Write", "Describe"],
            why: "processes publish to it",
        }
    }

    /// What one topic lacks.
    pub fn on_topic(topic: &str, operations: Vec<&'static str>) -> Self {
        Self {
            on: On::Topic(topic.to_owned()),
            operations,
            why: "",
        }
    }

    pub fn command(&self, bootstrap: &str, principal: &str) -> String {
        let operations = self.operations.iter();
        let operations: String = operations.map(|o| format!(" --operation {o}")).collect();
        let on = match &self.on {
            On::Topic(name) => format!("--topic {name}"),
            On::Topics(prefix) => format!("--topic {prefix} --resource-pattern-type prefixed"),
            On::TransactionalIds(prefix) => {
                format!("--transactional-id {prefix} --resource-pattern-type prefixed")
            }
            On::Cluster => "--cluster".to_owned(),
        };
        let principal = quoted(principal);
        format!(
            "kafka-acls.sh --bootstrap-server {bootstrap} --add --allow-principal {principal}{operations} {on}"
        )
    }

    fn json(&self, command: &str) -> Value {
        let (resource, name, pattern) = match &self.on {
            On::Topic(name) => ("topic", name.as_str(), "literal"),
            On::Topics(prefix) => ("topic", prefix.as_str(), "prefixed"),
            On::TransactionalIds(prefix) => ("transactional-id", prefix.as_str(), "prefixed"),
            On::Cluster => ("cluster", "kafka-cluster", "literal"),
        };
        json!({
            "resource": resource,
            "name": name,
            "pattern": pattern,
            "operations": self.operations,
            "why": self.why,
            "command": command,
        })
    }
}
