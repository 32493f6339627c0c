//! From a value to normalized JSON.
//!
//! Must write what [`crate::json::normalize`] would: minified, canonical escapes. Parts that are still
//! encoded are copied byte for byte.

use std::io::Write;

use super::{Context, Entries, Items, List, Value};
use crate::Decimal;
use crate::json::{ObjectWriter, write_string};

impl Value<'_> {
    /// Appends the value as normalized JSON. Temporal values become ISO 8601 strings, ranges and
    /// functions strings in FEEL's notation.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        match self {
            Value::Null => out.extend_from_slice(b"null"),
            Value::Boolean(true) => out.extend_from_slice(b"true"),
            Value::Boolean(false) => out.extend_from_slice(b"false"),
            Value::Number(number) => write_number(out, *number),
            Value::String(text) => write_string(out, text),
            Value::List(List(Items::Encoded(array))) => out.extend_from_slice(array),
            Value::List(List(Items::Decoded(items))) => {
                out.push(b'[');
                for (i, item) in items.members.iter().enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    item.write_json(out);
                }
                out.push(b']');
            }
            Value::Context(Context(Entries::Encoded(object))) => out.extend_from_slice(object),
            Value::Context(Context(Entries::Decoded(entries))) => {
                let mut writer = ObjectWriter::new(out);
                for (name, value) in &entries.members {
                    value.write_json(writer.name(name));
                }
                writer.end();
            }
            Value::DateTime(date_time) => write_string(out, &date_time.to_json_text()),
            Value::Date(_)
            | Value::Time(_)
            | Value::DaysTimeDuration(_)
            | Value::YearsMonthsDuration(_)
            | Value::Range(_)
            | Value::Function(_) => write_string(out, &self.to_string_value()),
        }
    }
}

/// FEEL's notation of a number is JSON's.
fn write_number(out: &mut Vec<u8>, number: Decimal) {
    // Writing to a Vec cannot fail.
    let _ = write!(out, "{number}");
}
