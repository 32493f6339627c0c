//! Operands: literals, names, brackets, and what follows them (paths, filters, calls).

use super::super::lexer::{self, Symbol, TokenKind};
use super::super::name::is_reserved;
use super::super::tree::{Kind, Node};
use super::{Parse, Parser};
use crate::builtins::{self, Builtin};
use crate::temporal::{Date, DateTime, DaysTimeDuration, Time, YearsMonthsDuration};
use crate::{Decimal, Value};

const OPERAND: &str = "a value, a name or `(`";

impl Parser<'_> {
    pub(super) fn postfix(&mut self) -> Parse<Node> {
        let mut node = self.operand()?;
        loop {
            let at = self.offset();
            node = if self.eat(Symbol::Dot) {
                let name = self.path_name()?;
                self.node(at, Kind::Path(Box::new(node), name))?
            } else if self.kind() == TokenKind::Symbol(Symbol::OpenBracket)
                && (!self.closes_range || self.starts_operand(1))
            {
                self.at += 1;
                self.filters += 1;
                let condition = self.with_locals(&["item".into()], Self::expression);
                self.filters -= 1;
                let condition = condition?;
                self.expect(Symbol::CloseBracket, &["`]`"])?;
                self.node(at, Kind::Filter(Box::new((node, condition))))?
            } else if self.kind() == TokenKind::Symbol(Symbol::OpenParen) {
                let arguments = self.arguments()?;
                self.node(at, Kind::Invoke(Box::new(node), arguments))?
            } else {
                return Ok(node);
            };
        }
    }

    /// Whether the token `ahead` can begin an operand.
    fn starts_operand(&self, ahead: usize) -> bool {
        match self.token(ahead).kind {
            TokenKind::Number | TokenKind::String | TokenKind::Temporal | TokenKind::QuotedName => {
                true
            }
            TokenKind::Name => {
                let word = self.token_text(ahead);
                !is_reserved(word)
                    || matches!(
                        word,
                        "null"
                            | "true"
                            | "false"
                            | "if"
                            | "for"
                            | "some"
                            | "every"
                            | "function"
                            | "not"
                    )
            }
            TokenKind::Symbol(symbol) => matches!(
                symbol,
                Symbol::OpenParen | Symbol::OpenBracket | Symbol::OpenBrace | Symbol::Minus
            ),
            TokenKind::End => false,
        }
    }

    fn operand(&mut self) -> Parse<Node> {
        let at = self.offset();
        match self.kind() {
            TokenKind::Number => {
                let number: Result<Decimal, _> = self.token_text(0).parse();
                let Ok(number) = number else {
                    return Err(self.error_here("the number is out of range"));
                };
                self.at += 1;
                self.node(at, Kind::Number(number))
            }
            TokenKind::String => {
                let text = self.string_token(0)?;
                self.node(at, Kind::String(text.into()))
            }
            TokenKind::Temporal => {
                let text = self.string_token(1)?;
                match temporal_literal(&text) {
                    Some(value) => self.node(at, Kind::Temporal(value)),
                    None => Err(self.error_at(
                        at,
                        &format!("`@\"{text}\"` is not a date, time, date and time or duration"),
                    )),
                }
            }
            TokenKind::QuotedName => {
                let quoted = self.token_text(0);
                let name: Box<str> = quoted.trim_matches('`').into();
                self.at += 1;
                self.name(at, name)
            }
            TokenKind::Name => self.word(at),
            TokenKind::Symbol(symbol) => self.bracketed(at, symbol),
            TokenKind::End => Err(self.unexpected(&[OPERAND])),
        }
    }

    fn bracketed(&mut self, at: u32, symbol: Symbol) -> Parse<Node> {
        match symbol {
            Symbol::OpenParen => self.parenthesis(at),
            Symbol::OpenBracket => self.list(at),
            Symbol::OpenBrace => self.context(at),
            Symbol::CloseBracket => self.open_range(at),
            Symbol::Apostrophe => Err(self.error_here("text stands in double quotes")),
            _ => Err(self.unexpected(&[OPERAND])),
        }
    }

    /// The text of a string token, of which the first `prefix` bytes do not belong to it.
    pub(super) fn string_token(&mut self, prefix: usize) -> Parse<String> {
        let token = self.token_text(0);
        let start = self.offset();
        match lexer::unescape(token.get(prefix..).unwrap_or(token)) {
            Ok(text) => {
                self.at += 1;
                Ok(text)
            }
            Err(offset) => {
                let at = start + (prefix + offset) as u32;
                Err(self.error_at(at, "this escape is not a Unicode character"))
            }
        }
    }

    fn word(&mut self, at: u32) -> Parse<Node> {
        // A name of several tokens may begin with a word of the grammar.
        let known = self.known_phrase(|parser, name| parser.is_known(name));
        if let Some((name, tokens)) = known.filter(|(_, tokens)| *tokens > 1) {
            self.at += tokens;
            return self.name(at, name);
        }
        let kind = match self.token_text(0) {
            "null" => Kind::Null,
            "true" => Kind::Boolean(true),
            "false" => Kind::Boolean(false),
            "if" => return self.if_(at),
            "for" => return self.for_(at),
            "some" | "every" => return self.quantified(at),
            "function" => return self.function(at),
            word => {
                // Camunda has functions of these names, too.
                let called = matches!(word, "and" | "or")
                    && self.token(1).kind == TokenKind::Symbol(Symbol::OpenParen);
                if is_reserved(word) && word != "not" && !called {
                    return Err(self.unexpected(&[OPERAND]));
                }
                return self.name_or_call(at);
            }
        };
        self.at += 1;
        self.node(at, kind)
    }

    /// A name that is known first, then a function, else a variable.
    fn name_or_call(&mut self, at: u32) -> Parse<Node> {
        let word: Box<str> = self.token_text(0).into();
        let local = self.is_known(&word);
        if let Some((builtin, tokens)) = self.builtin_here()
            && !(tokens == 1 && self.hides_function(&word))
        {
            if self.kind_at(tokens) == TokenKind::Symbol(Symbol::OpenParen) {
                self.at += tokens;
                return self.builtin_call(at, builtin);
            }
            if (tokens > 1 || self.names.is_closed()) && !local {
                self.at += tokens;
                return self.node(at, Kind::Builtin(builtin));
            }
        }
        if local {
            self.at += 1;
            return self.name(at, word);
        }
        if self.token(1).kind == TokenKind::Symbol(Symbol::OpenParen) {
            return Err(self.unknown_function(&word));
        }
        if &*word == "not" {
            self.at += 1;
            return Err(self.unexpected(&["`(`"]));
        }
        self.at += 1;
        self.name(at, word)
    }

    /// Whether the built-in function of this name is not meant here.
    fn hides_function(&self, name: &str) -> bool {
        let is_called = self.kind_at(1) == TokenKind::Symbol(Symbol::OpenParen);
        match is_called {
            true => self.is_local(name) || self.names.is_function(name),
            false => self.is_known(name),
        }
    }

    fn name(&mut self, at: u32, mut name: Box<str>) -> Parse<Node> {
        if self.names.is_tested(&name) && !self.is_local(&name) {
            name = "?".into();
        }
        self.read(&name);
        let global = match self.is_local(&name) {
            true => None,
            false => self.names.global_of(&name),
        };
        let Some(number) = global else {
            return self.node(at, Kind::Name(name));
        };
        let global = self.node(at, Kind::Global(number, name.clone()))?;
        match self.filters {
            0 => Ok(global),
            _ => self.node(at, Kind::Member(name, Box::new(global))),
        }
    }

    /// The longest function name here, with its tokens.
    fn builtin_here(&self) -> Option<(&'static Builtin, usize)> {
        builtins::starting_with(self.token_text(0))
            .filter_map(|builtin| Some((builtin, self.phrase_tokens(builtin.name)?)))
            .max_by_key(|(_, tokens)| *tokens)
    }

    /// The name after a point; here grammar words are names too.
    fn path_name(&mut self) -> Parse<Box<str>> {
        let is_member = |parser: &Self, name: &str| parser.is_member(name);
        if let Some((name, tokens)) = self.known_phrase(is_member) {
            self.at += tokens;
            return Ok(name);
        }
        let text = self.token_text(0);
        let name: Box<str> = match self.kind() {
            TokenKind::Name => text.into(),
            TokenKind::QuotedName => text.trim_matches('`').into(),
            _ => return Err(self.unexpected(&["a name"])),
        };
        self.at += 1;
        Ok(name)
    }
}

/// The value of `@"text"`.
fn temporal_literal(text: &str) -> Option<Value<'static>> {
    DaysTimeDuration::parse(text)
        .map(Value::DaysTimeDuration)
        .or_else(|| YearsMonthsDuration::parse(text).map(Value::YearsMonthsDuration))
        .or_else(|| Date::parse(text).map(Value::Date))
        .or_else(|| Time::parse(text).map(Value::Time))
        .or_else(|| DateTime::parse(text).map(Value::DateTime))
}
