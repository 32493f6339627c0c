//! The values of the language.
//!
//! Values borrow from variables and from the expression where they can; cloning one is cheap. How deep
//! they nest is bounded when they are built, so that walking and dropping them is safe.

mod decode;
mod display;
mod encode;
mod function;

use std::fmt;
use std::sync::Arc;

use crate::json::{self, Elements, Fields};
use crate::temporal::{Date, DateTime, DaysTimeDuration, Time, YearsMonthsDuration};
use crate::{Decimal, EvalErrorKind};

pub(crate) use display::write_literal;
pub use function::Function;
pub(crate) use function::{Captured, FunctionKind};

/// The deepest nesting of lists, contexts and functions that an evaluation may build.
pub(crate) const VALUE_DEPTH_MAX: u16 = 200;

/// The largest list or context that an evaluation may build: values and 64-byte blocks of text, counted
/// as often as they would be printed. Sharing would make small programs print without end.
const VALUE_SIZE_MAX: u32 = 1 << 20;

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

/// Text, borrowed from an encoded value or the expression, or made by the evaluation.
#[derive(Clone)]
pub enum Text<'a> {
    /// Part of the variables or of the expression.
    Borrowed(&'a str),
    /// Made by the evaluation.
    Shared(Arc<str>),
}

/// A list: a part of the variables that is still encoded, or items.
#[derive(Clone, Debug)]
pub struct List<'a>(Items<'a>);

#[derive(Clone, Debug)]
enum Items<'a> {
    Encoded(&'a [u8]),
    Decoded(Arc<Nested<Value<'a>>>),
}

/// A context: a part of the variables that is still encoded, or entries.
#[derive(Clone, Debug)]
pub struct Context<'a>(Entries<'a>);

/// The name and value of a context's entry.
pub(crate) type Entry<'a> = (Text<'a>, Value<'a>);

