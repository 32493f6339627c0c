//! What names mean inside an expression, before they are variables.
//!
//! A scope is a list on the stack, innermost first; only closures copy it.

use crate::EvalError;
use crate::value::{Captured, Entry, Value};

use super::Machine;

/// Names in force; each kind points to what surrounds it.
#[derive(Clone, Copy)]
pub(crate) enum Scope<'s, 'a> {
    /// Nothing but the variables.
    Root,
    Bind(&'s str, &'s Value<'a>, &'s Scope<'s, 'a>),
    /// The entries of a context so far, or the arguments of a call.
    Entries(&'s [Entry<'a>], &'s Scope<'s, 'a>),
    /// The results of a `for` so far, under the name `partial`.
    Partial(&'s [Value<'a>], &'s Scope<'s, 'a>),
    /// The item of a filter: `item`, and its members by name.
    Item(&'s Value<'a>, &'s Scope<'s, 'a>),
    /// What a closure keeps; nothing but the variables surrounds it.
    Captured(&'s [Captured<'a>]),
}

impl<'a> Machine<'a> {
    /// The value of a name that the expression itself defines.
    #[inline]
    pub(super) fn local(
        &mut self,
        at: u32,
        name: &str,
        scope: &Scope<'_, 'a>,
    ) -> Result<Option<Value<'a>>, EvalError> {
        match scope {
            Scope::Root => Ok(None),
            _ => self.find(at, name, scope),
        }
    }

    fn find(
        &mut self,
        at: u32,
        name: &str,
        scope: &Scope<'_, 'a>,
    ) -> Result<Option<Value<'a>>, EvalError> {
        let mut scope = *scope;
        loop {
            match scope {
                Scope::Root => return Ok(None),
                Scope::Bind(bound, value, outer) => {
                    if bound == name {
                        return Ok(Some(value.clone()));
                    }
                    scope = *outer;
                }
                Scope::Entries(entries, outer) => {
                    self.charge(at, entries.len() / 16)?;
                    if let Some((_, value)) = entries.iter().find(|(n, _)| n.as_str() == name) {
                        return Ok(Some(value.clone()));
                    }
                    scope = *outer;
                }
                Scope::Partial(results, outer) => {
                    if name == "partial" {
                        return self.list(at, results.to_vec()).map(Some);
                    }
                    scope = *outer;
                }
                Scope::Item(item, outer) => {
                    if let Some(value) = self.member(at, item, name)? {
                        return Ok(Some(value));
                    }
                    scope = *outer;
                }
                Scope::Captured(captured) => return self.find_captured(at, name, captured),
            }
        }
    }

    fn find_captured(
        &mut self,
        at: u32,
        name: &str,
        captured: &[Captured<'a>],
    ) -> Result<Option<Value<'a>>, EvalError> {
        self.charge(at, captured.len() / 16)?;
        for part in captured {
            match part {
                Captured::Named(bound, value) if bound.as_str() == name => {
                    return Ok(Some(value.clone()));
                }
                Captured::Named(..) => (),
                Captured::Item(item) => {
                    if let Some(value) = self.member(at, item, name)? {
                        return Ok(Some(value));
                    }
                }
            }
        }
        Ok(None)
    }

    /// What a name means in the scope of an item: its member, or the item itself.
    fn member(
        &mut self,
        at: u32,
        item: &Value<'a>,
        name: &str,
    ) -> Result<Option<Value<'a>>, EvalError> {
        if let Value::Context(context) = item {
            self.charge(at, context.cost() / 16)?;
            if let Some(value) = context.get(name) {
                return Ok(Some(value));
            }
        }
        Ok((name == "item").then(|| item.clone()))
    }

    /// A copy of the scope for a closure.
    pub(super) fn capture(
        &mut self,
        at: u32,
        scope: &Scope<'_, 'a>,
    ) -> Result<Vec<Captured<'a>>, EvalError> {
        let mut captured = Vec::new();
        let mut scope = *scope;
        loop {
            self.charge(at, 1)?;
            scope = match scope {
                Scope::Root => return Ok(captured),
                Scope::Bind(name, value, outer) => {
                    let name = crate::Text::Shared(name.into());
                    captured.push(Captured::Named(name, value.clone()));
                    *outer
                }
                Scope::Entries(entries, outer) => {
                    self.charge(at, entries.len())?;
                    let named =
                        |(name, value): &Entry<'a>| Captured::Named(name.clone(), value.clone());
                    captured.extend(entries.iter().map(named));
                    *outer
                }
                Scope::Partial(results, outer) => {
                    let partial = self.list(at, results.to_vec())?;
                    captured.push(Captured::Named("partial".into(), partial));
                    *outer
                }
                Scope::Item(item, outer) => {
                    captured.push(Captured::Item(item.clone()));
                    *outer
                }
                Scope::Captured(kept) => {
                    self.charge(at, kept.len())?;
                    captured.extend_from_slice(kept);
                    return Ok(captured);
                }
            };
        }
    }
}
