//! Whether two normalized JSON values are the same value. Must not decode more than it has to.

use feel::{Decimal, json};

/// Levels that are compared; normalized values have no more.
const DEPTH_MAX: u32 = 128;
/// Longer numbers are compared as they are written, since a decimal would round them.
const NUMBER_DIGITS_MAX: usize = 34;

/// Numbers are compared as numbers, objects without regard to the order of their fields.
pub(crate) fn equal(left: &[u8], right: &[u8]) -> bool {
    equal_within(left, right, DEPTH_MAX)
}

fn equal_within(left: &[u8], right: &[u8], depth: u32) -> bool {
    if left == right {
        return true;
    }
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    match (left.first(), right.first()) {
        (Some(b'{'), Some(b'{')) => objects_equal(left, right, depth),
        (Some(b'['), Some(b'[')) => {
            let mut right = json::elements(right);
            let same = json::elements(left).all(|left| {
                right
                    .next()
                    .is_some_and(|right| equal_within(left, right, depth))
            });
            same && right.next().is_none()
        }
        (Some(b'-' | b'0'..=b'9'), Some(b'-' | b'0'..=b'9')) => numbers_equal(left, right),
        // Text, true, false and null are written in one way only.
        _ => false,
    }
}

fn objects_equal(left: &[u8], right: &[u8], depth: u32) -> bool {
    let sorted = |object| {
        let mut fields = json::raw_fields(object).collect::<Vec<_>>();
        fields.sort_unstable();
        fields
    };
    let (left, right) = (sorted(left), sorted(right));
    left.len() == right.len()
        && left
            .iter()
            .zip(right)
            .all(|((left_name, left), (right_name, right))| {
                *left_name == right_name && equal_within(left, right, depth)
            })
}

fn numbers_equal(left: &[u8], right: &[u8]) -> bool {
    if left.len().max(right.len()) > NUMBER_DIGITS_MAX {
        return false;
    }
    let (left, right) = (Decimal::parse(left), Decimal::parse(right));
    left.is_some() && left == right
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(left: &str, right: &str) -> bool {
        let normal = |text: &str| json::normalize(text.as_bytes(), &json::Limits::default());
        let (left, right) = (normal(left), normal(right));
        equal(&left.expect("JSON"), &right.expect("JSON"))
    }

    #[test]
    fn values_are_compared_not_texts() {
        for (left, right) in [
            ("1", "1.0"),
            ("100", "1e2"),
            ("-0", "0"),
            (r#""a\u0062""#, r#""ab""#),
            (r#"{"a":1,"b":[2.50]}"#, r#"{ "b":[2.5], "a":1.0 }"#),
            ("null", "null"),
        ] {
            assert!(compare(left, right), "{left} {right}");
        }
    }

    #[test]
    fn different_values_differ() {
        for (left, right) in [
            ("1", "2"),
            ("1", r#""1""#),
            ("true", "false"),
            ("null", "0"),
            ("[1]", "[1,2]"),
            ("[1,2]", "[1]"),
            (r#"{"a":1}"#, r#"{"a":1,"b":1}"#),
            (r#"{"a":1}"#, r#"{"b":1}"#),
            (
                "1234567890123456789012345678901234567890",
                "1234567890123456789012345678901234567891",
            ),
        ] {
            assert!(!compare(left, right), "{left} {right}");
        }
    }
}
