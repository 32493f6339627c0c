//! Every command of the README, run as it stands there.

mod weir;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use weir::{Folder, Running, Server, finish, text, weir};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The lines of the README's `sh` blocks, without comments.
fn commands() -> Vec<String> {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("the README");
    let mut commands = Vec::new();
    let mut inside = false;
    for line in readme.lines() {
        if line.starts_with("```") {
            inside = line == "```sh";
        } else if inside {
            let command = line.split(" #").next().unwrap_or_default().trim();
            commands.push(command.to_owned());
        }
    }
    commands
}

/// At blanks, but not inside single quotes.
fn words(command: &str) -> Vec<String> {
    let parts = command.split('\'').enumerate();
    let words = parts.flat_map(|(index, part)| match index % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect(),
        _ => vec![part.to_owned()],
    });
    words.collect()
}

/// The key of the open task, or of the newest instance.
fn key(server: &Server, command: &[String]) -> String {
    let listed = match command[1].as_str() {
        "task" => server.json(&["task", "list"])["tasks"].clone(),
        _ => server.json(&["instance", "list"])["instances"].clone(),
    };
    let first = listed.as_array().and_then(|all| all.first().cloned());
    text(&first.unwrap_or(Value::Null)["key"])
}

#[test]
fn the_commands_of_the_readme_do_what_it_says() {
    let folder = Folder::new();
    let server = Server::start(&folder.path("data"));
    let mut cluster = Cluster::new(folder.path("kafka"));
    let mut ran = 0;
    for command in commands() {
        let mut words = words(&command);
        match (words[0].as_str(), words.get(1).map(String::as_str)) {
            // The gate itself.
            ("./scripts/test", _) => assert!(root().join("scripts/test").is_file()),
            // A server is running already; that this one would start is another test.
            ("weir", Some("serve")) => assert_eq!(words[2], "--data"),
            ("cargo", _) => {
                let demo = folder.path("demo").display().to_string();
                let mut arguments = words.split_off(4);
                assert_eq!(words.join(" "), "cargo run --release --");
                arguments.extend(["--data".to_owned(), demo]);
                let told = finish(weir().args(&arguments)).ok();
                assert!(told.out.contains("ESCALATED"), "{}", told.out);
            }
            ("weir", Some("demo")) => cluster.start_demo(&folder, &words),
            ("weir", Some(_)) => {
                for index in 0..words.len() {
                    if words[index] == "KEY" {
                        words[index] = key(&server, &words);
                    }
                }
                work_if_needed(&server, &words);
                let arguments = words[1..].iter().map(String::as_str).collect::<Vec<_>>();
                let mut process = server.command(&arguments);
                process.current_dir(root());
                if arguments[0] == "render" {
                    process.current_dir(folder.path(""));
                }
                finish(&mut process).ok();
            }
            ("scripts/kafka", _) => cluster.script(&words[1..]),
            ("kafka-console-consumer.sh", _) => cluster.consume(&words),
            _ => panic!("`{command}` is not known to this test"),
        }
        ran += 1;
    }
    assert!(ran >= 10, "the README has only {ran} commands");
    let picture = std::fs::read_to_string(folder.path("claim.svg")).expect("the picture");
    assert!(picture.contains("<svg"));
}

/// The broker of the README, in a folder of its own, and the demo that works on it. Stopped when dropped.
struct Cluster {
    folder: PathBuf,
    address: String,
    demo: Option<Running>,
}

impl Cluster {
    fn new(folder: PathBuf) -> Cluster {
        Cluster {
            folder,
            address: String::new(),
            demo: None,
        }
    }

    fn run(&self, arguments: &[String]) -> weir::Ran {
        let mut script = Command::new(root().join("scripts/kafka"));
        script.args(arguments).arg("--dir").arg(&self.folder);
        finish(&mut script)
    }

    fn script(&mut self, arguments: &[String]) {
        self.end_demo();
        let ran = self.run(arguments).ok();
        if arguments[0] == "start" {
            self.address = ran.out.trim().to_owned();
        }
    }

    /// It runs on: what follows is for whoever reads along.
    fn start_demo(&mut self, folder: &Folder, words: &[String]) {
        let arguments = words[1..].iter();
        let arguments = arguments.map(|word| word.replace("ADDRESS", &self.address));
        let mut demo = weir();
        demo.args(arguments)
            .arg("--data")
            .arg(folder.path("kafka-demo"));
        let mut demo = Running::start(&mut demo);
        demo.until("registered");
        self.demo = Some(demo);
    }

    /// The demo comes to its end, whatever was done meanwhile.
    fn end_demo(&mut self) {
        let Some(mut demo) = self.demo.take() else {
            return;
        };
        let (status, told) = demo.finish();
        assert!(status.success() && told.contains("ESCALATED"), "{told}");
        assert!(told.contains(&self.address), "{told}");
    }

    fn consume(&self, words: &[String]) {
        let tools = finish(Command::new(root().join("scripts/kafka")).arg("path")).ok();
        let mut consumer = Command::new(Path::new(tools.out.trim()).join(&words[0]));
        let arguments = words[1..].iter();
        consumer.args(arguments.map(|word| word.replace("ADDRESS", &self.address)));
        let told = finish(&mut consumer).ok();
        let views = told.out.lines().map(serde_json::from_str::<Value>);
        let views: Vec<_> = views.collect::<Result<_, _>>().expect("JSON");
        assert_eq!(views.len(), 3, "{}", told.out);
        // Some are of things that are gone: tombstones.
        let mut views = views.iter().filter(|view| !view.is_null()).peekable();
        assert!(views.peek().is_some(), "{}", told.out);
        assert!(
            views.all(|view| view["processId"] == "insurance-claim"),
            "{}",
            told.out
        );
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let wiped = ["stop", "--wipe"].map(str::to_owned);
        self.run(&wiped);
    }
}

/// The worker of the README: says that the claim is covered before a person is asked.
fn work_if_needed(server: &Server, words: &[String]) {
    if words[1] != "task" || words[2] != "list" {
        return;
    }
    let endpoint = tonic::transport::Endpoint::from_shared(server.address.clone());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async move {
        use proto::gateway::{ActivateJobsRequest, CompleteJobRequest};
        let channel = endpoint.expect("an address").connect().await;
        let channel = channel.expect("the server");
        let mut client = proto::gateway::gateway_client::GatewayClient::new(channel);
        let request = ActivateJobsRequest {
            r#type: "check-coverage".to_owned(),
            worker: "readme".to_owned(),
            timeout: 60_000,
            max_jobs_to_activate: 1,
            ..ActivateJobsRequest::default()
        };
        let activated = client.activate_jobs(request).await.expect("a stream");
        let first = activated.into_inner().message().await.expect("a message");
        for job in first.expect("a job").jobs {
            let complete = CompleteJobRequest {
                job_key: job.key,
                variables: r#"{"covered": true}"#.to_owned(),
            };
            client.complete_job(complete).await.expect("completed");
        }
    });
}
