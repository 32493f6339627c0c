//! `weir topics`: the commands that make all topics, for clusters where Weir may not make them itself.
//!
//! Works without a cluster; what the topics are is the journal's table.

use std::fmt::Write;
use std::time::Duration;

use clap::Args;
use journal::kafka::KafkaOptions;
use journal::kafka::topics::{Rule, Setting, Severity, Topic, table};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::moment;
use crate::output::{Output, Paint};
use crate::serve::{PARTITIONS_IN_KAFKA, partitions};

/// Print the commands that make all topics, with their settings
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  weir topics --partitions 12
  weir topics --kafka broker:9092 --kafka-namespace claims > topics.sh
  weir topics --format json                              the table, for other tools

Nothing is connected to. Weir makes missing topics by itself where it may; this is for clusters where
somebody else does. Afterwards `weir doctor` tells whether everything is as it must be.")]
pub struct TopicsArgs {
    #[command(flatten)]
    cluster: ClusterArgs,

    /// The number of partitions; it cannot be changed later
    #[arg(long, value_name = "N", default_value_t = PARTITIONS_IN_KAFKA, env = "WEIR_PARTITIONS", value_parser = partitions())]
    partitions: u32,

    /// Copies of each topic
    #[arg(long, value_name = "N", default_value_t = 3, env = "WEIR_KAFKA_REPLICATION", value_parser = clap::value_parser!(u32).range(1..))]
    kafka_replication: u32,

    /// How long ended instances stay listed, with their stories
    #[arg(long, value_name = "DURATION", default_value = "7d", env = "WEIR_KEEP_ENDED", value_parser = moment::parse_duration)]
    keep_ended: Duration,
}

/// Which installation on which cluster a printed command is for.
#[derive(Debug, Args)]
pub struct ClusterArgs {
    /// Some brokers, as the printed commands name them
    #[arg(
        long,
        value_name = "HOST:PORT,…",
        default_value = "localhost:9092",
        env = "WEIR_KAFKA"
    )]
    pub kafka: String,

    /// What the names of all topics begin with
    #[arg(
        long,
        value_name = "NAME",
        default_value = "weir",
        env = "WEIR_KAFKA_NAMESPACE"
    )]
    pub kafka_namespace: String,
}

impl ClusterArgs {
    /// # Errors
    /// A name that could not be part of a topic's, or could do something in a shell.
    pub fn options(&self) -> Result<KafkaOptions, Failure> {
        let options = KafkaOptions {
            bootstrap: self.kafka.clone(),
            namespace: self.kafka_namespace.clone(),
            ..KafkaOptions::default()
        };
        is_name(&options.namespace)?;
        if options
            .bootstrap
            .chars()
            .any(|c| !is_plain(c) && !"[]".contains(c))
        {
            let text = format!("{:?} does not name brokers", options.bootstrap);
            return Err(Failure::usage(text).hint("write HOST:PORT, or several with commas"));
        }
        Ok(options)
    }
}

/// Whether Kafka takes it as (a part of) the name of a topic.
///
/// # Errors
/// With what it may consist of.
pub fn is_name(text: &str) -> Result<(), Failure> {
    let is_good = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if (1..=249).contains(&text.len()) && text.chars().all(is_good) {
        return Ok(());
    }
    let message = format!("{text:?} cannot be part of a topic's name");
    Err(Failure::usage(message).hint("names have letters, digits, `.`, `_` and `-`"))
}

/// What every shell takes for itself.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._-:,/=@+%".contains(c)
}

/// An argument as a shell must be given it.
pub fn quoted(text: &str) -> String {
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

pub fn run(args: &TopicsArgs, output: Output) -> Result<(), Failure> {
    let options = KafkaOptions {
        partitions: args.partitions,
        replication_factor: Some(args.kafka_replication),
        history_retention: args.keep_ended,
        ..args.cluster.options()?
    };
    let topics = table(&options, args.kafka_replication);
    output.show(
        || json!({ "namespace": options.namespace, "topics": all(&topics, &options.bootstrap) }),
        |paint| script(&topics, &options.bootstrap, paint),
    )
}

/// A script: what is for people is a comment.
fn script(topics: &[Topic], bootstrap: &str, paint: Paint) -> String {
    let mut text = paint.faint("# On a secured cluster add --command-config FILE to each command.");
    text.push('\n');
    for topic in topics {
        let comment = paint.faint(&format!("# {}: {}", topic.name, topic.purpose));
        let _ = writeln!(text, "{comment}\n{}", topic.create_command(bootstrap));
    }
    text
}

fn all(topics: &[Topic], bootstrap: &str) -> Vec<Value> {
    let topic = |topic: &Topic| {
        json!({
            "name": topic.name,
            "purpose": topic.purpose,
            "partitions": topic.partitions,
            "replicas": topic.replicas,
            "settings": topic.settings.iter().map(setting).collect::<Vec<_>>(),
            "command": topic.create_command(bootstrap),
        })
    };
    topics.iter().map(topic).collect()
}

fn setting(setting: &Setting) -> Value {
    let accepted = match setting.rule {
        Rule::Equal => "equal",
        Rule::AtLeast => "at-least",
        Rule::AtMost => "at-most",
    };
    json!({
        "name": setting.name,
        "value": setting.value,
        "accepted": accepted,
        "severity": severity(setting.severity),
        "why": setting.why,
    })
}

/// For scripts.
pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Unsafe => "unsafe",
        Severity::Advice => "advice",
    }
}
