//! Regular expressions from anybody: bounded in time, without panics, and chance that a seed decides.

use feel::{Environment, EvalErrorKind, json};
use proptest::prelude::*;
use std::time::{Duration, Instant};

/// Evaluates over a text `t` and a pattern `p`.
fn evaluate(expression: &str, text: &str, pattern: &str) -> Result<String, EvalErrorKind> {
    let mut variables = Vec::new();
    let mut writer = json::ObjectWriter::new(&mut variables);
    writer.string("t", text);
    writer.string("p", pattern);
    writer.end();
    let expression = feel::parse(expression).unwrap();
    let value = expression.evaluate(&Environment::new(&variables, 0));
    value.map(|v| v.to_string()).map_err(|e| e.kind)
}

/// However a pattern backtracks, the evaluation ends soon: with a result, or out of its budget.
#[test]
fn backtracking_ends() {
    let long = "a".repeat(60_000);
    let rows = [
        (r"^(a+)+\1b$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        (r"^(a|a)*(?=b)\1$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        (r"(?=.*x)(?=.*y)(.*)\1z", &long),
        (r"(.*)(.*)(.*)\1\2\3x", &long),
        (r"(?:a*a*a*)*(?!a)b", &long),
    ];
    let start = Instant::now();
    for (pattern, text) in rows {
        let result = evaluate("matches(t, p)", text, pattern);
        let ended = matches!(result.as_deref(), Ok("false") | Err(EvalErrorKind::Steps));
        assert!(ended, "{pattern}: {result:?}");
        let all = "count(for i in 1..1000 return matches(t, p))";
        let result = evaluate(all, text, pattern);
        let ended = matches!(result.as_deref(), Ok("1000") | Err(EvalErrorKind::Steps));
        assert!(ended, "{pattern}: {result:?}");
    }
    // Debug builds on a busy machine: what matters is that it is not minutes.
    assert!(start.elapsed() < Duration::from_secs(60));
}

/// What people write with look-around fits the budget many times.
#[test]
fn backtracking_that_means_well_is_cheap() {
    let password = r"^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*[^\w\s]).{8,64}$";
    let all = "count((for i in 1..500 return matches(t, p))[item])";
    assert_eq!(
        evaluate(all, "Corr3ct-horse", password).as_deref(),
        Ok("500")
    );
    assert_eq!(evaluate(all, "horse", password).as_deref(), Ok("0"));
}

#[test]
fn the_seed_decides_chance() {
    let draw = |seed: u128| {
        let expression = feel::parse("[uuid(), random number(), uuid()]").unwrap();
        let environment = Environment {
            seed,
            ..Environment::new(&(), 0)
        };
        expression.evaluate(&environment).unwrap().to_string()
    };
    assert_eq!(draw(7), draw(7));
    assert_ne!(draw(7), draw(8));
    assert_ne!(draw(7), draw(7 + (1 << 64)));
    // Fixed once and for all: a log that is replayed must give the same.
    assert_eq!(
        draw(0),
        "[\"48218226-ff3c-44bf-8d73-fe3de975ac26\", 0.481558582355503319, \"39598f1a-5f53-4b75-adf0-7fa2c6ffa2c7\"]"
    );
}

proptest! {
    #[test]
    fn patterns_never_panic(
        pattern in r"[-a-c0-3\\\[\](){}^$|*+?.,&:=!<>#dDwWsSpPiIcCkxuQEZRbnL 🐎]{0,24}",
        text in "[a-cA-C0-3 \n🐎-]{0,12}",
        flags in "[smixq]{0,3}",
    ) {
        let call = format!("[matches(t, p, \"{flags}\"), replace(t, p, \"<$0>\"), split(t, p), extract(t, p)]");
        match evaluate(&call, &text, &pattern) {
            Ok(_) | Err(EvalErrorKind::Steps) => (),
            Err(other) => prop_assert!(false, "{pattern}: {other:?}"),
        }
    }

    /// A literal text, however it is written, matches itself alone.
    #[test]
    fn literal_patterns_match_themselves(text in "\\PC{0,12}", other in "\\PC{0,12}") {
        let found = evaluate("matches(t, p, \"q\")", &text, &text);
        prop_assert_eq!(found.as_deref(), Ok("true"));
        let found = evaluate("matches(t, p, \"q\") = contains(t, p)", &text, &other);
        prop_assert_eq!(found.as_deref(), Ok("true"));
    }
}
