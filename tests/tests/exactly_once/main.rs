//! Exactly once, on a real Kafka: nodes that are killed at every moment that matters, two leaders at a time, and
//! commands that no machine survives. An independent client counts what came of it.
//!
//! It takes a program with the feature `fail-points`, which `cargo test --workspace` builds; alone it is
//! `cargo build -p weir --features fail-points`.

mod by_hand;
mod kills;
mod leaders;
mod orders;
mod poison;
#[path = "../real/mod.rs"]
mod real;
