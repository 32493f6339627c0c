//! Decision tables.
//!
//! Owns their shape; cells are texts as written. DMN 1.5 chapter 8.

pub use feel::program::{Aggregation, HitPolicy};
use model_xml::Location;

use super::{Literal, Text, TypeRef, Typed};

/// A decision table, whichever way it is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct DecisionTable {
    pub hit_policy: HitPolicy,
    pub output_label: Option<String>,
    pub inputs: Vec<InputClause>,
    pub outputs: Vec<OutputClause>,
    /// The names of the annotation columns.
    pub annotations: Vec<String>,
    pub rules: Vec<Rule>,
}

/// An input column.
#[derive(Debug, Clone, PartialEq)]
pub struct InputClause {
    pub id: Option<String>,
    pub label: Option<String>,
    pub expression: Typed<Literal>,
    /// Unary tests that the input must pass.
    pub allowed_values: Option<Text>,
    /// `camunda:inputVariable`: the name of the input in the cells.
    pub input_variable: Option<String>,
    pub location: Location,
}

/// An output column.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputClause {
    pub id: Option<String>,
    pub label: Option<String>,
    /// `None` only where there is one output, or an error speaks of it.
    pub name: Option<String>,
    pub type_ref: Option<TypeRef>,
    /// Unary tests that the output must pass; their order is that of the output's priorities.
    pub allowed_values: Option<Text>,
    /// What the output is where no rule matches.
    pub default: Option<Typed<Literal>>,
    pub location: Location,
}

/// A row.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub id: Option<String>,
    pub description: Option<String>,
    /// Unary tests, one for each input; empty is any value.
    pub input_entries: Vec<Text>,
    /// One expression for each output; an empty one is null.
    pub output_entries: Vec<Typed<Literal>>,
    pub annotations: Vec<String>,
    pub location: Location,
}
