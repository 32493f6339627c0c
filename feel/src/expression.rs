//! An expression: parsed once, evaluated often.

use std::fmt;

use crate::eval::{Machine, Scope};
use crate::syntax::{self, Parsed};
use crate::{Environment, EvalError, SyntaxError, Value};

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

impl Expression {
    /// The value of the expression. Borrows text and lists from the variables where it can.
    pub fn evaluate<'a>(&'a self, env: &Environment<'a>) -> Result<Value<'a>, EvalError> {
        Machine::new(&self.text, env).eval(&self.parsed.root, &Scope::Root)
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

    /// The names that the expression reads from its variables, each once, in order of appearance.
    /// A name inside a filter counts, although a member of the item may hide the variable.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.parsed.variables.iter().map(|name| &**name)
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
