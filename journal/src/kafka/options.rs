//! What can be set at a Kafka journal, and the librdkafka configuration of each of its clients.
//!
//! Owns the properties that the journal's promises stand on; nobody may set those from outside.

use super::oauth::{self, Bearer};
use crate::{Error, RECORD_BYTES_MAX};
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::{ClientConfig, ClientContext};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Room for the headers and the batch around a record, in bytes.
pub(super) const RECORD_OVERHEAD_BYTES: usize = 64 << 10;

/// The longest wait for the answer to one request; what was asked is asked again, of whoever leads then.
const SOCKET_TIMEOUT: Duration = Duration::from_secs(4);

/// Settings of a Kafka journal. `namespace` and `partitions` are fixed when the topics are first made; everything
/// else may be changed from one start to the next.
#[derive(Clone, Debug)]
pub struct KafkaOptions {
    /// Some brokers, as `host:port,host:port`.
    pub bootstrap: String,
    /// All topics are `<namespace>.<name>`, so several installations share a cluster.
    pub namespace: String,
    /// The number of partitions.
    pub partitions: u32,
    /// Copies of each topic. `None`: 3, or as many as there are brokers when there are fewer.
    pub replication_factor: Option<u32>,
    /// Whether missing topics are made; else they are a finding.
    pub create_topics: bool,
    /// The longest record, key included, that is appended or checkpointed, in bytes.
    pub record_bytes_max: usize,
    /// For how long the history of ended instances is kept.
    pub history_retention: Duration,
    /// After so long an append that nobody confirmed is `Unknown`.
    pub append_timeout: Duration,
    /// After so long the brokers abort a checkpoint whose leader is silent. Until then a dead leader's open checkpoint
    /// hides later ones of others in the topics that they share; a new leader of the same partition ends it at once.
    pub transaction_timeout: Duration,
    /// The longest wait for an answer of the brokers: opening, leading, watermarks, one checkpoint.
    pub request_timeout: Duration,
    /// No restore, and no lag of an observer, lasts longer: from the state topic nothing is removed for so long after
    /// something newer replaced it. An observer that takes longer must start again.
    pub restore_limit: Duration,
    /// So many records below the last checkpoint stay in the command log, for observers that lag.
    pub log_margin: u64,
    /// The log is deleted below the last checkpoint at most this often.
    pub trim_interval: Duration,
    /// The most memory, per partition, for the index of the history, in bytes. The oldest is forgotten first.
    pub history_index_bytes: usize,
    /// Where the access token for SASL/OAUTHBEARER is, a JWT; read again before it expires.
    pub oauth_token_file: Option<PathBuf>,
    /// Any other librdkafka properties (`security.protocol`, `sasl.*`, `ssl.*`, `compression.type`, …), for all
    /// clients alike.
    pub properties: BTreeMap<String, String>,
}

impl Default for KafkaOptions {
    fn default() -> Self {
        Self {
            bootstrap: "127.0.0.1:9092".to_owned(),
            namespace: "weir".to_owned(),
            partitions: 1,
            replication_factor: None,
            create_topics: true,
            record_bytes_max: RECORD_BYTES_MAX,
            history_retention: Duration::from_secs(7 * 24 * 60 * 60),
            append_timeout: Duration::from_secs(30),
            transaction_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            restore_limit: Duration::from_secs(10 * 60),
            log_margin: 100_000,
            trim_interval: Duration::from_secs(60),
            history_index_bytes: 64 << 20,
            oauth_token_file: None,
            properties: BTreeMap::new(),
        }
    }
}

/// Who sets these breaks what the journal promises.
const RESERVED: &[&str] = &[
    "acks",
    "auto.offset.reset",
    "bootstrap.servers",
    "check.crcs",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.gapless.guarantee",
    "enable.idempotence",
    "enable.partition.eof",
    "group.id",
    "isolation.level",
    "max.in.flight",
    "max.in.flight.requests.per.connection",
    "message.max.bytes",
    "message.send.max.retries",
    "message.timeout.ms",
    "delivery.timeout.ms",
    "partitioner",
    "request.required.acks",
    "retries",
    "test.mock.num.brokers",
    "transaction.timeout.ms",
    "transactional.id",
];

impl KafkaOptions {
    /// The name of a topic of this namespace, `<namespace>.<name>`.
    #[must_use]
    pub fn topic(&self, name: &str) -> String {
        format!("{}.{name}", self.namespace)
    }

    /// The id that fences the leaders of a partition.
    #[must_use]
    pub fn transactional_id(&self, partition: u32) -> String {
        format!("{}-{partition}", self.namespace)
    }

    /// The id that fences imports; of them, too, the last one counts.
    pub(super) fn import_id(&self) -> String {
        format!("{}-import", self.namespace)
    }

    /// Whether a person has set something that cannot be; nobody is asked.
    ///
    /// # Errors
    /// [`Error::Failed`] for a reserved property, a namespace that cannot be part of a name, or no partition.
    pub fn check(&self) -> Result<(), Error> {
        if let Some(name) = self
            .properties
            .keys()
            .find(|name| RESERVED.contains(&name.as_str()))
        {
            return Err(Error::Failed(format!(
                "the property {name} cannot be set: the journal's promises depend on it"
            )));
        }
        let is_good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '.';
        let is_named = (1..=200).contains(&self.namespace.len());
        if !is_named || !self.namespace.chars().all(is_good) {
            return Err(Error::Failed(format!(
                "the namespace `{}` must have 1 to 200 of the characters a-z A-Z 0-9 . _ -",
                self.namespace
            )));
        }
        self.check_token()?;
        if self.partitions == 0 || i32::try_from(self.partitions).is_err() {
            return Err(Error::Failed("there must be a partition".to_owned()));
        }
        Ok(())
    }

