//! What a cluster says of itself and of what this user may do there; nothing is changed, and nothing is tried out.

use super::KafkaOptions;
use super::context::Context;
use super::options::Isolation;
use super::sys::{self, Operation};
use super::topics::{COMMANDS, table};
use crate::Error;
use crate::feed::locked;
use rdkafka::ClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::metadata::Metadata;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A cluster as it presents itself to this user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// The cluster's own id.
    pub cluster_id: String,
    /// Its brokers as clients reach them, `host:port`.
    pub brokers: Vec<String>,
    /// What this user may not do and must. Transactional ids and topics that do not exist cannot be asked for.
    pub lacking: Vec<Lacking>,
}

/// A topic that this user may not do everything with that it must.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lacking {
    /// The full name.
    pub topic: String,
    /// As Kafka's tools name them.
    pub operations: Vec<&'static str>,
}

/// Connects and asks.
///
/// # Errors
/// [`Error::Failed`] when no broker answers within the options' `request_timeout`, with what the network says.
pub fn survey(options: &KafkaOptions) -> Result<Survey, Error> {
    let timeout = options.request_timeout;
    let (client, metadata) = listening(options, timeout)?;
    let metadata = metadata.map_err(Error::Failed)?;
    let brokers = metadata.brokers().iter();
    let brokers: Vec<String> = brokers
        .map(|b| format!("{}:{}", b.host(), b.port()))
        .collect();
    let names = table(options, brokers.len() as u32);
    let names: Vec<String> = names.into_iter().map(|topic| topic.name).collect();
    let allowed = sys::operations(client.client(), &names, timeout);
    let allowed = allowed
        .map_err(|reason| Error::Failed(format!("the permissions cannot be read: {reason}")))?;
    let commands = options.topic(COMMANDS);
    let lacking = allowed.into_iter().filter_map(|(topic, allowed)| {
        let deletes = topic == commands;
        let operations = lacking(&allowed, deletes);
        (!operations.is_empty()).then_some(Lacking { topic, operations })
    });
    Ok(Survey {
        cluster_id: client
            .client()
            .fetch_cluster_id(timeout)
            .unwrap_or_default(),
        brokers,
        lacking: lacking.collect(),
    })
}

/// Why no broker answers, when that is so and can be told soon.
pub(super) fn reason(options: &KafkaOptions) -> Option<String> {
    const PATIENCE: Duration = Duration::from_secs(2);
    let asked = listening(options, PATIENCE.min(options.request_timeout));
    asked.ok()?.1.err()
}

type Heard = (Arc<BaseConsumer<Listening>>, Result<Metadata, String>);

/// A client, and what it was told of the cluster or why nothing.
fn listening(options: &KafkaOptions, timeout: Duration) -> Result<Heard, Error> {
    let heard = Arc::new(Mutex::new(String::new()));
    let context = Listening(Arc::clone(&heard));
    let config = options.watermarks(Isolation::Committed);
    let client: Arc<BaseConsumer<Listening>> = options.create(&config, context)?;
    let metadata = metadata(&client, timeout).map_err(|error| match locked(&heard).as_str() {
        "" => error.to_string(),
        heard => heard.to_owned(),
    });
    Ok((client, metadata))
}

/// Asks in turns with listening: errors only come to who polls.
fn metadata(client: &BaseConsumer<Listening>, timeout: Duration) -> KafkaResult<Metadata> {
    const TURNS: u32 = 10;
    let listen = || (0..100).all(|_| client.poll(Duration::ZERO).is_some());
    for _ in 1..TURNS {
        listen();
        if let Ok(metadata) = client.client().fetch_metadata(None, timeout / TURNS) {
            return Ok(metadata);
        }
    }
    let last = client.client().fetch_metadata(None, timeout / TURNS);
    listen();
    last
}

fn lacking(allowed: &[Operation], deletes: bool) -> Vec<&'static str> {
    let needed = [
        (Operation::RD_KAFKA_ACL_OPERATION_READ, "Read"),
        (Operation::RD_KAFKA_ACL_OPERATION_WRITE, "Write"),
        (Operation::RD_KAFKA_ACL_OPERATION_DESCRIBE, "Describe"),
        (
            Operation::RD_KAFKA_ACL_OPERATION_DESCRIBE_CONFIGS,
            "DescribeConfigs",
        ),
        (Operation::RD_KAFKA_ACL_OPERATION_DELETE, "Delete"),
    ];
    let is_lacking = |(operation, name): &(Operation, &str)| {
        !allowed.contains(operation) && (deletes || *name != "Delete")
    };
    let lacking = needed.into_iter().filter(is_lacking);
    lacking.map(|(_, name)| name).collect()
}

/// As every client's context, and remembers what went wrong last: the call itself only says that it took too long.
struct Listening(Arc<Mutex<String>>);

impl ClientContext for Listening {
    fn error(&self, error: KafkaError, reason: &str) {
        Context.error(error.clone(), reason);
        // That all brokers are down says less than why the last one was.
        if error.rdkafka_error_code() != Some(RDKafkaErrorCode::AllBrokersDown) {
            reason.clone_into(&mut locked(&self.0));
        }
    }
}

impl ConsumerContext for Listening {}
