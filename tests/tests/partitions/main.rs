//! Several partitions: what one has to know of another arrives there, once.

mod deployments;
mod messages;
mod races;
mod signals;
mod support;