    /// Either without the other is a mistake that librdkafka would say nothing of, or little.
    fn check_token(&self) -> Result<(), Error> {
        const MECHANISM: &str = "OAUTHBEARER";
        let names = ["sasl.mechanism", "sasl.mechanisms"];
        let mut set = names.iter().filter_map(|name| self.properties.get(*name));
        let reason = match (set.any(|set| set == MECHANISM), &self.oauth_token_file) {
            (true, None) => "sasl.mechanism=OAUTHBEARER needs a file with an access token",
            (false, Some(_)) => "an access token needs the property sasl.mechanism=OAUTHBEARER",
            (true, Some(_)) | (false, None) => return Ok(()),
        };
        Err(Error::Failed(reason.to_owned()))
    }

    /// librdkafka refuses one that is not shorter than a transaction may take.
    fn socket_timeout(&self) -> Duration {
        SOCKET_TIMEOUT.min(self.transaction_timeout / 2)
    }

    /// What every client has.
    pub(super) fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("client.id", format!("weir-{}", self.namespace));
        // Where a broker went down or a leader moved, a tenth of a second is what a caller may notice.
        config.set("socket.nagle.disable", "true");
        // A broker that hangs keeps its connections: it is given up after so long, and a minute is the default.
        config.set("socket.timeout.ms", millis(self.socket_timeout()));
        config.set("reconnect.backoff.ms", "20");
        config.set("reconnect.backoff.max.ms", "1000");
        config.set("retry.backoff.ms", "10");
        config.set("retry.backoff.max.ms", "200");
        config.set("topic.metadata.refresh.fast.interval.ms", "50");
        for (name, value) in &self.properties {
            config.set(name, value);
        }
        config.set("bootstrap.servers", &self.bootstrap);
        config
    }

    /// Of the producer of commands, and of checkpoints with a transactional id.
    pub(super) fn producer(&self) -> ClientConfig {
        let mut config = self.client();
        let record_bytes = self.record_bytes_max + RECORD_OVERHEAD_BYTES;
        default(&mut config, "linger.ms", "0");
        default(&mut config, "queue.buffering.max.kbytes", "131072");
        default(&mut config, "queue.buffering.max.messages", "200000");
        config.set("acks", "all");
        config.set("enable.idempotence", "true");
        config.set("message.max.bytes", record_bytes.to_string());
        config.set("message.timeout.ms", millis(self.append_timeout));
        // As Java producers do it, so that both find a key's records in the same partition.
        config.set("partitioner", "murmur2_random");
        config
    }

    pub(super) fn transactional(&self, id: &str) -> ClientConfig {
        let mut config = self.producer();
        #[cfg(feature = "fail-points")]
        let id = crate::fail_point::unfenced(id);
        config.set("transactional.id", id);
        config.set("transaction.timeout.ms", millis(self.transaction_timeout));
        // May not exceed the transaction's own.
        config.set("message.timeout.ms", millis(self.transaction_timeout));
        config
    }

    /// Of a consumer that is told where to read; it never joins a group.
    pub(super) fn consumer(&self, isolation: Isolation) -> ClientConfig {
        let mut config = self.watermarks(isolation);
        default(&mut config, "queued.max.messages.kbytes", "32768");
        default(&mut config, "fetch.queue.backoff.ms", "5");
        default(&mut config, "fetch.error.backoff.ms", "20");
        default(&mut config, "max.partition.fetch.bytes", "8388608");
        config.set("group.id", self.topic("unused"));
        config.set("enable.auto.commit", "false");
        config.set("enable.auto.offset.store", "false");
        config.set("enable.partition.eof", "true");
        config.set("auto.offset.reset", "error");
        config.set("check.crcs", "true");
        config
    }

    /// Of a client that only asks for watermarks: the end of the log, or of what is committed.
    pub(super) fn watermarks(&self, isolation: Isolation) -> ClientConfig {
        let mut config = self.client();
        let level = match isolation {
            Isolation::Committed => "read_committed",
            Isolation::Uncommitted => "read_uncommitted",
        };
        config.set("isolation.level", level);
        config
    }

    /// Makes a client; the configuration is a person's, so what is wrong with it is said in full.
    pub(super) fn create<T, C>(&self, config: &ClientConfig, context: C) -> Result<Arc<T>, Error>
    where
        T: FromClientConfigAndContext<C> + Bearer,
        C: ClientContext,
    {
        let client = T::from_config_and_context(config, context).map_err(|error| {
            Error::Failed(format!("Kafka's client refuses its settings: {error}"))
        })?;
        let client = Arc::new(client);
        if let Some(file) = &self.oauth_token_file {
            oauth::keep(file, &client)?;
        }
        Ok(client)
    }
}

#[derive(Clone, Copy)]
pub(super) enum Isolation {
    Committed,
    Uncommitted,
}

fn default(config: &mut ClientConfig, name: &str, value: &str) {
    if config.get(name).is_none() {
        config.set(name, value);
    }
}

fn millis(duration: Duration) -> String {
    duration.as_millis().to_string()
}
