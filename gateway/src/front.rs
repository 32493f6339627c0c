//! Where each request goes: the gateway directly, everything else by name.
//!
//! Also what must hold for every service: a message that is too large is RESOURCE_EXHAUSTED, a response that waits ends
//! when the server closes, and what a call asks of the node is repeated until the call's own deadline.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{HeaderMap, HeaderValue, Request, Response};
use node::Patience;
use proto::gateway::gateway_server::{GatewayServer, SERVICE_NAME};
use tonic::Status;
use tonic::body::Body;
use tonic::service::Routes;
use tower_service::Service;

use crate::body::ClosingBody;
use crate::closing::Closing;
use crate::zeebe::Zeebe;

/// All services of the server.
#[derive(Clone)]
pub(crate) struct Front {
    gateway: GatewayServer<Zeebe>,
    others: Routes,
    closing: Closing,
}

impl Front {
    pub fn new(gateway: GatewayServer<Zeebe>, others: Routes, closing: Closing) -> Front {
        Front {
            gateway,
            others: others.prepare(),
            closing,
        }
    }
}

type Routed = <Routes as Service<Request<Body>>>::Future;
type Called = <GatewayServer<Zeebe> as Service<Request<Body>>>::Future;

/// The response of one of the services.
pub(crate) struct Answering {
    service: Answerer,
    patience: Patience,
    closing: Closing,
}

enum Answerer {
    Gateway(Called),
    Other(Pin<Box<Routed>>),
}

impl Service<Request<Body>> for Front {
    type Response = Response<ClosingBody>;
    type Error = Infallible;
    type Future = Answering;

    /// Both kinds are always ready: they bound themselves by the node's queues.
    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        ready!(Service::<Request<Body>>::poll_ready(
            &mut self.gateway,
            context
        ))?;
        Service::<Request<Body>>::poll_ready(&mut self.others, context)
    }

    fn call(&mut self, request: Request<Body>) -> Answering {
        let patience = patience(request.headers());
        let service = match is_gateway(request.uri().path()) {
            true => Answerer::Gateway(self.gateway.call(request)),
            false => Answerer::Other(Box::pin(self.others.call(request))),
        };
        Answering {
            service,
            patience,
            closing: self.closing.clone(),
        }
    }
}

fn patience(headers: &HeaderMap) -> Patience {
    let deadline = headers.get("grpc-timeout");
    Patience::of(deadline.and_then(|value| node::wait_for(value.to_str().ok()?)))
}

fn is_gateway(path: &str) -> bool {
    let service = path
        .strip_prefix('/')
        .and_then(|path| path.strip_prefix(SERVICE_NAME));
    service.is_some_and(|method| method.starts_with('/'))
}

impl Future for Answering {
    type Output = Result<Response<ClosingBody>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let (patience, service) = (self.patience, &mut self.service);
        let answered = patience.hold(|| match service {
            Answerer::Gateway(called) => called.as_mut().poll(context),
            Answerer::Other(routed) => routed.as_mut().poll(context),
        });
        let Ok(mut response) = ready!(answered);
        name_too_large(response.headers_mut());
        let closing = self.closing.clone();
        Poll::Ready(Ok(response.map(|body| ClosingBody::new(body, closing))))
    }
}

/// tonic refuses a message above the limit, in either direction, with OUT_OF_RANGE; every other server, and so every client, calls it
/// RESOURCE_EXHAUSTED. None of our services uses OUT_OF_RANGE itself.
pub(crate) fn name_too_large(headers: &mut HeaderMap) {
    let is_out_of_range = headers
        .get(Status::GRPC_STATUS)
        .is_some_and(|status| status == "11");
    if is_out_of_range {
        headers.insert(Status::GRPC_STATUS, HeaderValue::from_static("8"));
    }
}
