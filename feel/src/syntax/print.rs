//! From the tree to text that reads back as the same tree.
//!
//! Must put parentheses exactly where a weaker operator stands inside a stronger one.

use std::fmt::{self, Formatter, Result};

use super::is_name;
use super::name::write_name;
use super::tree::{
    Arguments, ArithmeticOp, Iteration, Kind, Lambda, Node, RangeNode, Source, TYPE_NAMES, Test,
    Type, TypeName,
};
use crate::value::write_literal;

/// How strongly a printed node holds together; the order of the grammar.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    Open,
    Or,
    And,
    Compare,
    Add,
    Multiply,
    Power,
    Instance,
    Negate,
    Postfix,
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write_kind(f, &self.kind)
    }
}

impl fmt::Display for Lambda {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str("function(")?;
        for (i, (name, type_)) in self.parameters.iter().enumerate() {
            f.write_str(if i > 0 { ", " } else { "" })?;
            write_name(f, name)?;
            if let Some(type_) = type_ {
                write!(f, ": {type_}")?;
            }
        }
        write!(f, ") {}", self.body)
    }
}

fn strength(kind: &Kind) -> Strength {
    match kind {
        // What ends with an open operand swallows everything to its right.
        Kind::If(_) | Kind::For(..) | Kind::Some(..) | Kind::Every(..) | Kind::Function(_) => {
            Strength::Open
        }
        Kind::Or(_) => Strength::Or,
        Kind::And(_) => Strength::And,
        Kind::Compare(..) | Kind::In(..) | Kind::Between(_) => Strength::Compare,
        Kind::Arithmetic(_, rest) => match rest.first() {
            Some((ArithmeticOp::Add | ArithmeticOp::Subtract, _)) => Strength::Add,
            Some((ArithmeticOp::Multiply | ArithmeticOp::Divide, _)) => Strength::Multiply,
            Some((ArithmeticOp::Power, _)) | None => Strength::Power,
        },
        Kind::Typed(node, _) | Kind::Truth(node) | Kind::Judged(node) => strength(&node.kind),
        Kind::InstanceOf(..) => Strength::Instance,
        Kind::Negate(_) => Strength::Negate,
        Kind::Number(number) if number.is_negative() => Strength::Negate,
        Kind::Null
        | Kind::Boolean(_)
        | Kind::Number(_)
        | Kind::String(_)
        | Kind::Temporal(_)
        | Kind::Name(_)
        | Kind::Global(..)
        | Kind::Member(..)
        | Kind::Let(..)
        | Kind::Table(_)
        | Kind::Path(..)
        | Kind::Filter(_)
        | Kind::List(_)
        | Kind::Context(_)
        | Kind::Range(_)
        | Kind::Call(..)
        | Kind::Builtin(_)
        | Kind::Invoke(..) => Strength::Postfix,
    }
}

/// The node, in parentheses when it is weaker than `least`.
fn write_at(f: &mut Formatter<'_>, node: &Node, least: Strength) -> Result {
    if strength(&node.kind) < least {
        write!(f, "({node})")
    } else {
        write!(f, "{node}")
    }
}

