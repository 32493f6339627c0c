//! The wire and stored formats, generated from `proto/`. No behaviour lives here.
#![allow(clippy::all)]

mod event;

/// Commands, events and state entries as they are stored (`weir.record.v1`).
pub mod record {
    include!(concat!(env!("OUT_DIR"), "/weir.record.v1.rs"));

    /// Where generated code of other packages looks for these.
    #[cfg(feature = "grpc")]
    pub(crate) mod v1 {
        pub use super::*;
    }
}

/// What is in the file of an export (`weir.archive.v1`).
pub mod archive {
    include!(concat!(env!("OUT_DIR"), "/weir.archive.v1.rs"));
}

/// The gateway protocol that Zeebe clients speak (`gateway_protocol.Gateway`).
#[cfg(feature = "grpc")]
pub mod gateway {
    tonic::include_proto!("gateway_protocol");
}

/// What operators ask (`weir.admin.v1.AdminService`).
#[cfg(feature = "grpc")]
pub mod admin {
    tonic::include_proto!("weir.admin.v1");
}

/// Tasks for people (`weir.usertask.v1.UserTaskService`).
#[cfg(feature = "grpc")]
pub mod usertask {
    tonic::include_proto!("weir.usertask.v1");
}

/// What nodes tell and ask each other (`weir.node.v1`).
#[cfg(feature = "grpc")]
pub mod node {
    pub use v1::*;

    mod v1 {
        tonic::include_proto!("weir.node.v1");
    }
}

/// Every file descriptor, for gRPC reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
