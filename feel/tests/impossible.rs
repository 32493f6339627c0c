//! What is null, or not true, whatever the variables are is told before anything runs, and really is so.

use feel::Environment;

/// Each has one part that is never true or always null, and is so because of it.
const IMPOSSIBLE: &[(&str, &str)] = &[
    (
        "1 = \"1\"",
        "`1` is a number and `\"1\"` is text: comparing them is never true",
    ),
    (
        "count(a) > \"3\"",
        "`count(a)` is a number and `\"3\"` is text: comparing them is never true",
    ),
    (
        "upper case(a) < 5",
        "`upper case(a)` is text and `5` is a number: comparing them is never true",
    ),
    (
        "(a + 1 > 2) = 1",
        "`a + 1 > 2` is true or false and `1` is a number: comparing them is never true",
    ),
    (
        "true < false",
        "`true` is true or false, which has no order: this is always null",
    ),
    (
        "@\"2024-01-01\" > @\"P1D\"",
        "`@\"2024-01-01\"` is a date and `@\"P1D\"` is a duration of days and time: comparing them is never true",
    ),
    (
        "5 between \"a\" and 7",
        "`5` is a number and `\"a\"` is text: comparing them is never true",
    ),
    (
        "5 in [\"a\"..\"b\"]",
        "`5` is a number and `\"a\"` is text: comparing them is never true",
    ),
    ("\"a\" * a", "`\"a\"` is text: `*` of it is always null"),
    (
        "a - {b: 1}",
        "`{b: 1}` is a context: `-` of it is always null",
    ),
    (
        "true + 1",
        "`true` is true or false: `+` of it is always null",
    ),
    (
        "5 + \"a\"",
        "`5` and `\"a\"` are a number and text: adding them is always null",
    ),
    (
        "(if a then 1 else 2) = \"1\"",
        "`if a then 1 else 2` is a number and `\"1\"` is text: comparing them is never true",
    ),
];

/// What depends on variables, and what is well.
const POSSIBLE: &[&str] = &[
    "a = 1",
    "a > b",
    "1 + a",
    "count(a) != \"3\"",
    "\"a\" + \"b\"",
    "a = null",
    "null = 1",
    "[1] = 1",
    "1 in [1, 2]",
    "today() < now()",
    "date(a) = @\"2024-01-01\"",
    "@\"2024-01-02\" - @\"2024-01-01\" > @\"P1D\"",
    "-@\"P1D\" < @\"P2D\"",
    "abs(a) = @\"P1D\"",
    "if 1 > 2 then 1 else \"b\"",
];

#[test]
fn what_is_never_true_is_told() {
    for (text, expected) in IMPOSSIBLE {
        let expression = feel::parse(text).expect("it is FEEL");
        let found: Vec<String> = expression.impossible().map(|(_, why)| why).collect();
        assert_eq!(found.first().map(String::as_str), Some(*expected), "{text}");
        for a in [&b"{}"[..], b"{\"a\":1}", b"{\"a\":\"x\"}", b"{\"a\":[1]}"] {
            let value = expression.evaluate(&Environment::new(&a, 0));
            let value = value.expect("no budget is used up");
            let is_never = expected.ends_with("never true");
            let is_so = value.is_null() || is_never && value.as_boolean() == Some(false);
            assert!(is_so, "{text} gave {value}");
        }
    }
}

#[test]
fn what_may_be_something_is_not() {
    for text in POSSIBLE {
        let expression = feel::parse(text).expect("it is FEEL");
        assert_eq!(expression.impossible().next(), None, "{text}");
    }
}

#[test]
fn it_is_told_where() {
    let expression = feel::parse("if a then b\nelse 1 = \"1\"").expect("it is FEEL");
    let places: Vec<String> = expression
        .impossible()
        .map(|(at, _)| at.to_string())
        .collect();
    assert_eq!(places, ["line 2, column 6"]);
}
