//! Bad input over gRPC and on the command line: refused with a reason, by a server that goes on and stays small.

mod real;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use proto::admin::{GetInstanceRequest, InstanceState, ListInstancesRequest};
use proto::gateway::{
    ActivateJobsRequest, CancelProcessInstanceRequest, CompleteJobRequest,
    CreateProcessInstanceRequest, FailJobRequest, PublishMessageRequest, ResolveIncidentRequest,
    SetVariablesRequest, ThrowErrorRequest, TopologyRequest, UpdateJobRetriesRequest,
};
use proto::usertask::{ClaimTaskRequest, CompleteTaskRequest, GetTaskRequest};
use tonic::{Code, Status};

use real::{Server, serve_to_the_end};

/// More memory than this, in bytes, is not needed to refuse anything.
const MEMORY_MAX: u64 = 600 << 20;
const PATIENCE: Duration = Duration::from_secs(120);
const NAMESPACE: &str = "http://www.omg.org/spec/BPMN/20100524/MODEL";

fn definitions(inside: &str) -> String {
    format!(
        r#"<definitions xmlns="{NAMESPACE}" id="d" targetNamespace="t"><process id="p" isExecutable="true">{inside}</process></definitions>"#
    )
}

/// Entities that each stand for ten of the one before.
fn billion_laughs() -> String {
    let mut entities = "<!ENTITY l0 \"lol\">".to_owned();
    for level in 1..10 {
        let ten = format!("&l{};", level - 1).repeat(10);
        entities += &format!("<!ENTITY l{level} \"{ten}\">");
    }
    format!(
        "<!DOCTYPE definitions [{entities}]>{}",
        definitions("<startEvent id=\"&l9;\"/>")
    )
}

