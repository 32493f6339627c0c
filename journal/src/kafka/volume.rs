//! How much an installation writes to its topics, and an end to one that was only made to measure that.

use super::context::Context;
use super::setup::{Setup, wait_for};
use super::tail::{Tail, Target};
use super::{Isolation, KafkaOptions, failed};
use crate::Error;
use rdkafka::Message;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{BorrowedMessage, Headers};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Reading one partition may take so long.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// Up to where the topics of an installation were written at a moment; by default, before anything was.
#[derive(Clone, Debug, Default)]
pub struct Mark {
    ends: BTreeMap<Place, i64>,
}

/// A topic's name without the namespace, and a partition of it.
type Place = (&'static str, u32);

/// What was written to a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Its name without the namespace.
    pub topic: &'static str,
    /// Committed records, without the markers of transactions.
    pub records: u64,
    /// Their keys, values and headers, uncompressed.
    pub bytes: u64,
    /// Whether some were deleted before they could be counted.
    pub is_cut: bool,
}

impl Mark {
    /// This moment, as read-committed readers see it.
    ///
    /// # Errors
    /// [`Error::Failed`] when the cluster does not answer.
    pub fn now(options: &KafkaOptions) -> Result<Self, Error> {
        let ends = bounds(options)?.into_iter();
        Ok(Self {
            ends: ends.map(|(place, (_, end))| (place, end)).collect(),
        })
    }

    /// What was committed to each topic since then; reads all of it.
    ///
    /// # Errors
    /// [`Error::Failed`] when the cluster does not answer.
    pub fn since(&self, options: &KafkaOptions) -> Result<Vec<Volume>, Error> {
        let mut volumes = BTreeMap::new();
        for ((topic, partition), (low, end)) in bounds(options)? {
            let from = self.ends.get(&(topic, partition)).copied().unwrap_or(0);
            let volume = volumes.entry(topic).or_insert(Volume {
                topic,
                records: 0,
                bytes: 0,
                is_cut: false,
            });
            volume.is_cut |= low > from;
            if end > from.max(low) {
                volume.count(options, partition, from.max(low)..end)?;
            }
        }
        Ok(volumes.into_values().collect())
    }
}

impl Volume {
    fn count(
        &mut self,
        options: &KafkaOptions,
        partition: u32,
        offsets: std::ops::Range<i64>,
    ) -> Result<(), Error> {
        let tail = Tail::look_up(options, &options.topic(self.topic), partition)?;
        tail.seek(offsets.start)?;
        let target = Target {
            offset: offsets.end,
            is_visible: true,
        };
        tail.scan(target, PATIENCE, |message| {
            if offsets.contains(&message.offset()) {
                self.records += 1;
                self.bytes += bytes(message);
            }
        })
    }
}

fn bytes(message: &BorrowedMessage<'_>) -> u64 {
    let headers = message.headers().into_iter().flat_map(Headers::iter);
    let headers = headers.map(|header| header.key.len() + header.value.map_or(0, <[u8]>::len));
    let length = |part: Option<&[u8]>| part.map_or(0, <[u8]>::len);
    (length(message.key()) + length(message.payload()) + headers.sum::<usize>()) as u64
}

/// The first offset and the end of what is committed of all partitions of the topics that are there.
fn bounds(options: &KafkaOptions) -> Result<BTreeMap<Place, (i64, i64)>, Error> {
    let setup = Setup::connect(options)?;
    let consumer: Arc<BaseConsumer<Context>> =
        options.create(&options.watermarks(Isolation::Committed), Context)?;
    let mut bounds = BTreeMap::new();
    for (short, partitions) in setup.present()? {
        let topic = options.topic(short);
        for partition in 0..partitions {
            let ends = consumer.fetch_watermarks(&topic, partition as i32, options.request_timeout);
            let ends = ends.map_err(|error| failed(&format!("the bounds of {topic}"), &error))?;
            bounds.insert((short, partition), ends);
        }
    }
    Ok(bounds)
}

/// Deletes all topics of an installation, and with them everything that it knows.
///
/// # Errors
/// [`Error::Failed`] when the cluster does not answer or forbids it.
pub fn remove(options: &KafkaOptions) -> Result<(), Error> {
    let setup = Setup::connect(options)?;
    let names = setup.present()?.into_iter();
    let names: Vec<String> = names.map(|(short, _)| options.topic(short)).collect();
    if names.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let admin_options = setup.admin_options();
    let results = wait_for(setup.into_admin().delete_topics(&names, &admin_options));
    for result in results.map_err(|error| failed("the topics cannot be deleted", &error))? {
        result.map_err(|(topic, code)| {
            Error::Failed(format!("the topic {topic} cannot be deleted: {code}"))
        })?;
    }
    Ok(())
}
