//! Values in FEEL's notation: what `string()` gives, and literals that read back as the same value.

use std::fmt::{self, Write};

use super::{Range, Value};
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
            | Value::YearsMonthsDuration(_) => write!(f, "@\"{}\"", self.to_string_value()),
            Value::Range(range) => write!(f, "{range}"),
            Value::Function(function) => write!(f, "{function}"),
        }
    }
}

impl Value<'_> {
    /// What the function `string` gives: as [`fmt::Display`], but bare text and temporal values.
    pub fn to_string_value(&self) -> String {
        match self {
            Value::String(text) => text.as_str().to_owned(),
            Value::Date(date) => date.to_string(),
            Value::Time(time) => time.to_string(),
            Value::DateTime(date_time) => date_time.to_string(),
            Value::DaysTimeDuration(duration) => duration.to_string(),
            Value::YearsMonthsDuration(duration) => duration.to_string(),
            Value::Null
            | Value::Boolean(_)
            | Value::Number(_)
            | Value::List(_)
            | Value::Context(_)
            | Value::Range(_)
            | Value::Function(_) => self.to_string(),
        }
    }
}

impl fmt::Display for Range<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.start, &self.end) {
            (Some(start), Some(end)) => {
                let open = if self.start_included { '[' } else { '(' };
                let close = if self.end_included { ']' } else { ')' };
                write!(f, "{open}{start}..{end}{close}")
            }
            (Some(start), None) => {
                let op = if self.start_included { ">=" } else { ">" };
                write!(f, "({op} {start})")
            }
            (None, Some(end)) => {
                let op = if self.end_included { "<=" } else { "<" };
                write!(f, "({op} {end})")
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
