//! The service over real gRPC: a tonic server on a port of its own, a node over the memory journal, a tonic client.

mod changes;
mod cluster;
mod errors;
mod filters;
mod history;
mod inputs;
mod lists;
mod partitions;
mod positions;
mod support;
mod watches;
