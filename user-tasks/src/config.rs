//! What can be set at the service. Every queue that it has is bounded by one of these.

/// Settings of the service.
#[derive(Debug, Clone)]
pub struct Config {
    /// Lists that are under way; beyond it `OVERLOADED`.
    pub lists_max: usize,
    /// Reads that wait for their `min_position`; beyond it `OVERLOADED`.
    pub waits_max: usize,
    /// Watches at a time; beyond it `WATCHES_FULL`. One costs some bytes for each task that it shows.
    pub watches_max: usize,
    /// The longest request, in bytes; gRPC refuses longer ones.
    pub request_bytes_max: usize,
    /// The longest variables of a completion, in bytes. The node has a limit of its own.
    pub variables_bytes_max: usize,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            lists_max: 1_000,
            waits_max: 1_000,
            watches_max: 1_000,
            request_bytes_max: 4 << 20,
            variables_bytes_max: engine::Limits::default().variables_bytes,
        }
    }
}
