//! The first step of reading a file: its bytes as text, or a diagnostic that says why not.
//!
//! Owns the bound on the size of a file; `decode.rs` knows encodings.

use std::borrow::Cow;

use crate::code::{self, Code};
use crate::decode::decode;
use crate::diagnostic::{Location, Severity};
use crate::dom::Cursor;
use crate::limits::Limits;
use crate::sink::{Sink, Subject};

/// The text of a file; `None` after reporting that it is too large or not text.
pub fn source<'a>(bytes: &'a [u8], limits: &Limits, sink: &mut Sink) -> Option<Cow<'a, str>> {
    /// Offsets are 32 bits wide, and UTF-16 grows when it becomes UTF-8.
    const BYTES_MAX: usize = 1 << 30;
    let bytes_max = limits.bytes.min(BYTES_MAX);
    if bytes.len() > bytes_max {
        let message = format!("the file has {} bytes, more than {bytes_max}", bytes.len());
        let help = "split the file, or move data out of it";
        refuse(sink, code::LIMIT_BYTES, Location::START, message, help);
        return None;
    }
    match decode(bytes) {
        Ok(source) => Some(source),
        Err(error) => {
            let mut cursor = Cursor::new(&error.valid_prefix);
            cursor.advance(u32::try_from(error.valid_prefix.len()).unwrap_or(u32::MAX));
            let help = "save the file as UTF-8";
            let location = cursor.location;
            refuse(sink, code::XML_ENCODING, location, error.message, help);
            None
        }
    }
}

fn refuse(sink: &mut Sink, code: Code, location: Location, message: String, help: &str) {
    let subject = Subject {
        location,
        ..Subject::default()
    };
    sink.report(Severity::Error, code, subject, message, help);
}
