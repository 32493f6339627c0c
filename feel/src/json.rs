//! The encoding of variables: JSON text, validated and minified once where it enters ([`normalize`]),
//! then read lazily from its bytes.
//!
//! Owns: validation with limits, look-up, merging and writing of encoded bytes. It must not know FEEL
//! values, and it never changes how a number was written. Everything except `normalize` trusts its
//! input to be normalized; untrusted bytes there give wrong answers, never a panic.

mod index;
mod normalize;
mod scan;
mod word;
mod write;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

pub use index::Indexed;
pub use normalize::{normalize, normalize_object};
pub(crate) use scan::plain_string;
pub use scan::{Elements, Fields, RawFields, elements, fields, get, raw_fields, string};
pub(crate) use write::write_string_content;
pub use write::{ObjectWriter, write_string};

/// What a document may cost at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest accepted input, in bytes.
    pub bytes: usize,
    /// The deepest accepted nesting of arrays and objects; a scalar has depth 0. At most
    /// [`Limits::DEPTH_MAX`] counts.
    pub depth: usize,
}

impl Limits {
    /// What no document exceeds, whatever its limits, so that values can be walked by recursion.
    pub const DEPTH_MAX: usize = 512;
}

impl Default for Limits {
    /// 4 MiB and 128 levels.
    fn default() -> Self {
        Limits {
            bytes: 4 << 20,
            depth: 128,
        }
    }
}

/// Why a text is not an acceptable JSON document, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// Byte offset into the input.
    pub offset: usize,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong and what was expected.
    pub message: String,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {}, column {}: {}",
            self.line, self.column, self.message
        )
    }
}

impl std::error::Error for JsonError {}

/// Above this many changed fields [`merge`] and [`pick`] look names up in a table instead of scanning.
const SCAN_FIELDS_MAX: usize = 8;

/// The fields of `base`, overwritten in place by those of `changes`; new names follow in their order.
/// Both must be normalized objects.
pub fn merge(base: &[u8], changes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(base.len() + changes.len());
    let base_names = Names::new(raw_fields(base));
    let changed = Names::new(raw_fields(changes));
    let mut writer = ObjectWriter::new(&mut out);
    for (name, value) in raw_fields(base) {
        writer.raw_field(name, changed.get(name).unwrap_or(value));
    }
    for (name, value) in raw_fields(changes) {
        if base_names.get(name).is_none() {
            writer.raw_field(name, value);
        }
    }
    writer.end();
    out
}

/// The fields of `object` whose names are in `names`, in the order of `object`.
pub fn pick(object: &[u8], names: &[impl AsRef<str>]) -> Vec<u8> {
    let wanted: Vec<Cow<'_, [u8]>> = names
        .iter()
        .map(|name| escaped_name(name.as_ref()))
        .collect();
    let wanted = Names::new(wanted.iter().map(|name| (&name[..], &b""[..])));
    let mut out = Vec::with_capacity(64);
    let mut writer = ObjectWriter::new(&mut out);
    for (name, value) in raw_fields(object) {
        if wanted.get(name).is_some() {
            writer.raw_field(name, value);
        }
    }
    writer.end();
    out
}

/// A name as it stands between the quotes of a normalized document.
pub(crate) fn escaped_name(name: &str) -> Cow<'_, [u8]> {
    if word::is_plain(name.as_bytes()) {
        return Cow::Borrowed(name.as_bytes());
    }
    let mut out = Vec::with_capacity(name.len() + 8);
    write_string_content(&mut out, name);
    Cow::Owned(out)
}

/// Names with their values: scanned while few, a table when many, so that merging stays linear.
enum Names<'a> {
    Few(Vec<(&'a [u8], &'a [u8])>),
    Many(HashMap<&'a [u8], &'a [u8]>),
}

impl<'a> Names<'a> {
    fn new(fields: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Self {
        let few: Vec<_> = fields.collect();
        if few.len() <= SCAN_FIELDS_MAX {
            Names::Few(few)
        } else {
            Names::Many(few.into_iter().collect())
        }
    }

    fn get(&self, name: &[u8]) -> Option<&'a [u8]> {
        match self {
            Names::Few(fields) => fields.iter().find(|(n, _)| *n == name).map(|(_, v)| *v),
            Names::Many(fields) => fields.get(name).copied(),
        }
    }
}
