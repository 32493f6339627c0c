//! From text to tokens.
//!
//! Owns white space, comments, and the shapes of literals; what a name means is the parser's matter.

use super::name::{continues_name, starts_name};
use crate::SyntaxError;
use crate::error::syntax_error;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    /// Byte offsets into the text.
    pub(super) start: u32,
    pub(super) end: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    Number,
    /// With its quotes.
    String,
    /// `@"…"`
    Temporal,
    Name,
    /// With its back-ticks.
    QuotedName,
    Symbol(Symbol),
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Symbol {
    OpenParen,
    CloseParen,
    OpenBracket,
    CloseBracket,
    OpenBrace,
    CloseBrace,
    Comma,
    Colon,
    Dot,
    DotDot,
    Plus,
    Minus,
    Star,
    StarStar,
    Slash,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Arrow,
    /// Only in names.
    Apostrophe,
}

/// Longer symbols before their prefixes.
const SYMBOLS: &[(&str, Symbol)] = &[
    ("..", Symbol::DotDot),
    ("**", Symbol::StarStar),
    ("!=", Symbol::NotEqual),
    ("<=", Symbol::LessOrEqual),
    (">=", Symbol::GreaterOrEqual),
    ("->", Symbol::Arrow),
    ("(", Symbol::OpenParen),
    (")", Symbol::CloseParen),
    ("[", Symbol::OpenBracket),
    ("]", Symbol::CloseBracket),
    ("{", Symbol::OpenBrace),
    ("}", Symbol::CloseBrace),
    (",", Symbol::Comma),
    (":", Symbol::Colon),
    (".", Symbol::Dot),
    ("+", Symbol::Plus),
    ("-", Symbol::Minus),
    ("*", Symbol::Star),
    ("/", Symbol::Slash),
    ("=", Symbol::Equal),
    ("<", Symbol::Less),
    (">", Symbol::Greater),
    ("'", Symbol::Apostrophe),
];

/// All tokens of a text from a byte offset on, the last one is `End`.
pub(super) fn tokens(text: &str, from: usize) -> Result<Vec<Token>, SyntaxError> {
    let mut lexer = Lexer { text, at: from };
    let mut tokens = Vec::with_capacity((text.len() - from) / 4 + 1);
    loop {
        lexer.skip_blank()?;
        let start = lexer.at;
        let kind = lexer.token()?;
        tokens.push(Token {
            kind,
            start: start as u32,
            end: lexer.at as u32,
        });
        if kind == TokenKind::End {
            return Ok(tokens);
        }
    }
}

