//! Expressions of several parts: conditionals, loops, functions, lists, contexts, ranges and types.

use std::collections::HashSet;

use super::super::lexer::{Symbol, TokenKind};
use super::super::tree::{
    CompareOp, Iteration, Kind, Lambda, Node, RangeNode, Source, TYPE_NAMES, Type, TypeName,
};
use super::{Level, Parse, Parser};

impl Parser<'_> {
    pub(super) fn if_(&mut self, at: u32) -> Parse<Node> {
        self.at += 1;
        let condition = self.expression()?;
        self.expect_word("then", "`then`")?;
        let consequence = self.expression()?;
        self.expect_word("else", "`else`")?;
        let alternative = self.expression()?;
        let parts = Box::new((condition, consequence, alternative));
        self.node(at, Kind::If(parts))
    }

    pub(super) fn for_(&mut self, at: u32) -> Parse<Node> {
        self.at += 1;
        let (iterations, names) = self.iterations("`return`")?;
        let body = self
            .expect_word("return", "`return`")
            .and_then(|()| self.with_locals(&["partial".into()], Self::expression));
        self.undefine(&names);
        self.node(at, Kind::For(iterations, Box::new(body?)))
    }

    pub(super) fn quantified(&mut self, at: u32) -> Parse<Node> {
        let every = self.at_word("every");
        self.at += 1;
        let (iterations, names) = self.iterations("`satisfies`")?;
        let condition = self
            .expect_word("satisfies", "`satisfies`")
            .and_then(|()| self.expression());
        self.undefine(&names);
        let condition = Box::new(condition?);
        let kind = match every {
            true => Kind::Every(iterations, condition),
            false => Kind::Some(iterations, condition),
        };
        self.node(at, kind)
    }

    /// `name in source, …`; each name is known to what follows. The names are left defined.
    fn iterations(&mut self, then: &'static str) -> Parse<(Vec<Iteration>, Vec<Box<str>>)> {
        let mut iterations = Vec::new();
        let mut names = Vec::new();
        loop {
            let name = self.iteration_name()?;
            let first = self.expression()?;
            let source = if self.eat(Symbol::DotDot) {
                Source::Count(first, self.expression()?)
            } else {
                Source::List(first)
            };
            self.define(&name)?;
            names.push(name.clone());
            iterations.push(Iteration { name, source });
            // DMN separates with commas; some tools repeat nothing but the comma before the keyword.
            if !self.eat(Symbol::Comma) {
                if !self.at_word(then.trim_matches('`')) {
                    return Err(self.unexpected(&["`,`", then]));
                }
                return Ok((iterations, names));
            }
        }
    }

    /// A name of one or more words, up to `in`, which is eaten.
    fn iteration_name(&mut self) -> Parse<Box<str>> {
        let mut words: Vec<&str> = Vec::new();
        let mut tokens = 0;
        loop {
            match self.token(tokens).kind {
                TokenKind::QuotedName if tokens == 0 => {
                    words.push(self.token_text(0).trim_matches('`'));
                }
                TokenKind::Name if self.token_text(tokens) == "in" && tokens > 0 => break,
                TokenKind::Name => words.push(self.token_text(tokens)),
                _ => {
                    self.at += tokens;
                    let expected: &[&'static str] = match tokens {
                        0 => &["a name"],
                        _ => &["`in`"],
                    };
                    return Err(self.unexpected(expected));
                }
            }
            tokens += 1;
        }
        let name = words.join(" ").into();
        self.at += tokens + 1;
        Ok(name)
    }

    pub(super) fn function(&mut self, at: u32) -> Parse<Node> {
        self.at += 1;
        self.expect(Symbol::OpenParen, &["`(`"])?;
        let mut parameters: Vec<(Box<str>, Option<Type>)> = Vec::new();
        if !self.eat(Symbol::CloseParen) {
            loop {
                parameters.push(self.parameter()?);
                if !self.eat(Symbol::Comma) {
                    break;
                }
            }
            self.expect(Symbol::CloseParen, &["`,`", "`)`"])?;
        }
        if self.at_word("external") {
            return Err(self.error_here("external functions are not supported"));
        }
        let names: Vec<Box<str>> = parameters.iter().map(|(name, _)| name.clone()).collect();
        let body = self.with_locals(&names, Self::expression)?;
        self.node(at, Kind::Function(Box::new(Lambda::new(parameters, body))))
    }

    fn parameter(&mut self) -> Parse<(Box<str>, Option<Type>)> {
        if let Some((name, tokens)) = self.name_before_colon() {
            self.at += tokens + 1;
            return Ok((name, Some(self.type_()?)));
        }
        let mut words: Vec<&str> = Vec::new();
        let mut tokens = 0;
        while matches!(
            self.token(tokens).kind,
            TokenKind::Name | TokenKind::QuotedName
        ) {
            words.push(self.token_text(tokens).trim_matches('`'));
            tokens += 1;
        }
        if words.is_empty() {
            return Err(self.unexpected(&["a parameter name"]));
        }
        let name = words.join(" ").into();
        self.at += tokens;
        Ok((name, None))
    }

    /// `{name: value, "name": value, …}`
    pub(super) fn context(&mut self, at: u32) -> Parse<Node> {
        self.at += 1;
        let mut entries: Vec<(Box<str>, Node)> = Vec::new();
        let mut names: Vec<Box<str>> = Vec::new();
        let mut distinct = HashSet::new();
        let mut result = Ok(());
        while !self.eat(Symbol::CloseBrace) {
            result = self.context_entry(&mut distinct).and_then(|(name, value)| {
                self.define(&name)?;
                names.push(name.clone());
                entries.push((name, value));
                Ok(())
            });
            if result.is_err() {
                break;
            }
            if !self.eat(Symbol::Comma) {
                result = self.expect(Symbol::CloseBrace, &["`,`", "`}`"]);
                break;
            }
        }
        self.undefine(&names);
        result?;
        self.node(at, Kind::Context(entries))
    }

    fn context_entry(&mut self, distinct: &mut HashSet<Box<str>>) -> Parse<(Box<str>, Node)> {
        let at = self.offset();
        let name: Box<str> = if self.kind() == TokenKind::String {
            self.string_token(0)?.into()
        } else if let Some((name, tokens)) = self.name_before_colon() {
            self.at += tokens;
            name
        } else {
            return Err(self.unexpected(&["a name and `:`", "`}`"]));
        };
        self.expect(Symbol::Colon, &["`:`"])?;
        // The definition may call itself.
        let recursive = self.at_word("function");
        let own = std::slice::from_ref(&name);
        let value = match recursive {
            true => self.with_locals(own, Self::expression)?,
            false => self.expression()?,
        };
        if !distinct.insert(name.clone()) {
            return Err(self.error_at(at, &format!("the entry `{name}` is defined twice")));
        }
        Ok((name, value))
    }

    /// `[a, b]` or `[a..b]`
    pub(super) fn list(&mut self, at: u32) -> Parse<Node> {
        self.at += 1;
        if self.eat(Symbol::CloseBracket) {
            return self.node(at, Kind::List(Vec::new()));
        }
        let first = self.expression()?;
        if self.kind() == TokenKind::Symbol(Symbol::DotDot) {
            return self.range_rest(at, first, true);
        }
        let mut items = vec![first];
        while self.eat(Symbol::Comma) {
            items.push(self.expression()?);
        }
        self.expect(Symbol::CloseBracket, &["`,`", "`]`"])?;
        self.node(at, Kind::List(items))
    }

    /// `]a..b]`, which excludes `a`.
    pub(super) fn open_range(&mut self, at: u32) -> Parse<Node> {
        self.at += 1;
        let start = self.expression()?;
        self.range_rest(at, start, false)
    }

    /// `(a)`, `(a..b)`, or a range with one end: `(< a)`.
    pub(super) fn parenthesis(&mut self, at: u32) -> Parse<Node> {
        self.at += 1;
        if let Some(op) = self.compare_op() {
            return self.comparison_range(at, op);
        }
        let inner = self.expression()?;
        if self.kind() == TokenKind::Symbol(Symbol::DotDot) {
            return self.range_rest(at, inner, false);
        }
        self.expect(Symbol::CloseParen, &["`)`"])?;
        Ok(inner)
    }

    fn comparison_range(&mut self, at: u32, op: CompareOp) -> Parse<Node> {
        if op == CompareOp::NotEqual {
            return Err(self.unexpected(&["a value, a name or `(`"]));
        }
        self.at += 1;
        let end = self.nested(|parser| parser.level(Level::Add))?;
        self.expect(Symbol::CloseParen, &["`)`"])?;
        let included = matches!(
            op,
            CompareOp::Equal | CompareOp::LessOrEqual | CompareOp::GreaterOrEqual
        );
        let (start, end) = match op {
            CompareOp::Equal => (Some(end.clone()), Some(end)),
            CompareOp::Less | CompareOp::LessOrEqual => (None, Some(end)),
            CompareOp::Greater | CompareOp::GreaterOrEqual | CompareOp::NotEqual => {
                (Some(end), None)
            }
        };
        let range = RangeNode {
            start_included: included && start.is_some(),
            start,
            end_included: included && end.is_some(),
            end,
        };
        self.node(at, Kind::Range(Box::new(range)))
    }

    /// From `..` on.
    pub(super) fn range_rest(&mut self, at: u32, start: Node, start_included: bool) -> Parse<Node> {
        self.expect(Symbol::DotDot, &["`..`"])?;
        let closes_range = std::mem::replace(&mut self.closes_range, true);
        let end = self.nested(|parser| parser.level(Level::Add));
        self.closes_range = closes_range;
        let end = Some(end?);
        let end_included = match self.kind() {
            TokenKind::Symbol(Symbol::CloseBracket) => true,
            TokenKind::Symbol(Symbol::CloseParen | Symbol::OpenBracket) => false,
            _ => return Err(self.unexpected(&["`]`", "`)`", "`[`"])),
        };
        self.at += 1;
        let range = RangeNode {
            start: Some(start),
            start_included,
            end,
            end_included,
        };
        self.node(at, Kind::Range(Box::new(range)))
    }

    /// A type after `instance of` or in a function definition.
    pub(super) fn type_(&mut self) -> Parse<Type> {
        let declared = self.known_phrase(|parser, name| parser.names.type_of(name).is_some());
        if let Some((name, tokens)) = declared
            && let Some(number) = self.names.type_of(&name)
        {
            self.at += tokens;
            return Ok(Type::Declared(number, name));
        }
        self.nested(|parser| {
            let known = TYPE_NAMES
                .iter()
                .find_map(|(name, type_)| Some((*type_, parser.phrase_tokens(name)?)));
            let Some((name, tokens)) = known else {
                return Err(parser.unexpected(&["a type"]));
            };
            parser.at += tokens;
            match name {
                TypeName::List if parser.eat(Symbol::Less) => {
                    let inner = Box::new(parser.type_()?);
                    parser.expect(Symbol::Greater, &["`>`"])?;
                    Ok(Type::List(inner))
                }
                TypeName::Range if parser.eat(Symbol::Less) => {
                    let inner = Box::new(parser.type_()?);
                    parser.expect(Symbol::Greater, &["`>`"])?;
                    Ok(Type::Range(inner))
                }
                TypeName::Context if parser.eat(Symbol::Less) => parser.context_type(),
                TypeName::Function if parser.eat(Symbol::Less) => parser.function_type(),
                name => Ok(Type::Named(name)),
            }
        })
    }

    fn context_type(&mut self) -> Parse<Type> {
        let mut members = Vec::new();
        loop {
            let Some((name, tokens)) = self.name_before_colon() else {
                return Err(self.unexpected(&["a name and `:`"]));
            };
            self.at += tokens + 1;
            members.push((name, self.type_()?));
            if !self.eat(Symbol::Comma) {
                break;
            }
        }
        self.expect(Symbol::Greater, &["`,`", "`>`"])?;
        Ok(Type::Context(members))
    }

    fn function_type(&mut self) -> Parse<Type> {
        let mut parameters = Vec::new();
        if !self.eat(Symbol::Greater) {
            loop {
                parameters.push(self.type_()?);
                if !self.eat(Symbol::Comma) {
                    break;
                }
            }
            self.expect(Symbol::Greater, &["`,`", "`>`"])?;
        }
        self.expect(Symbol::Arrow, &["`->`"])?;
        Ok(Type::Function(parameters, Box::new(self.type_()?)))
    }
}
