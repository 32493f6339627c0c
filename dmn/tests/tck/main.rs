//! The test cases of the DMN Technology Compatibility Kit.
//!
//! Owns which of them are expected to fail; `reader.rs` owns the format, `run.rs` how a case is run.

#[path = "../corpora_files/mod.rs"]
mod corpora_files;
mod reader;
mod run;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use corpora_files::files;
use reader::{ResultNode, TestCase, TestCases, Value, read};
use run::{Models, run};

/// Every file of test cases with its name.
fn suites() -> Option<Vec<(String, PathBuf)>> {
    let all = files("xml")?.into_iter();
    Some(
        all.filter(|(name, _)| name.starts_with("dmn-tck/"))
            .collect(),
    )
}

fn read_file(name: &str, path: &Path) -> TestCases {
    let bytes = std::fs::read(path).expect("a file can be read");
    read(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[derive(Default)]
struct Counts(BTreeMap<String, usize>);

impl Counts {
    fn add(&mut self, what: impl Into<String>) {
        *self.0.entry(what.into()).or_default() += 1;
    }

    fn case(&mut self, case: &TestCase) {
        self.add(format!("case of a {:?}", case.kind));
        if case.invocable.is_some() {
            self.add("case with an invocable");
        }
        for input in &case.inputs {
            self.add("input");
            self.value(input.value.as_ref());
        }
        for result in &case.results {
            self.result(result);
        }
    }

    fn result(&mut self, result: &ResultNode) {
        self.add("result");
        if result.is_error {
            self.add("result that is an error");
        }
        if result.cast.is_some() {
            self.add("result with a cast");
        }
        if result.computed.is_some() {
            self.add("result with a computed value");
        }
        self.value(result.expected.as_ref());
    }

    fn value(&mut self, value: Option<&Value>) {
        let kind = match value {
            None => "no value",
            Some(Value::Null) => "null",
            Some(Value::Untyped(_)) => "value of a type that is not said",
            Some(Value::String(_)) => "string",
            Some(Value::Number(_)) => "number",
            Some(Value::Boolean(_)) => "boolean",
            Some(Value::Date(_)) => "date",
            Some(Value::Time(_)) => "time",
            Some(Value::DateTime(_)) => "date and time",
            Some(Value::Duration(_)) => "duration",
            Some(Value::List(items)) => {
                items.iter().for_each(|item| self.value(Some(item)));
                "list"
            }
            Some(Value::Context(entries)) => {
                entries
                    .iter()
                    .for_each(|(_, value)| self.value(Some(value)));
                "context"
            }
        };
        self.add(kind);
    }
}

#[test]
fn every_test_case_is_read() {
    let Some(suites) = suites() else {
        return;
    };
    let mut counts = Counts::default();
    for (name, path) in &suites {
        let suite = read_file(name, path);
        assert!(!suite.cases.is_empty(), "{name}");
        for case in &suite.cases {
            assert!(!case.results.is_empty(), "{name}: {}", case.id);
            counts.case(case);
        }
    }
    let mut report = format!("files: {}\n", suites.len());
    for (what, count) in counts.0 {
        writeln!(report, "{count:5} {what}").expect("a string");
    }
    insta::assert_snapshot!(report);
}

/// What a case is about is in the model that its file names.
#[test]
fn every_result_is_that_of_an_element_of_the_model() {
    let Some(suites) = suites() else {
        return;
    };
    let mut missing = Vec::new();
    for (name, path) in &suites {
        let suite = read_file(name, path);
        let model = path.with_file_name(&suite.model);
        let bytes = std::fs::read(&model).unwrap_or_else(|_| panic!("{name}: no {}", suite.model));
        let model = dmn::parse(&suite.model, &bytes).model.expect("a model");
        for case in &suite.cases {
            let is_there = |wanted: &str| {
                let decisions = model.decisions.iter().map(|it| &it.name);
                let functions = model.knowledge_models.iter().map(|it| &it.name);
                let services = model.services.iter().map(|it| &it.name);
                let mut all = decisions.chain(functions).chain(services);
                all.any(|it| it == wanted)
            };
            let results = case.results.iter().map(|it| &*it.name);
            let wanted = case.invocable.as_deref().into_iter().chain(results);
            missing.extend(
                wanted
                    .filter(|wanted| !is_there(wanted))
                    .map(|wanted| format!("{name}: {}: {wanted}", case.id)),
            );
        }
    }
    assert_eq!(missing, [""; 0]);
}

/// `suite case result: reason`, in which the suite is the name of the test file without `-test-01.xml`.
const EXPECTED_FAILURES: &str = include_str!("expected-failures.txt");

fn models(path: &Path, suite: &TestCases) -> Models {
    let folder = path.parent().expect("is in a folder");
    let entries = std::fs::read_dir(folder).expect("can be listed");
    let paths = entries.map(|entry| entry.expect("can be listed").path());
    let mut files: Vec<(String, Vec<u8>)> = paths
        .filter(|path| path.extension().is_some_and(|it| it == "dmn"))
        .map(|path| {
            let name = path.file_name().expect("a file").to_string_lossy();
            (
                name.into_owned(),
                std::fs::read(&path).expect("can be read"),
            )
        })
        .collect();
    files.sort_by_key(|(name, _)| (*name != suite.model, name.clone()));
    Models::read(&files)
}

/// What does not come out as it should, and how many results there are.
fn failures(suites: &[(String, PathBuf)]) -> (BTreeMap<String, String>, usize) {
    let mut failed = BTreeMap::new();
    let mut results = 0;
    for (name, path) in suites {
        let suite = read_file(name, path);
        let decisions = models(path, &suite).compile();
        let file = name.rsplit('/').next().unwrap_or_default();
        let file = file.trim_end_matches(".xml").replacen("-test", "", 1);
        for case in &suite.cases {
            for (result, wrong) in run(&decisions, case) {
                results += 1;
                if let Some(wrong) = wrong {
                    failed.insert(format!("{file} {} {result}", case.id), wrong);
                }
            }
        }
    }
    (failed, results)
}

#[test]
fn every_case_comes_out_as_it_should_but_for_those_that_are_explained() {
    let Some(suites) = suites() else {
        return;
    };
    let (failed, results) = failures(&suites);
    let expected: BTreeMap<&str, &str> = EXPECTED_FAILURES
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split_once(": ").expect("a result and why it fails"))
        .collect();
    let mut report = String::new();
    for (result, wrong) in &failed {
        if !expected.contains_key(&**result) {
            writeln!(report, "fails: {result}: {wrong}").expect("a string");
        }
    }
    for result in expected.keys() {
        if !failed.contains_key(*result) {
            writeln!(report, "passes, and should not be listed: {result}").expect("a string");
        }
    }
    println!("{} of {results} results are right", results - failed.len());
    assert!(report.is_empty(), "\n{report}");
}
