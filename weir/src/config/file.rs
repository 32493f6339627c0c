//! The file: TOML, keys as the options of `weir serve`, properties of librdkafka in a table of their own.

use std::path::Path;

use clap::Arg;
use toml::de::{DeTable, DeValue};

use super::PROPERTY;
use crate::failure::Failure;

/// One setting of a file.
pub struct Entry {
    pub flag: String,
    /// Clap's name of the option.
    pub id: String,
    pub value: String,
    /// From 1.
    pub line: usize,
}

/// A file with its name, for complaints.
struct Source<'a> {
    path: &'a Path,
    text: &'a str,
}

/// # Errors
/// With file and line: what is not TOML, a key that is no setting, a value that is no text or number.
pub fn read(path: &Path, settings: &[Arg]) -> Result<Vec<Entry>, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("{} cannot be read: {error}", path.display())))?;
    let source = Source { path, text: &text };
    let table = DeTable::parse(&text)
        .map_err(|error| source.wrong(error.span().unwrap_or_default().start, error.message()))?;
    let mut entries = Vec::new();
    for (key, value) in table.get_ref() {
        let at = key.span().start;
        let name: &str = key.get_ref();
        let setting = settings.iter().find(|arg| arg.get_long() == Some(name));
        let setting = setting.ok_or_else(|| source.unknown(at, name, settings))?;
        let id = setting.get_id().as_str();
        let values = match name == PROPERTY {
            true => source.properties(at, value.get_ref())?,
            false => vec![(source.line(at), source.scalar(at, name, value.get_ref())?)],
        };
        entries.extend(values.into_iter().map(|(line, value)| Entry {
            flag: name.to_owned(),
            id: id.to_owned(),
            value,
            line,
        }));
    }
    Ok(entries)
}

impl Source<'_> {
    fn line(&self, at: usize) -> usize {
        1 + self.text.bytes().take(at).filter(|b| *b == b'\n').count()
    }

    fn wrong(&self, at: usize, what: &str) -> Failure {
        let what = what.trim_end().replace('\n', ", ");
        Failure::usage(format!("{}:{}: {what}", self.path.display(), self.line(at)))
    }

    fn unknown(&self, at: usize, name: &str, settings: &[Arg]) -> Failure {
        let names: Vec<&str> = settings.iter().filter_map(Arg::get_long).collect();
        self.wrong(at, &format!("there is no setting `{name}`"))
            .hint(format!("the settings are {}", names.join(", ")))
    }

    fn scalar(&self, at: usize, name: &str, value: &DeValue<'_>) -> Result<String, Failure> {
        match value {
            DeValue::String(text) => Ok(text.to_string()),
            DeValue::Integer(number) if number.radix() == 10 => Ok(number.as_str().to_owned()),
            DeValue::Boolean(is) => Ok(is.to_string()),
            DeValue::Float(number) => Ok(number.as_str().to_owned()),
            DeValue::Integer(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => {
                Err(self.wrong(at, &format!("`{name}` must be a text or a decimal number")))
            }
        }
    }

    /// `security.protocol` may be written with quotes, or without, where TOML makes tables in tables of it.
    fn properties(&self, at: usize, value: &DeValue<'_>) -> Result<Vec<(usize, String)>, Failure> {
        let DeValue::Table(table) = value else {
            return Err(self.wrong(at, &format!("`{PROPERTY}` must be a table")));
        };
        let mut properties = Vec::new();
        let mut open = vec![(String::new(), table)];
        while let Some((prefix, table)) = open.pop() {
            for (key, value) in table {
                let name = format!("{prefix}{}", key.get_ref());
                match value.get_ref() {
                    DeValue::Table(inner) => open.push((name + ".", inner)),
                    value => {
                        let at = key.span().start;
                        let value = self.scalar(at, &name, value)?;
                        properties.push((self.line(at), format!("{name}={value}")));
                    }
                }
            }
        }
        Ok(properties)
    }
}
