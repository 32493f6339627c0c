//! Opening: finds the cluster, makes missing topics, checks those that are there.
//!
//! What must be so is in [`super::topics`]; here is how a cluster is asked.

use super::context::Context;
use super::topics::{COMMANDS, Finding, Found, HISTORY, STATE, Severity, Topic, table};
use super::{KafkaOptions, failed, survey, sys};
use crate::Error;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::metadata::MetadataTopic;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::task::{Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// What a position is only valid with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) cluster_id: String,
    pub(super) commands_id: String,
    pub(super) state_id: String,
}

/// Everything about the topics of a cluster that is not as it must be, the advice included; nothing is changed.
///
/// # Errors
/// [`Error::Failed`] when the cluster does not answer or forbids looking.
pub fn examine(options: &KafkaOptions) -> Result<Vec<Finding>, Error> {
    options.check()?;
    Setup::connect(options)?.findings()
}

/// The number of partitions that the installation was begun with; `None` when none of its topics is there yet. Nothing
/// is changed.
///
/// # Errors
/// [`Error::Failed`] when the cluster does not answer.
pub fn partitions(options: &KafkaOptions) -> Result<Option<u32>, Error> {
    options.check()?;
    let existing = Setup::connect(options)?.existing()?;
    let mut spread = [COMMANDS, STATE, HISTORY].into_iter();
    let found = spread.find_map(|short| existing.get(&options.topic(short)));
    Ok(found.map(|topic| topic.partitions))
}

pub(super) struct Setup<'a> {
    options: &'a KafkaOptions,
    admin: Arc<AdminClient<Context>>,
    topics: Vec<Topic>,
}

impl<'a> Setup<'a> {
    pub(super) fn connect(options: &'a KafkaOptions) -> Result<Self, Error> {
        let admin: Arc<AdminClient<Context>> = options.create(&options.client(), Context)?;
        let unreachable = |error: KafkaError| {
            let reason = survey::reason(options).unwrap_or_else(|| error.to_string());
            Error::Failed(format!(
                "no broker of {} answers: {reason}",
                options.bootstrap
            ))
        };
        let metadata = admin.inner().fetch_metadata(None, options.request_timeout);
        let brokers = metadata.map_err(unreachable)?.brokers().len() as u32;
        let topics = table(options, brokers);
        Ok(Self {
            options,
            admin,
            topics,
        })
    }

    /// Makes what is missing, refuses what is unsafe.
    pub(super) fn prepare(&self) -> Result<Identity, Error> {
        let is_new = self.options.create_topics && self.create_missing()?;
        let are_known = |findings: &Vec<Finding>| !findings.iter().any(Finding::is_missing);
        let findings = self.insist(is_new, || self.findings(), are_known)?;
        let (wrong, advice): (Vec<_>, Vec<_>) = findings
            .into_iter()
            .partition(|finding| finding.severity == Severity::Unsafe);
        for finding in &advice {
            tracing::warn!("{finding}");
        }
        if !wrong.is_empty() {
            return Err(Error::Unsafe(wrong));
        }
        self.insist(is_new, || self.identity(), |_| true)
    }

