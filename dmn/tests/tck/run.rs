//! Runs test cases: inputs become values, results are compared.
//!
//! Owns what counts as equal: numbers by value to eight digits behind the point, as the kit's own runner compares
//! them, contexts in any order of their entries, everything else as it is written.

use dmn::{Decisions, File};
use feel::temporal::{Date, DateTime, DaysTimeDuration, Time, YearsMonthsDuration};
use feel::{Context, Decimal, Environment, List, Value};

use super::reader::{Kind, TestCase, Value as Written};

/// The instant at which tests run: 2026-01-01T00:00Z.
const NOW_MS: i64 = 1_767_225_600_000;

/// A model with those that it may import.
pub struct Models {
    /// The one under test first.
    files: Vec<(dmn::Definitions, String)>,
}

impl Models {
    pub fn read(files: &[(String, Vec<u8>)]) -> Models {
        let files = files.iter().map(|(name, bytes)| {
            let model = dmn::parse(name, bytes).model.expect("a model");
            let text = dmn::decode(bytes).expect("a text").into_owned();
            (model, text)
        });
        Models {
            files: files.collect(),
        }
    }

    pub fn compile(&self) -> Decisions {
        let files = self.files.iter().map(|(model, text)| File { model, text });
        let files: Vec<File<'_>> = files.collect();
        let (first, others) = files.split_first().expect("one file");
        dmn::compile(*first, others).decisions
    }
}

/// What is wrong with each result of a case; `None` for those that are right.
pub fn run(decisions: &Decisions, case: &TestCase) -> Vec<(String, Option<String>)> {
    let inputs: Vec<(&str, Value<'static>)> = case
        .inputs
        .iter()
        .map(|input| (&*input.name, value(input.value.as_ref())))
        .collect();
    let results = case.results.iter().map(|result| {
        let wanted = match result.is_error {
            true => Value::Null,
            false => value(result.expected.as_ref()),
        };
        let found = match case.kind {
            Kind::Decision => decide(decisions, &result.name, &inputs),
            Kind::BusinessKnowledgeModel | Kind::DecisionService => {
                let name = case.invocable.as_deref().unwrap_or_default();
                let found = call(decisions, name, &inputs);
                member(found, name, &result.name)
            }
        };
        let is_right = same(&found, &wanted);
        let wrong = (!is_right).then(|| format!("{found} instead of {wanted}"));
        (result.name.clone(), wrong)
    });
    results.collect()
}

fn decide<'a>(decisions: &'a Decisions, name: &str, inputs: &[(&str, Value<'a>)]) -> Value<'a> {
    let decision = decisions.decisions().iter().find(|it| it.name == name);
    let Some(decision) = decision else {
        return Value::Null;
    };
    let environment = Environment::new(&(), NOW_MS);
    let evaluation = decisions.evaluate_given(decision, &environment, inputs);
    evaluation.output.unwrap_or(Value::Null)
}

fn call<'a>(decisions: &'a Decisions, name: &str, inputs: &[(&str, Value<'a>)]) -> Value<'a> {
    let function = decisions.functions().iter().find(|it| it.name == name);
    let Some(function) = function else {
        return Value::Null;
    };
    let arguments: Vec<Value<'a>> = function
        .parameters
        .iter()
        .map(|parameter| {
            let given = inputs.iter().find(|(name, _)| name == parameter);
            given.map_or(Value::Null, |(_, value)| value.clone())
        })
        .collect();
    let environment = Environment::new(&(), NOW_MS);
    let value = decisions.call(function, &environment, &arguments);
    value.unwrap_or(Value::Null)
}

/// A service with several outputs gives a context, and a case asks for one of them.
fn member<'a>(found: Value<'a>, invocable: &str, name: &str) -> Value<'a> {
    match &found {
        Value::Context(context) if name != invocable => context.get(name).unwrap_or(found),
        _ => found,
    }
}

fn value(written: Option<&Written>) -> Value<'static> {
    let text = |text: &str| Value::String(feel::Text::Shared(text.into()));
    match written {
        None | Some(Written::Null) => Value::Null,
        Some(Written::String(it)) => text(it),
        Some(Written::Untyped(it)) => match it.trim() {
            "" => Value::Null,
            "true" => Value::Boolean(true),
            "false" => Value::Boolean(false),
            trimmed => Decimal::parse(trimmed.as_bytes())
                .map(Value::Number)
                .or_else(|| DateTime::parse(trimmed).map(Value::DateTime))
                .unwrap_or_else(|| text(it)),
        },
        Some(Written::Number(it)) => number(it),
        Some(Written::Boolean(it)) => Value::Boolean(*it),
        Some(Written::Date(it)) => Value::Date(Date::parse(it).expect("a date")),
        Some(Written::Time(it)) => Value::Time(Time::parse(it).expect("a time")),
        Some(Written::DateTime(it)) => {
            Value::DateTime(DateTime::parse(it).expect("a date and time"))
        }
        Some(Written::Duration(it)) => DaysTimeDuration::parse(it)
            .map(Value::DaysTimeDuration)
            .or_else(|| YearsMonthsDuration::parse(it).map(Value::YearsMonthsDuration))
            .expect("a duration"),
        Some(Written::List(items)) => {
            let items = items.iter().map(|item| value(Some(item))).collect();
            Value::List(List::new(items).expect("not deep"))
        }
        Some(Written::Context(entries)) => {
            let entries = entries.iter();
            let entries = entries.map(|(name, entry)| {
                let name = feel::Text::Shared(name.as_str().into());
                (name, value(Some(entry)))
            });
            Value::Context(Context::new(entries.collect()).expect("not deep"))
        }
    }
}

fn number(text: &str) -> Value<'static> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    Value::Number(Decimal::parse(digits.as_bytes()).unwrap_or_else(|| panic!("{text}")))
}

fn same(found: &Value<'_>, wanted: &Value<'_>) -> bool {
    match (found, wanted) {
        (Value::Number(found), Value::Number(wanted)) => {
            let difference = found.minus(*wanted).expect("in range").absolute();
            let bound = Decimal::new(1, -8).expect("a number");
            difference == difference.modulo(bound).expect("in range")
        }
        (Value::List(found), Value::List(wanted)) => {
            found.len() == wanted.len()
                && found.iter().zip(wanted.iter()).all(|(a, b)| same(&a, &b))
        }
        (Value::Context(found), Value::Context(wanted)) => {
            let has = |(name, value): (feel::Text<'_>, Value<'_>)| {
                found.get(&name).is_some_and(|it| same(&it, &value))
            };
            found.len() == wanted.len() && wanted.iter().all(has)
        }
        (found, wanted) => found.to_string() == wanted.to_string(),
    }
}
