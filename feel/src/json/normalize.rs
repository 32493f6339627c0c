//! Validates untrusted JSON once and writes it minified with canonical string escapes.
//!
//! Iterative, so nesting costs heap that [`Limits`] bounds, not stack. Numbers stay as written.

use std::collections::HashSet;

use bytes::Bytes;

use super::{JsonError, Limits, write_string_content};

/// Validates one JSON value (RFC 8259) and minifies it. Numbers stay exactly as written, the last of
/// several equal keys wins, string escapes become canonical. Fails with the position when the text is
/// not UTF-8, not JSON, or beyond `limits`.
pub fn normalize(input: &[u8], limits: &Limits) -> Result<Bytes, JsonError> {
    if input.len() > limits.bytes {
        let message = format!(
            "the document has {} bytes, the limit is {}",
            input.len(),
            limits.bytes
        );
        return Err(error(input, 0, message));
    }
    if let Err(e) = std::str::from_utf8(input) {
        return Err(error(input, e.valid_up_to(), "not valid UTF-8".to_owned()));
    }
    let mut normalizer = Normalizer {
        input,
        at: 0,
        depth_max: limits.depth.min(Limits::DEPTH_MAX),
        out: Vec::with_capacity(input.len()),
        open: Vec::new(),
        members: Vec::new(),
    };
    normalizer.run()?;
    Ok(Bytes::from(normalizer.out))
}

/// Like [`normalize`], and the value must be an object. Empty input is the empty object.
pub fn normalize_object(input: &[u8], limits: &Limits) -> Result<Bytes, JsonError> {
    if input.is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    let value = normalize(input, limits)?;
    if value.first() != Some(&b'{') {
        let at = input.iter().position(|b| !is_space(*b)).unwrap_or(0);
        return Err(error(input, at, "expected an object `{…}`".to_owned()));
    }
    Ok(value)
}

/// One member of an open object, as offsets into the output.
struct Member {
    /// The opening quote of the name.
    start: usize,
    /// The closing quote of the name.
    name_end: usize,
}

/// An array or object that is not closed yet.
struct Open {
    object: bool,
    /// How many members the enclosing objects have put before this one's.
    members: usize,
}

struct Normalizer<'a> {
    input: &'a [u8],
    at: usize,
    depth_max: usize,
    out: Vec<u8>,
    open: Vec<Open>,
    members: Vec<Member>,
}

