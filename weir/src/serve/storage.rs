//! Where a server keeps everything: in a folder of its own, or in Kafka.

mod moving;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use clap::builder::RangedI64ValueParser;
use journal::Journal;
use journal::embedded::{self, EmbeddedJournal};
use journal::kafka::{KafkaJournal, KafkaOptions};
use node::StartError;

use crate::failure::{Exit, Failure};

/// Where everything is kept, as options of a command.
#[derive(Debug, Clone, Args)]
pub struct StorageArgs {
    /// Over how many partitions everything is spread; it cannot be changed later [default: as many as there are; new
    /// folders have 1, new topics 3]
    #[arg(long, value_name = "N", env = "WEIR_PARTITIONS", value_parser = partitions())]
    partitions: Option<u32>,

    /// Keep everything in Kafka, and nothing on this machine; some of its brokers
    #[arg(long, value_name = "HOST:PORT,…", env = "WEIR_KAFKA")]
    kafka: Option<String>,

    /// What the names of all topics begin with, so that several installations share a cluster
    #[arg(
        long,
        value_name = "NAME",
        default_value = "weir",
        env = "WEIR_KAFKA_NAMESPACE",
        requires = "kafka"
    )]
    kafka_namespace: String,

    /// A property of librdkafka, such as security.protocol=SASL_SSL; may be repeated. Secrets are better in the
    /// environment: WEIR_KAFKA_PROPERTY_SASL_PASSWORD is sasl.password
    #[arg(long, value_name = "NAME=VALUE", value_parser = property, requires = "kafka")]
    kafka_property: Vec<(String, String)>,

    /// A file with the access token for sasl.mechanism=OAUTHBEARER, a JWT; it is read again before that expires
    #[arg(
        long,
        value_name = "FILE",
        env = "WEIR_KAFKA_TOKEN_FILE",
        requires = "kafka"
    )]
    kafka_token_file: Option<PathBuf>,

    /// Copies of each topic that is made [default: 3, or as many as there are brokers]
    #[arg(
        long,
        value_name = "N",
        env = "WEIR_KAFKA_REPLICATION",
        requires = "kafka"
    )]
    kafka_replication: Option<u32>,
}

/// A number of partitions. Each has threads, and in Kafka connections, of its own.
pub fn partitions() -> RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=1_000)
}

fn property(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.to_owned()))
        }
        Some(_) | None => Err("a property is NAME=VALUE".to_owned()),
    }
}

impl StorageArgs {
    /// `data` is the folder that is used without Kafka.
    pub fn storage(&self, data: &Path, keep_ended: Duration) -> Storage {
        match &self.kafka {
            None => Storage::Folder {
                path: data.to_owned(),
                partitions: self.partitions,
                keep_ended,
            },
            Some(bootstrap) => Storage::Kafka(Box::new(InKafka {
                partitions: self.partitions,
                options: self.kafka_options(bootstrap, keep_ended),
            })),
        }
    }

    fn kafka_options(&self, bootstrap: &str, keep_ended: Duration) -> KafkaOptions {
        KafkaOptions {
            bootstrap: bootstrap.to_owned(),
            namespace: self.kafka_namespace.clone(),
            partitions: PARTITIONS_IN_KAFKA,
            replication_factor: self.kafka_replication,
            history_retention: keep_ended,
            oauth_token_file: self.kafka_token_file.clone(),
            properties: self
                .kafka_property
                .iter()
                .cloned()
                .collect::<BTreeMap<_, _>>(),
            ..KafkaOptions::default()
        }
    }
}

/// Of topics that nobody has made yet. More than one costs little there, and their number is for ever.
pub const PARTITIONS_IN_KAFKA: u32 = 3;

/// Where everything is kept.
#[derive(Debug, Clone)]
pub enum Storage {
    Folder {
        path: PathBuf,
        /// If a person has chosen their number.
        partitions: Option<u32>,
        keep_ended: Duration,
    },
    Kafka(Box<InKafka>),
}

/// A cluster, and what may depend on what is there.
#[derive(Debug, Clone)]
pub struct InKafka {
    /// If a person has chosen their number.
    partitions: Option<u32>,
    /// With the number that topics get which nobody has made yet.
    pub options: KafkaOptions,
}

impl InKafka {
    /// With the number of partitions that was chosen, or else that there is. Asks the cluster.
    ///
    /// # Errors
    /// No broker answers.
    pub fn settled(self) -> Result<KafkaOptions, journal::Error> {
        let mut options = self.options;
        let chosen = match self.partitions {
            Some(partitions) => Some(partitions),
            None => journal::kafka::partitions(&options)?,
        };
        options.partitions = chosen.unwrap_or(options.partitions);
        Ok(options)
    }
}

