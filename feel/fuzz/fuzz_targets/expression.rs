//! Any text as an expression: parsed, printed, read back and evaluated within a budget.

#![no_main]

use feel::{Budget, Environment};
use libfuzzer_sys::fuzz_target;

const VARIABLES: &[u8] = br#"{"a":1,"b":"x","c":[1,2,{"a":3}],"d":{"a":{"b":true}},"e":null}"#;

fuzz_target!(|text: &str| {
    let Ok(expression) = feel::parse(text) else {
        return;
    };
    let printed = expression.to_string();
    let again = feel::parse(&printed).expect("what is printed reads back");
    assert_eq!(again.to_string(), printed);
    let environment = Environment {
        variables: &VARIABLES,
        now_ms: 0,
        budget: Budget {
            steps: 50_000,
            ..Budget::default()
        },
        seed: 0,
    };
    let mut out = Vec::new();
    let _ = expression.evaluate_json(&environment, &mut out);
    if let Ok(value) = expression.evaluate(&environment) {
        let _ = value.to_string();
    }
});
