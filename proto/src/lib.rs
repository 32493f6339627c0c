//! The wire and stored formats, generated from `proto/`. No behaviour lives here.
#![allow(clippy::all)]

/// Commands, events and state entries as they are stored (`weir.record.v1`).
pub mod record {
    include!(concat!(env!("OUT_DIR"), "/weir.record.v1.rs"));
}

/// Every file descriptor, for gRPC reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
