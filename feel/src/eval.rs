//! Runs a tree: values in, value out, every step counted.
//!
//! Owns the budget and what names mean while running. One file per kind of construct below this
//! one; failures of the language are null, errors are limits only.

mod access;
mod arithmetic;
mod call;
mod compare;
mod explain;
mod global;
mod iterate;
mod membership;
mod scope;
mod table;
mod types;
mod write;

use std::sync::Arc;

use smallvec::SmallVec;

use crate::builtins::Compiled;
use crate::error::Position;
use crate::program::{Dialect, Program};
use crate::syntax::{Kind, Node, RangeNode};
use crate::value::{Context, Entry, FunctionKind, List, Range, Text, Value};
use crate::warning::{Collector, WarningKind};
use crate::{Environment, EvalError, EvalErrorKind, Variables};

pub(crate) use arithmetic::add;
pub(crate) use call::Call;
pub(crate) use compare::order;
pub use global::DecisionRun;
pub(crate) use global::{Audit, Memo};
pub(crate) use scope::Scope;
pub use table::TableRun;

/// What evaluating gives.
pub(crate) type Outcome<'a> = Result<Value<'a>, EvalError>;

/// One evaluation.
pub(crate) struct Machine<'a> {
    text: &'a str,
    variables: &'a dyn Variables,
    pub(crate) now_ms: i64,
    /// What a look-up costs.
    look_up_steps: usize,
    /// Variables that were read inside of loops, filters and functions.
    known: SmallVec<[Known<'a>; 2]>,
    steps_left: u32,
    depth_left: u16,
    /// Whether a condition that must be true or false was something else.
    misjudged: bool,
    /// The regular expression that was compiled last.
    pub(crate) compiled: Option<Box<Compiled>>,
    /// What the expression belongs to, unless it stands alone.
    program: Option<&'a Program>,
    /// What is known of the program's definitions.
    memo: Vec<Memo<'a>>,
    /// For those who want to know how decisions were made.
    pub(crate) audit: Option<Box<Audit<'a>>>,
    /// Random numbers: where they come from, and how many were drawn.
    seed: u128,
    drawn: u64,
    /// Whoever wants to know what became null and why.
    warnings: Option<Box<Collector>>,
}

/// A variable that was looked up: its name and value, decoded once.
type Known<'a> = (&'a str, Value<'a>);

/// How many variables a loop looks up only once.
const KNOWN_MAX: usize = 16;

/// How much a look-up reads in one step, in bytes.
const LOOK_UP_BYTES: usize = 1024;

impl<'a> Machine<'a> {
    pub(crate) fn new(text: &'a str, environment: &Environment<'a>) -> Self {
        Machine {
            text,
            variables: environment.variables,
            now_ms: environment.now_ms,
            look_up_steps: environment.variables.bytes() / LOOK_UP_BYTES,
            known: SmallVec::new(),
            steps_left: environment.budget.steps,
            depth_left: environment.budget.depth,
            misjudged: false,
            compiled: None,
            seed: environment.seed,
            drawn: 0,
            warnings: None,
            program: None,
            memo: Vec::new(),
            audit: None,
        }
    }

    pub(crate) fn of_program(program: &'a Program, environment: &Environment<'a>) -> Self {
        Machine {
            program: Some(program),
            memo: vec![Memo::Unknown; program.globals.len()],
            ..Machine::new("", environment)
        }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.program
            .map(|program| program.dialect)
            .unwrap_or_default()
    }

    /// What is left of the budget.
    pub(crate) fn steps_left(&self) -> u32 {
        self.steps_left
    }

