//! The whole program on a real broker: what it refuses at start, what must not matter to it, what stays apart.
//!
//! One broker for all tests of this file, a namespace for each; `scripts/kafka` ends it with this process.

mod compaction;
mod diverging;
mod namespaces;
mod position;
mod races;
#[path = "../real/mod.rs"]
mod real;
mod secured;
mod settings;
mod signals;
mod support;
mod tokens;
mod views;
