//! The gRPC front over a real server, a real client, and a node on the memory journal.

#[path = "grpc/admin.rs"]
mod admin;
#[path = "grpc/bounds.rs"]
mod bounds;
#[path = "grpc/decisions.rs"]
mod decisions;
#[path = "grpc/descriptions.rs"]
mod descriptions;
#[path = "grpc/errors.rs"]
mod errors;
#[path = "grpc/jobs.rs"]
mod jobs;
#[path = "grpc/lifecycle.rs"]
mod lifecycle;
#[path = "grpc/partitions.rs"]
mod partitions;
#[path = "grpc/patience.rs"]
mod patience;
#[path = "grpc/server.rs"]
mod server;
#[path = "grpc/stopping.rs"]
mod stopping;
