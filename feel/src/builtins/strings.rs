//! Functions on text (DMN 1.5, 10.3.4.3, and Camunda's additions). Positions count Unicode characters.

use std::rc::Rc;

use regex::{Regex, RegexBuilder};

use super::{Builtin, Run};
use crate::eval::{Call, Outcome};
use crate::value::Value;
use crate::{Decimal, EvalError};

/// How large compiled regular expressions may be, in bytes, and what trying to compile one costs, in
/// steps. Most are small; classes of Unicode letters that are counted, as in `\w{2,20}`, are not.
const REGEX_SIZES: [(usize, usize); 2] = [(64 << 10, 2_000), (1 << 20, 30_000)];

/// What a search may remember of where it was, in bytes.
const REGEX_MEMORY_BYTES_MAX: usize = 1 << 20;

/// A regular expression as it was asked for. A loop mostly asks for the same one again.
pub(crate) struct Compiled {
    pattern: Box<str>,
    flags: Box<str>,
    /// `None` when it is wrong or too large.
    regex: Option<Rc<Regex>>,
}

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "substring",
        forms: &["string, start position, length?"],
        run: Run::Simple(substring),
    },
    Builtin {
        name: "string length",
        forms: &["string"],
        run: Run::Simple(|a| Some(Value::Number(text(a, 0)?.chars().count().into()))),
    },
    Builtin {
        name: "upper case",
        forms: &["string"],
        run: Run::Simple(|a| Some(Value::text(text(a, 0)?.to_uppercase()))),
    },
    Builtin {
        name: "lower case",
        forms: &["string"],
        run: Run::Simple(|a| Some(Value::text(text(a, 0)?.to_lowercase()))),
    },
    Builtin {
        name: "substring before",
        forms: &["string, match"],
        run: Run::Simple(|a| {
            let (whole, part) = (text(a, 0)?, text(a, 1)?);
            let at = whole.find(part).unwrap_or(0);
            Some(Value::text(&whole[..at]))
        }),
    },
    Builtin {
        name: "substring after",
        forms: &["string, match"],
        run: Run::Simple(|a| {
            let (whole, part) = (text(a, 0)?, text(a, 1)?);
            let at = whole.find(part).map_or(whole.len(), |at| at + part.len());
            Some(Value::text(&whole[at..]))
        }),
    },
    Builtin {
        name: "contains",
        forms: &["string, match"],
        run: Run::Simple(|a| Some(Value::Boolean(text(a, 0)?.contains(text(a, 1)?)))),
    },
    Builtin {
        name: "starts with",
        forms: &["string, match"],
        run: Run::Simple(|a| Some(Value::Boolean(text(a, 0)?.starts_with(text(a, 1)?)))),
    },
    Builtin {
        name: "ends with",
        forms: &["string, match"],
        run: Run::Simple(|a| Some(Value::Boolean(text(a, 0)?.ends_with(text(a, 1)?)))),
    },
    Builtin {
        name: "trim",
        forms: &["string"],
        run: Run::Simple(|a| Some(Value::text(text(a, 0)?.trim()))),
    },
    Builtin {
        name: "is blank",
        forms: &["string"],
        run: Run::Simple(|a| Some(Value::Boolean(text(a, 0)?.trim().is_empty()))),
    },
    Builtin {
        name: "matches",
        forms: &["input, pattern, flags?"],
        run: Run::Full(matches),
    },
    Builtin {
        name: "replace",
        forms: &["input, pattern, replacement, flags?"],
        run: Run::Full(replace),
    },
    Builtin {
        name: "split",
        forms: &["string, delimiter"],
        run: Run::Full(split),
    },
    Builtin {
        name: "extract",
        forms: &["input, pattern"],
        run: Run::Full(extract),
    },
    Builtin {
        name: "string join",
        forms: &["list, delimiter?", "list, delimiter, prefix, suffix"],
        run: Run::Full(string_join),
    },
    Builtin {
        name: "join",
        forms: &["list, delimiter?", "list, delimiter, prefix, suffix"],
        run: Run::Full(string_join),
    },
];

fn text<'v>(arguments: &'v [Value<'_>], index: usize) -> Option<&'v str> {
    arguments.get(index)?.as_str()
}

/// From a position (1 is the first character, -1 the last), to the end or so many characters.
fn substring<'a>(arguments: &[Value<'a>]) -> Option<Value<'a>> {
    let whole = text(arguments, 0)?;
    let start = whole_part(arguments.get(1)?.as_number()?)?;
    let length = match arguments.get(2) {
        None | Some(Value::Null) => None,
        Some(length) => Some(whole_part(length.as_number()?)?),
    };
    if start == 0 || length.is_some_and(|length| length < 1) {
        return None;
    }
    let skipped = match start {
        1.. => usize::try_from(start - 1).ok()?,
        _ => whole
            .chars()
            .count()
            .checked_sub(usize::try_from(start.unsigned_abs()).ok()?)?,
    };
    let from = char_offset(whole, skipped);
    let tail = &whole[from..];
    let to = match length {
        Some(length) => char_offset(tail, usize::try_from(length).ok()?),
        None => tail.len(),
    };
    Some(Value::text(&tail[..to]))
}

fn whole_part(number: Decimal) -> Option<i64> {
    number.round(0, crate::Rounding::Down)?.to_i64()
}

/// The byte offset of a character; the end when there are fewer.
fn char_offset(text: &str, index: usize) -> usize {
    text.char_indices()
        .nth(index)
        .map_or(text.len(), |(at, _)| at)
}

