//! `--print-config`: what holds, and who says so. Secrets are never shown.

use std::fmt::Write;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches};
use serde_json::{Value, json};

use super::{Added, PROPERTY};
use crate::failure::Failure;
use crate::output::Output;

/// One setting as it holds.
#[derive(Debug, Clone)]
pub struct Setting {
    name: String,
    /// Of the properties, its name.
    property: Option<String>,
    /// `None`: not set, and without a default.
    value: Option<String>,
    /// For people: an option, a variable, a file and its line, or `default`.
    from: String,
}

/// What stands in a secret's place.
const HIDDEN: &str = "(hidden)";
/// Where a value is from that nobody has set.
const DEFAULT: &str = "default";

pub fn settings(options: &[Arg], given: &ArgMatches, added: &[Added]) -> Vec<Setting> {
    let mut settings = Vec::new();
    for option in options {
        let name = option.get_long().unwrap_or_default();
        let values = given.get_raw(option.get_id().as_str());
        let values = values.into_iter().flatten().map(|v| v.to_string_lossy());
        let mut values: Vec<String> = values.map(|value| value.into_owned()).collect();
        if name == PROPERTY {
            // By name, wherever each is from.
            values.sort();
            settings.extend(values.iter().map(|value| property(value, added)));
            continue;
        }
        settings.push(Setting {
            name: name.to_owned(),
            property: None,
            value: values.into_iter().next(),
            from: from(option, name, given, added),
        });
    }
    settings
}

fn from(option: &Arg, name: &str, given: &ArgMatches, added: &[Added]) -> String {
    if let Some(added) = added.iter().find(|added| added.flag == name) {
        return added.from.clone();
    }
    match given.value_source(option.get_id().as_str()) {
        Some(ValueSource::CommandLine) => format!("--{name}"),
        Some(ValueSource::EnvVariable) => {
            let variable = option.get_env().map(|name| name.to_string_lossy());
            variable.unwrap_or_default().into_owned()
        }
        // Clap may name further sources one day.
        Some(_) | None => DEFAULT.to_owned(),
    }
}

fn property(text: &str, added: &[Added]) -> Setting {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    let is_it = |added: &&Added| added.flag == PROPERTY && added.value == text;
    let from = added.iter().find(is_it).map(|added| added.from.clone());
    Setting {
        name: PROPERTY.to_owned(),
        property: Some(name.trim().to_owned()),
        value: Some(if is_secret(name) { HIDDEN } else { value }.to_owned()),
        from: from.unwrap_or_else(|| format!("--{PROPERTY}")),
    }
}

/// Whether a property of librdkafka's has something in it that opens a door.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let words = [
        "password",
        "secret",
        "jaas",
        "token",
        "assertion",
        "oauthbearer.config",
    ];
    let is_key = name.starts_with("ssl.") && name.contains("pem");
    is_key || words.iter().any(|word| name.contains(word))
}

/// A file that says the same, with who said it beside each line.
pub fn show(settings: &[Setting], output: Output) -> Result<(), Failure> {
    let all = || settings.iter().map(json).collect::<Vec<Value>>();
    output.show(
        || json!({ "settings": all() }),
        |paint| {
            let (mut text, mut properties) = (String::new(), String::new());
            for setting in settings {
                let from = paint.faint(&format!("# {}", setting.from));
                let Some(value) = &setting.value else {
                    let line = paint.faint(&format!("# {} is not set", setting.name));
                    let _ = writeln!(text, "{line}");
                    continue;
                };
                // As comments: some mean nothing, and are refused, without others.
                let silent = if setting.from == DEFAULT { "# " } else { "" };
                // Texts of JSON are texts of TOML.
                let value = Value::from(value.as_str());
                let _ = match &setting.property {
                    None => writeln!(text, "{silent}{} = {value}  {from}", setting.name),
                    Some(name) => writeln!(
                        properties,
                        "{} = {value}  {from}",
                        Value::from(name.as_str())
                    ),
                };
            }
            if !properties.is_empty() {
                let _ = write!(text, "\n[{PROPERTY}]\n{properties}");
            }
            text
        },
    )
}

fn json(setting: &Setting) -> Value {
    json!({
        "name": setting.name,
        "property": setting.property,
        "value": setting.value,
        "from": setting.from,
    })
}
