//! Job streams: what their clients see.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use proto::record::ActivatedJob;
use tokio_stream::Stream;

/// Which jobs a stream asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobStreamRequest {
    /// The job type.
    pub r#type: String,
    pub worker: String,
    /// How long a job is leased.
    pub timeout: Duration,
    /// Names of variables; empty: all that are visible.
    pub fetch_variables: Vec<String>,
}

/// Jobs as they are leased to the stream. It ends when the node stops or restores.
///
/// Dropping it closes the stream and gives back the jobs that were not taken.
#[derive(Debug)]
pub struct JobStream {}

impl Stream for JobStream {
    type Item = ActivatedJob;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<ActivatedJob>> {
        Poll::Ready(None)
    }
}
