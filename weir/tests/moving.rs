//! `weir export` and `weir import`: out of a folder into Kafka and back, with all that lives and all that has ended; and
//! what is refused.

mod weir;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use journal::broker::Broker;
use proto::gateway::gateway_client::GatewayClient;
use proto::gateway::{
    ActivateJobsRequest, ActivatedJob, CompleteJobRequest, FailJobRequest, UpdateJobRetriesRequest,
};
use serde_json::Value;
use tonic::transport::{Channel, Endpoint};
use weir::{Folder, Ran, Running, Server, finish, model, text, weir};

const PATIENCE: Duration = Duration::from_secs(60);

/// One broker for all tests here, each with a namespace of its own. It ends with this process.
fn broker() -> &'static str {
    static BROKER: OnceLock<Broker> = OnceLock::new();
    BROKER.get_or_init(|| Broker::start(1, &[])).bootstrap()
}

fn in_kafka(namespace: &str) -> Vec<String> {
    ["--kafka", broker(), "--kafka-namespace", namespace]
        .map(str::to_owned)
        .to_vec()
}

fn in_folder(folder: &Path) -> Vec<String> {
    vec!["--data".to_owned(), folder.display().to_string()]
}

/// `weir export` or `weir import`.
fn move_it(command: &str, file: &Path, place: &[String]) -> Ran {
    finish(weir().arg(command).arg(file).args(place))
}

fn serve(place: &[String]) -> Server {
    let mut command = weir();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--log", "warn"];
    let mut running = Running::start(command.args(arguments).args(place));
    let line = running.until("Weir serves on ");
    let mut words = line.split_whitespace();
    let address = words.find(|word| word.starts_with("http://"));
    Server {
        address: address.expect("an address").to_owned(),
        running,
    }
}

/// What a server knows: lists, and the story of every instance. Offsets are of the log and do not move.
fn all_of(server: &Server) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for list in ["instance", "task", "incident"] {
        all.insert(list.to_owned(), server.json(&[list, "list"]));
    }
    let instances = all["instance"]["instances"].as_array().expect("instances");
    let keys: Vec<String> = instances.iter().map(|it| text(&it["key"])).collect();
    for key in keys {
        let mut shown = server.json(&["instance", "show", &key]);
        for event in shown["story"].as_array_mut().expect("a story") {
            event.as_object_mut().expect("an event").remove("offset");
        }
        all.insert(key, shown);
    }
    all
}

fn state_of(server: &Server, instance: &str) -> String {
    text(&server.json(&["instance", "show", instance])["state"])
}

async fn gateway(server: &Server) -> GatewayClient<Channel> {
    let endpoint = Endpoint::from_shared(server.address.clone()).expect("an address");
    GatewayClient::new(endpoint.connect().await.expect("the server"))
}

async fn jobs(client: &mut GatewayClient<Channel>) -> Vec<ActivatedJob> {
    let request = ActivateJobsRequest {
        r#type: "ship".to_owned(),
        worker: "tests".to_owned(),
        timeout: 600_000,
        max_jobs_to_activate: 10,
        ..ActivateJobsRequest::default()
    };
    let mut found = Vec::new();
    let mut stream = client
        .activate_jobs(request)
        .await
        .expect("jobs")
        .into_inner();
    while let Some(batch) = stream.message().await.expect("a batch") {
        found.extend(batch.jobs);
    }
    found
}

/// A job of another partition may come with the next call.
async fn all_jobs(client: &mut GatewayClient<Channel>, count: usize) -> Vec<ActivatedJob> {
    let since = Instant::now();
    let mut found = Vec::new();
    while found.len() < count {
        assert!(since.elapsed() < PATIENCE, "{found:?}");
        found.extend(jobs(client).await);
    }
    found
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().expect("a runtime")
}

/// The keys of what lives in the folder of [`populate`].
struct Living {
    tasked: String,
    paid: String,
    shipped: String,
    stuck: String,
}

