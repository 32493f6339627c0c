//! Hostile expressions: bounded in depth, steps and size, with an error that says so, never a crash.
//! Test threads have 2 MiB of stack, which is the point of some of these.

use feel::{Budget, Environment, EvalErrorKind, json};

fn kind(text: &str, budget: Budget) -> Result<String, EvalErrorKind> {
    let expression = feel::parse(text).unwrap_or_else(|e| panic!("{e}"));
    let environment = Environment {
        variables: &(),
        now_ms: 0,
        budget,
        seed: 0,
    };
    let mut out = Vec::new();
    let written = expression.evaluate_json(&environment, &mut out);
    let value = expression.evaluate(&environment);
    assert_eq!(written.is_ok(), value.is_ok(), "{text}");
    value.map(|v| v.to_string()).map_err(|e| e.kind)
}

fn evaluate(text: &str, environment: &Environment<'_>) -> Result<String, EvalErrorKind> {
    let expression = feel::parse(text).unwrap_or_else(|e| panic!("{e}"));
    let value = expression.evaluate(environment);
    value.map(|v| v.to_string()).map_err(|e| e.kind)
}

fn fails(text: &str, expected: EvalErrorKind) {
    let result = kind(text, Budget::default());
    assert_eq!(result.err(), Some(expected), "{text}");
}

#[test]
fn deep_text_is_refused_when_parsed() {
    for open in [
        "(",
        "[",
        "{a:",
        "-",
        "if ",
        "f(",
        "not(",
        "[1..",
        "1 + (",
        "x in (",
        "for x in ",
        "function() ",
    ] {
        for times in [200, 50_000] {
            let text = open.repeat(times);
            assert!(feel::parse(&text).is_err(), "{times} × {open}");
        }
    }
    let megabyte = "(".repeat(1 << 20);
    let error = feel::parse(&megabyte).unwrap_err();
    assert!(error.message.contains("limit"), "{error}");
    let error = feel::parse(&"(".repeat(100_000)).unwrap_err();
    assert!(error.message.contains("nested deeper"), "{error}");
    let paths = format!("a{}", ".b".repeat(100_000));
    assert!(feel::parse(&paths).is_err());
    let calls = format!("a{}", "[1]".repeat(80_000));
    assert!(feel::parse(&calls).is_err());
}

#[test]
fn the_deepest_accepted_text_evaluates_and_prints() {
    let mut deepest = 0;
    for times in 1..200 {
        let text = format!("{}1{}", "[".repeat(times), "]".repeat(times));
        let Ok(expression) = feel::parse(&text) else {
            break;
        };
        deepest = times;
        assert!(!expression.to_string().is_empty());
        assert!(kind(&text, Budget::default()).is_ok());
    }
    assert!(deepest >= 100, "only {deepest} levels");
}

#[test]
fn long_chains_are_not_deep() {
    let sum = format!("1{}", " + 1".repeat(50_000));
    assert_eq!(kind(&sum, Budget::default()).as_deref(), Ok("50001"));
    let all = format!("true{}", " and true".repeat(20_000));
    assert_eq!(kind(&all, Budget::default()).as_deref(), Ok("true"));
    let list = format!("count([1{}])", ", 1".repeat(50_000));
    assert_eq!(kind(&list, Budget::default()).as_deref(), Ok("50001"));
}

#[test]
fn endless_loops_run_out_of_steps() {
    fails("for i in 1..1000000000000 return i", EvalErrorKind::Steps);
    fails(
        "count(for i in 1..1000000000000 return 1)",
        EvalErrorKind::Steps,
    );
    fails(
        "some x in 1..9000000000000000000 satisfies x < 0",
        EvalErrorKind::Steps,
    );
    fails(
        "every a in 1..9999, b in 1..9999, c in 1..9999 satisfies a + b + c > 0",
        EvalErrorKind::Steps,
    );
    fails("for i in 1..100000 return partial", EvalErrorKind::Size);
    fails(
        "{f: function(n) f(n - 1) + f(n - 2), r: f(200)}",
        EvalErrorKind::Depth,
    );
    fails(
        "{f: function(n) if n < 2 then n else f(n - 1) + f(n - 2), r: f(40)}",
        EvalErrorKind::Steps,
    );
    fails(
        "for d in @\"-999999999-01-01\"..@\"999999999-01-01\" return d",
        EvalErrorKind::Steps,
    );
}

