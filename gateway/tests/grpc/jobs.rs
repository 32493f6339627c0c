//! How jobs reach workers: long polling and streams.

use gateway::Config;
use proto::gateway::*;
use tonic::{Code, Streaming};

use crate::server::{Served, activate, create, start, start_with, why};

/// Registers a stream; waits until it is.
async fn stream(served: &Served, job_type: &str) -> Streaming<ActivatedJob> {
    let request = StreamActivatedJobsRequest {
        r#type: job_type.to_owned(),
        worker: "streamer".to_owned(),
        timeout: 60_000,
        fetch_variable: vec!["n".to_owned()],
        tenant_ids: Vec::new(),
    };
    let stream = served.client().stream_activated_jobs(request).await;
    stream.expect("a stream").into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_waits_for_the_first_job() {
    let served = start().await;
    served.deploy("service_task").await;
    // The response has begun: the poll waits.
    let mut waiting = served.client().activate_jobs(activate("do-work")).await;
    let waiting = waiting.as_mut().unwrap().get_mut();
    let instance = served.create("service_task", "").await;
    let batch = waiting.message().await.unwrap().expect("a batch");
    assert_eq!(batch.jobs.len(), 1);
    assert_eq!(batch.jobs[0].process_instance_key, instance);
    // It ends after its first batch.
    assert_eq!(waiting.message().await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_ends_empty_when_its_time_is_up() {
    let quick = Config {
        poll_wait: std::time::Duration::from_millis(1),
        ..Config::default()
    };
    let served = start_with(quick, node::Config::default()).await;
    for request_timeout in [-1, 0, 1] {
        let request = ActivateJobsRequest {
            request_timeout,
            ..activate("do-work")
        };
        assert_eq!(served.poll(request).await.unwrap(), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_takes_no_more_than_it_asks_for() {
    let served = start().await;
    served.deploy("service_task").await;
    let mut created = Vec::new();
    for _ in 0..5 {
        created.push(served.create("service_task", "").await);
    }
    let request = ActivateJobsRequest {
        max_jobs_to_activate: 3,
        ..activate("do-work")
    };
    let mut taken = served.poll(request.clone()).await.unwrap();
    assert_eq!(taken.len(), 3);
    taken.extend(served.poll(request).await.unwrap());
    let instances = taken.iter().map(|job| job.process_instance_key);
    assert_eq!(instances.collect::<Vec<_>>(), created, "the oldest first");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_batch_comes_in_messages_that_fit() {
    let small = Config {
        message_bytes_max: 40_000,
        ..Config::default()
    };
    let served = start_with(small, node::Config::default()).await;
    served.deploy("service_task").await;
    let variables = format!(r#"{{"a":"{}"}}"#, "x".repeat(15_000));
    for _ in 0..5 {
        served.create("service_task", &variables).await;
    }
    let mut stream = served.client().activate_jobs(activate("do-work")).await;
    let stream = stream.as_mut().unwrap().get_mut();
    let mut sizes = Vec::new();
    while let Some(batch) = stream.message().await.unwrap() {
        sizes.push(batch.jobs.len());
    }
    assert_eq!(sizes, [2, 2, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_no_message_holds_becomes_an_incident() {
    let small = Config {
        message_bytes_max: 30_000,
        ..Config::default()
    };
    let served = start_with(small, node::Config::default()).await;
    served.deploy("service_task").await;
    let instance = served.create("service_task", "").await;
    for name in ["a", "b"] {
        let set = SetVariablesRequest {
            element_instance_key: instance,
            variables: format!(r#"{{"{name}":"{}"}}"#, "x".repeat(15_000)),
            local: false,
            operation_reference: None,
        };
        served.client().set_variables(set).await.unwrap();
    }
    assert_eq!(served.activate("do-work").await, []);
    // Nobody waits for the failure: it comes in its own time.
    let incident = loop {
        let request = proto::admin::ListIncidentsRequest::default();
        let listed = served.admin().list_incidents(request).await.unwrap();
        if let Some(incident) = listed.into_inner().incidents.pop() {
            break incident;
        }
    };
    assert_eq!(incident.r#type, "JOB_NO_RETRIES");
    assert!(incident.message.contains("fetch fewer variables"));
    // With fewer variables the job can be had.
    let mut client = served.client();
    let update = UpdateJobRetriesRequest {
        job_key: incident.job_key.cast_signed(),
        retries: 1,
        operation_reference: None,
    };
    client.update_job_retries(update).await.unwrap();
    let resolve = ResolveIncidentRequest {
        incident_key: incident.key.cast_signed(),
        operation_reference: None,
    };
    client.resolve_incident(resolve).await.unwrap();
    let request = ActivateJobsRequest {
        fetch_variable: vec!["a".to_owned()],
        ..activate("do-work")
    };
    assert_eq!(served.poll(request).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_gives_jobs_as_they_come() {
    let served = start().await;
    served.deploy("service_task").await;
    let waiting = served.create("service_task", r#"{"n":0,"m":0}"#).await;
    let mut stream = stream(&served, "do-work").await;
    let job = stream.message().await.unwrap().expect("the backlog");
    assert_eq!(job.process_instance_key, waiting);
    assert_eq!(
        (job.variables, job.worker),
        (r#"{"n":0}"#.to_owned(), "streamer".to_owned())
    );
    // More than the stream holds at once.
    for n in 1..=300 {
        let variables = format!(r#"{{"n":{n}}}"#);
        let instance = served.create("service_task", &variables).await;
        let job = stream.message().await.unwrap().expect("a job");
        assert_eq!(
            (job.process_instance_key, job.variables),
            (instance, variables)
        );
        served.complete(job.key, "").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_gets_nothing_more() {
    let served = start().await;
    served.deploy("service_task").await;
    let stream = stream(&served, "do-work").await;
    drop(stream);
    // The server learns it sooner or later; until then jobs are sent to nobody, and stay leased.
    let waiting = served.client().activate_jobs(activate("do-work")).await;
    let mut waiting = waiting.unwrap().into_inner();
    let create = async {
        loop {
            served.create("service_task", "").await;
        }
    };
    let batch = tokio::select! {
        batch = waiting.message() => batch,
        () = create => Ok(None),
    };
    assert!(batch.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_leaves_jobs_to_others() {
    let served = start().await;
    served.deploy("service_task").await;
    let request = StreamActivatedJobsRequest {
        r#type: "do-work".to_owned(),
        timeout: 60_000,
        ..StreamActivatedJobsRequest::default()
    };
    let blocked = served.client().stream_activated_jobs(request).await;
    let variables = format!(r#"{{"a":"{}"}}"#, "x".repeat(300_000));
    for _ in 0..40 {
        served.create("service_task", &variables).await;
    }
    // Of 12 MB only what the connection's window holds was sent; the rest is given back.
    drop(blocked);
    assert!(!served.activate("do-work").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_that_is_given_up_takes_nothing() {
    let served = start().await;
    served.deploy("service_task").await;
    // The client's word that it has gone may be slower than the job: then the lease has to end, so it is short.
    let given_up = ActivateJobsRequest {
        timeout: 500,
        ..activate("do-work")
    };
    let waiting = served.client().activate_jobs(given_up).await;
    drop(waiting.unwrap());
    let created = served.create("service_task", "").await;
    let jobs = served.activate("do-work").await;
    assert_eq!(jobs[0].process_instance_key, created);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_unavailable_when_the_node_stops() {
    let served = start().await;
    let mut stream = stream(&served, "do-work").await;
    served.node.stop().await;
    let ended = stream.message().await.unwrap_err();
    assert_eq!(why(&ended), (Code::Unavailable, "UNAVAILABLE".to_owned()));
    let polled = served.poll(activate("do-work")).await.unwrap_err();
    assert_eq!(why(&polled), (Code::Unavailable, "STOPPING".to_owned()));
    let topology = served.client().topology(TopologyRequest {}).await;
    let topology = topology.unwrap().into_inner();
    let partition = &topology.brokers[0].partitions[0];
    assert_eq!(partition.health(), partition::PartitionBrokerHealth::Dead);
}

/// Beyond what doubles and 64-bit integers hold, and in the notation that was used.
#[tokio::test(flavor = "multi_thread")]
async fn numbers_come_out_as_they_went_in() {
    let served = start().await;
    served.deploy("service_task").await;
    let numbers = r#"{"a":0.1,"b":1e400,"c":9007199254740993,"d":1.0,"e":-1E+2,"f":0.1000000000000000055511151231257827}"#;
    let mut client = served.client();
    let created = client.create_process_instance(create("service_task", numbers));
    created.await.expect("created");
    let jobs = served.activate("do-work").await;
    assert_eq!(jobs[0].variables, numbers);
}
