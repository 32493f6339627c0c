//! Any bytes: reading and showing what is wrong with them ends and does not panic.
//!
//! `scripts/fuzz` from the root of the checkout, or `cargo fuzz run parse` with cargo-fuzz.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let parsed = bpmn_parser::parse("fuzz.bpmn", bytes);
    if let Ok(source) = bpmn_parser::decode(bytes) {
        bpmn_parser::render(&parsed.diagnostics, &source, false);
    }
});
