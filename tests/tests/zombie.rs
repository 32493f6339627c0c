//! A server that hangs while another one takes over its partitions, and then goes on: it finds out, never shows what is
//! old, and works on as one of two; nothing is lost, nothing is done twice.

mod real;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use journal::broker::Broker;
use proto::admin::{InstanceState, ListInstancesRequest};
use proto::gateway::{ActivateJobsRequest, CompleteJobRequest, CreateProcessInstanceRequest};

use real::{Home, Server};

/// No step takes longer; a stuck server fails the test instead of hanging it.
const PATIENCE: Duration = Duration::from_secs(60);
const INSTANCES: usize = 20;

async fn create(server: &Server) -> Result<i64, tonic::Status> {
    let create = CreateProcessInstanceRequest {
        bpmn_process_id: "service_task".to_owned(),
        version: -1,
        variables: "{}".to_owned(),
        ..CreateProcessInstanceRequest::default()
    };
    let created = server.gateway().create_process_instance(create).await?;
    Ok(created.into_inner().process_instance_key)
}

/// Completes jobs until so many instances have ended with them.
async fn complete(server: &Server, count: usize) -> BTreeSet<i64> {
    let activate = ActivateJobsRequest {
        r#type: "do-work".to_owned(),
        worker: "tester".to_owned(),
        timeout: 60_000,
        max_jobs_to_activate: 100,
        request_timeout: 1_000,
        ..ActivateJobsRequest::default()
    };
    let mut done = BTreeSet::new();
    let since = Instant::now();
    while done.len() < count {
        assert!(since.elapsed() < PATIENCE, "only {} jobs came", done.len());
        let answers = server.gateway().activate_jobs(activate.clone()).await;
        let mut answers = answers.expect("jobs are activated").into_inner();
        while let Some(answer) = answers.message().await.expect("an answer") {
            for job in answer.jobs {
                let complete = CompleteJobRequest {
                    job_key: job.key,
                    variables: "{}".to_owned(),
                };
                let completed = server.gateway().complete_job(complete).await;
                completed.expect("the job is completed");
                assert!(done.insert(job.process_instance_key), "{job:?} came twice");
            }
        }
    }
    done
}

async fn ended(server: &Server) -> BTreeSet<i64> {
    let list = ListInstancesRequest {
        states: vec![InstanceState::Completed.into()],
        page_size: 1_000,
        ..ListInstancesRequest::default()
    };
    let listed = server.admin().list_instances(list).await;
    let listed = listed.expect("instances are listed").into_inner();
    let keys = listed.instances.into_iter();
    keys.map(|instance| instance.key.cast_signed()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hung_while_another_took_over_contradicts_nothing() {
    let broker = tokio::task::spawn_blocking(|| Broker::start(1, &[]));
    let broker = broker.await.expect("a broker");
    let home = Home::Kafka(broker.bootstrap().to_owned());
    let mut first = Server::at(&home);
    first.deploy_file("models/elements/service_task.bpmn").await;
    let mut created = BTreeSet::new();
    for _ in 0..INSTANCES {
        created.insert(create(&first).await.expect("it starts"));
    }

    first.signal("STOP");
    let mut second = Server::at(&home);
    assert_eq!(complete(&second, INSTANCES).await, created);
    first.signal("CONT");

    // Its memory still has them all running.
    assert_eq!(ended(&first).await, created, "it shows what is old");
    let mut late = BTreeSet::new();
    for server in [&first, &second].into_iter().cycle().take(INSTANCES) {
        late.insert(create(server).await.expect("it starts"));
    }
    assert_eq!(late.len(), INSTANCES);
    assert_eq!(complete(&first, INSTANCES).await, late);
    created.append(&mut late);
    for server in [&first, &second] {
        assert_eq!(ended(server).await, created);
    }
    assert!(first.is_alive() && second.is_alive());
}
