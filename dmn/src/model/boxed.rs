//! Boxed expressions: what decisions and functions are made of.
//!
//! Owns the shape of the tree, whose depth the limits of reading bound. Texts are FEEL as written;
//! must not parse them. DMN 1.5 chapters 7.3 and 10.2.2.

use model_xml::Location;

use super::{DecisionTable, InformationItem, Text, TypeRef};

/// What any expression has beside its content.
#[derive(Debug, Clone, PartialEq)]
pub struct Typed<T> {
    pub id: Option<String>,
    pub label: Option<String>,
    pub type_ref: Option<TypeRef>,
    /// The start tag.
    pub location: Location,
    pub content: T,
}

/// Any expression.
pub type Boxed = Typed<Expression>;

/// The kinds of expressions.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    Literal(Literal),
    DecisionTable(DecisionTable),
    Context(Context),
    Invocation(Box<Invocation>),
    FunctionDefinition(FunctionDefinition),
    Relation(Relation),
    List(Vec<Boxed>),
    Conditional(Box<Conditional>),
    Filter(Box<Filter>),
    For(Box<Iteration>),
    Quantified(Box<Quantified>),
}

/// A FEEL text; one in another language has been refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Literal {
    pub text: Text,
    /// As written at the expression; `None` where it says nothing.
    pub language: Option<String>,
}

/// Named values, each of which sees those before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Context {
    pub entries: Vec<ContextEntry>,
    /// The value of the whole instead of a context, where the file has one.
    pub result: Option<Box<Boxed>>,
}

/// One named value.
#[derive(Debug, Clone, PartialEq)]
pub struct ContextEntry {
    pub variable: InformationItem,
    pub value: Boxed,
}

/// A call with named arguments.
#[derive(Debug, Clone, PartialEq)]
pub struct Invocation {
    pub function: Boxed,
    pub bindings: Vec<Binding>,
}

/// One argument.
#[derive(Debug, Clone, PartialEq)]
pub struct Binding {
    pub parameter: InformationItem,
    /// `None` is null.
    pub value: Option<Boxed>,
}

/// A function as a value.
#[derive(Debug, Clone, PartialEq)]
pub struct FunctionDefinition {
    pub kind: FunctionKind,
    pub parameters: Vec<InformationItem>,
    /// `None` gives null.
    pub body: Option<Box<Boxed>>,
}

/// The language of a function's body; all but FEEL have been refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionKind {
    Feel,
    Java,
    Pmml,
}

/// A list of contexts with the same entries.
#[derive(Debug, Clone, PartialEq)]
pub struct Relation {
    pub columns: Vec<InformationItem>,
    /// Each with one expression for each column, but for rows that an error speaks of.
    pub rows: Vec<Vec<Boxed>>,
}

/// If, then, else.
#[derive(Debug, Clone, PartialEq)]
pub struct Conditional {
    pub condition: Boxed,
    pub then: Boxed,
    pub otherwise: Boxed,
}

/// The items of a list that match.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    pub list: Boxed,
    pub condition: Boxed,
}

/// One value for each item of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Iteration {
    pub variable: String,
    /// The type that the items are said to have.
    pub variable_type: Option<TypeRef>,
    pub list: Boxed,
    pub result: Boxed,
}

/// Whether some or every item of a list satisfies a condition.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantified {
    pub quantifier: Quantifier,
    pub variable: String,
    /// The type that the items are said to have.
    pub variable_type: Option<TypeRef>,
    pub list: Boxed,
    pub condition: Boxed,
}

/// How many must satisfy it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantifier {
    Some,
    Every,
}
