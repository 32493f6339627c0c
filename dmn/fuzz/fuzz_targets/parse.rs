//! Any bytes: reading them, showing what is wrong with them and making all decisions ends and does not panic.
//!
//! `scripts/fuzz` from the root of the checkout, or `cargo fuzz run parse` with cargo-fuzz.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let parsed = dmn::parse("fuzz.dmn", bytes);
    if let Ok(source) = dmn::decode(bytes) {
        dmn::render(&parsed.diagnostics, &source, false);
        let Some(model) = &parsed.model else { return };
        let file = dmn::File {
            model,
            text: &source,
        };
        let compiled = dmn::inspect(file, &[]);
        dmn::render(&compiled.diagnostics, &source, false);
        let variables = br#"{"a":1,"age":30,"name":"Ann","list":[1,{"b":2}]}"#.to_vec();
        let environment = feel::Environment::new(&variables, 0);
        for decision in compiled.decisions.decisions() {
            let evaluation = compiled.decisions.evaluate(decision, &environment);
            let _ = evaluation.output.map(|value| value.to_string());
        }
    }
});
