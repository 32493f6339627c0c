//! Reading normalized JSON without decoding it: look-up, iteration, skipping.
//!
//! Must not allocate, except to undo the escapes of a string that has some.

use std::borrow::Cow;

use super::{escaped_name, word};

/// The encoded value of the field `name` of a normalized object, or `None`. Stops at the field; the
/// rest of the object is not read.
pub fn get<'a>(object: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let wanted = Wanted::new(name);
    let mut rest = object.get(1..)?;
    loop {
        rest = rest.strip_prefix(b"\"")?;
        let (is_wanted, name_end) = wanted.compare(rest)?;
        let value = rest.get(name_end + 2..)?;
        let end = value_end(value)?;
        if is_wanted {
            return value.get(..end);
        }
        rest = value.get(end..)?.strip_prefix(b",")?;
    }
}

/// A name that is looked for, with its first bytes and the quote behind it as one word: most other names differ there.
struct Wanted<'n> {
    name: Cow<'n, [u8]>,
    word: u64,
    mask: u64,
}

impl<'n> Wanted<'n> {
    #[inline]
    fn new(name: &'n str) -> Self {
        let name = escaped_name(name);
        let (word, mask) = match word::first(&name) {
            Some(word) => (word, u64::MAX),
            None => {
                let mask = u64::MAX >> (56 - 8 * name.len());
                (word::padded(&name, b'"') & mask, mask)
            }
        };
        Wanted { name, word, mask }
    }

    /// Whether the name at the start of `bytes`, behind its opening quote, is the one; and where it ends.
    #[inline]
    fn compare(&self, bytes: &[u8]) -> Option<(bool, usize)> {
        if let Some(word) = word::first(bytes) {
            if (word ^ self.word) & self.mask != 0 {
                return Some((false, string_end(bytes)?));
            }
            if self.name.len() < 8 {
                return Some((true, self.name.len()));
            }
        }
        let is_wanted = bytes
            .strip_prefix(&*self.name)
            .is_some_and(|after| after.first() == Some(&b'"'));
        match is_wanted {
            true => Some((true, self.name.len())),
            false => Some((false, string_end(bytes)?)),
        }
    }
}

/// The fields of a normalized object with their names still escaped.
pub fn raw_fields(object: &[u8]) -> RawFields<'_> {
    RawFields {
        rest: object.get(1..).unwrap_or_default(),
    }
}

/// The fields of a normalized object with decoded names.
pub fn fields(object: &[u8]) -> Fields<'_> {
    Fields {
        raw: raw_fields(object),
    }
}

/// The encoded elements of a normalized array.
pub fn elements(array: &[u8]) -> Elements<'_> {
    Elements {
        rest: array.get(1..).unwrap_or_default(),
    }
}

/// The text of an encoded string (with its quotes); `None` when the value is not a string.
pub fn string(value: &[u8]) -> Option<Cow<'_, str>> {
    let inner = value.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    Some(unescape(inner))
}

/// The bytes of an encoded string without its quotes, when none is escaped; `None` for anything else.
#[inline]
pub(crate) fn plain_string(value: &[u8]) -> Option<&[u8]> {
    let inner = value.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    word::is_plain(inner).then_some(inner)
}

/// See [`raw_fields`].
#[derive(Clone, Debug)]
pub struct RawFields<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for RawFields<'a> {
    type Item = (&'a [u8], &'a [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.strip_prefix(b",").unwrap_or(self.rest);
        let rest = rest.strip_prefix(b"\"")?;
        let name_end = string_end(rest)?;
        let (name, rest) = rest.split_at_checked(name_end)?;
        let rest = rest.get(2..)?;
        let (value, rest) = rest.split_at_checked(value_end(rest)?)?;
        self.rest = rest;
        Some((name, value))
    }
}

/// See [`fields`].
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    raw: RawFields<'a>,
}

impl<'a> Iterator for Fields<'a> {
    type Item = (Cow<'a, str>, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        self.raw.next().map(|(name, value)| (unescape(name), value))
    }
}

/// See [`elements`].
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest.strip_prefix(b",").unwrap_or(self.rest);
        if rest.first() == Some(&b']') {
            return None;
        }
        let (value, rest) = rest.split_at_checked(value_end(rest)?)?;
        self.rest = rest;
        Some(value)
    }
}

/// The index of the closing quote, given what follows the opening one.
#[inline(always)]
fn string_end(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    for word in bytes.chunks_exact(8).take(4).filter_map(word::first) {
        let found = word::places(word, b'"') | word::places(word, b'\\');
        if found != 0 {
            at += word::first_place(found);
            return match bytes.get(at)? {
                b'"' => Some(at),
                _ => string_end_from(bytes, at),
            };
        }
        at += 8;
    }
    string_end_from(bytes, at)
}

#[inline(never)]
fn string_end_from(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?,
        }
    }
}

/// The length of the value at the start of `bytes`.
#[inline(always)]
fn value_end(bytes: &[u8]) -> Option<usize> {
    match bytes.first()? {
        b'"' => Some(string_end(bytes.get(1..)?)? + 2),
        b'{' | b'[' => container_end(bytes),
        _ => scalar_end(bytes),
    }
}

/// The length of the number or literal at the start of `bytes`.
#[inline]
fn scalar_end(bytes: &[u8]) -> Option<usize> {
    let end = |word| word::places(word, b',') | word::places(word, b'}') | word::places(word, b']');
    let end = match word::first(bytes).map(end) {
        Some(places @ 1..) => word::first_place(places),
        Some(0) | None => bytes
            .iter()
            .position(|b| matches!(b, b',' | b'}' | b']'))
            .unwrap_or(bytes.len()),
    };
    // At least one byte, so that whoever iterates makes progress on any input.
    (end > 0).then_some(end)
}

/// The length of the array or object at the start of `bytes`.
fn container_end(bytes: &[u8]) -> Option<usize> {
    let (mut depth, mut at) = (0usize, 0);
    loop {
        let rest = bytes.get(at..)?;
        match rest.first()? {
            b'"' => at += string_end(rest.get(1..)?)? + 2,
            b',' | b':' => at += 1,
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' if depth <= 1 => return Some(at + 1),
            b'}' | b']' => {
                depth -= 1;
                at += 1;
            }
            _ => at += scalar_end(rest)?,
        }
    }
}

/// The text between the quotes of an encoded string. Bytes that were not normalized decode lossily.
pub(crate) fn unescape(inner: &[u8]) -> Cow<'_, str> {
    if memchr::memchr(b'\\', inner).is_none() {
        return match std::str::from_utf8(inner) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(inner),
        };
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut at = 0;
    while let Some(&byte) = inner.get(at) {
        at += 1;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let escape = inner.get(at).copied().unwrap_or(b'\\');
        at += 1;
        match escape {
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'u' => {
                // Normalized text escapes only control characters this way: one byte each.
                let code = inner
                    .get(at..at + 4)
                    .and_then(|hex| std::str::from_utf8(hex).ok())
                    .and_then(|hex| u8::from_str_radix(hex, 16).ok());
                out.push(code.unwrap_or(b'?'));
                at += 4;
            }
            other => out.push(other),
        }
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}
