//! Decimal numbers against decNumber itself, and against values worked out by hand.

use dec::{Context, Decimal128};
use feel::{Decimal, Rounding};
use proptest::prelude::*;

fn number(text: &str) -> Decimal {
    text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
}

#[test]
fn reads_and_prints() {
    for (text, printed) in [
        ("0", "0"),
        ("-0", "0"),
        ("0.00", "0.00"),
        ("007", "7"),
        (".5", "0.5"),
        ("1e0", "1"),
        ("1E+5", "100000"),
        ("1.5e-7", "0.00000015"),
        ("-1.20", "-1.20"),
        ("1e39", "1000000000000000000000000000000000000000"),
        ("1e40", "1E+40"),
        ("12e40", "1.2E+41"),
        ("1e-50", "1E-50"),
        (
            "9999999999999999999999999999999999",
            "9999999999999999999999999999999999",
        ),
        (
            "99999999999999999999999999999999995",
            "100000000000000000000000000000000000",
        ),
        (
            "99999999999999999999999999999999985",
            "99999999999999999999999999999999980",
        ),
        (
            "1.00000000000000000000000000000000005",
            "1.000000000000000000000000000000000",
        ),
        (
            "1.00000000000000000000000000000000015",
            "1.000000000000000000000000000000000",
        ),
        (
            "1.0000000000000000000000000000000005",
            "1.000000000000000000000000000000000",
        ),
        (
            "1.0000000000000000000000000000000015",
            "1.000000000000000000000000000000002",
        ),
        (
            "1.00000000000000000000000000000000050000000000000000001",
            "1.000000000000000000000000000000001",
        ),
        ("1e6144", "1.000000000000000000000000000000000E+6144"),
        ("9007199254740993", "9007199254740993"),
    ] {
        assert_eq!(number(text).to_string(), printed, "{text}");
    }
}

#[test]
fn refuses_what_is_not_a_number() {
    for text in [
        "",
        "-",
        ".",
        "1.",
        "+1",
        "1e",
        "1e+",
        "e5",
        "1.2.3",
        "0x10",
        "1_000",
        "NaN",
        "Infinity",
        "1e6145",
        "1e99999999999",
        " 1",
        "１",
    ] {
        assert!(text.parse::<Decimal>().is_err(), "{text}");
    }
}

#[test]
fn integers() {
    for (text, integer) in [
        ("5", Some(5)),
        ("5.00", Some(5)),
        ("5.5", None),
        ("1e3", Some(1000)),
        ("9223372036854775807", Some(i64::MAX)),
        ("-9223372036854775808", Some(i64::MIN)),
        ("9223372036854775808", None),
        ("1e400", None),
        ("0e400", Some(0)),
        ("1e-400", None),
    ] {
        assert_eq!(number(text).to_i64(), integer, "{text}");
        assert_eq!(
            number(text).is_integer(),
            integer.is_some() || text == "1e400" || text == "9223372036854775808",
            "{text}"
        );
    }
}

#[test]
fn rounding() {
    use Rounding::{Ceiling, Down, Floor, HalfDown, HalfEven, HalfUp, Up};
    for (text, scale, rounding, expected) in [
        ("2.5", 0, HalfEven, "2"),
        ("3.5", 0, HalfEven, "4"),
        ("-2.5", 0, HalfEven, "-2"),
        ("2.5", 0, HalfUp, "3"),
        ("-2.5", 0, HalfUp, "-3"),
        ("2.5", 0, HalfDown, "2"),
        ("2.51", 0, HalfDown, "3"),
        ("2.1", 0, Up, "3"),
        ("-2.1", 0, Up, "-3"),
        ("2.9", 0, Down, "2"),
        ("-2.1", 0, Ceiling, "-2"),
        ("2.1", 0, Ceiling, "3"),
        ("-2.1", 0, Floor, "-3"),
        ("1234.5678", 2, HalfEven, "1234.57"),
        ("1234", -2, HalfUp, "1200"),
        ("1250", -2, HalfEven, "1200"),
        ("1e-60", 2, Up, "0.01"),
        ("1e-60", 2, HalfUp, "0.00"),
        ("5", 2, HalfUp, "5"),
    ] {
        let rounded = number(text).round(scale, rounding).map(|n| n.to_string());
        assert_eq!(
            rounded.as_deref(),
            Some(expected),
            "{text} {scale} {rounding:?}"
        );
    }
}

