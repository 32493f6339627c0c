//! The Kafka records of a checkpoint. `docs/topics.md` is their documentation.

use super::position::{POSITION_KEY, Position};
use super::{KafkaOptions, headers, topics};
use crate::moving::Part;
use crate::{
    Change, Checkpoint, CheckpointError, DeadLetter, HistoryRecord, OutboundRecord, View,
    ViewRecord,
};
use rdkafka::message::{Header, OwnedHeaders};
use std::borrow::Cow;

/// One record to be produced. Without a partition the key decides.
pub(super) struct Out<'a> {
    pub(super) topic: Cow<'a, str>,
    pub(super) partition: Option<i32>,
    pub(super) key: Option<Cow<'a, [u8]>>,
    pub(super) value: Option<Cow<'a, [u8]>>,
    pub(super) headers: OwnedHeaders,
    pub(super) timestamp_ms: Option<i64>,
}

/// Header names; documented in `docs/topics.md`.
pub(super) const ENDED_AT: &str = "weir.ended-at";
pub(super) const SUMMARY: &str = "weir.summary";
const INSTANCE: &str = "weir.instance";
const TERM: &str = "weir.term";
const REASON: &str = "weir.reason";

/// All records of a checkpoint in the order in which they are sent: the position closes them.
///
/// # Errors
/// [`CheckpointError::Failed`] when a record is too long; nothing has been sent then.
pub(super) fn encode<'a>(
    options: &KafkaOptions,
    partition: u32,
    checkpoint: &'a Checkpoint,
    position: &Position,
) -> Result<Vec<Out<'a>>, CheckpointError> {
    let partition = Some(partition as i32);
    let state = options.topic(topics::STATE);
    let mut records: Vec<Out<'a>> = Vec::with_capacity(checkpoint.changes.len() + 1);
    records.extend(entries(&state, partition, &checkpoint.changes));
    let topic = options.topic(topics::HISTORY);
    records.extend(
        checkpoint
            .history
            .iter()
            .map(|record| history(&topic, partition, record)),
    );
    records.extend(checkpoint.views.iter().map(|record| view(options, record)));
    records.extend(checkpoint.outbound.iter().map(outbound));
    let letters = checkpoint.dead_letters.iter();
    records.extend(letters.map(|letter| dead_letter(options, letter)));
    check(&records, options.record_bytes_max)?;
    records.push(closing(options, partition, position)?);
    Ok(records)
}

/// The records of a part of an import.
///
/// # Errors
/// As [`encode`].
pub(super) fn import<'a>(
    options: &KafkaOptions,
    partition: u32,
    part: &'a Part,
) -> Result<Vec<Out<'a>>, CheckpointError> {
    let partition = Some(partition as i32);
    let (state, topic) = (options.topic(topics::STATE), options.topic(topics::HISTORY));
    let entries = entries(&state, partition, &part.entries);
    let past = part.history.iter().map(|past| Out {
        timestamp_ms: past.written_ms,
        ..history(&topic, partition, &past.record)
    });
    let views = part.views.iter().map(|record| view(options, record));
    let records: Vec<_> = entries.chain(past).chain(views).collect();
    check(&records, options.record_bytes_max)?;
    Ok(records)
}

fn entries<'a>(
    topic: &str,
    partition: Option<i32>,
    changes: &'a [Change],
) -> impl Iterator<Item = Out<'a>> {
    let headers = headers("entry");
    changes.iter().map(move |change| Out {
        topic: Cow::Owned(topic.to_owned()),
        partition,
        key: Some(Cow::Borrowed(&change.key[..])),
        value: change.value.as_ref().map(|value| Cow::Borrowed(&value[..])),
        headers: headers.clone(),
        timestamp_ms: None,
    })
}

/// The position record.
pub(super) fn closing<'a>(
    options: &KafkaOptions,
    partition: Option<i32>,
    position: &Position,
) -> Result<Out<'a>, CheckpointError> {
    let value = position
        .encode()
        .map_err(|error| CheckpointError::Failed(error.to_string()))?;
    Ok(Out {
        topic: Cow::Owned(options.topic(topics::STATE)),
        partition,
        key: Some(Cow::Borrowed(POSITION_KEY)),
        value: Some(Cow::Owned(value)),
        headers: headers("position"),
        timestamp_ms: None,
    })
}