impl Normalizer<'_> {
    fn run(&mut self) -> Result<(), JsonError> {
        loop {
            if self.begin_value()? {
                continue;
            }
            loop {
                self.skip_space();
                let Some(open) = self.open.last() else {
                    return match self.peek() {
                        None => Ok(()),
                        Some(_) => Err(self.error("expected the end of the document")),
                    };
                };
                let object = open.object;
                match self.peek() {
                    Some(b',') => {
                        self.at += 1;
                        self.out.push(b',');
                        if object {
                            self.key()?;
                        }
                        break;
                    }
                    Some(b'}') if object => self.close(),
                    Some(b']') if !object => self.close(),
                    _ if object => return Err(self.error("expected `,` or `}`")),
                    _ => return Err(self.error("expected `,` or `]`")),
                }
            }
        }
    }

    /// Reads a scalar or an empty container (false), or opens a container up to its first value (true).
    fn begin_value(&mut self) -> Result<bool, JsonError> {
        self.skip_space();
        match self.peek() {
            Some(open @ (b'{' | b'[')) => return self.begin_container(open),
            Some(b'"') => self.string()?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true")?,
            Some(b'f') => self.word("false")?,
            Some(b'n') => self.word("null")?,
            _ => return Err(self.error("expected a value")),
        }
        Ok(false)
    }

    fn begin_container(&mut self, open: u8) -> Result<bool, JsonError> {
        if self.open.len() >= self.depth_max {
            let message = format!("nested deeper than the limit of {}", self.depth_max);
            return Err(self.error(&message));
        }
        let object = open == b'{';
        self.at += 1;
        self.out.push(open);
        self.open.push(Open {
            object,
            members: self.members.len(),
        });
        self.skip_space();
        if self.peek() == Some(if object { b'}' } else { b']' }) {
            self.close();
            return Ok(false);
        }
        if object {
            self.key()?;
        }
        Ok(true)
    }

    fn key(&mut self) -> Result<(), JsonError> {
        self.skip_space();
        if self.peek() != Some(b'"') {
            return Err(self.error("expected a name in double quotes"));
        }
        let start = self.out.len();
        self.string()?;
        let name_end = self.out.len() - 1;
        self.members.push(Member { start, name_end });
        self.skip_space();
        if self.peek() != Some(b':') {
            return Err(self.error("expected `:`"));
        }
        self.at += 1;
        self.out.push(b':');
        Ok(())
    }

    fn close(&mut self) {
        self.at += 1;
        let Some(open) = self.open.pop() else { return };
        if open.object {
            self.drop_shadowed(open.members);
            self.members.truncate(open.members);
            self.out.push(b'}');
        } else {
            self.out.push(b']');
        }
    }

    /// Removes the members of the object just read that a later equal name replaces.
    fn drop_shadowed(&mut self, first: usize) {
        let members = &self.members[first..];
        let name = |m: &Member| &self.out[m.start + 1..m.name_end];
        let mut shadowed = vec![false; members.len()];
        if members.len() <= 8 {
            for (i, member) in members.iter().enumerate() {
                shadowed[i] = members[i + 1..].iter().any(|m| name(m) == name(member));
            }
        } else {
            let mut seen = HashSet::with_capacity(members.len());
            for (i, member) in members.iter().enumerate().rev() {
                shadowed[i] = !seen.insert(name(member));
            }
        }
        if !shadowed.contains(&true) {
            return;
        }
        let Some(from) = members.first().map(|m| m.start) else {
            return;
        };
        let mut kept = Vec::with_capacity(self.out.len() - from);
        for (i, member) in members.iter().enumerate() {
            if shadowed[i] {
                continue;
            }
            let end = members.get(i + 1).map_or(self.out.len(), |m| m.start - 1);
            if !kept.is_empty() {
                kept.push(b',');
            }
            kept.extend_from_slice(&self.out[member.start..end]);
        }
        self.out.truncate(from);
        self.out.extend_from_slice(&kept);
    }

    fn word(&mut self, word: &str) -> Result<(), JsonError> {
        if !self.input[self.at..].starts_with(word.as_bytes()) {
            return Err(self.error("expected a value"));
        }
        self.at += word.len();
        self.out.extend_from_slice(word.as_bytes());
        Ok(())
    }

    fn number(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits()?,
            _ => return Err(self.error("expected a digit")),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        self.out.extend_from_slice(&self.input[start..self.at]);
        Ok(())
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(self.error("expected a digit"));
        }
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        Ok(())
    }

    fn string(&mut self) -> Result<(), JsonError> {
        self.at += 1;
        self.out.push(b'"');
        loop {
            let rest = &self.input[self.at..];
            let run = rest
                .iter()
                .position(|b| matches!(b, b'"' | b'\\' | 0..=0x1f))
                .unwrap_or(rest.len());
            self.out.extend_from_slice(&rest[..run]);
            self.at += run;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    self.out.push(b'"');
                    return Ok(());
                }
                Some(b'\\') => {
                    let char = self.escape()?;
                    write_string_content(&mut self.out, char.encode_utf8(&mut [0; 4]));
                }
                Some(_) => return Err(self.error("a control character must be escaped")),
                None => return Err(self.error("expected `\"`: the string does not end")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let start = self.at;
        self.at += 1;
        let simple = match self.peek() {
            Some(b'u') => {
                self.at += 1;
                return self.unicode_escape(start);
            }
            Some(b @ (b'"' | b'\\' | b'/')) => char::from(b),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            _ => return Err(self.error("expected one of `\"\\/bfnrtu` after `\\`")),
        };
        self.at += 1;
        Ok(simple)
    }

    fn unicode_escape(&mut self, start: usize) -> Result<char, JsonError> {
        let mut code = self.hex4()?;
        if (0xd800..0xdc00).contains(&code) && self.input[self.at..].starts_with(b"\\u") {
            self.at += 2;
            let low = self.hex4()?;
            if (0xdc00..0xe000).contains(&low) {
                code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            }
        }
        char::from_u32(code).ok_or_else(|| {
            self.at = start;
            self.error("half a surrogate pair is not a character")
        })
    }

    fn hex4(&mut self) -> Result<u32, JsonError> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|b| char::from(b).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.error("expected four hexadecimal digits"));
            };
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.input.get(self.at).copied()
    }

    fn error(&self, message: &str) -> JsonError {
        let found = match std::str::from_utf8(self.input.get(self.at..).unwrap_or_default()) {
            Ok(rest) => rest.chars().next(),
            Err(_) => None,
        };
        let message = match found {
            Some(c) => format!("{message}, found {c:?}"),
            None => format!("{message}, found the end"),
        };
        error(self.input, self.at, message)
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

fn error(input: &[u8], offset: usize, message: String) -> JsonError {
    let before = input.get(..offset).unwrap_or(input);
    let line_start = before
        .iter()
        .rposition(|b| *b == b'\n')
        .map_or(0, |i| i + 1);
    JsonError {
        offset,
        line: before.iter().filter(|b| **b == b'\n').count() + 1,
        column: String::from_utf8_lossy(&before[line_start..])
            .chars()
            .count()
            + 1,
        message,
    }
}
