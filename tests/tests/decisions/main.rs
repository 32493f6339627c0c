//! Decisions: deployed in versions, called by processes and by themselves.

mod calls;
mod chance;
mod partitions;
mod support;
mod versions;
