//! Calls of built-in functions, checked here: the function exists and takes these arguments.

use super::super::lexer::{Symbol, TokenKind};
use super::super::tree::{Arguments, Kind, Node};
use super::{Parse, Parser};
use crate::SyntaxError;
use crate::builtins::{self, Builtin};

impl Parser<'_> {
    /// Arguments in parentheses, all positional or all named.
    pub(super) fn arguments(&mut self) -> Parse<Arguments> {
        self.expect(Symbol::OpenParen, &["`(`"])?;
        if self.eat(Symbol::CloseParen) {
            return Ok(Arguments::Positional(Vec::new()));
        }
        let arguments = match self.name_before_colon() {
            Some(_) => Arguments::Named(self.named_arguments()?),
            None => Arguments::Positional(self.positional_arguments()?),
        };
        self.expect(Symbol::CloseParen, &["`,`", "`)`"])?;
        Ok(arguments)
    }

    fn positional_arguments(&mut self) -> Parse<Vec<Node>> {
        let mut arguments = vec![self.expression()?];
        while self.eat(Symbol::Comma) {
            arguments.push(self.expression()?);
        }
        Ok(arguments)
    }

    fn named_arguments(&mut self) -> Parse<Vec<(Box<str>, Node)>> {
        let mut arguments: Vec<(Box<str>, Node)> = Vec::new();
        loop {
            let Some((name, tokens)) = self.name_before_colon() else {
                return Err(self.unexpected(&["a parameter name and `:`"]));
            };
            if arguments.iter().any(|(given, _)| *given == name) {
                return Err(self.error_here(&format!("`{name}` is given twice")));
            }
            self.at += tokens + 1;
            arguments.push((name, self.expression()?));
            if !self.eat(Symbol::Comma) {
                return Ok(arguments);
            }
        }
    }

    /// The name that ends at a colon, with its tokens without the colon. It may have operators in it (DMN 1.5,
    /// 10.3.1.2, rules 27 to 30); space between its tokens counts as one.
    pub(super) fn name_before_colon(&self) -> Option<(Box<str>, usize)> {
        let mut name = String::new();
        let mut tokens = 0;
        loop {
            let token = self.token(tokens);
            let text = self.token_text(tokens);
            let part = match token.kind {
                TokenKind::Name => text,
                TokenKind::Number
                | TokenKind::Symbol(
                    Symbol::Dot
                    | Symbol::Plus
                    | Symbol::Minus
                    | Symbol::Star
                    | Symbol::StarStar
                    | Symbol::Slash
                    | Symbol::Apostrophe,
                ) if tokens > 0 => text,
                TokenKind::QuotedName if tokens == 0 => text.trim_matches('`'),
                TokenKind::Symbol(Symbol::Colon) if tokens > 0 => {
                    return Some((name.into(), tokens));
                }
                _ => return None,
            };
            if tokens > 0 && self.is_spaced(tokens) {
                name.push(' ');
            }
            name.push_str(part);
            tokens += 1;
            if tokens > NAME_TOKENS_MAX {
                return None;
            }
        }
    }

    /// Whether there is space before the token.
    fn is_spaced(&self, ahead: usize) -> bool {
        ahead > 0 && self.token(ahead - 1).end < self.token(ahead).start
    }

    /// A call of `builtin` whose name has just been read.
    pub(super) fn builtin_call(&mut self, at: u32, builtin: &'static Builtin) -> Parse<Node> {
        let arguments = match self.arguments()? {
            Arguments::Positional(nodes) => {
                if !builtin.forms().any(|form| form.takes(nodes.len())) {
                    return Err(self.wrong_count(at, builtin, nodes.len()));
                }
                nodes
            }
            Arguments::Named(named) => self.ordered(at, builtin, named)?,
        };
        self.node(at, Kind::Call(builtin, arguments))
    }

    /// Named arguments in the order of the parameters of the first form that has them all.
    fn ordered(
        &self,
        at: u32,
        builtin: &'static Builtin,
        mut named: Vec<(Box<str>, Node)>,
    ) -> Parse<Vec<Node>> {
        let fits = |form: &builtins::Form| {
            named
                .iter()
                .all(|(name, _)| form.parameters().any(|p| *p.name == **name))
                && form
                    .parameters()
                    .all(|p| p.optional || named.iter().any(|(name, _)| **name == *p.name))
        };
        let Some(form) = builtin.forms().find(fits) else {
            let given: Vec<_> = named.iter().map(|(name, _)| &**name).collect();
            let message = format!(
                "`{}` takes {}; given were {}",
                builtin.name,
                builtin.describe(),
                given.join(", ")
            );
            return Err(self.error_at(at, &message));
        };
        let mut ordered = Vec::new();
        for parameter in form.parameters() {
            let given = named.iter().position(|(name, _)| **name == *parameter.name);
            let node = match given {
                Some(index) => named.swap_remove(index).1,
                None => self.node(at, Kind::Null)?,
            };
            ordered.push(node);
            if named.is_empty() {
                break;
            }
        }
        Ok(ordered)
    }

    fn wrong_count(&self, at: u32, builtin: &Builtin, count: usize) -> Box<SyntaxError> {
        let arguments = if count == 1 { "argument" } else { "arguments" };
        let message = format!(
            "`{}` takes {}, not {count} {arguments}",
            builtin.name,
            builtin.describe()
        );
        self.error_at(at, &message)
    }

    pub(super) fn unknown_function(&self, name: &str) -> Box<SyntaxError> {
        let message = match builtins::similar(name) {
            Some(similar) => format!("there is no function `{name}`; did you mean `{similar}`?"),
            None => format!("there is no function `{name}`"),
        };
        self.error_here(&message)
    }
}

/// The longest parameter name or context key in back-tick-free words.
const NAME_TOKENS_MAX: usize = 16;
