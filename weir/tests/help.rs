//! What the program says about itself: the texts are read by people, so every change of one is looked at.

mod weir;

use weir::run;

const COMMANDS: [&[&str]; 32] = [
    &["serve"],
    &["demo"],
    &["check"],
    &["decide"],
    &["feel"],
    &["feel", "eval"],
    &["feel", "repl"],
    &["render"],
    &["deploy"],
    &["start"],
    &["instance", "list"],
    &["instance", "show"],
    &["instance", "cancel"],
    &["task", "list"],
    &["task", "show"],
    &["task", "claim"],
    &["task", "unclaim"],
    &["task", "assign"],
    &["task", "complete"],
    &["task", "comment"],
    &["message", "publish"],
    &["signal", "broadcast"],
    &["incident", "list"],
    &["incident", "resolve"],
    &["export"],
    &["import"],
    &["doctor"],
    &["topics"],
    &["acls"],
    &["bench"],
    &["completions"],
    &[],
];

#[test]
fn every_command_explains_itself() {
    for command in COMMANDS {
        let mut arguments = command.to_vec();
        arguments.push("--help");
        let ran = run(&arguments).ok();
        let name = format!("help {}", command.join(" "));
        let described = ran.out.to_lowercase().contains("example");
        assert!(described, "{name} gives no examples");
        insta::assert_snapshot!(name.trim().replace(' ', "-"), ran.out);
    }
}

#[test]
fn the_version_is_the_packages() {
    let ran = run(&["--version"]).ok();
    assert_eq!(ran.out, format!("weir {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn every_shell_gets_its_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = run(&["completions", shell]).ok();
        assert!(ran.out.contains("incident"), "{shell}");
    }
}

#[test]
fn the_exit_statuses_of_the_page_are_those_of_the_help() {
    let help = run(&["--help"]).ok().out;
    let page = include_str!("../../docs/cli.md");
    let (_, statuses) = help
        .split_once("Exit status:\n")
        .expect("a list of statuses");
    for line in statuses.lines().filter(|line| !line.is_empty()) {
        let (status, meaning) = line
            .trim()
            .split_once("  ")
            .expect("a status and a meaning");
        let row = format!("| {status} | {meaning} |");
        assert!(page.contains(&row), "docs/cli.md lacks {row}");
    }
}
