//! Calls: built-in functions, closures, arguments by position or name.

use std::cmp::Ordering;

use smallvec::SmallVec;

use super::{Machine, Outcome, Scope};
use crate::builtins::{Builtin, Run};
use crate::syntax::{Arguments, Lambda, Node};
use crate::value::{Entry, Function, FunctionKind, List, Text, Value};
use crate::warning::{WarningKind, shown};
use crate::{Decimal, EvalError};

/// Most functions take no more.
type Values<'a> = SmallVec<[Value<'a>; 3]>;

/// A running call of a built-in function.
pub(crate) struct Call<'m, 'a> {
    pub(crate) machine: &'m mut Machine<'a>,
    pub(crate) at: u32,
    /// As many as some form of the function takes.
    pub(crate) arguments: &'m [Value<'a>],
}

impl<'a> Machine<'a> {
    pub(super) fn call_builtin(
        &mut self,
        at: u32,
        builtin: &'static Builtin,
        nodes: &'a [Node],
        scope: &Scope<'_, 'a>,
    ) -> Outcome<'a> {
        let mut arguments = Values::new();
        for node in nodes {
            arguments.push(self.eval(node, scope)?);
        }
        self.run_builtin(at, builtin, &arguments)
    }

    fn run_builtin(
        &mut self,
        at: u32,
        builtin: &'static Builtin,
        arguments: &[Value<'a>],
    ) -> Outcome<'a> {
        for argument in arguments {
            match argument {
                Value::String(text) => self.charge_text(at, text.len())?,
                // Its ends may be texts that are compared.
                Value::Range(_) => self.charge(at, argument.size() as usize)?,
                _ => (),
            }
        }
        let told = self.told();
        let mut result = self.run(at, builtin, arguments)?;
        if result.is_null()
            && let Some(unwrapped) = builtin.unwrapped(arguments)
        {
            result = self.run(at, builtin, &unwrapped)?;
        }
        if result.is_null() && told.is_some() && told == self.told() {
            self.complain(at, builtin, arguments);
        }
        Ok(result)
    }

    fn run(&mut self, at: u32, builtin: &Builtin, arguments: &[Value<'a>]) -> Outcome<'a> {
        match builtin.run {
            Run::Simple(run) => Ok(run(arguments).unwrap_or(Value::Null)),
            Run::Full(run) => run(&mut Call {
                machine: self,
                at,
                arguments,
            }),
        }
    }

    pub(super) fn invoke(
        &mut self,
        at: u32,
        function: &'a Node,
        arguments: &'a Arguments,
        scope: &Scope<'_, 'a>,
    ) -> Outcome<'a> {
        let called = self.eval(function, scope)?;
        let Value::Function(function) = called else {
            self.warn(at, WarningKind::NotAFunction, || {
                format!("only a function can be called, found {}", shown(&called))
            });
            return Ok(Value::Null);
        };
        match arguments {
            Arguments::Positional(nodes) => {
                let mut values = Values::new();
                for node in nodes {
                    values.push(self.eval(node, scope)?);
                }
                self.apply(at, &function, &values)
            }
            Arguments::Named(named) => {
                let Some(names) = function.parameters() else {
                    self.warn(at, WarningKind::WrongArgumentCount, || {
                        "a built-in function as a value takes no named arguments".to_owned()
                    });
                    return Ok(Value::Null);
                };
                let mut values: Values<'a> = names.iter().map(|_| Value::Null).collect();
                for (name, node) in named {
                    let value = self.eval(node, scope)?;
                    match names.iter().position(|parameter| *parameter == &**name) {
                        Some(index) => values[index] = value,
                        None => {
                            self.warn(at, WarningKind::WrongArgumentCount, || {
                                format!("the function has no parameter `{name}`")
                            });
                            return Ok(Value::Null);
                        }
                    }
                }
                self.apply(at, &function, &values)
            }
        }
    }

    /// Calls a function value; null when it does not take these arguments.
    pub(crate) fn apply(
        &mut self,
        at: u32,
        function: &std::sync::Arc<Function<'a>>,
        values: &[Value<'a>],
    ) -> Outcome<'a> {
        self.charge(at, 1)?;
        match &function.kind {
            FunctionKind::Printed(_) => Ok(Value::Null),
            FunctionKind::Service(service) => match service.parameters.len() == values.len() {
                true => self.serve(at, service, values),
                false => Ok(Value::Null),
            },
            FunctionKind::Builtin(builtin) => {
                if !builtin.forms().any(|form| form.takes(values.len())) {
                    self.warn(at, WarningKind::WrongArgumentCount, || {
                        let (name, forms) = (builtin.name, builtin.describe());
                        format!("`{name}` takes {forms}, not {} arguments", values.len())
                    });
                    return Ok(Value::Null);
                }
                self.deeper(at, |machine| machine.run_builtin(at, builtin, values))
            }
            FunctionKind::Closure {
                lambda,
                name,
                captured,
            } => {
                let Some(mut bound) = self.bind(at, lambda, values)? else {
                    return Ok(Value::Null);
                };
                if let Some(name) = name {
                    // After the parameters, so that one of the same name hides it.
                    bound.push((name.clone(), Value::Function(function.clone())));
                }
                let captured = Scope::Captured(captured);
                self.eval(&lambda.body, &Scope::Entries(&bound, &captured))
            }
        }
    }

    fn bind(
        &mut self,
        at: u32,
        lambda: &'a Lambda,
        values: &[Value<'a>],
    ) -> Result<Option<Vec<Entry<'a>>>, EvalError> {
        if lambda.parameters.len() != values.len() {
            self.warn(at, WarningKind::WrongArgumentCount, || {
                let (takes, given) = (lambda.parameters.len(), values.len());
                format!("the function takes {takes} arguments, found {given}")
            });
            return Ok(None);
        }
        let mut bound: Vec<Entry<'a>> = Vec::with_capacity(values.len() + 1);
        for ((name, type_), value) in lambda.parameters.iter().zip(values) {
            let mut bound_to = value.clone();
            if let Some(type_) = type_ {
                bound_to = self.converted(at, bound_to, type_)?;
                if bound_to.is_null() && !value.is_null() {
                    self.warn(at, WarningKind::WrongArgument, || {
                        format!(
                            "the function takes {type_} as `{name}`, found {}",
                            shown(value)
                        )
                    });
                    return Ok(None);
                }
            }
            bound.push((Text::Borrowed(name), bound_to));
        }
        Ok(Some(bound))
    }
}

