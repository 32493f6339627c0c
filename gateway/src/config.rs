//! What can be set at the gRPC server.

use std::time::Duration;

/// Settings of the server. Every limit has a default that Zeebe's clients expect.
#[derive(Debug, Clone)]
pub struct Config {
    /// The longest message in either direction, in bytes.
    pub message_bytes_max: usize,
    /// The longest document of variables in a request, in bytes.
    pub variables_bytes_max: usize,
    /// How deep a document of variables may be nested.
    pub variables_depth_max: usize,
    /// How long `ActivateJobs` waits for a first job when the request does not say.
    pub poll_wait: Duration,
    /// How long `CreateProcessInstanceWithResult` waits when the request does not say.
    pub result_wait: Duration,
    /// Calls and streams of one connection at a time.
    pub streams_per_connection_max: u32,
    /// A connection that is silent for so long is asked whether it is alive.
    pub keepalive_interval: Duration,
    /// An asked connection that stays silent for so long is closed.
    pub keepalive_timeout: Duration,
    /// How long calls may go on once the server is told to stop.
    pub drain: Duration,
    /// The address that `Topology` tells; empty and 0: the one the server listens on.
    pub advertised_host: String,
    pub advertised_port: u16,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            message_bytes_max: 4 << 20,
            variables_bytes_max: 4 << 20,
            variables_depth_max: feel::json::Limits::default().depth,
            poll_wait: Duration::from_secs(10),
            result_wait: Duration::from_secs(15),
            streams_per_connection_max: 1_000,
            keepalive_interval: Duration::from_secs(30),
            keepalive_timeout: Duration::from_secs(20),
            drain: Duration::from_secs(10),
            advertised_host: String::new(),
            advertised_port: 0,
        }
    }
}