#[test]
fn endless_recursion_runs_out_of_depth() {
    fails("{f: function(n) f(n + 1), r: f(0)}", EvalErrorKind::Depth);
    fails("{f: function(n) [f(n + 1)], r: f(0)}", EvalErrorKind::Depth);
    fails(
        "{f: function(n) if true then {a: f([n])}.a else 0, r: f(0)}",
        EvalErrorKind::Depth,
    );
    fails(
        "{f: function(a, b) sort([1, 2, 3], f)[1] = 1, r: f(1, 2)}",
        EvalErrorKind::Depth,
    );
    fails(
        "{f: function(n) some x in [1, 2] satisfies f(x), r: f(0)}",
        EvalErrorKind::Depth,
    );
}

#[test]
fn what_an_evaluation_builds_is_bounded() {
    // Each item holds the one before it: deep, not long.
    fails(
        "for i in 1..5000 return if i = 1 then [] else [partial[-1]]",
        EvalErrorKind::Depth,
    );
    // Each item holds the one before it twice: little memory, endless when printed.
    fails(
        "for i in 1..100 return if i = 1 then [1] else [partial[-1], partial[-1]]",
        EvalErrorKind::Size,
    );
    fails(
        "{f: function(s, n) if n = 0 then s else f(s + s, n - 1), r: f(\"0123456789\", 50)}",
        EvalErrorKind::Steps,
    );
    fails(
        "{f: function(l, n) if n = 0 then l else f(concatenate(l, l), n - 1), r: f([1], 50)}",
        EvalErrorKind::Steps,
    );
    fails(
        "for i in 1..5000 return if i = 1 then function() 1 else (function(g) function() g)(partial[-1])",
        EvalErrorKind::Depth,
    );
    let large = format!(
        "replace(\"{}\", \"a\", \"{}\")",
        "a".repeat(60_000),
        "b".repeat(60_000)
    );
    fails(&large, EvalErrorKind::Steps);
    let joined = format!(
        "string join(for i in 1..90000 return \"a\", \"{}\")",
        "b".repeat(60_000)
    );
    fails(&joined, EvalErrorKind::Steps);
}

#[test]
fn regular_expressions_stay_linear() {
    let input = "a".repeat(5_000);
    let text = format!("matches(\"{input}\", \"^(a+)+b$\")");
    assert_eq!(kind(&text, Budget::default()).as_deref(), Ok("false"));
    let text = "matches(\"a\", \"(((a{1,999}){1,999}){1,999})\")";
    assert_eq!(kind(text, Budget::default()).as_deref(), Ok("null"));
}

#[test]
fn a_small_budget_says_where_it_ended() {
    let expression = feel::parse("1 +\n  sum(for i in 1..100 return i)").unwrap();
    let environment = Environment {
        variables: &(),
        now_ms: 0,
        budget: Budget {
            steps: 20,
            ..Budget::default()
        },
        seed: 0,
    };
    let error = expression.evaluate(&environment).unwrap_err();
    assert_eq!(error.kind, EvalErrorKind::Steps);
    assert_eq!(error.position.line, 2);
    assert!(error.to_string().starts_with("line 2, column "), "{error}");
}

#[test]
fn assertions_fail_with_their_cause() {
    let expression = feel::parse("assert(x, x > 5, \"x is too small\")").unwrap();
    let variables = json::normalize_object(b"{\"x\": 3}", &json::Limits::default()).unwrap();
    let error = expression
        .evaluate(&Environment::new(&variables, 0))
        .unwrap_err();
    assert_eq!(error.kind, EvalErrorKind::Assertion);
    assert_eq!(error.message, "x is too small");
}

/// Whatever the step at which the budget ends, the evaluation ends with an error or the same value.
#[test]
fn any_budget_ends_cleanly() {
    let text =
        "{l: for i in 1..5 return {a: i}, f: function(x) x.a, r: l[f(item) > 2].a, s: string(r)}.s";
    let whole = kind(text, Budget::default());
    assert_eq!(whole.as_deref(), Ok("\"[3, 4, 5]\""));
    let expression = feel::parse(text).unwrap();
    for steps in 0..400 {
        let budget = Budget {
            steps,
            ..Budget::default()
        };
        let environment = Environment {
            variables: &(),
            now_ms: 0,
            budget,
            seed: 0,
        };
        match expression.evaluate(&environment) {
            Ok(value) => assert_eq!(Ok(value.to_string()), whole),
            Err(error) => assert_eq!(error.kind, EvalErrorKind::Steps),
        }
    }
}

/// Variables may nest deeper than what an evaluation may build: they are walked all the same.
#[test]
fn the_deepest_variables_are_walked() {
    let depth = json::Limits::DEPTH_MAX;
    let text = format!(
        "{{\"v\":{}1{}}}",
        "[".repeat(depth - 1),
        "]".repeat(depth - 1)
    );
    let limits = json::Limits {
        bytes: 1 << 20,
        depth: usize::MAX,
    };
    let variables = json::normalize_object(text.as_bytes(), &limits).unwrap();
    let environment = Environment::new(&variables, 0);
    let evaluate = |text: &str| {
        feel::parse(text)
            .unwrap()
            .evaluate(&environment)
            .map(|v| v.into_owned().to_string())
    };
    assert!(evaluate("v").unwrap().starts_with("[[["));
    assert!(evaluate("string(v)").unwrap().starts_with("\"[[["));
    assert_eq!(evaluate("flatten(v)").as_deref(), Ok("[1]"));
    assert_eq!(evaluate("v = v").unwrap_err().kind, EvalErrorKind::Depth);
}

