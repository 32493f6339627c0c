//! Relations between points and ranges (DMN 1.5, 10.3.4.9, table 78).

use std::cmp::Ordering;

use super::{Builtin, Run};
use crate::Environment;
use crate::eval::{Machine, Scope, order};
use crate::syntax::{self, Kind, Node};
use crate::value::{Range, Value};

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "range",
        forms: &["from: string"],
        fails: "the text is not a range of literals with both ends, the lower one first",
        run: Run::Simple(|a| Range::parse(a.first()?.as_str()?)),
    },
    Builtin {
        name: "before",
        forms: POINTS_AND_RANGES,
        fails: UNLIKE,
        run: Run::Simple(|a| truth(before(&Span::of(a.first()?)?, &Span::of(a.get(1)?)?))),
    },
    Builtin {
        name: "after",
        forms: POINTS_AND_RANGES,
        fails: UNLIKE,
        run: Run::Simple(|a| truth(before(&Span::of(a.get(1)?)?, &Span::of(a.first()?)?))),
    },
    Builtin {
        name: "meets",
        forms: &["range1: range, range2: range"],
        fails: UNLIKE,
        run: Run::Simple(|a| truth(meets(&Span::range(a, 0)?, &Span::range(a, 1)?))),
    },
    Builtin {
        name: "met by",
        forms: &["range1: range, range2: range"],
        fails: UNLIKE,
        run: Run::Simple(|a| truth(meets(&Span::range(a, 1)?, &Span::range(a, 0)?))),
    },
    Builtin {
        name: "overlaps",
        forms: &["range1: range, range2: range"],
        fails: UNLIKE,
        run: Run::Simple(|a| {
            let (a, b) = (Span::range(a, 0)?, Span::range(a, 1)?);
            truth(both(before(&a, &b).map(|x| !x), before(&b, &a).map(|x| !x)))
        }),
    },
    Builtin {
        name: "overlaps before",
        forms: &["range1: range, range2: range"],
        fails: UNLIKE,
        run: Run::Simple(|a| truth(overlaps_before(&Span::range(a, 0)?, &Span::range(a, 1)?))),
    },
    Builtin {
        name: "overlaps after",
        forms: &["range1: range, range2: range"],
        fails: UNLIKE,
        run: Run::Simple(|a| truth(overlaps_after(&Span::range(a, 0)?, &Span::range(a, 1)?))),
    },
    Builtin {
        name: "finishes",
        forms: &["point: any, range: range", "range1: range, range2: range"],
        fails: UNLIKE,
        run: Run::Simple(|a| truth(finishes(&Span::of(a.first()?)?, &Span::range(a, 1)?))),
    },
    Builtin {
        name: "finished by",
        forms: &["range: range, point: any", "range1: range, range2: range"],
        fails: UNLIKE,
        run: Run::Simple(|a| truth(finishes(&Span::of(a.get(1)?)?, &Span::range(a, 0)?))),
    },
    Builtin {
        name: "includes",
        forms: &["range: range, point: any", "range1: range, range2: range"],
        fails: UNLIKE,
        run: Run::Simple(|a| truth(includes(&Span::range(a, 0)?, &Span::of(a.get(1)?)?))),
    },
    Builtin {
        name: "during",
        forms: &["point: any, range: range", "range1: range, range2: range"],
        fails: UNLIKE,
        run: Run::Simple(|a| truth(includes(&Span::range(a, 1)?, &Span::of(a.first()?)?))),
    },
    Builtin {
        name: "starts",
        forms: &["point: any, range: range", "range1: range, range2: range"],
        fails: UNLIKE,
        run: Run::Simple(|a| truth(starts(&Span::of(a.first()?)?, &Span::range(a, 1)?))),
    },
    Builtin {
        name: "started by",
        forms: &["range: range, point: any", "range1: range, range2: range"],
        fails: UNLIKE,
        run: Run::Simple(|a| truth(starts(&Span::of(a.get(1)?)?, &Span::range(a, 0)?))),
    },
    Builtin {
        name: "coincides",
        forms: &["point1: any, point2: any", "range1: range, range2: range"],
        fails: UNLIKE,
        run: Run::Simple(|a| {
            let (a, b) = (Span::of(a.first()?)?, Span::of(a.get(1)?)?);
            let starts = a.start.compare(&b.start)?.is_eq();
            truth(Some(starts && a.end.compare(&b.end)?.is_eq()))
        }),
    },
];

const POINTS_AND_RANGES: &[&str] = &[
    "point1: any, point2: any",
    "point: any, range: range",
    "range: range, point: any",
    "range1: range, range2: range",
];

const UNLIKE: &str = "the points or ends of the ranges do not compare, or an end is missing";

