//! Decimal numbers as FEEL has them: 34 significant digits, rounded half to even (DMN 1.5, 10.3.2.3.1).
//!
//! Sums, products and comparisons of ordinary numbers are integer arithmetic here; what does not fit
//! goes to decNumber (IEEE 754 decimal128). Values are always finite: an operation without a finite
//! result gives `None`, which FEEL calls null.

mod convert;
mod wide;

use std::cmp::Ordering;

pub use convert::DecimalSyntax;

/// The digits of a coefficient.
const DIGITS: u32 = 34;
/// The first coefficient with too many digits.
const COEFFICIENT_END: i128 = 10i128.pow(DIGITS);
/// decimal128 with an integer coefficient: the smallest and largest exponent of ten.
const EXPONENT_MIN: i32 = -6176;
const EXPONENT_MAX: i32 = 6111;

/// A finite decimal number: coefficient × 10^exponent, with at most 34 digits.
/// Equality is numeric: 1.0 = 1.00. Trailing zeros are kept, as written, for display.
#[derive(Clone, Copy, Debug)]
pub struct Decimal {
    coefficient: Coefficient,
    exponent: i32,
}

/// An `i128` that is aligned like an `i64`, which keeps values small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Coefficient {
    high: i64,
    low: u64,
}

impl Coefficient {
    const fn new(n: i128) -> Self {
        Coefficient {
            high: (n >> 64) as i64,
            low: n as u64,
        }
    }

    const fn get(self) -> i128 {
        ((self.high as i128) << 64) | self.low as i128
    }

    /// When it is not larger: products of two such fit.
    #[inline]
    const fn small(self) -> Option<i64> {
        let small = self.low as i64;
        if self.high == small >> 63 {
            Some(small)
        } else {
            None
        }
    }
}

/// How [`Decimal::round`] treats the digits it drops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest, a tie to the even digit.
    HalfEven,
    /// To the nearest, a tie away from zero.
    HalfUp,
    /// To the nearest, a tie towards zero.
    HalfDown,
    /// Away from zero.
    Up,
    /// Towards zero.
    Down,
    /// Towards positive infinity.
    Ceiling,
    /// Towards negative infinity.
    Floor,
}

impl Decimal {
    /// 0
    pub const ZERO: Decimal = Decimal::raw(0, 0);
    /// 1
    pub const ONE: Decimal = Decimal::raw(1, 0);

    /// The parts, which the caller has checked.
    const fn raw(coefficient: i128, exponent: i32) -> Decimal {
        Decimal {
            coefficient: Coefficient::new(coefficient),
            exponent,
        }
    }

    /// `coefficient × 10^exponent`, rounded to 34 digits; `None` when it is out of range.
    #[inline]
    pub fn new(coefficient: i128, exponent: i32) -> Option<Decimal> {
        let fits = coefficient.unsigned_abs() < COEFFICIENT_END as u128;
        match fits && (EXPONENT_MIN..=EXPONENT_MAX).contains(&exponent) {
            true => Some(Decimal::raw(coefficient, exponent)),
            false => Decimal::rounded(coefficient, exponent),
        }
    }

    fn rounded(coefficient: i128, exponent: i32) -> Option<Decimal> {
        let mut coefficient = coefficient;
        let mut exponent = exponent;
        if coefficient.unsigned_abs() >= COEFFICIENT_END as u128 {
            let excess = digits(coefficient.unsigned_abs()) - DIGITS;
            coefficient = divide_rounded(coefficient, excess, Rounding::HalfEven);
            exponent = exponent.checked_add_unsigned(excess)?;
            if coefficient.abs() == COEFFICIENT_END {
                coefficient /= 10;
                exponent = exponent.checked_add(1)?;
            }
        }
        if coefficient == 0 {
            exponent = exponent.clamp(EXPONENT_MIN, EXPONENT_MAX);
        }
        while exponent > EXPONENT_MAX && coefficient.abs() < COEFFICIENT_END / 10 {
            coefficient *= 10;
            exponent -= 1;
        }
        if exponent < EXPONENT_MIN {
            let drop = exponent.abs_diff(EXPONENT_MIN);
            coefficient = divide_rounded(coefficient, drop, Rounding::HalfEven);
            exponent = EXPONENT_MIN;
        }
        (exponent <= EXPONENT_MAX).then_some(Decimal::raw(coefficient, exponent))
    }

