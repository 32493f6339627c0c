//! From tokens to the tree: precedence climbing, with every nesting counted.
//!
//! Owns which name means what: locals, functions, and the rest, which are variables. Reports the first
//! error with what was expected instead.

mod call;
mod compound;
mod known;
mod operand;
mod tokens;

use std::collections::{HashMap, HashSet};

use super::lexer::{self, Symbol, Token, TokenKind};
use super::names::{Names, Phrases};
use super::tree::{ArithmeticOp, CompareOp, Kind, Node, Test, Tests, Type};
use super::{HEIGHT_MAX, TEXT_BYTES_MAX};
use crate::error::syntax_error;
use crate::{Position, SyntaxError};

/// Names of several words that values have: properties of times and of ranges.
const PROPERTY_PHRASES: &[&str] = &["time offset", "start included", "end included"];

/// Parses a whole text.
pub(crate) fn parse(text: &str) -> Result<Parsed, SyntaxError> {
    let piece = Piece { text, from: 0 };
    piece.expression(&Names::default())
}

/// The end of a text, from a byte offset on: positions in what is parsed count from the text's start, those in errors
/// from the piece's.
#[derive(Clone, Copy)]
pub(crate) struct Piece<'t> {
    pub text: &'t str,
    pub from: usize,
}

/// What is parsed, and the names that it reads.
#[derive(Debug)]
pub(crate) struct Parsed<T = Node> {
    pub(crate) root: T,
    /// Names that are read and not defined in the expression, in order of appearance.
    pub(crate) variables: Vec<Box<str>>,
}

impl Piece<'_> {
    pub(crate) fn expression(self, names: &Names) -> Result<Parsed, SyntaxError> {
        self.parse(names, |parser| parser.expression())
    }

    /// The tests of an input entry, which ask about `?` (DMN 1.5, 7.3.3).
    pub(crate) fn unary_tests(self, names: &Names) -> Result<Parsed<Tests>, SyntaxError> {
        self.parse(names, |parser| parser.unary_tests())
    }

    /// A type by itself.
    pub(crate) fn type_(self, names: &Names) -> Result<Type, SyntaxError> {
        self.parse(names, |parser| parser.type_())
            .map(|parsed| parsed.root)
    }

    fn parse<T>(
        self,
        names: &Names,
        parse: impl FnOnce(&mut Parser<'_>) -> Parse<T>,
    ) -> Result<Parsed<T>, SyntaxError> {
        self.parse_all(names, parse).map_err(|mut error| {
            let piece = &self.text[self.from..];
            error.offset -= self.from;
            let position = Position::of(piece, error.offset);
            (error.line, error.column) = (position.line, position.column);
            *error
        })
    }

    fn parse_all<T>(
        self,
        names: &Names,
        parse: impl FnOnce(&mut Parser<'_>) -> Parse<T>,
    ) -> Parse<Parsed<T>> {
        let Piece { text, from } = self;
        let bytes = text.len() - from;
        if bytes > TEXT_BYTES_MAX {
            let message =
                format!("the expression has {bytes} bytes, the limit is {TEXT_BYTES_MAX}");
            let error = syntax_error(text, from, String::new(), Vec::new(), message);
            return Err(Box::new(error));
        }
        let mut phrases = Phrases::default();
        for phrase in PROPERTY_PHRASES {
            phrases.add(phrase);
        }
        let mut parser = Parser {
            text,
            tokens: lexer::tokens(text, from)?,
            at: 0,
            depth: 0,
            closes_range: false,
            reads_input: false,
            filters: u32::from(names.is_in_filter()),
            names,
            locals: HashMap::new(),
            phrases,
            phrase_count: 0,
            variables: Vec::new(),
            seen: HashSet::new(),
        };
        let root = parse(&mut parser)?;
        if parser.kind() != TokenKind::End {
            return Err(parser.unexpected(&["an operator", "the end of the expression"]));
        }
        let variables = parser.variables;
        Ok(Parsed { root, variables })
    }
}

/// Boxed, since every frame of the parser has room for one.
type Parse<T> = Result<T, Box<SyntaxError>>;

struct Parser<'t> {
    text: &'t str,
    /// Ends with `End`, which is never passed.
    tokens: Vec<Token>,
    at: usize,
    depth: u16,
    /// Inside the upper end of a range, where `[` may close it.
    closes_range: bool,
    /// Whether the test at hand reads its input, `?`.
    reads_input: bool,
    /// How many filters surround this place.
    filters: u32,
    /// What is in scope from outside.
    names: &'t Names,
    /// The names that the expression defines here, with how often.
    locals: HashMap<Box<str>, u32>,
    /// Names of several tokens that the expression has defined so far, and how many.
    phrases: Phrases,
    phrase_count: usize,
    variables: Vec<Box<str>>,
    seen: HashSet<Box<str>>,
}

/// Binding strengths, weakest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Or,
    And,
    Compare,
    Add,
    Multiply,
    Power,
    /// Negation, and then `instance of`.
    Unary,
}

