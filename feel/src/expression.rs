//! An expression: parsed once, evaluated often.

use std::fmt;

use crate::eval::{Machine, Scope};
use crate::syntax::{self, Names, Parsed, Piece};
use crate::{Environment, EvalError, Position, SyntaxError, Value, Warning};

/// A parsed expression. `Send + Sync`; share it in an `Arc`. Displays in a normal form that reads
/// back as the same expression.
#[derive(Debug)]
pub struct Expression {
    text: Box<str>,
    parsed: Parsed,
}

/// Parses an expression (without the `=` that BPMN attributes put before it). Calls of functions that
/// do not exist or do not take these arguments are errors here, not when evaluated.
pub fn parse(text: &str) -> Result<Expression, SyntaxError> {
    Ok(Expression {
        text: text.into(),
        parsed: syntax::parse(text)?,
    })
}

/// As [`parse`], with names in scope that may have spaces and operators in them.
pub fn parse_in(text: &str, names: &Names) -> Result<Expression, SyntaxError> {
    let piece = Piece { text, from: 0 };
    Ok(Expression {
        text: text.into(),
        parsed: piece.expression(names)?,
    })
}

impl Expression {
    /// The value of the expression. Borrows text and lists from the variables where it can.
    pub fn evaluate<'a>(&'a self, env: &Environment<'a>) -> Result<Value<'a>, EvalError> {
        Machine::new(&self.text, env).eval(&self.parsed.root, &Scope::Root)
    }

    /// As [`Expression::evaluate`], with what became null on the way, where and why. Slower: for people
    /// who debug, not for processes.
    pub fn explain<'a>(
        &'a self,
        env: &Environment<'a>,
    ) -> (Result<Value<'a>, EvalError>, Vec<Warning>) {
        let mut machine = Machine::new(&self.text, env);
        machine.listen();
        let value = machine.eval(&self.parsed.root, &Scope::Root);
        (value, machine.heard())
    }

    /// Appends the result as normalized JSON. A result that is a variable, or a part of one, is copied
    /// byte for byte. After an error `out` holds what was written before it.
    pub fn evaluate_json<'a>(
        &'a self,
        env: &Environment<'a>,
        out: &mut Vec<u8>,
    ) -> Result<(), EvalError> {
        Machine::new(&self.text, env).write(&self.parsed.root, &Scope::Root, out)
    }

    /// As [`Expression::evaluate`], on a budget that several evaluations share: `steps` is what is left of it, before
    /// and after. The environment's own budget still bounds this one.
    pub fn evaluate_within<'a>(
        &'a self,
        env: &Environment<'a>,
        steps: &mut u32,
    ) -> Result<Value<'a>, EvalError> {
        let (mut machine, allowed) = self.machine_within(env, *steps);
        let value = machine.eval(&self.parsed.root, &Scope::Root);
        *steps -= allowed - machine.steps_left();
        value
    }

    /// As [`Expression::evaluate_json`], on a budget that several evaluations share.
    pub fn evaluate_json_within<'a>(
        &'a self,
        env: &Environment<'a>,
        steps: &mut u32,
        out: &mut Vec<u8>,
    ) -> Result<(), EvalError> {
        let (mut machine, allowed) = self.machine_within(env, *steps);
        let written = machine.write(&self.parsed.root, &Scope::Root, out);
        *steps -= allowed - machine.steps_left();
        written
    }

    /// A machine that may take no more than these steps, and how many it may take.
    fn machine_within<'a>(&'a self, env: &Environment<'a>, steps: u32) -> (Machine<'a>, u32) {
        let mut env = *env;
        env.budget.steps = env.budget.steps.min(steps);
        (Machine::new(&self.text, &env), env.budget.steps)
    }

    /// The names that the expression reads from its variables, each once, in order of appearance.
    /// A name inside a filter counts, although a member of the item may hide the variable.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.parsed.variables.iter().map(|name| &**name)
    }

    /// Comparisons that are never true and sums that are always null, whatever the variables are, as far as the text
    /// itself shows it: where, and why.
    pub fn impossible(&self) -> impl Iterator<Item = (Position, String)> {
        let found = syntax::impossible(&self.parsed.root);
        let place = |at: u32| Position::of(&self.text, at as usize);
        found.into_iter().map(move |(at, why)| (place(at), why))
    }

    /// The source text.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.parsed.root)
    }
}
