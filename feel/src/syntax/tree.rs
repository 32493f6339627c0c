//! The typed tree of an expression.
//!
//! Left-associative chains are one node with many operands, so that a long sum is not a deep tree.

use std::fmt::Write;
use std::sync::OnceLock;

use super::table::Table;
use crate::builtins::Builtin;
use crate::{Decimal, Value};

/// A node with the byte offset of its first, or most telling, token.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) at: u32,
    /// 1 + the height of the highest child; bounded by [`super::HEIGHT_MAX`].
    pub(crate) height: u16,
    pub(crate) kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Null,
    Boolean(bool),
    Number(Decimal),
    String(Box<str>),
    /// A temporal literal `@"…"`, read once.
    Temporal(Value<'static>),
    /// A local name or a variable.
    Name(Box<str>),
    /// A definition of the program.
    Global(u32, Box<str>),
    /// In a filter: a member of the item by this name, or else the other node.
    Member(Box<str>, Box<Node>),
    Negate(Box<Node>),
    /// `first op operand op operand …`, all of one precedence.
    Arithmetic(Box<Node>, Vec<(ArithmeticOp, Node)>),
    Compare(CompareOp, Box<(Node, Node)>),
    And(Vec<Node>),
    Or(Vec<Node>),
    /// Condition, consequence, alternative.
    If(Box<(Node, Node, Node)>),
    Path(Box<Node>, Box<str>),
    /// Subject and condition.
    Filter(Box<(Node, Node)>),
    List(Vec<Node>),
    Context(Vec<(Box<str>, Node)>),
    /// Entries as in a context, and a result that sees them all.
    Let(Vec<(Box<str>, Node)>, Box<Node>),
    /// A value that is converted to a type (DMN 1.5, 10.3.2.9.4).
    Typed(Box<Node>, Type),
    Table(Box<Table>),
    /// A condition that must be true, false or null: anything else makes what judges by it null.
    Truth(Box<Node>),
    /// What judges by [`Kind::Truth`].
    Judged(Box<Node>),
    Range(Box<RangeNode>),
    In(Box<Node>, Vec<Test>),
    /// Subject, low, high.
    Between(Box<(Node, Node, Node)>),
    For(Vec<Iteration>, Box<Node>),
    Some(Vec<Iteration>, Box<Node>),
    Every(Vec<Iteration>, Box<Node>),
    InstanceOf(Box<Node>, Type),
    /// A built-in function, its arguments in the order of its parameters.
    Call(&'static Builtin, Vec<Node>),
    /// A built-in function as a value.
    Builtin(&'static Builtin),
    Invoke(Box<Node>, Arguments),
    Function(Box<Lambda>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ArithmeticOp {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CompareOp {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Debug)]
pub(crate) struct RangeNode {
    pub(crate) start: Option<Node>,
    pub(crate) start_included: bool,
    pub(crate) end: Option<Node>,
    pub(crate) end_included: bool,
}

/// What stands after `in`.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    /// `< 5`
    Compare(CompareOp, Node),
    /// A range, a list, or a value.
    Value(Node),
    /// A condition on `?`, the value that is tested.
    Condition(Node),
}

/// What is asked about an input, `?`.
#[derive(Clone, Debug)]
pub(crate) struct Tests {
    /// Whether none of them may hold.
    pub(crate) is_negated: bool,
    /// One of them must hold; with none, anything does.
    pub(crate) tests: Vec<Test>,
}

impl Tests {
    /// `-`
    pub(crate) const ANY: Tests = Tests {
        is_negated: false,
        tests: Vec::new(),
    };

    pub(crate) fn is_any(&self) -> bool {
        self.tests.is_empty() && !self.is_negated
    }

    pub(crate) fn height(&self) -> u16 {
        let heights = self.tests.iter().map(|test| test.node().height);
        heights.max().unwrap_or(0)
    }
}

/// `name in source` of a `for`, `some` or `every`.
#[derive(Clone, Debug)]
pub(crate) struct Iteration {
    pub(crate) name: Box<str>,
    pub(crate) source: Source,
}

#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// A list, or a range value.
    List(Node),
    /// `from..to` without brackets: counts up or down.
    Count(Node, Node),
}

/// The arguments of a function that is known only when it is called.
#[derive(Clone, Debug)]
pub(crate) enum Arguments {
    Positional(Vec<Node>),
    Named(Vec<(Box<str>, Node)>),
}

/// A function definition.
#[derive(Clone, Debug)]
pub(crate) struct Lambda {
    pub(crate) parameters: Vec<(Box<str>, Option<Type>)>,
    pub(crate) body: Node,
    printed_bytes: OnceLock<usize>,
}

impl Lambda {
    pub(crate) fn new(parameters: Vec<(Box<str>, Option<Type>)>, body: Node) -> Lambda {
        Lambda {
            parameters,
            body,
            printed_bytes: OnceLock::new(),
        }
    }

    /// How long the definition is when printed, in bytes. Counted once: a loop makes the same
    /// function again and again.
    pub(crate) fn printed_bytes(&self) -> usize {
        *self.printed_bytes.get_or_init(|| {
            let mut counter = Counter(0);
            // Counting cannot fail.
            let _ = write!(counter, "{self}");
            counter.0
        })
    }
}

/// Counts the bytes that are written to it.
struct Counter(usize);

impl std::fmt::Write for Counter {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0 = self.0.saturating_add(text.len());
        Ok(())
    }
}

/// A type (DMN 1.5, 10.3.2.9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// One without parts.
    Named(TypeName),
    /// `list<…>`
    List(Box<Type>),
    /// `range<…>`
    Range(Box<Type>),
    /// `context<name: …>`
    Context(Vec<(Box<str>, Type)>),
    /// `function<…> -> …`
    Function(Vec<Type>, Box<Type>),
    /// One that a [`crate::program::Program`] declares, by its number and name.
    Declared(u32, Box<str>),
}