/// Instances in every situation, over three partitions; the server is killed, not stopped.
fn populate(folder: &Path) -> (Living, BTreeMap<String, Value>) {
    let mut place = in_folder(folder);
    place.extend(["--partitions", "3"].map(str::to_owned));
    let server = serve(&place);
    for name in ["approval.bpmn", "parcel.bpmn"] {
        server.run(&["deploy", &model(name)]).ok();
    }
    let complete = |instance: &str| {
        let task = server.task_of(instance);
        server.run(&["task", "claim", &task, "--user", "anna"]).ok();
        server
            .run(&["task", "complete", &task, "--user", "anna"])
            .ok();
    };
    let ended = server.start_instance("approval", &["order=O-1"]);
    complete(&ended);
    let payment = ["message", "publish", "payment", "--ttl", "1h", "--key"];
    server.run(&[&payment[..], &["O-1"]].concat()).ok();
    let since = Instant::now();
    while state_of(&server, &ended) != "COMPLETED" {
        assert!(since.elapsed() < PATIENCE, "{ended}");
    }
    let canceled = server.start_instance("approval", &["order=O-2"]);
    server.run(&["instance", "cancel", &canceled]).ok();
    let tasked = server.start_instance("approval", &["order=O-3"]);
    let task = server.task_of(&tasked);
    server.run(&["task", "claim", &task, "--user", "bert"]).ok();
    let paid = server.start_instance("approval", &["order=O-4"]);
    complete(&paid);
    let stuck = server.start_instance("parcel", &["rest=\"PT1S\""]);
    runtime().block_on(async {
        let mut client = gateway(&server).await;
        let job = all_jobs(&mut client, 1).await.remove(0);
        let fail = FailJobRequest {
            job_key: job.key,
            error_message: "no van".to_owned(),
            ..FailJobRequest::default()
        };
        client.fail_job(fail).await.expect("failed");
    });
    // Its timer is due when a server has it again.
    let shipped = server.start_instance("parcel", &["rest=\"PT1H\""]);
    let living = Living {
        tasked,
        paid,
        shipped,
        stuck,
    };
    let all = all_of(&server);
    server.running.kill();
    (living, all)
}

/// Everything that was begun is brought to its end.
fn go_on(server: &Server, living: &Living) {
    let task = server.task_of(&living.tasked);
    server
        .run(&["task", "complete", &task, "--user", "bert"])
        .ok();
    for order in ["O-3", "O-4"] {
        let publish = [
            "message", "publish", "payment", "--ttl", "1h", "--key", order,
        ];
        server.run(&publish).ok();
    }
    runtime().block_on(async {
        let mut client = gateway(server).await;
        let incidents = server.json(&["incident", "list"]);
        let incident = &incidents["incidents"][0];
        let job_key = text(&incident["jobKey"]).parse().expect("a number");
        let retries = UpdateJobRetriesRequest {
            job_key,
            retries: 1,
            ..UpdateJobRetriesRequest::default()
        };
        client.update_job_retries(retries).await.expect("updated");
        let key = text(&incident["key"]);
        server.run(&["incident", "resolve", &key]).ok();
        for job in all_jobs(&mut client, 2).await {
            let complete = CompleteJobRequest {
                job_key: job.key,
                variables: "{}".to_owned(),
            };
            client.complete_job(complete).await.expect("completed");
        }
    });
    let since = Instant::now();
    for instance in [&living.tasked, &living.paid, &living.stuck] {
        while state_of(server, instance) != "COMPLETED" {
            assert!(since.elapsed() < PATIENCE, "{instance}");
        }
    }
    // Its timer is one of an hour.
    assert_eq!(state_of(server, &living.shipped), "ACTIVE");
}

/// The keys that the views have, with tombstones left out.
fn views(namespace: &str, count: usize) -> Vec<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/kafka");
    let tools = finish(Command::new(script).arg("path")).ok();
    let mut consumer = Command::new(Path::new(tools.out.trim()).join("kafka-console-consumer.sh"));
    let topics = format!("{namespace}\\.(instances|user-tasks|incidents)");
    consumer.args(["--bootstrap-server", broker(), "--include", &topics]);
    consumer.args(["--isolation-level", "read_committed", "--from-beginning"]);
    consumer.args([
        "--timeout-ms",
        "20000",
        "--max-messages",
        &count.to_string(),
    ]);
    let told = finish(&mut consumer).ok();
    let keys = told.out.lines().map(|line| {
        let view: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{told:?}"));
        assert!(view["processId"].is_string(), "{view}");
        text(&view["key"])
    });
    let mut keys: Vec<String> = keys.collect();
    keys.sort();
    keys
}