impl Range<'_> {
    /// The range that a text says: a literal whose ends are literals too.
    fn parse<'a>(text: &str) -> Option<Value<'a>> {
        let parsed = syntax::parse(text.trim()).ok()?;
        let Kind::Range(range) = &parsed.root.kind else {
            return None;
        };
        if !range.start.iter().chain(&range.end).all(is_literal) {
            return None;
        }
        // Literals read nothing and cost nothing to speak of.
        let environment = Environment::new(&(), 0);
        let range = Machine::new(text, &environment).eval(&parsed.root, &Scope::Root);
        let range = range.ok()?.into_owned();
        let forward = match &range {
            Value::Range(range) => order(range.start.as_ref()?, range.end.as_ref()?)?.is_le(),
            _ => false,
        };
        forward.then_some(range)
    }
}

/// A literal, or a function that reads a date, time or duration from one.
fn is_literal(node: &Node) -> bool {
    match &node.kind {
        Kind::Number(_) | Kind::String(_) | Kind::Temporal(_) => true,
        Kind::Call(builtin, arguments) => {
            matches!(builtin.name, "date" | "time" | "date and time" | "duration")
                && arguments.iter().all(|a| matches!(a.kind, Kind::String(_)))
        }
        _ => false,
    }
}

/// A bound as a point on a line that is a little finer than its values: an excluded start lies just
/// after its value, an excluded end just before it.
struct Bound<'v, 'a> {
    value: &'v Value<'a>,
    shift: i8,
}

impl Bound<'_, '_> {
    fn compare(&self, other: &Bound<'_, '_>) -> Option<Ordering> {
        Some(order(self.value, other.value)?.then(self.shift.cmp(&other.shift)))
    }
}

/// A point, or a range with both ends.
struct Span<'v, 'a> {
    start: Bound<'v, 'a>,
    end: Bound<'v, 'a>,
}

impl<'v, 'a> Span<'v, 'a> {
    fn of(value: &'v Value<'a>) -> Option<Self> {
        match value {
            Value::Range(range) => Span::of_range(range),
            point => {
                order(point, point)?;
                Some(Span {
                    start: Bound {
                        value: point,
                        shift: 0,
                    },
                    end: Bound {
                        value: point,
                        shift: 0,
                    },
                })
            }
        }
    }

    fn of_range(range: &'v Range<'a>) -> Option<Self> {
        Some(Span {
            start: Bound {
                value: range.start.as_ref()?,
                shift: i8::from(!range.start_included),
            },
            end: Bound {
                value: range.end.as_ref()?,
                shift: -i8::from(!range.end_included),
            },
        })
    }

    fn range(arguments: &'v [Value<'a>], index: usize) -> Option<Self> {
        match arguments.get(index)? {
            Value::Range(range) => Span::of_range(range),
            _ => None,
        }
    }
}

fn truth<'a>(truth: Option<bool>) -> Option<Value<'a>> {
    truth.map(Value::Boolean)
}

fn both(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    Some(a? && b?)
}

/// Every point of `a` is before every point of `b`.
fn before(a: &Span<'_, '_>, b: &Span<'_, '_>) -> Option<bool> {
    a.end.compare(&b.start).map(Ordering::is_lt)
}

/// `a` ends with the very point with which `b` starts.
fn meets(a: &Span<'_, '_>, b: &Span<'_, '_>) -> Option<bool> {
    let touch = order(a.end.value, b.start.value)?.is_eq();
    Some(touch && a.end.shift == 0 && b.start.shift == 0)
}

fn overlaps_before(a: &Span<'_, '_>, b: &Span<'_, '_>) -> Option<bool> {
    let starts_first = a.start.compare(&b.start)?.is_lt();
    let reaches = a.end.compare(&b.start)?.is_ge();
    let ends_first = a.end.compare(&b.end)?.is_le();
    Some(starts_first && reaches && ends_first)
}

fn overlaps_after(a: &Span<'_, '_>, b: &Span<'_, '_>) -> Option<bool> {
    let starts_inside = b.start.compare(&a.start)?.is_lt();
    let reaches = a.start.compare(&b.end)?.is_le();
    let ends_last = b.end.compare(&a.end)?.is_le();
    Some(starts_inside && reaches && ends_last)
}

fn finishes(a: &Span<'_, '_>, b: &Span<'_, '_>) -> Option<bool> {
    let same_end = a.end.compare(&b.end)?.is_eq();
    Some(same_end && b.start.compare(&a.start)?.is_le())
}

fn starts(a: &Span<'_, '_>, b: &Span<'_, '_>) -> Option<bool> {
    let same_start = a.start.compare(&b.start)?.is_eq();
    Some(same_start && a.end.compare(&b.end)?.is_le())
}

fn includes(a: &Span<'_, '_>, b: &Span<'_, '_>) -> Option<bool> {
    let from = a.start.compare(&b.start)?.is_le();
    Some(from && b.end.compare(&a.end)?.is_le())
}