/// The name of a type without parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum TypeName {
    Any,
    Null,
    Number,
    String,
    Boolean,
    Date,
    Time,
    DateTime,
    DaysTimeDuration,
    YearsMonthsDuration,
    List,
    Context,
    Range,
    Function,
}

/// Every simple type with its name.
pub(crate) const TYPE_NAMES: &[(&str, TypeName)] = &[
    ("years and months duration", TypeName::YearsMonthsDuration),
    ("days and time duration", TypeName::DaysTimeDuration),
    ("date and time", TypeName::DateTime),
    ("boolean", TypeName::Boolean),
    ("context", TypeName::Context),
    ("function", TypeName::Function),
    ("number", TypeName::Number),
    ("string", TypeName::String),
    ("range", TypeName::Range),
    ("date", TypeName::Date),
    ("list", TypeName::List),
    ("time", TypeName::Time),
    ("Null", TypeName::Null),
    ("Any", TypeName::Any),
];

impl CompareOp {
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            CompareOp::Equal => "=",
            CompareOp::NotEqual => "!=",
            CompareOp::Less => "<",
            CompareOp::LessOrEqual => "<=",
            CompareOp::Greater => ">",
            CompareOp::GreaterOrEqual => ">=",
        }
    }
}

impl ArithmeticOp {
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            ArithmeticOp::Add => "+",
            ArithmeticOp::Subtract => "-",
            ArithmeticOp::Multiply => "*",
            ArithmeticOp::Divide => "/",
            ArithmeticOp::Power => "**",
        }
    }
}

impl Kind {
    /// The height of the highest child, 0 without children.
    pub(crate) fn children_height(&self) -> u16 {
        let highest = |nodes: &mut dyn Iterator<Item = &Node>| {
            nodes.map(|node| node.height).max().unwrap_or(0)
        };
        match self {
            Kind::Null
            | Kind::Boolean(_)
            | Kind::Number(_)
            | Kind::String(_)
            | Kind::Temporal(_)
            | Kind::Name(_)
            | Kind::Global(..)
            | Kind::Builtin(_) => 0,
            Kind::Negate(node)
            | Kind::Path(node, _)
            | Kind::InstanceOf(node, _)
            | Kind::Member(_, node)
            | Kind::Typed(node, _)
            | Kind::Truth(node)
            | Kind::Judged(node) => node.height,
            Kind::Let(entries, result) => result
                .height
                .max(highest(&mut entries.iter().map(|(_, node)| node))),
            Kind::Table(table) => table.height(),
            Kind::Arithmetic(first, rest) => first
                .height
                .max(highest(&mut rest.iter().map(|(_, node)| node))),
            Kind::Compare(_, pair) | Kind::Filter(pair) => pair.0.height.max(pair.1.height),
            Kind::And(nodes) | Kind::Or(nodes) | Kind::List(nodes) | Kind::Call(_, nodes) => {
                highest(&mut nodes.iter())
            }
            Kind::If(three) | Kind::Between(three) => {
                three.0.height.max(three.1.height).max(three.2.height)
            }
            Kind::Context(entries) => highest(&mut entries.iter().map(|(_, node)| node)),
            Kind::Range(range) => highest(&mut range.start.iter().chain(&range.end)),
            Kind::In(subject, tests) => subject
                .height
                .max(highest(&mut tests.iter().map(Test::node))),
            Kind::For(iterations, body)
            | Kind::Some(iterations, body)
            | Kind::Every(iterations, body) => iterations
                .iter()
                .map(|iteration| iteration.source.height())
                .fold(body.height, u16::max),
            Kind::Invoke(function, Arguments::Positional(nodes)) => {
                function.height.max(highest(&mut nodes.iter()))
            }
            Kind::Invoke(function, Arguments::Named(entries)) => function
                .height
                .max(highest(&mut entries.iter().map(|(_, node)| node))),
            Kind::Function(lambda) => lambda.body.height,
        }
    }
}

impl Test {
    pub(crate) fn node(&self) -> &Node {
        match self {
            Test::Compare(_, node) | Test::Value(node) | Test::Condition(node) => node,
        }
    }
}

impl Source {
    fn height(&self) -> u16 {
        match self {
            Source::List(node) => node.height,
            Source::Count(from, to) => from.height.max(to.height),
        }
    }
}