    /// Brokers learn of new topics one after the other, and every question may go to another broker: asks again until
    /// all is known.
    fn insist<T>(
        &self,
        is_new: bool,
        ask: impl Fn() -> Result<T, Error>,
        is_settled: impl Fn(&T) -> bool,
    ) -> Result<T, Error> {
        let deadline = Instant::now() + self.options.request_timeout;
        loop {
            let answer = ask();
            let is_over = !is_new || Instant::now() > deadline;
            if is_over || answer.as_ref().is_ok_and(&is_settled) {
                return answer;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(super) fn into_admin(self) -> Arc<AdminClient<Context>> {
        self.admin
    }

    pub(super) fn admin_options(&self) -> AdminOptions {
        let timeout = Some(self.options.request_timeout);
        AdminOptions::new()
            .request_timeout(timeout)
            .operation_timeout(timeout)
    }

    fn existing(&self) -> Result<BTreeMap<String, Found>, Error> {
        let metadata = self
            .admin
            .inner()
            .fetch_metadata(None, self.options.request_timeout);
        let metadata = metadata.map_err(|error| failed("the topics cannot be listed", &error))?;
        let ours = metadata.topics().iter().filter(|topic| {
            topic.error().is_none() && self.topics.iter().any(|wanted| wanted.name == topic.name())
        });
        Ok(ours
            .map(|topic| (topic.name().to_owned(), found(topic)))
            .collect())
    }

    /// The topics that are there, without the namespace, and how many partitions they have.
    pub(super) fn present(&self) -> Result<Vec<(&'static str, u32)>, Error> {
        let existing = self.existing()?;
        let topics = self.topics.iter();
        let present = topics.filter_map(|topic| Some((topic.short, existing.get(&topic.name)?)));
        Ok(present
            .map(|(short, found)| (short, found.partitions))
            .collect())
    }

    /// Whether there were any.
    fn create_missing(&self) -> Result<bool, Error> {
        let existing = self.existing()?;
        let missing: Vec<&Topic> = self
            .topics
            .iter()
            .filter(|t| !existing.contains_key(&t.name))
            .collect();
        if missing.is_empty() {
            return Ok(false);
        }
        let new: Vec<NewTopic<'_>> = missing.iter().map(|topic| new_topic(topic)).collect();
        let results = wait_for(self.admin.create_topics(&new, &self.admin_options()));
        for result in results.map_err(|error| failed("the topics cannot be made", &error))? {
            match result {
                // Somebody else was faster; it is checked like any other.
                Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((topic, code)) => {
                    return Err(Error::Failed(format!(
                        "the topic {topic} cannot be made: {code}"
                    )));
                }
            }
        }
        Ok(true)
    }

    fn findings(&self) -> Result<Vec<Finding>, Error> {
        let mut existing = self.existing()?;
        let present = self
            .topics
            .iter()
            .filter(|topic| existing.contains_key(&topic.name));
        let asked: Vec<_> = present
            .map(|topic| ResourceSpecifier::Topic(&topic.name))
            .collect();
        let configs = if asked.is_empty() {
            Vec::new()
        } else {
            let configs = wait_for(self.admin.describe_configs(&asked, &self.admin_options()));
            configs.map_err(|error| failed("the topics' settings cannot be read", &error))?
        };
        for config in configs {
            let config = config.map_err(|code| {
                Error::Failed(format!("a topic's settings cannot be read: {code}"))
            })?;
            let rdkafka::admin::OwnedResourceSpecifier::Topic(name) = &config.specifier else {
                continue;
            };
            if let Some(found) = existing.get_mut(name) {
                let entries = config.entries.into_iter();
                found.settings = entries.filter_map(|e| Some((e.name, e.value?))).collect();
            }
        }
        // Every topic has some; the broker that was asked has not heard of this one.
        if let Some((name, _)) = existing.iter().find(|(_, found)| found.settings.is_empty()) {
            return Err(Error::Failed(format!(
                "the settings of topic {name} are not known yet"
            )));
        }
        let check = |topic: &Topic| {
            let found = existing.get(&topic.name).cloned().unwrap_or_default();
            topic.check(&found, &self.options.bootstrap)
        };
        Ok(self.topics.iter().flat_map(check).collect())
    }

    fn identity(&self) -> Result<Identity, Error> {
        let names = [COMMANDS, STATE].map(|name| self.options.topic(name));
        let client = self.admin.inner();
        let cluster_id = client.fetch_cluster_id(self.options.request_timeout);
        let mut ids = sys::topic_ids(client, &names, self.options.request_timeout)
            .map_err(|reason| Error::Failed(format!("the topics' ids cannot be read: {reason}")))?;
        let mut id = |name: &String| {
            let missing = || Error::Failed(format!("the topic {name} has no id"));
            ids.remove(name).ok_or_else(missing)
        };
        let [commands, state] = &names;
        Ok(Identity {
            cluster_id: cluster_id.unwrap_or_default(),
            commands_id: id(commands)?,
            state_id: id(state)?,
        })
    }
}

fn found(topic: &MetadataTopic) -> Found {
    let replicas = topic
        .partitions()
        .iter()
        .map(|partition| partition.replicas().len());
    Found {
        partitions: topic.partitions().len() as u32,
        replicas: replicas.min().unwrap_or(0) as u32,
        settings: BTreeMap::new(),
    }
}

fn new_topic(topic: &Topic) -> NewTopic<'_> {
    let replication = TopicReplication::Fixed(topic.replicas as i32);
    let new = NewTopic::new(&topic.name, topic.partitions as i32, replication);
    let settings = topic.settings.iter();
    settings.fold(new, |new, setting| new.set(setting.name, &setting.value))
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Blocks until an answer of the admin client is there; those have a time-out of their own.
pub(super) fn wait_for<T>(future: impl Future<Output = KafkaResult<T>>) -> KafkaResult<T> {
    let mut future = std::pin::pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = std::task::Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(result) => return result,
            Poll::Pending => std::thread::park(),
        }
    }
}
