//! How the server goes: nothing that waits keeps it.

use std::time::Duration;

use gateway::Config;
use proto::gateway::*;
use tokio::net::TcpStream;
use tonic::Code;

use crate::server::{activate, create, start_with, why};

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_wait_end_when_the_server_stops() {
    let patient = Config {
        // The test would not end in time if this were waited for.
        drain: Duration::from_secs(3_600),
        ..Config::default()
    };
    let mut served = start_with(patient, node::Config::default()).await;
    served.deploy("service_task").await;
    let request = StreamActivatedJobsRequest {
        r#type: "other".to_owned(),
        timeout: 60_000,
        ..StreamActivatedJobsRequest::default()
    };
    let stream = served.client().stream_activated_jobs(request).await;
    let mut stream = stream.unwrap().into_inner();
    let poll = served.client().activate_jobs(activate("other")).await;
    let mut poll = poll.unwrap().into_inner();
    let awaited = CreateProcessInstanceWithResultRequest {
        request: Some(create("service_task", "")),
        request_timeout: 3_600_000,
        fetch_variables: Vec::new(),
    };
    let mut client = served.client();
    let awaited = client.create_process_instance_with_result(awaited);
    let stopping = async {
        // The instance has begun once its job is there.
        served.activate("do-work").await;
        served.shut_down();
    };
    let (awaited, ()) = tokio::join!(awaited, stopping);
    let expected = (Code::Unavailable, "STOPPING".to_owned());
    assert_eq!(why(&awaited.unwrap_err()), expected);
    let unavailable = Code::Unavailable;
    assert_eq!(stream.message().await.unwrap_err().code(), unavailable);
    assert_eq!(poll.message().await.unwrap_err().code(), unavailable);
    served.stopped().await;
    // Nobody listens any more.
    let refused = TcpStream::connect(("127.0.0.1", served.port)).await;
    assert!(refused.is_err());
}
