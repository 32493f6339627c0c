//! Several expressions that refer to each other: a decision graph (DMN 1.5, chapters 6 and 7).
//!
//! Owns definitions, their types and texts; knows no file format. [`Builder`] makes a program, `boxed.rs` the parts of
//! its expressions; `eval/global.rs` and `eval/table.rs` run them.

mod boxed;
mod builder;
mod inspect;

use std::fmt;

pub use boxed::{Boxed, Rule, Table, TableOutput, TooDeep};
pub use builder::{Builder, Cells, Scope, TypeNumber};
pub use inspect::Findings;

use crate::eval::{Audit, Machine};
pub use crate::eval::{DecisionRun, TableRun};
pub use crate::syntax::{Aggregation, HitPolicy, Type, TypeName};
use crate::syntax::{Node, Tests};
use crate::{Environment, EvalError, Position, Value};

/// The number of a definition of a program.
pub type DefinitionNumber = u32;

/// Definitions that refer to each other. `Send + Sync`; share it in an `Arc`.
#[derive(Debug)]
pub struct Program {
    pub(crate) globals: Vec<Global>,
    pub(crate) types: Vec<DeclaredType>,
    pub(crate) dialect: Dialect,
    texts: Texts,
}

/// Which of two meanings counts where the specification and Camunda differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// That of Camunda 8, as everywhere outside of programs.
    #[default]
    Camunda,
    /// That of DMN 1.5.
    Dmn,
}

/// One definition.
#[derive(Debug)]
pub(crate) struct Global {
    pub(crate) definition: Definition,
    /// What its value is converted to when it is given from outside.
    pub(crate) type_: Option<Type>,
}

#[derive(Debug)]
pub(crate) enum Definition {
    /// Known by its number, and not defined (yet).
    Declared,
    /// The variable of this name.
    Input {
        name: Box<str>,
        type_: Option<Type>,
    },
    /// A function, or any other value.
    Value(Node),
    /// A value whose making is audited.
    Decision(Node),
    Service(Service),
}

/// A decision service: a function whose arguments stand for inputs and decisions.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) name: Box<str>,
    pub(crate) parameters: Vec<(Box<str>, DefinitionNumber)>,
    pub(crate) outputs: Vec<(Box<str>, DefinitionNumber)>,
    /// What its value is converted to.
    pub(crate) type_: Option<Type>,
}

/// A type with a name, and what its values must pass.
#[derive(Debug)]
pub(crate) struct DeclaredType {
    pub(crate) type_: Type,
    pub(crate) allowed: Option<Tests>,
}

/// All texts, one after the other; positions count through all of them.
#[derive(Default)]
struct Texts {
    all: String,
    /// Where each begins.
    starts: Vec<usize>,
}

/// What a program gave, and how.
#[derive(Debug)]
pub struct Run<'a> {
    /// The value of the definition that was asked for.
    pub value: Result<Value<'a>, EvalError>,
    /// The decisions that were made, in the order in which they were known.
    pub decisions: Vec<DecisionRun<'a>>,
    /// The steps that were taken; see [`crate::Budget`].
    pub steps: u32,
}

impl Program {
    /// The value of a definition. `given` are values that are known from outside, by their definitions, and take the
    /// place of what is defined.
    ///
    /// # Errors
    /// See [`EvalError`].
    pub fn evaluate<'a>(
        &'a self,
        definition: DefinitionNumber,
        environment: &Environment<'a>,
        given: &[(DefinitionNumber, Value<'a>)],
    ) -> Result<Value<'a>, EvalError> {
        let mut machine = Machine::of_program(self, environment);
        run(&mut machine, definition, given)
    }

    /// As [`Program::evaluate`], and tells how each decision was made.
    pub fn audit<'a>(
        &'a self,
        definition: DefinitionNumber,
        environment: &Environment<'a>,
        given: &[(DefinitionNumber, Value<'a>)],
    ) -> Run<'a> {
        let mut machine = Machine::of_program(self, environment);
        machine.audit = Some(Box::<Audit<'_>>::default());
        let value = run(&mut machine, definition, given);
        let steps = environment.budget.steps - machine.steps_left();
        let audit = machine.audit.take().unwrap_or_default();
        Run {
            value,
            decisions: audit.decisions,
            steps,
        }
    }

    /// Calls a decision service or a function that is defined: the arguments in the order of its parameters.
    ///
    /// # Errors
    /// See [`EvalError`]; null when the definition is not a function of so many parameters.
    pub fn call<'a>(
        &'a self,
        definition: DefinitionNumber,
        environment: &Environment<'a>,
        arguments: &[Value<'a>],
    ) -> Result<Value<'a>, EvalError> {
        let mut machine = Machine::of_program(self, environment);
        match machine.global(0, definition)? {
            Value::Function(function) => machine.apply(0, &function, arguments),
            _ => Ok(Value::Null),
        }
    }

    /// The text that a position is in, and where.
    pub(crate) fn place(&self, at: u32) -> (u32, Position) {
        self.texts.place(at as usize)
    }
}

fn run<'a>(
    machine: &mut Machine<'a>,
    definition: DefinitionNumber,
    given: &[(DefinitionNumber, Value<'a>)],
) -> Result<Value<'a>, EvalError> {
    for (number, value) in given {
        machine.preset(*number, value.clone())?;
    }
    machine.global(0, definition)
}

impl Texts {
    /// Adds a text; its number and where it begins.
    fn add(&mut self, text: &str) -> (u32, usize) {
        let start = self.all.len();
        self.starts.push(start);
        self.all.push_str(text);
        (self.starts.len() as u32 - 1, start)
    }

    fn place(&self, at: usize) -> (u32, Position) {
        let number = self.starts.partition_point(|start| *start <= at);
        let number = number.saturating_sub(1);
        let start = self.starts.get(number).copied().unwrap_or(0);
        let end = self
            .starts
            .get(number + 1)
            .copied()
            .unwrap_or(self.all.len());
        let text = &self.all[start..end];
        (number as u32, Position::of(text, at - start))
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} texts", self.starts.len())
    }
}
