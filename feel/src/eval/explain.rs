//! What a machine tells of nulls, when somebody listens, and the chance that it draws.
//!
//! Must cost nothing where nobody listens: every message is made in a closure.

use super::Machine;
use crate::builtins::Builtin;
use crate::value::{List, Value};
use crate::warning::{Warning, WarningKind, kind_of, shown};
use crate::{Decimal, Rounding};

impl<'a> Machine<'a> {
    /// From here on warnings are kept.
    pub(crate) fn listen(&mut self) {
        self.warnings = Some(Box::default());
    }

    /// The warnings so far, with their positions in the text.
    pub(crate) fn heard(self) -> Vec<Warning> {
        let text = self.text;
        let heard = self.warnings.map(|collector| collector.warnings(text));
        heard.unwrap_or_default()
    }

    /// How many warnings were told; `None` when nobody listens.
    pub(super) fn told(&self) -> Option<u64> {
        self.warnings.as_ref().map(|collector| collector.told())
    }

    /// Tells why a part of the expression is null.
    #[inline]
    pub(crate) fn warn(&mut self, at: u32, kind: WarningKind, message: impl FnOnce() -> String) {
        if let Some(collector) = &mut self.warnings
            && collector.wants(at, kind)
        {
            collector.tell(at, kind, message());
        }
    }

    /// Tells why a built-in function gave null.
    #[cold]
    pub(super) fn complain(&mut self, at: u32, builtin: &Builtin, arguments: &[Value<'a>]) {
        if let Some((kind, message)) = builtin.complaint(arguments) {
            self.warn(at, kind, || message);
        }
    }

    /// Tells that an operator does not take two values, or that its result has no value.
    #[cold]
    pub(super) fn warn_operator(
        &mut self,
        at: u32,
        symbol: &str,
        left: &Value<'a>,
        right: &Value<'a>,
    ) {
        let (kind, reason) = match (left, right) {
            (Value::Number(_), Value::Number(_)) => (WarningKind::NoResult, "has no result for"),
            _ => (WarningKind::WrongType, "has no result for"),
        };
        self.warn(at, kind, || {
            let (left, right) = (shown(left), shown(right));
            format!("`{symbol}` {reason} {left} and {right}")
        });
    }

    /// Tells that an index is outside of a list, if it is: an item may be null, too.
    #[cold]
    pub(super) fn warn_outside(&mut self, at: u32, list: &List<'a>, index: Decimal) {
        if self.warnings.is_none() {
            return;
        }
        let length = list.len();
        let position = index.round(0, Rounding::Down).unwrap_or(Decimal::ZERO);
        let inside = !position.is_zero() && position.absolute() <= length.into();
        if !inside {
            self.warn(at, WarningKind::OutOfRange, || {
                format!("the list has {length} items, none at the index {index}")
            });
        }
    }

    /// Tells that two values do not compare.
    #[cold]
    pub(super) fn warn_unlike(&mut self, at: u32, left: &Value<'a>, right: &Value<'a>) {
        self.warn(at, WarningKind::NotComparable, || {
            let (left_kind, right_kind) = (kind_of(left), kind_of(right));
            let (left, right) = (shown(left), shown(right));
            format!("{left_kind} does not compare with {right_kind}: {left} and {right}")
        });
    }

    /// Tells that a loop has nothing to run over.
    #[cold]
    pub(super) fn warn_no_items(&mut self, at: u32, word: &str) {
        self.warn(at, WarningKind::WrongType, || {
            format!("`{word}` runs over a list, or over a range of whole numbers or dates")
        });
    }

    /// Tells that a condition is neither true nor false.
    #[cold]
    pub(super) fn warn_condition(&mut self, at: u32, word: &str, value: &Value<'a>) {
        self.warn(at, WarningKind::WrongType, || {
            format!("`{word}` takes true or false, found {}", shown(value))
        });
    }

    /// The next 64 random bits, a function of the seed and of a counter: two rounds of SplitMix64, one for each half
    /// of the seed.
    pub(crate) fn draw(&mut self) -> u64 {
        const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;
        self.drawn += 1;
        let [low, high] = [self.seed as u64, (self.seed >> 64) as u64];
        let first = mixed(low.wrapping_add(self.drawn.wrapping_mul(GAMMA)));
        mixed(first.wrapping_add(high))
    }
}

fn mixed(bits: u64) -> u64 {
    let mut z = bits;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