impl<'m, 'a> Call<'m, 'a> {
    /// The argument, or null.
    pub(crate) fn value(&self, index: usize) -> &'m Value<'a> {
        self.arguments.get(index).unwrap_or(&Value::Null)
    }

    /// Null, with the reason for whoever wants to know.
    pub(crate) fn fail(&mut self, reason: &str) -> Outcome<'a> {
        self.machine
            .warn(self.at, WarningKind::FunctionFailed, || reason.to_owned());
        Ok(Value::Null)
    }

    pub(crate) fn number(&self, index: usize) -> Option<Decimal> {
        self.value(index).as_number()
    }

    /// The argument as a list: a single value is a list of one, null is none.
    pub(crate) fn list(&self, index: usize) -> Option<List<'a>> {
        match self.value(index) {
            Value::Null => None,
            Value::List(list) => Some(list.clone()),
            single => List::new(vec![single.clone()]).ok(),
        }
    }

    /// The items of a list argument; `None` for null.
    pub(crate) fn items(&mut self, index: usize) -> Result<Option<Vec<Value<'a>>>, EvalError> {
        match self.list(index) {
            Some(list) => self.machine.items(self.at, &list).map(Some),
            None => Ok(None),
        }
    }

    /// The items of the only argument when it is a list, else the arguments themselves.
    pub(crate) fn variadic(&mut self) -> Result<Vec<Value<'a>>, EvalError> {
        match self.arguments {
            [Value::List(list)] => self.machine.items(self.at, list),
            arguments => Ok(arguments.to_vec()),
        }
    }

    pub(crate) fn make_list(&mut self, items: Vec<Value<'a>>) -> Outcome<'a> {
        self.machine.list(self.at, items)
    }

    pub(crate) fn charge(&mut self, steps: usize) -> Result<(), EvalError> {
        self.machine.charge(self.at, steps)
    }

    pub(crate) fn charge_text(&mut self, bytes: usize) -> Result<(), EvalError> {
        self.machine.charge_text(self.at, bytes)
    }

    /// Which of two values comes first; `None` when they do not compare.
    pub(crate) fn order(
        &mut self,
        a: &Value<'a>,
        b: &Value<'a>,
    ) -> Result<Option<Ordering>, EvalError> {
        self.machine.order(self.at, a, b)
    }

    pub(crate) fn equal(&mut self, a: &Value<'a>, b: &Value<'a>) -> Result<bool, EvalError> {
        self.charge(1)?;
        Ok(self.machine.equal(self.at, a, b)? == Some(true))
    }
}
