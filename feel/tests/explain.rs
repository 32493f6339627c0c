//! Warnings: what became null, where and why. Each row is an expression and the warnings in order, as
//! `COLUMN KIND MESSAGE`.

use feel::{Environment, json};

const VARIABLES: &str = r#"{"a":{"b":1},"list":[1,2,3],"text":"x","n":5}"#;

fn warnings(text: &str) -> Vec<String> {
    let variables = json::normalize_object(VARIABLES.as_bytes(), &json::Limits::default()).unwrap();
    let expression = feel::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
    let environment = Environment::new(&variables, 0);
    let (value, warnings) = expression.explain(&environment);
    let plain = expression.evaluate(&environment).unwrap();
    assert_eq!(value.unwrap().to_string(), plain.to_string(), "{text}");
    let line = |w: &feel::Warning| {
        assert_eq!(w.position.line, 1);
        format!("{} {} {}", w.position.column, w.kind.name(), w.message)
    };
    warnings.iter().map(line).collect()
}

#[test]
fn each_null_has_its_reason() {
    let rows: &[(&str, &[&str])] = &[
        ("1 + 2", &[]),
        (
            "missing",
            &["1 NO_VARIABLE_FOUND there is no variable `missing`"],
        ),
        (
            "n + missing",
            &[
                "5 NO_VARIABLE_FOUND there is no variable `missing`",
                "5 INVALID_TYPE `+` has no result for 5 and null",
            ],
        ),
        (
            "a.c",
            &["2 NO_CONTEXT_ENTRY_FOUND the context has no entry `c`: {b: 1}"],
        ),
        ("n.c", &["2 NO_PROPERTY_FOUND 5 has no property `c`"]),
        (
            "n < text",
            &["1 NOT_COMPARABLE a number does not compare with a string: 5 and \"x\""],
        ),
        (
            "n in [\"a\"..\"b\"]",
            &["6 NOT_COMPARABLE a number does not compare with a range: 5 and [\"a\"..\"b\"]"],
        ),
        ("n / 0", &["5 NO_RESULT `/` has no result for 5 and 0"]),
        (
            "list[4]",
            &["5 OUT_OF_BOUNDS the list has 3 items, none at the index 4"],
        ),
        ("[null][1]", &[]),
        (
            "-text",
            &["2 INVALID_TYPE `-` takes a number or duration, found \"x\""],
        ),
        (
            "if n then 1 else 2",
            &["4 INVALID_TYPE `if` takes true or false, found 5"],
        ),
        (
            "n and true",
            &["1 INVALID_TYPE `and` takes true or false, found 5"],
        ),
        (
            "for x in null return x",
            &["1 INVALID_TYPE `for` runs over a list, or over a range of whole numbers or dates"],
        ),
        (
            "(n)()",
            &["4 NOT_A_FUNCTION only a function can be called, found 5"],
        ),
        (
            "(function(x) x)(1, 2)",
            &["16 WRONG_ARGUMENT_COUNT the function takes 1 arguments, found 2"],
        ),
        (
            "(function(x: string) x)(1)",
            &["24 INVALID_ARGUMENT the function takes string as `x`, found 1"],
        ),
        (
            "[1..\"a\"]",
            &["1 NOT_COMPARABLE the ends of a range are of one type that has an order"],
        ),
    ];
    for (text, expected) in rows {
        assert_eq!(warnings(text), *expected, "{text}");
    }
}

#[test]
fn functions_say_which_argument_is_wrong() {
    for (text, expected) in [
        (
            "substring(n, 1)",
            "INVALID_ARGUMENT `substring` takes a string as `string`, found 5",
        ),
        (
            "substring(text, \"b\")",
            "INVALID_ARGUMENT `substring` takes a number as `start position`, found \"b\"",
        ),
        (
            "date(\"2024-13-01\")",
            "FUNCTION_INVOCATION_FAILURE `date` gives null: there is no such date",
        ),
        (
            "date(n)",
            "INVALID_ARGUMENT `date` takes a string or a date or a date and time as `from`, found 5",
        ),
        (
            "modulo(n, 0)",
            "FUNCTION_INVOCATION_FAILURE `modulo` gives null: the divisor is zero, or the quotient has more than 34 digits",
        ),
        (
            "matches(text, \"(\")",
            "FUNCTION_INVOCATION_FAILURE the regular expression is wrong: a `)` is missing",
        ),
        (
            "sum([1, \"a\"])",
            "INVALID_ARGUMENT `sum` takes a list of numbers or of durations as `list`, found [1, \"a\"]",
        ),
        (
            "number(\"abc\")",
            "FUNCTION_INVOCATION_FAILURE `number` gives null: the text is not a number with these separators",
        ),
        (
            "context put(text, \"a\", 1)",
            "INVALID_ARGUMENT `context put` takes a context as `context`, found \"x\"",
        ),
    ] {
        let told: Vec<String> = warnings(text)
            .iter()
            .map(|w| w.split_once(' ').unwrap().1.to_owned())
            .collect();
        assert_eq!(told, [expected], "{text}");
    }
    for text in ["get value(a, \"x\")", "min([])", "get or else(null, null)"] {
        assert!(warnings(text).is_empty(), "{text}");
    }
}

/// A loop tells a few of its items, and a long value is cut.
#[test]
fn warnings_are_bounded() {
    let many = warnings("for i in 1..500 return i + string(i)");
    assert_eq!(many.len(), 5);
    let positions: String = (0..300).map(|i| format!("missing{i}, ")).collect();
    assert_eq!(warnings(&format!("[{positions}1]")).len(), 100);
    let long = warnings("{l: for i in 1..500 return i, r: l + 1}.r");
    assert_eq!(long.len(), 1);
    assert!(long[0].chars().count() < 150, "{}", long[0]);
    assert!(long[0].contains('…'));
}

/// Warnings come with the error that ended the evaluation.
#[test]
fn an_error_keeps_the_warnings_before_it() {
    let expression = feel::parse("assert(missing, missing != null, \"no value\")").unwrap();
    let (result, warnings) = expression.explain(&Environment::new(&(), 0));
    assert_eq!(result.unwrap_err().message, "no value");
    assert_eq!(warnings.len(), 2);
    assert_eq!(
        warnings[0].to_string(),
        "line 1, column 8: there is no variable `missing`"
    );
}
