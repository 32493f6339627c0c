//! Equality, order, `between`: three-valued (DMN 1.5, 10.3.2.13 and tables 53 and 54).

use std::cmp::Ordering;

use super::{Machine, Outcome, Scope};
use crate::syntax::{CompareOp, Kind, Node};
use crate::value::{Context, List, Range, Value};
use crate::{Decimal, EvalError, json};

/// Which of two values of one ordered type comes first; `None` for anything else.
pub(crate) fn order(a: &Value<'_>, b: &Value<'_>) -> Option<Ordering> {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => Some(a.cmp(b)),
        (Value::String(a), Value::String(b)) => Some(a.as_str().cmp(b.as_str())),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        (Value::Time(a), Value::Time(b)) => a.compare(b),
        (Value::DateTime(a), Value::DateTime(b)) => a.compare(b),
        (Value::DaysTimeDuration(a), Value::DaysTimeDuration(b)) => Some(a.cmp(b)),
        (Value::YearsMonthsDuration(a), Value::YearsMonthsDuration(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

impl CompareOp {
    fn accepts(self, order: Ordering) -> bool {
        match self {
            CompareOp::Equal => order.is_eq(),
            CompareOp::NotEqual => order.is_ne(),
            CompareOp::Less => order.is_lt(),
            CompareOp::LessOrEqual => order.is_le(),
            CompareOp::Greater => order.is_gt(),
            CompareOp::GreaterOrEqual => order.is_ge(),
        }
    }
}

impl<'a> Machine<'a> {
    pub(super) fn compare(
        &mut self,
        op: CompareOp,
        pair: &'a (Node, Node),
        scope: &Scope<'_, 'a>,
    ) -> Outcome<'a> {
        let left = match (&pair.0.kind, scope) {
            (Kind::Name(name), Scope::Root) => {
                self.charge(pair.0.at, 1)?;
                match self.encoded(pair.0.at, name)? {
                    Some(encoded) => match self.compare_encoded(op, pair, encoded)? {
                        Some(truth) => return Ok(Value::Boolean(truth)),
                        None => self.decoded(pair.0.at, encoded)?,
                    },
                    None => self.missing(pair.0.at, name),
                }
            }
            _ => self.eval(&pair.0, scope)?,
        };
        // Most conditions compare with a literal, which then need not become a value.
        if let (Value::Number(left), Kind::Number(right)) = (&left, &pair.1.kind) {
            return Ok(Value::Boolean(op.accepts(left.cmp(right))));
        }
        if let (Value::String(left), Kind::String(right)) = (&left, &pair.1.kind) {
            self.charge_text(pair.0.at, left.len().min(right.len()))?;
            return Ok(Value::Boolean(op.accepts(left.as_str().cmp(right))));
        }
        let right = self.eval(&pair.1, scope)?;
        if let (Value::Number(left), Value::Number(right)) = (&left, &right) {
            return Ok(Value::Boolean(op.accepts(left.cmp(right))));
        }
        let truth = self.compared(pair.0.at, op, &left, &right)?;
        if truth.is_none() {
            self.warn_unlike(pair.0.at, &left, &right);
        }
        Ok(Value::boolean(truth))
    }

    /// Compares a variable with a literal; `None` when that takes values.
    #[inline]
    fn compare_encoded(
        &mut self,
        op: CompareOp,
        pair: &'a (Node, Node),
        encoded: &'a [u8],
    ) -> Result<Option<bool>, EvalError> {
        let order = match &pair.1.kind {
            Kind::Number(right) if matches!(encoded.first(), Some(b'-' | b'0'..=b'9')) => {
                Decimal::parse(encoded).map(|left| left.cmp(right))
            }
            Kind::String(right) => match json::plain_string(encoded) {
                Some(left) => {
                    self.charge_text(pair.0.at, left.len().min(right.len()))?;
                    Some(left.cmp(right.as_bytes()))
                }
                None => None,
            },
            _ => None,
        };
        Ok(order.map(|order| op.accepts(order)))
    }

    /// The truth of a comparison; `None` is null.
    pub(super) fn compared(
        &mut self,
        at: u32,
        op: CompareOp,
        left: &Value<'a>,
        right: &Value<'a>,
    ) -> Result<Option<bool>, EvalError> {
        Ok(match op {
            CompareOp::Equal => self.equal(at, left, right)?,
            CompareOp::NotEqual => self.equal(at, left, right)?.map(|equal| !equal),
            CompareOp::Less
            | CompareOp::LessOrEqual
            | CompareOp::Greater
            | CompareOp::GreaterOrEqual => {
                self.order(at, left, right)?.map(|order| op.accepts(order))
            }
        })
    }

    pub(super) fn between(
        &mut self,
        parts: &'a (Node, Node, Node),
        scope: &Scope<'_, 'a>,
    ) -> Outcome<'a> {
        let value = self.eval(&parts.0, scope)?;
        let low = self.eval(&parts.1, scope)?;
        let high = self.eval(&parts.2, scope)?;
        let at = parts.0.at;
        let above = self.order(at, &value, &low)?.map(Ordering::is_ge);
        let below = self.order(at, &value, &high)?.map(Ordering::is_le);
        for (end, side) in [(&low, above), (&high, below)] {
            if side.is_none() {
                self.warn_unlike(at, &value, end);
            }
        }
        Ok(Value::boolean(both(above, below)))
    }

    /// Null equals null and nothing else; values of different types compare to null.
    pub(crate) fn equal(
        &mut self,
        at: u32,
        a: &Value<'a>,
        b: &Value<'a>,
    ) -> Result<Option<bool>, EvalError> {
        Ok(match (a, b) {
            (Value::Null, other) | (other, Value::Null) => Some(other.is_null()),
            (Value::Boolean(a), Value::Boolean(b)) => Some(a == b),
            (Value::List(a), Value::List(b)) => {
                return self.deeper(at, |machine| machine.equal_lists(at, a, b));
            }
            (Value::Context(a), Value::Context(b)) => {
                return self.deeper(at, |machine| machine.equal_contexts(at, a, b));
            }
            (Value::Range(a), Value::Range(b)) => Some(self.equal_ranges(at, a, b)?),
            (Value::Time(a), Value::Time(b)) => Some(a.compare(b) == Some(Ordering::Equal)),
            (Value::DateTime(a), Value::DateTime(b)) => Some(a.compare(b) == Some(Ordering::Equal)),
            _ => self.order(at, a, b)?.map(Ordering::is_eq),
        })
    }

    /// [`order`] within the budget.
    pub(crate) fn order(
        &mut self,
        at: u32,
        a: &Value<'a>,
        b: &Value<'a>,
    ) -> Result<Option<Ordering>, EvalError> {
        self.charge_comparison(at, a, b)?;
        Ok(order(a, b))
    }

    /// Takes the steps for comparing two values: texts are read as far as they may be equal.
    pub(super) fn charge_comparison(
        &mut self,
        at: u32,
        a: &Value<'a>,
        b: &Value<'a>,
    ) -> Result<(), EvalError> {
        match (a, b) {
            (Value::String(a), Value::String(b)) => self.charge_text(at, a.len().min(b.len())),
            _ => Ok(()),
        }
    }

    fn equal_ranges(&mut self, at: u32, a: &Range<'a>, b: &Range<'a>) -> Result<bool, EvalError> {
        let mut ends = |a: &Option<Value<'a>>, b: &Option<Value<'a>>| match (a, b) {
            (Some(a), Some(b)) => Ok(self.order(at, a, b)? == Some(Ordering::Equal)),
            (None, None) => Ok(true),
            (Some(_), None) | (None, Some(_)) => Ok(false),
        };
        Ok(a.start_included == b.start_included
            && a.end_included == b.end_included
            && ends(&a.start, &b.start)?
            && ends(&a.end, &b.end)?)
    }

    fn equal_lists(
        &mut self,
        at: u32,
        a: &List<'a>,
        b: &List<'a>,
    ) -> Result<Option<bool>, EvalError> {
        self.charge(at, a.cost() + b.cost())?;
        if a.len() != b.len() {
            return Ok(Some(false));
        }
        let mut result = Some(true);
        for (a, b) in a.iter().zip(b.iter()) {
            match self.equal(at, &a, &b)? {
                Some(false) => return Ok(Some(false)),
                Some(true) => (),
                None => result = None,
            }
        }
        Ok(result)
    }

    fn equal_contexts(
        &mut self,
        at: u32,
        a: &Context<'a>,
        b: &Context<'a>,
    ) -> Result<Option<bool>, EvalError> {
        self.charge(at, a.cost() + b.cost())?;
        if a.len() != b.len() {
            return Ok(Some(false));
        }
        let mut result = Some(true);
        for (name, value) in a.iter() {
            self.charge(at, b.cost() / 8)?;
            let Some(other) = b.get(&name) else {
                return Ok(Some(false));
            };
            match self.equal(at, &value, &other)? {
                Some(false) => return Ok(Some(false)),
                Some(true) => (),
                None => result = None,
            }
        }
        Ok(result)
    }
}

/// Three-valued conjunction.
pub(super) fn both(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        (None, _) | (_, None) => None,
    }
}
