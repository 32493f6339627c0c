//! The structure that `ARCHITECTURE.md` promises: floors, file lengths, names.

use std::path::{Path, PathBuf};

/// Floor of each crate; a crate may depend on lower floors only.
const FLOORS: [(&str, &str, u32); 13] = [
    ("model-xml", "model-xml", 0),
    ("feel", "feel", 0),
    ("proto", "proto", 0),
    ("bpmn-parser", "bpmn-parser", 1),
    ("dmn", "dmn", 1),
    ("engine", "engine", 2),
    ("journal", "journal", 3),
    ("node", "node", 4),
    ("gateway", "gateway", 5),
    ("user-tasks", "user-tasks", 5),
    ("weir", "weir", 6),
    ("bench", "bench", 7),
    ("bench-feel", "bench/feel", 7),
];

/// What the machine must not have: anything that waits, reads a clock or knows a broker.
const FORBIDDEN_IN_THE_ENGINE: [&str; 8] = [
    "tokio", "rdkafka", "tonic", "tracing", "jiff", "fastrand", "uuid", "redb",
];

const LINES_MAX: usize = 500;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The names under `[dependencies]`, without those for tests and builds.
fn dependencies(folder: &str) -> Vec<String> {
    let manifest = root().join(folder).join("Cargo.toml");
    let text = std::fs::read_to_string(&manifest).expect("a manifest");
    let mut names = Vec::new();
    let mut inside = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line == "[dependencies]";
        } else if inside && !line.is_empty() && !line.starts_with('#') {
            let name = line.split(['.', '=', ' ']).next().unwrap_or_default();
            names.push(name.to_owned());
        }
    }
    names
}

#[test]
fn crates_depend_downward_only() {
    for (name, folder, floor) in FLOORS {
        for dependency in dependencies(folder) {
            let below = FLOORS.iter().find(|(other, ..)| *other == dependency);
            if let Some((other, _, lower)) = below {
                assert!(
                    lower < &floor,
                    "{name} (floor {floor}) depends on {other} (floor {lower})"
                );
            }
        }
    }
}

#[test]
fn the_machine_knows_nothing_of_the_outside() {
    for dependency in dependencies("engine") {
        assert!(
            !FORBIDDEN_IN_THE_ENGINE.contains(&dependency.as_str()),
            "the engine depends on {dependency}"
        );
    }
}

#[test]
fn every_member_has_a_floor() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("the manifest");
    let members = manifest
        .split("\nmembers = [")
        .nth(1)
        .and_then(|text| text.split(']').next());
    let members = members.expect("members").split(',');
    for member in members.map(|member| member.trim().trim_matches('"')) {
        let known = FLOORS.iter().any(|(_, folder, _)| *folder == member);
        assert!(
            known || member.is_empty() || member == "tests",
            "{member} has no floor"
        );
    }
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                sources(&path, found);
            }
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
}

#[test]
fn files_fit_on_some_screens_and_say_what_they_own() {
    let mut files = Vec::new();
    sources(&root(), &mut files);
    assert!(files.len() > 50, "the sources were not found");
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a source file");
        let lines = text.lines().count();
        assert!(lines <= LINES_MAX, "{} has {lines} lines", file.display());
        let first = text.lines().next().unwrap_or_default();
        let is_documented = first.starts_with("//!") || first.starts_with("#!");
        assert!(is_documented, "{} does not open with `//!`", file.display());
    }
}
