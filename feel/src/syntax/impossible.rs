//! What can be said of an expression before it runs: comparisons that are never true and sums that are always null,
//! whatever the variables are.
//!
//! Knows types only where the text itself shows them; what depends on a variable is never judged.

use super::tree::{ArithmeticOp, CompareOp, Kind, Node, Test};
use crate::Value;

/// The type that a value has unless it is null.
#[derive(Clone, Copy, PartialEq)]
enum Known {
    Number,
    String,
    Boolean,
    Date,
    Time,
    DateTime,
    DaysTimeDuration,
    YearsMonthsDuration,
    Context,
}

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
            && !one_type.compares_with(other_type)
        {
            let message = format!(
                "`{one}` is {} and `{other}` is {}: comparing them is never true",
                one_type.noun(),
                other_type.noun()
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
    if let Some(type_ @ (Known::Boolean | Known::Context)) = known(side)
        && known(other).is_none_or(|other| other == type_)
        && orders
    {
        let message = format!(
            "`{side}` is {}, which has no order: this is always null",
            type_.noun()
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
                Some(Known::String) if *op != ArithmeticOp::Add => "text",
                Some(Known::Boolean) => "true or false",
                Some(Known::Context) => "a context",
                _ => continue,
            };
            let symbol = op.symbol();
            found.push((
                at,
                format!("`{side}` is {message}: `{symbol}` of it is always null"),
            ));
        }
        if let (Some(Known::String), Some(Known::Number))
        | (Some(Known::Number), Some(Known::String)) = (known(first), known(node))
            && index == 0
            && *op == ArithmeticOp::Add
        {
            let message =
                format!("`{first}` and `{node}` are a number and text: adding them is always null");
            found.push((at, message));
        }
    }
}

/// The type that the text shows.
fn known(node: &Node) -> Option<Known> {
    match &node.kind {
        Kind::Boolean(_)
        | Kind::Compare(..)
        | Kind::And(_)
        | Kind::Or(_)
        | Kind::In(..)
        | Kind::Between(_)
        | Kind::Some(..)
        | Kind::Every(..)
        | Kind::InstanceOf(..) => Some(Known::Boolean),
        Kind::Number(_) => Some(Known::Number),
        Kind::String(_) => Some(Known::String),
        Kind::Temporal(value) => temporal(value),
        Kind::Context(_) => Some(Known::Context),
        Kind::Negate(inner) => known(inner),
        Kind::If(parts) => known(&parts.1).filter(|type_| known(&parts.2) == Some(*type_)),
        Kind::Arithmetic(first, rest) => {
            let type_ = known(first)?;
            let is_one = rest.iter().all(|(_, node)| known(node) == Some(type_));
            // Differences of dates are durations.
            (is_one && matches!(type_, Known::Number | Known::String)).then_some(type_)
        }
        Kind::Call(builtin, _) => returned(builtin.name),
        _ => None,
    }
}

fn temporal(value: &Value<'_>) -> Option<Known> {
    match value {
        Value::Date(_) => Some(Known::Date),
        Value::Time(_) => Some(Known::Time),
        Value::DateTime(_) => Some(Known::DateTime),
        Value::DaysTimeDuration(_) => Some(Known::DaysTimeDuration),
        Value::YearsMonthsDuration(_) => Some(Known::YearsMonthsDuration),
        _ => None,
    }
}

/// What a built-in function gives, where it is always the same type.
fn returned(name: &str) -> Option<Known> {
    Some(match name {
        "count" | "number" | "string length" | "floor" | "ceiling" | "sqrt" | "day of year"
        | "week of year" | "modulo" => Known::Number,
        "string" | "upper case" | "lower case" | "substring" | "substring before"
        | "substring after" | "string join" | "trim" | "to json" | "day of week"
        | "month of year" | "uuid" => Known::String,
        "contains" | "starts with" | "ends with" | "matches" | "list contains" | "not"
        | "is defined" | "is blank" | "is empty" | "even" | "odd" => Known::Boolean,
        "date" | "today" | "last day of month" => Known::Date,
        "date and time" | "now" => Known::DateTime,
        "time" => Known::Time,
        "years and months duration" => Known::YearsMonthsDuration,
        _ => return None,
    })
}

impl Known {
    /// A date may stand for the midnight that it begins with.
    fn compares_with(self, other: Known) -> bool {
        let is_instant = |type_| matches!(type_, Known::Date | Known::DateTime);
        self == other || is_instant(self) && is_instant(other)
    }

    fn noun(self) -> &'static str {
        match self {
            Known::Number => "a number",
            Known::String => "text",
            Known::Boolean => "true or false",
            Known::Date => "a date",
            Known::Time => "a time",
            Known::DateTime => "a date and time",
            Known::DaysTimeDuration => "a duration of days and time",
            Known::YearsMonthsDuration => "a duration of years and months",
            Known::Context => "a context",
        }
    }
}
