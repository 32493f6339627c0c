//! Which rules of a table may match an input, found without looking at each.
//!
//! A column whose cells are constants and intervals of numbers is cut into classes of values that all its cells treat
//! alike; each class has one bit for each rule. What is not a constant is left open: those cells are asked one by one.

use std::cmp::Ordering;

use crate::syntax::tree::{CompareOp, Kind, Node, Test, Tests};
use crate::{Decimal, Value};

/// A larger column (classes × rules) is not indexed: it would take too much memory.
const BITS_MAX: usize = 8 << 20;

/// Rules of a table, one bit each.
pub(crate) type Candidates = smallvec::SmallVec<[u64; 16]>;

/// The index of one input's cells.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// Rules whose cell must be asked. All of them when nothing is indexed.
    open: Box<[u64]>,
    classes: Option<Classes>,
}

/// The classes of values, and the rules that match each: those of class `n` are the `n`th row of `bits`.
#[derive(Clone, Debug)]
pub(crate) struct Classes {
    /// In order; a class is a number, or what lies between two.
    pub(super) numbers: Box<[Decimal]>,
    /// In order; each is a class, and all other texts are one.
    pub(super) texts: Box<[Box<str>]>,
    pub(super) bits: Box<[u64]>,
    /// Whether some cell has true or false.
    pub(super) has_booleans: bool,
}

/// A cell that can be indexed.
struct Cell<'n> {
    is_negated: bool,
    /// With none, every value matches.
    tests: Vec<Simple<'n>>,
}

enum Simple<'n> {
    Equal(Constant<'n>),
    Inside(End, End),
}

#[derive(Clone, Copy, PartialEq)]
enum Constant<'n> {
    Null,
    Boolean(bool),
    Number(Decimal),
    Text(&'n str),
}

/// An end of an interval: `None` is unbounded; whether the end belongs to it.
type End = (Option<Decimal>, bool);

/// A value that stands for its class.
#[derive(Clone, Copy)]
enum Sample<'n> {
    Constant(Constant<'n>),
    /// Between two numbers of the index: greater than the first, less than the second.
    Between(Option<Decimal>, Option<Decimal>),
    /// A text that no cell has.
    OtherText,
    /// Of no type that the index knows.
    Other,
}

impl Column {
    /// The index of the cells of one input, one for each rule.
    pub(crate) fn of<'n>(cells: impl Iterator<Item = &'n Tests>) -> Column {
        let cells = cells.map(Cell::of).collect::<Vec<_>>();
        let mut open = no_rules(cells.len());
        for (rule, cell) in cells.iter().enumerate() {
            if cell.is_none() {
                set(&mut open, rule);
            }
        }
        match Classes::of(&cells) {
            Some(classes) => Column {
                open,
                classes: Some(classes),
            },
            None => Column {
                open: vec![u64::MAX; open.len()].into(),
                classes: None,
            },
        }
    }

    /// Takes those away that cannot match the value.
    pub(crate) fn narrow(&self, value: &Value<'_>, candidates: &mut Candidates) {
        let Some(classes) = &self.classes else {
            return;
        };
        let matching = classes.matching(value);
        let rules = matching.iter().zip(&self.open);
        for (candidate, (matching, open)) in candidates.iter_mut().zip(rules) {
            *candidate &= matching | open;
        }
    }

    /// The index, if there is one.
    pub(crate) fn classes(&self) -> Option<&Classes> {
        self.classes.as_ref()
    }

    /// The rules whose cell must be asked.
    pub(crate) fn open(&self) -> &[u64] {
        &self.open
    }

    /// Whether the rule's cell must be asked.
    pub(crate) fn is_open(&self, rule: usize) -> bool {
        has(&self.open, rule)
    }
}