#[test]
fn order_across_scales() {
    let ascending = [
        "-1e6000",
        "-1e34",
        "-1.1",
        "-1",
        "-1e-6000",
        "0",
        "1e-6000",
        "0.99",
        "1",
        "1.000000000000000000000000000000001",
        "1e34",
        "1e6000",
    ];
    for (i, a) in ascending.iter().enumerate() {
        for (j, b) in ascending.iter().enumerate() {
            assert_eq!(number(a).cmp(&number(b)), i.cmp(&j), "{a} {b}");
        }
    }
    assert_eq!(number("1.0"), number("1.00"));
    assert_eq!(number("0e5"), number("0"));
}

/// The result of decNumber with the same 34 digits, `None` when it is not finite.
fn reference(
    a: &str,
    b: &str,
    operation: impl Fn(&mut Context<Decimal128>, Decimal128, Decimal128) -> Decimal128,
) -> Option<Decimal128> {
    let mut context = Context::<Decimal128>::default();
    let (a, b) = (context.parse(a).unwrap(), context.parse(b).unwrap());
    Some(operation(&mut context, a, b)).filter(|n| n.is_finite())
}

fn same(ours: Option<Decimal>, reference: Option<Decimal128>) -> Result<(), TestCaseError> {
    let mut context = Context::<Decimal128>::default();
    match (ours, reference) {
        (None, None) => Ok(()),
        (Some(ours), Some(reference)) => {
            let ours: Decimal128 = context.parse(ours.to_string().as_str()).unwrap();
            prop_assert_eq!(
                context.partial_cmp(ours, reference),
                Some(std::cmp::Ordering::Equal)
            );
            Ok(())
        }
        (ours, reference) => {
            prop_assert!(false, "{ours:?} {reference:?}");
            Ok(())
        }
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "-?[0-9]{1,6}",
        "-?[0-9]{1,20}\\.[0-9]{1,20}",
        "-?[1-9][0-9]{0,40}(\\.[0-9]{1,10})?",
        "-?[0-9]\\.[0-9]{1,33}e-?[0-9]{1,3}",
        "-?[0-9]{1,34}e-?[0-9]{1,4}".prop_filter("in range", |t| t.parse::<Decimal>().is_ok()),
    ]
}

proptest! {
    #[test]
    fn arithmetic_is_that_of_decnumber(a in text(), b in text()) {
        let (x, y) = (number(&a), number(&b));
        let both = |operation: fn(&mut Context<Decimal128>, Decimal128, Decimal128) -> Decimal128| {
            reference(&a, &b, operation)
        };
        same(x.plus(y), both(Context::<Decimal128>::add))?;
        same(x.minus(y), both(Context::<Decimal128>::sub))?;
        same(x.times(y), both(Context::<Decimal128>::mul))?;
        same(x.divided_by(y), both(Context::<Decimal128>::div))?;
    }

    #[test]
    fn order_is_that_of_decnumber(a in text(), b in text()) {
        let mut context = Context::<Decimal128>::default();
        let (x, y) = (context.parse(a.as_str()).unwrap(), context.parse(b.as_str()).unwrap());
        prop_assert_eq!(Some(number(&a).cmp(&number(&b))), context.partial_cmp(x, y));
    }

    #[test]
    fn printed_numbers_read_back(a in text()) {
        let n = number(&a);
        let again = number(&n.to_string());
        prop_assert_eq!(again, n);
        prop_assert_eq!(again.to_string(), n.to_string());
    }

    #[test]
    fn modulo_is_below_its_divisor(a in -1_000_000_i64..1_000_000, b in -1000_i64..1000) {
        let expected = (b != 0).then(|| {
            let remainder = a % b;
            Decimal::from(if remainder != 0 && (remainder < 0) != (b < 0) { remainder + b } else { remainder })
        });
        prop_assert_eq!(Decimal::from(a).modulo(Decimal::from(b)), expected);
    }
}
