//! Metrics and health over HTTP, and that the dashboard asks for what there is.

mod weir;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use weir::{Folder, Running, finish, model, weir};

/// Head and body of an answer.
fn get(address: &str, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it takes");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    (head.to_owned(), body.to_owned())
}

fn start(data: &Path) -> (Running, String, String) {
    let mut command = weir();
    command.args(["serve", "--listen", "127.0.0.1:0", "--log", "warn"]);
    command
        .args(["--metrics", "127.0.0.1:0", "--data"])
        .arg(data);
    let mut running = Running::start(&mut command);
    let mut address = |text: &str| {
        let line = running.until(text);
        let word = line
            .split_whitespace()
            .find(|word| word.starts_with("http://"));
        word.expect("an address").to_owned()
    };
    let server = address("Weir serves on ");
    let metrics = address("/metrics");
    let metrics = metrics
        .trim_start_matches("http://")
        .trim_end_matches("/metrics");
    let metrics = metrics.to_owned();
    (running, server, metrics)
}

#[test]
fn figures_and_health_are_answered() {
    let folder = Folder::new();
    let (running, server, metrics) = start(&folder.path("data"));
    let (approval, parcel) = (model("approval.bpmn"), model("parcel.bpmn"));
    for arguments in [
        &["deploy", &approval, &parcel][..],
        &["start", "approval", "--set", "order=O-1"],
        &["start", "parcel", "--set", "rest=\"PT1H\""],
    ] {
        finish(weir().args(arguments).env("WEIR_ADDRESS", &server)).ok();
    }

    let (head, figures) = get(&metrics, "/metrics");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(head.contains("openmetrics-text"), "{head}");
    for line in [
        "weir_instances{partition=\"1\"} 2\n",
        "weir_user_tasks{partition=\"1\"} 1\n",
        "weir_incidents{partition=\"1\"} 0\n",
        "weir_partition_term{partition=\"1\"} 1\n",
        "weir_partition_phase{partition=\"1\",phase=\"serving\"} 1\n",
        "weir_partition_phase{partition=\"1\",phase=\"failed\"} 0\n",
        "weir_partition_role{partition=\"1\",role=\"leader\"} 1\n",
        "weir_partition_role{partition=\"1\",role=\"restoring\"} 0\n",
        "weir_jobs{partition=\"1\",state=\"activatable\"} 1\n",
        "weir_jobs{partition=\"1\",state=\"failed\"} 0\n",
        "weir_restore_entries{partition=\"1\"} 0\n",
        "weir_append_seconds_bucket{le=\"+Inf\",partition=\"1\"} ",
        "weir_checkpoint_seconds_count{partition=\"1\"} ",
        "weir_apply_seconds_total{partition=\"1\"} ",
        "# EOF\n",
    ] {
        assert!(figures.contains(line), "{line} in\n{figures}");
    }
    for (path, said) in [("/health/live", "live\n"), ("/health/ready", "ready\n")] {
        let (head, body) = get(&metrics, path);
        assert!(head.starts_with("HTTP/1.1 200"), "{path}: {head}");
        assert_eq!(body, said);
    }
    assert!(get(&metrics, "/other").0.starts_with("HTTP/1.1 404"));
    assert!(commands(&figures) >= 3, "{figures}");
    dashboard_asks_for(&figures);
    assert!(running.terminate().success());
}

/// Commands that were applied: these three requests at least.
fn commands(figures: &str) -> u64 {
    let mut lines = figures.lines();
    let line = lines.find_map(|line| line.strip_prefix("weir_commands_total{partition=\"1\"} "));
    line.and_then(|count| count.parse::<f64>().ok())
        .expect("a count") as u64
}

fn dashboard_asks_for(figures: &str) {
    let dashboard = include_str!("../../docs/grafana/weir.json");
    let is_part = |c: char| c.is_ascii_lowercase() || c == '_';
    let words = dashboard.split(|c| !is_part(c));
    let names: Vec<&str> = words.filter(|word| word.starts_with("weir_")).collect();
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        // Prometheus adds these by itself.
        let ends = ["_total", "_bucket"].iter();
        let figure = ends.fold(name, |name, end| name.strip_suffix(end).unwrap_or(name));
        let help = format!("# HELP {figure} ");
        assert!(figures.contains(&help), "{name} in\n{figures}");
    }
}

#[test]
fn a_taken_port_is_said_with_the_option() {
    let folder = Folder::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("its address").to_string();
    let ran = finish(
        weir()
            .args(["serve", "--listen", "127.0.0.1:0", "--metrics", &address])
            .arg("--data")
            .arg(folder.path("data")),
    );
    assert_eq!(ran.status, 1, "{ran:?}");
    assert!(ran.err.contains("--metrics"), "{}", ran.err);
}