fn write_kind(f: &mut Formatter<'_>, kind: &Kind) -> Result {
    match kind {
        Kind::Null => f.write_str("null"),
        Kind::Boolean(truth) => write!(f, "{truth}"),
        Kind::Number(number) => write!(f, "{number}"),
        Kind::String(text) => write_literal(f, text),
        Kind::Temporal(value) => write!(f, "{value}"),
        Kind::Name(name) | Kind::Global(_, name) | Kind::Member(name, _) => write_name(f, name),
        // What follows has no text of its own: it is shown, not read back.
        Kind::Typed(node, _) | Kind::Truth(node) | Kind::Judged(node) => write!(f, "{node}"),
        Kind::Table(table) => write!(f, "decision table({} rules)", table.rules.len()),
        Kind::Let(entries, result) => {
            f.write_str("{")?;
            write_entries(f, entries)?;
            write!(f, "; {result}}}")
        }
        Kind::Builtin(builtin) => f.write_str(builtin.name),
        Kind::Negate(node) => {
            f.write_str("-")?;
            write_at(f, node, Strength::Negate)
        }
        Kind::Arithmetic(first, rest) => write_arithmetic(f, kind, first, rest),
        Kind::Compare(op, pair) => {
            write_at(f, &pair.0, Strength::Add)?;
            write!(f, " {} ", op.symbol())?;
            write_at(f, &pair.1, Strength::Add)
        }
        Kind::And(nodes) => write_joined(f, nodes, " and ", Strength::Compare),
        Kind::Or(nodes) => write_joined(f, nodes, " or ", Strength::And),
        Kind::If(parts) => write!(f, "if {} then {} else {}", parts.0, parts.1, parts.2),
        Kind::Path(node, name) => {
            write_at(f, node, Strength::Postfix)?;
            f.write_str(".")?;
            write_name(f, name)
        }
        Kind::Filter(pair) => {
            write_at(f, &pair.0, Strength::Postfix)?;
            write!(f, "[{}]", pair.1)
        }
        Kind::List(nodes) => {
            f.write_str("[")?;
            write_joined(f, nodes, ", ", Strength::Open)?;
            f.write_str("]")
        }
        Kind::Context(entries) => {
            f.write_str("{")?;
            write_entries(f, entries)?;
            f.write_str("}")
        }
        Kind::Range(range) => write_range(f, range),
        Kind::In(node, tests) => write_in(f, node, tests),
        Kind::Between(parts) => {
            write_at(f, &parts.0, Strength::Add)?;
            f.write_str(" between ")?;
            write_at(f, &parts.1, Strength::Add)?;
            f.write_str(" and ")?;
            write_at(f, &parts.2, Strength::Add)
        }
        Kind::For(iterations, body) => write_loop(f, "for", iterations, "return", body),
        Kind::Some(iterations, body) => write_loop(f, "some", iterations, "satisfies", body),
        Kind::Every(iterations, body) => write_loop(f, "every", iterations, "satisfies", body),
        Kind::InstanceOf(node, type_) => {
            write_at(f, node, Strength::Instance)?;
            write!(f, " instance of {type_}")
        }
        Kind::Call(builtin, nodes) => {
            write!(f, "{}(", builtin.name)?;
            write_joined(f, nodes, ", ", Strength::Open)?;
            f.write_str(")")
        }
        Kind::Invoke(function, arguments) => write_invoke(f, function, arguments),
        Kind::Function(lambda) => write!(f, "{lambda}"),
    }
}

fn write_arithmetic(
    f: &mut Formatter<'_>,
    kind: &Kind,
    first: &Node,
    rest: &[(ArithmeticOp, Node)],
) -> Result {
    let operand = match strength(kind) {
        Strength::Add => Strength::Multiply,
        Strength::Multiply => Strength::Power,
        Strength::Open
        | Strength::Or
        | Strength::And
        | Strength::Compare
        | Strength::Power
        | Strength::Instance
        | Strength::Negate
        | Strength::Postfix => Strength::Instance,
    };
    write_at(f, first, operand)?;
    for (op, node) in rest {
        write!(f, " {} ", op.symbol())?;
        write_at(f, node, operand)?;
    }
    Ok(())
}

fn write_joined(f: &mut Formatter<'_>, nodes: &[Node], by: &str, least: Strength) -> Result {
    for (i, node) in nodes.iter().enumerate() {
        f.write_str(if i > 0 { by } else { "" })?;
        write_at(f, node, least)?;
    }
    Ok(())
}

fn write_entries(f: &mut Formatter<'_>, entries: &[(Box<str>, Node)]) -> Result {
    for (i, (name, node)) in entries.iter().enumerate() {
        f.write_str(if i > 0 { ", " } else { "" })?;
        match is_name(name) {
            true => f.write_str(name)?,
            false => write_literal(f, name)?,
        }
        write!(f, ": {node}")?;
    }
    Ok(())
}

