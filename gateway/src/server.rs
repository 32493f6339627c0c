//! The HTTP/2 server: bounded, alive for clients that ask, and gone when it is told to go.

use std::future::Future;
use std::sync::Arc;

use node::Node;
use proto::admin::admin_service_server::AdminServiceServer;
use proto::gateway::gateway_server::GatewayServer;
use tokio::net::TcpListener;
use tonic::service::RoutesBuilder;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::pb::health_server::HealthServer;

use crate::admin::{Admin, DEFINITION_BYTES_MAX};
use crate::closing::{self, Closing};
use crate::config::Config;
use crate::front::Front;
use crate::health::NodeHealth;
use crate::zeebe::Zeebe;

/// Why the server could not be started, or ended.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("the address of the listener is not known: {0}")]
    Address(std::io::Error),
    #[error("the services cannot describe themselves: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    #[error("the gRPC server failed: {0}")]
    Transport(#[from] tonic::transport::Error),
}

/// Serves the gateway, the admin service, health, reflection, and what `others` holds, until `shutdown`.
///
/// On `shutdown` no connection is accepted any more, calls that wait for a job, a result or an event end with
/// UNAVAILABLE, and the rest has [`Config::drain`] to be answered. The node goes on; stop it afterwards.
///
/// # Errors
/// See [`ServeError`].
pub async fn serve(
    node: Node,
    config: Config,
    listener: TcpListener,
    others: RoutesBuilder,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    let (closer, closing) = closing::channel();
    let config = Arc::new(advertise(config, &listener)?);
    let front = front(node, &config, others, closing.clone())?;
    let serving = Server::builder()
        .max_concurrent_streams(config.streams_per_connection_max)
        .http2_keepalive_interval(Some(config.keepalive_interval))
        .http2_keepalive_timeout(Some(config.keepalive_timeout))
        .serve_with_incoming_shutdown(
            front,
            TcpIncoming::from(listener).with_nodelay(Some(true)),
            closing.clone().wait(),
        );
    let mut serving = std::pin::pin!(serving);
    tokio::select! {
        served = &mut serving => return Ok(served?),
        () = shutdown => closer.close(),
    }
    tokio::select! {
        served = serving => Ok(served?),
        () = tokio::time::sleep(config.drain) => {
            tracing::warn!("some calls did not end in time; they are dropped");
            Ok(())
        }
    }
}

/// Fills in the address that clients are told.
fn advertise(mut config: Config, listener: &TcpListener) -> Result<Config, ServeError> {
    let address = listener.local_addr().map_err(ServeError::Address)?;
    if config.advertised_host.is_empty() {
        config.advertised_host = match address.ip().is_unspecified() {
            true => "localhost".to_owned(),
            false => address.ip().to_string(),
        };
    }
    if config.advertised_port == 0 {
        config.advertised_port = address.port();
    }
    Ok(config)
}

fn front(
    node: Node,
    config: &Arc<Config>,
    mut others: RoutesBuilder,
    closing: Closing,
) -> Result<Front, ServeError> {
    let max = config.message_bytes_max;
    let admin = Admin::new(node.clone(), max);
    others
        .add_service(
            AdminServiceServer::new(admin)
                .max_decoding_message_size(max)
                // A model came in a message, and goes out with what is said of it.
                .max_encoding_message_size(max.saturating_add(DEFINITION_BYTES_MAX)),
        )
        .add_service(HealthServer::new(NodeHealth::new(node.clone())))
        .add_service(describe().build_v1()?)
        .add_service(describe().build_v1alpha()?);
    let zeebe = Zeebe {
        node,
        config: config.clone(),
        closing: closing.clone(),
    };
    let gateway = GatewayServer::new(zeebe)
        .max_decoding_message_size(max)
        .max_encoding_message_size(max);
    Ok(Front::new(gateway, others.routes(), closing))
}

fn describe() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(proto::DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}
