//! `in`: ranges, lists and unary tests (DMN 1.5, table 55, and 7.3.3).

use std::cmp::Ordering;

use super::compare::{both, order};
use super::{Machine, Outcome, Scope};
use crate::EvalError;
use crate::syntax::{Kind, Node, Test, Tests};
use crate::value::{Range, Value};

impl<'a> Range<'a> {
    /// A range; `None` unless its ends are scalars of one ordered type.
    pub(crate) fn new(
        start: Option<Value<'a>>,
        start_included: bool,
        end: Option<Value<'a>>,
        end_included: bool,
    ) -> Option<Range<'a>> {
        match (&start, &end) {
            (Some(start), Some(end)) => order(start, end).map(drop)?,
            (Some(one), None) | (None, Some(one)) => order(one, one).map(drop)?,
            (None, None) => return None,
        }
        Some(Range {
            start,
            start_included,
            end,
            end_included,
        })
    }
}

impl<'a> Machine<'a> {
    pub(super) fn in_(
        &mut self,
        subject: &'a Node,
        tests: &'a [Test],
        scope: &Scope<'_, 'a>,
    ) -> Outcome<'a> {
        let value = self.eval(subject, scope)?;
        let scope = Scope::Bind("?", &value, scope);
        let mut result = Some(false);
        for test in tests {
            match self.test(&value, test, &scope)? {
                Some(true) => return Ok(Value::Boolean(true)),
                Some(false) => (),
                None => result = None,
            }
        }
        Ok(Value::boolean(result))
    }

    /// Whether a value passes the tests of a cell. With the value as `?`.
    pub(super) fn passes(
        &mut self,
        value: &Value<'a>,
        tests: &'a Tests,
        scope: &Scope<'_, 'a>,
    ) -> Result<bool, EvalError> {
        if tests.is_any() {
            return Ok(true);
        }
        let scope = Scope::Bind("?", value, scope);
        let mut outcome = Some(false);
        for test in &tests.tests {
            match self.unary_test(value, test, &scope)? {
                Some(true) => return Ok(!tests.is_negated),
                Some(false) => {}
                None => outcome = None,
            }
        }
        Ok(tests.is_negated && outcome == Some(false))
    }

    /// As after `in`; and a condition that does not ask about `?` decides by itself (DMN 1.5, 7.3.3), unless it is
    /// compared with a truth value.
    fn unary_test(
        &mut self,
        value: &Value<'a>,
        test: &'a Test,
        scope: &Scope<'_, 'a>,
    ) -> Result<Option<bool>, EvalError> {
        let Test::Value(node) = test else {
            return self.test(value, test, scope);
        };
        let expected = self.eval(node, scope)?;
        match (&expected, value) {
            (Value::Boolean(_), Value::Boolean(_)) => self.equal(node.at, value, &expected),
            (Value::Boolean(truth), _) if !matches!(node.kind, Kind::Boolean(_)) => {
                Ok(Some(*truth))
            }
            (Value::Null, _) if matches!(node.kind, Kind::Range(_)) => Ok(None),
            (_, _) => self.is_in(node.at, value, &expected),
        }
    }

    fn test(
        &mut self,
        value: &Value<'a>,
        test: &'a Test,
        scope: &Scope<'_, 'a>,
    ) -> Result<Option<bool>, EvalError> {
        let expected = self.eval(test.node(), scope)?;
        let at = test.node().at;
        let truth = match test {
            Test::Compare(op, _) => self.compared(at, *op, value, &expected)?,
            Test::Condition(_) => return Ok(expected.as_boolean()),
            // A range that is none, because an end is null, does not say that the value is outside.
            Test::Value(node) if expected.is_null() && matches!(node.kind, Kind::Range(_)) => {
                return Ok(None);
            }
            Test::Value(_) => self.is_in(at, value, &expected)?,
        };
        if truth.is_none() {
            self.warn_unlike(at, value, &expected);
        }
        Ok(truth)
    }

    /// Whether a value is in a range; `None` when it does not compare with the ends.
    fn is_inside(
        &mut self,
        at: u32,
        value: &Value<'a>,
        range: &Range<'a>,
    ) -> Result<Option<bool>, EvalError> {
        let inside = |order: Ordering, included: bool| order.is_lt() || order.is_eq() && included;
        let above = match &range.start {
            Some(start) => self.order(at, start, value)?,
            None => Some(Ordering::Less),
        };
        let below = match &range.end {
            Some(end) => self.order(at, value, end)?,
            None => Some(Ordering::Less),
        };
        Ok(both(
            above.map(|order| inside(order, range.start_included)),
            below.map(|order| inside(order, range.end_included)),
        ))
    }

    /// Whether a value is in a range or list, or equals a value.
    pub(crate) fn is_in(
        &mut self,
        at: u32,
        value: &Value<'a>,
        expected: &Value<'a>,
    ) -> Result<Option<bool>, EvalError> {
        match expected {
            Value::Range(range) if !matches!(value, Value::Range(_)) => {
                self.is_inside(at, value, range)
            }
            Value::List(list) => {
                self.charge(at, list.cost())?;
                if let Value::List(_) = value
                    && self.equal(at, value, expected)? == Some(true)
                {
                    return Ok(Some(true));
                }
                for item in list.iter() {
                    let found = match &item {
                        Value::Range(range) => self.is_inside(at, value, range)?,
                        item => self.equal(at, value, item)?,
                    };
                    if found == Some(true) {
                        return Ok(Some(true));
                    }
                }
                Ok(Some(false))
            }
            expected => self.equal(at, value, expected),
        }
    }
}