/// What the views must have: all that lives.
fn expected_views(all: &BTreeMap<String, Value>) -> Vec<String> {
    let listed = |list: &str, name: &str| all[list][name].as_array().expect("a list").clone();
    let lives = |it: &Value| ["ACTIVE", "INCIDENT"].contains(&it["state"].as_str().unwrap_or(""));
    let instances = listed("instance", "instances").into_iter().filter(lives);
    let shown = instances.clone().flat_map(|it| {
        let shown = &all[&text(&it["key"])];
        shown["userTasks"].as_array().cloned().unwrap_or_default()
    });
    let all = instances
        .chain(listed("incident", "incidents"))
        .chain(shown);
    let mut keys: Vec<String> = all.map(|it| text(&it["key"])).collect();
    keys.sort();
    keys
}

#[test]
fn an_installation_moves_to_kafka_and_goes_on_there_and_back() {
    let folder = Folder::new();
    let (living, all) = populate(&folder.path("data"));
    let file = folder.path("weir.export");
    let exported = move_it("export", &file, &in_folder(&folder.path("data"))).ok();
    assert!(
        exported.err.contains("exporting partition 3 of 3"),
        "{}",
        exported.err
    );
    assert!(!folder.path("weir.export.part").exists());
    let again = move_it("export", &file, &in_folder(&folder.path("data")));
    assert_eq!(again.status, 2, "{again:?}");
    assert!(again.err.contains("exists already"), "{}", again.err);

    let kafka = in_kafka("moved");
    let imported = move_it("import", &file, &kafka).ok();
    assert!(
        imported.err.contains("importing partition 3 of 3"),
        "{}",
        imported.err
    );
    let expected = expected_views(&all);
    assert_eq!(views("moved", expected.len()), expected);
    let server = serve(&kafka);
    let is_still = |mut all: BTreeMap<String, Value>| {
        // A timer of its fires as soon as there is a server again.
        all.remove(&living.stuck);
        let list = all.get_mut("instance").expect("the list");
        for instance in list["instances"].as_array_mut().expect("instances") {
            let instance = instance.as_object_mut().expect("an instance");
            instance.remove("activeElements");
        }
        all
    };
    assert_eq!(is_still(all_of(&server)), is_still(all));
    let served = move_it("export", &folder.path("other.export"), &kafka);
    assert_eq!(served.status, 5, "{served:?}");
    assert!(served.err.contains("stop every server"), "{}", served.err);
    assert!(!folder.path("other.export.part").exists());
    go_on(&server, &living);
    let all = all_of(&server);
    assert!(server.running.terminate().success());

    // And out of Kafka into a folder, as a backup is used.
    let back = folder.path("back.export");
    move_it("export", &back, &kafka).ok();
    let place = in_folder(&folder.path("back"));
    move_it("import", &back, &place).ok();
    let server = serve(&place);
    assert_eq!(all_of(&server), all);
    // Keys go on where they were.
    let newest = server.start_instance("approval", &["order=O-9"]);
    assert!(!all.contains_key(&newest), "{newest}");
}

/// An export of a small folder with so many partitions.
fn small(folder: &Folder, partitions: &str) -> std::path::PathBuf {
    let data = folder.path(&format!("small-{partitions}"));
    let mut place = in_folder(&data);
    place.extend(["--partitions", partitions].map(str::to_owned));
    let server = serve(&place);
    server.run(&["deploy", &model("approval.bpmn")]).ok();
    server.start_instance("approval", &["order=O-1"]);
    assert!(server.running.terminate().success());
    let file = folder.path(&format!("small-{partitions}.export"));
    move_it("export", &file, &in_folder(&data)).ok();
    file
}