impl Classes {
    /// `None` when there is nothing to index, or too much.
    fn of(cells: &[Option<Cell<'_>>]) -> Option<Classes> {
        let known = || cells.iter().flatten().flat_map(|cell| &cell.tests);
        let mut numbers = known().flat_map(Simple::numbers).collect::<Vec<_>>();
        numbers.sort();
        numbers.dedup_by(|a, b| Decimal::cmp(a, b) == Ordering::Equal);
        let mut texts = known().filter_map(Simple::text).collect::<Vec<_>>();
        texts.sort_unstable();
        texts.dedup();
        let samples = samples(&numbers, &texts);
        let words = cells.len().div_ceil(64);
        if cells.iter().all(Option::is_none) || samples.len() * words * 64 > BITS_MAX {
            return None;
        }
        let mut bits = Vec::with_capacity(samples.len() * words);
        for sample in samples {
            let mut row = no_rules(cells.len());
            for (rule, cell) in cells.iter().enumerate() {
                if cell.as_ref().is_some_and(|cell| cell.matches(sample)) {
                    set(&mut row, rule);
                }
            }
            bits.extend_from_slice(&row);
        }
        Some(Classes {
            numbers: numbers.into(),
            texts: texts.into_iter().map(Box::from).collect(),
            bits: bits.into(),
            has_booleans: known().any(|test| matches!(test, Simple::Equal(Constant::Boolean(_)))),
        })
    }

    /// The rules that match a value, as the index knows them.
    fn matching(&self, value: &Value<'_>) -> &[u64] {
        let class = match value {
            Value::Null => 0,
            Value::Boolean(false) => 1,
            Value::Boolean(true) => 2,
            Value::Number(number) => {
                Classes::FIRST_NUMBER
                    + match self.numbers.binary_search(number) {
                        Ok(at) => 2 * at + 1,
                        Err(at) => 2 * at,
                    }
            }
            Value::String(text) => {
                let found = self
                    .texts
                    .binary_search_by(|known| (**known).cmp(text.as_str()));
                self.first_text() + found.unwrap_or(self.texts.len())
            }
            Value::List(_)
            | Value::Context(_)
            | Value::Date(_)
            | Value::Time(_)
            | Value::DateTime(_)
            | Value::DaysTimeDuration(_)
            | Value::YearsMonthsDuration(_)
            | Value::Range(_)
            | Value::Function(_) => Classes::OTHER,
        };
        self.row(class)
    }
}

/// One for each class, in the order in which `Classes::matching` counts them.
fn samples<'n>(numbers: &[Decimal], texts: &[&'n str]) -> Vec<Sample<'n>> {
    let constant = |constant| Sample::Constant(constant);
    let mut samples = vec![
        constant(Constant::Null),
        constant(Constant::Boolean(false)),
        constant(Constant::Boolean(true)),
        Sample::Other,
    ];
    let mut below = None;
    for number in numbers {
        samples.push(Sample::Between(below, Some(*number)));
        samples.push(constant(Constant::Number(*number)));
        below = Some(*number);
    }
    samples.push(Sample::Between(below, None));
    samples.extend(texts.iter().map(|text| constant(Constant::Text(text))));
    samples.push(Sample::OtherText);
    samples
}

impl<'n> Cell<'n> {
    /// `None` when it cannot be indexed.
    fn of(tests: &'n Tests) -> Option<Cell<'n>> {
        Some(Cell {
            is_negated: tests.is_negated,
            tests: tests.tests.iter().map(simple).collect::<Option<_>>()?,
        })
    }

    fn matches(&self, sample: Sample<'_>) -> bool {
        if self.tests.is_empty() {
            return !self.is_negated;
        }
        // Three-valued: one that holds decides, then one that cannot be told.
        let mut outcome = Some(false);
        for test in &self.tests {
            match test.holds(sample) {
                Some(true) => return !self.is_negated,
                Some(false) => {}
                None => outcome = None,
            }
        }
        self.is_negated && outcome == Some(false)
    }
}

impl<'n> Simple<'n> {
    fn numbers(&self) -> impl Iterator<Item = Decimal> + use<> {
        let both = match self {
            Simple::Equal(Constant::Number(number)) => [Some(*number), None],
            Simple::Equal(Constant::Null | Constant::Boolean(_) | Constant::Text(_)) => {
                [None, None]
            }
            Simple::Inside(low, high) => [low.0, high.0],
        };
        both.into_iter().flatten()
    }

    fn text(&self) -> Option<&'n str> {
        match self {
            Simple::Equal(Constant::Text(text)) => Some(text),
            Simple::Equal(Constant::Null | Constant::Boolean(_) | Constant::Number(_))
            | Simple::Inside(..) => None,
        }
    }

