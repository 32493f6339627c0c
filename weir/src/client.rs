//! The connection to a server, as every client command uses it.

use std::time::Duration;

use clap::Args;
use proto::admin::admin_service_client::AdminServiceClient;
use proto::gateway::gateway_client::GatewayClient;
use proto::usertask::user_task_service_client::UserTaskServiceClient;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

use crate::failure::Failure;

pub const DEFAULT_ADDRESS: &str = "http://127.0.0.1:26500";
/// More than the server sends: answers of up to 4 MiB, and models with what is said of them.
const MESSAGE_BYTES_MAX: usize = 16 << 20;

/// Where the server is and who asks.
#[derive(Debug, Clone, Args)]
pub struct ConnectArgs {
    /// Address of the server
    #[arg(
        long,
        env = "WEIR_ADDRESS",
        value_name = "URL",
        default_value = DEFAULT_ADDRESS,
        hide_env_values = true,
        help_heading = "Server"
    )]
    pub address: String,

    /// Who you are: the name that tasks are claimed and completed with
    #[arg(
        long,
        env = "WEIR_USER",
        value_name = "NAME",
        hide_env_values = true,
        help_heading = "Server"
    )]
    pub user: Option<String>,

    /// How long to wait for an answer
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "30s",
        value_parser = crate::moment::parse_duration,
        help_heading = "Server"
    )]
    pub timeout: Duration,
}

impl ConnectArgs {
    /// The user, where a command cannot do without.
    pub fn need_user(&self) -> Result<String, Failure> {
        match self.user.as_deref() {
            Some(user) if !user.trim().is_empty() => Ok(user.to_owned()),
            Some(_) | None => Err(Failure::usage("this command needs to know who you are")
                .hint("add --user NAME, or set WEIR_USER")),
        }
    }
}

/// A connection. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    channel: Channel,
    user: Option<MetadataValue<Ascii>>,
    address: String,
}

type Service = InterceptedService<Channel, AsUser>;

impl Client {
    /// # Errors
    /// A usage failure where the address or the user cannot be sent, else [`crate::failure::Exit::Unreachable`].
    pub async fn connect(args: &ConnectArgs) -> Result<Self, Failure> {
        let endpoint = endpoint(&args.address)?.timeout(args.timeout);
        let user = match args.user.as_deref() {
            None | Some("") => None,
            Some(user) => Some(metadata(user)?),
        };
        let channel = endpoint
            .connect()
            .await
            .map_err(|error| Failure::unreachable(&args.address, &innermost(&error)))?;
        Ok(Self {
            channel,
            user,
            address: args.address.clone(),
        })
    }

    /// Connects to a server that this program itself has started, without a time limit for calls.
    pub async fn connect_to(address: &str) -> Result<Self, Failure> {
        let channel = endpoint(address)?
            .connect()
            .await
            .map_err(|error| Failure::unreachable(address, &innermost(&error)))?;
        Ok(Self {
            channel,
            user: None,
            address: address.to_owned(),
        })
    }

    pub fn gateway(&self) -> GatewayClient<Service> {
        GatewayClient::with_interceptor(self.channel.clone(), AsUser(self.user.clone()))
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    pub fn tasks(&self) -> UserTaskServiceClient<Service> {
        UserTaskServiceClient::with_interceptor(self.channel.clone(), AsUser(self.user.clone()))
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    pub fn admin(&self) -> AdminServiceClient<Service> {
        AdminServiceClient::with_interceptor(self.channel.clone(), AsUser(self.user.clone()))
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    /// For `map_err`.
    pub fn failure(&self) -> impl Fn(Status) -> Failure + '_ {
        |status| Failure::of_status(&status, &self.address)
    }
}

/// Adds the user to every request.
#[derive(Clone)]
pub struct AsUser(Option<MetadataValue<Ascii>>);

impl Interceptor for AsUser {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(user) = &self.0 {
            request.metadata_mut().insert("weir-user", user.clone());
        }
        Ok(request)
    }
}

fn endpoint(address: &str) -> Result<Endpoint, Failure> {
    let with_scheme = if address.contains("://") {
        address.to_owned()
    } else {
        format!("http://{address}")
    };
    let wrong = |_| {
        Failure::usage(format!("'{address}' is not an address"))
            .hint(format!("it looks like {DEFAULT_ADDRESS}"))
    };
    let endpoint = Endpoint::from_shared(with_scheme).map_err(wrong)?;
    Ok(endpoint
        .connect_timeout(Duration::from_secs(5))
        .tcp_nodelay(true)
        .initial_stream_window_size(4 << 20)
        .initial_connection_window_size(16 << 20))
}

fn metadata(user: &str) -> Result<MetadataValue<Ascii>, Failure> {
    user.parse().map_err(|_| {
        Failure::usage(format!(
            "'{user}' cannot be sent as a user: only printable ASCII letters, digits and signs can"
        ))
    })
}

/// The error that the operating system gave, below what the libraries wrapped around it.
fn innermost(error: &dyn std::error::Error) -> String {
    const DEPTH_MAX: usize = 16;
    let mut current = error;
    for _ in 0..DEPTH_MAX {
        match current.source() {
            Some(source) => current = source,
            None => break,
        }
    }
    current.to_string()
}
