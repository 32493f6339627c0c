//! The definitions of a program: inputs, decisions, functions and services (DMN 1.5, chapter 6).
//!
//! Each is evaluated when it is first asked for, and once. A service runs apart, with the inputs of its call.

use super::{Machine, Outcome, Scope, TableRun};
use crate::EvalErrorKind;
use crate::program::{Definition, Service};
use crate::value::{Entry, Function, FunctionKind, Value};
use crate::warning::WarningKind;

/// What is known of a definition.
#[derive(Clone, Debug, Default)]
pub(crate) enum Memo<'a> {
    #[default]
    Unknown,
    /// Being evaluated: who asks for it again asks in a circle.
    Running,
    Known(Value<'a>),
}

/// What an evaluation of a program tells beside its value.
#[derive(Debug, Default)]
pub(crate) struct Audit<'a> {
    /// Decisions in the order in which they were known.
    pub(crate) decisions: Vec<DecisionRun<'a>>,
    /// Tables of the decisions that are running, the innermost last.
    running: Vec<Vec<TableRun<'a>>>,
}

/// How a decision was made.
#[derive(Clone, Debug)]
pub struct DecisionRun<'a> {
    /// The definition's number.
    pub definition: u32,
    /// What it gave.
    pub output: Value<'a>,
    /// The tables that its logic ran, in their order.
    pub tables: Vec<TableRun<'a>>,
}

impl<'a> Machine<'a> {
    /// The value of a definition.
    pub(crate) fn global(&mut self, at: u32, number: u32) -> Outcome<'a> {
        let index = number as usize;
        match self.memo.get(index) {
            Some(Memo::Known(value)) => return Ok(value.clone()),
            Some(Memo::Unknown) => {}
            Some(Memo::Running) | None => {
                let message = "the definition needs its own value";
                return Err(self.error_with(at, EvalErrorKind::Depth, message.to_owned()));
            }
        }
        self.memo[index] = Memo::Running;
        let value = self.deeper(at, |machine| machine.define(at, number))?;
        self.memo[index] = Memo::Known(value.clone());
        Ok(value)
    }

    fn define(&mut self, at: u32, number: u32) -> Outcome<'a> {
        let Some(program) = self.program else {
            return Ok(Value::Null);
        };
        match &program.globals[number as usize].definition {
            Definition::Input { name, type_ } => {
                let value = self.variable(at, name)?;
                match type_ {
                    Some(type_) => self.converted(at, value, type_),
                    None => Ok(value),
                }
            }
            Definition::Value(node) => self.eval(node, &Scope::Root),
            Definition::Decision(node) => self.decide(number, node),
            Definition::Service(service) => self.function(at, FunctionKind::Service(service)),
            Definition::Declared => Ok(Value::Null),
        }
    }

    fn decide(&mut self, number: u32, node: &'a crate::syntax::Node) -> Outcome<'a> {
        if let Some(audit) = &mut self.audit {
            audit.running.push(Vec::new());
        }
        let output = self.eval(node, &Scope::Root);
        if let Some(audit) = &mut self.audit {
            let tables = audit.running.pop().unwrap_or_default();
            audit.decisions.push(DecisionRun {
                definition: number,
                output: output.as_ref().map_or(Value::Null, Value::clone),
                tables,
            });
        }
        output
    }

    /// Where the runs of tables are told, if anybody wants to know.
    pub(super) fn table_runs(&mut self) -> Option<&mut Vec<TableRun<'a>>> {
        self.audit.as_mut()?.running.last_mut()
    }

    /// Knows a definition's value from outside, converted to its type; gives what is known.
    pub(crate) fn preset(&mut self, number: u32, value: Value<'a>) -> Outcome<'a> {
        let type_ = self
            .program
            .and_then(|program| program.globals[number as usize].type_.as_ref());
        let value = match type_ {
            Some(type_) => self.converted(0, value, type_)?,
            None => value,
        };
        self.memo[number as usize] = Memo::Known(value.clone());
        Ok(value)
    }

    /// Runs a decision service with these arguments, one for each parameter.
    pub(crate) fn serve(
        &mut self,
        at: u32,
        service: &'a Service,
        arguments: &[Value<'a>],
    ) -> Outcome<'a> {
        let apart = vec![Memo::Unknown; self.memo.len()];
        self.charge(at, apart.len() / 8)?;
        let outside = std::mem::replace(&mut self.memo, apart);
        let output = self.deeper(at, |machine| machine.serve_apart(at, service, arguments));
        self.memo = outside;
        output
    }

    fn serve_apart(
        &mut self,
        at: u32,
        service: &'a Service,
        arguments: &[Value<'a>],
    ) -> Outcome<'a> {
        for ((name, number), value) in service.parameters.iter().zip(arguments) {
            let accepted = self.preset(*number, value.clone())?;
            if accepted.is_null() && !value.is_null() {
                self.warn(at, WarningKind::WrongArgument, || {
                    format!("the service does not take {value} as `{name}`")
                });
                return Ok(Value::Null);
            }
        }
        let value = self.served(at, service)?;
        match &service.type_ {
            Some(type_) => self.converted(at, value, type_),
            None => Ok(value),
        }
    }

    /// The output of a service, or a context of all of them.
    fn served(&mut self, at: u32, service: &'a Service) -> Outcome<'a> {
        if let [(_, number)] = service.outputs[..] {
            return self.global(at, number);
        }
        let mut entries: Vec<Entry<'a>> = Vec::with_capacity(service.outputs.len());
        for (name, number) in &service.outputs {
            let value = self.global(at, *number)?;
            entries.push(((&**name).into(), value));
        }
        self.context(at, entries)
    }

    pub(super) fn function(&mut self, at: u32, kind: FunctionKind<'a>) -> Outcome<'a> {
        Function::new(kind)
            .map(|function| Value::Function(std::sync::Arc::new(function)))
            .map_err(|kind| self.error(at, kind))
    }
}
