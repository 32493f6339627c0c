//! Variables on the command line: a JSON object, a file with one, or single values; and their display.

use std::io::Read;
use std::path::{Path, PathBuf};

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

/// What an expression or a decision sees, without a server.
#[derive(Debug, Clone, Default, Args)]
pub struct ContextArgs {
    /// Variables: a JSON object
    #[arg(
        long,
        short = 'c',
        global = true,
        value_name = "JSON",
        conflicts_with = "context_file",
        help_heading = "Variables"
    )]
    context: Option<String>,

    /// A file with such an object, or - for standard input
    #[arg(long, global = true, value_name = "FILE", help_heading = "Variables")]
    context_file: Option<PathBuf>,

    /// One variable; the value is JSON, or else taken as text (repeatable)
    #[arg(
        long,
        short = 's',
        global = true,
        value_name = "NAME=VALUE",
        help_heading = "Variables"
    )]
    set: Vec<String>,
}

impl ContextArgs {
    /// All of them; `--set` outranks the others.
    ///
    /// # Errors
    /// What is wrong with them, with line and column where they are JSON.
    pub fn variables(&self) -> Result<Map<String, Value>, Failure> {
        let mut variables = match (&self.context, &self.context_file) {
            (Some(text), _) => object("--context", text)?,
            (None, Some(path)) if path.as_os_str() == "-" => {
                object("standard input", &read_standard_input()?)?
            }
            (None, Some(path)) => object(&path.display().to_string(), &read(path)?)?,
            (None, None) => Map::new(),
        };
        for pair in &self.set {
            let (name, value) = assignment(pair)?;
            variables.insert(name, value);
        }
        Ok(variables)
    }

    /// Whether standard input is what the variables are read from.
    pub fn takes_standard_input(&self) -> bool {
        self.context_file
            .as_ref()
            .is_some_and(|path| path.as_os_str() == "-")
    }
}

fn parse(text: &str) -> Result<Map<String, Value>, Failure> {
    match text.strip_prefix('@') {
        Some(path) => object(path, &read(Path::new(path))?),
        None if text == "-" => object("standard input", &read_standard_input()?),
        None => object("--variables", text),
    }
}

/// # Errors
/// What is wrong with the text of an object, with `source` as what it is called.
pub fn object(source: &str, text: &str) -> Result<Map<String, Value>, Failure> {
    match serde_json::from_str(text) {
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

/// Variables as FEEL reads them.
///
/// # Errors
/// Their size or depth, when it is beyond what an instance may have.
pub fn encoded(variables: &Map<String, Value>) -> Result<Vec<u8>, Failure> {
    let text = serde_json::to_vec(variables)
        .map_err(|error| Failure::usage(format!("the variables cannot be written: {error}")))?;
    feel::json::normalize_object(&text, &feel::json::Limits::default())
        .map(Into::into)
        .map_err(|error| Failure::usage(format!("the variables cannot be used: {error}")))
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
