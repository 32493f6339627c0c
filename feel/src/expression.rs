//! An expression: parsed once, evaluated often.

use crate::{Environment, EvalError, SyntaxError, Value};

/// A parsed expression. `Send + Sync`; share it in an `Arc`.
#[derive(Clone, Debug)]
pub struct Expression {
    text: Box<str>,
    variables: Box<[Box<str>]>,
}

/// Parses an expression (without the `=` that BPMN attributes put before it).
pub fn parse(text: &str) -> Result<Expression, SyntaxError> {
    Err(SyntaxError {
        offset: 0,
        line: 1,
        column: 1,
        found: text.chars().take(20).collect(),
        expected: Vec::new(),
        message: "expressions are not read yet".to_owned(),
    })
}

impl Expression {
    /// The value of the expression. Borrows text and lists from the variables where it can.
    pub fn evaluate<'a>(&'a self, _env: &Environment<'a>) -> Result<Value<'a>, EvalError> {
        Ok(Value::Null)
    }

    /// Appends the result as normalized JSON. A result that is a variable, or a part of one, is copied
    /// byte for byte.
    pub fn evaluate_json(&self, env: &Environment<'_>, out: &mut Vec<u8>) -> Result<(), EvalError> {
        self.evaluate(env)?.write_json(out);
        Ok(())
    }

    /// The names that the expression reads from its variables, each once, in order of appearance.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.variables.iter().map(|name| &**name)
    }

    /// The source text.
    pub fn text(&self) -> &str {
        &self.text
    }
}
