//! Names that are known where the parser is: those in scope, and those that the expression defines.

use super::{Parse, Parser};
use crate::syntax::lexer::TokenKind;
use crate::syntax::name::is_word;

/// How many names of several tokens one expression may define.
const PHRASES_MAX: usize = 256;

impl Parser<'_> {
    /// How many tokens `phrase` (words with single spaces) takes here; `None` when it is not here.
    pub(super) fn phrase_tokens(&self, phrase: &str) -> Option<usize> {
        self.tokens_here(phrase.split(' '))
    }

    pub(super) fn tokens_here<'p>(
        &self,
        tokens: impl IntoIterator<Item = &'p str>,
    ) -> Option<usize> {
        let mut count = 0;
        for token in tokens {
            if self.kind_at(count) == TokenKind::End || self.token_text(count) != token {
                return None;
            }
            count += 1;
        }
        Some(count)
    }

    /// The longest known name here that `accept` takes, with its tokens.
    pub(super) fn known_phrase(
        &self,
        accept: impl Fn(&Self, &str) -> bool,
    ) -> Option<(Box<str>, usize)> {
        std::iter::once(&self.phrases)
            .chain(self.names.phrases())
            .filter_map(|phrases| {
                let ahead = (0..).take_while(|ahead| self.kind_at(*ahead) != TokenKind::End);
                let tokens = ahead.map(|ahead| self.token_text(ahead));
                phrases.longest(tokens, |name| accept(self, name))
            })
            .reduce(|longest, other| match other.1 > longest.1 {
                true => other,
                false => longest,
            })
            .map(|(name, tokens)| (name.into(), tokens))
    }

    /// Whether the name is defined, here or outside.
    pub(super) fn is_known(&self, name: &str) -> bool {
        self.is_local(name) || self.names.has_value(name, self.filters > 0)
    }

    /// Whether the name of several tokens may stand after a point.
    pub(super) fn is_member(&self, name: &str) -> bool {
        self.phrases.has(name) || self.names.is_member(name)
    }

    pub(super) fn is_local(&self, name: &str) -> bool {
        self.locals.get(name).is_some_and(|count| *count > 0)
    }

    pub(super) fn define(&mut self, name: &str) -> Parse<()> {
        *self.locals.entry(name.into()).or_default() += 1;
        self.note_phrase(name)
    }

    pub(super) fn note_phrase(&mut self, name: &str) -> Parse<()> {
        if !is_word(name) && self.phrases.add(name) {
            if self.phrase_count >= PHRASES_MAX {
                return Err(
                    self.error_here(&format!("more than {PHRASES_MAX} names of several words"))
                );
            }
            self.phrase_count += 1;
        }
        Ok(())
    }

    pub(super) fn undefine(&mut self, names: &[Box<str>]) {
        for name in names {
            if let Some(count) = self.locals.get_mut(name) {
                *count = count.saturating_sub(1);
            }
        }
    }

    pub(super) fn with_locals<T>(
        &mut self,
        names: &[Box<str>],
        parse: impl FnOnce(&mut Self) -> Parse<T>,
    ) -> Parse<T> {
        for name in names {
            self.define(name)?;
        }
        let result = parse(self);
        self.undefine(names);
        result
    }

    pub(super) fn read(&mut self, name: &str) {
        self.reads_input |= name == "?";
        let is_variable = !self.is_local(name) && self.names.global_of(name).is_none();
        if is_variable && self.seen.insert(name.into()) {
            self.variables.push(name.into());
        }
    }
}
