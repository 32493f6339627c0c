//! What follows a backslash.

use super::blocks::block;
use super::{Translator, Wrong, push_literal};

/// XML's characters that begin a name, and those that continue it.
const NAME_START: &str = concat!(
    r":A-Z_a-z\x{c0}-\x{d6}\x{d8}-\x{f6}\x{f8}-\x{2ff}\x{370}-\x{37d}\x{37f}-\x{1fff}",
    r"\x{200c}-\x{200d}\x{2070}-\x{218f}\x{2c00}-\x{2fef}\x{3001}-\x{d7ff}\x{f900}-\x{fdcf}",
    r"\x{fdf0}-\x{fffd}\x{10000}-\x{effff}"
);
const NAME_REST: &str = r"\x{2d}\x{2e}0-9\x{b7}\x{300}-\x{36f}\x{203f}-\x{2040}";

/// Java's classes of ASCII.
const POSIX: [(&str, &str); 13] = [
    ("Lower", "a-z"),
    ("Upper", "A-Z"),
    ("ASCII", r"\x{0}-\x{7f}"),
    ("Alpha", "a-zA-Z"),
    ("Digit", "0-9"),
    ("Alnum", "a-zA-Z0-9"),
    (
        "Punct",
        r"\x{21}-\x{2f}\x{3a}-\x{40}\x{5b}-\x{60}\x{7b}-\x{7e}",
    ),
    ("Graph", r"\x{21}-\x{7e}"),
    ("Print", r"\x{20}-\x{7e}"),
    ("Blank", r"\x{20}\t"),
    ("Cntrl", r"\x{0}-\x{1f}\x{7f}"),
    ("XDigit", "0-9a-fA-F"),
    ("Space", r"\x{20}\t\n\x{b}\x{c}\r"),
];

