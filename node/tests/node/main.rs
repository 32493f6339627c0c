//! A node over the memory and embedded journals: what callers see, through faults, restores and restarts.

mod calls;
mod cluster;
mod driving;
mod handover;
mod jobs;
mod large;
mod partitions;
mod publishing;
mod recovery;
mod support;
mod tasks;
mod upgrade;