/// Name and content of files that no server must accept.
fn hostile_files() -> Vec<(&'static str, Vec<u8>)> {
    let nested = "<subProcess>".repeat(100_000) + &"</subProcess>".repeat(100_000);
    let gateway = r#"<startEvent id="s"/><complexGateway id="g"/><sequenceFlow id="f" sourceRef="s" targetRef="g"/>"#;
    let dangling = r#"<startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="nobody"/>"#;
    let steal = format!(
        "<!DOCTYPE d [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>{}",
        definitions("<startEvent id=\"s\" name=\"&x;\"/>")
    );
    vec![
        ("empty.bpmn", Vec::new()),
        ("noise.bpmn", (0..=255).cycle().take(100_000).collect()),
        ("text.bpmn", b"this is no XML".to_vec()),
        (
            "cut.bpmn",
            format!("<definitions xmlns=\"{NAMESPACE}\"><proc").into_bytes(),
        ),
        ("crossed.bpmn", b"<a><b></a></b>".to_vec()),
        ("laughs.bpmn", billion_laughs().into_bytes()),
        ("steal.bpmn", steal.into_bytes()),
        ("deep.bpmn", definitions(&nested).into_bytes()),
        ("dangling.bpmn", definitions(dangling).into_bytes()),
        ("unexecutable.bpmn", definitions(gateway).into_bytes()),
        (
            "attribute.bpmn",
            definitions(&format!("<task id=\"{}\"/>", "x".repeat(3 << 20))).into_bytes(),
        ),
        (
            "twice.bpmn",
            definitions(r#"<task id="a"/><task id="a"/>"#).into_bytes(),
        ),
        ("utf16.bpmn", vec![0xFF, 0xFE, 0x3C, 0xD8, 0x00]),
        ("page.bpmn", b"<html><body>no model</body></html>".to_vec()),
    ]
}

async fn create(server: &Server, process: &str, variables: &str) -> Result<u64, Status> {
    let mut gateway = server.gateway();
    let created = gateway.create_process_instance(CreateProcessInstanceRequest {
        bpmn_process_id: process.to_owned(),
        version: -1,
        variables: variables.to_owned(),
        ..CreateProcessInstanceRequest::default()
    });
    Ok(created.await?.into_inner().process_instance_key as u64)
}

async fn activate(server: &Server, job_type: &str) -> Vec<i64> {
    let mut gateway = server.gateway();
    let activated = gateway.activate_jobs(ActivateJobsRequest {
        r#type: job_type.to_owned(),
        worker: "worker".to_owned(),
        timeout: 60_000,
        max_jobs_to_activate: 10,
        request_timeout: 60_000,
        ..ActivateJobsRequest::default()
    });
    let mut answers = activated.await.expect("jobs are activated").into_inner();
    let answer = answers.message().await.expect("jobs are activated");
    let jobs = answer.map(|answer| answer.jobs).unwrap_or_default();
    jobs.iter().map(|job| job.key).collect()
}

/// One whole instance: the server does what it is there for.
async fn assert_serves(server: &mut Server) {
    server
        .deploy_file("models/elements/service_task.bpmn")
        .await;
    create(server, "service_task", "{}")
        .await
        .expect("an instance");
    let peak = server.peak_bytes();
    assert!(peak < MEMORY_MAX, "it took {} MiB", peak >> 20);
    assert!(server.is_alive());
}

fn assert_refused<T: std::fmt::Debug>(what: &str, answer: Result<T, Status>) {
    let status = answer.expect_err(what);
    let is_refusal = matches!(
        status.code(),
        Code::InvalidArgument | Code::NotFound | Code::ResourceExhausted | Code::FailedPrecondition
    );
    assert!(
        is_refusal && !status.message().is_empty(),
        "{what}: {status}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_files_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut server = Server::start(&folder.path().join("data"));
    for (name, content) in hostile_files() {
        let path = folder.path().join(name);
        std::fs::write(&path, &content).expect("the file");
        let path = path.display().to_string();
        let deployed = server.deploy(name, content).await;
        let status = deployed.expect_err(name);
        let code = status.code();
        assert!(
            matches!(code, Code::InvalidArgument | Code::ResourceExhausted),
            "{name}: {status}"
        );
        assert!(
            !status.message().contains("root:"),
            "{name}: it has read a foreign file"
        );

        for command in ["check", "deploy"] {
            let ran = server.run(&[command, &path]);
            let told = String::from_utf8_lossy(&ran.stderr).into_owned()
                + &String::from_utf8_lossy(&ran.stdout);
            assert_eq!(ran.status.code(), Some(1), "{command} {name}: {told}");
            assert!(
                !told.contains("panicked") && !told.contains("root:"),
                "{command} {name}: {told}"
            );
        }
    }
    assert_serves(&mut server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_huge_file_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut server = Server::start(&folder.path().join("data"));
    let huge = definitions(&"<task/>".repeat(6 << 20)).into_bytes();
    assert!(huge.len() > 40 << 20);
    let status = server.deploy("huge.bpmn", huge).await.expect_err("refused");
    // A server that stops reading may be seen as a broken connection.
    assert_ne!(status.code(), Code::Internal, "{status}");
    assert_serves(&mut server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_keys_and_wrong_documents_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut server = Server::start(&folder.path().join("data"));
    server
        .deploy_file("models/elements/service_task.bpmn")
        .await;
    server.deploy_file("models/elements/user_task.bpmn").await;
    for key in [i64::MIN, -1, 0, 7, i64::MAX] {
        refuse_key(&server, key).await;
    }
    let wrong = [
        "nothing",
        "{",
        "[1]",
        "\"x\"",
        "{\"a\":1,}",
        "{\"a\":01}",
        "{\"a\":\"\u{1}\"}",
        "{}{}",
    ];
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    for document in wrong.iter().copied().chain([deep.as_str()]) {
        let start: String = document.chars().take(20).collect();
        assert_refused(&start, create(&server, "service_task", document).await);
        let mut gateway = server.gateway();
        let published = gateway.publish_message(PublishMessageRequest {
            name: "news".to_owned(),
            variables: document.to_owned(),
            ..PublishMessageRequest::default()
        });
        assert_refused(&start, published.await);
        let ran = server.run(&["start", "service_task", "--variables", &start]);
        assert_ne!(ran.status.code(), Some(0), "{start}");
    }
    assert_serves(&mut server).await;
}

async fn refuse_key(server: &Server, key: i64) {
    let mut gateway = server.gateway();
    let complete = CompleteJobRequest {
        job_key: key,
        ..Default::default()
    };
    assert_refused("complete", gateway.complete_job(complete).await);
    let fail = FailJobRequest {
        job_key: key,
        ..Default::default()
    };
    assert_refused("fail", gateway.fail_job(fail).await);
    let throw = ThrowErrorRequest {
        job_key: key,
        ..Default::default()
    };
    assert_refused("throw", gateway.throw_error(throw).await);
    let retries = UpdateJobRetriesRequest {
        job_key: key,
        retries: 1,
        ..Default::default()
    };
    assert_refused("retries", gateway.update_job_retries(retries).await);
    let cancel = CancelProcessInstanceRequest {
        process_instance_key: key,
        ..Default::default()
    };
    assert_refused("cancel", gateway.cancel_process_instance(cancel).await);
    let resolve = ResolveIncidentRequest {
        incident_key: key,
        ..Default::default()
    };
    assert_refused("resolve", gateway.resolve_incident(resolve).await);
    let set = SetVariablesRequest {
        element_instance_key: key,
        variables: "{}".to_owned(),
        ..Default::default()
    };
    assert_refused("set", gateway.set_variables(set).await);
    let task_key = key as u64;
    let get = GetTaskRequest {
        task_key,
        ..Default::default()
    };
    assert_refused("get", server.tasks().get_task(get).await);
    let claim = ClaimTaskRequest {
        task_key,
        user: "ann".to_owned(),
        ..Default::default()
    };
    assert_refused("claim", server.tasks().claim_task(claim).await);
    let complete = CompleteTaskRequest {
        task_key,
        user: "ann".to_owned(),
        ..Default::default()
    };
    assert_refused("complete", server.tasks().complete_task(complete).await);
    let show = GetInstanceRequest {
        instance_key: task_key,
        without_story: false,
    };
    assert_refused("show", server.admin().get_instance(show).await);
    let ran = server.run(&["instance", "show", &task_key.to_string()]);
    assert_eq!(ran.status.code(), Some(1), "instance show {task_key}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_megabytes_of_variables_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut server = Server::start(&folder.path().join("data"));
    server
        .deploy_file("models/elements/service_task.bpmn")
        .await;
    let large = format!(r#"{{"large":"{}"}}"#, "x".repeat(10 << 20));
    assert_refused("create", create(&server, "service_task", &large).await);

    create(&server, "service_task", "{}")
        .await
        .expect("an instance");
    let jobs = activate(&server, "do-work").await;
    for &job_key in &jobs {
        let complete = CompleteJobRequest {
            job_key,
            variables: large.clone(),
        };
        assert_refused("complete", server.gateway().complete_job(complete).await);
        // The refusal changed nothing: the job is still there.
        let complete = CompleteJobRequest {
            job_key,
            variables: "{}".to_owned(),
        };
        let completed = server.gateway().complete_job(complete).await;
        completed.expect("the job is still there");
    }
    assert_eq!(jobs.len(), 1);
    assert_serves(&mut server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endless_loop_gets_an_incident() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut server = Server::start(&folder.path().join("data"));
    server
        .deploy_file("models/elements/endless_loop.bpmn")
        .await;
    let mut looping = Vec::new();
    for _ in 0..5 {
        looping.push(
            create(&server, "endless_loop", "{}")
                .await
                .expect("an instance"),
        );
        // Nobody waits for those that loop.
        assert_serves(&mut server).await;
    }
    let since = Instant::now();
    loop {
        let mut admin = server.admin();
        let listed = admin.list_instances(ListInstancesRequest {
            states: vec![InstanceState::Incident.into()],
            page_size: 100,
            ..ListInstancesRequest::default()
        });
        let listed = listed.await.expect("instances are listed").into_inner();
        let stuck = listed.instances.iter().map(|instance| instance.key);
        if looping
            .iter()
            .all(|key| stuck.clone().any(|stuck| stuck == *key))
        {
            break;
        }
        assert!(since.elapsed() < PATIENCE, "no incident");
    }
    let mut gateway = server.gateway();
    let canceled = gateway.cancel_process_instance(CancelProcessInstanceRequest {
        process_instance_key: looping[0] as i64,
        ..CancelProcessInstanceRequest::default()
    });
    canceled.await.expect("what loops can be canceled");
    assert_serves(&mut server).await;
    println!("at most {} MiB", server.peak_bytes() >> 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_grpc_does_no_harm() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut server = Server::start(&folder.path().join("data"));
    let address = server.address.trim_start_matches("http://").to_owned();
    let noise = (0..1_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8);
    let noise = noise.collect::<Vec<_>>();
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    let inputs = [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
        noise.clone(),
        [preface, noise].concat(),
    ];
    for input in inputs {
        let mut stream = TcpStream::connect(&address).expect("a connection");
        // The server may hang up in between.
        let _ = stream.write_all(&input);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    }
    let mut gateway = server.gateway();
    let topology = gateway.topology(TopologyRequest {}).await;
    topology.expect("it still answers");
    assert_serves(&mut server).await;
}

/// Flips one bit of a file.
fn damage(path: &Path, at: usize) {
    let mut bytes = std::fs::read(path).expect("the file");
    bytes[at] ^= 0x10;
    std::fs::write(path, bytes).expect("the file");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_journal_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let server = Server::start(&data);
    server
        .deploy_file("models/elements/service_task.bpmn")
        .await;
    for _ in 0..50 {
        create(&server, "service_task", "{}")
            .await
            .expect("an instance");
    }
    drop(server); // SIGKILL.
    let files = std::fs::read_dir(&data).expect("the folder");
    let files = files.filter_map(|entry| Some(entry.ok()?.path()));
    let log = files
        .into_iter()
        .find(|path| path.extension().is_some_and(|end| end == "log"));
    let log = log.expect("a segment of the log");
    let whole = std::fs::read(&log).expect("the segment");
    let length = whole.len();
    for at in [length / 4, length / 2, length * 3 / 4] {
        damage(&log, at);
        let ended = serve_to_the_end(&data);
        let told = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(5), "byte {at}: {told}");
        let name = log
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        assert!(
            told.contains(&name) && told.contains("damaged"),
            "byte {at}: {told}"
        );
        assert!(!told.contains("panicked"), "byte {at}: {told}");
        std::fs::write(&log, &whole).expect("the segment");
    }
    let mut server = Server::start(&data);
    let mut admin = server.admin();
    let listed = admin.list_instances(ListInstancesRequest {
        page_size: 100,
        ..ListInstancesRequest::default()
    });
    let listed = listed.await.expect("instances are listed").into_inner();
    assert_eq!(
        listed.instances.len(),
        50,
        "nothing was shortened meanwhile"
    );
    assert_serves(&mut server).await;
}
