//! Every model under `models/` has scenarios, and beside each its snapshot.

use std::path::{Path, PathBuf};

fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).expect("a folder of models");
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, ending, found);
        } else if path.extension().is_some_and(|is| is == ending) {
            found.push(path);
        }
    }
    found.sort();
}

fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models")
}

/// `name.scenario` and `name.variant.scenario` run over `name.bpmn`.
fn model_of(scenario: &Path) -> PathBuf {
    let name = scenario.file_name().expect("a name").to_string_lossy();
    let stem = name.split('.').next().expect("a stem");
    scenario.with_file_name(format!("{stem}.bpmn"))
}

#[test]
fn scenarios_give_their_snapshots() {
    let mut scenarios = Vec::new();
    files(&models(), "scenario", &mut scenarios);
    assert!(!scenarios.is_empty());
    for path in scenarios {
        let text = std::fs::read_to_string(&path).expect("a scenario");
        println!("{}", path.display());
        let trace = harness::scenario::run(&model_of(&path), &text);
        let name = path.file_stem().expect("a stem").to_string_lossy();
        insta::with_settings!({
            snapshot_path => path.parent().expect("a folder"),
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!(&*name, trace);
        });
    }
}

#[test]
fn every_model_has_a_scenario() {
    let (mut bpmn, mut scenarios) = (Vec::new(), Vec::new());
    files(&models(), "bpmn", &mut bpmn);
    files(&models(), "scenario", &mut scenarios);
    let played = scenarios
        .iter()
        .map(|path| model_of(path))
        .collect::<Vec<_>>();
    for model in bpmn {
        let is_second_version = model.to_string_lossy().ends_with("-2.bpmn");
        assert!(
            is_second_version || played.contains(&model),
            "{} has no scenario",
            model.display()
        );
    }
}
