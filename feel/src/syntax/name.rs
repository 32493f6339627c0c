//! What counts as a name (DMN 1.5, grammar rules 27 to 30) and how one is printed.

use std::fmt;

/// Words that the grammar uses where a name could stand. In back-ticks they are names.
pub const RESERVED_WORDS: &[&str] = &[
    "and",
    "between",
    "else",
    "every",
    "false",
    "for",
    "function",
    "if",
    "in",
    "instance",
    "not",
    "null",
    "of",
    "or",
    "return",
    "satisfies",
    "some",
    "then",
    "true",
];

/// Whether `word` can only be meant as part of the grammar at the start of an operand.
pub(super) fn is_reserved(word: &str) -> bool {
    RESERVED_WORDS.contains(&word)
}

pub(super) fn starts_name(c: char) -> bool {
    c.is_alphabetic()
        || matches!(c, '_'
            | '\u{200c}'..='\u{200d}'
            | '\u{2070}'..='\u{218f}'
            | '\u{2c00}'..='\u{2fef}'
            | '\u{3001}'..='\u{d7ff}'
            | '\u{f900}'..='\u{fdcf}'
            | '\u{fdf0}'..='\u{fffd}'
            | '\u{10000}'..='\u{effff}')
}

pub(super) fn continues_name(c: char) -> bool {
    starts_name(c)
        || c.is_alphanumeric()
        || matches!(c, '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

/// Whether `text` is one name token; it may be one of the grammar's words.
pub(super) fn is_word(text: &str) -> bool {
    let mut chars = text.chars();
    text == "?" || chars.next().is_some_and(starts_name) && chars.all(continues_name)
}

/// Whether `text` is one name token that means itself.
pub(crate) fn is_name(text: &str) -> bool {
    is_word(text) && !is_reserved(text)
}

/// Prints a name so that it is read back as the same name.
pub(super) fn write_name(f: &mut impl fmt::Write, name: &str) -> fmt::Result {
    if is_name(name) {
        f.write_str(name)
    } else {
        write!(f, "`{name}`")
    }
}
