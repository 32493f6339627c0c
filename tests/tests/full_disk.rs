//! A really full disk: the server refuses with RESOURCE_EXHAUSTED, and goes on when there is space.

mod real;
mod small;

use std::time::{Duration, Instant};

use proto::admin::{InstanceState, ListInstancesRequest};
use proto::gateway::CreateProcessInstanceRequest;
use proto::gateway::gateway_client::GatewayClient;
use tonic::transport::Channel;
use tonic::{Code, Status};

use real::{Server, why};
use small::{Small, fill, run_nested};

/// The whole file system.
const MEBIBYTES: usize = 64;
/// The server looks for space again by itself; it is given so long.
const PATIENCE: Duration = Duration::from_secs(60);

async fn create(gateway: &mut GatewayClient<Channel>) -> Result<u64, Status> {
    let create = CreateProcessInstanceRequest {
        bpmn_process_id: "service_task".to_owned(),
        version: -1,
        variables: format!(r#"{{"padding":"{}"}}"#, "x".repeat(20_000)),
        ..CreateProcessInstanceRequest::default()
    };
    let created = gateway.create_process_instance(create).await?;
    Ok(created.into_inner().process_instance_key as u64)
}

async fn live(server: &Server) -> Vec<u64> {
    let mut keys = Vec::new();
    let mut list = ListInstancesRequest {
        states: vec![InstanceState::Active.into()],
        page_size: 200,
        ..ListInstancesRequest::default()
    };
    loop {
        let listed = server.admin().list_instances(list.clone()).await;
        let page = listed.expect("instances are listed").into_inner();
        keys.extend(page.instances.iter().map(|instance| instance.key));
        if page.next_page_token.is_empty() {
            keys.sort_unstable();
            return keys;
        }
        list.page_token = page.next_page_token;
    }
}

async fn refuses_and_goes_on(small: &Small) {
    let (data, ballast) = (small.path("data"), small.path("ballast"));
    let server = Server::start(&data);
    let mut gateway = server.gateway();
    let model = "models/elements/service_task.bpmn";
    server.deploy_file(model).await;
    let mut keys = vec![create(&mut gateway).await.expect("there is space")];

    fill(&ballast);
    let refused = loop {
        match create(&mut gateway).await {
            Ok(key) => keys.push(key),
            Err(status) => break status,
        }
        assert!(
            keys.len() < MEBIBYTES << 10,
            "it takes more than there is space for"
        );
    };
    assert_eq!(
        why(&refused),
        (Code::ResourceExhausted, "DISK_FULL".to_owned()),
        "{refused}"
    );
    let told = live(&server).await;
    assert_eq!(
        told, keys,
        "it still answers questions, and what was refused is not there"
    );

    std::fs::remove_file(&ballast).expect("the ballast");
    let since = Instant::now();
    loop {
        match create(&mut gateway).await {
            Ok(key) => break keys.push(key),
            Err(status) => assert_eq!(status.code(), Code::ResourceExhausted, "{status}"),
        }
        assert!(since.elapsed() < PATIENCE, "it does not go on");
    }
    for _ in 0..100 {
        keys.push(create(&mut gateway).await.expect("there is space again"));
    }
    drop(server); // SIGKILL.

    let server = Server::start(&data);
    assert_eq!(live(&server).await, keys, "what was acknowledged is there");
    println!("{} instances, one refusal", keys.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_and_goes_on_when_there_is_space() {
    match Small::mount(MEBIBYTES) {
        Ok(small) => refuses_and_goes_on(&small).await,
        Err(why) => run_nested("a_full_disk_refuses_and_goes_on_when_there_is_space", &why),
    }
}

#[test]
fn a_server_without_any_space_says_so() {
    let test = "a_server_without_any_space_says_so";
    let small = match Small::mount(MEBIBYTES) {
        Ok(small) => small,
        Err(why) => return run_nested(test, &why),
    };
    fill(&small.path("ballast"));
    let ended = real::serve_to_the_end(&small.path("data"));
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(5), "{told}");
    assert!(told.contains("space"), "{told}");
    assert!(!told.contains("panicked"), "{told}");
}
