//! From encoded JSON to a value, one level at a time.

use std::borrow::Cow;

use super::{Context, List, Text, Value};
use crate::{Decimal, json};

impl<'a> Value<'a> {
    /// The value of normalized JSON. Lists and contexts stay encoded, text without escapes is
    /// borrowed. A number beyond the range of [`Decimal`] is null.
    #[inline]
    pub fn decode(value: &'a [u8]) -> Value<'a> {
        match value.first() {
            Some(b'"') => {
                json::string(value).map_or(Value::Null, |text| Value::String(text.into()))
            }
            Some(b'{') => Value::Context(Context::encoded(value)),
            Some(b'[') => Value::List(List::encoded(value)),
            Some(b't') => Value::Boolean(true),
            Some(b'f') => Value::Boolean(false),
            Some(b'-' | b'0'..=b'9') => Value::number(Decimal::parse(value)),
            Some(_) | None => Value::Null,
        }
    }
}

impl<'a> From<Cow<'a, str>> for Text<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        match text {
            Cow::Borrowed(text) => Text::Borrowed(text),
            Cow::Owned(text) => Text::Shared(text.into()),
        }
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Text::Borrowed(text)
    }
}