impl Storage {
    /// # Errors
    /// [`Exit::Data`]: it cannot be used, with what to do.
    pub fn open(&self) -> Result<Arc<dyn Journal>, Failure> {
        let opened: Result<Arc<dyn Journal>, journal::Error> = match self {
            Storage::Folder {
                path,
                partitions,
                keep_ended,
            } => {
                let options = embedded::Options {
                    partitions: *partitions,
                    retention: *keep_ended,
                    ..embedded::Options::default()
                };
                EmbeddedJournal::open(path, &options).map(|journal| Arc::new(journal) as _)
            }
            Storage::Kafka(kafka) => (**kafka)
                .clone()
                .settled()
                .and_then(KafkaJournal::open)
                .map(|journal| Arc::new(journal) as _),
        };
        opened.map_err(|error| self.refused(&error))
    }

    /// Whether anybody could read the public views.
    pub fn has_views(&self) -> bool {
        match self {
            Storage::Folder { .. } => false,
            Storage::Kafka(_) => true,
        }
    }

    /// Whether several nodes may use it together.
    pub fn is_shared(&self) -> bool {
        match self {
            Storage::Folder { .. } => false,
            Storage::Kafka(_) => true,
        }
    }

    /// The folder, or the brokers.
    pub fn name(&self) -> String {
        match self {
            Storage::Folder { path, .. } => path.display().to_string(),
            Storage::Kafka(kafka) => kafka.options.bootstrap.clone(),
        }
    }

    /// Where it is, in words.
    pub fn place(&self) -> String {
        match self {
            Storage::Folder { path, .. } => format!("data in {}", path.display()),
            Storage::Kafka(kafka) => format!(
                "all data in Kafka at {}, topics {}.*",
                kafka.options.bootstrap, kafka.options.namespace
            ),
        }
    }

    /// Why a node could not be started on it.
    pub fn unusable(&self, error: &StartError) -> Failure {
        match error {
            StartError::Journal(error) => self.refused(error),
            StartError::Restore(_) | StartError::NewerSemantics { .. } => self
                .failure(error.to_string())
                .hint("run the version of weir that wrote the data, or a newer one"),
            StartError::Append(_)
            | StartError::Fenced
            | StartError::Silent(_)
            | StartError::TooManyFailures(_)
            | StartError::Thread(_)
            | StartError::Stopped => self.failure(error.to_string()),
        }
    }

    fn failure(&self, message: String) -> Failure {
        let reason = match self {
            Storage::Folder { .. } => "DATA_FOLDER",
            Storage::Kafka(_) => "KAFKA",
        };
        Failure::new(Exit::Data, reason, message)
    }

    fn refused(&self, error: &journal::Error) -> Failure {
        let failure = self.failure(error.to_string());
        match (self, error) {
            (Storage::Folder { path, .. }, journal::Error::InUse { pid, .. }) => self
                .failure(format!(
                    "{} is in use by the process with pid {pid}",
                    path.display()
                ))
                .hint("stop that process, or choose another folder with --data"),
            (Storage::Kafka(_), journal::Error::InUse { .. }) => failure,
            (_, journal::Error::Damaged { .. }) => failure.hint(
                "nothing was changed: keep a copy of the folder, then put a backup in its place or choose another with --data",
            ),
            (_, journal::Error::Full) => {
                failure.hint("make space on the disk of the folder, then start again")
            }
            (Storage::Folder { .. }, journal::Error::Failed(_)) => failure
                .hint("see that the folder can be written to, or choose another with --data"),
            (Storage::Kafka(kafka), journal::Error::Failed(_)) => failure.hint(format!(
                "see that {} answers, and that the properties are those of the cluster",
                kafka.options.bootstrap
            )),
            (_, journal::Error::Partitions { found, .. }) => self
                .failure(format!("{}: {error}", self.name()))
                .hint(format!(
                    "leave out --partitions, or say {found}; another number needs another --data"
                )),
            (_, journal::Error::Foreign { .. }) => failure.hint(
                "no data was changed: use the cluster, the topics and the number of partitions that it was begun with, or begin anew with another --kafka-namespace",
            ),
            (_, journal::Error::NotEmpty(_)) => {
                failure.hint("import where there is nothing yet: another --data or --kafka-namespace")
            }
            (_, journal::Error::Unfinished(_)) => {
                failure.hint("run the same `weir import` again, or choose another --kafka-namespace")
            }
            (
                _,
                journal::Error::UnknownPartition(_)
                | journal::Error::OutOfBounds { .. }
                | journal::Error::Lagged(_)
                | journal::Error::Unsafe(_)
                | journal::Error::Closed(_),
            ) => failure,
        }
    }
}
