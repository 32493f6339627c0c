//! The public views of instances and incidents, as a server at work writes them: what each says, and that it goes when
//! what it is about has gone.

use std::time::Instant;

use journal::kafka::{KafkaOptions, topics};
use proto::gateway::{
    ActivatedJob, CancelProcessInstanceRequest, CompleteJobRequest, FailJobRequest,
    ResolveIncidentRequest, UpdateJobRetriesRequest,
};
use rdkafka::Message;
use rdkafka::message::Headers;
use serde_json::{Value, json};

use crate::real::Server;
use crate::support::*;

const PARTITIONS: u32 = 3;
const PROCESS: &str = r#"<process id="work" isExecutable="true"><startEvent id="s"/>
    <sequenceFlow id="f" sourceRef="s" targetRef="works"/>
    <serviceTask id="works"><extensionElements><zeebe:taskDefinition type="job"/></extensionElements></serviceTask>
    <sequenceFlow id="g" sourceRef="works" targetRef="e"/><endEvent id="e"/></process>"#;

/// A record of a view; `None` is a tombstone.
type Version = Option<Value>;

struct Views {
    options: KafkaOptions,
}

impl Views {
    /// All versions so far of what the keys name that `is_wanted`, the oldest first.
    fn versions(&self, view: &str, is_wanted: impl Fn(&str, &Version) -> bool) -> Vec<Version> {
        let topic = self.options.topic(view);
        let all = (0..PARTITIONS as i32).flat_map(|number| records(&self.options, &topic, number));
        let versions = all.map(|record| {
            let key = String::from_utf8(record.key().expect("a key").to_vec()).expect("text");
            let version = record.payload().map(|value| {
                let value: Value = serde_json::from_slice(value).expect("JSON");
                assert_eq!(value["key"], key.as_str());
                let headers = record.headers().expect("it says what it is").iter();
                let mut headers = headers.filter(|header| header.key == "weir.instance");
                let of = headers.next().and_then(|header| header.value);
                let instance = value.get("instanceKey").unwrap_or(&value["key"]);
                assert_eq!(of, instance.as_str().map(str::as_bytes), "{value}");
                value
            });
            (key, version)
        });
        let wanted = versions.filter(|(key, version)| is_wanted(key, version));
        wanted.map(|(_, version)| version).collect()
    }

    /// Waits for the version of an instance that is in this state: it comes with the next checkpoint.
    fn instance(&self, key: i64, state: &str) -> Value {
        let is_it = |version: &Version| version.as_ref().is_some_and(|it| it["state"] == state);
        self.last(topics::INSTANCES, key, is_it).expect("a version")
    }

    /// Waits until the last version of a key is as wanted.
    fn last(&self, view: &str, key: i64, is_it: impl Fn(&Version) -> bool) -> Version {
        let (key, since) = (key.to_string(), Instant::now());
        loop {
            let versions = self.versions(view, |of, _| of == key);
            match versions.into_iter().next_back() {
                Some(last) if is_it(&last) => return last,
                other => assert!(since.elapsed() < PATIENCE, "{view}: {other:?}"),
            }
        }
    }

    fn until_gone(&self, view: &str, key: i64) {
        self.last(view, key, Option::is_none);
    }

    /// Waits for the incident of an instance.
    fn incident(&self, instance: i64) -> Value {
        let (instance, since) = (instance.to_string(), Instant::now());
        loop {
            let is_its = |_: &str, it: &Version| {
                it.as_ref().is_some_and(|it| it["instanceKey"] == *instance)
            };
            if let Some(incident) = self.versions(topics::INCIDENTS, is_its).pop() {
                return incident.expect("no tombstone names an instance");
            }
            assert!(since.elapsed() < PATIENCE, "no incident of {instance}");
        }
    }
}

