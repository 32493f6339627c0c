//! Any bytes: reading them and showing what is wrong with them ends and does not panic.
//!
//! `scripts/fuzz` from the root of the checkout, or `cargo fuzz run parse` with cargo-fuzz.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let parsed = dmn::parse("fuzz.dmn", bytes);
    if let Ok(source) = dmn::decode(bytes) {
        dmn::render(&parsed.diagnostics, &source, false);
    }
});
