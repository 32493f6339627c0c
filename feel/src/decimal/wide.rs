//! Arithmetic that does not fit integers, by decNumber.
//!
//! Must keep the crate's rounding: 34 digits, half to even, `None` instead of infinities and NaN.

use dec::{Context, Decimal128};

use super::Decimal;

/// decNumber's arbitrary precision with 34 digits: it has the functions that decimal128 lacks.
type Number = dec::Decimal<12>;

fn to_dec(context: &mut Context<Decimal128>, d: Decimal) -> Decimal128 {
    let mut n = context.from_i128(d.coefficient());
    context.set_exponent(&mut n, d.exponent);
    n
}

fn from_dec(n: Decimal128) -> Option<Decimal> {
    if !n.is_finite() {
        return None;
    }
    Decimal::new(n.coefficient(), n.exponent())
}

fn apply(
    a: Decimal,
    b: Decimal,
    operation: impl Fn(&mut Context<Decimal128>, Decimal128, Decimal128) -> Decimal128,
) -> Option<Decimal> {
    let mut context = Context::<Decimal128>::default();
    let (a, b) = (to_dec(&mut context, a), to_dec(&mut context, b));
    from_dec(operation(&mut context, a, b))
}

pub(super) fn add(a: Decimal, b: Decimal) -> Option<Decimal> {
    apply(a, b, Context::<Decimal128>::add)
}

pub(super) fn multiply(a: Decimal, b: Decimal) -> Option<Decimal> {
    apply(a, b, Context::<Decimal128>::mul)
}

pub(super) fn divide(a: Decimal, b: Decimal) -> Option<Decimal> {
    apply(a, b, Context::<Decimal128>::div)
}

/// The remainder with the dividend's sign. decNumber gives up when the quotient has more than 34
/// digits; every such remainder is null here too.
pub(super) fn remainder(a: Decimal, b: Decimal) -> Option<Decimal> {
    apply(a, b, Context::<Decimal128>::rem)
}

fn wide_context() -> Option<Context<Number>> {
    let mut context = Context::<Number>::default();
    context.set_precision(34).ok()?;
    context.set_max_exponent(6144).ok()?;
    context.set_min_exponent(-6143).ok()?;
    Some(context)
}

fn compute(a: Decimal, operation: impl Fn(&mut Context<Number>, &mut Number)) -> Option<Decimal> {
    let mut narrow = Context::<Decimal128>::default();
    let mut context = wide_context()?;
    let mut n = Number::from(to_dec(&mut narrow, a));
    operation(&mut context, &mut n);
    from_dec(narrow.from_decimal(&n))
}

pub(super) fn square_root(a: Decimal) -> Option<Decimal> {
    compute(a, Context::<Number>::sqrt)
}

pub(super) fn natural_log(a: Decimal) -> Option<Decimal> {
    if a.is_zero() {
        return None;
    }
    compute(a, Context::<Number>::ln)
}

pub(super) fn exponential(a: Decimal) -> Option<Decimal> {
    compute(a, Context::<Number>::exp)
}

pub(super) fn power(a: Decimal, b: Decimal) -> Option<Decimal> {
    if b.is_zero() {
        return Some(Decimal::ONE);
    }
    let mut narrow = Context::<Decimal128>::default();
    let exponent = Number::from(to_dec(&mut narrow, b.normalize()));
    compute(a, |context, n| context.pow(n, &exponent))
}