/// A regular expression with XPath's flags `s`, `m`, `i`, `x`; `None` when a flag is wrong.
fn builder(pattern: &str, flags: &str) -> Option<RegexBuilder> {
    let mut builder = RegexBuilder::new(pattern);
    builder.dfa_size_limit(REGEX_MEMORY_BYTES_MAX);
    for flag in flags.chars() {
        match flag {
            's' => builder.dot_matches_new_line(true),
            'm' => builder.multi_line(true),
            'i' => builder.case_insensitive(true),
            'x' => builder.ignore_whitespace(true),
            _ => return None,
        };
    }
    Some(builder)
}

impl<'a> Call<'_, 'a> {
    /// The regular expression of an argument with the flags of another, to be matched with the
    /// first argument, which is paid for here too.
    fn regex(&mut self, pattern: usize, flags: usize) -> Result<Option<Rc<Regex>>, EvalError> {
        self.charge(self.value(0).as_str().map_or(0, str::len) / 16)?;
        let flags = match self.value(flags) {
            Value::Null => Some(""),
            flags => flags.as_str(),
        };
        let Some((pattern, flags)) = self.value(pattern).as_str().zip(flags) else {
            return Ok(None);
        };
        let last = self.machine.compiled.as_ref();
        if let Some(last) = last.filter(|it| *it.pattern == *pattern && *it.flags == *flags) {
            return Ok(last.regex.clone());
        }
        let regex = self.compile(pattern, flags)?.map(Rc::new);
        self.machine.compiled = Some(Box::new(Compiled {
            pattern: pattern.into(),
            flags: flags.into(),
            regex: regex.clone(),
        }));
        Ok(regex)
    }

    /// `None` when the expression is wrong or too large.
    fn compile(&mut self, pattern: &str, flags: &str) -> Result<Option<Regex>, EvalError> {
        let Some(mut builder) = builder(pattern, flags) else {
            return Ok(None);
        };
        for (bytes_max, steps) in REGEX_SIZES {
            self.charge(steps)?;
            match builder.size_limit(bytes_max).build() {
                Ok(regex) => return Ok(Some(regex)),
                Err(regex::Error::CompiledTooBig(_)) => (),
                Err(_) => return Ok(None),
            }
        }
        Ok(None)
    }
}

fn matches<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let regex = call.regex(1, 2)?;
    Ok(match (call.value(0).as_str(), regex) {
        (Some(input), Some(regex)) => Value::Boolean(regex.is_match(input)),
        (None, _) | (_, None) => Value::Null,
    })
}

fn replace<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let regex = call.regex(1, 3)?;
    let arguments = call.arguments;
    let (Some(input), Some(regex), Some(replacement)) =
        (text(arguments, 0), regex, text(arguments, 2))
    else {
        return Ok(Value::Null);
    };
    let replacement = braced(replacement);
    let mut out = String::with_capacity(input.len());
    let mut copied = 0;
    for captures in regex.captures_iter(input) {
        let Some(found) = captures.get(0) else {
            continue;
        };
        out.push_str(&input[copied..found.start()]);
        let before = out.len();
        captures.expand(&replacement, &mut out);
        call.charge(1 + (out.len() - before) / 64)?;
        copied = found.end();
    }
    out.push_str(&input[copied..]);
    Ok(Value::text(out))
}

/// XPath's `$1` in the notation of the regex crate, where `$1a` would be a group named `1a`, and
/// `\$` as a dollar sign.
fn braced(replacement: &str) -> String {
    let mut out = String::with_capacity(replacement.len() + 8);
    let mut chars = replacement.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if matches!(chars.peek(), Some('$' | '\\')) => match chars.next() {
                Some('$') => out.push_str("$$"),
                Some(_) | None => out.push('\\'),
            },
            '$' if chars.peek().is_some_and(char::is_ascii_digit) => {
                out.push_str("${");
                while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                    out.push(digit);
                }
                out.push('}');
            }
            '$' => out.push_str("$$"),
            c => out.push(c),
        }
    }
    out
}

fn split<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let regex = call.regex(1, usize::MAX)?;
    let arguments = call.arguments;
    let (Some(input), Some(regex)) = (text(arguments, 0), regex) else {
        return Ok(Value::Null);
    };
    let mut parts = Vec::new();
    for part in regex.split(input) {
        call.charge(1)?;
        parts.push(Value::text(part));
    }
    call.make_list(parts)
}

/// Every match of the pattern.
fn extract<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let regex = call.regex(1, usize::MAX)?;
    let arguments = call.arguments;
    let (Some(input), Some(regex)) = (text(arguments, 0), regex) else {
        return Ok(Value::Null);
    };
    let mut found = Vec::new();
    for part in regex.find_iter(input) {
        call.charge(1)?;
        found.push(Value::text(part.as_str()));
    }
    call.make_list(found)
}

/// The texts of a list with a delimiter between them; nulls are left out.
fn string_join<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let Some(items) = call.items(0)? else {
        return Ok(Value::Null);
    };
    let arguments = call.arguments;
    let mut parts = [""; 3];
    for (i, part) in parts.iter_mut().enumerate() {
        match arguments.get(i + 1) {
            None | Some(Value::Null) => (),
            Some(value) => match value.as_str() {
                Some(text) => *part = text,
                None => return Ok(Value::Null),
            },
        }
    }
    let [delimiter, prefix, suffix] = parts;
    let mut out = prefix.to_owned();
    let mut first = true;
    for item in &items {
        let Some(text) = item.as_str() else {
            match item {
                Value::Null => continue,
                _ => return Ok(Value::Null),
            }
        };
        if !std::mem::replace(&mut first, false) {
            out.push_str(delimiter);
        }
        call.charge_text(64 + delimiter.len() + text.len())?;
        out.push_str(text);
    }
    out.push_str(suffix);
    Ok(Value::text(out))
}
