//! Any bytes as JSON: what is accepted is normal, and reading untrusted bytes ends.

#![no_main]

use feel::json::{self, Limits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = json::get(bytes, "a");
    let _ = json::fields(bytes).count();
    let _ = json::elements(bytes).count();
    let Ok(normal) = json::normalize(bytes, &Limits::default()) else {
        return;
    };
    let again = json::normalize(&normal, &Limits::default()).expect("normal text is accepted");
    assert_eq!(again, normal);
    let merged = json::merge(&normal, &normal);
    if normal.first() == Some(&b'{') {
        assert_eq!(merged, normal);
    }
});
