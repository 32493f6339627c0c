//! Metrics and health over HTTP, for Prometheus and for whoever starts and stops servers.
//!
//! Figures are read from the node when they are asked for; nothing is counted here.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use node::{Node, Phase, Status};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Answers until it is dropped, also before there is a node and after it has failed.
pub struct Metrics {
    address: SocketAddr,
    node: Shown,
    serving: JoinHandle<()>,
}

/// The node, once it has started.
type Shown = Arc<OnceLock<Node>>;

impl Metrics {
    pub fn start(listener: TcpListener, address: SocketAddr) -> Self {
        let node = Shown::default();
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Figures(Arc::clone(&node))));
        let registry = Arc::new(registry);
        let health = Router::new()
            .route("/health/live", get(|| async { "live\n" }))
            .route("/health/ready", get(ready))
            .with_state(Arc::clone(&node));
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
            node,
            serving,
        }
    }

    /// From now on it tells of this node.
    pub fn show(&self, node: &Node) {
        // There is one for each server.
        let _ = self.node.set(node.clone());
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

async fn ready(State(node): State<Shown>) -> (StatusCode, String) {
    let (is_ready, words) = readiness(node.get().map(Node::phase));
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

/// A figure of each partition: name, meaning, and where it is from.
type Figure = (&'static str, &'static str, fn(&Status) -> u64);

const FIGURES: [Figure; 8] = [
    (
        "weir_partition_applied_offset",
        "Offset behind the last command that was applied",
        |status| status.offset.map_or(0, |offset| offset + 1),
    ),
    (
        "weir_partition_checkpointed_offset",
        "First offset that the last checkpoint does not include",
        |status| status.checkpointed,
    ),
    (
        "weir_partition_term",
        "Number of the present leadership",
        |status| status.term,
    ),
    ("weir_instances", "Live process instances", |status| {
        status.counts.instances as u64
    }),
    ("weir_jobs", "Jobs that are not done", |status| {
        status.counts.jobs as u64
    }),
    (
        "weir_user_tasks",
        "User tasks, with the ended ones of live instances",
        |status| status.counts.tasks as u64,
    ),
    ("weir_incidents", "Unresolved incidents", |status| {
        status.counts.incidents as u64
    }),
    ("weir_job_streams", "Workers that wait for jobs", |status| {
        status.counts.streams as u64
    }),
];

const PHASE: &str = "weir_partition_phase";
const PHASE_HELP: &str = "1 for what the partition does now, 0 for all else";
const PHASES: [&str; 4] = ["starting", "serving", "failed", "stopped"];

fn word(phase: &Phase) -> &'static str {
    match phase {
        Phase::Starting => "starting",
        Phase::Serving => "serving",
        Phase::Failed(_) => "failed",
        Phase::Stopped => "stopped",
    }
}

struct Figures(Shown);

impl fmt::Debug for Figures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Figures")
    }
}

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let Some(node) = self.0.get() else {
            return Ok(());
        };
        let partitions = node.partitions().iter();
        let statuses: Vec<(u32, Status)> = partitions
            .filter_map(|partition| Some((partition.id().number(), partition.status()?)))
            .collect();
        for (name, help, value) in FIGURES {
            let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for (partition, status) in &statuses {
                let labels = [("partition", *partition)];
                metric
                    .encode_family(&labels)?
                    .encode_gauge(&value(status))?;
            }
        }
        let mut metric = encoder.encode_descriptor(PHASE, PHASE_HELP, None, MetricType::Gauge)?;
        for (partition, status) in &statuses {
            let partition = partition.to_string();
            for phase in PHASES {
                let labels = [("partition", partition.as_str()), ("phase", phase)];
                let value = u64::from(phase == word(&status.phase));
                metric.encode_family(&labels)?.encode_gauge(&value)?;
            }
        }
        Ok(())
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