/// Who leads from here on; it opens the history, so that a state topic that lost its position is noticed.
pub(super) fn term<'a>(options: &KafkaOptions, partition: u32, term: u64, leader: &str) -> Out<'a> {
    Out {
        topic: Cow::Owned(options.topic(topics::HISTORY)),
        partition: Some(partition as i32),
        key: None,
        value: Some(Cow::Owned(leader.as_bytes().to_vec())),
        headers: headers("term").insert(Header {
            key: TERM,
            value: Some(&term.to_string()),
        }),
        timestamp_ms: None,
    }
}

fn check(records: &[Out<'_>], limit: usize) -> Result<(), CheckpointError> {
    for record in records {
        let length = |bytes: &Option<Cow<'_, [u8]>>| bytes.as_ref().map_or(0, |bytes| bytes.len());
        let size = length(&record.key) + length(&record.value);
        if size > limit {
            return Err(CheckpointError::Failed(format!(
                "a record for {} has {size} bytes, the limit is {limit}",
                record.topic
            )));
        }
    }
    let reserved = records
        .iter()
        .any(|record| record.key.as_deref() == Some(POSITION_KEY));
    if reserved {
        return Err(CheckpointError::Failed(
            "an entry has the key of the position record".to_owned(),
        ));
    }
    Ok(())
}

fn history<'a>(topic: &str, partition: Option<i32>, record: &'a HistoryRecord) -> Out<'a> {
    let mut headers = headers("history");
    if let Some((at_ms, summary)) = &record.ended {
        let at_ms = at_ms.to_string();
        headers = headers
            .insert(Header {
                key: ENDED_AT,
                value: Some(&at_ms),
            })
            .insert(Header {
                key: SUMMARY,
                value: Some(&summary[..]),
            });
    }
    Out {
        topic: Cow::Owned(topic.to_owned()),
        partition,
        key: Some(Cow::Owned(record.instance.to_string().into_bytes())),
        value: Some(Cow::Borrowed(&record.payload[..])),
        headers,
        timestamp_ms: None,
    }
}

fn view<'a>(options: &KafkaOptions, record: &'a ViewRecord) -> Out<'a> {
    let (topic, kind) = match record.view {
        View::Instances => (topics::INSTANCES, "instance"),
        View::UserTasks => (topics::USER_TASKS, "user-task"),
        View::Incidents => (topics::INCIDENTS, "incident"),
    };
    let mut headers = headers(kind);
    if let Some(instance) = record.instance {
        headers = headers.insert(Header {
            key: INSTANCE,
            value: Some(&instance.to_string()),
        });
    }
    Out {
        topic: Cow::Owned(options.topic(topic)),
        partition: None,
        key: Some(Cow::Borrowed(&record.key[..])),
        value: record.value.as_ref().map(|value| Cow::Borrowed(&value[..])),
        headers,
        timestamp_ms: None,
    }
}

/// The user's own record, without anything of ours.
fn outbound(record: &OutboundRecord) -> Out<'_> {
    let own = record.headers.iter();
    Out {
        topic: Cow::Borrowed(&record.topic),
        partition: None,
        key: record.key.as_ref().map(|key| Cow::Borrowed(&key[..])),
        value: record.value.as_ref().map(|value| Cow::Borrowed(&value[..])),
        headers: own.fold(OwnedHeaders::new(), |headers, (key, value)| {
            headers.insert(Header {
                key,
                value: Some(&value[..]),
            })
        }),
        timestamp_ms: record.timestamp_ms,
    }
}

fn dead_letter<'a>(options: &KafkaOptions, letter: &'a DeadLetter) -> Out<'a> {
    let topic = letter.topic.clone();
    let topic = topic.unwrap_or_else(|| options.topic(topics::COMMANDS));
    let source = format!("{topic}/{}/{}", letter.partition, letter.offset);
    // Somebody else may have written a record that is longer than any of ours.
    let room = options.record_bytes_max.saturating_sub(source.len());
    let record = letter.record.get(..room).unwrap_or(&letter.record[..]);
    Out {
        topic: Cow::Owned(options.topic(topics::DEAD_LETTERS)),
        partition: Some(0),
        key: Some(Cow::Owned(source.into_bytes())),
        value: Some(Cow::Borrowed(record)),
        headers: headers("dead-letter").insert(Header {
            key: REASON,
            value: Some(&letter.reason),
        }),
        timestamp_ms: None,
    }
}
