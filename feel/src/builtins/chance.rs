//! Functions whose result is chance: `uuid` and `random number`, which are Camunda's.
//!
//! Must stay a function of the environment's seed and of how often the evaluation has drawn, so that a
//! replay gives the same.

use super::{Builtin, Run};
use crate::Decimal;
use crate::value::Value;

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "uuid",
        forms: &[""],
        fails: "",
        run: Run::Full(|call| {
            let (high, low) = (call.machine.draw(), call.machine.draw());
            Ok(Value::text(uuid(high, low)))
        }),
    },
    Builtin {
        name: "random number",
        forms: &[""],
        fails: "",
        run: Run::Full(|call| Ok(Value::number(fraction(call.machine.draw())))),
    },
];

/// 128 random bits in the form of RFC 9562, version 4.
fn uuid(high: u64, low: u64) -> String {
    let high = high & !0xf000 | 0x4000;
    let low = low & !(0b11 << 62) | 0b10 << 62;
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

/// A number from 0 up to 1, of at most 18 digits.
fn fraction(random: u64) -> Option<Decimal> {
    const DIGITS: u32 = 18;
    let scaled = (u128::from(random) * 10u128.pow(DIGITS)) >> 64;
    let fraction = Decimal::new(i128::try_from(scaled).ok()?, -(DIGITS as i32))?;
    Some(fraction.normalize())
}
