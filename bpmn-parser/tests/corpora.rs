//! Files that others made: every one becomes a model, and what is then refused can only shrink.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use bpmn_parser::code::{self, Code};
use bpmn_parser::{Diagnostic, Parsed, Severity, parse};

/// Files that are broken, some on purpose, with the first diagnostic that each must get.
const BROKEN: &[(&str, &str)] = &[
    ("camunda-8-js-sdk/modeller7File.bpmn", "xml-syntax"),
    (
        "zeebe-bpmn-model/DefinitionsTest.shouldNotAffectCommentsResult.bpmn",
        "xml-syntax",
    ),
    ("zeebe-bpmn-model/default-flow.bpmn", "wrong-target"),
    (
        "zeebe-bpmn-model/default-flow-inclusive-gateway.bpmn",
        "wrong-target",
    ),
];

/// Every `.bpmn` file of the corpora with its name; `None` where there are no corpora.
fn files() -> Option<Vec<(String, PathBuf)>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora");
    if !root.is_dir() {
        assert!(
            std::env::var_os("CI").is_none(),
            "the corpora are missing at {}",
            root.display()
        );
        println!("no corpora at {}; nothing was checked", root.display());
        return None;
    }
    let mut files = Vec::new();
    for folder in std::fs::read_dir(&root).expect("corpora can be listed") {
        let folder = folder.expect("corpora can be listed").path();
        if !folder.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(&folder).expect("a corpus can be listed") {
            let path = file.expect("a corpus can be listed").path();
            if path
                .extension()
                .is_some_and(|extension| extension == "bpmn")
            {
                let name = path.strip_prefix(&root).expect("is inside");
                files.push((name.to_string_lossy().replace('\\', "/"), path));
            }
        }
    }
    files.sort();
    Some(files)
}

fn parse_file(name: &str, path: &Path) -> Parsed {
    parse(name, &std::fs::read(path).expect("a file can be read"))
}

fn code_of(diagnostic: &Diagnostic) -> &'static Code {
    let code = code::CODES.iter().find(|it| it.name == diagnostic.code);
    code.expect("every code is listed")
}

fn broken(name: &str) -> Option<&'static str> {
    let entry = BROKEN.iter().find(|(broken, _)| *broken == name);
    entry.map(|(_, code)| *code)
}

#[test]
fn every_file_becomes_a_model_or_gets_the_diagnostic_it_must_get() {
    let Some(files) = files() else {
        return;
    };
    let mut seen = 0;
    for (name, path) in &files {
        let parsed = parse_file(name, path);
        // What only execution minds does not make a file broken.
        let first = parsed.diagnostics.iter().find(|diagnostic| {
            let code = code_of(diagnostic);
            diagnostic.severity == Severity::Error && code.phase != code::Phase::Execution
        });
        match broken(name) {
            Some(code) => {
                seen += 1;
                assert_eq!(first.map(|it| it.code), Some(code), "{name}");
            }
            None => {
                assert_eq!(first, None, "{name}");
                let model = parsed.model.expect("a model");
                assert!(model.target_namespace.is_some(), "{name}");
            }
        }
    }
    assert_eq!(seen, BROKEN.len(), "a broken file is not there any more");
    assert!(files.len() >= 172, "only {} files", files.len());
}

#[test]
fn what_keeps_files_from_being_executed_can_only_shrink() {
    let Some(files) = files() else {
        return;
    };
    let mut counts: BTreeMap<(Severity, String), (usize, String)> = BTreeMap::new();
    let mut deployable = 0;
    let mut executable = 0;
    for (name, path) in &files {
        let parsed = parse_file(name, path);
        let processes = parsed.model.iter().flat_map(|model| &model.processes);
        if processes.clone().any(|process| process.is_executable) {
            executable += 1;
            deployable += usize::from(parsed.is_deployable());
        }
        for diagnostic in parsed.diagnostics {
            let code = code_of(&diagnostic);
            if !diagnostic.blocks_deployment() || code.phase != code::Phase::Execution {
                continue;
            }
            let element = diagnostic.element.unwrap_or_default();
            // Refusals name no ids, errors may.
            let what = match diagnostic.severity {
                Severity::Refusal => format!("{element}: {}", diagnostic.message),
                Severity::Error | Severity::Warning => format!("{element}: {}", diagnostic.code),
            };
            let entry = counts.entry((diagnostic.severity, what)).or_default();
            entry.0 += 1;
            entry.1.clone_from(name);
        }
    }
    let mut report = format!(
        "files: {}\nwith an executable process: {executable}\ndeployable of these: {deployable}\n",
        files.len()
    );
    for ((severity, what), (count, example)) in counts {
        let word = severity.word();
        writeln!(report, "{count:4} {word:8} {what} (as in {example})").expect("a string");
    }
    insta::assert_snapshot!(report);
}

/// Elements below `extensionElements`, counted without the parser under test.
fn extension_elements(source: &str) -> usize {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(source);
    let mut inside = 0_usize;
    let mut count = 0;
    loop {
        match reader.read_event().expect("well-formed") {
            Event::Start(tag) => {
                count += usize::from(inside > 0);
                let opens = inside > 0 || tag.local_name().as_ref() == "extensionElements";
                inside += usize::from(opens);
            }
            Event::Empty(_) => count += usize::from(inside > 0),
            Event::End(_) => inside = inside.saturating_sub(1),
            Event::Eof => return count,
            _ => {}
        }
    }
}

#[test]
fn no_extension_element_is_lost() {
    let Some(files) = files() else {
        return;
    };
    let mut total = 0;
    for (name, path) in files.iter().filter(|(name, _)| broken(name).is_none()) {
        let bytes = std::fs::read(path).expect("a file can be read");
        let source = bpmn_parser::decode(&bytes).expect("text");
        let model = parse(name, &bytes).model.expect("a model");
        let kept = format!("{model:?}").matches("XmlElement {").count();
        let written = extension_elements(&source);
        total += written;
        assert!(kept >= written, "{name}: {kept} of {written} are kept");
    }
    assert!(total > 1_000, "only {total} extension elements were seen");
}

#[test]
fn what_is_drawn_is_found() {
    let Some(files) = files() else {
        return;
    };
    let mut drawn = 0;
    for (name, path) in files.iter().filter(|(name, _)| broken(name).is_none()) {
        let parsed = parse_file(name, path);
        let model = parsed.model.expect("a model");
        let dangling = |id: &str| {
            let mut diagnostics = parsed.diagnostics.iter();
            diagnostics.any(|it| it.code == "dangling-diagram" && it.message.contains(id))
        };
        for diagram in &model.diagrams {
            let shapes = diagram.plane.shapes.iter().map(|shape| &shape.bpmn_element);
            let edges = diagram.plane.edges.iter().map(|edge| &edge.bpmn_element);
            for element in shapes.chain(edges).flatten() {
                let found = model.drawable(element).is_some();
                assert!(found || dangling(element), "{name}: {element} is not found");
                drawn += 1;
            }
        }
    }
    assert!(drawn > 2_000, "only {drawn} shapes and edges were seen");
}
