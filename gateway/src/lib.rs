//! The gRPC front of a node: the Zeebe gateway protocol, the admin service, health and reflection.
//!
//! Translation only: decode, submit, await, encode. What a command means is the engine's, when it is durable is the
//! node's; nothing is decided or kept here. ARCHITECTURE.md: The node and the services.

mod admin;
mod body;
mod call;
mod closing;
mod config;
mod decisions;
mod encode;
mod front;
mod health;
mod jobs;
mod resources;
mod server;
mod status;
mod topology;
mod zeebe;

pub use admin::queries;
pub use config::Config;
pub use server::{ServeError, serve};