#[test]
fn what_cannot_be_moved_is_refused_with_the_reason() {
    let folder = Folder::new();
    let refused = |ran: Ran, status: i32, reasons: &[&str]| {
        assert_eq!(ran.status, status, "{ran:?}");
        for reason in reasons {
            assert!(ran.err.contains(reason), "{reason}: {}", ran.err);
        }
    };
    let nothing = in_folder(&folder.path("nothing"));
    let ran = move_it("export", &folder.path("x"), &nothing);
    refused(ran, 5, &["there is no installation to export"]);
    assert!(!folder.path("nothing").exists());
    let ran = move_it("export", &folder.path("x"), &in_kafka("nothing"));
    refused(ran, 5, &["there is no installation to export"]);
    let file = small(&folder, "1");

    // What is there already.
    let used = in_folder(&folder.path("small-1"));
    refused(move_it("import", &file, &used), 5, &["already"]);
    let kafka = in_kafka("used");
    move_it("import", &file, &kafka).ok();
    let ran = move_it("import", &file, &kafka);
    refused(ran, 5, &["used.*", "already", "--kafka-namespace"]);

    // Another number of partitions.
    let three = small(&folder, "3");
    let ran = move_it("import", &three, &kafka);
    refused(ran, 5, &["has 3 partitions and the topics have 1"]);
    let wrong = [in_kafka("other"), vec!["--partitions=2".to_owned()]].concat();
    let ran = move_it("import", &three, &wrong);
    refused(ran, 5, &["has 3 partitions and --partitions says 2"]);

    // Files that are not as they were written.
    let whole = std::fs::read(&file).expect("the export");
    let mut altered = whole.clone();
    let middle = whole.len() / 2;
    altered[middle] ^= 1;
    for bytes in [&whole[..middle], &altered, b"something else"] {
        std::fs::write(folder.path("bad"), bytes).expect("written");
        let ran = move_it("import", &folder.path("bad"), &in_kafka("bad"));
        refused(ran, 2, &["damaged at byte"]);
    }
}

/// Over 30 MB in one partition, so that an import of it takes a while.
fn large(folder: &Folder) -> std::path::PathBuf {
    let data = folder.path("large");
    let server = serve(&in_folder(&data));
    server.run(&["deploy", &model("approval.bpmn")]).ok();
    let text = "x".repeat(1 << 20);
    std::fs::write(folder.path("variables"), format!(r#"{{"text":"{text}"}}"#)).expect("written");
    let variables = format!("@{}", folder.path("variables").display());
    for number in 0..12 {
        let order = format!("order=O-{number}");
        let start = [
            "start",
            "approval",
            "--variables",
            &variables,
            "--set",
            &order,
        ];
        server.run(&start).ok();
    }
    assert!(server.running.terminate().success());
    let file = folder.path("large.export");
    move_it("export", &file, &in_folder(&data)).ok();
    file
}

#[test]
fn an_import_that_is_killed_leaves_nothing_and_may_be_made_again() {
    let folder = Folder::new();
    let file = large(&folder);
    let kafka = in_kafka("killed");
    let mut command = weir();
    command.arg("import").arg(&file).args(&kafka);
    let mut import = command.stderr(Stdio::piped()).spawn().expect("it runs");
    let told = BufReader::new(import.stderr.take().expect("piped"));
    let is_importing = |line: &std::io::Result<String>| {
        line.as_ref()
            .is_ok_and(|line| line.starts_with("importing"))
    };
    assert!(told.lines().any(|line| is_importing(&line)));
    import.kill().expect("killed");
    let status = import.wait().expect("it has ended");
    assert!(!status.success(), "it was killed before it was done");

    let arguments = ["serve", "--listen", "127.0.0.1:0"];
    let ran = finish(weir().args(arguments).args(&kafka));
    assert_eq!(ran.status, 5, "{ran:?}");
    assert!(
        ran.err.contains("an import into killed.* was not finished"),
        "{}",
        ran.err
    );
    assert!(
        ran.err.contains("run the same `weir import` again"),
        "{}",
        ran.err
    );

    move_it("import", &file, &kafka).ok();
    let server = serve(&kafka);
    let listed = server.json(&["task", "list"]);
    assert_eq!(
        listed["tasks"].as_array().map(Vec::len),
        Some(12),
        "{listed}"
    );
}
