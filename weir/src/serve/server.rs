//! A server in this process: the journal, the node on it, the gRPC services in front.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use gateway::ServeError;
use node::{Measures, Node, Peers, Phase, Queries};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::service::RoutesBuilder;

use super::metrics::Metrics;
use super::storage::Storage;
use crate::failure::Failure;

/// What a server is started with.
#[derive(Debug, Clone)]
pub struct Settings {
    pub storage: Storage,
    pub listen: SocketAddr,
    pub checkpoint_interval: Duration,
    /// Where other nodes reach this one, when the storage is shared; as it listens, when nothing is said.
    pub advertise: Option<String>,
    /// Nodes that follow each partition beside its leader.
    pub standby: usize,
    /// Where metrics and health are answered over HTTP, if anywhere.
    pub metrics: Option<SocketAddr>,
}

/// A running server. Dropped without [`Server::stop`] it ends as in a crash.
pub struct Server {
    storage: Storage,
    address: SocketAddr,
    node: Node,
    metrics: Option<Metrics>,
    shutdown: Option<oneshot::Sender<()>>,
    serving: JoinHandle<Result<(), ServeError>>,
}

impl Server {
    /// Opens the journal, restores what is in it, and serves.
    ///
    /// # Errors
    /// As [`Storage::open`] and [`Storage::unusable`] give them; [`crate::failure::Exit::Failed`] for the address.
    pub async fn start(settings: &Settings) -> Result<Self, Failure> {
        let (listener, address) = listen(settings.listen, "--listen").await?;
        let measures = Arc::new(Measures::default());
        let metrics = match settings.metrics {
            None => None,
            Some(at) => {
                let (listener, address) = listen(at, "--metrics").await?;
                Some(Metrics::start(listener, address, Arc::clone(&measures)))
            }
        };
        let node = start_node(settings.clone(), address, measures).await?;
        if let Some(metrics) = &metrics {
            metrics.show(&node);
        }
        let mut others = RoutesBuilder::default();
        if settings.storage.is_shared() {
            let queries = user_tasks::queries(gateway::queries(Queries::default()));
            others.add_service(Peers::service(node.clone(), queries));
        }
        others.add_service(user_tasks::service(
            node.clone(),
            &user_tasks::Config::default(),
        ));
        let (shutdown, told) = oneshot::channel::<()>();
        let serving = tokio::spawn(gateway::serve(
            node.clone(),
            gateway::Config::default(),
            listener,
            others,
            async move {
                // A dropped sender tells the same.
                let _ = told.await;
            },
        ));
        // Other nodes reach this one from now on; it may need them before it serves.
        let served = node.until_served().await;
        served.map_err(|error| settings.storage.unusable(&error))?;
        Ok(Self {
            storage: settings.storage.clone(),
            address,
            node,
            metrics,
            shutdown: Some(shutdown),
            serving,
        })
    }

    pub fn partitions(&self) -> u32 {
        self.node.partition_count()
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// How a client on this machine reaches it.
    pub fn url(&self) -> String {
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
        }
        format!("http://{address}")
    }

    /// Where the metrics are, if anywhere.
    pub fn metrics_url(&self) -> Option<String> {
        self.metrics.as_ref().map(Metrics::url)
    }

    /// Waits until the server has given up by itself.
    pub async fn failed(&mut self) -> Failure {
        let mut phases = self.node.phases();
        let given_up = async {
            loop {
                let phase = phases.borrow_and_update().clone();
                match phase {
                    Phase::Failed(reason) => break reason,
                    Phase::Stopped => break "the node has stopped".to_owned(),
                    Phase::Starting | Phase::Serving => {}
                }
                if phases.changed().await.is_err() {
                    break "the node has gone".to_owned();
                }
            }
        };
        tokio::select! {
            reason = given_up => match self.node.failure() {
                // What another node led is found unusable when that one has gone.
                Some(error) => self.storage.unusable(&error),
                None => Failure::failed(format!("the server gave up: {reason}")),
            },
            ended = &mut self.serving => match ended {
                Ok(Ok(())) => Failure::failed("the server has ended by itself"),
                Ok(Err(error)) => Failure::failed(error.to_string()),
                Err(error) => Failure::failed(format!("the server has crashed: {error}")),
            },
        }
    }

    /// Stops: no new calls, those under way are answered, a last checkpoint is written. Other nodes take over first.
    pub async fn stop(mut self) -> Result<(), Failure> {
        self.node.leave().await;
        drop(self.shutdown.take());
        let served = match self.serving.is_finished() {
            true => Ok(()),
            false => match (&mut self.serving).await {
                Ok(served) => served.map_err(|error| Failure::failed(error.to_string())),
                Err(error) => Err(Failure::failed(format!("the server has crashed: {error}"))),
            },
        };
        self.node.stop().await;
        served
    }
}

/// `option` is where a person chose the address.
async fn listen(at: SocketAddr, option: &str) -> Result<(TcpListener, SocketAddr), Failure> {
    let listener = TcpListener::bind(at).await.map_err(|error| {
        let failure = Failure::failed(format!("{at} cannot be listened on: {error}"));
        match error.kind() {
            io::ErrorKind::AddrInUse => failure.hint(format!(
                "another server may be running there; choose another port with {option}"
            )),
            io::ErrorKind::PermissionDenied => {
                failure.hint(format!("choose a port from 1024 on with {option}"))
            }
            _ => failure.hint(format!("choose an address of this machine with {option}")),
        }
    })?;
    let address = listener
        .local_addr()
        .map_err(|error| Failure::failed(format!("the own address is not known: {error}")))?;
    Ok((listener, address))
}

async fn start_node(
    settings: Settings,
    address: SocketAddr,
    measures: Arc<Measures>,
) -> Result<Node, Failure> {
    let peer_address = peer_address(&settings, address)?;
    let started = tokio::task::spawn_blocking(move || {
        let config = node::Config {
            checkpoint_interval: settings.checkpoint_interval,
            publishes_views: settings.storage.has_views(),
            peer_address,
            standby: settings.standby,
            measures,
            ..node::Config::default()
        };
        let journal = settings.storage.open()?;
        let started = match settings.storage.is_shared() {
            true => Node::join(journal, config),
            false => Node::start(journal, config),
        };
        started.map_err(|error| settings.storage.unusable(&error))
    });
    match started.await {
        Ok(node) => node,
        Err(error) => Err(Failure::failed(format!("the server has crashed: {error}"))),
    }
}

fn peer_address(settings: &Settings, address: SocketAddr) -> Result<String, Failure> {
    match &settings.advertise {
        Some(address) => Ok(address.clone()),
        None if settings.storage.is_shared() && address.ip().is_unspecified() => {
            let unknown = format!("other nodes cannot reach this one at {}", address.ip());
            Err(Failure::usage(unknown)
                .hint("say how they do, with --advertise HOST:PORT; or listen on one address"))
        }
        None => Ok(address.to_string()),
    }
}
