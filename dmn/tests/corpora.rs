//! Files that others made: every one becomes a model, and what is then said of them can only shrink.

mod corpora_files;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use corpora_files::files;
use dmn::model::{Boxed, Expression};
use dmn::{Definitions, Parsed, Severity, parse};

/// Files that are broken, some on purpose, with the first diagnostic that each must get.
const BROKEN: &[(&str, &str)] = &[];

fn parse_file(name: &str, path: &Path) -> Parsed {
    parse(name, &std::fs::read(path).expect("a file can be read"))
}

#[test]
fn every_file_becomes_a_model_or_gets_the_diagnostic_it_must_get() {
    let Some(files) = files("dmn") else {
        return;
    };
    let mut seen = 0;
    for (name, path) in &files {
        let parsed = parse_file(name, path);
        let first = parsed
            .diagnostics
            .iter()
            .find(|it| it.severity == Severity::Error);
        match BROKEN.iter().find(|(broken, _)| broken == name) {
            Some((_, code)) => {
                seen += 1;
                assert_eq!(first.map(|it| it.code), Some(*code), "{name}");
            }
            None => {
                assert_eq!(first, None, "{name}");
                assert!(parsed.model.is_some(), "{name}");
            }
        }
    }
    assert_eq!(seen, BROKEN.len(), "a broken file is not there any more");
    assert!(files.len() >= 159, "only {} files", files.len());
}

/// What files are made of, so that a change in reading them is seen.
#[derive(Default)]
struct Counts(BTreeMap<String, usize>);

impl Counts {
    fn add(&mut self, what: &str, count: usize) {
        if count > 0 {
            *self.0.entry(what.to_owned()).or_default() += count;
        }
    }

    fn file(&mut self, model: &Definitions) {
        self.add("import", model.imports.len());
        self.add("item definition", model.item_definitions.len());
        self.add("input data", model.input_data.len());
        self.add("decision", model.decisions.len());
        self.add("knowledge model", model.knowledge_models.len());
        self.add("service", model.services.len());
        self.add("knowledge source", model.knowledge_sources.len());
        for decision in &model.decisions {
            let requirements = decision.information_requirements.len();
            self.add("information requirement", requirements);
            let requirements = decision.knowledge_requirements.len();
            self.add("knowledge requirement", requirements);
            self.boxed(decision.logic.as_ref());
        }
        for knowledge_model in &model.knowledge_models {
            let requirements = knowledge_model.knowledge_requirements.len();
            self.add("knowledge requirement", requirements);
            let logic = knowledge_model.logic.as_ref();
            self.boxed(logic.and_then(|it| it.content.body.as_deref()));
        }
        for service in &model.services {
            self.add("output decision", service.output_decisions.len());
            self.add(
                "encapsulated decision",
                service.encapsulated_decisions.len(),
            );
            self.add("input of a service", service.input_decisions.len());
            self.add("input of a service", service.input_data.len());
        }
    }

    fn boxed<'m>(&mut self, boxed: impl IntoIterator<Item = &'m Boxed>) {
        for boxed in boxed {
            self.expression(&boxed.content);
        }
    }

    fn expression(&mut self, expression: &Expression) {
        match expression {
            Expression::Literal(_) => self.add("literal", 1),
            Expression::DecisionTable(table) => {
                self.add(&format!("table {:?}", table.hit_policy), 1);
                self.add("table input", table.inputs.len());
                self.add("table output", table.outputs.len());
                for rule in &table.rules {
                    self.add("table rule", 1);
                    self.add("table cell", rule.input_entries.len());
                    self.add("table cell", rule.output_entries.len());
                }
            }
            Expression::Context(context) => {
                self.add("context", 1);
                self.boxed(context.entries.iter().map(|it| &it.value));
                self.boxed(context.result.as_deref());
            }
            Expression::Invocation(invocation) => {
                self.add("invocation", 1);
                self.boxed([&invocation.function]);
                self.boxed(
                    invocation
                        .bindings
                        .iter()
                        .filter_map(|it| it.value.as_ref()),
                );
            }
            Expression::FunctionDefinition(function) => {
                self.add(&format!("function {:?}", function.kind), 1);
                self.boxed(function.body.as_deref());
            }
            Expression::Relation(relation) => {
                self.add("relation", 1);
                self.boxed(relation.rows.iter().flatten());
            }
            Expression::List(items) => {
                self.add("list", 1);
                self.boxed(items);
            }
            Expression::Conditional(it) => {
                self.add("conditional", 1);
                self.boxed([&it.condition, &it.then, &it.otherwise]);
            }
            Expression::Filter(filter) => {
                self.add("filter", 1);
                self.boxed([&filter.list, &filter.condition]);
            }
            Expression::For(iteration) => {
                self.add("for", 1);
                self.boxed([&iteration.list, &iteration.result]);
            }
            Expression::Quantified(it) => {
                self.add(&format!("quantified {:?}", it.quantifier), 1);
                self.boxed([&it.list, &it.condition]);
            }
        }
    }
}

#[test]
fn what_files_are_made_of_and_what_is_said_of_them() {
    let Some(files) = files("dmn") else {
        return;
    };
    let mut counts = Counts::default();
    let mut deployable = 0;
    let mut said: BTreeMap<(Severity, String), (usize, String)> = BTreeMap::new();
    for (name, path) in &files {
        let parsed = parse_file(name, path);
        deployable += usize::from(parsed.is_deployable());
        counts.file(parsed.model.as_ref().expect("a model"));
        for diagnostic in parsed.diagnostics {
            let element = diagnostic.element.unwrap_or_default();
            let what = format!("{element}: {}", diagnostic.code);
            let entry = said.entry((diagnostic.severity, what)).or_default();
            entry.0 += 1;
            entry.1.clone_from(name);
        }
    }
    let mut report = format!("files: {}\ndeployable: {deployable}\n", files.len());
    for (what, count) in counts.0 {
        writeln!(report, "{count:5} {what}").expect("a string");
    }
    for ((severity, what), (count, example)) in said {
        let word = severity.word();
        writeln!(report, "{count:5} {word:8} {what} (as in {example})").expect("a string");
    }
    insta::assert_snapshot!(report);
}
