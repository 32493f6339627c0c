//! Camunda's side: feel-scala, and the decision engine that Zeebe uses, in a Java process.

use std::error::Error;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;
use weir_bench_feel::{Case, Work};

use crate::Measured;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peer");

/// As many as there are cases. An index is nothing the peer has: a case with one is the case before.
pub fn measured(cases: &[Case]) -> Result<Vec<Option<Measured>>, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let class_path = class_path(&folder.path().join("class-path"))?;
    let work = folder.path().join("work.json");
    let asked = cases.iter().filter(|case| !case.is_indexed);
    let asked = asked.map(asked_of).collect::<Result<Vec<_>, _>>()?;
    std::fs::write(&work, serde_json::to_vec(&asked)?)?;
    let mut java = Command::new("java");
    java.args(["-cp", &class_path])
        .arg(Path::new(FOLDER).join("Peer.java"));
    let output = java.arg(&work).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("the peer ended with {}", output.status).into());
    }
    let text = String::from_utf8(output.stdout)?;
    let mut lines = text.lines();
    let mut answers = Vec::new();
    for case in cases {
        answers.push(match case.is_indexed {
            true => None,
            false => Some(answer(lines.next().ok_or("the peer said too little")?)?),
        });
    }
    Ok(answers)
}

fn answer(line: &str) -> Result<Measured, Box<dyn Error>> {
    let (nanoseconds, result) = line.split_once('\t').ok_or("nanoseconds and a result")?;
    Ok(Measured {
        nanoseconds: nanoseconds.parse()?,
        result: serde_json::from_str(result)?,
    })
}

fn asked_of(case: &Case) -> serde_json::Result<serde_json::Value> {
    let variables = case
        .variables
        .iter()
        .map(|object| serde_json::from_str(object));
    let variables = variables.collect::<Result<Vec<serde_json::Value>, _>>()?;
    Ok(match &case.work {
        Work::Expression(text) => json!({"expression": text, "variables": variables}),
        Work::Table(rules) => json!({"dmn": rules.dmn(), "variables": variables}),
    })
}

/// Where the peer's archives are; fetched if they are not there.
fn class_path(file: &Path) -> Result<String, Box<dyn Error>> {
    let mut maven = Command::new("mvn");
    maven.args(["-q", "-B", "dependency:build-classpath"]);
    maven.arg(format!("-Dmdep.outputFile={}", file.display()));
    let output = maven.current_dir(FOLDER).output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stdout);
        return Err(format!("Maven ended with {}: {said}", output.status).into());
    }
    Ok(std::fs::read_to_string(file)?)
}