    /// The value of a node.
    pub(crate) fn eval(&mut self, node: &'a Node, scope: &Scope<'_, 'a>) -> Outcome<'a> {
        self.charge(node.at, 1)?;
        match &node.kind {
            Kind::Null => Ok(Value::Null),
            Kind::Boolean(truth) => Ok(Value::Boolean(*truth)),
            Kind::Number(number) => Ok(Value::Number(*number)),
            Kind::String(text) => Ok(Value::String((&**text).into())),
            Kind::Temporal(value) => Ok(value.clone()),
            Kind::Name(name) if matches!(scope, Scope::Root) => self.variable(node.at, name),
            Kind::Name(name) => self.name(node.at, name, scope),
            Kind::Global(number, _) => self.global(node.at, *number),
            Kind::Member(..)
            | Kind::Let(..)
            | Kind::Typed(..)
            | Kind::Truth(_)
            | Kind::Judged(_)
            | Kind::Table(_)
            | Kind::Negate(_)
            | Kind::Arithmetic(..)
            | Kind::Compare(..)
            | Kind::And(_)
            | Kind::Or(_)
            | Kind::If(_)
            | Kind::Path(..)
            | Kind::Filter(_)
            | Kind::List(_)
            | Kind::Context(_)
            | Kind::Range(_)
            | Kind::In(..)
            | Kind::Between(_)
            | Kind::For(..)
            | Kind::Some(..)
            | Kind::Every(..)
            | Kind::InstanceOf(..)
            | Kind::Call(..)
            | Kind::Builtin(_)
            | Kind::Invoke(..)
            | Kind::Function(_) => self.deeper(node.at, |machine| machine.compound(node, scope)),
        }
    }

    /// Runs `inner` one level deeper, within the budget.
    fn deeper<T>(
        &mut self,
        at: u32,
        inner: impl FnOnce(&mut Self) -> Result<T, EvalError>,
    ) -> Result<T, EvalError> {
        let Some(depth_left) = self.depth_left.checked_sub(1) else {
            return Err(self.error(at, EvalErrorKind::Depth));
        };
        self.depth_left = depth_left;
        let result = inner(self);
        self.depth_left = depth_left + 1;
        result
    }

    // Kept out of `eval`, whose frame would grow by all of this.
    #[inline(never)]
    fn compound(&mut self, node: &'a Node, scope: &Scope<'_, 'a>) -> Outcome<'a> {
        let at = node.at;
        match &node.kind {
            Kind::Member(name, other) => match self.local(at, name, scope)? {
                Some(value) => Ok(value),
                None => self.eval(other, scope),
            },
            Kind::Let(entries, result) => self.let_(entries, result, scope),
            Kind::Truth(node) => {
                let value = self.eval(node, scope)?;
                self.misjudged |= !matches!(value, Value::Boolean(_) | Value::Null);
                Ok(value)
            }
            Kind::Judged(node) => {
                let outside = std::mem::replace(&mut self.misjudged, false);
                let value = self.eval(node, scope)?;
                let is_wrong = std::mem::replace(&mut self.misjudged, outside);
                Ok(if is_wrong { Value::Null } else { value })
            }
            Kind::Typed(node, type_) => {
                let value = self.eval(node, scope)?;
                self.converted(at, value, type_)
            }
            Kind::Table(table) => self.table(at, table, scope),
            Kind::Negate(operand) => self.negate(operand, scope),
            Kind::Arithmetic(first, rest) => self.arithmetic(first, rest, scope),
            Kind::Compare(op, pair) => self.compare(*op, pair, scope),
            Kind::And(nodes) => self.and(nodes, scope),
            Kind::Or(nodes) => self.or(nodes, scope),
            Kind::If(parts) => {
                let branch = match self.eval(&parts.0, scope)? {
                    Value::Boolean(true) => &parts.1,
                    Value::Boolean(false) => &parts.2,
                    other => {
                        self.warn_condition(parts.0.at, "if", &other);
                        &parts.2
                    }
                };
                self.eval(branch, scope)
            }
            Kind::Path(subject, name) => self.path(at, subject, name, scope),
            Kind::Filter(pair) => self.filter(at, pair, scope),
            Kind::List(nodes) => self.list_literal(at, nodes, scope),
            Kind::Context(entries) => self.context_literal(at, entries, scope),
            Kind::Range(range) => self.range(at, range, scope),
            Kind::In(subject, tests) => self.in_(subject, tests, scope),
            Kind::Between(parts) => self.between(parts, scope),
            Kind::For(iterations, body) => self.for_(at, iterations, body, scope),
            Kind::Some(iterations, body) => self.quantified(at, iterations, body, true, scope),
            Kind::Every(iterations, body) => self.quantified(at, iterations, body, false, scope),
            Kind::InstanceOf(subject, type_) => {
                let value = self.eval(subject, scope)?;
                self.instance_of(at, &value, type_).map(Value::Boolean)
            }
            Kind::Call(builtin, nodes) => self.call_builtin(at, builtin, nodes, scope),
            Kind::Builtin(builtin) => self.function(at, FunctionKind::Builtin(builtin)),
            Kind::Invoke(function, arguments) => self.invoke(at, function, arguments, scope),
            Kind::Function(lambda) => {
                let captured = self.capture(at, scope)?;
                let name = None;
                let kind = FunctionKind::Closure {
                    lambda,
                    name,
                    captured,
                };
                self.function(at, kind)
            }
            Kind::Null
            | Kind::Boolean(_)
            | Kind::Number(_)
            | Kind::String(_)
            | Kind::Temporal(_)
            | Kind::Name(_)
            | Kind::Global(..) => self.eval(node, scope),
        }
    }

    fn name(&mut self, at: u32, name: &'a str, scope: &Scope<'_, 'a>) -> Outcome<'a> {
        if let Some(value) = self.local(at, name, scope)? {
            return Ok(value);
        }
        // Here the same name may be read again and again.
        if let Some((_, value)) = self.known.iter().find(|(known, _)| *known == name) {
            return Ok(value.clone());
        }
        let value = self.variable(at, name)?;
        if self.known.len() < KNOWN_MAX {
            self.known.push((name, value.clone()));
        }
        Ok(value)
    }

    #[inline]
    fn variable(&mut self, at: u32, name: &str) -> Outcome<'a> {
        match self.encoded(at, name)? {
            Some(encoded) => self.decoded(at, encoded),
            None => Ok(self.missing(at, name)),
        }
    }

    #[cold]
    fn missing(&mut self, at: u32, name: &str) -> Value<'a> {
        self.warn(at, WarningKind::NoVariable, || {
            format!("there is no variable `{name}`")
        });
        Value::Null
    }

    /// The value of a variable's bytes.
    #[inline]
    fn decoded(&mut self, at: u32, encoded: &'a [u8]) -> Outcome<'a> {
        let value = Value::decode(encoded);
        // Text with escapes is copied.
        if let Value::String(Text::Shared(text)) = &value {
            self.charge_text(at, text.len())?;
        }
        Ok(value)
    }

    /// The bytes of a variable. Looking it up may have to read all that there is.
    #[inline]
    fn encoded(&mut self, at: u32, name: &str) -> Result<Option<&'a [u8]>, EvalError> {
        self.charge(at, self.look_up_steps)?;
        Ok(self.variables.get(name))
    }

    /// Three-valued: false wins, then null; what is not boolean counts as null.
    fn and(&mut self, nodes: &'a [Node], scope: &Scope<'_, 'a>) -> Outcome<'a> {
        let mut result = Value::Boolean(true);
        for node in nodes {
            match self.eval(node, scope)? {
                Value::Boolean(false) => return Ok(Value::Boolean(false)),
                Value::Boolean(true) => (),
                other => {
                    self.warn_condition(node.at, "and", &other);
                    result = Value::Null;
                }
            }
        }
        Ok(result)
    }

    /// Three-valued: true wins, then null; what is not boolean counts as null.
    fn or(&mut self, nodes: &'a [Node], scope: &Scope<'_, 'a>) -> Outcome<'a> {
        let mut result = Value::Boolean(false);
        for node in nodes {
            match self.eval(node, scope)? {
                Value::Boolean(true) => return Ok(Value::Boolean(true)),
                Value::Boolean(false) => (),
                other => {
                    self.warn_condition(node.at, "or", &other);
                    result = Value::Null;
                }
            }
        }
        Ok(result)
    }

    fn list_literal(&mut self, at: u32, nodes: &'a [Node], scope: &Scope<'_, 'a>) -> Outcome<'a> {
        let mut items = Vec::with_capacity(nodes.len());
        for node in nodes {
            items.push(self.eval(node, scope)?);
        }
        self.list(at, items)
    }

    fn context_literal(
        &mut self,
        at: u32,
        nodes: &'a [(Box<str>, Node)],
        scope: &Scope<'_, 'a>,
    ) -> Outcome<'a> {
        let entries = self.entries(nodes, scope)?;
        self.context(at, entries)
    }

    fn let_(
        &mut self,
        nodes: &'a [(Box<str>, Node)],
        result: &'a Node,
        scope: &Scope<'_, 'a>,
    ) -> Outcome<'a> {
        let entries = self.entries(nodes, scope)?;
        self.eval(result, &Scope::Entries(&entries, scope))
    }

    /// Entries of a context, each of which sees those before it.
    fn entries(
        &mut self,
        nodes: &'a [(Box<str>, Node)],
        scope: &Scope<'_, 'a>,
    ) -> Result<Vec<Entry<'a>>, EvalError> {
        let mut entries = Vec::with_capacity(nodes.len());
        for (name, node) in nodes {
            let value = self.entry(&entries, name, node, scope)?;
            entries.push(((&**name).into(), value));
        }
        Ok(entries)
    }

    /// The value of a context's entry, which sees the entries before it.
    fn entry(
        &mut self,
        earlier: &[Entry<'a>],
        name: &'a str,
        node: &'a Node,
        scope: &Scope<'_, 'a>,
    ) -> Outcome<'a> {
        let scope = Scope::Entries(earlier, scope);
        let Kind::Function(lambda) = &node.kind else {
            return self.eval(node, &scope);
        };
        let captured = self.capture(node.at, &scope)?;
        let kind = FunctionKind::Closure {
            lambda,
            name: Some(name.into()),
            captured,
        };
        self.function(node.at, kind)
    }

    fn range(&mut self, at: u32, node: &'a RangeNode, scope: &Scope<'_, 'a>) -> Outcome<'a> {
        let mut end = |node: &'a Option<Node>| match node {
            Some(node) => self.eval(node, scope).map(Some),
            None => Ok(None),
        };
        let (start, end) = (end(&node.start)?, end(&node.end)?);
        if let (Some(start), Some(end)) = (&start, &end) {
            self.charge_comparison(at, start, end)?;
        }
        match Range::new(start, node.start_included, end, node.end_included) {
            Some(range) => Ok(Value::Range(Arc::new(range))),
            None => {
                self.warn(at, WarningKind::NotComparable, || {
                    "the ends of a range are of one type that has an order".to_owned()
                });
                Ok(Value::Null)
            }
        }
    }

    // What evaluations build, within the budget.

    pub(crate) fn list(&mut self, at: u32, items: Vec<Value<'a>>) -> Outcome<'a> {
        self.charge(at, items.len())?;
        List::new(items)
            .map(Value::List)
            .map_err(|kind| self.error(at, kind))
    }

    pub(crate) fn context(&mut self, at: u32, entries: Vec<Entry<'a>>) -> Outcome<'a> {
        self.charge(at, entries.len())?;
        Context::new(entries)
            .map(Value::Context)
            .map_err(|kind| self.error(at, kind))
    }

    /// Takes steps from the budget.
    #[inline]
    pub(crate) fn charge(&mut self, at: u32, steps: usize) -> Result<(), EvalError> {
        let left = u32::try_from(steps)
            .ok()
            .and_then(|steps| self.steps_left.checked_sub(steps));
        match left {
            Some(left) => {
                self.steps_left = left;
                Ok(())
            }
            None => {
                self.steps_left = 0;
                Err(self.error(at, EvalErrorKind::Steps))
            }
        }
    }

    /// Takes the steps for building so many bytes of text.
    pub(crate) fn charge_text(&mut self, at: u32, bytes: usize) -> Result<(), EvalError> {
        self.charge(at, bytes / 64)
    }

    #[cold]
    pub(crate) fn error(&self, at: u32, kind: EvalErrorKind) -> EvalError {
        let message = match kind {
            EvalErrorKind::Steps => "the expression takes more steps than its budget",
            EvalErrorKind::Depth => "the expression nests calls or values deeper than its budget",
            EvalErrorKind::Size => "a list, context or text grows larger than an expression may",
            EvalErrorKind::Assertion => "the assertion is not fulfilled",
            EvalErrorKind::HitPolicy => "the rules that match contradict the hit policy",
        };
        self.error_with(at, kind, message.to_owned())
    }

    #[cold]
    pub(crate) fn error_with(&self, at: u32, kind: EvalErrorKind, message: String) -> EvalError {
        let (source, position) = match self.program {
            Some(program) => program.place(at),
            None => (0, Position::of(self.text, at as usize)),
        };
        EvalError {
            source,
            position,
            kind,
            message,
        }
    }
}
