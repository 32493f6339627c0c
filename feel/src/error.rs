//! What can go wrong, and where in the expression.
//!
//! A syntax error is known before anything runs; an evaluation error is a limit or an assertion.
//! Most failures of FEEL are neither: they are null.

use std::fmt;

/// A place in an expression's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Byte offset.
    pub offset: u32,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl Position {
    /// The position of a byte offset in `text`.
    pub fn of(text: &str, offset: usize) -> Position {
        let mut end = offset.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &text[..end];
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        Position {
            offset: saturate(end),
            line: saturate(before.bytes().filter(|b| *b == b'\n').count() + 1),
            column: saturate(before[line_start..].chars().count() + 1),
        }
    }
}

fn saturate(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Why a text is not an expression. Displays as one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Byte offset into the text.
    pub offset: usize,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// The text found there, shortened; empty at the end of the expression.
    pub found: String,
    /// What would have been accepted; empty when the text is grammatical but wrong otherwise.
    pub expected: Vec<&'static str>,
    /// What is wrong, without the position.
    pub message: String,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SyntaxError {
            line,
            column,
            message,
            ..
        } = self;
        write!(f, "line {line}, column {column}: {message}")
    }
}

impl std::error::Error for SyntaxError {}

/// Why an evaluation was stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvalError {
    /// Which of a program's texts; 0 for an expression.
    pub source: u32,
    /// The part of the expression that was being evaluated.
    pub position: Position,
    /// The class of the error.
    pub kind: EvalErrorKind,
    /// One sentence without the position.
    pub message: String,
}

/// The classes of [`EvalError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EvalErrorKind {
    /// [`crate::Budget::steps`] were used up.
    Steps,
    /// [`crate::Budget::depth`] was reached.
    Depth,
    /// A list, context or text grew too large.
    Size,
    /// The function `assert` failed.
    Assertion,
    /// The rules of a decision table that match contradict its hit policy.
    HitPolicy,
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.position, self.message)
    }
}

impl std::error::Error for EvalError {}

/// A syntax error at a byte offset of `text`.
pub(crate) fn syntax_error(
    text: &str,
    offset: usize,
    found: String,
    expected: Vec<&'static str>,
    message: String,
) -> SyntaxError {
    let position = Position::of(text, offset);
    SyntaxError {
        offset,
        line: position.line,
        column: position.column,
        found,
        expected,
        message,
    }
}
