//! Every error of the calls that are served: code, reason, text.

use gateway::Config;
use proto::gateway::*;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

use crate::server::{activate, create, resource, start, start_with, why};

fn assert_why<T: std::fmt::Debug>(answer: Result<T, Status>, code: Code, reason: &str) -> Status {
    let status = answer.expect_err(reason);
    assert_eq!(why(&status), (code, reason.to_owned()), "{status}");
    status
}

fn metadata(status: &Status, name: &str) -> String {
    let details = status.get_error_details();
    let info = details.error_info().expect("a reason");
    info.metadata.get(name).cloned().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_keys_are_not_found() {
    let served = start().await;
    let mut client = served.client();
    for key in [i64::MIN, -1, 0, 1, 2_251_799_813_685_249, i64::MAX] {
        let complete = served.complete(key, "").await;
        let status = assert_why(complete, Code::NotFound, "JOB_NOT_FOUND");
        assert!(status.message().contains("Command 'COMPLETE' rejected"));
        let fail = client.fail_job(FailJobRequest {
            job_key: key,
            ..FailJobRequest::default()
        });
        let status = assert_why(fail.await, Code::NotFound, "JOB_NOT_FOUND");
        assert!(status.message().contains("Command 'FAIL' rejected"));
        let throw = client.throw_error(ThrowErrorRequest {
            job_key: key,
            ..ThrowErrorRequest::default()
        });
        let status = assert_why(throw.await, Code::NotFound, "JOB_NOT_FOUND");
        assert!(status.message().contains("Command 'THROW_ERROR' rejected"));
        let retries = client.update_job_retries(UpdateJobRetriesRequest {
            job_key: key,
            retries: 1,
            operation_reference: None,
        });
        assert_why(retries.await, Code::NotFound, "JOB_NOT_FOUND");
        let timeout = client.update_job_timeout(UpdateJobTimeoutRequest {
            job_key: key,
            timeout: 1,
            operation_reference: None,
        });
        assert_why(timeout.await, Code::NotFound, "JOB_NOT_FOUND");
        let cancel = client.cancel_process_instance(CancelProcessInstanceRequest {
            process_instance_key: key,
            operation_reference: None,
        });
        let status = assert_why(cancel.await, Code::NotFound, "INSTANCE_NOT_FOUND");
        assert!(status.message().contains("Command 'CANCEL' rejected"));
        let resolve = client.resolve_incident(ResolveIncidentRequest {
            incident_key: key,
            operation_reference: None,
        });
        assert_why(resolve.await, Code::NotFound, "INCIDENT_NOT_FOUND");
        let set = client.set_variables(SetVariablesRequest {
            element_instance_key: key,
            ..SetVariablesRequest::default()
        });
        assert_why(set.await, Code::NotFound, "ELEMENT_NOT_FOUND");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_processes_are_not_found() {
    let served = start().await;
    let mut client = served.client();
    served.deploy("service_task").await;
    let reason = "PROCESS_NOT_FOUND";
    for request in [
        create("nobody", ""),
        CreateProcessInstanceRequest {
            version: 9,
            ..create("service_task", "")
        },
        CreateProcessInstanceRequest {
            process_definition_key: 12,
            ..create("", "")
        },
    ] {
        let created = client.create_process_instance(request.clone()).await;
        assert_why(created, Code::NotFound, reason);
        let awaited = CreateProcessInstanceWithResultRequest {
            request: Some(request),
            ..CreateProcessInstanceWithResultRequest::default()
        };
        let awaited = client.create_process_instance_with_result(awaited).await;
        assert_why(awaited, Code::NotFound, reason);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_that_ask_for_nothing_are_refused() {
    let served = start().await;
    let mut client = served.client();
    let invalid = Code::InvalidArgument;
    for (request, reason) in [
        (activate(""), "JOB_TYPE_MISSING"),
        (activate(" \t"), "JOB_TYPE_MISSING"),
        (
            ActivateJobsRequest {
                timeout: 0,
                ..activate("work")
            },
            "TIMEOUT_INVALID",
        ),
        (
            ActivateJobsRequest {
                max_jobs_to_activate: 0,
                ..activate("work")
            },
            "MAX_JOBS_INVALID",
        ),
        (
            ActivateJobsRequest {
                max_jobs_to_activate: -5,
                ..activate("work")
            },
            "MAX_JOBS_INVALID",
        ),
        (
            ActivateJobsRequest {
                tenant_ids: vec!["<default>".to_owned(), "acme".to_owned()],
                ..activate("work")
            },
            "TENANT_UNKNOWN",
        ),
    ] {
        assert_why(served.poll(request).await, invalid, reason);
    }
    for (job_type, timeout, reason) in
        [(" ", 1, "JOB_TYPE_MISSING"), ("work", 0, "TIMEOUT_INVALID")]
    {
        let stream = client.stream_activated_jobs(StreamActivatedJobsRequest {
            r#type: job_type.to_owned(),
            timeout,
            ..StreamActivatedJobsRequest::default()
        });
        assert_why(stream.await, invalid, reason);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_an_invalid_argument() {
    let served = start().await;
    let mut client = served.client();
    served.deploy("service_task").await;
    let invalid = Code::InvalidArgument;
    let created = client.create_process_instance(create("", "")).await;
    assert_why(created, invalid, "PROCESS_NOT_NAMED");
    let unknown = CreateProcessInstanceRequest {
        tenant_id: "acme".to_owned(),
        ..create("service_task", "")
    };
    let status = assert_why(
        client.create_process_instance(unknown).await,
        invalid,
        "TENANT_UNKNOWN",
    );
    assert_eq!(metadata(&status, "tenant"), "acme");
    let empty = CreateProcessInstanceWithResultRequest::default();
    let empty = client.create_process_instance_with_result(empty).await;
    assert_why(empty, invalid, "REQUEST_MISSING");
    let nameless = client.publish_message(PublishMessageRequest::default());
    assert_why(nameless.await, invalid, "MESSAGE_NAME_MISSING");
    let nameless = client.broadcast_signal(BroadcastSignalRequest::default());
    assert_why(nameless.await, invalid, "SIGNAL_NAME_MISSING");
    served.create("service_task", "").await;
    let job = served.activate("do-work").await[0].key;
    let retries = client.update_job_retries(UpdateJobRetriesRequest {
        job_key: job,
        retries: 0,
        operation_reference: None,
    });
    assert_why(retries.await, invalid, "RETRIES_INVALID");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_model_is_refused_with_what_is_wrong() {
    let served = start().await;
    let mut client = served.client();
    let mut broken = resource("service_task");
    let text = String::from_utf8(broken.content).unwrap();
    broken.content = text
        .replace(r#"targetRef="end""#, r#"targetRef="nowhere""#)
        .into();
    for (resources, reason, said) in [
        (vec![], "RESOURCES_INVALID", "1 to 100"),
        (vec![broken], "MODEL_REFUSED", "nowhere"),
        (
            vec![Resource {
                name: "noise.bpmn".to_owned(),
                content: b"<<<".to_vec(),
            }],
            "MODEL_REFUSED",
            "noise.bpmn",
        ),
    ] {
        let request = DeployResourceRequest {
            resources,
            tenant_id: String::new(),
        };
        let refused = client.deploy_resource(request).await;
        let status = assert_why(refused, Code::InvalidArgument, reason);
        assert!(status.message().contains(said), "{status}");
        assert!(status.message().starts_with("Command 'CREATE' rejected"));
    }
    let foreign = DeployResourceRequest {
        resources: vec![resource("service_task")],
        tenant_id: "acme".to_owned(),
    };
    let refused = client.deploy_resource(foreign).await;
    assert_why(refused, Code::InvalidArgument, "TENANT_UNKNOWN");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_now_is_a_failed_precondition() {
    let served = start().await;
    let mut client = served.client();
    let precondition = Code::FailedPrecondition;
    served.deploy("message_start_event").await;
    let created = client.create_process_instance(create("message_start_event", ""));
    assert_why(created.await, precondition, "NO_NONE_START_EVENT");

    served.deploy("service_task").await;
    served.create("service_task", "").await;
    let job = served.activate("do-work").await[0].key;
    let throw = ThrowErrorRequest {
        job_key: job,
        error_code: "NOBODY".to_owned(),
        ..ThrowErrorRequest::default()
    };
    client.throw_error(throw.clone()).await.unwrap();
    let again = client.throw_error(throw).await;
    let status = assert_why(again, precondition, "JOB_NOT_ACTIVE");
    assert!(
        status
            .message()
            .contains("rejected with code 'INVALID_STATE'")
    );
    assert_eq!(metadata(&status, "state"), "ERROR_THROWN");
    assert_why(
        served.complete(job, "").await,
        precondition,
        "JOB_NOT_ACTIVE",
    );
    let timeout = client.update_job_timeout(UpdateJobTimeoutRequest {
        job_key: job,
        timeout: 1,
        operation_reference: None,
    });
    assert_why(timeout.await, precondition, "JOB_NOT_LEASED");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_json_is_refused_with_its_position() {
    let served = start().await;
    served.deploy("service_task").await;
    let deep = format!(r#"{{"a":{}1{}}}"#, "[".repeat(500), "]".repeat(500));
    for (variables, line, column) in [
        ("{\"a\": 1,\n  \"b\": }", "2", "8"),
        ("[1]", "1", "1"),
        ("null", "1", "1"),
        ("{\"a\":1} x", "1", "9"),
        (&deep, "1", "133"),
    ] {
        let mut client = served.client();
        let created = client.create_process_instance(create("service_task", variables));
        let status = assert_why(created.await, Code::InvalidArgument, "VARIABLES_INVALID");
        let found = (metadata(&status, "line"), metadata(&status, "column"));
        assert_eq!(found, (line.to_owned(), column.to_owned()), "{status}");
        assert!(
            status
                .message()
                .contains(&format!("line {line}, column {column}"))
        );
    }
    // Each call with a document says the same.
    let mut client = served.client();
    let bad = "{".to_owned();
    let reason = "VARIABLES_INVALID";
    let code = Code::InvalidArgument;
    assert_why(served.complete(1, &bad).await, code, reason);
    let fail = FailJobRequest {
        variables: bad.clone(),
        ..FailJobRequest::default()
    };
    assert_why(client.fail_job(fail).await, code, reason);
    let throw = ThrowErrorRequest {
        variables: bad.clone(),
        ..ThrowErrorRequest::default()
    };
    assert_why(client.throw_error(throw).await, code, reason);
    let publish = PublishMessageRequest {
        variables: bad.clone(),
        ..PublishMessageRequest::default()
    };
    assert_why(client.publish_message(publish).await, code, reason);
    let set = SetVariablesRequest {
        variables: bad,
        ..SetVariablesRequest::default()
    };
    assert_why(client.set_variables(set).await, code, reason);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_megabytes_are_too_much_and_the_server_goes_on() {
    let served = start().await;
    served.deploy("service_task").await;
    let large = format!(r#"{{"a":"{}"}}"#, "x".repeat(10 << 20));
    let mut client = served.client();
    let created = client.create_process_instance(create("service_task", &large));
    let refused = created.await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused}");
    served.create("service_task", "{}").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_has_its_own_limit() {
    let config = Config {
        variables_bytes_max: 1_000,
        ..Config::default()
    };
    let served = start_with(config, node::Config::default()).await;
    served.deploy("service_task").await;
    let large = format!(r#"{{"a":"{}"}}"#, "x".repeat(1_000));
    let mut client = served.client();
    let created = client.create_process_instance(create("service_task", &large));
    let code = Code::InvalidArgument;
    let status = assert_why(created.await, code, "VARIABLES_TOO_LARGE");
    assert_eq!(metadata(&status, "limit"), "1000");
}

#[tokio::test(flavor = "multi_thread")]
async fn unreadable_metadata_is_refused() {
    let served = start().await;
    for (name, value) in [("weir-request-id", "1234"), ("weir-user", "Jürgen")] {
        let mut request = Request::new(create("service_task", ""));
        let value = tonic::metadata::AsciiMetadataValue::try_from(value.as_bytes()).unwrap();
        request.metadata_mut().insert(name, value);
        let created = served.client().create_process_instance(request).await;
        let status = assert_why(created, Code::InvalidArgument, "METADATA_INVALID");
        assert_eq!(metadata(&status, "name"), name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_served_says_its_name() {
    let served = start().await;
    let mut client = served.client();
    let refused = [
        client
            .modify_process_instance(ModifyProcessInstanceRequest::default())
            .await
            .unwrap_err(),
        client
            .migrate_process_instance(MigrateProcessInstanceRequest::default())
            .await
            .unwrap_err(),
        client
            .delete_resource(DeleteResourceRequest::default())
            .await
            .unwrap_err(),
    ];
    let names = [
        "ModifyProcessInstance",
        "MigrateProcessInstance",
        "DeleteResource",
    ];
    for (status, name) in refused.into_iter().zip(names) {
        let status = assert_why(Err::<(), _>(status), Code::Unimplemented, "RPC_NOT_SERVED");
        assert!(status.message().contains(name), "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn overload_and_a_full_disk_are_exhausted_resources() {
    let none = node::Config {
        commands_in_flight_max: 0,
        polls_max: 0,
        ..node::Config::default()
    };
    let served = start_with(Config::default(), none).await;
    let mut client = served.client();
    let created = client.create_process_instance(create("any", ""));
    let busy = assert_why(created.await, Code::ResourceExhausted, "OVERLOADED");
    assert!(busy.get_error_details().retry_info().is_some());
    let polled = served.poll(activate("any")).await;
    assert_why(polled, Code::ResourceExhausted, "OVERLOADED");

    let served = start().await;
    served.deploy("service_task").await;
    served.journal.set_faults(journal::memory::Faults {
        append_full: 10_000,
        ..journal::memory::Faults::default()
    });
    let mut client = served.client();
    let created = client.create_process_instance(create("service_task", ""));
    assert_why(created.await, Code::ResourceExhausted, "DISK_FULL");
    served
        .journal
        .set_faults(journal::memory::Faults::default());
    served.create("service_task", "").await;
}
