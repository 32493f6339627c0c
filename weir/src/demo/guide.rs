//! What the reader is told: where things are, and the very commands to type.

use std::path::{Path, PathBuf};

use proto::usertask as api;
use serde_json::Value;

use super::Stage;
use super::rounds::Round;
use crate::client::DEFAULT_ADDRESS;
use crate::variables::shorten;

/// How this program is called from another terminal in the same folder.
pub fn program() -> String {
    let own = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("weir"));
    let on_path = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join("weir") == own));
    if on_path {
        return "weir".to_owned();
    }
    let here = std::env::current_dir().unwrap_or_default();
    match own.strip_prefix(&here) {
        Ok(below) => Path::new(".").join(below).display().to_string(),
        Err(_) => own.display().to_string(),
    }
}

pub fn options(url: &str) -> String {
    if url == DEFAULT_ADDRESS {
        String::new()
    } else {
        format!(" --address {url}")
    }
}

pub fn welcome(stage: &Stage, round: &Round) -> String {
    let paint = stage.output.paint();
    let folder = stage.folder.display();
    let first = if round.is_continued {
        format!("The claims go on where they were: {}.", stage.place)
    } else {
        format!(
            "{} claims are registered: {}, pictures in {folder}.",
            round.claims.len(),
            stage.place
        )
    };
    let second = if stage.auto {
        "Every role is played: the adjusters anna and bert, the lead lea, max in accounting, the customers."
            .to_owned()
    } else {
        format!(
            "You play the adjusters, from a second terminal. To look around there:\n  {}\n  {}",
            command(stage, "task list"),
            command(stage, "instance list")
        )
    };
    format!("{}\n{second}\n", paint.bold(&first))
}

fn command(stage: &Stage, words: &str) -> String {
    format!("{} {words}{}", stage.program, stage.options)
}

/// The commands with which the reader does the task.
pub fn your_turn(stage: &Stage, task: &api::Task, variables: &Value) -> String {
    let paint = stage.output.paint();
    let key = task.key;
    let claim = variables["claimId"].as_str().unwrap_or_default();
    let reviewer = variables["review"]["by"].as_str().unwrap_or_default();
    let is_second = task.element_id == "second-approval";
    let who = if is_second && reviewer == "anna" {
        "bert"
    } else {
        "anna"
    };
    let mut text = format!(
        "{} {} for {}\n",
        paint.warn("Your turn:"),
        paint.bold(&shorten(&task.name, 60)),
        paint.bold(&shorten(claim, 20))
    );
    if is_second && !reviewer.is_empty() {
        let note = format!(
            "  {} has reviewed it and is refused here; try it if you like.\n",
            shorten(reviewer, 30)
        );
        text += &paint.faint(&note);
    }
    let others = match task.element_id.as_str() {
        "review-claim" => "or: reject, request-documents",
        _ => "or: reject",
    };
    let steps = [
        (format!("task show {key}"), String::new()),
        (format!("task claim {key} --user {who}"), String::new()),
        (
            format!("task complete {key} --user {who} --action approve"),
            others.to_owned(),
        ),
    ];
    for (step, note) in steps {
        let line = format!("  {}  {}", command(stage, &step), paint.faint(&note));
        text += line.trim_end();
        text += "\n";
    }
    text.trim_end().to_owned()
}

pub fn goodbye(stage: &Stage) -> String {
    let start = command(
        stage,
        "start insurance-claim --set claimId=MINE-1 --set customer=Me --set policy=P-1 --set amount=2000",
    );
    let stories = command(stage, "instance list");
    format!(
        "\nAll claims have ended. Their stories: {stories}\nA claim of your own: {start}\nCtrl-C ends the demo."
    )
}
