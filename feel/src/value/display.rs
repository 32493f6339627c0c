//! Values in FEEL's notation: what `string()` gives, and literals that read back as the same value.

use std::fmt::{self, Write};

use super::{Range, Value};
use crate::program::Dialect;
use crate::syntax::is_name;

/// The value as an expression: text in quotes, temporal values as `@"…"`.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("null"),
            Value::Boolean(truth) => write!(f, "{truth}"),
            Value::Number(number) => write!(f, "{number}"),
            Value::String(text) => write_literal(f, text),
            Value::List(list) => {
                f.write_str("[")?;
                for (i, item) in list.iter().enumerate() {
                    f.write_str(if i > 0 { ", " } else { "" })?;
                    write!(f, "{item}")?;
                }
                f.write_str("]")
            }
            Value::Context(context) => {
                f.write_str("{")?;
                for (i, (name, value)) in context.iter().enumerate() {
                    f.write_str(if i > 0 { ", " } else { "" })?;
                    match is_name(&name) {
                        true => f.write_str(&name)?,
                        false => write_literal(f, &name)?,
                    }
                    write!(f, ": {value}")?;
                }
                f.write_str("}")
            }
            Value::Date(_)
            | Value::Time(_)
            | Value::DateTime(_)
            | Value::DaysTimeDuration(_)
            | Value::YearsMonthsDuration(_) => write!(f, "@\"{}\"", Bare(self, Dialect::Camunda)),
            Value::Range(range) => write!(f, "{range}"),
            Value::Function(function) => write!(f, "{function}"),
        }
    }
}

impl Value<'_> {
    /// What the function `string` gives, in Camunda's notation: bare text and temporal values, names of
    /// entries without quotes.
    pub fn to_string_value(&self) -> String {
        self.to_text(Dialect::Camunda)
    }

    /// What the function `string` gives in a dialect.
    pub(crate) fn to_text(&self, dialect: Dialect) -> String {
        match self {
            Value::String(text) => text.as_str().to_owned(),
            value => Bare(value, dialect).to_string(),
        }
    }
}

/// A value as `string` shows it, where it is not text by itself.
struct Bare<'v, 'a>(&'v Value<'a>, Dialect);

impl fmt::Display for Bare<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Bare(value, dialect) = *self;
        match value {
            Value::DaysTimeDuration(duration)
                if dialect == Dialect::Dmn && duration.nanoseconds() == 0 =>
            {
                f.write_str("PT0S")
            }
            Value::YearsMonthsDuration(duration)
                if dialect == Dialect::Dmn && duration.months() == 0 =>
            {
                f.write_str("P0M")
            }
            context @ Value::Context(_) if dialect == Dialect::Dmn => write!(f, "{context}"),
            Value::Date(date) => write!(f, "{date}"),
            Value::Time(time) => write!(f, "{time}"),
            Value::DateTime(date_time) => write!(f, "{date_time}"),
            Value::DaysTimeDuration(duration) => write!(f, "{duration}"),
            Value::YearsMonthsDuration(duration) => write!(f, "{duration}"),
            Value::List(list) => {
                f.write_str("[")?;
                for (i, item) in list.iter().enumerate() {
                    f.write_str(if i > 0 { ", " } else { "" })?;
                    write!(f, "{}", Bare(&item, dialect))?;
                }
                f.write_str("]")
            }
            Value::Context(context) => {
                f.write_str("{")?;
                for (i, (name, value)) in context.iter().enumerate() {
                    f.write_str(if i > 0 { ", " } else { "" })?;
                    write!(f, "{}:{}", name.as_str(), Bare(&value, dialect))?;
                }
                f.write_str("}")
            }
            Value::Range(range) => range.write(f, |f, end| write!(f, "{}", Bare(end, dialect))),
            other @ (Value::Null
            | Value::Boolean(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Function(_)) => write!(f, "{other}"),
        }
    }
}

impl fmt::Display for Range<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, |f, end| write!(f, "{end}"))
    }
}

impl<'a> Range<'a> {
    /// Writes the range, its ends by `write_end`.
    fn write(
        &self,
        f: &mut fmt::Formatter<'_>,
        write_end: impl Fn(&mut fmt::Formatter<'_>, &Value<'a>) -> fmt::Result,
    ) -> fmt::Result {
        match (&self.start, &self.end) {
            (Some(start), Some(end)) => {
                f.write_str(if self.start_included { "[" } else { "(" })?;
                write_end(f, start)?;
                f.write_str("..")?;
                write_end(f, end)?;
                f.write_str(if self.end_included { "]" } else { ")" })
            }
            (Some(start), None) => {
                f.write_str(if self.start_included { "(>= " } else { "(> " })?;
                write_end(f, start)?;
                f.write_str(")")
            }
            (None, Some(end)) => {
                f.write_str(if self.end_included { "(<= " } else { "(< " })?;
                write_end(f, end)?;
                f.write_str(")")
            }
            (None, None) => f.write_str("null"),
        }
    }
}

/// A FEEL string literal.
pub(crate) fn write_literal(f: &mut impl Write, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            c if c.is_control() => write!(f, "\\u{:04x}", u32::from(c))?,
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}
