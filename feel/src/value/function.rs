//! Functions as values: a definition with what it saw, or a built-in.

use std::fmt;

use super::{Text, VALUE_DEPTH_MAX, Value};
use crate::EvalErrorKind;
use crate::builtins::Builtin;
use crate::program::Service;
use crate::syntax::Lambda;

/// A function value. Only the evaluation that made it can call it.
#[derive(Clone, Debug)]
pub struct Function<'a> {
    pub(crate) kind: FunctionKind<'a>,
    depth: u16,
    size: u32,
}

#[derive(Clone, Debug)]
pub(crate) enum FunctionKind<'a> {
    Closure {
        lambda: &'a Lambda,
        /// The name of the context entry that it defines, by which it can call itself.
        name: Option<Text<'a>>,
        /// What was in scope, innermost first.
        captured: Vec<Captured<'a>>,
    },
    Builtin(&'static Builtin),
    Service(&'a Service),
    /// What is left of a function outside its evaluation.
    Printed(Box<str>),
}

/// A part of the scope that a closure keeps.
#[derive(Clone, Debug)]
pub(crate) enum Captured<'a> {
    Named(Text<'a>, Value<'a>),
    /// The item of a filter: its members are names.
    Item(Value<'a>),
}

impl<'a> Function<'a> {
    /// A function; fails when what it keeps nests too deep.
    pub(crate) fn new(kind: FunctionKind<'a>) -> Result<Self, EvalErrorKind> {
        let depth = match &kind {
            FunctionKind::Closure { captured, .. } => captured.iter().map(Captured::depth).max(),
            FunctionKind::Builtin(_) | FunctionKind::Service(_) | FunctionKind::Printed(_) => None,
        };
        let depth = depth.unwrap_or(0) + 1;
        if depth > VALUE_DEPTH_MAX {
            return Err(EvalErrorKind::Depth);
        }
        let printed = match &kind {
            FunctionKind::Closure { lambda, .. } => lambda.printed_bytes(),
            FunctionKind::Builtin(builtin) => builtin.name.len(),
            FunctionKind::Service(service) => service.name.len(),
            FunctionKind::Printed(text) => text.len(),
        };
        let size = super::blocks(printed);
        Ok(Function { kind, depth, size })
    }

    /// The names of the parameters; `None` when there are several ways to call it.
    pub(crate) fn parameters(&self) -> Option<Vec<&'a str>> {
        match &self.kind {
            FunctionKind::Closure { lambda, .. } => {
                Some(lambda.parameters.iter().map(|(name, _)| &**name).collect())
            }
            FunctionKind::Service(service) => {
                Some(service.parameters.iter().map(|(name, _)| &**name).collect())
            }
            FunctionKind::Builtin(_) | FunctionKind::Printed(_) => None,
        }
    }

    pub(super) fn depth(&self) -> u16 {
        self.depth
    }

    /// See [`Value::size`].
    pub(super) fn size(&self) -> u32 {
        self.size
    }

    pub(super) fn to_owned_text(&self) -> Function<'static> {
        Function {
            kind: FunctionKind::Printed(self.to_string().into()),
            depth: 1,
            size: self.size,
        }
    }
}

impl Captured<'_> {
    fn depth(&self) -> u16 {
        match self {
            Captured::Named(_, value) | Captured::Item(value) => value.depth(),
        }
    }
}

impl fmt::Display for Function<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            FunctionKind::Closure { lambda, .. } => write!(f, "{lambda}"),
            FunctionKind::Builtin(builtin) => f.write_str(builtin.name),
            FunctionKind::Service(service) => f.write_str(&service.name),
            FunctionKind::Printed(text) => f.write_str(text),
        }
    }
}
