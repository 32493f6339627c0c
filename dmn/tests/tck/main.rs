//! The test cases of the DMN Technology Compatibility Kit: so far that every one of them is read.
//!
//! Owns the counts; `reader.rs` owns the format.

#[path = "../corpora_files/mod.rs"]
mod corpora_files;
mod reader;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use corpora_files::files;
use reader::{ResultNode, TestCase, TestCases, Value, read};

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
