//! What one node asks another: the calls of a partition that the other one leads.

pub(crate) mod client;
pub(crate) mod server;
pub(crate) mod watching;
mod wire;

/// A message between nodes may be this long: a command or an answer, with what is around it.
const MESSAGE_BYTES_MAX: usize = 64 << 20;
