//! The tokens at hand, and what is said when others were expected.

use super::{Parse, Parser};
use crate::SyntaxError;
use crate::error::syntax_error;
use crate::syntax::lexer::{Symbol, Token, TokenKind};

/// How many characters of a token an error shows.
const FOUND_CHARS_MAX: usize = 30;

impl Parser<'_> {
    pub(super) fn token(&self, ahead: usize) -> Token {
        let last = self.tokens.len() - 1;
        self.tokens[(self.at + ahead).min(last)]
    }

    pub(super) fn kind(&self) -> TokenKind {
        self.token(0).kind
    }

    pub(super) fn kind_at(&self, ahead: usize) -> TokenKind {
        self.token(ahead).kind
    }

    pub(super) fn offset(&self) -> u32 {
        self.token(0).start
    }

    pub(super) fn token_text(&self, ahead: usize) -> &str {
        let token = self.token(ahead);
        &self.text[token.start as usize..token.end as usize]
    }

    pub(super) fn eat(&mut self, symbol: Symbol) -> bool {
        let found = self.kind() == TokenKind::Symbol(symbol);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, symbol: Symbol, expected: &[&'static str]) -> Parse<()> {
        if self.eat(symbol) {
            return Ok(());
        }
        Err(self.unexpected(expected))
    }

    pub(super) fn at_word(&self, word: &str) -> bool {
        self.kind() == TokenKind::Name && self.token_text(0) == word
    }

    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let found = self.at_word(word);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect_word(&mut self, word: &str, expected: &'static str) -> Parse<()> {
        if self.eat_word(word) {
            return Ok(());
        }
        Err(self.unexpected(&[expected]))
    }

    pub(super) fn unexpected(&self, expected: &[&'static str]) -> Box<SyntaxError> {
        let (last, first) = expected.split_last().unwrap_or((&"something else", &[]));
        let wanted = match first {
            [] => (*last).to_owned(),
            first => format!("{} or {last}", first.join(", ")),
        };
        let found = self.found();
        let message = match found.is_empty() {
            true => format!("expected {wanted}, but the expression ends"),
            false => format!("expected {wanted}, found `{found}`"),
        };
        let offset = self.offset() as usize;
        Box::new(syntax_error(
            self.text,
            offset,
            found,
            expected.to_vec(),
            message,
        ))
    }

    pub(super) fn found(&self) -> String {
        self.token_text(0).chars().take(FOUND_CHARS_MAX).collect()
    }

    pub(super) fn error_here(&self, message: &str) -> Box<SyntaxError> {
        self.error_at(self.offset(), message)
    }

    pub(super) fn error_at(&self, at: u32, message: &str) -> Box<SyntaxError> {
        let found = match at == self.offset() {
            true => self.found(),
            false => String::new(),
        };
        Box::new(syntax_error(
            self.text,
            at as usize,
            found,
            Vec::new(),
            message.to_owned(),
        ))
    }
}
