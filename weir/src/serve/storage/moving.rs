//! What is exported from and imported into.

use std::time::Duration;

use journal::embedded::{self, EmbeddedImport, EmbeddedJournal};
use journal::kafka::{KafkaImport, KafkaJournal, KafkaOptions};
use journal::moving::{Source, Target};
use node::moving::MoveError;

use super::Storage;
use crate::failure::Failure;

impl Storage {
    /// What is there, to be read as a whole. Makes nothing, and nothing expires by it.
    ///
    /// # Errors
    /// As [`Storage::open`] gives them, and when nothing is there.
    pub fn source(&self) -> Result<Box<dyn Source>, Failure> {
        let opened: Result<Box<dyn Source>, journal::Error> = match self {
            Storage::Folder {
                path, partitions, ..
            } => {
                if !EmbeddedJournal::is_in(path) {
                    return Err(self.missing());
                }
                let options = embedded::Options {
                    partitions: *partitions,
                    retention: Duration::MAX,
                    ..embedded::Options::default()
                };
                EmbeddedJournal::open(path, &options).map(|journal| Box::new(journal) as _)
            }
            Storage::Kafka(kafka) => {
                let found = journal::kafka::partitions(&kafka.options);
                if found.map_err(|error| self.refused(&error))?.is_none() {
                    return Err(self.missing());
                }
                let settled = (**kafka).clone().settled();
                let options = settled.map(|options| KafkaOptions {
                    create_topics: false,
                    history_retention: Duration::ZERO,
                    ..options
                });
                options
                    .and_then(KafkaJournal::open)
                    .map(|journal| Box::new(journal) as _)
            }
        };
        opened.map_err(|error| self.refused(&error))
    }

    /// What is to be filled with an installation that has so many partitions.
    ///
    /// # Errors
    /// As [`Storage::open`] gives them; there is something already, or it has another number of partitions.
    pub fn target(&self, partitions: u32) -> Result<Box<dyn Target>, Failure> {
        self.check_partitions(partitions)?;
        let begun: Result<Box<dyn Target>, journal::Error> = match self {
            Storage::Folder {
                path, keep_ended, ..
            } => {
                let options = embedded::Options {
                    retention: *keep_ended,
                    ..embedded::Options::default()
                };
                EmbeddedImport::begin(path, partitions, &options)
                    .map(|target| Box::new(target) as _)
            }
            Storage::Kafka(kafka) => KafkaImport::begin(KafkaOptions {
                partitions,
                ..kafka.options.clone()
            })
            .map(|target| Box::new(target) as _),
        };
        begun.map_err(|error| self.refused(&error))
    }

    fn check_partitions(&self, partitions: u32) -> Result<(), Failure> {
        let (chosen, found) = match self {
            Storage::Folder { partitions, .. } => (*partitions, None),
            Storage::Kafka(kafka) => {
                let found = journal::kafka::partitions(&kafka.options);
                let found = found.map_err(|error| self.refused(&error))?;
                (kafka.partitions, found)
            }
        };
        match found.or(chosen) {
            Some(other) if other != partitions => Err(self
                .failure(format!(
                    "the export has {partitions} partitions and {} {other}: they must be equal",
                    if found.is_some() { "the topics have" } else { "--partitions says" },
                ))
                .hint("import into a folder or a --kafka-namespace that nobody has used, without --partitions")),
            Some(_) | None => Ok(()),
        }
    }

    fn missing(&self) -> Failure {
        self.failure(format!(
            "there is no installation to export: {}",
            self.place()
        ))
        .hint("name the folder with --data, or the brokers with --kafka and --kafka-namespace")
    }

    /// Why nothing was moved; `file` is the export.
    pub fn unmoved(&self, error: &MoveError, file: &str) -> Failure {
        match error {
            MoveError::Journal(error) => self.unusable(error),
            MoveError::Served(_) => self
                .failure(error.to_string())
                .hint("stop every server of it, then export again"),
            MoveError::File(error) => Failure::usage(format!("{file}: {error}")),
            MoveError::State { .. } => Failure::usage(format!("{file}: {error}"))
                .hint("run the version of weir that wrote the export, or a newer one"),
        }
    }
}
