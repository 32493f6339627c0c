//! Message throw and end events and send tasks that name a topic: the record is published with the checkpoint that
//! includes the command, and the element is done at once. `docs/topics.md` says what a record is made of.

use bpmn_parser::model::Publication;
use bytes::Bytes;
use feel::{json, temporal};
use proto::record::{PublishedRecord, RecordHeader, RecordPublished, event, incident};

use crate::executable::{Evaluated, PublicationSpec, PublishedValue, Template};
use crate::flow::end;
use crate::scope::{self, View};
use crate::step::{self, At, Step, Stuck};

const KIND: incident::Type = incident::Type::ExtractValueError;
/// The latest timestamp of a record: the end of the year 9999.
const TIMESTAMP_MAX_MS: i64 = 253_402_300_799_999;

pub(super) fn activate(step: &mut Step<'_>, at: &At, spec: &PublicationSpec) -> Result<(), Stuck> {
    let record = PublishedRecord {
        instance: at.instance,
        element: at.element,
        definition_key: at.executable.key,
        node: at.index,
        topic: topic(step, at, &spec.topic)?,
        key: key(step, at, spec.key.as_ref())?,
        value: value(step, at, &spec.value)?,
        headers: headers(step, at, spec.headers.as_ref())?,
        timestamp_ms: timestamp(step, at, spec.timestamp.as_ref())?,
    };
    check_size(&record, step.limits.record_bytes)?;
    publish(step, record);
    step.queue(step::complete(at.instance, at.element));
    Ok(())
}

/// The record of a resolved incident, as it was. The instance has waited for it.
pub(crate) fn again(step: &mut Step<'_>, record: PublishedRecord) {
    let instance = record.instance;
    publish(step, record);
    end::check_scope(step, instance, instance);
}

fn publish(step: &mut Step<'_>, record: PublishedRecord) {
    let record = Some(record);
    let published = RecordPublished { record };
    step.emit(event::Kind::RecordPublished(Box::new(published)));
}

fn topic(step: &Step<'_>, at: &At, template: &Template) -> Result<String, Stuck> {
    let topic = scope::evaluate(step, at, at.element, template, KIND)?;
    let shown = topic.shown();
    let name = topic.into_text();
    name.filter(|name| Publication::is_topic_name(name))
        .ok_or_else(|| Stuck::new(KIND, format!("the topic is {shown}, not the name of one")))
}

/// Text stands for itself, anything else is JSON. That it is null is rather a mistake than wanted: the records of a
/// thing would lose their order.
fn key(step: &Step<'_>, at: &At, template: Option<&Template>) -> Result<Option<Bytes>, Stuck> {
    let Some(template) = template else {
        return Ok(None);
    };
    match scope::evaluate(step, at, at.element, template, KIND)? {
        Evaluated::Null => Err(Stuck::new(KIND, "the key is null")),
        Evaluated::Text(text) => Ok(Some(Bytes::from(text))),
        Evaluated::Json(json) => Ok(Some(Bytes::from(json))),
    }
}

fn value(step: &Step<'_>, at: &At, value: &PublishedValue) -> Result<Option<Bytes>, Stuck> {
    match value {
        PublishedValue::Variables => Ok(Some(scope::visible(
            step.state,
            at.instance,
            at.element,
            &[],
        ))),
        PublishedValue::Tombstone => Ok(None),
        PublishedValue::Template(template) => {
            let value = document(step, at, template)?;
            // A misspelt variable is null, too: it must not delete what a compacted topic has.
            if value == "null" {
                let message = "the value is null; a tombstone is published by the value `=null`";
                return Err(Stuck::new(KIND, message));
            }
            Ok(Some(value))
        }
    }
}

/// The fields of a context; one that is null is left out.
fn headers(
    step: &Step<'_>,
    at: &At,
    template: Option<&Template>,
) -> Result<Vec<RecordHeader>, Stuck> {
    let Some(template) = template else {
        return Ok(Vec::new());
    };
    let context = document(step, at, template)?;
    if context.first() != Some(&b'{') {
        let shown = String::from_utf8_lossy(&context);
        return Err(Stuck::new(
            KIND,
            format!("the headers are {shown}, not a context"),
        ));
    }
    let set = json::fields(&context).filter(|(_, value)| *value != b"null");
    let header = |(name, value): (_, &[u8])| RecordHeader {
        name: String::from(name),
        value: match json::string(value) {
            Some(text) => Bytes::from(text.into_owned()),
            None => Bytes::copy_from_slice(value),
        },
    };
    Ok(set.map(header).collect())
}

/// A date and time, or milliseconds since 1970; without one it is the time of the command.
fn timestamp(step: &Step<'_>, at: &At, template: Option<&Template>) -> Result<i64, Stuck> {
    let Some(template) = template else {
        return Ok(step.now_ms());
    };
    let found = scope::evaluate(step, at, at.element, template, KIND)?;
    let wrong = format!(
        "the timestamp is {}, not a date and time after 1970 nor milliseconds since then",
        found.shown()
    );
    let text = found.into_text();
    let parse = |text: &String| match text.parse() {
        Ok(at_ms) => Some(at_ms),
        Err(_) => temporal::parse_date_time(text).ok(),
    };
    let at_ms = text.as_ref().and_then(parse);
    at_ms
        .filter(|at_ms| (1..=TIMESTAMP_MAX_MS).contains(at_ms))
        .ok_or_else(|| Stuck::new(KIND, wrong))
}

/// What a template gives, as JSON.
fn document(step: &Step<'_>, at: &At, template: &Template) -> Result<Bytes, Stuck> {
    let Some(instance) = step.instance(at) else {
        return Ok(Bytes::from_static(b"{}"));
    };
    let view = View::new(step.state, instance, at.element);
    let environment = step.environment(&view);
    let mut document = Vec::new();
    step.evaluating(|steps| template.write_json(&environment, steps, &mut document))
        .map_err(|error| scope::failed(&template.source(), &error, KIND))?;
    Ok(Bytes::from(document))
}

fn check_size(record: &PublishedRecord, limit: usize) -> Result<(), Stuck> {
    let length = |bytes: &Option<Bytes>| bytes.as_ref().map_or(0, Bytes::len);
    let headers = record.headers.iter();
    let headers: usize = headers.map(|it| it.name.len() + it.value.len()).sum();
    let size = length(&record.key) + length(&record.value) + headers;
    if size > limit {
        let message = format!("the record takes {size} bytes, more than the {limit} allowed");
        return Err(Stuck::new(incident::Type::RecordTooLarge, message));
    }
    Ok(())
}
