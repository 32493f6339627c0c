//! One configuration: option > environment > file > default, and nothing in the file that nobody reads.

mod weir;

use serde_json::Value;
use weir::{Folder, Ran, finish, weir};

/// `weir serve --print-config` with a file, variables and options.
fn effective(file: &str, variables: &[(&str, &str)], options: &[&str]) -> Ran {
    let folder = Folder::new();
    let path = folder.path("weir.toml");
    std::fs::write(&path, file).expect("a file");
    let mut command = weir();
    command.args(["serve", "--print-config", "--config"]);
    command.arg(&path).args(options);
    let mut ran = finish(command.envs(variables.iter().copied()));
    let shown = path.display().to_string();
    ran.out = ran.out.replace(&shown, "weir.toml");
    ran.err = ran.err.replace(&shown, "weir.toml");
    ran
}

fn setting<'a>(all: &'a Value, name: &str) -> (&'a str, &'a str) {
    let settings = all["settings"].as_array().expect("settings");
    let is_it = |s: &&Value| s["name"] == name || s["property"] == name;
    let found = settings.iter().find(is_it).expect(name);
    let text = |field: &str| found[field].as_str().unwrap_or_default();
    (text("value"), text("from"))
}

const FILE: &str = r#"
data = "from-file"
listen = "127.0.0.1:1"
keep-ended = "1d"
kafka = "file:9092"
kafka-replication = 2

[kafka-property]
"security.protocol" = "SASL_SSL"
sasl.mechanism = "PLAIN"
sasl.password = "hunter2"
sasl.username = "file"
"#;

#[test]
fn an_option_outranks_the_environment_and_that_the_file() {
    let variables = [
        ("WEIR_LISTEN", "127.0.0.1:2"),
        ("WEIR_KEEP_ENDED", "2d"),
        ("WEIR_KAFKA_TOKEN_FILE", "token"),
        ("WEIR_KAFKA_PROPERTY_SASL_USERNAME", "environment"),
        ("WEIR_KAFKA_PROPERTY_SASL_MECHANISM", "SCRAM-SHA-256"),
    ];
    let options = [
        "--keep-ended",
        "3d",
        "--kafka-property",
        "sasl.mechanism=SCRAM-SHA-512",
        "--format",
        "json",
    ];
    let all = effective(FILE, &variables, &options).ok().json();
    for (name, value, from) in [
        ("data", "from-file", "weir.toml:2"),
        ("listen", "127.0.0.1:2", "WEIR_LISTEN"),
        ("keep-ended", "3d", "--keep-ended"),
        ("checkpoint-interval", "100ms", "default"),
        ("kafka", "file:9092", "weir.toml:5"),
        ("kafka-replication", "2", "weir.toml:6"),
        ("kafka-token-file", "token", "WEIR_KAFKA_TOKEN_FILE"),
        ("kafka-namespace", "weir", "default"),
        ("security.protocol", "SASL_SSL", "weir.toml:9"),
        ("sasl.mechanism", "SCRAM-SHA-512", "--kafka-property"),
        ("sasl.password", "(hidden)", "weir.toml:11"),
        (
            "sasl.username",
            "environment",
            "WEIR_KAFKA_PROPERTY_SASL_USERNAME",
        ),
    ] {
        assert_eq!(setting(&all, name), (value, from), "{name} in {all:#}");
    }
}

#[test]
fn what_is_printed_is_a_file_that_says_the_same() {
    let first = effective(FILE, &[], &[]).ok().out;
    assert!(!first.contains("hunter2"), "{first}");
    insta::assert_snapshot!("config", first);
    let values = |text: &str| -> Vec<String> {
        let value = |line: &str| line.split("  #").next().unwrap_or_default().to_owned();
        text.lines().map(value).collect()
    };
    for first in [first, effective("", &[], &[]).ok().out] {
        let second = effective(&first, &[], &[]).ok().out;
        assert_eq!(values(&first), values(&second));
    }
}

#[test]
fn what_is_wrong_in_the_file_is_said_with_its_line() {
    for (file, said) in [
        (
            "data = 'x'\nlisten-on = 'y'\n",
            "weir.toml:2: there is no setting `listen-on`",
        ),
        (
            "config = 'x'\n",
            "weir.toml:1: there is no setting `config`",
        ),
        (
            "\n\nlisten = 'nowhere'\n",
            "weir.toml:3: invalid value 'nowhere' for '--listen",
        ),
        ("data = ['x']\n", "weir.toml:1: `data` must be a text"),
        (
            "kafka = 'x'\nkafka-property = 1\n",
            "weir.toml:2: `kafka-property` must be a table",
        ),
        ("data = 'x'\ndata = 'y'\n", "weir.toml:2: "),
        ("data = \n", "weir.toml:1: "),
    ] {
        let ran = effective(file, &[], &[]);
        assert_eq!(ran.status, 2, "{file}: {ran:?}");
        assert!(ran.err.contains(said), "{file}: {}", ran.err);
    }
    let none = finish(weir().args(["serve", "--config", "not/there.toml"]));
    assert_eq!(none.status, 2, "{none:?}");
    assert!(
        none.err.contains("not/there.toml cannot be read"),
        "{none:?}"
    );
}

#[test]
fn a_variable_has_the_name_of_its_option() {
    let help = weir::run(&["serve", "--help"]).ok().out;
    // Lines break anywhere.
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let all = effective("", &[], &["--format", "json"]).ok().json();
    for setting in all["settings"].as_array().expect("settings") {
        let name = weir::text(&setting["name"]);
        let variable = format!("[env: WEIR_{}", name.to_uppercase().replace('-', "_"));
        // Its values would be seen in help, and log levels are no secret but long.
        assert!(help.contains(&variable), "{variable} of {name} in\n{help}");
    }
}

#[test]
fn doctor_reads_the_file_of_a_server() {
    let folder = Folder::new();
    let path = folder.path("weir.toml");
    std::fs::write(&path, "listen = '127.0.0.1:1'\nkafka = '127.0.0.1:1'\n").expect("a file");
    let ran = finish(weir().args(["doctor", "--config"]).arg(&path));
    assert_eq!(ran.status, 3, "{ran:?}");
}
