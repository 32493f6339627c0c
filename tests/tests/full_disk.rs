//! A really full disk: the server refuses with RESOURCE_EXHAUSTED, and goes on when there is space.
//!
//! The small file system is a tmpfs. Who may not mount runs the same test again in a user namespace of its own; where
//! that is forbidden too the test fails and says so.

mod real;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use proto::admin::{InstanceState, ListInstancesRequest};
use proto::gateway::CreateProcessInstanceRequest;
use proto::gateway::gateway_client::GatewayClient;
use tonic::transport::Channel;
use tonic::{Code, Status};

use real::{Server, why};

/// The whole file system.
const MEBIBYTES: usize = 64;
/// Set for the run in a namespace: it must not try a third time.
const NESTED: &str = "WEIR_TEST_NESTED";
/// The server looks for space again by itself; it is given so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A file system of its own, unmounted when dropped.
struct Small(tempfile::TempDir);

impl Small {
    fn mount() -> Result<Small, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o"])
            .arg(format!("size={MEBIBYTES}m"))
            .arg("weir-test")
            .arg(folder.path())
            .output()
            .map_err(|error| format!("mount cannot be run: {error}"))?;
        match mounted.status.success() {
            true => Ok(Small(folder)),
            false => Err(String::from_utf8_lossy(&mounted.stderr).into_owned()),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

/// Runs this test again where one may mount.
fn run_nested(test: &str, why: &str) {
    assert!(
        std::env::var_os(NESTED).is_none(),
        "a small file system can be mounted neither here nor in a user namespace: {why}"
    );
    let me = std::env::current_exe().expect("the test's own path");
    let ran = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount"])
        .arg(me)
        .args(["--exact", test, "--nocapture"])
        .env(NESTED, "1")
        .status();
    let ran = ran.unwrap_or_else(|error| panic!("mount: {why}; unshare cannot be run: {error}"));
    assert!(
        ran.success(),
        "mount: {why}; in a user namespace the test has failed"
    );
}

/// Takes all the space that is left.
fn fill(ballast: &Path) {
    let mut file = File::create(ballast).expect("a ballast file");
    for size in [1 << 20, 4 << 10, 1] {
        let block = vec![0; size];
        // Ends with the space.
        while file.write_all(&block).is_ok() {}
    }
}

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
    match Small::mount() {
        Ok(small) => refuses_and_goes_on(&small).await,
        Err(why) => run_nested("a_full_disk_refuses_and_goes_on_when_there_is_space", &why),
    }
}

#[test]
fn a_server_without_any_space_says_so() {
    let test = "a_server_without_any_space_says_so";
    let small = match Small::mount() {
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
