//! Variables on the command line: a JSON object, a file with one, or single values; and their display.

use std::io::Read;
use std::path::Path;

use clap::Args;
use serde_json::{Map, Value};

use crate::failure::Failure;

/// The most that is read from a file or standard input; the server allows less.
const BYTES_MAX: u64 = 64 << 20;

#[derive(Debug, Clone, Default, Args)]
pub struct VariableArgs {
    /// Variables: a JSON object, @FILE with one, or - for standard input
    #[arg(long, short = 'v', value_name = "JSON", help_heading = "Variables")]
    pub variables: Option<String>,

    /// One variable; the value is JSON, or else taken as text (repeatable)
    #[arg(
        long,
        short = 's',
        value_name = "NAME=VALUE",
        help_heading = "Variables"
    )]
    pub set: Vec<String>,
}

impl VariableArgs {
    /// All of them as the text of one JSON object; `--set` outranks `--variables`.
    ///
    /// # Errors
    /// What is wrong with them, with line and column where they are JSON.
    pub fn document(&self) -> Result<String, Failure> {
        let mut object = match self.variables.as_deref() {
            None => Map::new(),
            Some(text) => parse(text)?,
        };
        for pair in &self.set {
            let (name, value) = assignment(pair)?;
            object.insert(name, value);
        }
        Ok(Value::Object(object).to_string())
    }
}

fn parse(text: &str) -> Result<Map<String, Value>, Failure> {
    let (source, text) = match text.strip_prefix('@') {
        Some(path) => (path.to_owned(), read(Path::new(path))?),
        None if text == "-" => ("standard input".to_owned(), read_standard_input()?),
        None => ("--variables".to_owned(), text.to_owned()),
    };
    match serde_json::from_str(&text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Failure::usage(format!(
            "{source}: variables are a JSON object, such as {{\"amount\": 100}}"
        ))),
        Err(error) => Err(Failure::usage(format!("{source} is not JSON: {error}"))
            .hint("in a shell, put the object between single quotes: '{\"amount\": 100}'")),
    }
}

fn assignment(pair: &str) -> Result<(String, Value), Failure> {
    match pair.split_once('=') {
        Some((name, value)) if !name.is_empty() => {
            let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
            Ok((name.to_owned(), value))
        }
        Some(_) | None => Err(Failure::usage(format!(
            "--set takes NAME=VALUE, found '{pair}'"
        ))),
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    let open = std::fs::File::open(path);
    open.and_then(read_all)
        .map_err(|error| Failure::usage(format!("{} cannot be read: {error}", path.display())))
}

fn read_standard_input() -> Result<String, Failure> {
    read_all(std::io::stdin().lock())
        .map_err(|error| Failure::usage(format!("standard input cannot be read: {error}")))
}

fn read_all(from: impl Read) -> std::io::Result<String> {
    let mut text = String::new();
    let size = from.take(BYTES_MAX + 1).read_to_string(&mut text)?;
    if size as u64 > BYTES_MAX {
        let what = format!("it is longer than {BYTES_MAX} bytes");
        return Err(std::io::Error::other(what));
    }
    Ok(text)
}

/// The JSON value of a text that the server sent; an empty text stands for `null`.
pub fn value(text: &str) -> Value {
    if text.is_empty() {
        return Value::Null;
    }
    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
}

/// A value in at most `width` characters, for a table.
pub fn short(value: &Value, width: usize) -> String {
    shorten(&value.to_string(), width)
}

pub fn shorten(text: &str, width: usize) -> String {
    let flat: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if flat.chars().count() <= width {
        return flat;
    }
    let kept: String = flat.chars().take(width.saturating_sub(1)).collect();
    kept + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(variables: Option<&str>, set: &[&str]) -> Result<String, String> {
        let args = VariableArgs {
            variables: variables.map(str::to_owned),
            set: set.iter().map(|&pair| pair.to_owned()).collect(),
        };
        args.document().map_err(|failure| failure.message)
    }

    #[test]
    fn single_values_outrank_the_object_and_numbers_stay_exact() {
        let read = document(
            Some(r#"{"a": 1.10, "b": {"c": [true]}}"#),
            &["b=text", "d=\"1\"", "e=12345678901234567890.5"],
        );
        assert_eq!(
            read.unwrap(),
            r#"{"a":1.10,"b":"text","d":"1","e":12345678901234567890.5}"#
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        assert!(
            document(Some("{\"a\": }"), &[])
                .unwrap_err()
                .contains("line 1 column 7")
        );
        assert!(
            document(Some("[1]"), &[])
                .unwrap_err()
                .contains("JSON object")
        );
        assert!(document(None, &["=1"]).unwrap_err().contains("NAME=VALUE"));
        assert!(
            document(Some("@/nowhere/x.json"), &[])
                .unwrap_err()
                .contains("cannot be read")
        );
    }

    #[test]
    fn what_is_too_long_is_refused_instead_of_cut() {
        let refused = read_all(std::io::repeat(b' ')).unwrap_err();
        assert!(refused.to_string().contains("longer than"), "{refused}");
        assert_eq!(read_all(&b"{}"[..]).unwrap(), "{}");
    }

    #[test]
    fn control_characters_never_reach_the_terminal() {
        assert_eq!(shorten("a\u{1b}[31mb", 20), "a [31mb");
        assert_eq!(shorten("abcdef", 4), "abc…");
    }
}
