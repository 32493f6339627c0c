//! Metrics and health over HTTP, for Prometheus and for whoever starts and stops servers.
//!
//! It answers from the beginning: while the node restores, how far that is.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use node::{Measures, Node, Phase, Role};
use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::figures::Figures;

/// Answers until it is dropped, also before there is a node and after it has failed.
pub struct Metrics {
    address: SocketAddr,
    shown: Shown,
    serving: JoinHandle<()>,
}

/// What is told of.
#[derive(Clone, Default)]
pub struct Shown {
    /// Of the node, also before there is one.
    pub measures: Arc<Measures>,
    /// Once it has started.
    pub node: Arc<OnceLock<Node>>,
}

impl Metrics {
    pub fn start(listener: TcpListener, address: SocketAddr, measures: Arc<Measures>) -> Self {
        let shown = Shown {
            measures,
            ..Shown::default()
        };
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Figures(shown.clone())));
        let registry = Arc::new(registry);
        let health = Router::new()
            .route("/health/live", get(|| async { "live\n" }))
            .route("/health/ready", get(ready))
            .with_state(shown.clone());
        let metrics = Router::new()
            .route("/metrics", get(metrics))
            .with_state(registry);
        let serving = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, health.merge(metrics)).await {
                tracing::error!(%error, "metrics are served no more");
            }
        });
        Self {
            address,
            shown,
            serving,
        }
    }

    /// From now on it tells of this node.
    pub fn show(&self, node: &Node) {
        // There is one for each server.
        let _ = self.shown.node.set(node.clone());
    }

    pub fn url(&self) -> String {
        format!("http://{}/metrics", self.address)
    }
}

impl Drop for Metrics {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn ready(State(shown): State<Shown>) -> (StatusCode, String) {
    let (is_ready, mut words) = readiness(shown.node.get().map(Node::phase));
    if !is_ready {
        words.extend(shown.measures.partitions().filter_map(|(id, measures)| {
            let restore = measures.restore();
            (measures.role() == Role::Restoring).then(|| {
                format!(
                    "\npartition {id} is restored: {} of about {} entries, {} commands behind them",
                    restore.entries, restore.of_entries, restore.commands
                )
            })
        }));
    }
    let status = match is_ready {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, words + "\n")
}

/// Ready is who serves all partitions.
fn readiness(phase: Option<Phase>) -> (bool, String) {
    match phase {
        Some(Phase::Serving) => (true, "ready".to_owned()),
        None | Some(Phase::Starting) => (false, "starting".to_owned()),
        Some(Phase::Stopped) => (false, "stopped".to_owned()),
        Some(Phase::Failed(reason)) => (false, format!("failed: {reason}")),
    }
}

async fn metrics(State(registry): State<Arc<Registry>>) -> impl IntoResponse {
    const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let mut text = String::new();
    match text::encode(&mut text, &registry) {
        Ok(()) => ([(header::CONTENT_TYPE, TEXT)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_is_only_who_serves() {
        for (phase, is_ready) in [
            (None, false),
            (Some(Phase::Starting), false),
            (Some(Phase::Serving), true),
            (Some(Phase::Stopped), false),
            (Some(Phase::Failed("why".to_owned())), false),
        ] {
            assert_eq!(readiness(phase.clone()).0, is_ready, "{phase:?}");
        }
    }
}
