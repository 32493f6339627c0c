//! A response body that ends when the server closes, so that streams do not keep it from stopping; a response that is
//! too large is named as in [`name_too_large`].

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use http_body::{Frame, SizeHint};
use tonic::Status;
use tonic::body::Body;

use crate::closing::Closing;
use crate::front::name_too_large;

type Waiting = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A body of one of the services, cut off with UNAVAILABLE when it waits while the server closes.
pub(crate) struct ClosingBody {
    /// `None` once it was cut off.
    inner: Option<Body>,
    closing: Closing,
    /// Made when the body waits for the first time: most never do.
    waiting: Option<Waiting>,
}

impl ClosingBody {
    pub fn new(inner: Body, closing: Closing) -> ClosingBody {
        ClosingBody {
            inner: Some(inner),
            closing,
            waiting: None,
        }
    }
}

impl http_body::Body for ClosingBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Some(inner) = &mut self.inner else {
            return Poll::Ready(None);
        };
        if let Poll::Ready(frame) = Pin::new(inner).poll_frame(context) {
            return Poll::Ready(frame.map(|frame| frame.map(named)));
        }
        let closing = self.closing.clone();
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(closing.wait()));
        if waiting.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        self.inner = None;
        Poll::Ready(Some(Ok(Frame::trailers(stopping()))))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        // A body that may be cut off promises nothing.
        SizeHint::default()
    }
}

fn named(mut frame: Frame<Bytes>) -> Frame<Bytes> {
    if let Some(trailers) = frame.trailers_mut() {
        name_too_large(trailers);
    }
    frame
}

fn stopping() -> HeaderMap {
    let mut trailers = HeaderMap::new();
    trailers.insert(Status::GRPC_STATUS, HeaderValue::from_static("14"));
    let message = HeaderValue::from_static("the server stops");
    trailers.insert(Status::GRPC_MESSAGE, message);
    trailers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_that_is_too_large_is_named_in_its_trailers() {
        for (said, named_as) in [("11", "8"), ("5", "5"), ("0", "0")] {
            let mut trailers = HeaderMap::new();
            trailers.insert(Status::GRPC_STATUS, HeaderValue::from_static(said));
            let trailers = named(Frame::trailers(trailers)).into_trailers();
            let status = trailers.map(|trailers| trailers[Status::GRPC_STATUS].clone());
            assert_eq!(status.expect("trailers"), named_as);
        }
    }
}