    /// The integer coefficient, with its sign.
    #[inline]
    pub fn coefficient(self) -> i128 {
        self.coefficient.get()
    }

    /// The power of ten of the coefficient's last digit.
    pub fn exponent(self) -> i32 {
        self.exponent
    }

    /// The coefficient that the number has with this exponent; `None` when that is not exact or does
    /// not fit.
    pub(crate) fn coefficient_at(self, exponent: i32) -> Option<i128> {
        let unit = pow10(self.exponent.abs_diff(exponent));
        if self.is_zero() {
            return Some(0);
        }
        if self.exponent >= exponent {
            return self.coefficient().checked_mul(unit?);
        }
        (self.coefficient() % unit? == 0).then_some(self.coefficient() / unit?)
    }

    /// Whether the number is zero.
    pub fn is_zero(self) -> bool {
        self.coefficient() == 0
    }

    /// Whether the number is below zero.
    pub fn is_negative(self) -> bool {
        self.coefficient() < 0
    }

    /// Whether the number has no fraction.
    pub fn is_integer(self) -> bool {
        self.exponent >= 0 || self.round(0, Rounding::Down) == Some(self)
    }

    /// The number as an `i64`, when it is whole and fits.
    pub fn to_i64(self) -> Option<i64> {
        i64::try_from(self.coefficient_at(0)?).ok()
    }

    /// The sum; `None` on overflow.
    pub fn plus(self, other: Decimal) -> Option<Decimal> {
        if self.exponent == other.exponent {
            return Decimal::new(self.coefficient() + other.coefficient(), self.exponent);
        }
        match aligned(self, other) {
            Some((a, b, exponent)) => match a.checked_add(b) {
                Some(sum) => Decimal::new(sum, exponent),
                None => wide::add(self, other),
            },
            None => wide::add(self, other),
        }
    }

    /// The difference; `None` on overflow.
    pub fn minus(self, other: Decimal) -> Option<Decimal> {
        self.plus(other.negate())
    }

    /// The product; `None` on overflow.
    pub fn times(self, other: Decimal) -> Option<Decimal> {
        let product = match (self.coefficient.small(), other.coefficient.small()) {
            (Some(a), Some(b)) => Some(i128::from(a) * i128::from(b)),
            (None, _) | (_, None) => self.coefficient().checked_mul(other.coefficient()),
        };
        match product {
            Some(product) => Decimal::new(product, self.exponent + other.exponent),
            None => wide::multiply(self, other),
        }
    }

    /// The quotient; `None` on division by zero or overflow.
    pub fn divided_by(self, other: Decimal) -> Option<Decimal> {
        if other.is_zero() {
            return None;
        }
        wide::divide(self, other)
    }

    /// `self - other × floor(self / other)`, the sign is the divisor's; `None` on division by zero.
    pub fn modulo(self, other: Decimal) -> Option<Decimal> {
        if other.is_zero() {
            return None;
        }
        let remainder = match aligned(self, other) {
            Some((a, b, exponent)) => Decimal::new(a.checked_rem(b)?, exponent)?,
            None => wide::remainder(self, other)?,
        };
        if !remainder.is_zero() && remainder.is_negative() != other.is_negative() {
            return remainder.plus(other);
        }
        Some(remainder)
    }

    /// `self` to the power `other`; `None` when there is no finite real result.
    pub fn power(self, other: Decimal) -> Option<Decimal> {
        let power = wide::power(self, other)?;
        // A root is computed to the last digit, also when it is 2.
        Some(if other.is_integer() {
            power
        } else {
            power.normalize()
        })
    }

    /// The square root; `None` below zero.
    pub fn square_root(self) -> Option<Decimal> {
        wide::square_root(self)
    }

    /// The natural logarithm; `None` unless positive.
    pub fn natural_log(self) -> Option<Decimal> {
        wide::natural_log(self)
    }

    /// e to the power `self`; `None` on overflow.
    pub fn exponential(self) -> Option<Decimal> {
        wide::exponential(self)
    }

