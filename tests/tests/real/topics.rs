//! Topics of the users, seen by a client that knows nothing of Weir: `tests/topics/topics.py`.

use std::process::{Command, Output};

use journal::broker::Broker;
use serde_json::Value;

use super::{file, python};

fn topics(broker: &Broker, arguments: &[&str]) -> Output {
    let (what, rest) = arguments.split_first().expect("what to do");
    let mut command = Command::new(python("topics"));
    command.arg(file("tests/topics/topics.py"));
    let ran = command
        .arg(what)
        .arg(broker.bootstrap())
        .args(rest)
        .output();
    let ran = ran.expect("Python runs");
    let told = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{arguments:?}: {told}");
    ran
}

pub fn make(broker: &Broker, topic: &str) {
    topics(broker, &["make", topic]);
}

/// All that is committed.
pub fn read(broker: &Broker, topic: &str) -> Vec<Value> {
    let read = topics(broker, &["read", topic]);
    let text = String::from_utf8(read.stdout).expect("text");
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

/// Writes a record, and gives where it stands.
pub fn write(broker: &Broker, topic: &str, partition: u32, value: &str) -> u64 {
    let written = topics(broker, &["write", topic, &partition.to_string(), value]);
    let text = String::from_utf8(written.stdout).expect("text");
    text.trim().parse().expect("an offset")
}