impl Translator<'_> {
    /// An escape outside of classes, after its backslash.
    pub(super) fn escape(&mut self) -> Result<(), Wrong> {
        while self.extended && self.peek().is_some_and(|c| c.is_ascii_whitespace()) {
            self.take();
        }
        let Some(c) = self.take() else {
            return Err("the pattern ends with a backslash".to_owned());
        };
        match c {
            '1'..='9' => self.back_reference(c)?,
            'k' => {
                let name = self.rest.strip_prefix('<').and_then(|r| r.split_once('>'));
                let Some((name, rest)) = name else {
                    return Err("after `\\k` stands the name of a group: `<name>`".to_owned());
                };
                let known = self.names.iter().find(|(known, _)| known == name);
                let closed = known.filter(|(_, number)| self.closed.contains(number));
                let Some((_, number)) = closed else {
                    return Err(format!("there is no group `{name}` before `\\k<{name}>`"));
                };
                self.rest = rest;
                self.out.push_str(&format!("(?:\\{number})"));
                self.backtracks = true;
            }
            'b' | 'B' | 'A' | 'z' => {
                self.out.push('\\');
                self.out.push(c);
            }
            'Z' => {
                self.out
                    .push_str(r"(?=(?:\r\n|[\n\r\x{85}\x{2028}\x{2029}])?\z)");
                self.backtracks = true;
            }
            'R' => self
                .out
                .push_str(r"(?:\r\n|[\n\x{b}\x{c}\r\x{85}\x{2028}\x{2029}])"),
            'Q' => {
                let end = self.rest.find("\\E").unwrap_or(self.rest.len());
                let (literal, rest) = self.rest.split_at(end);
                literal.chars().for_each(|c| push_literal(&mut self.out, c));
                self.rest = rest.strip_prefix("\\E").unwrap_or(rest);
            }
            c => match self.char_escape(c)? {
                Some(char) => push_literal(&mut self.out, char),
                None => {
                    let class = self.class_escape(c)?;
                    self.out.push_str(&class);
                }
            },
        }
        Ok(())
    }

    /// The digits go on for as long as there is a group of that number.
    fn back_reference(&mut self, first: char) -> Result<(), Wrong> {
        let mut number = first.to_digit(10).unwrap_or(0) as usize;
        if !self.closed.contains(&number) {
            return Err(format!("there is no group {number} before `\\{number}`"));
        }
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            let longer = number * 10 + digit as usize;
            if !self.closed.contains(&longer) {
                break;
            }
            number = longer;
            self.take();
        }
        self.out.push_str(&format!("(?:\\{number})"));
        self.backtracks = true;
        Ok(())
    }

    /// The character that an escape means; `None` when it means a class.
    pub(super) fn char_escape(&mut self, c: char) -> Result<Option<char>, Wrong> {
        Ok(Some(match c {
            't' => '\t',
            'n' => '\n',
            'r' => '\r',
            'f' => '\u{c}',
            'a' => '\u{7}',
            'e' => '\u{1b}',
            'x' if self.eat("{") => {
                let Some((digits, rest)) = self.rest.split_once('}') else {
                    return Err("a `}` is missing".to_owned());
                };
                self.rest = rest;
                code_point(Some(digits))?
            }
            'x' | 'u' => {
                let length = if c == 'x' { 2 } else { 4 };
                let char = code_point(self.rest.get(..length))?;
                self.rest = &self.rest[length..];
                char
            }
            c if c.is_ascii_alphanumeric() => return Ok(None),
            c => c,
        }))
    }

    /// An escape that means a class, in brackets.
    pub(super) fn class_escape(&mut self, c: char) -> Result<String, Wrong> {
        Ok(match c {
            'd' => "[0-9]".to_owned(),
            'D' => "[^0-9]".to_owned(),
            'w' => "[a-zA-Z0-9_]".to_owned(),
            'W' => "[^a-zA-Z0-9_]".to_owned(),
            's' => r"[\x{20}\t\n\x{b}\x{c}\r]".to_owned(),
            'S' => r"[^\x{20}\t\n\x{b}\x{c}\r]".to_owned(),
            'h' => r"[\x{20}\t\x{a0}\x{1680}\x{180e}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}]"
                .to_owned(),
            'v' => r"[\n\x{b}\x{c}\r\x{85}\x{2028}\x{2029}]".to_owned(),
            'i' => format!("[{NAME_START}]"),
            'I' => format!("[^{NAME_START}]"),
            'c' => format!("[{NAME_START}{NAME_REST}]"),
            'C' => format!("[^{NAME_START}{NAME_REST}]"),
            'p' => self.property(false)?,
            'P' => self.property(true)?,
            c => return Err(format!("`\\{c}` is not an escape that is known here")),
        })
    }

    /// `\p{…}` or `\pL`, after the `p`: a category, a block, a script, or one of Java's classes.
    fn property(&mut self, negated: bool) -> Result<String, Wrong> {
        let name: String = if self.eat("{") {
            let Some((name, rest)) = self.rest.split_once('}') else {
                return Err("a `}` is missing".to_owned());
            };
            self.rest = rest;
            match self.extended {
                true => name.split_ascii_whitespace().collect(),
                false => name.to_owned(),
            }
        } else {
            self.take().map_or_else(String::new, String::from)
        };
        let spelled = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if name.is_empty() || !name.chars().all(spelled) {
            return Err(format!("`{name}` is not a category, script or block"));
        }
        let not = if negated { "^" } else { "" };
        if let Some((_, class)) = POSIX.iter().find(|(posix, _)| *posix == name) {
            return Ok(format!("[{not}{class}]"));
        }
        let script = name.strip_prefix("Is");
        let range = match name.strip_prefix("In") {
            Some(name) => Some(block(name, false).ok_or(format!("`{name}` is not a block"))?),
            None => script.and_then(|name| block(name, true)),
        };
        if let Some((first, last)) = range {
            return Ok(format!("[{not}\\x{{{first:x}}}-\\x{{{last:x}}}]"));
        }
        let letter = if negated { 'P' } else { 'p' };
        Ok(format!("[\\{letter}{{{}}}]", script.unwrap_or(&name)))
    }
}

fn code_point(digits: Option<&str>) -> Result<char, Wrong> {
    let digits = digits.filter(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_hexdigit()));
    digits
        .and_then(|digits| u32::from_str_radix(digits, 16).ok())
        .and_then(char::from_u32)
        .ok_or_else(|| "an escape is not a Unicode character".to_owned())
}
