//! Files as people have them, and what is said about them.

use std::path::{Path, PathBuf};

use serde_json::Value;

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="t">
"#;

/// An executable process with a condition and, where wanted, something that is not executed yet.
fn model(condition: &str, with_escalation: bool) -> String {
    let event = if with_escalation {
        "<bpmn:escalationEventDefinition />"
    } else {
        ""
    };
    format!(
        r#"{HEAD}  <bpmn:process id="p" isExecutable="true">
    <bpmn:startEvent id="start" />
    <bpmn:sequenceFlow id="to_choice" sourceRef="start" targetRef="choice" />
    <bpmn:exclusiveGateway id="choice" default="otherwise" />
    <bpmn:sequenceFlow id="if_large" sourceRef="choice" targetRef="large">
      <bpmn:conditionExpression>{condition}</bpmn:conditionExpression>
    </bpmn:sequenceFlow>
    <bpmn:sequenceFlow id="otherwise" sourceRef="choice" targetRef="small" />
    <bpmn:endEvent id="large" />
    <bpmn:endEvent id="small">{event}</bpmn:endEvent>
  </bpmn:process>
</bpmn:definitions>
"#
    )
}

fn write(folder: &Path, name: &str, content: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
    std::fs::write(&path, content).expect("a file");
    path
}

/// Status and output, with the temporary folder's name taken out.
fn run(folder: &Path, paths: &[PathBuf], json: bool, colour: bool) -> (u8, String) {
    let mut out = Vec::new();
    let status = super::run(paths, json, colour, &mut out).expect("a writable vector");
    let text = String::from_utf8(out).expect("text");
    (status, text.replace(&folder.display().to_string(), "."))
}

#[test]
fn good_models_are_ok() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = write(folder.path(), "good.bpmn", &model("=amount &gt; 10", false));
    let (status, text) = run(folder.path(), &[path], false, false);
    assert_eq!(
        (status, text.as_str()),
        (0, "ok: 1 file checked: 0 errors, 0 refusals, 0 warnings\n")
    );
}

#[test]
fn people_see_expressions_and_refusals_where_they_stand() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = write(folder.path(), "bad.bpmn", &model("=amount &gt;", true));
    let (status, text) = run(folder.path(), &[path], false, false);
    assert_eq!(status, 1);
    assert!(text.contains("./bad.bpmn:8:"), "{text}");
    assert!(text.contains("amount >"), "{text}");
    assert!(text.contains("escalation"), "{text}");
    assert!(
        text.ends_with("failed: 1 file checked: 1 error, 1 refusal, 0 warnings\n"),
        "{text}"
    );
    assert!(!text.contains('\u{1b}'));
}

#[test]
fn colours_only_where_wanted() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = write(folder.path(), "bad.bpmn", &model("=amount &gt;", false));
    let (_, text) = run(folder.path(), std::slice::from_ref(&path), false, true);
    assert!(text.contains('\u{1b}'));
    let (_, json) = run(folder.path(), &[path], true, true);
    assert!(!json.contains('\u{1b}'));
}

#[test]
fn machines_get_one_document() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "b/bad.bpmn", &model("=amount &gt;", true));
    write(folder.path(), "a/good.bpmn", &model("=true", false));
    write(folder.path(), "a/note.txt", "no model");
    let missing = folder.path().join("missing.bpmn");
    let paths = [folder.path().to_owned(), missing];
    let (status, text) = run(folder.path(), &paths, true, false);
    assert_eq!(status, 2);
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let names = document["files"].as_array().expect("files");
    let names = names
        .iter()
        .map(|file| file["file"].as_str().expect("a name"));
    assert_eq!(
        names.collect::<Vec<_>>(),
        ["./a/good.bpmn", "./b/bad.bpmn", "./missing.bpmn"]
    );
    let found = &document["files"][1]["diagnostics"];
    assert_eq!(found[0]["severity"], "error");
    assert_eq!(found[0]["element_id"], "if_large");
    assert_eq!(found[0]["location"]["line"], 8);
    assert_eq!(found[1]["severity"], "refusal");
    assert_eq!(found[1]["element_id"], "small");
    assert!(document["files"][2]["unreadable"].is_string());
    assert_eq!(document["summary"]["errors"], 1);
    assert_eq!(document["summary"]["files"], 3);
}