/// A look-up reads the variables: large ones may not make a small expression slow.
#[test]
fn reading_large_variables_costs_steps() {
    let text = format!("{{\"big\":\"{}\",\"x\":1}}", "a".repeat(1 << 20));
    let variables = json::normalize_object(text.as_bytes(), &json::Limits::default()).unwrap();
    let environment = Environment::new(&variables, 0);
    let evaluate = |text: &str| evaluate(text, &environment);
    assert_eq!(
        evaluate("count(for i in 1..9999 return x)").as_deref(),
        Ok("9999")
    );
    let reads = format!("x{}", " + x".repeat(20_000));
    assert_eq!(evaluate(&reads), Err(EvalErrorKind::Steps));
}

/// What prints long is large, whatever kind of value it is.
#[test]
fn ranges_functions_and_names_are_as_large_as_their_text() {
    let long = "a".repeat(100_000);
    let items = [
        format!("[\"{long}\"..\"{long}\"]"),
        format!("function() \"{long}\""),
        format!("{{\"{long}\": 1}}"),
    ];
    for item in items {
        let list = format!("{{r: {item}, l: for i in 1..1900 return r}}.l");
        assert_eq!(kind(&list, Budget::default()), Err(EvalErrorKind::Size));
        let text = format!("string({item})");
        let small = Budget {
            steps: 1_000,
            ..Budget::default()
        };
        assert_eq!(kind(&text, small), Err(EvalErrorKind::Steps));
        assert!(kind(&text, Budget::default()).is_ok());
    }
}

/// Reading and comparing large variables is paid for by their length.
#[test]
fn large_values_are_not_walked_for_nothing() {
    let text = "\\n".repeat(200_000);
    let list = format!("[{}1]", "1,".repeat(200_000));
    let entry = format!("{{\"other\":\"{text}\",\"key\":\"a\",\"value\":1}}");
    let json =
        format!("{{\"big\":\"{text}\",\"same\":\"{text}\",\"list\":{list},\"entry\":{entry}}}");
    let limits = json::Limits {
        bytes: 16 << 20,
        ..json::Limits::default()
    };
    let variables = json::normalize_object(json.as_bytes(), &limits).unwrap();
    let environment = Environment::new(&variables, 0);
    let evaluate = |text: &str| evaluate(text, &environment);
    // Decoded once.
    assert_eq!(
        evaluate("count(for i in 1..9999 return big = null)").as_deref(),
        Ok("9999")
    );
    for body in [
        "count(list)",
        "context([entry])",
        "big = same",
        "[big] = [same]",
        "big between same and same",
        "big in [same..same]",
        "[big..big] = [same..same]",
        "before([big..big], [same..same])",
        "min(big, same, big)",
        "sort([big, same])",
    ] {
        let text = format!("for i in 1..9999 return {body}");
        assert_eq!(evaluate(&text), Err(EvalErrorKind::Steps), "{body}");
    }
}

/// Compiling is dear: the same expression is compiled once, others are paid for one by one.
#[test]
fn regular_expressions_are_compiled_once_in_a_row() {
    let same = "count(for i in 1..9999 return matches(\"a1\", \"\\w\\d\"))";
    assert_eq!(kind(same, Budget::default()).as_deref(), Ok("9999"));
    let others = "for i in 1..9999 return matches(\"a\", string(i))";
    assert_eq!(kind(others, Budget::default()), Err(EvalErrorKind::Steps));
    let input = "a".repeat(60_000);
    let long = format!("for i in 1..999 return matches(\"{input}\", \"b$\")");
    assert_eq!(kind(&long, Budget::default()), Err(EvalErrorKind::Steps));
    // What people write fits.
    for pattern in [
        r"^[\\w.+-]+@[\\w-]+\\.[\\w.]{2,12}$",
        r"^\\p{L}[\\p{L} '-]*$",
        r"(?i)^\\s*[A-ZÄÖÜ]{2}\\d{2}( ?\\d{4}){4,7}\\s*$",
    ] {
        let text = format!("matches(\"a\", \"{pattern}\") = null");
        assert_eq!(
            kind(&text, Budget::default()).as_deref(),
            Ok("false"),
            "{pattern}"
        );
    }
}
