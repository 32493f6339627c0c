//! Tasks for people over gRPC: `weir.usertask.v1.UserTaskService`.
//!
//! Translation only: a change becomes a command of the machine, a question a query on the partition's state. A query is
//! data, since another node may lead the partition. There is no store and no index here that could disagree with the
//! state, so that a task is listed as soon as the token has entered it. Must not decide what a person may do: `engine`
//! does. ARCHITECTURE.md: The node and the services.
//!
//! What is asked and answered, and every reason of an error, is documented in `weir/usertask/v1/usertask.proto`;
//! [`reason`] holds the same reasons.
//!
//! A list looks at the tasks of each partition in the order of their keys, a bounded slice of work at a time (about a
//! millisecond), one slice of a partition for the whole service; the partition goes on with its commands between two
//! slices. What the partitions give is merged by the places in the order that was asked for.

mod change;
mod config;
mod convert;
mod fault;
mod filter;
mod get;
mod history;
mod json_equal;
mod list;
mod order;
mod page_token;
mod places;
mod position;
mod reach;
pub mod reason;
mod request;
mod rows;
mod scan;
mod service;
mod variables;
mod watch;

pub use config::Config;
pub use service::{UserTasks, service};

/// With what the service asks of a partition, so that other nodes can ask this one.
#[must_use]
pub fn queries(queries: node::Queries) -> node::Queries {
    queries
        .with::<places::FindPlaces>()
        .with::<rows::FetchRows>()
        .with::<watch::ReadTasks>()
        .with::<get::GetTask>()
        .with::<history::TaskRecords>()
}
