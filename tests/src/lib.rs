//! What the tests of the whole share: a machine that checks itself, and scenarios as data.

pub mod describe;
pub mod machine;
pub mod network;
pub mod oracle;
pub mod scenario;
pub mod simulation;
pub mod stored;
