//! The topics that processes publish to: whether they would take a record, asked before a transaction is begun.
//!
//! librdkafka lets a transaction wait for a topic that does not exist until it times out, and it tells nobody which
//! record it waited for. One question to a broker does.

use super::{Shared, sys};
use crate::{CheckpointError, OutboundRecord, Refusal};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// A topic that took records so lately is not asked about again.
const FRESH: Duration = Duration::from_secs(1);
/// So many topics are remembered.
const REMEMBERED_MAX: usize = 10_000;

#[derive(Default)]
pub(super) struct Destinations(BTreeMap<String, Instant>);

impl Destinations {
    /// The records that their topics would refuse, with the reason.
    pub(super) fn refusals(
        &mut self,
        shared: &Shared,
        outbound: &[OutboundRecord],
    ) -> Result<Vec<Refusal>, CheckpointError> {
        let own = shared.options.topic("");
        let (ours, theirs): (BTreeSet<&str>, BTreeSet<&str>) = outbound
            .iter()
            .map(|record| record.topic.as_str())
            .partition(|topic| topic.starts_with(&own));
        let mut reasons: BTreeMap<String, String> = ours
            .into_iter()
            .map(|topic| (topic.to_owned(), format!("{own}* are topics of Weir's own")))
            .collect();
        reasons.extend(self.ask(shared, theirs)?);
        let refusal = |(index, record): (usize, &OutboundRecord)| {
            let reason = reasons.get(&record.topic)?.clone();
            Some(Refusal { index, reason })
        };
        Ok(outbound.iter().enumerate().filter_map(refusal).collect())
    }

    /// A topic has refused a record after all: asks anew.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }

    fn ask(
        &mut self,
        shared: &Shared,
        topics: BTreeSet<&str>,
    ) -> Result<BTreeMap<String, String>, CheckpointError> {
        let now = Instant::now();
        self.0.retain(|_, asked| now.duration_since(*asked) < FRESH);
        let unknown = topics
            .into_iter()
            .filter(|topic| !self.0.contains_key(*topic));
        let unknown: Vec<String> = unknown.map(str::to_owned).collect();
        if unknown.is_empty() {
            return Ok(BTreeMap::new());
        }
        let timeout = shared.options.request_timeout;
        let refusing = sys::refusing_topics(shared.admin.inner(), &unknown, timeout);
        let refusing = refusing.map_err(|reason| {
            CheckpointError::Failed(format!("the topics to publish to: {reason}"))
        })?;
        let good = unknown
            .into_iter()
            .filter(|topic| !refusing.contains_key(topic));
        let room = REMEMBERED_MAX.saturating_sub(self.0.len());
        self.0.extend(good.take(room).map(|topic| (topic, now)));
        Ok(refusing)
    }
}
