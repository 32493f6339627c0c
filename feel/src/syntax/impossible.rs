//! What can be said of an expression before it runs: comparisons that are never true and sums that are always null,
//! whatever the variables are.
//!
//! Knows types only where the text itself shows them; what depends on a variable is never judged.

use super::tree::{ArithmeticOp, CompareOp, Kind, Node, Test, TypeName};
use crate::Value;

/// Where something is never true or always null, whatever the variables are, by its byte offset, and why.
pub(crate) fn impossible(root: &Node) -> Vec<(u32, String)> {
    let mut found = Vec::new();
    visit(root, &mut found);
    found
}

/// The recursion is bounded by the height of the tree.
fn visit(node: &Node, found: &mut Vec<(u32, String)>) {
    let compare = |one: &Node, other: &Node, found: &mut Vec<_>| {
        if let (Some(one_type), Some(other_type)) = (known(one), known(other))
            && !compare_with(one_type, other_type)
        {
            let message = format!(
                "`{one}` is {} and `{other}` is {}: comparing them is never true",
                noun(one_type),
                noun(other_type)
            );
            found.push((node.at, message));
        }
    };
    match &node.kind {
        // What is not a literal may be null, which differs from everything.
        Kind::Compare(CompareOp::NotEqual, pair)
            if !(is_literal(&pair.0) && is_literal(&pair.1)) => {}
        Kind::Compare(op, pair) => {
            compare(&pair.0, &pair.1, found);
            unordered(*op, node.at, &pair.0, &pair.1, found);
        }
        Kind::Between(parts) => {
            compare(&parts.0, &parts.1, found);
            compare(&parts.0, &parts.2, found);
        }
        Kind::In(subject, tests) => {
            for test in tests {
                match test {
                    Test::Compare(_, node) => compare(subject, node, found),
                    Test::Value(node) => match &node.kind {
                        Kind::Range(range) => {
                            let ends = range.start.iter().chain(&range.end);
                            ends.for_each(|end| compare(subject, end, found));
                        }
                        _ => compare(subject, node, found),
                    },
                    Test::Condition(_) => {}
                }
            }
        }
        Kind::Arithmetic(first, rest) => arithmetic(node.at, first, rest, found),
        _ => {}
    }
    node.kind.each_child(&mut |child| visit(child, found));
}

fn is_literal(node: &Node) -> bool {
    matches!(
        node.kind,
        Kind::Number(_) | Kind::String(_) | Kind::Boolean(_) | Kind::Temporal(_)
    )
}

fn unordered(op: CompareOp, at: u32, side: &Node, other: &Node, found: &mut Vec<(u32, String)>) {
    let orders = !matches!(op, CompareOp::Equal | CompareOp::NotEqual);
    if let Some(type_ @ (TypeName::Boolean | TypeName::Context)) = known(side)
        && known(other).is_none_or(|other| other == type_)
        && orders
    {
        let message = format!(
            "`{side}` is {}, which has no order: this is always null",
            noun(type_)
        );
        found.push((at, message));
    }
}

fn arithmetic(
    at: u32,
    first: &Node,
    rest: &[(ArithmeticOp, Node)],
    found: &mut Vec<(u32, String)>,
) {
    for (index, (op, node)) in rest.iter().enumerate() {
        let others = match index {
            0 => Some(first),
            _ => None,
        };
        for side in others.into_iter().chain([node]) {
            let message = match known(side) {
                Some(TypeName::String) if *op != ArithmeticOp::Add => "text",
                Some(TypeName::Boolean) => "true or false",
                Some(TypeName::Context) => "a context",
                _ => continue,
            };
            let symbol = op.symbol();
            found.push((
                at,
                format!("`{side}` is {message}: `{symbol}` of it is always null"),
            ));
        }
        if let (Some(TypeName::String), Some(TypeName::Number))
        | (Some(TypeName::Number), Some(TypeName::String)) = (known(first), known(node))
            && index == 0
            && *op == ArithmeticOp::Add
        {
            let message =
                format!("`{first}` and `{node}` are a number and text: adding them is always null");
            found.push((at, message));
        }
    }
}

/// The type that the text shows; the value may be null all the same.
fn known(node: &Node) -> Option<TypeName> {
    match &node.kind {
        Kind::Boolean(_)
        | Kind::Compare(..)
        | Kind::And(_)
        | Kind::Or(_)
        | Kind::In(..)
        | Kind::Between(_)
        | Kind::Some(..)
        | Kind::Every(..)
        | Kind::InstanceOf(..) => Some(TypeName::Boolean),
        Kind::Number(_) => Some(TypeName::Number),
        Kind::String(_) => Some(TypeName::String),
        Kind::Temporal(value) => temporal(value),
        Kind::Context(_) => Some(TypeName::Context),
        Kind::Negate(inner) => known(inner),
        Kind::If(parts) => known(&parts.1).filter(|type_| known(&parts.2) == Some(*type_)),
        Kind::Arithmetic(first, rest) => {
            let type_ = known(first)?;
            let is_one = rest.iter().all(|(_, node)| known(node) == Some(type_));
            // Differences of dates are durations.
            (is_one && matches!(type_, TypeName::Number | TypeName::String)).then_some(type_)
        }
        Kind::Call(builtin, _) => returned(builtin.name),
        _ => None,
    }
}

fn temporal(value: &Value<'_>) -> Option<TypeName> {
    match value {
        Value::Date(_) => Some(TypeName::Date),
        Value::Time(_) => Some(TypeName::Time),
        Value::DateTime(_) => Some(TypeName::DateTime),
        Value::DaysTimeDuration(_) => Some(TypeName::DaysTimeDuration),
        Value::YearsMonthsDuration(_) => Some(TypeName::YearsMonthsDuration),
        _ => None,
    }
}

/// What a built-in function gives, where it is always the same type.
fn returned(name: &str) -> Option<TypeName> {
    Some(match name {
        "count" | "number" | "string length" | "floor" | "ceiling" | "sqrt" | "day of year"
        | "week of year" | "modulo" => TypeName::Number,
        "string" | "upper case" | "lower case" | "substring" | "substring before"
        | "substring after" | "string join" | "trim" | "to json" | "day of week"
        | "month of year" | "uuid" => TypeName::String,
        "contains" | "starts with" | "ends with" | "matches" | "list contains" | "not"
        | "is defined" | "is blank" | "is empty" | "even" | "odd" => TypeName::Boolean,
        "date" | "today" | "last day of month" => TypeName::Date,
        "date and time" | "now" => TypeName::DateTime,
        "time" => TypeName::Time,
        "years and months duration" => TypeName::YearsMonthsDuration,
        _ => return None,
    })
}

/// A date may stand for the midnight that it begins with.
fn compare_with(one: TypeName, other: TypeName) -> bool {
    let is_instant = |type_| matches!(type_, TypeName::Date | TypeName::DateTime);
    one == other || is_instant(one) && is_instant(other)
}

fn noun(type_: TypeName) -> &'static str {
    match type_ {
        TypeName::Number => "a number",
        TypeName::String => "text",
        TypeName::Boolean => "true or false",
        TypeName::Date => "a date",
        TypeName::Time => "a time",
        TypeName::DateTime => "a date and time",
        TypeName::DaysTimeDuration => "a duration of days and time",
        TypeName::YearsMonthsDuration => "a duration of years and months",
        TypeName::Context => "a context",
        TypeName::Any | TypeName::Null | TypeName::List | TypeName::Range | TypeName::Function => {
            "something else"
        }
    }
}
