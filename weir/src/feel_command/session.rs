//! Expressions and the variables that they see.
//!
//! Variables are kept as those of processes are: as JSON. What an expression costs at most is what it may cost in a
//! process.

use feel::program::{Boxed, Builder, Cells, Rule, Scope, Table, TableOutput, TooDeep};
use feel::program::{HitPolicy, Program};
use feel::{Environment, Names, SyntaxError};
use serde_json::{Map, Value};

use super::report::{self, Evaluated, Place};
use crate::failure::Failure;
use crate::moment;
use crate::variables::encoded;

/// How deep the names within variables are looked at, and how many of them.
const MEMBERS_DEPTH_MAX: usize = 16;
const MEMBERS_MAX: usize = 10_000;

/// What is known from one expression to the next.
pub(super) struct Session {
    variables: Map<String, Value>,
    encoded: Vec<u8>,
    odd: OddNames,
    now_ms: Option<i64>,
}

/// Names that are more than one word: the grammar has to be told of them.
#[derive(Default)]
struct OddNames {
    variables: Vec<String>,
    members: Vec<String>,
}

impl Session {
    /// # Errors
    /// When the variables are too large or too deep.
    pub fn new(variables: Map<String, Value>, now_ms: Option<i64>) -> Result<Session, Failure> {
        Ok(Session {
            encoded: encoded(&variables)?,
            odd: OddNames::of(&variables),
            variables,
            now_ms,
        })
    }

    pub fn variables(&self) -> &Map<String, Value> {
        &self.variables
    }

    /// Replaces all variables, or none where it fails.
    ///
    /// # Errors
    /// As [`Session::new`].
    pub fn replace(&mut self, variables: Map<String, Value>) -> Result<(), Failure> {
        *self = Session::new(variables, self.now_ms)?;
        Ok(())
    }

    /// Gives a variable its value, which is told as FEEL sees it from now on.
    ///
    /// # Errors
    /// As [`Session::new`].
    pub fn assign(&mut self, name: &str, value: Value) -> Result<String, Failure> {
        let mut variables = self.variables.clone();
        variables.insert(name.to_owned(), value);
        self.replace(variables)?;
        let kept = feel::Context::encoded(&self.encoded).get(name);
        Ok(kept.unwrap_or(feel::Value::Null).to_string())
    }

    /// # Errors
    /// When the text is no expression, or what it costs goes beyond a limit.
    pub fn evaluate(&self, text: &str, explain: bool, colour: bool) -> Result<Evaluated, Failure> {
        let place = Place::new("expression", text);
        let expression = feel::parse_in(text, &self.odd.names())
            .map_err(|error| report::syntax(place, &error, colour))?;
        let environment = self.environment();
        let (value, warnings) = match explain {
            true => expression.explain(&environment),
            false => (expression.evaluate(&environment), Vec::new()),
        };
        let value = value.map_err(|error| report::stopped(place, &error, &warnings, colour))?;
        Evaluated::new(&value, explain.then_some(warnings))
    }

    /// Whether a value passes the tests of a cell.
    ///
    /// # Errors
    /// As [`Session::evaluate`], of either text.
    pub fn passes(&self, value: &str, tests: &str, colour: bool) -> Result<Evaluated, Failure> {
        let places = [Place::new("value", value), Place::new("tests", tests)];
        let mut builder = Builder::new();
        let scope = self.odd.scope();
        let syntax = |place, error: SyntaxError| report::syntax(place, &error, colour);
        let (value, _) = builder
            .expression(value, &scope)
            .map_err(|error| syntax(places[0], error))?;
        let (tests, _) = builder
            .cells(tests, &scope)
            .map_err(|error| syntax(places[1], error))?;
        let (program, number) =
            passing(builder, value, tests).map_err(|error| Failure::failed(error.to_string()))?;
        let result = program.evaluate(number, &self.environment(), &[]);
        let value = result.map_err(|error| {
            let place = places[(error.source as usize).min(1)];
            report::stopped(place, &error, &[], colour)
        })?;
        Evaluated::new(&value, None)
    }

    fn environment(&self) -> Environment<'_> {
        Environment::new(&self.encoded, self.now_ms.unwrap_or_else(moment::now_ms))
    }
}

/// A table of one cell: true where the value passes, else false.
fn passing(mut builder: Builder, value: Boxed, tests: Cells) -> Result<(Program, u32), TooDeep> {
    let truths = ["true", "false"].map(|truth| builder.expression(truth, &Scope::new()));
    let [yes, no] = truths.map(|truth| truth.map_or_else(|_| Boxed::null(), |(truth, _)| truth));
    let table = Boxed::table(Table {
        policy: HitPolicy::First,
        inputs: vec![value],
        outputs: vec![TableOutput {
            name: "".into(),
            values: None,
            default: Some(no),
        }],
        rules: vec![Rule {
            tests: vec![tests],
            outputs: vec![yes],
        }],
    })?;
    let number = builder.declare();
    builder.decision(number, table, None)?;
    Ok((builder.finish(), number))
}

impl OddNames {
    fn of(variables: &Map<String, Value>) -> OddNames {
        let mut odd = OddNames::default();
        let names = variables.keys().filter(|name| is_odd(name));
        odd.variables.extend(names.cloned());
        let mut open: Vec<(&Value, usize)> = variables.values().map(|value| (value, 0)).collect();
        while let Some((value, depth)) = open.pop() {
            if depth > MEMBERS_DEPTH_MAX || odd.members.len() > MEMBERS_MAX {
                continue;
            }
            match value {
                Value::Object(object) => {
                    let names = object.keys().filter(|name| is_odd(name));
                    odd.members.extend(names.cloned());
                    open.extend(object.values().map(|value| (value, depth + 1)));
                }
                Value::Array(items) => open.extend(items.iter().map(|item| (item, depth + 1))),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        odd
    }

    fn names(&self) -> Names {
        let mut names = Names::new();
        self.variables.iter().for_each(|name| names.variable(name));
        self.members.iter().for_each(|name| names.member(name));
        names
    }

    fn scope(&self) -> Scope {
        let mut scope = Scope::new();
        self.variables.iter().for_each(|name| scope.local(name));
        self.members.iter().for_each(|name| scope.member(name));
        scope
    }
}

fn is_odd(name: &str) -> bool {
    !name.chars().all(|c| c.is_alphanumeric() || c == '_')
}
