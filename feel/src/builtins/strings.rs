//! Functions on text (DMN 1.5, 10.3.4.3, and Camunda's additions). Positions count Unicode characters.
//! Those with regular expressions are in [`super::regex`].

use super::{Builtin, Run};
use crate::Decimal;
use crate::eval::{Call, Outcome};
use crate::value::Value;

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "substring",
        forms: &["string: string, start position: number, length?: number"],
        fails: "the start position is before the text, or the length is negative",
        run: Run::Simple(substring),
    },
    Builtin {
        name: "string length",
        forms: &["string: string"],
        fails: "",
        run: Run::Simple(|a| Some(Value::Number(text(a, 0)?.chars().count().into()))),
    },
    Builtin {
        name: "upper case",
        forms: &["string: string"],
        fails: "",
        run: Run::Simple(|a| Some(Value::text(text(a, 0)?.to_uppercase()))),
    },
    Builtin {
        name: "lower case",
        forms: &["string: string"],
        fails: "",
        run: Run::Simple(|a| Some(Value::text(text(a, 0)?.to_lowercase()))),
    },
    Builtin {
        name: "substring before",
        forms: &["string: string, match: string"],
        fails: "",
        run: Run::Simple(|a| {
            let (whole, part) = (text(a, 0)?, text(a, 1)?);
            let at = whole.find(part).unwrap_or(0);
            Some(Value::text(&whole[..at]))
        }),
    },
    Builtin {
        name: "substring after",
        forms: &["string: string, match: string"],
        fails: "",
        run: Run::Simple(|a| {
            let (whole, part) = (text(a, 0)?, text(a, 1)?);
            let at = whole.find(part).map_or(whole.len(), |at| at + part.len());
            Some(Value::text(&whole[at..]))
        }),
    },
    Builtin {
        name: "contains",
        forms: &["string: string, match: string"],
        fails: "",
        run: Run::Simple(|a| Some(Value::Boolean(text(a, 0)?.contains(text(a, 1)?)))),
    },
    Builtin {
        name: "starts with",
        forms: &["string: string, match: string"],
        fails: "",
        run: Run::Simple(|a| Some(Value::Boolean(text(a, 0)?.starts_with(text(a, 1)?)))),
    },
    Builtin {
        name: "ends with",
        forms: &["string: string, match: string"],
        fails: "",
        run: Run::Simple(|a| Some(Value::Boolean(text(a, 0)?.ends_with(text(a, 1)?)))),
    },
    Builtin {
        name: "trim",
        forms: &["string: string"],
        fails: "",
        run: Run::Simple(|a| Some(Value::text(text(a, 0)?.trim_matches(|c| c <= ' ')))),
    },
    Builtin {
        name: "is blank",
        forms: &["string: string"],
        fails: "",
        run: Run::Simple(|a| Some(Value::Boolean(text(a, 0)?.chars().all(is_blank)))),
    },
    Builtin {
        name: "to base64",
        forms: &["value: string"],
        fails: "",
        run: Run::Simple(|a| Some(Value::text(base64(text(a, 0)?.as_bytes())))),
    },
    Builtin {
        name: "string join",
        forms: JOIN_FORMS,
        fails: "",
        run: Run::Full(string_join),
    },
    Builtin {
        name: "join",
        forms: JOIN_FORMS,
        fails: "",
        run: Run::Full(string_join),
    },
];

const JOIN_FORMS: &[&str] = &[
    "list: list of strings, delimiter?: string|null",
    "list: list of strings, delimiter: string|null, prefix: string|null, suffix: string|null",
];

pub(super) fn text<'v>(arguments: &'v [Value<'_>], index: usize) -> Option<&'v str> {
    arguments.get(index)?.as_str()
}

/// What Java calls white space, as Camunda does: the separators of Unicode that break a line.
fn is_blank(c: char) -> bool {
    match c {
        '\u{a0}' | '\u{2007}' | '\u{202f}' | '\u{85}' => false,
        '\u{1c}'..='\u{1f}' => true,
        c => c.is_whitespace(),
    }
}

/// RFC 4648, section 4, with padding.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for part in bytes.chunks(3) {
        let byte = |i: usize| u32::from(part.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * i) & 63) as usize];
            out.push(if i <= part.len() {
                char::from(digit)
            } else {
                '='
            });
        }
    }
    out
}

/// From a position (1 is the first character, -1 the last), to the end or so many characters.
fn substring<'a>(arguments: &[Value<'a>]) -> Option<Value<'a>> {
    let whole = text(arguments, 0)?;
    let start = whole_part(arguments.get(1)?.as_number()?)?;
    let length = match arguments.get(2) {
        None => None,
        Some(length) => Some(usize::try_from(whole_part(length.as_number()?)?).ok()?),
    };
    let skipped = match start {
        1.. => usize::try_from(start - 1).ok()?,
        // Behind the last character: as far before the end as 0 says.
        0 => whole.chars().count(),
        _ => whole
            .chars()
            .count()
            .checked_sub(usize::try_from(start.unsigned_abs()).ok()?)?,
    };
    let from = char_offset(whole, skipped);
    let tail = &whole[from..];
    let to = match length {
        Some(length) => char_offset(tail, length),
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
