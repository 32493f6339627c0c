//! What each served call does.

use proto::gateway::partition::{PartitionBrokerHealth, PartitionBrokerRole};
use proto::gateway::*;
use tonic::{Code, Request};

use crate::server::{Served, activate, create, resource, start, why};

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_deployed_created_activated_and_completed() {
    let served = start().await;
    let definition = served.deploy("service_task").await;
    assert_eq!(definition >> 51, 1, "keys name their partition");
    let mut client = served.client();
    let created = client.create_process_instance(CreateProcessInstanceRequest {
        tags: vec!["blue".to_owned()],
        ..create("service_task", r#"{ "a": 1.50, "b": [true, null] }"#)
    });
    let created = created.await.unwrap().into_inner();
    let instance = created.process_instance_key;
    let expected = CreateProcessInstanceResponse {
        process_definition_key: definition,
        bpmn_process_id: "service_task".to_owned(),
        version: 1,
        process_instance_key: instance,
        tenant_id: "<default>".to_owned(),
        tags: vec!["blue".to_owned()],
    };
    assert_eq!(created, expected);

    let jobs = served.activate("do-work").await;
    let [job] = &jobs[..] else {
        panic!("one job: {jobs:?}");
    };
    let expected = ActivatedJob {
        key: job.key,
        r#type: "do-work".to_owned(),
        process_instance_key: instance,
        bpmn_process_id: "service_task".to_owned(),
        process_definition_version: 1,
        process_definition_key: definition,
        element_id: "work".to_owned(),
        element_instance_key: job.element_instance_key,
        custom_headers: r#"{"unit":"kg"}"#.to_owned(),
        worker: "tester".to_owned(),
        retries: 2,
        deadline: crate::server::NOW_MS + 60_000,
        variables: r#"{"a":1.50,"b":[true,null]}"#.to_owned(),
        tenant_id: "<default>".to_owned(),
    };
    assert_eq!(*job, expected);

    served.complete(job.key, r#"{"c":3}"#).await.unwrap();
    let again = served.complete(job.key, "").await.unwrap_err();
    assert_eq!(why(&again), (Code::NotFound, "JOB_NOT_FOUND".to_owned()));
    assert!(
        again
            .message()
            .starts_with("Command 'COMPLETE' rejected with code 'NOT_FOUND': no job has the key"),
        "{again}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_gets_only_the_variables_that_it_names() {
    let served = start().await;
    served.deploy("service_task").await;
    served
        .create("service_task", r#"{"a":1,"b":2,"c":3}"#)
        .await;
    let request = ActivateJobsRequest {
        fetch_variable: vec!["c".to_owned(), "a".to_owned(), "none".to_owned()],
        tenant_ids: vec!["<default>".to_owned()],
        ..activate("do-work")
    };
    let jobs = served.poll(request).await.unwrap();
    assert_eq!(jobs[0].variables, r#"{"a":1,"c":3}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_is_waited_for() {
    let served = start().await;
    let definition = served.deploy("script_task").await;
    let request = CreateProcessInstanceWithResultRequest {
        request: Some(CreateProcessInstanceRequest {
            process_definition_key: definition,
            variables: r#"{"a":7,"b":5}"#.to_owned(),
            tenant_id: "<default>".to_owned(),
            ..CreateProcessInstanceRequest::default()
        }),
        request_timeout: 60_000,
        fetch_variables: vec!["sum".to_owned(), "result".to_owned()],
    };
    let mut client = served.client();
    let answer = client.create_process_instance_with_result(request);
    let answer = answer.await.unwrap().into_inner();
    assert_eq!(answer.variables, r#"{"sum":12,"result":{"size":"much"}}"#);
    assert_eq!(answer.bpmn_process_id, "script_task");
    assert_eq!(answer.process_definition_key, definition);
    assert_eq!(answer.tenant_id, "<default>");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_comes_when_the_last_job_is_done_and_not_before() {
    let served = start().await;
    served.deploy("service_task").await;
    let request = |wait_ms| CreateProcessInstanceWithResultRequest {
        request: Some(create("service_task", "")),
        request_timeout: wait_ms,
        fetch_variables: Vec::new(),
    };
    let mut client = served.client();
    let work = async {
        let jobs = served.activate("do-work").await;
        served.complete(jobs[0].key, r#"{"done":true}"#).await
    };
    let awaited = client.create_process_instance_with_result(request(60_000));
    let (answer, completed) = tokio::join!(awaited, work);
    completed.unwrap();
    assert_eq!(answer.unwrap().into_inner().variables, r#"{"done":true}"#);

    let late = client.create_process_instance_with_result(request(1)).await;
    let late = late.unwrap_err();
    let expected = (Code::DeadlineExceeded, "RESULT_TIMEOUT".to_owned());
    assert_eq!(why(&late), expected);
    // The instance goes on.
    assert_eq!(served.activate("do-work").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_are_deployed_in_the_old_way_too() {
    let served = start().await;
    let Resource { name, content } = resource("service_task");
    let request = DeployProcessRequest {
        processes: vec![ProcessRequestObject {
            name: name.clone(),
            definition: content,
        }],
    };
    let first = served.client().deploy_process(request.clone()).await;
    let first = first.unwrap().into_inner();
    let process = &first.processes[0];
    assert_eq!(process.bpmn_process_id, "service_task");
    assert_eq!((process.version, &process.resource_name), (1, &name));
    // The same bytes are the same version.
    let second = served.client().deploy_process(request).await;
    let second = second.unwrap().into_inner();
    assert_eq!(second.processes, first.processes);
    assert_ne!(second.key, first.key);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_job_comes_back_and_without_retries_waits_for_a_decision() {
    let served = start().await;
    let mut client = served.client();
    served.deploy("service_task").await;
    served.create("service_task", "").await;
    let job = served.activate("do-work").await[0].key;
    let fail = |retries| FailJobRequest {
        job_key: job,
        retries,
        error_message: "no ink".to_owned(),
        retry_back_off: 0,
        variables: r#"{"tried":true}"#.to_owned(),
    };
    client.fail_job(fail(1)).await.unwrap();
    let again = served.activate("do-work").await;
    assert_eq!((again[0].key, again[0].retries), (job, 1));
    assert_eq!(again[0].variables, r#"{"tried":true}"#);
    client.fail_job(fail(0)).await.unwrap();

    let none = served.poll(ActivateJobsRequest {
        request_timeout: -1,
        ..activate("do-work")
    });
    assert_eq!(none.await.unwrap(), []);
    let complete = served.complete(job, "").await.unwrap_err();
    let expected = (Code::FailedPrecondition, "JOB_NOT_ACTIVE".to_owned());
    assert_eq!(why(&complete), expected);

    let incident = incident_of(&served).await;
    let resolve = ResolveIncidentRequest {
        incident_key: incident,
        operation_reference: Some(1),
    };
    let early = client.resolve_incident(resolve).await.unwrap_err();
    let expected = (Code::NotFound, "JOB_WITHOUT_RETRIES".to_owned());
    assert_eq!(why(&early), expected);
    let update = UpdateJobRetriesRequest {
        job_key: job,
        retries: 3,
        operation_reference: None,
    };
    client.update_job_retries(update).await.unwrap();
    client.resolve_incident(resolve).await.unwrap();
    let again = served.activate("do-work").await;
    assert_eq!((again[0].key, again[0].retries), (job, 3));
}

async fn incident_of(served: &Served) -> i64 {
    let request = proto::admin::ListIncidentsRequest::default();
    let listed = served.admin().list_incidents(request).await.unwrap();
    listed.into_inner().incidents[0].key.cast_signed()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_is_caught_by_the_boundary_event() {
    let served = start().await;
    served.deploy("boundary_error_event").await;
    let instance = served.create("boundary_error_event", "").await;
    let job = served.activate("pay").await[0].key;
    let throw = ThrowErrorRequest {
        job_key: job,
        error_code: "REFUSED".to_owned(),
        error_message: "no cover".to_owned(),
        variables: r#"{"why":"no cover"}"#.to_owned(),
    };
    served.client().throw_error(throw).await.unwrap();
    let mut client = served.client();
    let ended = client.cancel_process_instance(cancel(instance));
    assert_eq!(ended.await.unwrap_err().code(), Code::NotFound);
}

fn cancel(instance: i64) -> CancelProcessInstanceRequest {
    CancelProcessInstanceRequest {
        process_instance_key: instance,
        operation_reference: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_published_once_and_variables_are_set() {
    let served = start().await;
    let mut client = served.client();
    served.deploy("message_start_event").await;
    let publish = PublishMessageRequest {
        name: "order".to_owned(),
        correlation_key: "17".to_owned(),
        time_to_live: 60_000,
        message_id: "first".to_owned(),
        variables: r#"{"item":"book"}"#.to_owned(),
        tenant_id: String::new(),
    };
    let published = client.publish_message(publish.clone()).await;
    let published = published.unwrap().into_inner();
    assert!(published.key > 0);
    assert_eq!(published.tenant_id, "<default>");
    let twice = client.publish_message(publish).await.unwrap_err();
    let expected = (Code::AlreadyExists, "MESSAGE_EXISTS".to_owned());
    assert_eq!(why(&twice), expected);

    let job = served.activate("pack").await.remove(0);
    assert_eq!(job.variables, r#"{"item":"book"}"#);
    for (scope, local) in [
        (job.process_instance_key, false),
        (job.element_instance_key, true),
    ] {
        let set = SetVariablesRequest {
            element_instance_key: scope,
            variables: format!(r#"{{"local":{local}}}"#),
            local,
            operation_reference: None,
        };
        assert!(client.set_variables(set).await.unwrap().into_inner().key > 0);
    }
    let fail = FailJobRequest {
        job_key: job.key,
        retries: 1,
        ..FailJobRequest::default()
    };
    client.fail_job(fail).await.unwrap();
    let again = served.activate("pack").await;
    assert_eq!(again[0].variables, r#"{"item":"book","local":true}"#);

    let timeout = UpdateJobTimeoutRequest {
        job_key: job.key,
        timeout: 120_000,
        operation_reference: None,
    };
    client.update_job_timeout(timeout).await.unwrap();
    let cancelled = client.cancel_process_instance(cancel(job.process_instance_key));
    cancelled.await.unwrap();
    let gone = served.complete(job.key, "").await.unwrap_err();
    assert_eq!(gone.code(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_starts_at_the_named_elements() {
    let served = start().await;
    served.deploy("script_task").await;
    let mut inner = create("script_task", r#"{"sum":1}"#);
    inner.start_instructions = vec![ProcessInstanceCreationStartInstruction {
        element_id: "describe".to_owned(),
    }];
    let request = CreateProcessInstanceWithResultRequest {
        request: Some(inner),
        request_timeout: 0,
        fetch_variables: vec!["result".to_owned()],
    };
    let mut client = served.client();
    let answer = client.create_process_instance_with_result(request);
    let answer = answer.await.unwrap().into_inner();
    assert_eq!(answer.variables, r#"{"result":{"size":"little"}}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_gets_the_first_answer() {
    let served = start().await;
    served.deploy("service_task").await;
    let request = || {
        let mut request = Request::new(create("service_task", ""));
        let id = "0123456789abcdef0123456789abcdef".parse().unwrap();
        request.metadata_mut().insert("weir-request-id", id);
        request
    };
    let mut client = served.client();
    let first = client.create_process_instance(request()).await.unwrap();
    let second = client.create_process_instance(request()).await.unwrap();
    assert_eq!(first.into_inner(), second.into_inner());
    assert_eq!(served.activate("do-work").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_id_of_another_request_is_refused() {
    let served = start().await;
    served.deploy("service_task").await;
    let mut client = served.client();
    let id = "0123456789abcdef0123456789abcdef";
    let mut first = Request::new(create("service_task", ""));
    first
        .metadata_mut()
        .insert("weir-request-id", id.parse().unwrap());
    let first = client.create_process_instance(first).await.unwrap();

    let mut publish = Request::new(PublishMessageRequest {
        name: "news".to_owned(),
        ..PublishMessageRequest::default()
    });
    publish
        .metadata_mut()
        .insert("weir-request-id", id.parse().unwrap());
    let refused = client.publish_message(publish).await.unwrap_err();
    let expected = (Code::InvalidArgument, "REQUEST_ID_REUSED".to_owned());
    assert_eq!(why(&refused), expected);

    let awaited = || {
        let mut awaited = Request::new(CreateProcessInstanceWithResultRequest {
            request: Some(create("service_task", "")),
            ..CreateProcessInstanceWithResultRequest::default()
        });
        awaited
            .metadata_mut()
            .insert("weir-request-id", id.parse().unwrap());
        awaited
    };
    // It was started without awaiting anything, and runs.
    let refused = client.create_process_instance_with_result(awaited()).await;
    assert_eq!(why(&refused.unwrap_err()), expected);
    let cancel = CancelProcessInstanceRequest {
        process_instance_key: first.into_inner().process_instance_key,
        operation_reference: None,
    };
    client.cancel_process_instance(cancel).await.unwrap();
    let canceled = client.create_process_instance_with_result(awaited()).await;
    let expected = (Code::FailedPrecondition, "INSTANCE_CANCELED".to_owned());
    assert_eq!(why(&canceled.unwrap_err()), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_topology_is_what_clients_parse() {
    let served = start().await;
    let topology = served.client().topology(TopologyRequest {}).await;
    let topology = topology.unwrap().into_inner();
    let partition = Partition {
        partition_id: 1,
        role: PartitionBrokerRole::Leader.into(),
        health: PartitionBrokerHealth::Healthy.into(),
    };
    let broker = BrokerInfo {
        node_id: 0,
        host: "127.0.0.1".to_owned(),
        port: i32::from(served.port),
        partitions: vec![partition],
        version: "8.6.0".to_owned(),
    };
    let expected = TopologyResponse {
        brokers: vec![broker],
        cluster_size: 1,
        partitions_count: 1,
        replication_factor: 1,
        gateway_version: "8.6.0".to_owned(),
    };
    assert_eq!(topology, expected);
}
