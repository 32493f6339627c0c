//! What became null in an evaluation, where and why, as data.
//!
//! Failures of the language are null and end nothing (DMN 1.5, 10.3.2.15); who debugs an expression asks
//! for them with [`crate::Expression::explain`]. Bounded in number and length, so that a loop over a
//! long list explains itself in a page.

use std::fmt::{self, Write};

use crate::Position;
use crate::value::Value;

/// How many warnings one evaluation gives; the first ones tell most.
const WARNINGS_MAX: usize = 100;

/// How many of them are of one kind at one position: a loop tells the same of every item.
const ALIKE_MAX: usize = 5;

/// How many characters of a value a message shows.
const SHOWN_CHARS_MAX: usize = 60;

/// A part of an expression that became null.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The part of the expression.
    pub position: Position,
    /// The class of the reason.
    pub kind: WarningKind,
    /// The reason in one sentence, without the position.
    pub message: String,
}

/// The classes of [`Warning`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WarningKind {
    /// There is no variable of this name.
    NoVariable,
    /// The context has no entry of this name.
    NoContextEntry,
    /// The value has no property of this name.
    NoProperty,
    /// An operator or construct does not take values of these types.
    WrongType,
    /// The values are of types that do not compare with each other.
    NotComparable,
    /// The result has no value: division by zero, beyond the largest number, beyond the calendar.
    NoResult,
    /// An argument of a function is not of the type that it takes.
    WrongArgument,
    /// The function is called with too few or too many arguments, or with other names.
    WrongArgumentCount,
    /// The function gives null for these values.
    FunctionFailed,
    /// What is called is not a function.
    NotAFunction,
    /// The index is outside of the list.
    OutOfRange,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.position, self.message)
    }
}

impl WarningKind {
    /// The kind's name in messages and interfaces, as feel-scala spells such names.
    pub fn name(self) -> &'static str {
        match self {
            WarningKind::NoVariable => "NO_VARIABLE_FOUND",
            WarningKind::NoContextEntry => "NO_CONTEXT_ENTRY_FOUND",
            WarningKind::NoProperty => "NO_PROPERTY_FOUND",
            WarningKind::WrongType => "INVALID_TYPE",
            WarningKind::NotComparable => "NOT_COMPARABLE",
            WarningKind::NoResult => "NO_RESULT",
            WarningKind::WrongArgument => "INVALID_ARGUMENT",
            WarningKind::WrongArgumentCount => "WRONG_ARGUMENT_COUNT",
            WarningKind::FunctionFailed => "FUNCTION_INVOCATION_FAILURE",
            WarningKind::NotAFunction => "NOT_A_FUNCTION",
            WarningKind::OutOfRange => "OUT_OF_BOUNDS",
        }
    }
}

/// Gathers the warnings of one evaluation.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    kept: Vec<(u32, WarningKind, String)>,
    told: u64,
}

impl Collector {
    /// Keeps a warning, once however often a loop tells it.
    pub(crate) fn tell(&mut self, at: u32, kind: WarningKind, message: String) {
        let told = (at, kind, message);
        if !self.kept.contains(&told) {
            self.kept.push(told);
        }
    }

    /// Counts a warning, and says whether there is room for it.
    pub(crate) fn wants(&mut self, at: u32, kind: WarningKind) -> bool {
        self.told += 1;
        let here = |told: &&(u32, WarningKind, String)| told.0 == at && told.1 == kind;
        self.kept.len() < WARNINGS_MAX && self.kept.iter().filter(here).count() < ALIKE_MAX
    }

    /// How many were told, whether kept or not.
    pub(crate) fn told(&self) -> u64 {
        self.told
    }

    /// The warnings in the order in which they came up, with positions in `text`.
    pub(crate) fn warnings(self, text: &str) -> Vec<Warning> {
        let warning = |(at, kind, message): (u32, WarningKind, String)| Warning {
            position: Position::of(text, at as usize),
            kind,
            message,
        };
        self.kept.into_iter().map(warning).collect()
    }
}

/// The value in FEEL's notation, cut when it is long.
pub(crate) fn shown(value: &Value<'_>) -> String {
    let mut short = Short(String::new());
    match write!(short, "{value}") {
        Ok(()) => short.0,
        Err(fmt::Error) => short.0 + "…",
    }
}

/// Takes the first characters that are written to it and fails then, so that the rest is not printed.
struct Short(String);

impl Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let left = SHOWN_CHARS_MAX - self.0.chars().count();
        match text.char_indices().nth(left) {
            None => {
                self.0.push_str(text);
                Ok(())
            }
            Some((end, _)) => {
                self.0.push_str(&text[..end]);
                Err(fmt::Error)
            }
        }
    }
}

/// What a value is, for people: `a number`.
pub(crate) fn kind_of(value: &Value<'_>) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Boolean(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::List(_) => "a list",
        Value::Context(_) => "a context",
        Value::Date(_) => "a date",
        Value::Time(_) => "a time",
        Value::DateTime(_) => "a date and time",
        Value::DaysTimeDuration(_) => "a days and time duration",
        Value::YearsMonthsDuration(_) => "a years and months duration",
        Value::Range(_) => "a range",
        Value::Function(_) => "a function",
    }
}
