//! `weir demo`: to its end, killed in the middle, and played by hand.

mod weir;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use weir::{Folder, Running, finish, text, weir};

fn demo(folder: &Path, more: &[&str]) -> Command {
    let mut command = weir();
    command
        .args(["demo", "--listen", "127.0.0.1:0", "--data"])
        .arg(folder)
        .args(more);
    command
}

fn outcomes(claims: &Value) -> Vec<(String, String)> {
    let claims = claims["claims"].as_array().expect("claims");
    let pair = |claim: &Value| (text(&claim["claim"]), text(&claim["outcome"]));
    claims.iter().map(pair).collect()
}

fn expected(round: u32) -> Vec<(String, String)> {
    let outcomes = ["APPROVED", "REJECTED", "ESCALATED", "APPROVED"];
    let pair = |(number, outcome): (usize, &&str)| {
        (format!("C-{round}{:02}", number + 1), (*outcome).to_owned())
    };
    outcomes.iter().enumerate().map(pair).collect()
}

#[test]
fn all_roles_are_played_to_the_three_outcomes() {
    all_roles(&[]);
}

#[test]
fn all_roles_are_played_over_three_partitions() {
    all_roles(&["--partitions", "3"]);
}

fn all_roles(partitions: &[&str]) {
    let folder = Folder::new();
    let arguments = [&["--auto"], partitions].concat();
    let mut running = Running::start(&mut demo(&folder.path("claims"), &arguments));
    let (status, told) = running.finish();
    assert!(status.success(), "{told}");
    for said in [
        "registered: Ada Lovelace claims 12500",
        "request-documents",
        "message documents-received came",
        "USER_EXCLUDED",
        "the bank does not answer",
        "PAYOUT_REFUSED",
        "the time is up",
        "hand-over",
        "APPROVED",
        "REJECTED",
        "ESCALATED",
    ] {
        assert!(told.contains(said), "nobody said {said:?}:\n{told}");
    }
    let picture = folder.path("claims").join("C-101.svg");
    assert!(
        std::fs::read_to_string(picture)
            .expect("the picture")
            .contains("<svg")
    );

    let again = finish(&mut demo(
        &folder.path("claims"),
        &["--auto", "--format", "json"],
    ))
    .ok();
    assert_eq!(
        outcomes(&again.json()),
        expected(2),
        "the next start brings new claims"
    );
}

/// Killed at moments that the story names: each claim ends once, by whichever run.
#[test]
fn a_killed_demo_goes_on_where_it_was() {
    let folder = Folder::new();
    let claims = folder.path("claims");
    for moment in [
        "registered",
        "request-documents",
        "the bank does not answer",
    ] {
        let mut running = Running::start(&mut demo(&claims, &["--auto"]));
        running.until(moment);
        running.kill();
    }
    let ended = finish(&mut demo(&claims, &["--auto", "--format", "json"]))
        .ok()
        .json();
    assert_eq!(outcomes(&ended), expected(1));
    let keys: BTreeSet<String> = ended["claims"]
        .as_array()
        .expect("claims")
        .iter()
        .map(|claim| text(&claim["instanceKey"]))
        .collect();

    let server = weir::Server::start(&claims.join("data"));
    let listed = server.json(&["instance", "list", "--process", "insurance-claim"]);
    let listed = listed["instances"].as_array().expect("instances").iter();
    let all: BTreeSet<String> = listed.map(|instance| text(&instance["key"])).collect();
    assert_eq!(all, keys, "a claim was registered twice");
}

#[test]
fn the_reader_plays_an_adjuster_with_the_commands_that_are_printed() {
    let folder = Folder::new();
    let mut running = Running::start(&mut demo(&folder.path("claims"), &[]));
    running.until("Your turn: Review claim for C-102");
    for _ in 0..3 {
        let line = running.until(" task ");
        // A note on what else could be typed stands behind three spaces.
        let line = line
            .trim()
            .split("  ")
            .next()
            .unwrap_or_default()
            .to_owned();
        let mut words = line.split_whitespace();
        assert!(
            words
                .next()
                .is_some_and(|program| program.ends_with("weir")),
            "{line}"
        );
        finish(weir().args(words)).ok();
    }
    running.until("C-102");
    running.until("APPROVED");
    assert!(running.terminate().success());
}
