//! Any text as a timer or temporal value: what is read prints to text with the same meaning.

#![no_main]

use feel::temporal::{self, DateTime, DaysTimeDuration};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = temporal::parse_cycle(text);
    let _ = temporal::parse_date_time(text);
    if let Ok(duration) = temporal::parse_duration(text) {
        let _ = duration.add_to(0);
    }
    if let Some(duration) = DaysTimeDuration::parse(text) {
        assert_eq!(DaysTimeDuration::parse(&duration.to_string()), Some(duration));
    }
    if let Some(at) = DateTime::parse(text) {
        let again = DateTime::parse(&at.to_string()).expect("what is printed reads back");
        assert_eq!(again.to_epoch_ms(), at.to_epoch_ms());
    }
});