fn write_range(f: &mut Formatter<'_>, range: &RangeNode) -> Result {
    match (&range.start, &range.end) {
        (Some(start), Some(end)) => {
            f.write_str(if range.start_included { "[" } else { "(" })?;
            write!(f, "{start}..")?;
            write_at(f, end, Strength::Add)?;
            f.write_str(if range.end_included { "]" } else { ")" })
        }
        (Some(start), None) => {
            f.write_str(if range.start_included { "(>= " } else { "(> " })?;
            write_at(f, start, Strength::Add)?;
            f.write_str(")")
        }
        (None, Some(end)) => {
            f.write_str(if range.end_included { "(<= " } else { "(< " })?;
            write_at(f, end, Strength::Add)?;
            f.write_str(")")
        }
        (None, None) => f.write_str("null"),
    }
}

fn write_in(f: &mut Formatter<'_>, node: &Node, tests: &[Test]) -> Result {
    write_at(f, node, Strength::Add)?;
    f.write_str(" in (")?;
    for (i, test) in tests.iter().enumerate() {
        f.write_str(if i > 0 { ", " } else { "" })?;
        match test {
            Test::Compare(op, node) => {
                write!(f, "{} ", op.symbol())?;
                write_at(f, node, Strength::Add)?;
            }
            Test::Value(node) | Test::Condition(node) => write!(f, "{node}")?,
        }
    }
    f.write_str(")")
}

fn write_loop(
    f: &mut Formatter<'_>,
    word: &str,
    iterations: &[Iteration],
    then: &str,
    body: &Node,
) -> Result {
    f.write_str(word)?;
    for (i, iteration) in iterations.iter().enumerate() {
        f.write_str(if i > 0 { ", " } else { " " })?;
        write_name(f, &iteration.name)?;
        match &iteration.source {
            Source::List(node) => write!(f, " in {node}")?,
            Source::Count(from, to) => write!(f, " in {from}..{to}")?,
        }
    }
    write!(f, " {then} {body}")
}

fn write_invoke(f: &mut Formatter<'_>, function: &Node, arguments: &Arguments) -> Result {
    match &function.kind {
        // Without back-ticks it would be looked up among the built-in functions.
        Kind::Name(name) => write!(f, "`{name}`")?,
        _ => write_at(f, function, Strength::Postfix)?,
    }
    f.write_str("(")?;
    match arguments {
        Arguments::Positional(nodes) => write_joined(f, nodes, ", ", Strength::Open)?,
        Arguments::Named(entries) => {
            for (i, (name, node)) in entries.iter().enumerate() {
                f.write_str(if i > 0 { ", " } else { "" })?;
                write_name(f, name)?;
                write!(f, ": {node}")?;
            }
        }
    }
    f.write_str(")")
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Type::Named(name) => write!(f, "{name}"),
            Type::Declared(_, name) => f.write_str(name),
            Type::List(inner) => write!(f, "list<{inner}>"),
            Type::Range(inner) => write!(f, "range<{inner}>"),
            Type::Context(members) => {
                f.write_str("context<")?;
                for (i, (name, type_)) in members.iter().enumerate() {
                    f.write_str(if i > 0 { ", " } else { "" })?;
                    write_name(f, name)?;
                    write!(f, ": {type_}")?;
                }
                f.write_str(">")
            }
            Type::Function(parameters, result) => {
                f.write_str("function<")?;
                for (i, type_) in parameters.iter().enumerate() {
                    f.write_str(if i > 0 { ", " } else { "" })?;
                    write!(f, "{type_}")?;
                }
                write!(f, "> -> {result}")
            }
        }
    }
}

impl fmt::Display for TypeName {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let name = TYPE_NAMES.iter().find(|(_, type_)| type_ == self);
        f.write_str(name.map_or("Any", |(name, _)| name))
    }
}