    /// As `eval/membership.rs` would answer.
    fn holds(&self, sample: Sample<'_>) -> Option<bool> {
        match (self, sample) {
            (Simple::Equal(expected), Sample::Constant(value)) => expected.equals(value),
            (Simple::Equal(expected), Sample::Between(..)) => match expected {
                Constant::Number(_) | Constant::Null => Some(false),
                Constant::Boolean(_) | Constant::Text(_) => None,
            },
            (Simple::Equal(expected), Sample::OtherText) => match expected {
                Constant::Text(_) | Constant::Null => Some(false),
                Constant::Boolean(_) | Constant::Number(_) => None,
            },
            (Simple::Equal(expected), Sample::Other) => match expected {
                Constant::Null => Some(false),
                Constant::Boolean(_) | Constant::Number(_) | Constant::Text(_) => None,
            },
            (Simple::Inside(low, high), Sample::Constant(Constant::Number(value))) => {
                Some(is_above(*low, value) && is_below(*high, value))
            }
            (Simple::Inside(low, high), Sample::Between(above, below)) => {
                let low = low
                    .0
                    .is_none_or(|low| above.is_some_and(|above| low <= above));
                let high = high
                    .0
                    .is_none_or(|high| below.is_some_and(|below| below <= high));
                Some(low && high)
            }
            (
                Simple::Inside(..),
                Sample::Constant(Constant::Null | Constant::Boolean(_) | Constant::Text(_))
                | Sample::OtherText
                | Sample::Other,
            ) => None,
        }
    }
}

impl Constant<'_> {
    /// `None` when the types differ, unless one is null.
    fn equals(&self, other: Constant<'_>) -> Option<bool> {
        match (self, other) {
            (Constant::Null, other) => Some(other == Constant::Null),
            (_, Constant::Null) => Some(false),
            (Constant::Boolean(one), Constant::Boolean(other)) => Some(*one == other),
            (Constant::Number(one), Constant::Number(other)) => Some(*one == other),
            (Constant::Text(one), Constant::Text(other)) => Some(*one == other),
            (Constant::Boolean(_) | Constant::Number(_) | Constant::Text(_), _) => None,
        }
    }
}

fn is_above(low: End, value: Decimal) -> bool {
    let (end, is_included) = low;
    end.is_none_or(|end| end < value || is_included && end == value)
}

fn is_below(high: End, value: Decimal) -> bool {
    let (end, is_included) = high;
    end.is_none_or(|end| value < end || is_included && end == value)
}

/// The test, if it needs no evaluation.
fn simple(test: &Test) -> Option<Simple<'_>> {
    let unbounded = (None, false);
    match test {
        Test::Value(node) => match &node.kind {
            Kind::Range(range) => {
                let end = |node: &Option<Node>, is_included| match node {
                    None => Some(unbounded),
                    Some(node) => Some((Some(number(node)?), is_included)),
                };
                let low = end(&range.start, range.start_included)?;
                let high = end(&range.end, range.end_included)?;
                // One that goes down is no range.
                let goes_up = low.0.zip(high.0).is_none_or(|(low, high)| low <= high);
                goes_up.then_some(Simple::Inside(low, high))
            }
            _ => Some(Simple::Equal(constant(node)?)),
        },
        Test::Compare(op, node) => {
            let end = number(node);
            match op {
                CompareOp::Equal => Some(Simple::Equal(constant(node)?)),
                CompareOp::NotEqual => None,
                CompareOp::Less => Some(Simple::Inside(unbounded, (Some(end?), false))),
                CompareOp::LessOrEqual => Some(Simple::Inside(unbounded, (Some(end?), true))),
                CompareOp::Greater => Some(Simple::Inside((Some(end?), false), unbounded)),
                CompareOp::GreaterOrEqual => Some(Simple::Inside((Some(end?), true), unbounded)),
            }
        }
        Test::Condition(_) => None,
    }
}

fn number(node: &Node) -> Option<Decimal> {
    match constant(node)? {
        Constant::Number(number) => Some(number),
        Constant::Null | Constant::Boolean(_) | Constant::Text(_) => None,
    }
}

fn constant(node: &Node) -> Option<Constant<'_>> {
    match &node.kind {
        Kind::Null => Some(Constant::Null),
        Kind::Boolean(truth) => Some(Constant::Boolean(*truth)),
        Kind::Number(number) => Some(Constant::Number(*number)),
        Kind::String(text) => Some(Constant::Text(text)),
        _ => None,
    }
}

fn no_rules(count: usize) -> Box<[u64]> {
    vec![0; count.div_ceil(64)].into()
}

pub(crate) fn has(bits: &[u64], rule: usize) -> bool {
    bits[rule / 64] >> (rule % 64) & 1 == 1
}

fn set(bits: &mut [u64], rule: usize) {
    bits[rule / 64] |= 1 << (rule % 64);
}