/// The texts of the tokens of a name; `None` when it has what no name has.
pub(super) fn texts(name: &str) -> Option<Vec<&str>> {
    let mut tokens = tokens(name, 0).ok()?;
    tokens.pop();
    let texts = tokens
        .iter()
        .map(|token| &name[token.start as usize..token.end as usize]);
    Some(texts.collect())
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.text
            .as_bytes()
            .get(self.at + ahead)
            .copied()
            .unwrap_or(0)
    }

    fn skip_blank(&mut self) -> Result<(), SyntaxError> {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start().len();
            if blank > 0 {
                self.at += blank;
            } else if rest.starts_with("//") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                let Some(end) = rest.find("*/") else {
                    return Err(self.error("the comment does not end: `*/` is missing", &["`*/`"]));
                };
                self.at += end + 2;
            } else {
                return Ok(());
            }
        }
    }

    fn token(&mut self) -> Result<TokenKind, SyntaxError> {
        let Some(first) = self.rest().chars().next() else {
            return Ok(TokenKind::End);
        };
        match first {
            '"' => self.string(),
            '@' => {
                self.at += 1;
                if self.byte(0) != b'"' {
                    let message = "after `@` stands a date, time or duration in double quotes";
                    return Err(self.error(message, &["`\"`"]));
                }
                self.string()?;
                Ok(TokenKind::Temporal)
            }
            '`' => self.quoted_name(),
            '0'..='9' => Ok(self.number()),
            '.' if self.byte(1).is_ascii_digit() => Ok(self.number()),
            '?' => {
                self.at += 1;
                Ok(TokenKind::Name)
            }
            c if starts_name(c) => {
                let rest = self.rest();
                self.at += rest.find(|c| !continues_name(c)).unwrap_or(rest.len());
                Ok(TokenKind::Name)
            }
            _ => self.symbol(),
        }
    }

    fn symbol(&mut self) -> Result<TokenKind, SyntaxError> {
        for (spelling, symbol) in SYMBOLS {
            if self.rest().starts_with(spelling) {
                if self.rest().starts_with("==") {
                    return Err(self.error("equality is written `=`, not `==`", &["`=`"]));
                }
                self.at += spelling.len();
                return Ok(TokenKind::Symbol(*symbol));
            }
        }
        let message = match self.rest().chars().next() {
            Some('&') => "conjunction is written `and`".to_owned(),
            Some('|') => "disjunction is written `or`".to_owned(),
            Some('!') => "negation is written `not(…)`".to_owned(),
            Some(c) => format!("the character {c:?} has no meaning here"),
            None => "the expression ends here".to_owned(),
        };
        Err(self.error(&message, &[]))
    }

    fn string(&mut self) -> Result<TokenKind, SyntaxError> {
        let open = self.at;
        self.at += 1;
        loop {
            let Some(found) = self.rest().find(['"', '\\']) else {
                self.at = open;
                return Err(self.error("the text does not end: `\"` is missing", &["`\"`"]));
            };
            self.at += found + 1;
            if self.text.as_bytes().get(self.at - 1) == Some(&b'"') {
                return Ok(TokenKind::String);
            }
            self.at += self.rest().chars().next().map_or(0, char::len_utf8);
        }
    }

    fn quoted_name(&mut self) -> Result<TokenKind, SyntaxError> {
        match self.text[self.at + 1..].find('`') {
            Some(0) => Err(self.error("a name in back-ticks is not empty", &["name"])),
            Some(length) => {
                self.at += length + 2;
                Ok(TokenKind::QuotedName)
            }
            None => Err(self.error(
                "the name does not end: a back-tick is missing",
                &["`` ` ``"],
            )),
        }
    }

    /// Digits, one point that is not the start of `..`, and an exponent.
    fn number(&mut self) -> TokenKind {
        self.digits();
        if self.byte(0) == b'.' && self.byte(1).is_ascii_digit() {
            self.at += 1;
            self.digits();
        }
        let sign = usize::from(matches!(self.byte(1), b'+' | b'-'));
        if matches!(self.byte(0), b'e' | b'E') && self.byte(1 + sign).is_ascii_digit() {
            self.at += 1 + sign;
            self.digits();
        }
        TokenKind::Number
    }

    fn digits(&mut self) {
        while self.byte(0).is_ascii_digit() {
            self.at += 1;
        }
    }

    fn error(&self, message: &str, expected: &[&'static str]) -> SyntaxError {
        let found = self.rest().chars().take(1).collect();
        syntax_error(
            self.text,
            self.at,
            found,
            expected.to_vec(),
            message.to_owned(),
        )
    }
}

/// The text that a string token means. `Err` has the offset of a wrong escape within the token.
pub(super) fn unescape(token: &str) -> Result<String, usize> {
    let inner = token
        .strip_prefix('"')
        .and_then(|t| t.strip_suffix('"'))
        .unwrap_or(token);
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let offset = inner.len() - rest.len() + at + 1;
        let after = &rest[at + 1..];
        let Some(escape) = after.chars().next() else {
            return Err(offset);
        };
        let mut length = escape.len_utf8();
        match escape {
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            '"' | '\\' | '\'' | '/' => out.push(escape),
            'u' | 'U' => {
                let (c, digits) = code_point(after).ok_or(offset)?;
                out.push(c);
                length = digits;
            }
            // As in Camunda: an unknown escape is the two characters, so that regular expressions
            // need no double backslash.
            _ => {
                out.push('\\');
                out.push(escape);
            }
        }
        rest = &after[length..];
    }
    out.push_str(rest);
    Ok(out)
}

/// `uXXXX`, a pair of such surrogates, or `UXXXXXX`; with the bytes it takes.
fn code_point(escape: &str) -> Option<(char, usize)> {
    let hex = |text: Option<&str>| {
        let digits = text.filter(|t| t.bytes().all(|b| b.is_ascii_hexdigit()))?;
        u32::from_str_radix(digits, 16).ok()
    };
    if escape.starts_with('U') {
        return Some((char::from_u32(hex(escape.get(1..7))?)?, 7));
    }
    let high = hex(escape.get(1..5))?;
    if !(0xd800..0xdc00).contains(&high) {
        return Some((char::from_u32(high)?, 5));
    }
    let low = hex(escape.get(5..)?.strip_prefix("\\u")?.get(..4))?;
    if !(0xdc00..0xe000).contains(&low) {
        return None;
    }
    let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    Some((char::from_u32(code)?, 11))
}
