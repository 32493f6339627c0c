//! Decimal numbers from and to text and integers.
//!
//! Accepts what JSON and FEEL write; prints plain digits, and an exponent only where plain digits
//! would run to more than [`PLAIN_DIGITS_MAX`].

use std::fmt;
use std::str::FromStr;

use super::{COEFFICIENT_END, Decimal};

/// The longest run of digits printed without an exponent.
const PLAIN_DIGITS_MAX: i32 = 40;

/// The text is not a decimal number, or out of range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecimalSyntax;

impl fmt::Display for DecimalSyntax {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a decimal number in range")
    }
}

impl std::error::Error for DecimalSyntax {}

impl FromStr for Decimal {
    type Err = DecimalSyntax;

    /// `-12.50`, `.5`, `1e400`: optional minus, digits with at most one point, optional exponent.
    /// More than 34 digits are rounded.
    fn from_str(text: &str) -> Result<Self, DecimalSyntax> {
        Decimal::parse(text.as_bytes()).ok_or(DecimalSyntax)
    }
}

impl Decimal {
    /// As [`FromStr`], from bytes.
    #[inline]
    pub fn parse(text: &[u8]) -> Option<Decimal> {
        let (negative, digits) = match text.strip_prefix(b"-") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        // Eighteen digits without an exponent, the common case, fit one u64.
        if digits.len() <= 18
            && let Some((n, exponent)) = parse_short(digits)
        {
            let n = i128::from(n);
            return Some(Decimal::raw(if negative { -n } else { n }, exponent));
        }
        parse_general(negative, digits)
    }
}

/// Digits with at most one point, which is not the last; so few that they fit.
#[inline]
fn parse_short(text: &[u8]) -> Option<(u64, i32)> {
    let (mut n, mut point) = (0u64, None);
    for (at, byte) in text.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            n = n * 10 + u64::from(digit);
        } else if *byte == b'.' && point.is_none() {
            point = Some(at);
        } else {
            return None;
        }
    }
    match point {
        None => (!text.is_empty()).then_some((n, 0)),
        Some(at) => {
            let digits = text.len() - 1 - at;
            (digits > 0).then_some((n, -(digits as i32)))
        }
    }
}

fn parse_general(negative: bool, text: &[u8]) -> Option<Decimal> {
    let split = text.iter().position(|b| matches!(b, b'e' | b'E'));
    let (mantissa, power) = match split {
        Some(at) => (&text[..at], parse_exponent(&text[at + 1..])?),
        None => (text, 0),
    };
    let mut coefficient = 0i128;
    let mut exponent = 0i32;
    let (mut seen_point, mut seen_digit, mut dropped) = (false, false, false);
    for &byte in mantissa {
        match byte {
            b'.' if !seen_point => seen_point = true,
            b'0'..=b'9' => {
                seen_digit = true;
                // Three digits beyond the precision and a sticky one keep the rounding exact.
                if coefficient < COEFFICIENT_END * 100 {
                    coefficient = coefficient * 10 + i128::from(byte - b'0');
                    exponent -= i32::from(seen_point);
                } else {
                    dropped |= byte != b'0';
                    exponent = exponent.checked_add(i32::from(!seen_point))?;
                }
            }
            _ => return None,
        }
    }
    if !seen_digit || mantissa.last() == Some(&b'.') {
        return None;
    }
    if dropped && coefficient % 5 == 0 {
        coefficient += 1;
    }
    let signed = if negative { -coefficient } else { coefficient };
    Decimal::new(signed, exponent.checked_add(power)?)
}

fn parse_exponent(text: &[u8]) -> Option<i32> {
    let text = std::str::from_utf8(text).ok()?;
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // A zero may have any exponent; beyond this range no other number is finite anyway.
    Some(
        text.parse::<i64>()
            .unwrap_or(i64::MAX)
            .clamp(-1_000_000, 1_000_000) as i32,
    )
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.coefficient().unsigned_abs().to_string();
        let length = digits.len() as i32;
        let point = length + self.exponent;
        if self.is_negative() {
            f.write_str("-")?;
        }
        if self.exponent > 0 && point > PLAIN_DIGITS_MAX || point < -PLAIN_DIGITS_MAX {
            let (first, rest) = digits.split_at(1);
            f.write_str(first)?;
            if !rest.is_empty() {
                write!(f, ".{rest}")?;
            }
            return write!(f, "E{:+}", point - 1);
        }
        if self.exponent >= 0 {
            let zeros = if self.is_zero() { 0 } else { self.exponent };
            return write!(f, "{digits}{:0<1$}", "", zeros as usize);
        }
        if point > 0 {
            let (whole, fraction) = digits.split_at(point as usize);
            write!(f, "{whole}.{fraction}")
        } else {
            write!(f, "0.{:0<1$}{digits}", "", (-point) as usize)
        }
    }
}

impl From<i64> for Decimal {
    fn from(n: i64) -> Self {
        Decimal::raw(i128::from(n), 0)
    }
}

impl From<usize> for Decimal {
    fn from(n: usize) -> Self {
        Decimal::raw(n as i128, 0)
    }
}
