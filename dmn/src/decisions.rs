//! Decisions that can be made: what [`crate::compile`] gives.
//!
//! Owns how a decision is called and what is told of it; how values come about is `feel`'s.

use std::fmt;

use feel::program::{DefinitionNumber, Program, TableRun};
use feel::{Environment, EvalErrorKind, Position, Value};
use model_xml::Location;

/// The decisions of one file, with what they need of others. `Send + Sync`; share it in an `Arc`.
#[derive(Debug)]
pub struct Decisions {
    pub(crate) program: Program,
    /// Those of the file first, then those of the files that it imports; in the order of their numbers.
    pub(crate) decisions: Vec<Decision>,
    /// How many of them are the file's own.
    pub(crate) own: usize,
    pub(crate) functions: Vec<Function>,
    /// The input data of all files, by name.
    pub(crate) inputs: Vec<(Box<str>, DefinitionNumber)>,
    /// Where the texts of the program stand, by their numbers.
    pub(crate) texts: Vec<Place>,
}

/// A decision that can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub id: String,
    pub name: String,
    pub kind: Kind,
    pub version_tag: Option<String>,
    /// The columns and rules of its table, where its logic is one.
    pub table: Option<TableShape>,
    pub(crate) number: DefinitionNumber,
}

/// What the logic of a decision is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    DecisionTable,
    LiteralExpression,
    Context,
    Invocation,
    FunctionDefinition,
    Relation,
    List,
    Conditional,
    Filter,
    For,
    Quantified,
    /// It has no logic; its value is null.
    None,
}

impl Kind {
    /// In capitals, as Zeebe spells those that it knows.
    pub fn name(self) -> &'static str {
        match self {
            Kind::DecisionTable => "DECISION_TABLE",
            Kind::LiteralExpression => "LITERAL_EXPRESSION",
            Kind::Context => "CONTEXT",
            Kind::Invocation => "INVOCATION",
            Kind::FunctionDefinition => "FUNCTION_DEFINITION",
            Kind::Relation => "RELATION",
            Kind::List => "LIST",
            Kind::Conditional => "CONDITIONAL",
            Kind::Filter => "FILTER",
            Kind::For => "FOR",
            Kind::Quantified => "QUANTIFIED",
            Kind::None => "NO_LOGIC",
        }
    }
}

/// What is told of a decision table beside its values: ids and labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableShape {
    /// The id of each input, and its label or else its expression.
    pub inputs: Vec<(String, String)>,
    /// The id of each output, and its name or else its label.
    pub outputs: Vec<(String, String)>,
    /// The id of each rule.
    pub rules: Vec<String>,
}

/// A business knowledge model or a decision service, which can be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    pub id: String,
    pub name: String,
    /// In their order.
    pub parameters: Vec<String>,
    pub(crate) number: DefinitionNumber,
}

/// Where a text of a program stands.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The decision, business knowledge model or type that it belongs to.
    pub(crate) owner: Box<str>,
    /// Where it starts in the file.
    pub(crate) location: Location,
}

/// What making a decision gave, and how.
#[derive(Debug)]
pub struct Evaluation<'a> {
    /// Its value, or why there is none.
    pub output: Result<Value<'a>, Failure>,
    /// The decisions that were made, in the order in which they were known; the one that was asked for is the last.
    pub made: Vec<Made<'a>>,
    /// The steps that it took, of those that the environment's budget allows.
    pub steps: u32,
}

/// A decision that was made.
#[derive(Debug)]
pub struct Made<'a> {
    pub decision: &'a Decision,
    pub output: Value<'a>,
    /// What its table found, where its logic is one.
    pub table: Option<TableRun<'a>>,
}

/// Why a decision could not be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The id of the decision, business knowledge model or type whose expression failed.
    pub element: String,
    /// Where the text of the expression starts in the file.
    pub location: Location,
    /// Where in the text.
    pub position: Position,
    pub kind: EvalErrorKind,
    /// One sentence.
    pub message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Failure {
            element,
            location,
            position,
            message,
            ..
        } = self;
        write!(f, "`{element}` at {location}: {message}")?;
        match position.offset {
            0 => Ok(()),
            _ => write!(f, " ({position} of the expression)"),
        }
    }
}

impl std::error::Error for Failure {}

impl Decisions {
    /// The decisions of the file, in its order.
    pub fn decisions(&self) -> &[Decision] {
        &self.decisions[..self.own]
    }

    /// The decision with an id.
    pub fn find(&self, id: &str) -> Option<&Decision> {
        self.decisions().iter().find(|decision| decision.id == id)
    }

    /// The business knowledge models and decision services of the file, in its order.
    pub fn functions(&self) -> &[Function] {
        &self.functions
    }

    /// Makes a decision from the variables of the environment, with all decisions that it needs.
    pub fn evaluate<'a>(
        &'a self,
        decision: &'a Decision,
        environment: &Environment<'a>,
    ) -> Evaluation<'a> {
        self.evaluate_given(decision, environment, &[])
    }

    /// As [`Decisions::evaluate`], with values of input data, and of decisions instead of making them, by name.
    pub fn evaluate_given<'a>(
        &'a self,
        decision: &'a Decision,
        environment: &Environment<'a>,
        given: &[(&str, Value<'a>)],
    ) -> Evaluation<'a> {
        let given: Vec<_> = given
            .iter()
            .flat_map(|(name, value)| self.named(name).map(|number| (number, value.clone())))
            .collect();
        let run = self.program.audit(decision.number, environment, &given);
        let made = run.decisions.into_iter().filter_map(|run| {
            let numbers = |decision: &Decision| decision.number;
            let position = self
                .decisions
                .binary_search_by_key(&run.definition, numbers);
            let decision = self.decisions.get(position.ok()?)?;
            let table = match decision.kind {
                Kind::DecisionTable => run.tables.into_iter().next_back(),
                _ => None,
            };
            Some(Made {
                decision,
                output: run.output,
                table,
            })
        });
        Evaluation {
            made: made.collect(),
            output: run.value.map_err(|error| self.failure(&error)),
            steps: run.steps,
        }
    }

    /// Calls a business knowledge model or a decision service: one argument for each parameter, in their order.
    ///
    /// # Errors
    /// See [`Failure`].
    pub fn call<'a>(
        &'a self,
        function: &Function,
        environment: &Environment<'a>,
        arguments: &[Value<'a>],
    ) -> Result<Value<'a>, Failure> {
        let value = self.program.call(function.number, environment, arguments);
        value.map_err(|error| self.failure(&error))
    }

    /// The input data and decisions of a name.
    fn named(&self, name: &str) -> impl Iterator<Item = DefinitionNumber> {
        let inputs = self.inputs.iter().filter(move |(it, _)| **it == *name);
        let decisions = self.decisions.iter().filter(move |it| it.name == name);
        let decisions = decisions.map(|decision| decision.number);
        inputs.map(|(_, number)| *number).chain(decisions)
    }

    fn failure(&self, error: &feel::EvalError) -> Failure {
        let place = self.texts.get(error.source as usize);
        Failure {
            element: place
                .map(|place| place.owner.to_string())
                .unwrap_or_default(),
            location: place.map(|place| place.location).unwrap_or_default(),
            position: error.position,
            kind: error.kind,
            message: error.message.clone(),
        }
    }
}