    /// The number with its sign changed.
    #[must_use]
    pub fn negate(self) -> Decimal {
        Decimal::raw(-self.coefficient(), self.exponent)
    }

    /// The number without its sign.
    #[must_use]
    pub fn absolute(self) -> Decimal {
        Decimal::raw(self.coefficient().abs(), self.exponent)
    }

    /// Rounded to `scale` digits after the point (negative: before it). A result with more than 34
    /// digits is `None`. A number that has fewer digits is given back as it is.
    pub fn round(self, scale: i32, rounding: Rounding) -> Option<Decimal> {
        let exponent = scale.checked_neg()?;
        if self.exponent >= exponent {
            return Some(self);
        }
        let drop = exponent.abs_diff(self.exponent);
        Decimal::new(divide_rounded(self.coefficient(), drop, rounding), exponent)
    }

    /// Without trailing zeros after the point.
    #[must_use]
    pub fn normalize(self) -> Decimal {
        let mut number = self;
        while number.exponent < 0 && number.coefficient() % 10 == 0 {
            number = Decimal::raw(number.coefficient() / 10, number.exponent + 1);
        }
        number
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        if self.exponent == other.exponent {
            return self.coefficient().cmp(&other.coefficient());
        }
        if self.coefficient().signum() != other.coefficient().signum() || self.is_zero() {
            return self.coefficient().cmp(&other.coefficient());
        }
        if let Some((a, b, _)) = aligned(*self, *other) {
            return a.cmp(&b);
        }
        // Too far apart to align: the one with the higher leading digit has the greater magnitude.
        let magnitude = |d: &Decimal| digits(d.coefficient().unsigned_abs()) as i32 + d.exponent;
        let order = magnitude(self).cmp(&magnitude(other));
        if self.is_negative() {
            order.reverse()
        } else {
            order
        }
    }
}

/// Both coefficients at the smaller exponent, when the larger one's fits.
#[inline]
fn aligned(a: Decimal, b: Decimal) -> Option<(i128, i128, i32)> {
    let distance = a.exponent.abs_diff(b.exponent);
    let scaled =
        |coefficient: Coefficient| match (coefficient.small(), POWERS.get(distance as usize)) {
            (Some(small), Some(unit)) => Some(i128::from(small) * i128::from(*unit)),
            (None, _) | (_, None) => coefficient.get().checked_mul(pow10(distance)?),
        };
    if a.exponent >= b.exponent {
        Some((scaled(a.coefficient)?, b.coefficient(), b.exponent))
    } else {
        Some((a.coefficient(), scaled(b.coefficient)?, a.exponent))
    }
}

/// Powers of ten that fit.
const POWERS: [i64; 19] = {
    let mut powers = [1; 19];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

fn pow10(power: u32) -> Option<i128> {
    match POWERS.get(power as usize) {
        Some(unit) => Some(i128::from(*unit)),
        None => 10i128.checked_pow(power),
    }
}

/// The number of decimal digits; 1 for zero.
fn digits(n: u128) -> u32 {
    n.checked_ilog10().unwrap_or(0) + 1
}

/// `n / 10^drop`, rounded.
fn divide_rounded(n: i128, drop: u32, rounding: Rounding) -> i128 {
    let (quotient, remainder, half) = match pow10(drop) {
        Some(unit) => (
            n / unit,
            n % unit,
            (n % unit).abs().cmp(&(unit - (n % unit).abs())),
        ),
        // Every i128 is below half of 10^39.
        None => (0, n, Ordering::Less),
    };
    if remainder == 0 {
        return quotient;
    }
    let away = match rounding {
        Rounding::HalfEven => {
            half.then(if quotient % 2 == 0 {
                Ordering::Less
            } else {
                Ordering::Greater
            }) == Ordering::Greater
        }
        Rounding::HalfUp => half != Ordering::Less,
        Rounding::HalfDown => half == Ordering::Greater,
        Rounding::Up => true,
        Rounding::Down => false,
        Rounding::Ceiling => n > 0,
        Rounding::Floor => n < 0,
    };
    if away {
        quotient + n.signum()
    } else {
        quotient
    }
}