impl Parser<'_> {
    /// Any expression.
    fn expression(&mut self) -> Parse<Node> {
        let closes_range = std::mem::replace(&mut self.closes_range, false);
        let node = self.nested(|parser| parser.level(Level::Or));
        self.closes_range = closes_range;
        node
    }

    /// Runs `parse` one level deeper, within the limit.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        if self.depth >= HEIGHT_MAX {
            return Err(self.error_here(&format!(
                "the expression is nested deeper than {HEIGHT_MAX} levels"
            )));
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    /// Operators at least as strong as `least`. One loop for all of them, so that a nested operand
    /// costs few frames of the stack.
    fn level(&mut self, least: Level) -> Parse<Node> {
        let mut left = self.instance_of()?;
        while let Some(level) = self.operator_level().filter(|level| *level >= least) {
            left = match level {
                Level::Or => self.logical(left, "or", Level::And, Kind::Or)?,
                Level::And => self.logical(left, "and", Level::Compare, Kind::And)?,
                Level::Compare => self.comparison(left)?,
                Level::Add => self.arithmetic(left, level, Level::Multiply)?,
                Level::Multiply => self.arithmetic(left, level, Level::Power)?,
                Level::Power | Level::Unary => self.arithmetic(left, level, Level::Unary)?,
            };
        }
        Ok(left)
    }

    /// How strong the operator here is; `None` when there is no operator.
    fn operator_level(&self) -> Option<Level> {
        let level = match self.kind() {
            TokenKind::Name => match self.token_text(0) {
                "or" => Level::Or,
                "and" => Level::And,
                "between" | "in" => Level::Compare,
                _ => return None,
            },
            TokenKind::Symbol(Symbol::Plus | Symbol::Minus) => Level::Add,
            TokenKind::Symbol(Symbol::Star | Symbol::Slash) => Level::Multiply,
            TokenKind::Symbol(Symbol::StarStar) => Level::Power,
            _ => return self.compare_op().map(|_| Level::Compare),
        };
        Some(level)
    }

    fn logical(
        &mut self,
        first: Node,
        word: &str,
        operand: Level,
        kind: fn(Vec<Node>) -> Kind,
    ) -> Parse<Node> {
        let at = first.at;
        let mut operands = vec![first];
        while self.eat_word(word) {
            operands.push(self.level(operand)?);
        }
        self.node(at, kind(operands))
    }

    fn comparison(&mut self, left: Node) -> Parse<Node> {
        let at = left.at;
        let node = if let Some(op) = self.compare_op() {
            self.at += 1;
            let right = self.level(Level::Add)?;
            self.node(at, Kind::Compare(op, Box::new((left, right))))?
        } else if self.eat_word("between") {
            let low = self.level(Level::Add)?;
            self.expect_word("and", "`and`")?;
            let high = self.level(Level::Add)?;
            self.node(at, Kind::Between(Box::new((left, low, high))))?
        } else {
            self.at += 1;
            let tests = self.with_locals(&["?".into()], Self::tests)?;
            self.node(at, Kind::In(Box::new(left), tests))?
        };
        match self.operator_level() {
            Some(Level::Compare) => {
                Err(self.error_here("comparisons do not chain: join them with `and`"))
            }
            Some(Level::Add | Level::Multiply | Level::Power | Level::Unary) => {
                Err(self.unexpected(&["`and`", "`or`", "the end of the comparison"]))
            }
            Some(Level::Or | Level::And) | None => Ok(node),
        }
    }

    fn compare_op(&self) -> Option<CompareOp> {
        match self.kind() {
            TokenKind::Symbol(Symbol::Equal) => Some(CompareOp::Equal),
            TokenKind::Symbol(Symbol::NotEqual) => Some(CompareOp::NotEqual),
            TokenKind::Symbol(Symbol::Less) => Some(CompareOp::Less),
            TokenKind::Symbol(Symbol::LessOrEqual) => Some(CompareOp::LessOrEqual),
            TokenKind::Symbol(Symbol::Greater) => Some(CompareOp::Greater),
            TokenKind::Symbol(Symbol::GreaterOrEqual) => Some(CompareOp::GreaterOrEqual),
            _ => None,
        }
    }

    /// `-`, tests, or `not(…)` around tests: all that there is.
    fn unary_tests(&mut self) -> Parse<Tests> {
        if self.kind() == TokenKind::Symbol(Symbol::Minus) && self.token(1).kind == TokenKind::End {
            self.at += 1;
            return Ok(Tests::ANY);
        }
        self.with_locals(&["?".into()], |parser| {
            if let Some(tests) = parser.negated_tests()? {
                return Ok(Tests {
                    is_negated: true,
                    tests,
                });
            }
            let mut tests = vec![parser.enclosed_test()?];
            while parser.eat(Symbol::Comma) {
                tests.push(parser.enclosed_test()?);
            }
            Ok(Tests {
                is_negated: false,
                tests,
            })
        })
    }

    /// `not(…)` around all tests; it may also be the function at the beginning of a condition.
    fn negated_tests(&mut self) -> Parse<Option<Vec<Test>>> {
        let open = TokenKind::Symbol(Symbol::OpenParen);
        if !self.at_word("not") || self.token(1).kind != open {
            return Ok(None);
        }
        let before = self.at;
        self.at += 2;
        let mut tests = vec![self.enclosed_test()?];
        while self.eat(Symbol::Comma) {
            tests.push(self.enclosed_test()?);
        }
        self.expect(Symbol::CloseParen, &["`,`", "`)`"])?;
        if self.kind() == TokenKind::End {
            return Ok(Some(tests));
        }
        self.at = before;
        Ok(None)
    }

    /// What stands after `in`: one test, or several in parentheses.
    fn tests(&mut self) -> Parse<Vec<Test>> {
        if self.kind() != TokenKind::Symbol(Symbol::OpenParen) {
            return Ok(vec![self.test(Level::Add)?]);
        }
        let at = self.offset();
        self.at += 1;
        let mut tests = vec![self.enclosed_test()?];
        if let [Test::Value(_)] = &tests[..]
            && self.kind() == TokenKind::Symbol(Symbol::DotDot)
            && let Some(Test::Value(start)) = tests.pop()
        {
            return Ok(vec![Test::Value(self.range_rest(at, start, false)?)]);
        }
        while self.eat(Symbol::Comma) {
            tests.push(self.enclosed_test()?);
        }
        self.expect(Symbol::CloseParen, &["`,`", "`)`"])?;
        Ok(tests)
    }

    fn enclosed_test(&mut self) -> Parse<Test> {
        let closes_range = std::mem::replace(&mut self.closes_range, false);
        let test = self.nested(|parser| parser.test(Level::Or));
        self.closes_range = closes_range;
        test
    }

    fn test(&mut self, level: Level) -> Parse<Test> {
        if let Some(op) = self.compare_op() {
            self.at += 1;
            return Ok(Test::Compare(op, self.level(Level::Add)?));
        }
        // What a test inside of this one asks is about the input of that one.
        let outer = std::mem::replace(&mut self.reads_input, false);
        let node = self.level(level);
        let reads_input = std::mem::replace(&mut self.reads_input, outer);
        let node = node?;
        Ok(match reads_input {
            true => Test::Condition(node),
            false => Test::Value(node),
        })
    }

    fn arithmetic(&mut self, first: Node, level: Level, operand: Level) -> Parse<Node> {
        let at = first.at;
        let mut rest = Vec::new();
        while let Some(op) = self.arithmetic_op(level) {
            self.at += 1;
            rest.push((op, self.level(operand)?));
        }
        self.node(at, Kind::Arithmetic(Box::new(first), rest))
    }

    fn arithmetic_op(&self, level: Level) -> Option<ArithmeticOp> {
        match (level, self.kind()) {
            (Level::Add, TokenKind::Symbol(Symbol::Plus)) => Some(ArithmeticOp::Add),
            (Level::Add, TokenKind::Symbol(Symbol::Minus)) => Some(ArithmeticOp::Subtract),
            (Level::Multiply, TokenKind::Symbol(Symbol::Star)) => Some(ArithmeticOp::Multiply),
            (Level::Multiply, TokenKind::Symbol(Symbol::Slash)) => Some(ArithmeticOp::Divide),
            (Level::Power, TokenKind::Symbol(Symbol::StarStar)) => Some(ArithmeticOp::Power),
            _ => None,
        }
    }

    fn instance_of(&mut self) -> Parse<Node> {
        let mut node = self.negation()?;
        while self.at_word("instance") {
            let at = self.offset();
            self.at += 1;
            self.expect_word("of", "`of`")?;
            let type_ = self.type_()?;
            node = self.node(at, Kind::InstanceOf(Box::new(node), type_))?;
        }
        Ok(node)
    }

    /// `-` binds tighter than `**`, as DMN orders them.
    fn negation(&mut self) -> Parse<Node> {
        let at = self.offset();
        if !self.eat(Symbol::Minus) {
            return self.postfix();
        }
        let operand = self.nested(Self::negation)?;
        match operand.kind {
            Kind::Number(n)
                if !n.is_negative()
                    && !n.is_zero()
                    && self.text[at as usize + 1..]
                        .starts_with(|c: char| c.is_ascii_digit() || c == '.') =>
            {
                self.node(at, Kind::Number(n.negate()))
            }
            _ => self.node(at, Kind::Negate(Box::new(operand))),
        }
    }

    fn node(&self, at: u32, kind: Kind) -> Parse<Node> {
        let height = kind.children_height() + 1;
        if height > HEIGHT_MAX {
            let message = format!("the expression is nested deeper than {HEIGHT_MAX} levels");
            return Err(self.error_at(at, &message));
        }
        Ok(Node { at, height, kind })
    }
}