#[test]
fn what_cannot_be_read_or_is_not_there_is_status_2() {
    let folder = tempfile::tempdir().expect("a folder");
    let (status, text) = run(folder.path(), &[folder.path().to_owned()], false, false);
    assert_eq!(
        (status, text.as_str()),
        (2, "error: no .bpmn or .dmn file found\n")
    );
    let missing = folder.path().join("missing.bpmn");
    let (status, text) = run(folder.path(), &[missing], false, false);
    assert_eq!(status, 2);
    assert!(
        text.starts_with("error: ./missing.bpmn cannot be read: "),
        "{text}"
    );
    assert!(text.ends_with("1 file cannot be read\n"), "{text}");
}

#[test]
fn what_is_no_bpmn_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    for content in ["", "no XML", "<a/>", "\u{0}\u{1}"] {
        let path = write(folder.path(), "odd.bpmn", content);
        assert_eq!(
            run(folder.path(), &[path], false, false).0,
            1,
            "{content:?}"
        );
    }
}

#[test]
fn what_a_deployment_refuses_as_a_whole_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = model("=true", false);
    let process = &good[good.find("  <bpmn:process").unwrap()..good.find("</bpmn:def").unwrap()];
    let timer = r#"<bpmn:startEvent id="start"><bpmn:timerEventDefinition><bpmn:timeCycle>="nonsense"</bpmn:timeCycle></bpmn:timerEventDefinition></bpmn:startEvent>"#;
    let sleepy = good.replace(r#"<bpmn:startEvent id="start" />"#, timer);
    let idle = good.replace(r#" isExecutable="true""#, "");
    for (content, reason) in [(idle, "NO_EXECUTABLE_PROCESS"), (sleepy, "TIMER_INVALID")] {
        let path = write(folder.path(), "refused.bpmn", &content);
        let (status, text) = run(folder.path(), std::slice::from_ref(&path), false, false);
        assert_eq!(status, 1, "{text}");
        assert!(text.contains(reason), "{text}");
        let (_, json) = run(folder.path(), &[path], true, false);
        let document: Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(document["files"][0]["rejection"]["reason"], reason);
    }
    let twice = good.replace(process, &format!("{process}{process}"));
    let path = write(folder.path(), "twice.bpmn", &twice);
    assert_eq!(run(folder.path(), &[path], false, false).0, 1);
}

#[cfg(unix)]
#[test]
fn links_that_lead_back_end() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "sub/good.bpmn", &model("=true", false));
    std::os::unix::fs::symlink(folder.path(), folder.path().join("sub/back")).expect("a link");
    let (status, text) = run(folder.path(), &[folder.path().to_owned()], false, false);
    assert_eq!(status, 0);
    assert!(text.starts_with("ok: 1 file checked"), "{text}");
}

#[test]
fn our_own_models_are_ok() {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/examples");
    let mut out = Vec::new();
    let status = super::run(&[models], false, false, &mut out).expect("a writable vector");
    assert_eq!(status, 0, "{}", String::from_utf8_lossy(&out));
}

/// Files that others made, valid and broken: all are judged, none takes the program down.
#[test]
fn all_models_of_others_are_judged() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora");
    if !corpora.is_dir() {
        assert!(
            std::env::var_os("CI").is_none(),
            "{} is missing",
            corpora.display()
        );
        println!("{} is missing: nothing checked", corpora.display());
        return;
    }
    let mut out = Vec::new();
    let status = super::run(&[corpora], true, false, &mut out).expect("a writable vector");
    assert_eq!(status, 1);
    let document: Value = serde_json::from_slice(&out).expect("JSON");
    assert!(document["summary"]["files"].as_u64() > Some(100));
    assert_eq!(document["summary"]["unreadable"], 0);
}