/// Takes what differs from run to run out of a record, once it was seen to be a time, a position, a key.
fn settled(mut view: Value) -> Value {
    let of = view.as_object_mut().expect("an object");
    for number in ["createdMs", "offset"] {
        let number = of.remove(number);
        assert!(
            number
                .as_ref()
                .and_then(Value::as_i64)
                .is_some_and(|it| it > 0),
            "{number:?}"
        );
    }
    let definition = of.remove("definitionKey");
    let definition = definition.as_ref().and_then(Value::as_str);
    assert!(
        definition.is_some_and(|key| key.parse::<u64>().is_ok()),
        "{definition:?}"
    );
    view
}

/// Gets the job of an instance and gives it up.
async fn fail(server: &Server, instance: i64) -> ActivatedJob {
    let job = job(server).await;
    assert_eq!(job.process_instance_key, instance);
    let fail = FailJobRequest {
        job_key: job.key,
        error_message: "out of paper".to_owned(),
        ..FailJobRequest::default()
    };
    server.gateway().fail_job(fail).await.expect("failed");
    job
}

/// Both views while an instance is stuck at a job that failed; gives the incident's key.
fn stuck(views: &Views, instance: i64, job: &ActivatedJob) -> i64 {
    let shown = json!({
        "key": instance.to_string(), "processId": "work", "version": 1, "state": "INCIDENT",
        "tags": [], "activeElements": ["works"],
    });
    assert_eq!(settled(views.instance(instance, "INCIDENT")), shown);
    let incident = views.incident(instance);
    let key = incident["key"].as_str().expect("text").to_owned();
    let shown = json!({
        "key": key, "processId": "work", "version": 1, "instanceKey": instance.to_string(),
        "elementId": "works", "type": "JOB_NO_RETRIES", "message": "out of paper",
        "jobKey": job.key.to_string(),
    });
    assert_eq!(settled(incident), shown);
    key.parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn views_show_what_there_is_and_nothing_that_has_gone() {
    let options = options(PARTITIONS);
    let server = Server::at(&home(&options));
    let views = Views { options };
    deploy(&server, &model(PROCESS)).await;

    // One is mended and ends.
    let ends = create(&server, "work", "{}").await;
    let shown = json!({
        "key": ends.to_string(), "processId": "work", "version": 1, "state": "ACTIVE",
        "tags": [], "activeElements": ["works"],
    });
    assert_eq!(settled(views.instance(ends, "ACTIVE")), shown);
    let failed = fail(&server, ends).await;
    let incident_key = stuck(&views, ends, &failed);
    let retries = UpdateJobRetriesRequest {
        job_key: failed.key,
        retries: 1,
        ..UpdateJobRetriesRequest::default()
    };
    let updated = server.gateway().update_job_retries(retries).await;
    updated.expect("updated");
    let resolve = ResolveIncidentRequest {
        incident_key,
        ..ResolveIncidentRequest::default()
    };
    server
        .gateway()
        .resolve_incident(resolve)
        .await
        .expect("resolved");
    views.until_gone(topics::INCIDENTS, incident_key);
    assert_eq!(settled(views.instance(ends, "ACTIVE")), shown);
    let complete = CompleteJobRequest {
        job_key: job(&server).await.key,
        ..CompleteJobRequest::default()
    };
    server
        .gateway()
        .complete_job(complete)
        .await
        .expect("completed");
    views.until_gone(topics::INSTANCES, ends);

    // Another one is canceled as it is stuck, and takes its incident along.
    let canceled = create(&server, "work", "{}").await;
    let failed = fail(&server, canceled).await;
    let incident_key = stuck(&views, canceled, &failed);
    let cancel = CancelProcessInstanceRequest {
        process_instance_key: canceled,
        ..CancelProcessInstanceRequest::default()
    };
    let gone = server.gateway().cancel_process_instance(cancel).await;
    gone.expect("canceled");
    views.until_gone(topics::INSTANCES, canceled);
    views.until_gone(topics::INCIDENTS, incident_key);
    server.stop();
}
