//! `weir serve`: its folder, its port, its end.

mod weir;

use std::net::TcpListener;

use weir::{Folder, Running, Server, finish, model, weir};

#[test]
fn a_server_is_stopped_gracefully_and_goes_on_where_it_was() {
    let folder = Folder::new();
    let data = folder.path("data");
    let server = Server::start(&data);
    server.run(&["deploy", &model("approval.bpmn")]).ok();
    let key = server.start_instance("approval", &["order=O-1"]);
    let task = server.task_of(&key);
    assert!(server.running.terminate().success());

    let server = Server::start(&data);
    assert_eq!(server.task_of(&key), task);
    server.run(&["task", "claim", &task, "--user", "anna"]).ok();
    server.running.kill();

    let server = Server::start(&data);
    let shown = server.json(&["task", "show", &task]);
    assert_eq!(shown["assignee"], "anna");
}

#[test]
fn a_folder_in_use_is_said_with_its_user() {
    let folder = Folder::new();
    let data = folder.path("data");
    let _server = Server::start(&data);
    let second = finish(
        weir()
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(&data),
    );
    assert_eq!(second.status, 5, "{second:?}");
    assert!(
        second.err.contains("is in use by the process with pid"),
        "{}",
        second.err
    );
    assert!(second.err.contains("--data"), "{}", second.err);
}

#[test]
fn the_number_of_partitions_stays_as_it_was_begun() {
    let folder = Folder::new();
    let data = folder.path("data");
    let serve = |partitions: &[&str]| {
        let mut command = weir();
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--format", "json"];
        command.args(arguments).arg("--data").arg(&data);
        command.args(partitions);
        command
    };
    for partitions in [&["--partitions", "3"][..], &[]] {
        let mut running = Running::start(&mut serve(partitions));
        running.until("\"partitions\": 3");
        assert!(running.terminate().success());
    }
    let other = finish(serve(&[]).env("WEIR_PARTITIONS", "4"));
    assert_eq!(other.status, 5, "{other:?}");
    let said = "it was begun with 3 partitions, which cannot become 4";
    assert!(other.err.contains(said), "{}", other.err);
    let none = finish(serve(&[]).args(["--partitions", "0"]));
    assert_eq!(none.status, 2, "{none:?}");
}

#[test]
fn a_taken_port_is_said_with_a_way_out() {
    let folder = Folder::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("its address").to_string();
    let ran = finish(
        weir()
            .args(["serve", "--listen", &address, "--data"])
            .arg(folder.path("data")),
    );
    assert_eq!(ran.status, 1, "{ran:?}");
    assert!(
        ran.err.contains(&address) && ran.err.contains("--listen"),
        "{}",
        ran.err
    );
}

#[test]
fn a_folder_that_cannot_be_made_is_said() {
    let folder = Folder::new();
    let file = folder.path("file");
    std::fs::write(&file, "").expect("a file in the way");
    let ran = finish(
        weir()
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(file.join("data")),
    );
    assert_eq!(ran.status, 5, "{ran:?}");
    assert!(ran.err.contains("--data"), "{}", ran.err);
}

#[test]
fn a_damaged_journal_is_refused_with_its_place() {
    let folder = Folder::new();
    let data = folder.path("data");
    let server = Server::start(&data);
    let model = model("approval.bpmn");
    for _ in 0..3 {
        server.run(&["deploy", &model]).ok();
        server.start_instance("approval", &["order=O-1"]);
    }
    server.running.kill();

    let log = std::fs::read_dir(&data)
        .expect("the folder")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|ending| ending == "log"))
        .expect("a segment of the log");
    let mut bytes = std::fs::read(&log).expect("the segment");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x40;
    std::fs::write(&log, bytes).expect("the segment is written");

    let ran = finish(
        weir()
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(&data),
    );
    assert_eq!(ran.status, 5, "{ran:?}");
    let file = log
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    assert!(
        ran.err.contains(&file) && ran.err.contains("damaged"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("nothing was changed"), "{}", ran.err);
}

#[test]
fn the_port_file_and_json_tell_where_it_listens() {
    let folder = Folder::new();
    let port_file = folder.path("port");
    let mut command = weir();
    command.args([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--format",
        "json",
        "--data",
    ]);
    command
        .arg(folder.path("data"))
        .arg("--port-file")
        .arg(&port_file);
    let mut running = Running::start(&mut command);
    let line = running.until("\"address\"");
    running.until("}");
    // The file is there before the port can be known from it: read it through a command that needs the server.
    let address = line.split('"').nth(3).expect("the address").to_owned();
    finish(weir().args(["task", "list", "--address", &address])).ok();
    let status = running.terminate();
    assert!(status.success());
    let port = std::fs::read_to_string(&port_file).expect("the port file");
    assert!(
        address.ends_with(&format!(":{}", port.trim())),
        "{address} {port}"
    );
}

#[test]
fn a_wrong_log_level_is_wrong_usage() {
    let ran = finish(weir().args(["serve", "--log", "==="]));
    assert_eq!(ran.status, 2, "{ran:?}");
}