#[derive(Clone, Debug)]
enum Entries<'a> {
    Encoded(&'a [u8]),
    Decoded(Arc<Nested<Entry<'a>>>),
}

/// Members with the depth and size of the whole.
#[derive(Debug)]
struct Nested<T> {
    depth: u16,
    size: u32,
    members: Vec<T>,
}

/// An interval; a missing end is unbounded. Both ends are scalars of one type.
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

impl<'a> Value<'a> {
    /// Text made by an evaluation.
    pub(crate) fn text(text: impl Into<Arc<str>>) -> Self {
        Value::String(Text::Shared(text.into()))
    }

    /// `Null` for `None`.
    pub(crate) fn number(number: Option<Decimal>) -> Self {
        number.map_or(Value::Null, Value::Number)
    }

    /// `Null` for `None`.
    pub(crate) fn boolean(truth: Option<bool>) -> Self {
        truth.map_or(Value::Null, Value::Boolean)
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The truth value, when it is one.
    pub fn as_boolean(&self) -> Option<bool> {
        match self {
            Value::Boolean(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The number, when it is one.
    pub fn as_number(&self) -> Option<Decimal> {
        match self {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The text, when it is a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text.as_str()),
            _ => None,
        }
    }

    /// How deep the value nests; 0 for scalars.
    pub(crate) fn depth(&self) -> u16 {
        match self {
            Value::List(list) => list.depth(),
            Value::Context(context) => context.depth(),
            Value::Function(function) => function.depth(),
            Value::Null
            | Value::Boolean(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Date(_)
            | Value::Time(_)
            | Value::DateTime(_)
            | Value::DaysTimeDuration(_)
            | Value::YearsMonthsDuration(_)
            | Value::Range(_) => 0,
        }
    }

    /// How large the value is when printed, in values and 64-byte blocks.
    pub(crate) fn size(&self) -> u32 {
        match self {
            Value::String(text) => blocks(text.len()),
            Value::List(list) => list.size(),
            Value::Context(context) => context.size(),
            Value::Range(range) => {
                let ends = range.start.iter().chain(&range.end).map(Value::size);
                ends.fold(1, u32::saturating_add)
            }
            Value::Function(function) => function.size(),
            Value::Null
            | Value::Boolean(_)
            | Value::Number(_)
            | Value::Date(_)
            | Value::Time(_)
            | Value::DateTime(_)
            | Value::DaysTimeDuration(_)
            | Value::YearsMonthsDuration(_) => 1,
        }
    }

    /// The value without borrows. A function keeps only its text and can no longer be called.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::Null => Value::Null,
            Value::Boolean(truth) => Value::Boolean(truth),
            Value::Number(number) => Value::Number(number),
            Value::String(text) => Value::String(text.into_owned()),
            Value::List(list) => Value::List(List(Items::Decoded(Arc::new(Nested {
                depth: list.depth(),
                size: list.size(),
                members: list.iter().map(Value::into_owned).collect(),
            })))),
            Value::Context(context) => {
                let own = |(name, value): Entry<'_>| (name.into_owned(), value.into_owned());
                Value::Context(Context(Entries::Decoded(Arc::new(Nested {
                    depth: context.depth(),
                    size: context.size(),
                    members: context.iter().map(own).collect(),
                }))))
            }
            Value::Date(date) => Value::Date(date),
            Value::Time(time) => Value::Time(time),
            Value::DateTime(date_time) => Value::DateTime(date_time),
            Value::DaysTimeDuration(duration) => Value::DaysTimeDuration(duration),
            Value::YearsMonthsDuration(duration) => Value::YearsMonthsDuration(duration),
            Value::Range(range) => Value::Range(Arc::new(Range {
                start: range.start.clone().map(Value::into_owned),
                start_included: range.start_included,
                end: range.end.clone().map(Value::into_owned),
                end_included: range.end_included,
            })),
            Value::Function(function) => Value::Function(Arc::new(function.to_owned_text())),
        }
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

    fn into_owned(self) -> Text<'static> {
        match self {
            Text::Borrowed(text) => Text::Shared(text.into()),
            Text::Shared(text) => Text::Shared(text),
        }
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

/// 1 and the 64-byte blocks of so many bytes.
fn blocks(bytes: usize) -> u32 {
    u32::try_from(bytes / 64)
        .unwrap_or(u32::MAX)
        .saturating_add(1)
}

/// Members with the name and value of each; a list's have empty names.
fn nested<'a, T>(
    members: Vec<T>,
    parts: impl Fn(&T) -> (&str, &Value<'a>),
) -> Result<Arc<Nested<T>>, EvalErrorKind> {
    let mut depth = 0;
    let mut size = 1u32;
    for member in &members {
        let (name, value) = parts(member);
        depth = depth.max(value.depth());
        size = size.saturating_add(value.size());
        size = size.saturating_add(blocks(name.len()) - 1);
    }
    if depth >= VALUE_DEPTH_MAX {
        return Err(EvalErrorKind::Depth);
    }
    if size > VALUE_SIZE_MAX {
        return Err(EvalErrorKind::Size);
    }
    let depth = depth + 1;
    Ok(Arc::new(Nested {
        depth,
        size,
        members,
    }))
}

impl<'a> List<'a> {
    /// A list of items.
    ///
    /// # Errors
    /// When it would nest too deep or be too large.
    pub fn new(items: Vec<Value<'a>>) -> Result<Self, EvalErrorKind> {
        Ok(List(Items::Decoded(nested(items, |item| ("", item))?)))
    }

    /// A normalized JSON array.
    pub fn encoded(array: &'a [u8]) -> Self {
        List(Items::Encoded(array))
    }

    fn depth(&self) -> u16 {
        match &self.0 {
            Items::Encoded(_) => 1,
            Items::Decoded(items) => items.depth,
        }
    }

    fn size(&self) -> u32 {
        match &self.0 {
            Items::Encoded(array) => blocks(array.len()),
            Items::Decoded(items) => items.size,
        }
    }

    /// The items in order; encoded ones are decoded on the way.
    pub fn iter(&self) -> ListIter<'_, 'a> {
        match &self.0 {
            Items::Encoded(array) => ListIter::Encoded(json::elements(array)),
            Items::Decoded(items) => ListIter::Decoded(items.members.iter()),
        }
    }

    /// The number of items. Walks an encoded list.
    pub fn len(&self) -> usize {
        match &self.0 {
            Items::Encoded(array) => json::elements(array).count(),
            Items::Decoded(items) => items.members.len(),
        }
    }

    /// Whether there are no items.
    pub fn is_empty(&self) -> bool {
        match &self.0 {
            Items::Encoded(array) => *array == b"[]",
            Items::Decoded(items) => items.members.is_empty(),
        }
    }

    /// What walking the list costs, in steps.
    pub(crate) fn cost(&self) -> usize {
        match &self.0 {
            Items::Encoded(array) => array.len() / 16,
            Items::Decoded(items) => items.members.len(),
        }
    }

    /// The items as a slice, when they are decoded.
    pub(crate) fn as_slice(&self) -> Option<&[Value<'a>]> {
        match &self.0 {
            Items::Encoded(_) => None,
            Items::Decoded(items) => Some(&items.members),
        }
    }
}

/// See [`List::iter`].
#[derive(Clone, Debug)]
pub enum ListIter<'l, 'a> {
    /// Elements of a JSON array.
    Encoded(Elements<'a>),
    /// Items.
    Decoded(std::slice::Iter<'l, Value<'a>>),
}

impl<'a> Iterator for ListIter<'_, 'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        match self {
            ListIter::Encoded(elements) => elements.next().map(Value::decode),
            ListIter::Decoded(items) => items.next().cloned(),
        }
    }
}

impl<'a> Context<'a> {
    /// A context of entries with distinct names.
    ///
    /// # Errors
    /// When it would nest too deep or be too large.
    pub fn new(entries: Vec<(Text<'a>, Value<'a>)>) -> Result<Self, EvalErrorKind> {
        Ok(Context(Entries::Decoded(nested(
            entries,
            |(name, value)| (name, value),
        )?)))
    }

    /// A normalized JSON object.
    pub fn encoded(object: &'a [u8]) -> Self {
        Context(Entries::Encoded(object))
    }

    fn depth(&self) -> u16 {
        match &self.0 {
            Entries::Encoded(_) => 1,
            Entries::Decoded(entries) => entries.depth,
        }
    }

    fn size(&self) -> u32 {
        match &self.0 {
            Entries::Encoded(object) => blocks(object.len()),
            Entries::Decoded(entries) => entries.size,
        }
    }

    /// The value of an entry. Only that one is decoded.
    pub fn get(&self, name: &str) -> Option<Value<'a>> {
        match &self.0 {
            Entries::Encoded(object) => json::get(object, name).map(Value::decode),
            Entries::Decoded(entries) => entries
                .members
                .iter()
                .find(|(entry, _)| entry.as_str() == name)
                .map(|(_, value)| value.clone()),
        }
    }

    /// The entries in order; encoded ones are decoded on the way.
    pub fn iter(&self) -> ContextIter<'_, 'a> {
        match &self.0 {
            Entries::Encoded(object) => ContextIter::Encoded(json::fields(object)),
            Entries::Decoded(entries) => ContextIter::Decoded(entries.members.iter()),
        }
    }

    /// The number of entries. Walks an encoded context.
    pub fn len(&self) -> usize {
        match &self.0 {
            Entries::Encoded(object) => json::raw_fields(object).count(),
            Entries::Decoded(entries) => entries.members.len(),
        }
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        match &self.0 {
            Entries::Encoded(object) => *object == b"{}",
            Entries::Decoded(entries) => entries.members.is_empty(),
        }
    }

    /// What walking the context costs, in steps.
    pub(crate) fn cost(&self) -> usize {
        match &self.0 {
            Entries::Encoded(object) => object.len() / 16,
            Entries::Decoded(entries) => entries.members.len(),
        }
    }
}

/// See [`Context::iter`].
#[derive(Clone, Debug)]
pub enum ContextIter<'c, 'a> {
    /// Fields of a JSON object.
    Encoded(Fields<'a>),
    /// Entries.
    Decoded(std::slice::Iter<'c, (Text<'a>, Value<'a>)>),
}

impl<'a> Iterator for ContextIter<'_, 'a> {
    type Item = (Text<'a>, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            ContextIter::Encoded(fields) => fields
                .next()
                .map(|(name, value)| (name.into(), Value::decode(value))),
            ContextIter::Decoded(entries) => entries.next().cloned(),
        }
    }
}
