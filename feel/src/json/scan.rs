//! Reading normalized JSON without decoding it: look-up, iteration, skipping.
//!
//! Must not allocate, except to undo the escapes of a string that has some.

use std::borrow::Cow;

use super::escaped_name;

/// The encoded value of the field `name` of a normalized object, or `None`. Stops at the field; the
/// rest of the object is not read.
pub fn get<'a>(object: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let wanted = escaped_name(name);
    let mut rest = object.get(1..)?;
    loop {
        rest = rest.strip_prefix(b"\"")?;
        // The name that is looked for is compared before its end is, so that it is read only once.
        if let Some(after) = rest.strip_prefix(&*wanted)
            && let Some(value) = after.strip_prefix(b"\":")
        {
            return value.get(..value_end(value)?);
        }
        let value = rest.get(string_end(rest)? + 2..)?;
        rest = value.get(value_end(value)?..)?.strip_prefix(b",")?;
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
#[inline]
fn string_end(bytes: &[u8]) -> Option<usize> {
    // Most names and values are short: a plain loop beats a call into memchr there.
    let near = bytes.len().min(16);
    let mut at = 0;
    while at < near {
        match bytes[at] {
            b'"' => return Some(at),
            b'\\' => break,
            _ => at += 1,
        }
    }
    loop {
        let found = memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        at += found;
        if bytes.get(at) == Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

/// The length of the value at the start of `bytes`.
#[inline]
fn value_end(bytes: &[u8]) -> Option<usize> {
    match bytes.first()? {
        b'"' => Some(string_end(bytes.get(1..)?)? + 2),
        b'{' | b'[' => container_end(bytes),
        // At least one byte, so that whoever iterates makes progress on any input.
        _ => bytes
            .iter()
            .position(|b| matches!(b, b',' | b'}' | b']'))
            .map_or(Some(bytes.len()), |end| (end > 0).then_some(end)),
    }
}

/// What a byte outside of strings does to the nesting: 1 opens, 2 closes, 3 begins a string.
const STRUCTURE: [u8; 256] = {
    let mut table = [0; 256];
    table[b'{' as usize] = 1;
    table[b'[' as usize] = 1;
    table[b'}' as usize] = 2;
    table[b']' as usize] = 2;
    table[b'"' as usize] = 3;
    table
};

/// The length of the array or object at the start of `bytes`.
fn container_end(bytes: &[u8]) -> Option<usize> {
    let mut depth = 0usize;
    let mut rest = bytes;
    loop {
        let at = rest.iter().position(|b| STRUCTURE[usize::from(*b)] != 0)?;
        let (&[.., byte], after) = rest.split_at_checked(at + 1)? else {
            return None;
        };
        rest = after;
        match STRUCTURE[usize::from(byte)] {
            1 => depth += 1,
            2 => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(bytes.len() - rest.len());
                }
            }
            _ => rest = rest.get(string_end(rest)? + 1..)?,
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
