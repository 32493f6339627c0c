//! FEEL, the expression language of DMN, over encoded variables.
//!
//! Owns: the language ([`parse`], [`Expression`]), its values ([`Value`], [`Decimal`], [`temporal`])
//! and the encoding in which variables are kept ([`json`]). It must not know any other Weir crate,
//! read a clock, or let an input cost more than its [`Budget`].

pub mod json;
pub mod program;
pub mod temporal;

mod builtins;
mod decimal;
mod environment;
mod error;
mod eval;
mod expression;
mod syntax;
mod value;
mod warning;

pub use builtins::{Signature, functions};
pub use decimal::{Decimal, DecimalSyntax, Rounding};
pub use environment::{Budget, Environment, Variables};
pub use error::{EvalError, EvalErrorKind, Position, SyntaxError};
pub use expression::{Expression, parse, parse_in};
pub use syntax::{Names, RESERVED_WORDS};
pub use value::{Context, ContextIter, Function, List, ListIter, Range, Text, Value};
pub use warning::{Warning, WarningKind};

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
